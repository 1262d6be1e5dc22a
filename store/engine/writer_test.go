package engine_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kinglet/store/engine"
)

// queued has the updates wait together behind one that holds the writer, and
// so share a commit, in their order; between runs before they go.
func queued(t *testing.T, e *engine.Engine, between func(), ctx context.Context, updates ...func(tx *engine.Tx) error) []error {
	t.Helper()
	began, hold := make(chan struct{}), make(chan struct{})
	var group sync.WaitGroup
	group.Go(func() {
		// It may be of the same group, and fail with it.
		_ = e.Update(t.Context(), func(*engine.Tx) error {
			once(began)
			<-hold
			return nil
		})
	})
	<-began
	errs := make([]error, len(updates))
	for i, fn := range updates {
		group.Go(func() { errs[i] = e.Update(ctx, fn) })
		for e.Waiting() <= i {
			runtime.Gosched()
		}
	}
	between()
	close(hold)
	group.Wait()
	return errs
}

// once closes a channel that may be closed: of a function that is run twice.
func once(c chan struct{}) {
	select {
	case <-c:
	default:
		close(c)
	}
}

// SQLite ends the whole transaction when the disk is full. What is
// acknowledged is there, and what is answered as failed is not.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	e := sqlite(t)
	fillUp(t, e, true)
	errs := queued(t, e, func() {}, t.Context(), keep("k0", "v"), keep("k1", strings.Repeat("v", 1<<20)), keep("k2", "v"), keep("k3", "v"))
	if errs[1] == nil {
		t.Error("what does not fit was acknowledged")
	}
	for i, err := range errs {
		if key := fmt.Sprint("k", i); kept(t, e, key) != (err == nil) {
			t.Errorf("%s: answered %v, kept %v", key, err, kept(t, e, key))
		}
	}
	if err := e.Update(t.Context(), keep("later", "v")); err != nil || !kept(t, e, "later") {
		t.Errorf("the next update: %v", err)
	}
}

// The first of a group has no savepoint: when it fails, it alone is undone, and
// those behind it are written.
func TestFirstOfAGroupFails(t *testing.T) {
	t.Parallel()
	e := sqlite(t)
	began, hold, failed := make(chan struct{}), make(chan struct{}), errors.New("failed")
	var group sync.WaitGroup
	var first error
	group.Go(func() {
		first = e.Update(t.Context(), func(tx *engine.Tx) error {
			if err := keep("first", "v")(tx); err != nil {
				return err
			}
			once(began)
			<-hold
			return failed
		})
	})
	<-began
	var errs [3]error
	for i, fn := range []func(tx *engine.Tx) error{keep("second", "v"), all(keep("third", "v"), func(*engine.Tx) error { return failed }), keep("fourth", "v")} {
		group.Go(func() { errs[i] = e.Update(t.Context(), fn) })
		for e.Waiting() <= i {
			runtime.Gosched()
		}
	}
	close(hold)
	group.Wait()
	if !errors.Is(first, failed) || errs[0] != nil || !errors.Is(errs[1], failed) || errs[2] != nil {
		t.Errorf("they end with %v and %v", first, errs)
	}
	for key, want := range map[string]bool{"first": false, "second": true, "third": false, "fourth": true} {
		if kept(t, e, key) != want {
			t.Errorf("%s: kept %v", key, !want)
		}
	}
}

// When SQLite has ended the transaction, and the function does not tell, nothing of
// it is written, and its caller learns it; who is behind it is answered truly.
func TestTransactionThatEndedByItself(t *testing.T) {
	t.Parallel()
	e := sqlite(t)
	began, hold := make(chan struct{}), make(chan struct{})
	var group sync.WaitGroup
	var errs [2]error
	group.Go(func() {
		errs[0] = e.Update(t.Context(), func(tx *engine.Tx) error {
			err := keep("0", "v")(tx)
			once(began)
			<-hold
			_, ended := tx.Exec("ROLLBACK")
			return errors.Join(err, ended)
		})
	})
	<-began
	group.Go(func() { errs[1] = e.Update(t.Context(), keep("1", "v")) })
	for e.Waiting() < 1 {
		runtime.Gosched()
	}
	close(hold)
	group.Wait()
	if errs[0] == nil {
		t.Error("who lost everything is answered that it is written")
	}
	for i, err := range errs {
		if kept(t, e, fmt.Sprint(i)) != (err == nil) {
			t.Errorf("%d ends with %v, and is kept: %v", i, err, kept(t, e, fmt.Sprint(i)))
		}
	}
	update(t, e, keep("after", "v"))
}

// Nor is what the function does after that: outside of a transaction each statement
// would be written at once, and the caller told that it failed.
func TestNothingFollowsAnEndedTransaction(t *testing.T) {
	t.Parallel()
	e := sqlite(t)
	ends := func(key string) func(tx *engine.Tx) error {
		return func(tx *engine.Tx) error {
			_, _ = tx.Exec("ROLLBACK") // as SQLite does when the disk is full
			_ = keep(key, "v")(tx)
			return nil
		}
	}
	if err := e.Update(t.Context(), ends("first")); err == nil || kept(t, e, "first") {
		t.Errorf("the first of a group: answered %v, kept %v", err, kept(t, e, "first"))
	}
	errs := queued(t, e, func() {}, t.Context(), keep("before", "v"), ends("behind"), keep("after", "v"))
	for i, key := range []string{"before", "behind", "after"} {
		if kept(t, e, key) != (errs[i] == nil) {
			t.Errorf("%s: answered %v, kept %v", key, errs[i], kept(t, e, key))
		}
	}
	if errs[1] == nil {
		t.Error("who lost everything is answered that it is written")
	}
}

func TestCancelledWriteIsNotWritten(t *testing.T) {
	t.Parallel()
	e := sqlite(t)
	ctx, cancel := context.WithCancel(t.Context())
	errs := queued(t, e, cancel, ctx, keep("k", "v"))
	if errs[0] == nil || kept(t, e, "k") {
		t.Errorf("answered %v, kept %v", errs[0], kept(t, e, "k"))
	}
}

// A statement's error that goes unheeded must not make an acknowledged
// transaction of one that the engine rolled back.
func TestIgnoredErrors(t *testing.T) {
	each(t, func(t *testing.T, e *engine.Engine) {
		err := e.Update(t.Context(), func(tx *engine.Tx) error {
			if err := all(keep("k", "v"), keep("twice", "v"))(tx); err != nil {
				return err
			}
			if err := keep("twice", "v")(tx); err == nil {
				t.Error("the same key twice")
			}
			return nil
		})
		if kept(t, e, "k") != (err == nil) {
			t.Errorf("answered %v, kept %v", err, kept(t, e, "k"))
		}
	})
}

// Updates of many at once share commits; one that fails or panics leaves the
// others whole and nothing of itself.
func TestGroupCommit(t *testing.T) {
	each(t, func(t *testing.T, e *engine.Engine) {
		var group sync.WaitGroup
		var after atomic.Int32
		for i := range 200 {
			group.Go(func() {
				err := e.Update(t.Context(), func(tx *engine.Tx) error {
					if err := keep(fmt.Sprint("k", i), "v")(tx); err != nil {
						return err
					}
					if i%10 == 3 {
						return errNo
					}
					if i%10 == 7 {
						panic("oh")
					}
					tx.AfterCommit(func() { after.Add(1) })
					return nil
				})
				if failed := i%10 == 3 || i%10 == 7; (err != nil) != failed {
					t.Errorf("update %d: %v", i, err)
				}
			})
		}
		group.Wait()
		if after.Load() != 160 {
			t.Errorf("%d ran after the commit", after.Load())
		}
		for i := range 200 {
			if key := fmt.Sprint("k", i); kept(t, e, key) == (i%10 == 3 || i%10 == 7) {
				t.Errorf("%s is there: %v", key, kept(t, e, key))
			}
		}
	})
}

// AfterCommit functions run in the order of the commits, and
// before the caller is answered.
func TestAfterCommitInOrder(t *testing.T) {
	t.Parallel()
	e := sqlite(t)
	var done []int
	var updates []func(tx *engine.Tx) error
	for i := range 20 {
		updates = append(updates, func(tx *engine.Tx) error {
			tx.AfterCommit(func() { done = append(done, i) })
			return nil
		})
	}
	queued(t, e, func() {}, t.Context(), updates...)
	if fmt.Sprint(done) != "[0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19]" {
		t.Errorf("done in the order %v", done)
	}
}

func TestViewIsASnapshot(t *testing.T) {
	each(t, func(t *testing.T, e *engine.Engine) {
		view(t, e, func(tx *engine.Tx) error {
			if _, ok, _ := setting(tx, "k"); ok {
				t.Error("it is there before")
			}
			update(t, e, keep("k", "v"))
			if _, ok, _ := setting(tx, "k"); ok {
				t.Error("the view moved")
			}
			return nil
		})
	})
}

// A view writes nothing, whatever it tries.
func TestViewWritesNothing(t *testing.T) {
	each(t, func(t *testing.T, e *engine.Engine) {
		if err := e.View(t.Context(), keep("k", "v")); err == nil || kept(t, e, "k") {
			t.Errorf("answered %v, kept %v", err, kept(t, e, "k"))
		}
		update(t, e, keep("k", "v"))
	})
}

// A panic in a view is an error of that view alone.
func TestViewThatPanics(t *testing.T) {
	each(t, func(t *testing.T, e *engine.Engine) {
		for range 20 { // more often than there are connections
			err := e.View(t.Context(), func(*engine.Tx) error { panic("oh") })
			if err == nil || !strings.Contains(err.Error(), "oh") {
				t.Fatal(err)
			}
		}
		if kept(t, e, "k") {
			t.Error("it is there")
		}
	})
}

func TestCancelledContextWritesNothing(t *testing.T) {
	each(t, func(t *testing.T, e *engine.Engine) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := e.Update(ctx, func(*engine.Tx) error { t.Error("it ran"); return nil }); err == nil {
			t.Error("no error")
		}
	})
}

// Readers, more than there are connections, see each write whole or not at all.
func TestReadersSeeWholeWrites(t *testing.T) {
	each(t, func(t *testing.T, e *engine.Engine) {
		write := func(n int) {
			update(t, e, all(set("one", fmt.Sprintf("%03d", n)), set("other", fmt.Sprintf("%03d", n))))
		}
		write(1)
		done := make(chan struct{})
		var group sync.WaitGroup
		for range 40 {
			group.Go(func() {
				for last := ""; ; {
					err := e.View(t.Context(), func(tx *engine.Tx) error {
						one, _, err := setting(tx, "one")
						if err != nil {
							return err
						}
						other, _, err := setting(tx, "other")
						if err == nil && (one != other || one < last) {
							t.Errorf("%s and %s after %s", one, other, last)
						}
						last = one
						return err
					})
					if err != nil {
						t.Error(err)
						return
					}
					select {
					case <-done:
						return
					default:
					}
				}
			})
		}
		for n := 2; n < 40; n++ {
			write(n)
		}
		close(done)
		group.Wait()
	})
}

func TestClosed(t *testing.T) {
	each(t, func(t *testing.T, e *engine.Engine) {
		for range 2 {
			if err := e.Close(); err != nil {
				t.Fatal(err)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if err := e.View(ctx, func(*engine.Tx) error { t.Error("it reads"); return nil }); err == nil || ctx.Err() != nil {
			t.Errorf("view: %v", err)
		}
		if err := e.Update(ctx, func(*engine.Tx) error { t.Error("it writes"); return nil }); err == nil || ctx.Err() != nil {
			t.Errorf("update: %v", err)
		}
	})
}

// Updates that wait when the database is closed are written, or get an error.
func TestCloseWhileWriting(t *testing.T) {
	t.Parallel()
	e := sqlite(t)
	path := e.Path()
	closed := make(chan error, 1)
	errs := queued(t, e, func() { go func() { closed <- e.Close() }() }, t.Context(), keep("k0", "v"), keep("k1", "v"), keep("k2", "v"))
	if err := <-closed; err != nil {
		t.Error(err)
	}
	again := open(t, engine.Options{Database: path})
	for i, err := range errs {
		if key := fmt.Sprint("k", i); kept(t, again, key) != (err == nil) {
			t.Errorf("%s: answered %v, kept %v", key, err, kept(t, again, key))
		}
	}
}

// Many prepared statements are more than the cache of a connection holds.
func TestManyStatements(t *testing.T) {
	t.Parallel()
	e := sqlite(t)
	for i := range 3 * 512 {
		if n := count(t, e, fmt.Sprintf(`SELECT %d`, i)); n != int64(i) {
			t.Fatalf("%d instead of %d", n, i)
		}
	}
	if err := e.View(t.Context(), run(`SELECT nonsense`)); err == nil || errors.Is(err, engine.ErrDatabaseDown) {
		t.Errorf("a statement that can't be prepared: %v", err)
	}
}
