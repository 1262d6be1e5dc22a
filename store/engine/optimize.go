package engine

import "context"

// Optimize gathers statistics for SQLite's planner, of the tables that have none
// or grew much since. It reads a few rows of each index, in one transaction of
// some milliseconds. PostgreSQL's autovacuum does it by itself.
func (e *Engine) Optimize(ctx context.Context) error {
	if e.writer == nil {
		return nil
	}
	return e.Update(ctx, func(tx *Tx) error {
		// 0x10000: tables that this connection did not read, too.
		for _, pragma := range []string{"PRAGMA analysis_limit = 200", "PRAGMA optimize = 0x10002"} {
			if err := tx.conn.run(tx.ctx, pragma); err != nil {
				return failed(tx.ctx, err)
			}
		}
		return nil
	})
}
