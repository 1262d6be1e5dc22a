package engine

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"sort"
	"strconv"
	"strings"
	"time"

	"kinglet/internal/fault"

	sqlite3 "modernc.org/sqlite/lib"
)

// Migration is one step of the schema, named like its files:
// NNNN_name.up.sql and NNNN_name.down.sql.
type Migration struct {
	Version   int
	Name      string
	AppliedAt time.Time // zero when it is not applied
	up, down  string
}

// migrations reads the steps of Options.Schema in order.
func (e *Engine) migrations() ([]Migration, error) {
	names, err := fs.Glob(e.schema, "migrations/*.up.sql")
	if err != nil {
		return nil, err
	}
	sort.Strings(names)
	var out []Migration
	for _, name := range names {
		number, title, ok := strings.Cut(strings.TrimSuffix(path.Base(name), ".up.sql"), "_")
		version, err := strconv.Atoi(number)
		if !ok || err != nil {
			return nil, fmt.Errorf("migration %s is not named NNNN_name.up.sql", name)
		}
		if n := len(out); n > 0 && out[n-1].Version == version {
			return nil, fmt.Errorf("migration %s has the number of %s", title, out[n-1].Name)
		}
		up, err := fs.ReadFile(e.schema, name)
		if err != nil {
			return nil, err
		}
		down, err := fs.ReadFile(e.schema, strings.TrimSuffix(name, ".up.sql")+".down.sql")
		if err != nil {
			return nil, err
		}
		out = append(out, Migration{Version: version, Name: title, up: string(up), down: string(down)})
	}
	return out, nil
}

// MigrationStatus lists every step this binary knows, and when it was applied.
// A database with an unknown step is an Unavailable error: it was written by a
// newer Kinglet.
func (e *Engine) MigrationStatus(ctx context.Context) ([]Migration, error) {
	var list []Migration
	err := e.Update(ctx, func(tx *Tx) (err error) {
		list, err = tx.migrationStatus()
		return err
	})
	return list, err
}

// migrationLock is the advisory lock for migrating, and for creating the table
// of applied migrations.
const migrationLock = 0x6b696e676c6574

func (tx *Tx) migrationStatus() ([]Migration, error) {
	list, err := tx.engine.migrations()
	if err != nil {
		return nil, err
	}
	if tx.IsPostgres() {
		// Of nodes that start concurrently one migrates, and the others wait for it.
		// SQLite has one writer at a time anyway: see untilFree.
		if _, err := tx.Exec(`SELECT pg_advisory_xact_lock($1)`, int64(migrationLock)); err != nil {
			return nil, err
		}
	}
	if _, err := tx.Exec(`
		CREATE TABLE IF NOT EXISTS schema_migrations (
		  version    BIGINT NOT NULL PRIMARY KEY,
		  applied_at BIGINT NOT NULL
		)`); err != nil {
		return nil, fmt.Errorf("prepare the migrations' table: %w", err)
	}
	err = tx.Query(func(row Row) error {
		var version int
		var at int64
		if err := row.Scan(&version, &at); err != nil {
			return err
		}
		for i := range list {
			if list[i].Version == version {
				list[i].AppliedAt = time.UnixMilli(at).UTC()
				return nil
			}
		}
		return unknownMigration(version)
	}, `SELECT version, applied_at FROM schema_migrations ORDER BY version`)
	return list, err
}

// Migrate applies every pending step, and returns those it applied. A step is one
// transaction, unless it has batches: then each is, and an interrupted step goes
// on where it was.
func (e *Engine) Migrate(ctx context.Context) (applied []Migration, err error) {
	for {
		var done *Migration
		err := e.untilFree(ctx, func(tx *Tx) error {
			done = nil
			list, err := tx.migrationStatus()
			if err != nil {
				return err
			}
			for _, m := range list {
				if !m.AppliedAt.IsZero() {
					continue
				}
				done = &m
				more, err := tx.script(m.up)
				if err != nil {
					return fmt.Errorf("migration %d %s: %w", m.Version, m.Name, err)
				}
				if more {
					return nil
				}
				m.AppliedAt = tx.Now()
				_, err = tx.Exec(`INSERT INTO schema_migrations (version, applied_at) VALUES ($1, $2)`,
					m.Version, m.AppliedAt.UnixMilli())
				return err
			}
			return nil
		})
		if err != nil || done == nil {
			return applied, err
		}
		if !done.AppliedAt.IsZero() {
			applied = append(applied, *done)
		}
	}
}

// untilFree is Update for a caller that waits rather than fails while another
// process writes for long, such as a migration.
func (e *Engine) untilFree(ctx context.Context, fn func(tx *Tx) error) error {
	for {
		err := e.Update(ctx, fn)
		if code, _ := sqliteCode(err); code&0xff != sqlite3.SQLITE_BUSY || ctx.Err() != nil {
			return err
		}
	}
}

// MigrateDown reverts the newest applied step and returns it; NotFound when
// there is none.
func (e *Engine) MigrateDown(ctx context.Context) (Migration, error) {
	var undone Migration
	err := e.Update(ctx, func(tx *Tx) error {
		list, err := tx.migrationStatus()
		if err != nil {
			return err
		}
		for i := len(list) - 1; i >= 0; i-- {
			if list[i].AppliedAt.IsZero() {
				continue
			}
			undone = list[i]
			if _, err := tx.script(undone.down); err != nil {
				return fmt.Errorf("migration %d %s back: %w", undone.Version, undone.Name, err)
			}
			_, err := tx.Exec(`DELETE FROM schema_migrations WHERE version = $1`, undone.Version)
			return err
		}
		return fault.Errorf(fault.NotFound, "no migration is applied")
	})
	return undone, err
}

// script runs the statements of a migration, translated for the engine. One that
// begins with {REPEAT} ends the script while it changes rows: there is more to
// do, which the next transaction does, from the first statement on. It keeps how
// far the batches are. One statement for all rows of a table would have SQLite
// hold every page that it changes in memory.
func (tx *Tx) script(text string) (more bool, err error) {
	for _, st := range statements(tx.engine.dialect.ddl.Replace(text)) {
		st, repeat := strings.CutPrefix(st, "{REPEAT}")
		// Not through the cache of prepared statements: they run once.
		res, err := tx.conn.ExecContext(tx.ctx, st)
		if err != nil {
			return false, fmt.Errorf("%s: %w", firstLine(st), err)
		}
		if !repeat {
			continue
		}
		if n, err := res.RowsAffected(); err != nil || n > 0 {
			return true, err
		}
	}
	return false, nil
}

// statements splits a script at semicolons that end a line, and removes
// comments.
func statements(text string) []string {
	var out []string
	var b strings.Builder
	for line := range strings.Lines(text) {
		if i := strings.Index(line, "--"); i >= 0 {
			line = line[:i] + "\n"
		}
		b.WriteString(line)
		if strings.HasSuffix(strings.TrimSpace(line), ";") {
			out = append(out, strings.TrimSpace(b.String()))
			b.Reset()
		}
	}
	if rest := strings.TrimSpace(b.String()); rest != "" {
		out = append(out, rest)
	}
	return out
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}
