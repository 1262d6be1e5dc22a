package engine

import (
	"context"
	"database/sql"
)

// conn is one database connection with its prepared statements. Transactions
// begin and end with plain statements on it, so that savepoints and prepared
// statements work the same on both engines.
type conn struct {
	*sql.Conn
	// stmts caches the statements that this connection has prepared, by
	// their SQL. nil leaves caching to the driver (pgx does it itself).
	stmts map[string]*sql.Stmt
	// handle is SQLite's, for interrupting a reading connection.
	handle uintptr
	// changed counts the rows that exec has changed.
	changed int64
}

// maxPrepared limits the cache; Kinglet has a few hundred fixed statements.
const maxPrepared = 512

func (c *conn) prepared(ctx context.Context, query string) (*sql.Stmt, error) {
	if st, ok := c.stmts[query]; ok {
		return st, nil
	}
	st, err := c.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	if len(c.stmts) >= maxPrepared {
		c.forget()
	}
	c.stmts[query] = st
	return st, nil
}

func (c *conn) exec(ctx context.Context, query string, args []any) (sql.Result, error) {
	if c.stmts == nil {
		return c.counted(c.ExecContext(ctx, query, args...))
	}
	st, err := c.prepared(ctx, query)
	if err != nil {
		return nil, err
	}
	return c.counted(st.ExecContext(ctx, args...))
}

func (c *conn) counted(res sql.Result, err error) (sql.Result, error) {
	if err == nil {
		n, _ := res.RowsAffected() // the drivers never fail here
		c.changed += n
	}
	return res, err
}

func (c *conn) query(ctx context.Context, query string, args []any) (*sql.Rows, error) {
	if c.stmts == nil {
		return c.QueryContext(ctx, query, args...)
	}
	st, err := c.prepared(ctx, query)
	if err != nil {
		return nil, err
	}
	return st.QueryContext(ctx, args...)
}

// run executes a statement that has no arguments and no result.
func (c *conn) run(ctx context.Context, query string) error {
	_, err := c.exec(ctx, query, nil)
	return err
}

func (c *conn) forget() {
	for q, st := range c.stmts {
		st.Close()
		delete(c.stmts, q)
	}
}

func (c *conn) close() error {
	c.forget()
	return c.Conn.Close()
}
