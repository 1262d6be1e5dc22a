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

// Explain gives the plan of a statement, a line each.
func Explain(tx *Tx, query string, args ...any) (plan []string, err error) {
	err = tx.query(func(row scanner) error {
		var id, parent, unused any
		var detail string
		err := row.Scan(&id, &parent, &unused, &detail)
		plan = append(plan, detail)
		return err
	}, "EXPLAIN QUERY PLAN "+query, args...)
	return plan, err
}
