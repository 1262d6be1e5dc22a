package engine_test

import (
	"errors"
	"fmt"
	"testing"

	"kinglet/store/engine"
)

// What is rolled back was never emitted, nor is what a run emitted that was in vain.
func TestEventsOfNothing(t *testing.T) {
	processes(t, engine.Options{RunTwice: true}, func(t *testing.T, server, other *engine.Engine) {
		l := listenTo(t, server)
		no := errors.New("no")
		for _, e := range []*engine.Engine{server, other} {
			err := e.Update(t.Context(), func(tx *engine.Tx) error {
				tx.Emit("rolled_back")
				return no
			})
			if !errors.Is(err, no) {
				t.Fatal(err)
			}
			runs := int64(0)
			update(t, e, func(tx *engine.Tx) error {
				runs++
				tx.Emit("run", runs)
				return nil
			})
		}
		update(t, other, emit("end"))
		l.wants("run 2", "run 2", "end")
		for table, want := range map[string]int64{"events": 4} { // the first, which is always there
			if n := count(t, server, "SELECT COUNT(*) FROM "+table); n != want {
				t.Errorf("%d rows of %s", n, table)
			}
		}
	})
}

// A server on a SQLite file that nobody listens to writes no events; a process
// that can't know does.
func TestEventsForNobody(t *testing.T) {
	t.Parallel()
	o := engine.Options{Database: outboxTemplate.SQLitePath(t)}
	server, command := openOutbox(t, o), openOutbox(t, o)
	if err := server.ListenForWakes(); err != nil {
		t.Fatal(err)
	}
	rows := func(why string, want int64) {
		t.Helper()
		if n := count(t, server, "SELECT COUNT(*) FROM events"); n != want {
			t.Errorf("%s: %d rows", why, n)
		}
	}
	before := server.Statements()
	update(t, server, emit("x"))
	if n := server.Statements() - before; n != 0 {
		t.Errorf("%d statements for nobody", n)
	}
	rows("nobody listens", 1)
	update(t, command, emit("x"))
	rows("of a command", 2)
	l := listenTo(t, server)
	update(t, server, func(tx *engine.Tx) error {
		for i := range int64(100) {
			tx.Emit("x", i)
		}
		return nil
	})
	rows("somebody listens", 3)
	l.next("x 99")
	l.Close()
	update(t, server, emit("x"))
	rows("nobody listens any more", 3)
}

// One statement writes the events of a transaction, and on PostgreSQL tells of
// its jobs as well.
func TestStatementsOfEvents(t *testing.T) {
	outboxTemplate.Each(t, func(t *testing.T, database string) {
		e := openOutbox(t, engine.Options{Database: database})
		before := e.Statements()
		update(t, e, func(tx *engine.Tx) error {
			tx.Emit("a", 1)
			tx.Emit("b", 2)
			return job("k")(tx)
		})
		if n := e.Statements() - before; n != 2 {
			t.Errorf("%d statements", n)
		}
	})
}

// A transaction whose events can't be written is not kept, and harms no other.
func TestEventsThatCannotBeWritten(t *testing.T) {
	outboxTemplate.Each(t, func(t *testing.T, database string) {
		e := openOutbox(t, engine.Options{Database: database})
		rename := func(from, to string) {
			t.Helper()
			update(t, e, run("ALTER TABLE "+from+" RENAME TO "+to))
		}
		rename("events", "away")
		for i := range 40 { // more than there are connections
			err := e.Update(t.Context(), func(tx *engine.Tx) error {
				tx.Emit("x")
				tx.AfterCommit(func() { t.Error("there was no commit") })
				return keep("emits", "v")(tx)
			})
			if err == nil || kept(t, e, "emits") {
				t.Fatalf("it was kept: %v", err)
			}
			update(t, e, keep(fmt.Sprint("silent", i), "v"))
		}
		rename("away", "events")
		update(t, e, func(tx *engine.Tx) error {
			tx.Emit("x")
			return keep("emits", "v")(tx)
		})
		if !kept(t, e, "emits") {
			t.Error("it is lost")
		}
	})
}
