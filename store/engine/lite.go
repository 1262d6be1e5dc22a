package engine

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unsafe"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// lite runs the statements of a SQLite connection with SQLite's own functions.
// The driver opens and closes the connection; but each query through it and
// database/sql reads the names and types of all columns, and each value is found
// three times, boxed and converted by reflection: most of the time of a page.
//
// It is used by one goroutine at a time, as the connection is.
type lite struct {
	db         uintptr // the sqlite3*
	tls        *libc.TLS
	out        uintptr // room for the two pointers that prepare returns
	statements map[string]*statement
}

func newLite(db uintptr) *lite {
	tls := libc.NewTLS() // not the driver's, which it may use to interrupt
	return &lite{db: db, tls: tls, out: sqlite3.Xsqlite3_malloc(tls, 2*pointerSize), statements: map[string]*statement{}}
}

const pointerSize = int32(unsafe.Sizeof(uintptr(0)))

// memory is what SQLite points at. It is not Go's, and does not move.
func memory(p uintptr) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&p)) }

// close must come before the driver closes the connection.
func (l *lite) close() {
	l.forget()
	sqlite3.Xsqlite3_free(l.tls, l.out)
	l.tls.Close()
}

// forget closes the prepared statements, but for those that run.
func (l *lite) forget() {
	for query, st := range l.statements {
		if !st.running {
			st.close()
			delete(l.statements, query)
		}
	}
}

// prepared returns the statement of a query, which must be a single one.
func (l *lite) prepared(query string) (*statement, error) {
	if st, ok := l.statements[query]; ok {
		return st, nil
	}
	text, err := libc.CString(query)
	if err != nil {
		return nil, err
	}
	defer libc.Xfree(l.tls, text)
	tail := l.out + uintptr(pointerSize)
	if rc := sqlite3.Xsqlite3_prepare_v3(l.tls, l.db, text, -1, sqlite3.SQLITE_PREPARE_PERSISTENT, l.out, tail); rc != sqlite3.SQLITE_OK {
		return nil, l.failure(rc)
	}
	st := &statement{lite: l, handle: *(*uintptr)(memory(l.out))}
	if rest := libc.GoString(*(*uintptr)(memory(tail))); st.handle == 0 || !isBlank(rest) {
		st.close()
		return nil, fmt.Errorf("not a single statement: %s", query)
	}
	st.columns = int(sqlite3.Xsqlite3_column_count(l.tls, st.handle))
	if err := st.readParameters(); err != nil {
		st.close()
		return nil, err
	}
	st.reads = sqlite3.Xsqlite3_stmt_readonly(l.tls, st.handle) != 0
	if len(l.statements) >= maxPrepared {
		l.forget()
	}
	l.statements[query] = st
	return st, nil
}

func isBlank(s string) bool {
	for _, c := range []byte(s) {
		if c != ' ' && c != '\n' && c != '\t' && c != '\r' && c != ';' {
			return false
		}
	}
	return true
}

// query runs a statement and calls scan for each row.
func (l *lite) query(scan func(row Row) error, query string, args []any) error {
	st, err := l.prepared(query)
	if err != nil {
		return err
	}
	if err := st.begin(args); err != nil {
		return err
	}
	defer st.end()
	for {
		row, err := st.step()
		if err != nil || !row {
			return err
		}
		if err := scan(st); err != nil {
			return notOfDatabase{err}
		}
	}
}

// exec runs a statement to its end and returns how many rows it changed.
func (l *lite) exec(query string, args []any) (changed int64, err error) {
	st, err := l.prepared(query)
	if err != nil {
		return 0, err
	}
	if err := st.begin(args); err != nil {
		return 0, err
	}
	defer st.end()
	for row := true; row; {
		if row, err = st.step(); err != nil {
			return 0, err
		}
	}
	if st.reads {
		return 0, nil
	}
	return sqlite3.Xsqlite3_changes64(l.tls, l.db), nil
}

// inTransaction reports whether a transaction is open.
func (l *lite) inTransaction() bool { return sqlite3.Xsqlite3_get_autocommit(l.tls, l.db) == 0 }

// notOfDatabase is an error of the caller's function, which is returned as it
// is.
type notOfDatabase struct{ error }

// liteError is an error of SQLite, with its extended code.
type liteError struct {
	code    int
	message string
}

func (e *liteError) Error() string { return e.message }

// Code is SQLite's extended result code.
func (e *liteError) Code() int { return e.code }

func (l *lite) failure(rc int32) error {
	kind, message := libc.GoString(sqlite3.Xsqlite3_errstr(l.tls, rc)), libc.GoString(sqlite3.Xsqlite3_errmsg(l.tls, l.db))
	return &liteError{int(rc), fmt.Sprintf("%s: %s (%d)", kind, message, rc)}
}

// statement is a prepared statement; while it runs it is the row that it is at.
type statement struct {
	lite       *lite
	handle     uintptr // the sqlite3_stmt*
	columns    int
	parameters []int // which argument each is
	reads      bool  // and changes no row
	running    bool
	texts      uintptr // where the bound texts and bytes are
	room       int     // there
	rowTexts
}

// keptRoom is how much memory for its texts a statement keeps.
const keptRoom = 4 << 10

// maxText is SQLite's own limit of a value.
const maxText = 1_000_000_000

// readParameters finds which argument each parameter is: to SQLite $1 is a name,
// and it counts the parameters in the order in which they appear.
func (st *statement) readParameters() error {
	n := sqlite3.Xsqlite3_bind_parameter_count(st.lite.tls, st.handle)
	for i := int32(1); i <= n; i++ {
		name := libc.GoString(sqlite3.Xsqlite3_bind_parameter_name(st.lite.tls, st.handle, i))
		arg, err := strconv.Atoi(strings.TrimPrefix(name, "$"))
		if err != nil || arg < 1 {
			return fmt.Errorf("the parameter %q is not $1, $2 …", name)
		}
		st.parameters = append(st.parameters, arg-1)
	}
	return nil
}

func (st *statement) close() {
	sqlite3.Xsqlite3_finalize(st.lite.tls, st.handle)
	sqlite3.Xsqlite3_free(st.lite.tls, st.texts)
}

func (st *statement) begin(args []any) error {
	if st.running {
		return errors.New("the statement is already running")
	}
	if err := st.bind(args); err != nil {
		st.end()
		return err
	}
	st.running = true
	return nil
}

func (st *statement) step() (row bool, err error) {
	switch rc := sqlite3.Xsqlite3_step(st.lite.tls, st.handle); rc {
	case sqlite3.SQLITE_ROW:
		return true, nil
	case sqlite3.SQLITE_DONE:
		return false, nil
	default:
		return false, st.lite.failure(rc)
	}
}

// end makes the statement ready for its next run. What reset returns is the
// error that step had.
func (st *statement) end() {
	sqlite3.Xsqlite3_reset(st.lite.tls, st.handle)
	if st.room > keptRoom {
		sqlite3.Xsqlite3_clear_bindings(st.lite.tls, st.handle)
		sqlite3.Xsqlite3_free(st.lite.tls, st.texts)
		st.texts, st.room = 0, 0
	}
	st.running = false
}

// bind sets the parameters. Texts and bytes are copied to where SQLite may read
// them until the next run.
func (st *statement) bind(args []any) error {
	values, size := make([]driver.Value, len(st.parameters)), 0
	for i, arg := range st.parameters {
		if arg >= len(args) {
			return fmt.Errorf("no argument for $%d", arg+1)
		}
		v, err := valueOf(args[arg])
		if err != nil {
			return fmt.Errorf("argument %d: %w", arg+1, err)
		}
		switch v := v.(type) {
		case string:
			size += len(v)
		case []byte:
			size += len(v)
		}
		values[i] = v
	}
	if size > maxText {
		return errors.New("the parameters of a statement are too large")
	}
	if size >= st.room {
		sqlite3.Xsqlite3_free(st.lite.tls, st.texts)
		st.room = size + 1 // an empty text has an address as well
		if st.texts = sqlite3.Xsqlite3_malloc(st.lite.tls, int32(st.room)); st.texts == 0 {
			st.room = 0
			return errors.New("no memory for the parameters of a statement")
		}
	}
	at := st.texts
	for i, v := range values {
		var rc int32
		n := int32(i + 1)
		switch v := v.(type) {
		case nil:
			rc = sqlite3.Xsqlite3_bind_null(st.lite.tls, st.handle, n)
		case int64:
			rc = sqlite3.Xsqlite3_bind_int64(st.lite.tls, st.handle, n, v)
		case bool:
			rc = sqlite3.Xsqlite3_bind_int64(st.lite.tls, st.handle, n, int64(b2i(v)))
		case float64:
			rc = sqlite3.Xsqlite3_bind_double(st.lite.tls, st.handle, n, v)
		case string:
			copy(unsafe.Slice((*byte)(memory(at)), len(v)), v)
			rc = sqlite3.Xsqlite3_bind_text(st.lite.tls, st.handle, n, at, int32(len(v)), sqlite3.SQLITE_STATIC)
			at += uintptr(len(v))
		case []byte:
			copy(unsafe.Slice((*byte)(memory(at)), len(v)), v)
			rc = sqlite3.Xsqlite3_bind_blob(st.lite.tls, st.handle, n, at, int32(len(v)), sqlite3.SQLITE_STATIC)
			at += uintptr(len(v))
		default:
			return fmt.Errorf("a %T can't be stored", v)
		}
		if rc != sqlite3.SQLITE_OK {
			return st.lite.failure(rc)
		}
	}
	return nil
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// valueOf is an argument as one of the types that are stored.
func valueOf(arg any) (driver.Value, error) {
	switch arg := arg.(type) {
	case nil, int64, string, bool, float64:
		return arg, nil
	case []byte:
		if arg == nil {
			return nil, nil
		}
		return arg, nil
	case int:
		return int64(arg), nil
	}
	return driver.DefaultParameterConverter.ConvertValue(arg)
}
