package store_test

import (
	"fmt"
	"slices"
	"testing"

	"kinglet/store"
	"kinglet/store/storetest"
)

// thread writes a post with a chain of posts above it, many replies and one
// deep chain of replies.
func (w *world) thread(by *store.Account, above, below, deep int) (root *store.Object) {
	reply := func(to *store.Object, v store.Visibility) *store.Object {
		return w.status(by, v, func(o *store.Object) {
			if to != nil {
				o.InReplyToID, o.InReplyToURI, o.InReplyToAccountID = to.ID, to.URI, by.ID
			}
		})
	}
	for range above + 1 {
		root = reply(root, store.Public)
	}
	for range below {
		reply(root, store.Private)
		reply(root, store.Public)
	}
	at := root
	for range deep {
		at = reply(at, store.Public)
	}
	return root
}

func TestThreadIsBounded(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s)
		alice := w.local("alice")
		wide, deep := w.thread(alice, 45, 70, 0), w.thread(alice, 0, 0, 30)
		w.view(func(tx *store.Tx) error {
			for _, c := range []struct {
				name         string
				viewer       store.AccountID
				root         *store.Object
				above, below int
			}{
				{"a stranger's, wide", 0, wide, 40, 60}, {"a stranger's, deep", 0, deep, 0, 20},
				{"one's own, wide", alice.ID, wide, 45, 140}, {"one's own, deep", alice.ID, deep, 0, 30},
			} {
				above, below, err := tx.Thread(c.viewer, c.root.ID)
				if err != nil || len(above) != c.above || len(below) != c.below {
					t.Errorf("%s: %d above, %d below, %v", c.name, len(above), len(below), err)
				}
			}
			return nil
		})
	})
}

// Of what is above and below a status in its thread, each is shown to those who
// may see it.
func TestThreadIsVisible(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s)
		alice, bob := w.local("alice"), w.remote("bob")
		w.follow(alice, bob)
		answer := func(to *store.Object, v store.Visibility) *store.Object {
			return w.status(bob, v, func(o *store.Object) { o.InReplyToURI, o.InReplyToID, o.InReplyToAccountID = to.URI, to.ID, bob.ID })
		}
		root := w.status(bob, store.Public, nil)
		private := answer(root, store.Private)
		middle := answer(private, store.Public)
		below := answer(middle, store.Public)
		hidden := answer(middle, store.Private)
		ids := func(list []*store.Status) (out []store.ObjectID) {
			for _, st := range list {
				out = append(out, st.ID)
			}
			return out
		}
		w.view(func(tx *store.Tx) error {
			for _, c := range []struct {
				viewer       store.AccountID
				above, below []store.ObjectID
			}{
				{0, []store.ObjectID{root.ID}, []store.ObjectID{below.ID}},
				{alice.ID, []store.ObjectID{root.ID, private.ID}, []store.ObjectID{below.ID, hidden.ID}},
			} {
				up, down, err := tx.Thread(c.viewer, middle.ID)
				if err != nil || !slices.Equal(ids(up), c.above) || !slices.Equal(ids(down), c.below) {
					t.Errorf("viewer %d: %v above, %v below, %v", c.viewer, ids(up), ids(down), err)
				}
			}
			return nil
		})
	})
}

// Other servers may make a status answer itself, or two each other. Each is in the
// thread once: a page with thousands of copies would take all memory.
func TestThreadWithACycle(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s)
		alice, bob := w.local("alice"), w.remote("bob")
		for i, answered := range []int{3, 0, 1, 2} { // by the first of the thread: none, itself, its answer, who is looked at
			uri := func(n int) string { return fmt.Sprintf("https://there.test/%d/%d", i, n) }
			var list []*store.Object
			for n := range 3 {
				o := w.status(bob, store.Public, func(o *store.Object) {
					o.URI, o.InReplyToURI = uri(n), uri(answered)
					if n > 0 {
						o.InReplyToURI, o.InReplyToID, o.InReplyToAccountID = uri(n-1), list[n-1].ID, bob.ID
					}
				})
				list = append(list, o)
			}
			if answered < len(list) {
				w.update(func(tx *store.Tx) error { return tx.LinkReplies(list[answered]) })
			}
			w.view(func(tx *store.Tx) error {
				above, _, err := tx.Thread(alice.ID, list[2].ID)
				if err != nil || len(above) != 2 || above[0].ID != list[0].ID || above[1].ID != list[1].ID {
					t.Errorf("%d: %d above, %v", answered, len(above), err)
				}
				return nil
			})
		}
	})
}

func TestThreadIsPaged(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s)
		root := w.thread(w.local("alice"), 1, 25, 0)
		w.view(func(tx *store.Tx) error {
			seen, pages, skip := map[store.ObjectID]bool{}, "", 0
			for {
				_, below, next, err := tx.ThreadPage(0, root.ID, store.ThreadBounds{Ancestors: 1, Descendants: 10, Depth: 5, Skip: skip})
				if err != nil {
					return err
				}
				pages += fmt.Sprint(len(below), " ")
				for _, st := range below {
					seen[st.ID] = true
				}
				if skip = next; next == 0 {
					break
				}
			}
			if pages != "10 10 5 " || len(seen) != 25 {
				t.Errorf("pages of %s, %d in all", pages, len(seen))
			}
			_, below, next, err := tx.ThreadPage(0, root.ID, store.ThreadBounds{Descendants: 10, Depth: 5, Skip: 1000})
			if len(below) != 0 || next != 0 {
				t.Errorf("behind the last page: %d, %d", len(below), next)
			}
			return err
		})
	})
}
