package store_test

import (
	"fmt"
	"testing"

	"kinglet/store"
	"kinglet/store/storetest"
)

// The pins of an account become those of a list, in its order, without what is
// not its own, direct or deleted.
func TestSetPins(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s)
		bob, eve := w.remote("bob"), w.remote("eve")
		var list []store.ObjectID
		for range 5 {
			list = append(list, w.status(bob, store.Public, nil).ID)
		}
		direct, others, deleted := w.status(bob, store.Direct, nil), w.status(eve, store.Public, nil), w.status(bob, store.Public, nil)
		w.update(func(tx *store.Tx) error { return tx.DeleteObject(deleted, nil) })
		pinned := func(want ...int) {
			t.Helper()
			var got []store.ObjectID
			w.view(func(tx *store.Tx) (err error) {
				got, _, err = tx.AccountTimeline(0, bob.ID, store.AccountQuery{Pinned: true}, store.Page{Limit: 40})
				return err
			})
			var ids []store.ObjectID
			for _, i := range want {
				ids = append(ids, list[i])
			}
			if fmt.Sprint(got) != fmt.Sprint(ids) {
				t.Errorf("pinned are %v, not %v", got, ids)
			}
		}
		set := func(ids ...store.ObjectID) {
			t.Helper()
			w.update(func(tx *store.Tx) error { return tx.SetPins(bob.ID, ids, 3) })
		}
		set(list[2], others.ID, direct.ID, deleted.ID, list[0], list[2], 4711)
		pinned(2, 0)
		set(list[4], list[2], list[0], list[1])
		pinned(4, 2, 0)
		set()
		pinned()
		private := w.status(bob, store.Private, nil)
		w.update(func(tx *store.Tx) error { _, err := tx.PutPin(bob.ID, private.ID, 3); return err })
		set(list[1], list[0])
		if n := w.count(`SELECT COUNT(*) FROM pins`); n != 3 {
			t.Errorf("%d are pinned", n)
		}
		set(list[1])
		if n := w.count("SELECT COUNT(*) FROM pins WHERE status_id = " + private.ID.String()); n != 1 {
			t.Error("what is for followers is no longer pinned")
		}
		set(list[1], list[0], list[2])
		pinned(2, 1, 0)
	})
}
