package store_test

import (
	"fmt"
	"testing"

	"kinglet/store"
	"kinglet/store/storetest"
)

// Each method that changes what somebody looks at emits an event, and none when
// it changed nothing.
func TestEmits(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s)
		me, friend, silent := w.local("me"), w.remote("friend"), w.remote("silent")
		w.follow(me, friend)
		post := w.status(friend, store.Public, nil)
		private := w.status(friend, store.Private, nil, me)
		boost := w.status(me, store.Public, func(o *store.Object) { o.Type, o.ReblogOfID, o.ObjectURI = "Announce", post.ID, post.URI })
		n := &store.Notification{AccountID: me.ID, Type: "follow", From: friend.ID}
		insert := func(o store.Object) func(tx *store.Tx) (string, error) {
			o.URI, o.AccountID, o.Visibility = fmt.Sprint(friend.URI, "/", serial.Add(1)), friend.ID, store.Public
			return func(tx *store.Tx) (string, error) {
				_, err := tx.InsertObject(&o)
				return fmt.Sprint("status ", o.ID), err
			}
		}
		known := insert(store.Object{Type: "Note", IsStatus: true})
		for _, c := range []struct {
			name string
			do   func(tx *store.Tx) (want string, err error)
			none bool // whatever do says
		}{
			{"a status", known, false},
			{"a status that is known", known, true},
			{"an activity", insert(store.Object{Type: "Like"}), true},
			{"in no feed", func(tx *store.Tx) (string, error) {
				return "", tx.AddToHomeFeeds(&store.Object{ID: 1, AccountID: 1})
			}, true},
			{"an edit", func(tx *store.Tx) (string, error) {
				return fmt.Sprint("status_edit ", post.ID), tx.UpdateStatus(post)
			}, false},
			{"an edit of nothing", func(tx *store.Tx) (string, error) { return "", tx.UpdateStatus(&store.Object{ID: 1}) }, true},
			{"a notification", func(tx *store.Tx) (string, error) {
				_, err := tx.Notify(n)
				return fmt.Sprintf("notification %d %d", me.ID, n.ID), err
			}, false},
			{"the same again", func(tx *store.Tx) (string, error) {
				_, err := tx.Notify(&store.Notification{AccountID: me.ID, Type: "follow", From: friend.ID})
				return "", err
			}, true},
			{"dismissed", func(tx *store.Tx) (string, error) {
				return fmt.Sprint("notifications_delete ", me.ID), tx.DismissNotification(me.ID, n.ID)
			}, false},
			{"none to take back", func(tx *store.Tx) (string, error) { return "", tx.RetractNotification(me.ID, "follow", friend.ID, 0) }, true},
			{"none to clear", func(tx *store.Tx) (string, error) { return "", tx.ClearNotifications(me.ID) }, true},
			{"a marker", func(tx *store.Tx) (string, error) {
				_, err := tx.PutMarker(me.ID, "home", 1)
				return fmt.Sprint("marker ", me.ID), err
			}, false},
			{"nothing new in the feed", func(tx *store.Tx) (string, error) { return "", tx.BackfillHome(me.ID, silent.ID) }, true},
			{"an author leaves the feed", func(tx *store.Tx) (string, error) {
				return fmt.Sprint("home ", me.ID), tx.RemoveAuthorFromHome(me.ID, friend.ID)
			}, false},
			{"an author that is in no feed", func(tx *store.Tx) (string, error) { return "", tx.RemoveAuthorFromHome(me.ID, friend.ID) }, true},
			{"an author comes into the feed", func(tx *store.Tx) (string, error) {
				return fmt.Sprint("home ", me.ID), tx.BackfillHome(me.ID, friend.ID)
			}, false},
			{"a deletion, with boosts", func(tx *store.Tx) (string, error) {
				return fmt.Sprintf("status_delete %d|status_delete %d", post.ID, boost.ID), tx.DeleteObject(post, nil)
			}, false},
			{"a second deletion", func(tx *store.Tx) (string, error) { return "", tx.DeleteObject(post, nil) }, true},
			{"a deletion of what not all could see", func(tx *store.Tx) (string, error) {
				return fmt.Sprintf("status_delete %d|status_delete %d %d", private.ID, private.ID, me.ID), tx.DeleteObject(private, nil)
			}, false},
			{"a job", func(tx *store.Tx) (string, error) {
				return "", tx.Enqueue(store.NewJob{Kind: "k", Lane: "l", Args: []byte("1")})
			}, true},
		} {
			t.Run(c.name, func(t *testing.T) {
				w.t = t
				want := ""
				before := w.count("SELECT MAX(id) FROM events")
				w.update(func(tx *store.Tx) (err error) {
					want, err = c.do(tx)
					return err
				})
				var got string
				if now := w.count("SELECT MAX(id) FROM events"); now != before {
					got = w.text("SELECT REPLACE(events, CAST($1 AS TEXT), '|') FROM events WHERE id = (SELECT MAX(id) FROM events)", "\n")
				}
				if c.none {
					want = ""
				}
				if got != want {
					t.Errorf("got %q, want %q", got, want)
				}
			})
		}
	})
}

func (w *world) text(query string, args ...any) string {
	w.t.Helper()
	text, err := store.Text(w.t.Context(), w.Store, query, args...)
	if err != nil {
		w.t.Fatal(err)
	}
	return text
}
