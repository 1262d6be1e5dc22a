package engine

import (
	"context"
	"net"
	"time"

	"kinglet/internal/fault"
)

// PendingMigrations lists the steps of this version's schema that the database
// does not have. Unlike MigrationStatus it writes nothing. A database of a
// newer version is an Unavailable error.
func (e *Engine) PendingMigrations(ctx context.Context) ([]Migration, error) {
	list, err := e.migrations()
	if err != nil {
		return nil, err
	}
	err = e.View(ctx, func(tx *Tx) error {
		there, err := tx.HasTable("schema_migrations")
		if err != nil || !there {
			return err
		}
		return tx.Query(func(row Row) error {
			var version int
			if err := row.Scan(&version); err != nil {
				return err
			}
			for i, m := range list {
				if m.Version == version {
					list = append(list[:i], list[i+1:]...)
					return nil
				}
			}
			return unknownMigration(version)
		}, `SELECT version FROM schema_migrations ORDER BY version`)
	})
	return list, err
}

func unknownMigration(version int) error {
	return fault.Errorf(fault.Unavailable, "the database has migration %d, which this version of Kinglet does not know: run the newer one, or its `kinglet migrate down`", version)
}

// HasTable reports whether a table exists.
func (tx *Tx) HasTable(name string) (bool, error) {
	query := `SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = $1`
	if tx.engine.dialect == postgresDialect {
		query = `SELECT 1 FROM pg_catalog.pg_class WHERE oid = to_regclass($1)`
	}
	_, ok, err := One[int64](tx, query, name)
	return ok, err
}

// serverLock is the advisory lock that every server on a PostgreSQL database
// holds shared, so that commands can detect a running server.
const serverLock = 0x4b676c7473727672

// ServerRuns reports whether a server runs on the database: on SQLite one that
// listens at the socket beside the file, on PostgreSQL one that holds its lock.
func (e *Engine) ServerRuns(ctx context.Context) (bool, error) {
	if e.path != "" {
		c, err := net.DialTimeout("unix", e.wakePath(), time.Second)
		if err != nil {
			return false, nil
		}
		return true, c.Close()
	}
	// Read, not tried: of two commands that try concurrently one would take
	// the other for a server.
	runs := false
	err := e.View(ctx, func(tx *Tx) (err error) {
		_, runs, err = One[int64](tx, `
			SELECT 1
			FROM pg_catalog.pg_locks
			WHERE locktype = 'advisory' AND granted AND objsubid = 1
			  AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
			  AND classid = CAST($1 AS BIGINT) AND objid = CAST($2 AS BIGINT)
			LIMIT 1`, int64(serverLock)>>32, int64(serverLock)&0xffffffff)
		return err
	})
	return runs, err
}
