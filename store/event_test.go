package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"kinglet/store"
	"kinglet/store/storetest"
)

// listener is a listener and what it was handed, as lines.
type listener struct {
	t *testing.T
	*store.EventListener
	got []string
}

func listenTo(t *testing.T, s *store.Store) *listener {
	t.Helper()
	l, err := s.Listen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return &listener{t: t, EventListener: l}
}

// next waits for events until one is last, and gives all that came.
func (l *listener) next(last string) []string {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(l.t.Context(), 30*time.Second)
	defer cancel()
	for !slices.Contains(l.got, last) {
		events, err := l.Next(ctx)
		if err != nil {
			l.t.Fatalf("waiting for %q, got %q: %v", last, l.got, err)
		}
		for _, ev := range events {
			l.got = append(l.got, ev.String())
		}
	}
	got := l.got
	l.got = nil
	return got
}

func (l *listener) wants(want ...string) {
	l.t.Helper()
	if got := l.next(want[len(want)-1]); !slices.Equal(got, want) {
		l.t.Errorf("got %q, want %q", got, want)
	}
}

func emit(kind string, ids ...int64) func(tx *store.Tx) error {
	return func(tx *store.Tx) error {
		tx.Emit(kind, ids...)
		return nil
	}
}

// keep writes a setting.
func keep(key string) func(tx *store.Tx) error {
	return func(tx *store.Tx) error {
		_, err := tx.SettingOnce(key, "v")
		return err
	}
}

// kept tells whether it was written.
func kept(t *testing.T, s *store.Store, key string) (ok bool) {
	t.Helper()
	newWorld(t, s).view(func(tx *store.Tx) (err error) {
		_, ok, err = tx.Setting(key)
		return err
	})
	return ok
}

// processes are two on one database: the server, which listens to the others,
// and on SQLite a command beside it, on PostgreSQL another node.
func processes(t *testing.T, o store.Options, run func(t *testing.T, server, other *store.Store)) {
	for name, database := range map[string]func(t *testing.T) string{
		"sqlite":   func(t *testing.T) string { return filepath.Join(t.TempDir(), "k.db") },
		"postgres": func(t *testing.T) string { return storetest.PostgresURL(t) },
	} {
		t.Run(name, func(t *testing.T) {
			o := o
			o.Database = database(t)
			server, other := storetest.Open(t, o), storetest.Open(t, o)
			if err := server.ListenForWakes(); err != nil {
				t.Fatal(err)
			}
			run(t, server, other)
		})
	}
}

// What either process commits reaches the listener of the server once, in order.
func TestEventsOfEveryProcess(t *testing.T) {
	processes(t, store.Options{LookEvery: time.Second}, func(t *testing.T, server, other *store.Store) {
		newWorld(t, server).update(emit("before", 1)) // nobody listens yet
		l := listenTo(t, server)
		var want []string
		for i := range int64(20) {
			from := []*store.Store{server, other}[i%2]
			newWorld(t, from).update(func(tx *store.Tx) error {
				tx.Emit("a", i)
				tx.Emit("b", i, i)
				tx.Emit("a", i) // once is enough
				return nil
			})
			want = append(want, fmt.Sprint("a ", i), fmt.Sprintf("b %d %d", i, i))
		}
		l.wants(want...)
	})
}

// Events of many transactions at once arrive once each, and in the order in
// which those that waited for each other committed.
func TestEventsOfManyAtOnce(t *testing.T) {
	const writers, each = 8, 10
	processes(t, store.Options{}, func(t *testing.T, server, other *store.Store) {
		l := listenTo(t, server)
		alice := newWorld(t, server).local("alice")
		errs := atOnce(t, []*store.Store{server, other}, writers, func(i int, w *world) error {
			for n := range int64(each) {
				err := w.Update(t.Context(), func(tx *store.Tx) error {
					if err := tx.LockAccount(alice.ID); err != nil {
						return err
					}
					m, err := tx.PutMarker(alice.ID, "home", int64(i))
					tx.Emit("order", m.Version)
					tx.Emit("once", int64(i), n)
					return err
				})
				if err != nil {
					return err
				}
			}
			return nil
		})
		succeed(t, errs)
		newWorld(t, other).update(emit("end"))
		var order, once []string
		for _, line := range l.next("end") {
			switch kind, _, _ := strings.Cut(line, " "); kind {
			case "order":
				order = append(order, line)
			case "once":
				once = append(once, line)
			}
		}
		for i := range writers * each {
			if i >= len(order) || order[i] != fmt.Sprint("order ", i+1) {
				t.Fatalf("order: %q", order)
			}
		}
		slices.Sort(once)
		if n := len(slices.Compact(once)); n != writers*each || len(once) != n {
			t.Errorf("%d events, %d of them different", len(once), n)
		}
	})
}

// What is rolled back was never emitted, nor is what a run emitted that was in vain.
func TestEventsOfNothing(t *testing.T) {
	processes(t, store.Options{RunTwice: true}, func(t *testing.T, server, other *store.Store) {
		l := listenTo(t, server)
		no := errors.New("no")
		for _, s := range []*store.Store{server, other} {
			err := s.Update(t.Context(), func(tx *store.Tx) error {
				tx.Emit("rolled_back")
				return no
			})
			if !errors.Is(err, no) {
				t.Fatal(err)
			}
			runs := int64(0)
			newWorld(t, s).update(func(tx *store.Tx) error {
				runs++
				tx.Emit("run", runs)
				return nil
			})
		}
		newWorld(t, other).update(emit("end"))
		l.wants("run 2", "run 2", "end")
		for table, want := range map[string]int64{"events": 4} { // the first, which is always there
			if n := newWorld(t, server).count("SELECT COUNT(*) FROM " + table); n != want {
				t.Errorf("%d rows of %s", n, table)
			}
		}
	})
}

// A server on a SQLite file that nobody listens to writes no events; a process
// that can't know does.
func TestEventsForNobody(t *testing.T) {
	o := store.Options{Database: filepath.Join(t.TempDir(), "k.db")}
	server, command := storetest.Open(t, o), storetest.Open(t, o)
	if err := server.ListenForWakes(); err != nil {
		t.Fatal(err)
	}
	rows := func(why string, want int64) {
		t.Helper()
		if n := newWorld(t, server).count("SELECT COUNT(*) FROM events"); n != want {
			t.Errorf("%s: %d rows", why, n)
		}
	}
	before := server.Statements()
	newWorld(t, server).update(emit("x"))
	if n := server.Statements() - before; n != 0 {
		t.Errorf("%d statements for nobody", n)
	}
	rows("nobody listens", 1)
	newWorld(t, command).update(emit("x"))
	rows("of a command", 2)
	l := listenTo(t, server)
	newWorld(t, server).update(func(tx *store.Tx) error {
		for i := range int64(100) {
			tx.Emit("x", i)
		}
		return nil
	})
	rows("somebody listens", 3)
	l.next("x 99")
	l.Close()
	newWorld(t, server).update(emit("x"))
	rows("nobody listens any more", 3)
}

// Who begins to listen waits for what is being written on a SQLite file: whether
// somebody listens to that is decided before its commit.
func TestListenWhileWriting(t *testing.T) {
	s := storetest.SQLite(t)
	if err := s.ListenForWakes(); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, s)
	writing, goOn, written := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		written <- s.Update(t.Context(), func(tx *store.Tx) error {
			tx.Emit("x")
			close(writing)
			<-goOn
			return nil
		})
	}()
	<-writing
	listening := make(chan *listener, 1)
	go func() { listening <- listenTo(t, s) }()
	for range 1000 { // longer than it takes to begin without waiting
		w.view(func(tx *store.Tx) error { _, _, err := tx.Setting("x"); return err })
	}
	select {
	case <-listening:
		t.Error("it listens, and may miss what is being written")
	default:
	}
	close(goOn)
	if err := <-written; err != nil {
		t.Fatal(err)
	}
	l := <-listening
	w.update(emit("y"))
	l.next("y")
}

// One statement writes the events of a transaction, and on PostgreSQL tells of
// its jobs as well.
func TestStatementsOfEvents(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		before := s.Statements()
		newWorld(t, s).update(func(tx *store.Tx) error {
			tx.Emit("a", 1)
			tx.Emit("b", 2)
			return tx.Enqueue(store.NewJob{Kind: "k", Lane: "l", Args: []byte("1")})
		})
		if n := s.Statements() - before; n != 2 {
			t.Errorf("%d statements", n)
		}
	})
}

// A transaction whose events can't be written is not kept, and harms no other.
func TestEventsThatCannotBeWritten(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		rename := func(from, to string) {
			t.Helper()
			if err := store.Exec(t.Context(), s, "ALTER TABLE "+from+" RENAME TO "+to); err != nil {
				t.Fatal(err)
			}
		}
		rename("events", "away")
		for i := range 40 { // more than there are connections
			err := s.Update(t.Context(), func(tx *store.Tx) error {
				tx.Emit("x")
				tx.AfterCommit(func() { t.Error("there was no commit") })
				return keep("emits")(tx)
			})
			if err == nil || kept(t, s, "emits") {
				t.Fatalf("it was kept: %v", err)
			}
			newWorld(t, s).update(keep(fmt.Sprint("silent", i)))
		}
		rename("away", "events")
		newWorld(t, s).update(func(tx *store.Tx) error {
			tx.Emit("x")
			return keep("emits")(tx)
		})
		if !kept(t, s, "emits") {
			t.Error("it is lost")
		}
	})
}

// What no notice told of is found: with the next that does, and without any.
func TestEventsWithoutNotice(t *testing.T) {
	unannounced := func(s *store.Store, id int) error {
		return store.Exec(t.Context(), s, "INSERT INTO events (created_at, events) VALUES (1, $1)", fmt.Sprint("x ", id))
	}
	t.Run("next", func(t *testing.T) {
		processes(t, store.Options{LookEvery: time.Hour}, func(t *testing.T, server, other *store.Store) {
			l := listenTo(t, server)
			if err := errors.Join(unannounced(other, 1), unannounced(other, 2)); err != nil {
				t.Fatal(err)
			}
			newWorld(t, server).update(emit("x", 3))
			l.wants("x 1", "x 2", "x 3")
		})
	})
	t.Run("none", func(t *testing.T) {
		processes(t, store.Options{LookEvery: 10 * time.Millisecond}, func(t *testing.T, server, other *store.Store) {
			l := listenTo(t, server)
			inserted := make(chan error, 1)
			for i := range 10 { // the listener waits by then, mostly
				go func() { inserted <- unannounced(other, i) }()
				l.wants(fmt.Sprint("x ", i))
				if err := <-inserted; err != nil {
					t.Fatal(err)
				}
			}
		})
	})
}

// On PostgreSQL a transaction that took its number early and commits late is
// not passed over, and one that never commits holds nothing up.
func TestEventsThatCommitLate(t *testing.T) {
	url := storetest.PostgresURL(t)
	s := storetest.Open(t, store.Options{Database: url, LookEvery: time.Hour})
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	begin := func(event string) *sql.Tx {
		tx, err := db.Begin()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Exec(`INSERT INTO events (created_at, events) VALUES (1, $1)`, event); err != nil {
			t.Fatal(err)
		}
		return tx
	}
	end := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	beforeListening := begin("late 0")
	l := listenTo(t, s)
	late, never := begin("late 1"), begin("never")
	newWorld(t, s).update(emit("on_time", 1))
	l.wants("on_time 1")
	end(never.Rollback())
	newWorld(t, s).update(emit("on_time", 2))
	l.wants("on_time 2")
	end(late.Commit())
	end(beforeListening.Commit())
	newWorld(t, s).update(emit("on_time", 3))
	l.wants("late 0", "late 1", "on_time 3")
	newWorld(t, s).update(emit("on_time", 4))
	l.wants("on_time 4")
}

// The daily round drops the events that have had their time.
func TestOldEventsAreDeleted(t *testing.T) {
	storetest.EachWithClock(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		w := newWorld(t, s)
		for i := range int64(3) {
			w.update(emit("old", i))
		}
		clock.Advance(2 * time.Hour)
		w.update(emit("new", 1))
		w.update(func(tx *store.Tx) error {
			return tx.CleanUp(store.Kept{Events: clock.Now().Add(-time.Hour), HomeFeed: 10})
		})
		if n := w.count("SELECT COUNT(*) FROM events WHERE events LIKE 'old%'"); n != 1 {
			t.Errorf("%d old ones are left", n) // the newest of them: see the migration
		}
		if n := w.count("SELECT COUNT(*) FROM events WHERE events LIKE 'new%'"); n != 1 {
			t.Errorf("%d new ones are left", n)
		}
	})
}

// A listener that was away until the events it wants were swept is told so, and
// goes on from now.
func TestMissedEvents(t *testing.T) {
	storetest.EachWithClock(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		w := newWorld(t, s)
		l := listenTo(t, s)
		sweep := func() {
			t.Helper()
			clock.Advance(time.Hour)
			w.update(func(tx *store.Tx) error { return tx.DeleteEvents(clock.Now()) })
		}
		w.update(emit("x", 1))
		l.wants("x 1")
		sweep()
		w.update(emit("x", 2))
		l.wants("x 2") // the newest row stays, whatever its age
		w.update(emit("x", 3))
		w.update(emit("x", 4))
		sweep()
		if n := w.count("SELECT COUNT(*) FROM events"); n != 1 {
			t.Errorf("%d rows are left", n)
		}
		if _, err := l.Next(t.Context()); !errors.Is(err, store.ErrMissed) {
			t.Fatalf("after the sweep: %v", err)
		}
		w.update(emit("x", 5))
		l.wants("x 5")
	})
}

// A node whose database was away for a while is handed what it missed.
func TestEventsAfterAnOutage(t *testing.T) {
	url := storetest.PostgresURL(t)
	proxied, proxy := storetest.Proxied(t, url)
	other := storetest.Open(t, store.Options{Database: url})
	s := storetest.Open(t, store.Options{Database: proxied, LookEvery: 20 * time.Millisecond})
	if err := s.ListenForWakes(); err != nil {
		t.Fatal(err)
	}
	l := listenTo(t, s)
	newWorld(t, other).update(emit("x", 1))
	l.wants("x 1")
	proxy.Cut()
	for {
		if _, err := l.Next(t.Context()); err != nil {
			break // it has noticed
		}
	}
	newWorld(t, other).update(emit("x", 2))
	newWorld(t, other).update(emit("x", 3))
	proxy.Restore()
	l.wants("x 2", "x 3")
}

// What events cost the transactions that emit them: on SQLite where nobody
// listens, and where somebody does; on PostgreSQL beside those that tell of jobs.
func BenchmarkEvents(b *testing.B) {
	for _, engine := range []string{"sqlite", "postgres"} {
		for _, c := range []struct {
			name            string
			emits, listened bool
		}{{"none", false, false}, {"emitted", true, false}, {"listened", true, true}} {
			for _, writers := range []int{1, 64} {
				b.Run(fmt.Sprintf("%s/%s/writers=%d", engine, c.name, writers), func(b *testing.B) {
					o := store.Options{Database: filepath.Join(b.TempDir(), "k.db")}
					if engine == "postgres" {
						o.Database = storetest.PostgresURL(b)
					}
					s := storetest.Open(b, o)
					if err := s.ListenForWakes(); err != nil {
						b.Fatal(err)
					}
					alice := newWorld(b, s).local("alice")
					if c.listened {
						l, err := s.Listen(b.Context())
						if err != nil {
							b.Fatal(err)
						}
						defer l.Close()
						go func() {
							for {
								if _, err := l.Next(b.Context()); err != nil {
									return
								}
							}
						}()
					}
					var key atomic.Int64
					b.SetParallelism(writers)
					b.ResetTimer()
					b.RunParallel(func(p *testing.PB) {
						for p.Next() {
							err := s.Update(b.Context(), func(tx *store.Tx) error {
								if c.emits {
									tx.Emit("x", int64(alice.ID))
								}
								_, err := tx.SettingOnce(fmt.Sprint(key.Add(1)), "v")
								return err
							})
							if err != nil {
								b.Error(err)
							}
						}
					})
				})
			}
		}
	}
}
