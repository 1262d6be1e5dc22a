package store_test

import (
	"sync"
	"testing"
	"time"

	"kinglet/internal/fault"
	"kinglet/store"
	"kinglet/store/storetest"
)

// conflict runs two transactions on two nodes of PostgreSQL: the second begins when
// the first has done all it does, and the first ends when the second has done
// its own, which would be wrong, or waits for it.
func conflict(t *testing.T, prepare func(w *world) (first, second func(tx *store.Tx) error)) (*world, error) {
	t.Helper()
	database := storetest.MigratedPostgresURL(t)
	w, other := newWorld(t, storetest.Open(t, store.Options{Database: database})), newWorld(t, storetest.Open(t, store.Options{Database: database}))
	first, second := prepare(w)
	ended := make(chan error, 1)
	w.update(func(tx *store.Tx) error {
		if err := first(tx); err != nil {
			return err
		}
		go func() { ended <- other.Update(t.Context(), second) }()
		for len(ended) == 0 && other.count(`SELECT COUNT(*) FROM pg_locks WHERE NOT granted AND pid IN (
			SELECT pid FROM pg_stat_activity WHERE datname = current_database())`) == 0 {
			if err := t.Context().Err(); err != nil {
				return err
			}
		}
		return nil
	})
	return w, <-ended
}

// A reply whose writer found no parent, and the parent that is written
// meanwhile, are joined.
func TestReplyDuringParent(t *testing.T) {
	t.Parallel()
	w, err := conflict(t, func(w *world) (first, second func(tx *store.Tx) error) {
		alice, bob := w.local("alice"), w.local("bob") // of one author, they would conflict at its counter
		return func(tx *store.Tx) error {
				return reply(tx, alice, "https://here.test/reply", "https://here.test/parent")
			}, func(tx *store.Tx) error {
				return reply(tx, bob, "https://here.test/parent", "")
			}
	})
	if err != nil {
		t.Error(err)
	}
	recount(t, w.Store)
}

// A status whose author's account is deleted meanwhile is not written: the
// purge does not see it.
func TestStatusDuringAccountDeletion(t *testing.T) {
	t.Parallel()
	for _, v := range []store.Visibility{store.Public, store.Direct} {
		w, err := conflict(t, func(w *world) (first, second func(tx *store.Tx) error) {
			alice := w.local("alice")
			return func(tx *store.Tx) error { return tx.DeleteAccount(alice.ID) }, func(tx *store.Tx) error {
				o := &store.Object{URI: "https://here.test/late", Type: "Note", AccountID: alice.ID, IsStatus: true, Visibility: v, JSON: []byte(`{}`)}
				if _, err := tx.InsertObject(o); err != nil {
					return err
				}
				return tx.CountStatus(o)
			}
		})
		if !fault.Is(err, fault.Gone) {
			t.Errorf("%s: %v", v, err)
		}
		if n := w.count(`SELECT COUNT(*) FROM objects`); n != 0 {
			t.Errorf("%s: %d are written", v, n)
		}
	}
}

// The last free pin is given once.
func TestConcurrentPins(t *testing.T) {
	t.Parallel()
	w, err := conflict(t, func(w *world) (first, second func(tx *store.Tx) error) {
		alice := w.local("alice")
		pin := func() func(tx *store.Tx) error {
			o := w.status(alice, store.Public, nil)
			return func(tx *store.Tx) error { _, err := tx.PutPin(alice.ID, o.ID, 1); return err }
		}
		return pin(), pin()
	})
	if !fault.Is(err, fault.Invalid) {
		t.Error(err)
	}
	if n := w.count(`SELECT COUNT(*) FROM pins`); n != 1 {
		t.Errorf("%d are pinned", n)
	}
}

// Who is about to change a status that is being deleted finds it deleted.
func TestChangeDuringDelete(t *testing.T) {
	t.Parallel()
	_, err := conflict(t, func(w *world) (first, second func(tx *store.Tx) error) {
		o := w.status(w.local("alice"), store.Public, nil)
		return func(tx *store.Tx) error { return bury(tx, o.URI) }, func(tx *store.Tx) error {
			now, err := tx.ObjectToChange(o.URI)
			if err == nil && now.DeletedAt.IsZero() {
				t.Error("it was read as it was before")
			}
			return err
		}
	})
	if err != nil {
		t.Error(err)
	}
}

// Who is about to write an account that is being written reads what was written.
func TestConcurrentFetches(t *testing.T) {
	t.Parallel()
	_, err := conflict(t, func(w *world) (first, second func(tx *store.Tx) error) {
		bob := w.remote("bob")
		return func(tx *store.Tx) error {
				a, err := tx.AccountToChange(bob.URI)
				if err != nil {
					return err
				}
				a.PublicKey = "new"
				return tx.PutAccount(a)
			}, func(tx *store.Tx) error {
				a, err := tx.AccountToChange(bob.URI)
				if err == nil && a.PublicKey != "new" {
					t.Errorf("the key is %q", a.PublicKey)
				}
				return err
			}
	})
	if err != nil {
		t.Error(err)
	}
}

// Of two that bring one key at the same time, to two nodes, the first decides
// what it gives and the other waits to hear it.
func TestKeyTakenConcurrently(t *testing.T) {
	t.Parallel()
	database := storetest.MigratedPostgresURL(t)
	var began, group sync.WaitGroup
	began.Add(2)
	got := make([]store.ObjectID, 2)
	for i := range got {
		s := storetest.Open(t, store.Options{Database: database})
		group.Go(func() {
			once := sync.OnceFunc(func() { began.Done(); began.Wait() })
			if err := s.Update(t.Context(), func(tx *store.Tx) (err error) {
				once()
				got[i], _, err = tx.TakeIdempotencyKey(1, "key", store.ObjectID(100+i), time.Time{})
				return err
			}); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if got[0] != got[1] || got[0] == 0 {
		t.Errorf("two statuses of one key: %v", got)
	}
}
