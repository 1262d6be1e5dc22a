package store

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
			plans[st.query], err = tx.plan(st.query, st.args...)
		}
	}
	return plans, err
}

// plan gives SQLite's plan of a statement, a line a step.
func (tx *Tx) plan(query string, args ...any) (steps []string, err error) {
	err = tx.query(func(row scanner) error {
		var id, parent, unused any
		var detail string
		err := row.Scan(&id, &parent, &unused, &detail)
		steps = append(steps, detail)
		return err
	}, "EXPLAIN QUERY PLAN "+query, args...)
	return steps, err
}

const MaxApps = maxApps
