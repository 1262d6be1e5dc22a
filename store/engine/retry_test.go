package engine_test

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"testing"

	"kinglet/internal/fault"
	"kinglet/store/engine"
	"kinglet/store/engine/enginetest"
)

// Two that find a key free at once, of which one writes it: the other is run
// again and finds it.
func TestLostTransactionIsRunAgain(t *testing.T) {
	t.Parallel()
	e := open(t, engine.Options{Database: template.PostgresURL(t)})
	var looked, group sync.WaitGroup
	looked.Add(2)
	values := make([]string, 2)
	for i := range values {
		group.Go(func() {
			both := sync.OnceFunc(func() { looked.Done(); looked.Wait() })
			if err := e.Update(t.Context(), func(tx *engine.Tx) error {
				value, ok, err := setting(tx, "k")
				both()
				if err != nil || ok {
					values[i] = value
					return err
				}
				values[i] = strconv.Itoa(i)
				return keep("k", values[i])(tx)
			}); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if values[0] != values[1] || values[0] == "" {
		t.Errorf("two values of one key: %q", values)
	}
}

// A transaction that loses every time gets an error of the right kind.
func TestTransactionThatLosesEveryTime(t *testing.T) {
	t.Parallel()
	e := open(t, engine.Options{Database: template.PostgresURL(t)})
	update(t, e, all(keep("k", "v"), run(`INSERT INTO things (id, name) VALUES (1, 'a')`)))
	for _, c := range []struct {
		name string
		fn   func(tx *engine.Tx) error
		want fault.Kind
	}{
		{"another is first", func(*engine.Tx) error { return engine.ErrAgain }, fault.Unavailable},
		{"the key is there", keep("k", "other"), fault.Conflict},
		{"the name is there", run(`INSERT INTO things (id, name) VALUES (2, 'a')`), fault.Conflict},
	} {
		t.Run(c.name, func(t *testing.T) {
			runs := 0
			err := e.Update(t.Context(), func(tx *engine.Tx) error { runs++; return c.fn(tx) })
			if !fault.Is(err, c.want) || runs < 2 {
				t.Errorf("run %d times: %v", runs, err)
			}
		})
	}
	t.Run("its caller leaves", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		err := e.Update(ctx, func(*engine.Tx) error { cancel(); return engine.ErrAgain })
		if !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	// Other errors are not tried again.
	runs, want := 0, 1
	if engine.RunTwice {
		want = 2
	}
	if err := e.Update(t.Context(), func(*engine.Tx) error { runs++; return errNo }); !errors.Is(err, errNo) || runs != want {
		t.Errorf("run %d times: %v", runs, err)
	}
}

// With RunTwice a function is run twice, and the first time leaves nothing.
func TestRunTwice(t *testing.T) {
	template.Each(t, func(t *testing.T, database string) {
		e := open(t, engine.Options{Database: database, RunTwice: true})
		runs, after, id := 0, 0, int64(0)
		update(t, e, func(tx *engine.Tx) error {
			runs++
			engine.Restore(tx, &id)
			if id != 0 {
				t.Errorf("run %d finds what the one before gave", runs)
			}
			id = 7
			tx.AfterCommit(func() { after++ })
			return keep("k", "v")(tx)
		})
		if runs != 2 || after != 1 || id != 7 || !kept(t, e, "k") {
			t.Errorf("run %d times, told %d times of a commit, id %d, kept %v", runs, after, id, kept(t, e, "k"))
		}
		if err := e.Update(t.Context(), func(*engine.Tx) error { return errNo }); !errors.Is(err, errNo) {
			t.Error(err)
		}
	})
}

// waitingForLocks counts who waits for a lock in the database.
const waitingForLocks = `SELECT COUNT(*) FROM pg_locks WHERE NOT granted AND pid IN (
	SELECT pid FROM pg_stat_activity WHERE datname = current_database())`

// What one node holds another waits for, also a text that no row has yet.
func TestLocksOfTwoNodes(t *testing.T) {
	if engine.RunTwice {
		t.Skip("what is run twice meets itself")
	}
	t.Parallel()
	database := template.PostgresURL(t)
	first, second := open(t, engine.Options{Database: database}), open(t, engine.Options{Database: database})
	update(t, first, run(`INSERT INTO things (id, name) VALUES (1, 'a'), (2, 'b')`))
	lock := func(tx *engine.Tx) error { return tx.LockTexts(`["https://a.test/1","https://a.test/2"]`) }
	row := func(tx *engine.Tx) error {
		_, _, err := engine.One[int64](tx, `SELECT id FROM things WHERE id = 1 `+tx.ForUpdate())
		return err
	}
	for name, hold := range map[string]func(tx *engine.Tx) error{"texts": lock, "a row": row} {
		t.Run(name, func(t *testing.T) {
			ended := make(chan error, 1)
			update(t, first, func(tx *engine.Tx) error {
				if err := hold(tx); err != nil {
					return err
				}
				go func() { ended <- second.Update(t.Context(), hold) }()
				for count(t, second, waitingForLocks) == 0 {
					select {
					case err := <-ended:
						t.Errorf("the second does not wait: %v", err)
						return err
					default:
					}
				}
				return nil
			})
			if err := <-ended; err != nil {
				t.Error(err)
			}
		})
	}
	// Who claims rows leaves out what another has claimed.
	claim := func(tx *engine.Tx) (int64, bool, error) {
		return engine.One[int64](tx, `SELECT id FROM things ORDER BY id LIMIT 1 `+tx.SkipLocked())
	}
	update(t, first, func(tx *engine.Tx) error {
		one, _, err := claim(tx)
		if err != nil {
			return err
		}
		return second.Update(t.Context(), func(tx *engine.Tx) error {
			two, _, err := claim(tx)
			if one != 1 || two != 2 {
				t.Errorf("claimed %d and %d", one, two)
			}
			return err
		})
	})
}

// A node's name is held while it lives, and free when it is closed.
func TestNodeLives(t *testing.T) {
	template.Each(t, func(t *testing.T, database string) {
		e, other := open(t, engine.Options{Database: database}), open(t, engine.Options{Database: database})
		postgres := e.Engine() == "postgres"
		name, err := other.HoldNode(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		lives := func(name string, want bool) {
			t.Helper()
			update(t, e, func(tx *engine.Tx) error {
				if got, err := tx.NodeLives(name); err != nil || got != want {
					t.Errorf("%s lives: %v %v", name, got, err)
				}
				return nil
			})
		}
		lives(name, postgres) // on SQLite an earlier one of the same name held it
		lives("7", false)
		lives("no name", false)
		if err := other.Close(); err != nil {
			t.Fatal(err)
		}
		if postgres { // the server ends its session when it notices
			for count(t, e, `SELECT COUNT(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
				WHERE d.datname = current_database() AND locktype = 'advisory' AND granted`) != 0 {
				if t.Context().Err() != nil {
					return
				}
			}
		}
		lives(name, false)
	})
}

func TestNodeWithoutADatabase(t *testing.T) {
	t.Parallel()
	through, proxy := enginetest.Proxied(t, template.PostgresURL(t))
	e := open(t, engine.Options{Database: through})
	proxy.Cut()
	if _, err := e.HoldNode(t.Context()); !fault.Is(err, fault.Unavailable) {
		t.Errorf("holding a name: %v", err)
	}
	if _, err := e.ServerRuns(t.Context()); !fault.Is(err, fault.Unavailable) {
		t.Errorf("asking for a server: %v", err)
	}
	if _, err := engine.Open(t.Context(), engine.Options{Database: through}); err == nil {
		t.Error("it was opened")
	}
}
