package engine

import (
	"context"
	"database/sql"
	"errors"
)

// conn is one database connection with its prepared statements. Transactions
// begin and end with plain statements on it, so that savepoints and prepared
// statements work the same on both engines.
type conn struct {
	*sql.Conn
	// lite runs SQLite's statements and keeps them prepared; nil on
	// PostgreSQL, where pgx does.
	lite *lite
	// changed counts the rows that exec has changed.
	changed int64
}

// newLiteConn is a connection of SQLite.
func newLiteConn(c *sql.Conn) (*conn, error) {
	handle, err := readHandle(c)
	if err != nil {
		return nil, err
	}
	return &conn{Conn: c, lite: newLite(handle)}, nil
}

// maxPrepared limits the cache; Kinglet has a few hundred fixed statements.
const maxPrepared = 512

func (c *conn) exec(ctx context.Context, query string, args []any) (changed int64, err error) {
	if c.lite != nil {
		changed, err = c.lite.exec(query, args)
	} else {
		var res sql.Result
		if res, err = c.ExecContext(ctx, query, args...); err == nil {
			changed, err = res.RowsAffected()
		}
	}
	if err != nil {
		return 0, failed(ctx, err)
	}
	c.changed += changed
	return changed, nil
}

// query runs a statement and calls scan for each row. An error of scan is
// returned as it is.
func (c *conn) query(ctx context.Context, scan func(row Row) error, query string, args []any) error {
	if c.lite != nil {
		err := c.lite.query(scan, query, args)
		var own notOfDatabase
		if errors.As(err, &own) {
			return own.error
		}
		return failed(ctx, err)
	}
	rows, err := c.QueryContext(ctx, query, args...)
	if err != nil {
		return failed(ctx, err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return failed(ctx, rows.Err())
}

// run executes a statement that has no arguments and no result.
func (c *conn) run(ctx context.Context, query string) error {
	_, err := c.exec(ctx, query, nil)
	return err
}

func (c *conn) close() error {
	if c.lite != nil {
		c.lite.close()
	}
	return c.Conn.Close()
}
