package store

import (
	"context"
	"fmt"
	"os"
	"sync/atomic"
)

// Columns lists the columns of a table.
func Columns(ctx context.Context, s *Store, table string) (names []string, err error) {
	err = s.View(ctx, func(tx *Tx) (err error) {
		names, err = columns(tx, table)
		return err
	})
	return names, err
}

func columns(tx *Tx, table string) ([]string, error) {
	if tx.engine.IsPostgres() {
		return tx.texts(`SELECT column_name FROM information_schema.columns WHERE table_schema = 'public' AND table_name = $1 ORDER BY ordinal_position`, table)
	}
	return tx.texts(`SELECT name FROM pragma_table_info($1) ORDER BY cid`, table)
}

// EachValue gives every value of every row of every table, as text.
func EachValue(ctx context.Context, s *Store, fn func(table, column, value string)) error {
	tables := `SELECT name FROM sqlite_master WHERE type = 'table'`
	if s.Engine() == "postgres" {
		tables = `SELECT tablename FROM pg_tables WHERE schemaname = 'public'`
	}
	return s.View(ctx, func(tx *Tx) error {
		names, err := tx.texts(tables)
		if err != nil {
			return err
		}
		for _, table := range names {
			if err := eachValue(tx, table, fn); err != nil {
				return err
			}
		}
		return nil
	})
}

// plansOfAll makes each statement that asks for all columns another one: a
// plan that is cached does not outlive a migration.
var plansOfAll atomic.Int64

func eachValue(tx *Tx, table string, fn func(table, column, value string)) error {
	columns, err := columns(tx, table)
	if err != nil {
		return err
	}
	return tx.query(func(row scanner) error {
		values, dest := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			dest[i] = &values[i]
		}
		if err := row.Scan(dest...); err != nil {
			return err
		}
		for i, v := range values {
			if b, ok := v.([]byte); ok {
				v = string(b)
			}
			fn(table, columns[i], fmt.Sprint(v))
		}
		return nil
	}, fmt.Sprintf(`SELECT * FROM %s /* %d */`, table, plansOfAll.Add(1)))
}

// Files gives all bytes of SQLite's file, its log and its index.
func Files(ctx context.Context, s *Store) (all []byte, err error) {
	var path string
	if err := s.View(ctx, func(tx *Tx) (err error) {
		path, _, err = one[string](tx, `SELECT file FROM pragma_database_list WHERE name = 'main'`)
		return err
	}); err != nil {
		return nil, err
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		b, err := os.ReadFile(path + suffix)
		if err != nil && !os.IsNotExist(err) {
			return nil, err
		}
		all = append(all, b...)
	}
	return all, nil
}
