package engine

import (
	"context"
	"database/sql"
	"fmt"
	"reflect"
	"time"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// readHandle finds the sqlite3* of a connection, which the driver does not
// export: it is read from the driver's connection.
func readHandle(c *sql.Conn) (handle uintptr, err error) {
	err = c.Raw(func(driver any) error {
		v := reflect.Indirect(reflect.ValueOf(driver))
		if v.Kind() == reflect.Struct {
			v = v.FieldByName("db")
		}
		if !v.IsValid() || v.Kind() != reflect.Uintptr || v.Uint() == 0 {
			return fmt.Errorf("the SQLite driver's connection %T has no handle", driver)
		}
		handle = uintptr(v.Uint())
		return nil
	})
	return handle, err
}

// interruptEvery is how often a read whose context has ended is interrupted:
// SQLite ignores an interrupt between two statements.
const interruptEvery = 5 * time.Millisecond

// interruptWhenDone interrupts what runs on the connection once ctx is done.
// After stop has returned nothing is interrupted, so that the next user of the
// connection is not affected; it reports whether anything was.
func (c *conn) interruptWhenDone(ctx context.Context) (stop func() (interrupted bool)) {
	quit, ended := make(chan struct{}), make(chan struct{})
	stopWatching := context.AfterFunc(ctx, func() {
		defer close(ended)
		tls := libc.NewTLS() // not the connection's, which is in use
		defer tls.Close()
		for {
			sqlite3.Xsqlite3_interrupt(tls, c.lite.db)
			select {
			case <-quit:
				return
			case <-time.After(interruptEvery):
			}
		}
	})
	return func() bool {
		if stopWatching() {
			return false
		}
		close(quit)
		<-ended
		return true
	}
}
