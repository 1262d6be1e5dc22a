package store

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"strings"

	_ "modernc.org/sqlite" // registers the driver "sqlite"
)

// readersOnSQLite is enough for a household: a read takes about a
// millisecond, and each connection costs its page cache.
const readersOnSQLite = 4

func (s *Store) openSQLite(ctx context.Context, o Options) error {
	s.dialect = sqliteDialect
	s.path = o.Database
	created, stamp, err := prepareFile(ctx, o.Database, o.MustExist)
	if err != nil {
		return fmt.Errorf("open database %s: %w", o.Database, err)
	}
	s.created = created
	n := o.Readers
	if n == 0 {
		n = readersOnSQLite
	}
	wdb, err := sql.Open("sqlite", sqliteDSN(o.Database, false))
	if err != nil {
		return fmt.Errorf("open database %s: %w", o.Database, err)
	}
	wc, err := wdb.Conn(ctx)
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
	if err := openFiles(ctx, wc); err != nil {
		wdb.Close()
		return fmt.Errorf("open database %s: %w", o.Database, err)
	}
	s.db, err = sql.Open("sqlite", sqliteDSN(o.Database, true))
	if err != nil {
		wdb.Close()
		return fmt.Errorf("open database %s: %w", o.Database, err)
	}
	s.readers = make(chan *conn, n)
	for range n {
		c, err := s.db.Conn(ctx)
		if err == nil {
			err = openFiles(ctx, c)
		}
		if err != nil {
			wdb.Close()
			s.db.Close()
			return fmt.Errorf("open database %s: %w", o.Database, err)
		}
		s.readers <- &conn{Conn: c, stmts: map[string]*sql.Stmt{}}
	}
	s.writer = newWriter(s, wdb, &conn{Conn: wc, stmts: map[string]*sql.Stmt{}})
	return nil
}

// openFiles has a connection open all of its files now, its log among them,
// while there are file descriptors left: sockets come later.
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
	}
	if readOnly {
		pragmas = append(pragmas, "query_only(1)")
	}
	q := url.Values{"_pragma": pragmas}
	return "file:" + strings.NewReplacer("?", "%3f", "#", "%23", "%", "%25").Replace(path) + "?" + q.Encode()
}

func (s *Store) viewSQLite(ctx context.Context, fn func(tx *Tx) error) error {
	var c *conn
	var open bool
	select {
	case c, open = <-s.readers:
	case <-ctx.Done():
		return ctx.Err()
	}
	if !open {
		return errClosed
	}
	defer func() { s.readers <- c }()
	// Statements run without the caller's cancellation: an interrupt of SQLite's
	// that comes late would hit whoever uses the connection next, and reads
	// take milliseconds.
	ctx = context.WithoutCancel(ctx)
	if err := c.run(ctx, "BEGIN"); err != nil {
		return fmt.Errorf("begin reading: %w", err)
	}
	err := guard(fn, &Tx{ctx: ctx, store: s, conn: c})
	if endErr := c.run(ctx, "ROLLBACK"); err == nil && endErr != nil {
		return fmt.Errorf("end reading: %w", endErr)
	}
	return err
}
