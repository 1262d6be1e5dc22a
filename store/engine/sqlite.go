package engine

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	_ "modernc.org/sqlite" // registers the driver "sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// readersOnSQLite is enough for a household: a read takes about a
// millisecond, and each connection costs its page cache.
const readersOnSQLite = 4

func (e *Engine) openSQLite(ctx context.Context, o Options) error {
	e.dialect = sqliteDialect
	e.path = o.Database
	created, stamp, err := prepareFile(ctx, o.Database, o.MustExist)
	if err != nil {
		return fmt.Errorf("open database %s: %w", o.Database, err)
	}
	e.created = created
	n := o.Readers
	if n == 0 {
		n = readersOnSQLite
	}
	e.strangers = newStrangers(n)
	wdb, err := sql.Open("sqlite", sqliteDSN(o.Database, false))
	if err != nil {
		return fmt.Errorf("open database %s: %w", o.Database, err)
	}
	wc, err := connect(ctx, wdb)
	if err != nil {
		wdb.Close()
		return fmt.Errorf("open database %s: %w", o.Database, err)
	}
	if stamp {
		if _, err := wc.ExecContext(ctx, fmt.Sprint("PRAGMA application_id = ", applicationID)); err != nil {
			wdb.Close()
			return fmt.Errorf("open database %s: %w", o.Database, err)
		}
	}
	var writing *conn
	if err = openFiles(ctx, wc); err == nil {
		writing, err = newLiteConn(wc)
	}
	if err != nil {
		wdb.Close()
		return fmt.Errorf("open database %s: %w", o.Database, err)
	}
	e.db, err = sql.Open("sqlite", sqliteDSN(o.Database, true))
	if err != nil {
		wdb.Close()
		return fmt.Errorf("open database %s: %w", o.Database, err)
	}
	e.readers = newPool(n)
	for range n {
		var reader *conn
		c, err := connect(ctx, e.db)
		if err == nil {
			err = openFiles(ctx, c)
		}
		if err == nil {
			reader, err = newLiteConn(c)
		}
		if err != nil {
			wdb.Close()
			e.db.Close()
			return fmt.Errorf("open database %s: %w", o.Database, err)
		}
		e.readers.put(reader)
	}
	if e.truncator, err = newLogTruncator(ctx, o.Database, o.LogTruncated); err != nil {
		wdb.Close()
		e.db.Close()
		return fmt.Errorf("open database %s: %w", o.Database, err)
	}
	e.writer = newWriter(e, wdb, writing)
	return nil
}

// connect opens a connection, and waits while another process begins the same new
// file: SQLite answers who sets the journal's mode at that moment with SQLITE_BUSY
// at once, whatever the busy timeout is.
func connect(ctx context.Context, db *sql.DB) (*sql.Conn, error) {
	for began := time.Now(); ; {
		c, err := db.Conn(ctx)
		code, _ := sqliteCode(err)
		if code&0xff != sqlite3.SQLITE_BUSY || time.Since(began) > 10*time.Second {
			return c, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// openFiles makes a connection open all of its files now, including the log,
// while there are free file descriptors: sockets come later.
func openFiles(ctx context.Context, c *sql.Conn) error {
	var n int
	return c.QueryRowContext(ctx, "SELECT COUNT(*) FROM sqlite_master").Scan(&n)
}

func sqliteDSN(path string, readOnly bool) string {
	pragmas := []string{
		"busy_timeout(10000)", // another kinglet command may be writing
		"journal_mode(WAL)",
		"synchronous(FULL)", // a commit is on the disk when it returns
		"foreign_keys(1)",
		"temp_store(MEMORY)",
		"cache_size(-2000)", // KiB for each connection; the OS caches the file as well
		"journal_size_limit(67108864)",
		"secure_delete(ON)", // what is deleted is overwritten; see wal.go
	}
	if readOnly {
		pragmas = append(pragmas, "query_only(1)")
	}
	q := url.Values{"_pragma": pragmas}
	return "file:" + escapePath(path) + "?" + q.Encode()
}

func escapePath(path string) string {
	return strings.NewReplacer("?", "%3f", "#", "%23", "%", "%25").Replace(path)
}

func (e *Engine) viewSQLite(ctx context.Context, fn func(tx *Tx) error) error {
	c, err := e.readers.get(ctx)
	if err != nil {
		return err
	}
	defer e.readers.put(c)
	// Statements run without the caller's cancellation, which the driver
	// handles incompletely: see interruptWhenDone.
	caller, ctx := ctx, context.WithoutCancel(ctx)
	if err := c.run(ctx, "BEGIN"); err != nil {
		return fmt.Errorf("begin reading: %w", err)
	}
	stop := c.interruptWhenDone(caller)
	err = guard(fn, &Tx{ctx: ctx, engine: e, conn: c})
	if stop() {
		err = errors.Join(caller.Err(), err)
	}
	if endErr := c.run(ctx, "ROLLBACK"); err == nil && endErr != nil {
		return fmt.Errorf("end reading: %w", endErr)
	}
	return err
}
