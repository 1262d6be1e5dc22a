package engine_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"kinglet/internal/fault"
	"kinglet/store/engine"
	"kinglet/store/engine/enginetest"
)

func TestIDsOrderAsTheirTimes(t *testing.T) {
	t.Parallel()
	clock := enginetest.NewClock()
	now := clock.Now()
	e := open(t, engine.Options{Database: template.SQLitePath(t), Now: clock.Now})
	last := int64(0)
	for i := range 1000 {
		at := now.Add(time.Duration(i-1000) * time.Second)
		id := e.NewID(at)
		if id <= last {
			t.Fatalf("%d after %d", id, last)
		}
		if id < engine.IDAt(at) || id >= engine.IDAt(at.Add(time.Millisecond)) {
			t.Fatalf("%d is not of %s", id, at)
		}
		last = id
	}
	if future := e.NewID(now.AddDate(10, 0, 0)); future>>16 != now.UnixMilli() {
		t.Error("a post of the future is given an id of the future")
	}
	if none := e.NewID(time.Time{}); none>>16 != now.UnixMilli() {
		t.Error("what has no time is given an id of another time than now")
	}
	for _, old := range []time.Time{time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC), time.Unix(0, 0)} {
		if e.NewID(old) <= 0 || engine.IDAt(old) <= 0 {
			t.Errorf("a post of %d is given no id", old.Year())
		}
	}
}

func TestIDsOfManyAtOnceDiffer(t *testing.T) {
	t.Parallel()
	e := sqlite(t)
	at := e.Now()
	lists := make([][]int64, 16)
	var group sync.WaitGroup
	for i := range lists {
		group.Go(func() {
			for range 1000 {
				lists[i] = append(lists[i], e.NewID(at))
			}
		})
	}
	group.Wait()
	seen := map[int64]bool{}
	for _, list := range lists {
		for _, id := range list {
			if seen[id] || id>>16 != at.UnixMilli() {
				t.Fatalf("%d is there twice, or of another time", id)
			}
			seen[id] = true
		}
	}
}

// nodes are two engines on one database that give the same ids.
func nodes(t *testing.T, run func(t *testing.T, nodes []*engine.Engine)) {
	template.Each(t, func(t *testing.T, database string) {
		o := engine.Options{Database: database, Now: enginetest.NewClock().Now}
		run(t, []*engine.Engine{open(t, o), open(t, o)})
	})
}

// Two nodes that give the same ids in the same millisecond lose nothing.
func TestIDThatAnotherNodeGave(t *testing.T) {
	nodes(t, func(t *testing.T, nodes []*engine.Engine) {
		for i, e := range nodes {
			e.BeginIDs(0)
			update(t, e, insertThing(fmt.Sprint(i)))
		}
		if n := count(t, nodes[0], `SELECT COUNT(*) FROM things`); n != 2 {
			t.Errorf("%d of two rows are there", n)
		}
	})
}

// When no id of a time is free at all, that is said and not tried for ever.
func TestNoIDIsFree(t *testing.T) {
	each(t, func(t *testing.T, e *engine.Engine) {
		update(t, e, insertThing("there"))
		tried := 0
		err := e.Update(t.Context(), func(tx *engine.Tx) error {
			return tx.InsertNew(tx.Now(), func(int64) error {
				tried++
				return run(`INSERT INTO things (id, name) SELECT id, 'another' FROM things`)(tx)
			})
		})
		want := map[string]fault.Kind{"sqlite": fault.Unavailable, "postgres": fault.Conflict}[e.Engine()]
		if !fault.Is(err, want) || tried < 2 {
			t.Errorf("tried %d times: %v", tried, err)
		}
		if n := count(t, e, `SELECT COUNT(*) FROM things`); n != 1 {
			t.Errorf("%d rows", n)
		}
	})
}

// What a transaction gave to memory is taken back when it fails, or its caller
// would keep an id that no row has.
func TestFailureRestoresMemory(t *testing.T) {
	each(t, func(t *testing.T, e *engine.Engine) {
		for _, c := range []struct {
			name string
			end  func(tx *engine.Tx) error
			kept bool
		}{
			{"succeeds", func(*engine.Tx) error { return nil }, true},
			{"fails", func(*engine.Tx) error { return errNo }, false},
			{"panics", func(*engine.Tx) error { panic("oh") }, false},
		} {
			id, name := int64(0), "before"
			after := false
			err := e.Update(t.Context(), func(tx *engine.Tx) error {
				engine.Restore(tx, &id)
				engine.Restore(tx, &name)
				engine.Restore(tx, &name) // of two, the first has what was there
				id, name = 7, "given"
				tx.AfterCommit(func() { after = true })
				return c.end(tx)
			})
			if (err == nil) != c.kept || (id == 7) != c.kept || (name == "given") != c.kept || after != c.kept {
				t.Errorf("%s: %v, %d %q, told of a commit: %v", c.name, err, id, name, after)
			}
		}
	})
}

// The kinds of constraints are distinguished by their errors.
func TestConstraints(t *testing.T) {
	each(t, func(t *testing.T, e *engine.Engine) {
		update(t, e, run(`INSERT INTO things (id, name) VALUES (1, 'a')`))
		for _, c := range []struct {
			name, query        string
			idTaken, duplicate bool
		}{
			{"the id", `INSERT INTO things (id, name) VALUES (1, 'b')`, true, false},
			{"the name", `INSERT INTO things (id, name) VALUES (2, 'a')`, false, true},
			{"neither", `INSERT INTO things (id, name) VALUES (2, NULL)`, false, false},
		} {
			t.Run(c.name, func(t *testing.T) {
				var got error
				err := e.Update(t.Context(), func(tx *engine.Tx) error {
					got = run(c.query)(tx)
					return errors.Join(errNo, errors.New(got.Error())) // not one that is tried again
				})
				if !errors.Is(err, errNo) {
					t.Fatal(err)
				}
				if engine.IsIDTaken(got) != c.idTaken || engine.IsDuplicate(got) != c.duplicate {
					t.Errorf("id taken %v, duplicate %v: %v", engine.IsIDTaken(got), engine.IsDuplicate(got), got)
				}
			})
		}
	})
}
