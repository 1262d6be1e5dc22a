package store

import (
	"context"
	"fmt"
	"os"
)

// Columns lists the columns of a table.
func Columns(ctx context.Context, s *Store, table string) (names []string, err error) {
	err = s.View(ctx, func(tx *Tx) (err error) {
		names, err = tx.engine.Columns(`SELECT * FROM ` + table + ` WHERE 1 = 0`)
		return err
	})
	return names, err
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

func eachValue(tx *Tx, table string, fn func(table, column, value string)) error {
	// A text of its own each time: PostgreSQL keeps the plan of one, and a
	// migration may have changed the columns.
	all := fmt.Sprintf(`SELECT * FROM %s WHERE %d <> 0`, table, tx.NewID(tx.Now()))
	columns, err := tx.engine.Columns(all)
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
	}, all)
}

// Files gives all bytes of SQLite's file, its log and its index.
func Files(s *Store) (all []byte, err error) {
	for _, suffix := range []string{"", "-wal", "-shm"} {
		b, err := os.ReadFile(s.Path() + suffix)
		if err != nil && !os.IsNotExist(err) {
			return nil, err
		}
		all = append(all, b...)
	}
	return all, nil
}

// CopyFiles copies SQLite's file and its log, as a crash would leave them.
func CopyFiles(s *Store, path string) error {
	for _, suffix := range []string{"", "-wal"} {
		b, err := os.ReadFile(s.Path() + suffix)
		if err == nil {
			err = os.WriteFile(path+suffix, b, 0o600)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
