package store

import (
	"context"
	"fmt"
	"os"
)

// Columns lists the columns of a table.
func Columns(ctx context.Context, s *Store, table string) (names []string, err error) {
	err = s.View(ctx, func(tx *Tx) error {
		rows, err := tx.conn.QueryContext(ctx, `SELECT * FROM `+table+` WHERE 1 = 0`)
		if err != nil {
			return err
		}
		defer rows.Close()
		names, err = rows.Columns()
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
			if err := eachValue(ctx, tx, table, fn); err != nil {
				return err
			}
		}
		return nil
	})
}

func eachValue(ctx context.Context, tx *Tx, table string, fn func(table, column, value string)) error {
	rows, err := tx.conn.QueryContext(ctx, `SELECT * FROM `+table)
	if err != nil {
		return err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	for rows.Next() {
		values, dest := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			dest[i] = &values[i]
		}
		if err := rows.Scan(dest...); err != nil {
			return err
		}
		for i, v := range values {
			if b, ok := v.([]byte); ok {
				v = string(b)
			}
			fn(table, columns[i], fmt.Sprint(v))
		}
	}
	return rows.Err()
}

// Files gives all bytes of SQLite's file, its log and its index.
func Files(s *Store) (all []byte, err error) {
	for _, suffix := range []string{"", "-wal", "-shm"} {
		b, err := os.ReadFile(s.path + suffix)
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
		b, err := os.ReadFile(s.path + suffix)
		if err == nil {
			err = os.WriteFile(path+suffix, b, 0o600)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Truncations counts how often SQLite's log was to be truncated, and was.
func Truncations(s *Store) (tried, truncated int64) {
	return s.truncator.tried.Load(), s.truncator.truncated.Load()
}
