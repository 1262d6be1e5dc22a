package engine_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"kinglet/store/engine"
	"kinglet/store/engine/enginetest"
)

// listener is a listener and what it was handed, as lines.
type listener struct {
	t *testing.T
	*engine.Listener
	got []string
}

func listenTo(t *testing.T, e *engine.Engine) *listener {
	t.Helper()
	l, err := e.Listen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return &listener{t: t, Listener: l}
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

func emit(kind string, ids ...int64) func(tx *engine.Tx) error {
	return func(tx *engine.Tx) error {
		tx.Emit(kind, ids...)
		return nil
	}
}

// outbox is the schema of things and the outbox, as the store has it.
var outbox = func() fstest.MapFS {
	fs := maps.Clone(things)
	for _, name := range []string{"migrations/0009_events.up.sql", "migrations/0009_events.down.sql"} {
		text, err := os.ReadFile("../" + name)
		if err != nil {
			panic(err)
		}
		fs[name] = &fstest.MapFile{Data: text}
	}
	return fs
}()

var outboxTemplate = newTemplate(outbox)

// openOutbox opens a database that has one.
func openOutbox(t testing.TB, o engine.Options) *engine.Engine {
	t.Helper()
	o.Schema = outbox
	return open(t, o)
}

// processes are two on one database: the server, which listens to the others,
// and on SQLite a command beside it, on PostgreSQL another node.
func processes(t *testing.T, o engine.Options, run func(t *testing.T, server, other *engine.Engine)) {
	outboxTemplate.Each(t, func(t *testing.T, database string) {
		o := o
		o.Database = database
		server, other := openOutbox(t, o), openOutbox(t, o)
		if err := server.ListenForWakes(); err != nil {
			t.Fatal(err)
		}
		run(t, server, other)
	})
}

// What either process commits reaches the listener of the server once, in order.
func TestEventsOfEveryProcess(t *testing.T) {
	processes(t, engine.Options{LookEvery: time.Second}, func(t *testing.T, server, other *engine.Engine) {
		update(t, server, emit("before", 1)) // nobody listens yet
		l := listenTo(t, server)
		var want []string
		for i := range int64(20) {
			from := []*engine.Engine{server, other}[i%2]
			update(t, from, func(tx *engine.Tx) error {
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
	processes(t, engine.Options{}, func(t *testing.T, server, other *engine.Engine) {
		l := listenTo(t, server)
		update(t, server, run(`INSERT INTO things (id, name) VALUES (1, 'locked'), (2, '0')`))
		var group sync.WaitGroup
		for i := range int64(writers) {
			e := []*engine.Engine{server, other}[i%2]
			group.Go(func() {
				for n := range int64(each) {
					if err := e.Update(t.Context(), func(tx *engine.Tx) error {
						// So that one waits for the other.
						if _, _, err := engine.One[int64](tx, `SELECT id FROM things WHERE id = 1 `+tx.ForUpdate()); err != nil {
							return err
						}
						counted, _, err := engine.One[string](tx, `SELECT name FROM things WHERE id = 2`)
						if err != nil {
							return err
						}
						version, err := strconv.ParseInt(counted, 10, 64)
						if err != nil {
							return err
						}
						tx.Emit("order", version+1)
						tx.Emit("once", i, n)
						return run(`UPDATE things SET name = $1 WHERE id = 2`, strconv.FormatInt(version+1, 10))(tx)
					}); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		group.Wait()
		update(t, other, emit("end"))
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

// Who begins to listen waits for what is being written on a SQLite file: whether
// somebody listens to that is decided before its commit.
func TestListenWhileWriting(t *testing.T) {
	t.Parallel()
	e := openOutbox(t, engine.Options{Database: outboxTemplate.SQLitePath(t)})
	if err := e.ListenForWakes(); err != nil {
		t.Fatal(err)
	}
	writing, goOn, written := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		written <- e.Update(t.Context(), func(tx *engine.Tx) error {
			tx.Emit("x")
			close(writing)
			<-goOn
			return nil
		})
	}()
	<-writing
	listening := make(chan *listener, 1)
	go func() { listening <- listenTo(t, e) }()
	for range 1000 { // longer than it takes to begin without waiting
		kept(t, e, "x")
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
	update(t, e, emit("y"))
	l.next("y")
}

// An event without a notice is found: with the next notice, and without any.
func TestEventsWithoutNotice(t *testing.T) {
	unannounced := func(e *engine.Engine, id int) error {
		return e.Update(t.Context(), run("INSERT INTO events (created_at, events) VALUES (1, $1)", fmt.Sprint("x ", id)))
	}
	t.Run("next", func(t *testing.T) {
		processes(t, engine.Options{LookEvery: time.Hour}, func(t *testing.T, server, other *engine.Engine) {
			l := listenTo(t, server)
			if err := errors.Join(unannounced(other, 1), unannounced(other, 2)); err != nil {
				t.Fatal(err)
			}
			update(t, server, emit("x", 3))
			l.wants("x 1", "x 2", "x 3")
		})
	})
	t.Run("none", func(t *testing.T) {
		processes(t, engine.Options{LookEvery: 10 * time.Millisecond}, func(t *testing.T, server, other *engine.Engine) {
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
	t.Parallel()
	url := outboxTemplate.PostgresURL(t)
	e := openOutbox(t, engine.Options{Database: url, LookEvery: time.Hour})
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
	l := listenTo(t, e)
	late, never := begin("late 1"), begin("never")
	update(t, e, emit("on_time", 1))
	l.wants("on_time 1")
	end(never.Rollback())
	update(t, e, emit("on_time", 2))
	l.wants("on_time 2")
	end(late.Commit())
	end(beforeListening.Commit())
	update(t, e, emit("on_time", 3))
	l.wants("late 0", "late 1", "on_time 3")
	update(t, e, emit("on_time", 4))
	l.wants("on_time 4")
}

// A listener that was away until its events were swept gets an error, and
// goes on from now.
func TestMissedEvents(t *testing.T) {
	outboxTemplate.Each(t, func(t *testing.T, database string) {
		clock := enginetest.NewClock()
		e := openOutbox(t, engine.Options{Database: database, Now: clock.Now})
		l := listenTo(t, e)
		sweep := func() {
			t.Helper()
			clock.Advance(time.Hour)
			update(t, e, func(tx *engine.Tx) error { _, err := tx.DeleteEvents(clock.Now().UnixMilli(), 10); return err })
		}
		update(t, e, emit("x", 1))
		l.wants("x 1")
		sweep()
		update(t, e, emit("x", 2))
		l.wants("x 2") // the newest row stays, whatever its age
		update(t, e, emit("x", 3))
		update(t, e, emit("x", 4))
		sweep()
		if n := count(t, e, "SELECT COUNT(*) FROM events"); n != 1 {
			t.Errorf("%d rows are left", n)
		}
		if _, err := l.Next(t.Context()); !errors.Is(err, engine.ErrMissed) {
			t.Fatalf("after the sweep: %v", err)
		}
		update(t, e, emit("x", 5))
		l.wants("x 5")
	})
}

// A node whose database was away for a while is handed what it missed.
func TestEventsAfterAnOutage(t *testing.T) {
	t.Parallel()
	url := outboxTemplate.PostgresURL(t)
	proxied, proxy := enginetest.Proxied(t, url)
	other := openOutbox(t, engine.Options{Database: url})
	e := openOutbox(t, engine.Options{Database: proxied, LookEvery: 20 * time.Millisecond})
	if err := e.ListenForWakes(); err != nil {
		t.Fatal(err)
	}
	l := listenTo(t, e)
	update(t, other, emit("x", 1))
	l.wants("x 1")
	proxy.Cut()
	for {
		if _, err := l.Next(t.Context()); err != nil {
			break // it has noticed
		}
	}
	update(t, other, emit("x", 2))
	update(t, other, emit("x", 3))
	proxy.Restore()
	l.wants("x 2", "x 3")
}

// What a command commits beside a running server reaches it, although the
// command ends with its last commit.
func TestEventsOfACommand(t *testing.T) {
	const variable = "KINGLET_TEST_COMMAND_ON"
	if path := os.Getenv(variable); path != "" {
		e, err := engine.Open(t.Context(), engine.Options{Database: path, MustExist: true, Schema: outbox})
		if err != nil {
			t.Fatal(err)
		}
		for i := range int64(3) {
			update(t, e, emit("command", i))
		}
		os.Exit(0) // without closing anything
	}
	t.Parallel()
	path := outboxTemplate.SQLitePath(t)
	server := openOutbox(t, engine.Options{Database: path, LookEvery: time.Hour})
	if err := server.ListenForWakes(); err != nil {
		t.Fatal(err)
	}
	l := listenTo(t, server)
	command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestEventsOfACommand$")
	command.Env = append(os.Environ(), variable+"="+path)
	ended := make(chan error, 1)
	go func() {
		out, err := command.CombinedOutput()
		if err != nil {
			err = fmt.Errorf("%w: %s", err, out)
		}
		ended <- err
	}()
	got := l.next("command 2")
	if want := []string{"command 0", "command 1", "command 2"}; !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
