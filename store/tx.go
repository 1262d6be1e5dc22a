package store

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"kinglet/internal/fault"
	"kinglet/store/engine"
)

// Tx is one transaction: a snapshot to read (View) or a unit of writing
// (Update). It is used by one goroutine and never outlives its function. All
// its methods are in the entities' files: no SQL runs outside of this package.
type Tx struct {
	engine *engine.Tx
	store  *Store
}

// Now is the time of this transaction, UTC, to the millisecond.
func (tx *Tx) Now() time.Time { return tx.engine.Now() }

// NewID makes a time-ordered 64-bit id for the time at.
func (tx *Tx) NewID(at time.Time) int64 { return tx.engine.NewID(at) }

// AfterCommit calls fn once, in commit order, when this transaction is durable.
// fn must not block and must not use the store.
func (tx *Tx) AfterCommit(fn func()) { tx.engine.AfterCommit(fn) }

func (tx *Tx) exec(query string, args ...any) (changed int64, err error) {
	return tx.engine.Exec(query, args...)
}

func (tx *Tx) query(scan func(row scanner) error, query string, args ...any) error {
	return tx.engine.Query(scan, query, args...)
}

func (tx *Tx) in(column, param string) string     { return tx.engine.In(column, param) }
func (tx *Tx) inText(column, param string) string { return tx.engine.InText(column, param) }

// among is the condition that a column is one of ids, and the argument of its
// parameter. One id is compared, several are a set.
func among[T ~int64](tx *Tx, column, param string, ids []T) (condition string, arg any) {
	if len(ids) == 1 {
		return column + " = " + param, int64(ids[0])
	}
	return tx.in(column, param), setOf(ids)
}

// setOf encodes a list of ids as the JSON parameter of tx.in.
func setOf[T ~int64](ids []T) string {
	b := make([]byte, 1, 2+20*len(ids))
	b[0] = '['
	for i, id := range ids {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, int64(id), 10)
	}
	return string(append(b, ']'))
}

func (tx *Tx) insertNew(at time.Time, insert func(id int64) error) error {
	return tx.engine.InsertNew(at, insert)
}

// restore sets dest back when the transaction is rolled back: an entity that
// was given an id or a time must not keep them for the next run, nor after a
// failure.
func restore[T any](tx *Tx, dest *T) { engine.Restore(tx.engine, dest) }

// get runs a statement that returns at most one row into dest; no row is a
// NotFound error for what.
func (tx *Tx) get(what string, dest []any, query string, args ...any) error {
	found := false
	err := tx.query(func(row scanner) error {
		found = true
		return row.Scan(dest...)
	}, query, args...)
	if err != nil {
		return fmt.Errorf("read %s: %w", what, err)
	}
	if !found {
		return fault.Errorf(fault.NotFound, "%s not found", what)
	}
	return nil
}

// ids runs a statement of one BIGINT column.
func ids[T ~int64](tx *Tx, query string, args ...any) ([]T, error) {
	var out []T
	err := tx.query(func(row scanner) error {
		var id int64
		if err := row.Scan(&id); err != nil {
			return err
		}
		out = append(out, T(id))
		return nil
	}, query, args...)
	return out, err
}

// one reads a single value; without a row it returns the zero value and false.
func one[T any](tx *Tx, query string, args ...any) (v T, ok bool, err error) {
	return engine.One[T](tx.engine, query, args...)
}

type scanner = engine.Row

// millis is how a time is stored: milliseconds since 1970, 0 for none.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// toTime scans a column of milliseconds into a UTC time.
func toTime(t *time.Time) sql.Scanner { return timeScanner{t} }

type timeScanner struct{ t *time.Time }

func (s timeScanner) Scan(src any) error {
	ms, ok := src.(int64)
	if !ok && src != nil {
		return fmt.Errorf("time column holds %T", src)
	}
	return s.ScanInt(ms)
}

func (s timeScanner) ScanInt(ms int64) error {
	*s.t = time.Time{}
	if ms != 0 {
		*s.t = time.UnixMilli(ms).UTC()
	}
	return nil
}

// jsonText is how a list is stored in a column: its JSON, "" for nothing.
func jsonText[T any](list []T) string {
	if len(list) == 0 {
		return ""
	}
	return encodeJSON(list)
}

func encodeJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // only our own plain structs come here
	}
	return string(b)
}

// fromJSON scans such a column; "" leaves dest unchanged.
func fromJSON[T any](dest *T) sql.Scanner { return jsonScanner[T]{dest} }

type jsonScanner[T any] struct{ dest *T }

func (s jsonScanner[T]) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		return nil
	case string:
		return s.ScanText([]byte(v))
	case []byte:
		return s.ScanText(v)
	}
	return errors.New("JSON column holds neither text nor bytes")
}

func (s jsonScanner[T]) ScanText(b []byte) error {
	if len(b) == 0 || readList(b, s.dest) {
		return nil
	}
	return json.Unmarshal(b, s.dest)
}

// raw scans a text column into bytes, unchanged.
func raw(dest *json.RawMessage) sql.Scanner { return rawScanner{dest} }

type rawScanner struct{ dest *json.RawMessage }

func (s rawScanner) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*s.dest = nil
	case string:
		*s.dest = json.RawMessage(v)
	case []byte:
		*s.dest = append(json.RawMessage(nil), v...)
	default:
		return fmt.Errorf("document column holds %T", src)
	}
	return nil
}

func (s rawScanner) ScanText(b []byte) error {
	*s.dest = append(json.RawMessage(nil), b...)
	return nil
}

func (tx *Tx) texts(query string, args ...any) ([]string, error) {
	var out []string
	err := tx.query(func(row scanner) error {
		var s string
		err := row.Scan(&s)
		out = append(out, s)
		return err
	}, query, args...)
	return out, err
}
