package engine

import (
	"database/sql"
	"fmt"
	"reflect"
	"unsafe"

	sqlite3 "modernc.org/sqlite/lib"
)

// IntScanner and TextScanner are sql.Scanners that take a value as it is, which
// spares what boxing it costs. ScanText must not keep the bytes.
type (
	IntScanner  interface{ ScanInt(v int64) error }
	TextScanner interface{ ScanText(b []byte) error }
)

// Scan copies the columns of the row into dest, strictly: a column that holds
// nothing, or another type, is an error, unless dest's Scan takes it.
func (st *statement) Scan(dest ...any) error {
	if len(dest) != st.columns {
		return fmt.Errorf("%d columns for %d destinations", st.columns, len(dest))
	}
	defer st.cutTexts()
	for i, d := range dest {
		v := value{st, sqlite3.Xsqlite3_column_value(st.lite.tls, st.handle, int32(i))}
		if err := v.scan(d); err != nil {
			return fmt.Errorf("column %d: %w", i+1, err)
		}
	}
	return nil
}

// rowTexts are the texts of a row until it has been read: they are kept as one,
// since a dozen short ones cost more than a long one.
type rowTexts struct {
	all  []byte
	cuts []cut
}

// cut is where a text ends in rowTexts, and where it goes.
type cut struct {
	end  int
	dest *string
}

func (r *rowTexts) add(text []byte, dest *string) {
	r.all = append(r.all, text...)
	r.cuts = append(r.cuts, cut{len(r.all), dest})
}

// keptText is how much memory for the texts of a row a statement keeps.
const keptText = 16 << 10

func (r *rowTexts) cutTexts() {
	if len(r.cuts) == 0 {
		return
	}
	all, begin := string(r.all), 0
	for _, c := range r.cuts {
		*c.dest = all[begin:c.end]
		begin = c.end
	}
	clear(r.cuts)
	r.all, r.cuts = r.all[:0], r.cuts[:0]
	if cap(r.all) > keptText {
		r.all = nil
	}
}

// value is a column of the row.
type value struct {
	*statement
	value uintptr // the sqlite3_value*
}

func (v value) kind() int32 { return sqlite3.Xsqlite3_value_type(v.lite.tls, v.value) }

func (v value) int() int64 { return sqlite3.Xsqlite3_value_int64(v.lite.tls, v.value) }

// bytes are a text or bytes, until the next step.
func (v value) bytes() []byte {
	var p uintptr
	if v.kind() == sqlite3.SQLITE_BLOB {
		p = sqlite3.Xsqlite3_value_blob(v.lite.tls, v.value)
	} else {
		p = sqlite3.Xsqlite3_value_text(v.lite.tls, v.value)
	}
	if n := sqlite3.Xsqlite3_value_bytes(v.lite.tls, v.value); p != 0 && n > 0 {
		return unsafe.Slice((*byte)(memory(p)), int(n))
	}
	return nil
}

func (v value) scan(dest any) error {
	kind := v.kind()
	switch kind {
	case sqlite3.SQLITE_INTEGER:
		switch d := dest.(type) {
		case *int64:
			*d = v.int()
			return nil
		case *bool:
			if n := v.int(); n&^1 == 0 {
				*d = n != 0
				return nil
			}
		case *int:
			if n := v.int(); int64(int(n)) == n { // of 32 bits, on some machines
				*d = int(n)
				return nil
			}
		case IntScanner:
			return d.ScanInt(v.int())
		}
	case sqlite3.SQLITE_TEXT, sqlite3.SQLITE_BLOB:
		switch d := dest.(type) {
		case *string:
			v.add(v.bytes(), d)
			return nil
		case *[]byte:
			*d = append([]byte{}, v.bytes()...)
			return nil
		case TextScanner:
			return d.ScanText(v.bytes())
		}
	}
	switch d := dest.(type) {
	case sql.Scanner:
		v.cutTexts() // which it may look at
		return d.Scan(v.any(kind))
	case *any:
		*d = v.any(kind)
		return nil
	case *[]byte:
		if kind == sqlite3.SQLITE_NULL {
			*d = nil
			return nil
		}
	}
	return v.set(reflect.ValueOf(dest), kind)
}

// any is the value as database/sql has it.
func (v value) any(kind int32) any {
	switch kind {
	case sqlite3.SQLITE_INTEGER:
		return v.int()
	case sqlite3.SQLITE_FLOAT:
		return sqlite3.Xsqlite3_value_double(v.lite.tls, v.value)
	case sqlite3.SQLITE_TEXT:
		return string(v.bytes())
	case sqlite3.SQLITE_BLOB:
		return append([]byte{}, v.bytes()...)
	}
	return nil
}

// set copies the value into a pointer to a type of one's own, such as an id.
func (v value) set(dest reflect.Value, kind int32) error {
	if dest.Kind() != reflect.Pointer || dest.IsNil() {
		return fmt.Errorf("the destination %s is no pointer", dest.Type())
	}
	to := dest.Elem()
	switch to.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		if n := v.int(); kind == sqlite3.SQLITE_INTEGER && !to.OverflowInt(n) {
			to.SetInt(n)
			return nil
		}
	case reflect.Bool:
		if n := v.int(); kind == sqlite3.SQLITE_INTEGER && n&^1 == 0 {
			to.SetBool(n != 0)
			return nil
		}
	case reflect.Float64:
		if kind == sqlite3.SQLITE_FLOAT || kind == sqlite3.SQLITE_INTEGER {
			to.SetFloat(sqlite3.Xsqlite3_value_double(v.lite.tls, v.value))
			return nil
		}
	case reflect.String:
		if kind != sqlite3.SQLITE_NULL {
			to.SetString(string(v.bytes()))
			return nil
		}
	case reflect.Pointer: // nil for NULL
		if to.SetZero(); kind == sqlite3.SQLITE_NULL {
			return nil
		}
		to.Set(reflect.New(to.Type().Elem()))
		return v.set(to, kind)
	}
	return fmt.Errorf("a value of SQLite's type %d does not fit into %s", kind, to.Type())
}
