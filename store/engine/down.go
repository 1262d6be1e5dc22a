package engine

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"

	"kinglet/internal/fault"

	"github.com/jackc/pgx/v5/pgconn"
	sqlite3 "modernc.org/sqlite/lib"
)

// ErrDatabaseDown is in the chain of every error that a database failure
// caused: it can't be reached, is starting or stopping, or has no room. All of
// them are Unavailable, even when fault.Errorf wraps them.
var ErrDatabaseDown = fmt.Errorf("the database is not available: %w", fault.ErrOutage)

// failed turns a driver's error into an Error with a kind, where it has one. It
// is called with every error of a connection, so that errors wrapped around it
// keep the kind.
func failed(ctx context.Context, err error) error {
	if err == nil || fault.KindOf(err) != fault.Internal {
		return err
	}
	if ended := ctx.Err(); ended != nil { // its caller has left, or its time is up
		if errors.Is(err, ended) {
			return err
		}
		return fmt.Errorf("%w: %w", ended, err)
	}
	switch {
	case isDown(err):
		return &fault.Error{Kind: fault.Unavailable, Message: "could not reach the database: " + err.Error(), Err: errors.Join(ErrDatabaseDown, err)}
	case isUnkeepable(err):
		return &fault.Error{Kind: fault.Invalid, Message: "Validation failed: a text is too long or can't be kept", Err: err}
	}
	return err
}

// isDown reports whether the database failed, and not the statement.
func isDown(err error) bool {
	if code, ok := postgresCode(err); ok {
		switch code[:2] {
		case "08", "53", "58": // connection exception, insufficient resources, system error
			return true
		}
		switch code {
		case "57P01", "57P02", "57P03", "57P05": // shut down, crashed, starting, idle for too long
			return true
		case "25006": // read-only: it has become another's standby
			return true
		}
		return false
	}
	if code, ok := sqliteCode(err); ok {
		switch code & 0xff {
		case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN:
			return true
		}
		return false
	}
	var network net.Error
	var connect *pgconn.ConnectError
	if errors.As(err, &network) || errors.As(err, &connect) || pgconn.SafeToRetry(err) {
		return true
	}
	for _, target := range []error{io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, driver.ErrBadConn, sql.ErrConnDone, syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.EPIPE} {
		if errors.Is(err, target) {
			return true
		}
	}
	return false
}

// isUnkeepable reports PostgreSQL's errors for a text that is too long for an
// index or has characters that it can't store.
func isUnkeepable(err error) bool {
	code, _ := postgresCode(err)
	return code == "54000" || code == "22021" || code == "22P05"
}

// IsIDTaken reports a violation of a table's primary key.
func IsIDTaken(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == "23505" && strings.HasSuffix(pg.ConstraintName, "_pkey")
	}
	code, _ := sqliteCode(err)
	return code == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY || code == sqlite3.SQLITE_CONSTRAINT_ROWID
}

// IsDuplicate reports a violation of any other unique constraint.
func IsDuplicate(err error) bool {
	if pg, ok := postgresCode(err); ok {
		return pg == "23505" && !IsIDTaken(err)
	}
	code, _ := sqliteCode(err)
	return code == sqlite3.SQLITE_CONSTRAINT_UNIQUE
}

func postgresCode(err error) (code string, ok bool) {
	var pg *pgconn.PgError
	if errors.As(err, &pg) && len(pg.Code) == 5 {
		return pg.Code, true
	}
	return "", false
}

// sqliteCode is the extended code of an error of SQLite, from its own functions
// or the driver.
func sqliteCode(err error) (code int, ok bool) {
	var se interface {
		error
		Code() int
	}
	if errors.As(err, &se) {
		return se.Code(), true
	}
	return 0, false
}
