package store_test

import (
	"errors"
	"testing"
	"time"

	"kinglet/store"
	"kinglet/store/storetest"
)

// Each part of the predicate by itself: a reader who may see a status but for
// that one part.
func TestVisibilityParts(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s)
		author, other := w.local("author"), w.local("other")
		follower, asks, followsOther, mentioned, blocks, blocked := w.local("follower"), w.local("asks"), w.local("followsother"), w.local("mentioned"), w.local("blocks"), w.local("blocked")
		w.follow(follower, author)
		w.follow(followsOther, other)
		w.update(func(tx *store.Tx) error {
			_, err := tx.PutFollow(&store.Follow{AccountID: asks.ID, TargetID: author.ID, URI: "asks"})
			return err
		})
		shy := w.remote("shy")
		shyStatus := w.status(shy, store.Public, nil)
		public := w.status(author, store.Public, nil)
		unlisted := w.status(author, store.Unlisted, nil)
		private := w.status(author, store.Private, nil, mentioned)
		direct := w.status(author, store.Direct, nil)
		toMentioned := w.status(author, store.Direct, nil, mentioned)
		activity := &store.Object{URI: "activity", Type: "Like", AccountID: author.ID, Local: true}
		w.update(func(tx *store.Tx) error { _, err := tx.InsertObject(activity); return err })
		deleted := w.status(author, store.Public, nil)
		// Of accounts that are gone; and what others boost of them.
		gone, suspended := w.local("gone"), w.remote("suspended")
		goneStatus, suspendedStatus := w.status(gone, store.Public, nil), w.status(suspended, store.Public, nil)
		boostOf := func(o *store.Object) *store.Object {
			return w.status(other, store.Public, func(b *store.Object) { b.Type, b.ReblogOfID = "Announce", o.ID })
		}
		goneBoost, suspendedBoost, deletedBoost, privateBoost := boostOf(goneStatus), boostOf(suspendedStatus), boostOf(deleted), boostOf(private)
		publicBoost, shyBoost := boostOf(public), boostOf(shyStatus)
		shy.SigninOnly = true
		w.update(func(tx *store.Tx) error { return tx.PutAccount(shy) })
		if err := store.Exec(t.Context(), s, `UPDATE objects SET deleted_at = 1 WHERE id = $1`, deleted.ID); err != nil {
			t.Fatal(err)
		}
		for _, q := range []string{`UPDATE accounts SET deleted_at = 1 WHERE username = 'gone'`, `UPDATE accounts SET suspended_at = 1 WHERE username = 'suspended'`} {
			if err := store.Exec(t.Context(), s, q); err != nil {
				t.Fatal(err)
			}
		}
		w.update(func(tx *store.Tx) error {
			if _, err := tx.PutBlock(blocks.ID, author.ID, "b1"); err != nil {
				return err
			}
			_, err := tx.PutBlock(author.ID, blocked.ID, "b2")
			return err
		})
		for _, c := range []struct {
			name   string
			reader store.AccountID
			o      *store.Object
			want   bool
		}{
			{"public for a stranger", 0, public, true},
			{"unlisted for a stranger", 0, unlisted, true},
			{"private for a stranger", 0, private, false},
			{"private for its author", author.ID, private, true},
			{"private for a follower", follower.ID, private, true},
			{"private for one who asked to follow", asks.ID, private, false},
			{"private for a follower of another", followsOther.ID, private, false},
			{"private for one it mentions", mentioned.ID, private, true},
			{"direct for its author", author.ID, direct, true},
			{"direct for a follower", follower.ID, direct, false},
			{"direct for one whom another mentions", mentioned.ID, direct, false},
			{"direct for one it mentions", mentioned.ID, toMentioned, true},
			{"direct for another than it mentions", other.ID, toMentioned, false},
			{"an activity", 0, activity, false},
			{"deleted", 0, deleted, false},
			{"of a deleted account", 0, goneStatus, false},
			{"of a suspended account", 0, suspendedStatus, false},
			{"for one who blocks the author", blocks.ID, public, false},
			{"for one whom the author blocks", blocked.ID, public, false},
			{"for a stranger, of one who shows it to who is signed in", 0, shyStatus, false},
			{"for who is signed in, of one who shows it to these", asks.ID, shyStatus, true},
			{"for its author", shy.ID, shyStatus, true},
			{"a boost of it for a stranger", 0, shyBoost, false},
			{"a boost of it for who is signed in", asks.ID, shyBoost, true},
			{"a boost for a stranger", 0, publicBoost, true},
			{"a boost of a deleted account", 0, goneBoost, false},
			{"a boost of a suspended account", 0, suspendedBoost, false},
			{"a boost of what is deleted", 0, deletedBoost, false},
			{"a boost of what is private", other.ID, privateBoost, false},
			{"a boost of one whom the reader blocks", blocks.ID, publicBoost, false},
			{"a boost of one who blocks the reader", blocked.ID, publicBoost, false},
		} {
			t.Run(c.name, func(t *testing.T) {
				w.view(func(tx *store.Tx) error {
					may, err := tx.MaySee(c.reader, c.o.ID)
					if err != nil || may != c.want {
						t.Errorf("MaySee: %v %v", may, err)
					}
					list, err := tx.Statuses(c.reader, []store.ObjectID{c.o.ID})
					if err != nil || (len(list) == 1) != c.want {
						t.Errorf("Statuses: %d %v", len(list), err)
					}
					return nil
				})
			})
		}
	})
}

// A mute hides from the one who mutes, whom he mutes, and for as long.
func TestMuteParts(t *testing.T) {
	storetest.EachWithClock(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		w := newWorld(t, s)
		me, other, loud, quiet, silent := w.local("me"), w.local("other"), w.remote("loud"), w.remote("quiet"), w.remote("silent")
		w.update(func(tx *store.Tx) error {
			return errors.Join(tx.PutMute(me.ID, loud.ID, true, tx.Now().Add(time.Hour)), tx.PutMute(other.ID, silent.ID, true, time.Time{}))
		})
		w.status(loud, store.Public, nil)
		w.status(quiet, store.Public, nil)
		sees := func(who *store.Account, want int) {
			t.Helper()
			w.view(func(tx *store.Tx) error {
				if l, _, err := tx.PublicTimeline(who.ID, store.PublicQuery{}, store.Page{Limit: 40}); err != nil || len(l) != want {
					t.Errorf("%s sees %d: %v", who.Username, len(l), err)
				}
				return nil
			})
		}
		sees(me, 1)
		sees(other, 2)
		clock.Advance(2 * time.Hour)
		sees(me, 2)
	})
}
