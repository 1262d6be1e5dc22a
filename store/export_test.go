package store

import (
	"context"
	"sync/atomic"

	"kinglet/store/engine"
)

// WithStatementCount gives a context whose SQL statements are counted into n:
// for the tests against N+1 queries.
func WithStatementCount(ctx context.Context, n *atomic.Int64) context.Context {
	return engine.WithTrace(ctx, func(string, []any) { n.Add(1) })
}

// Plans runs an update and gives the plan of each statement that it ran, a line
// a step.
func Plans(ctx context.Context, s *Store, fn func(tx *Tx) error) (plans map[string][]string, err error) {
	ran, tracing := map[string][]any{}, false
	ctx = engine.WithTrace(ctx, func(query string, args []any) {
		if tracing {
			ran[query] = args
		}
	})
	err = s.Update(ctx, func(tx *Tx) error {
		tracing = true
		err := fn(tx)
		tracing, plans = false, map[string][]string{}
		for query, args := range ran {
			if err == nil {
				plans[query], err = tx.plan(query, args...)
			}
		}
		return err
	})
	return plans, err
}

// plan gives the plan of a statement, a line a step.
func (tx *Tx) plan(query string, args ...any) (steps []string, err error) {
	if tx.engine.IsPostgres() {
		// Of a small table all is read although an index would do: it is cheaper.
		for _, way := range []string{"seqscan", "hashjoin", "mergejoin", "material"} {
			if _, err := tx.exec("SET LOCAL enable_" + way + " = off"); err != nil {
				return nil, err
			}
		}
		return tx.texts("EXPLAIN (VERBOSE) "+query, args...)
	}
	err = tx.query(func(row scanner) error {
		var id, parent, unused any
		var detail string
		err := row.Scan(&id, &parent, &unused, &detail)
		steps = append(steps, detail)
		return err
	}, "EXPLAIN QUERY PLAN "+query, args...)
	return steps, err
}

const (
	MaxApps       = maxApps
	MaxCandidates = maxCandidates
)
