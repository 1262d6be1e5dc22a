package engine_test

import (
	"fmt"
	"testing"

	"kinglet/store/engine"
)

// The work of a statement is told after it ran, of that statement only: a walk
// over a table is seen as one, and so is a sort.
func TestWork(t *testing.T) {
	each(t, func(t *testing.T, e *engine.Engine) {
		update(t, e, func(tx *engine.Tx) error {
			for i := range 500 {
				if _, err := tx.Exec(`INSERT INTO things (id, name) VALUES ($1, $2)`, i+1, fmt.Sprint("thing ", i)); err != nil {
					return err
				}
			}
			return nil
		})
		work := map[string]engine.Work{}
		ctx := engine.WithWork(t.Context(), func(query string, w engine.Work) { work[query] = w })
		const byID, walk, sorted = `SELECT id FROM things WHERE id = 7`, `SELECT COUNT(*) FROM things WHERE body IS NULL`, `SELECT id FROM things WHERE id < 100 ORDER BY body`
		if err := e.View(ctx, func(tx *engine.Tx) error {
			for _, query := range []string{walk, byID, sorted, walk} {
				if _, _, err := engine.One[int64](tx, query); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if e.Engine() == "postgres" {
			if len(work) > 0 {
				t.Errorf("PostgreSQL tells %v", work)
			}
			return
		}
		if w := work[byID]; w.Steps == 0 || w.Steps > 30 || w.Scans != 0 || w.Sorts != 0 {
			t.Errorf("by the id: %+v", w)
		}
		if w := work[walk]; w.Steps < 1000 || w.Steps > 10_000 || w.Scans < 499 || w.Sorts != 0 {
			t.Errorf("a walk, the second time: %+v", w)
		}
		if w := work[sorted]; w.Sorts != 1 {
			t.Errorf("sorted: %+v", w)
		}
	})
}
