package engine

import (
	"context"
	"strings"
)

// Optimize gathers statistics for SQLite's planner, of the tables that have none
// or grew tenfold since. It reads a few rows of each index, in a transaction
// for each: some milliseconds. PostgreSQL's autovacuum does it by itself.
func (e *Engine) Optimize(ctx context.Context) error {
	if e.writer == nil {
		return nil
	}
	var indexes []string
	err := e.Update(ctx, func(tx *Tx) (err error) {
		// On the writer, which knows the statistics as they are now.
		if err := tx.conn.run(tx.ctx, "PRAGMA analysis_limit = 200"); err != nil {
			return failed(tx.ctx, err)
		}
		indexes, err = tx.withoutStatistics()
		return err
	})
	for _, index := range indexes {
		if err == nil {
			err = e.Update(ctx, func(tx *Tx) error {
				return failed(tx.ctx, tx.conn.run(tx.ctx, `ANALYZE "`+index+`"`))
			})
		}
	}
	return err
}

// withoutStatistics lists the indexes of the tables that SQLite would analyze.
func (tx *Tx) withoutStatistics() (indexes []string, err error) {
	var tables []string
	if err := tx.Query(func(row Row) error {
		var statement string
		err := row.Scan(&statement)
		if _, table, ok := strings.Cut(statement, `ANALYZE "main".`); ok {
			tables = append(tables, strings.Trim(table, `"`))
		}
		return err
	}, `PRAGMA optimize = 0x10003`); err != nil { // tells what it would do, of all tables
		return nil, err
	}
	for _, table := range tables {
		if err := tx.Query(func(row Row) error {
			var name string
			err := row.Scan(&name)
			indexes = append(indexes, name)
			return err
		}, `SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = $1`, table); err != nil {
			return nil, err
		}
	}
	return indexes, nil
}
