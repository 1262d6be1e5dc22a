package store

import "context"

// Pragma reads a setting of SQLite's writing connection.
func Pragma(s *Store, name string) (value string, err error) {
	err = s.Update(context.Background(), func(tx *Tx) error {
		value, _, err = one[string](tx, "PRAGMA "+name)
		return err
	})
	return value, err
}

// Plans runs fn and gives the plan of each statement that it ran, a line a step.
func Plans(tx *Tx, fn func() error) (plans map[string][]string, err error) {
	type statement struct {
		query string
		args  []any
	}
	var ran []statement
	tx.engine.Trace(func(query string, args []any) { ran = append(ran, statement{query, args}) })
	err = fn()
	tx.engine.Trace(nil)
	plans = map[string][]string{}
	for _, st := range ran {
		if err == nil {
			plans[st.query], err = tx.engine.Plan(st.query, st.args...)
		}
	}
	return plans, err
}

// ReadForever runs a statement that gives a row, with which it calls first,
// and no second one. PostgreSQL sends rows in bulk: first is called before.
func ReadForever(tx *Tx, first func()) error {
	if tx.engine.IsPostgres() {
		first()
	}
	return tx.query(func(scanner) error {
		first()
		return nil
	}, `
		WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000000000)
		SELECT i FROM n WHERE i = 1 OR i < 0`)
}

// Ping reads a row.
func Ping(tx *Tx) error {
	_, _, err := one[int64](tx, `SELECT 1`)
	return err
}

const MaxApps = maxApps
