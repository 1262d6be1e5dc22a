package store_test

import (
	"errors"
	"reflect"
	"sync/atomic"
	"testing"

	"kinglet/internal/fault"
	"kinglet/store"
	"kinglet/store/storetest"
)

// Who may see what: the one table of it, asked of every way in.
func TestVisibility(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s)
		author, follower, mentioned, stranger := w.local("author"), w.local("follower"), w.local("mentioned"), w.local("stranger")
		blocked, blocker := w.local("blocked"), w.local("blocker")
		for _, a := range []*store.Account{follower, blocked, blocker} {
			w.follow(a, author)
		}
		w.update(func(tx *store.Tx) error {
			if _, err := tx.PutBlock(author.ID, blocked.ID, "b1"); err != nil {
				return err
			}
			_, err := tx.PutBlock(blocker.ID, author.ID, "b2")
			return err
		})
		viewers := map[string]store.AccountID{
			"nobody": 0, "author": author.ID, "follower": follower.ID, "mentioned": mentioned.ID, "stranger": stranger.ID,
			"blocked": blocked.ID, "blocker": blocker.ID,
		}
		for v, may := range map[store.Visibility][]string{
			store.Public:   {"nobody", "author", "follower", "mentioned", "stranger"},
			store.Unlisted: {"nobody", "author", "follower", "mentioned", "stranger"},
			store.Private:  {"author", "follower", "mentioned"},
			store.Direct:   {"author", "mentioned"},
		} {
			o := w.status(author, v, nil, mentioned)
			boost := w.status(stranger, store.Public, func(b *store.Object) { b.Type, b.ReblogOfID = "Announce", o.ID })
			allowed := map[string]bool{}
			for _, name := range may {
				allowed[name] = true
			}
			for name, id := range viewers {
				w.view(func(tx *store.Tx) error {
					for what, see := range map[string]func() (bool, error){
						"the status": func() (bool, error) { return tx.MaySee(id, o.ID) },
						"its boost":  func() (bool, error) { return tx.MaySee(id, boost.ID) },
						"a page": func() (bool, error) {
							l, err := tx.Statuses(id, []store.ObjectID{o.ID})
							return len(l) == 1, err
						},
						"a page of boosts": func() (bool, error) {
							l, err := tx.Statuses(id, []store.ObjectID{boost.ID})
							return len(l) == 1, err
						},
						"its author's statuses": func() (bool, error) {
							l, _, err := tx.AccountStatuses(id, author.ID, store.AccountQuery{}, store.Page{Limit: 40, SinceID: int64(o.ID) - 1, MaxID: int64(o.ID) + 1})
							return len(l) == 1, err
						},
						"its author's": func() (bool, error) {
							l, _, err := tx.AccountTimeline(id, author.ID, store.AccountQuery{}, store.Page{Limit: 40, SinceID: int64(o.ID) - 1, MaxID: int64(o.ID) + 1})
							return len(l) == 1, err
						},
						"its thread": func() (bool, error) {
							_, _, err := tx.Thread(id, o.ID)
							if fault.Is(err, fault.NotFound) {
								return false, nil
							}
							return true, err
						},
					} {
						got, err := see()
						if err != nil {
							return err
						}
						if got != allowed[name] {
							t.Errorf("%s: %s sees %s: %v", v, name, what, got)
						}
					}
					return nil
				})
			}
		}
	})
}

func TestHomeFeed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s)
		me, friend, other := w.local("me"), w.remote("friend"), w.remote("other")
		w.follow(me, friend)
		reply := func(to *store.Account) func(o *store.Object) {
			return func(o *store.Object) { o.InReplyToURI, o.InReplyToAccountID, o.InReplyToID = "x", to.ID, 1 }
		}
		mine := w.status(me, store.Public, nil)
		plain := w.status(friend, store.Public, nil)
		private := w.status(friend, store.Private, nil)
		w.status(friend, store.Direct, nil, other)
		direct := w.status(friend, store.Direct, nil, me)
		w.status(friend, store.Public, reply(other))
		toMe := w.status(friend, store.Public, reply(me))
		foreign := w.status(other, store.Public, nil)
		boost := w.status(friend, store.Public, func(o *store.Object) { o.ReblogOfID = foreign.ID })
		w.status(friend, store.Public, func(o *store.Object) { o.ReblogOfID = plain.ID }) // seen a moment ago
		want := []store.ObjectID{boost.ID, toMe.ID, direct.ID, private.ID, plain.ID, mine.ID}
		home := func(p store.Page) (l []store.ObjectID) {
			w.view(func(tx *store.Tx) (err error) {
				if l, err = tx.HomeTimeline(me.ID, p); err != nil {
					return err
				}
				apart, err := tx.Statuses(me.ID, l)
				if err != nil {
					return err
				}
				if page, err := tx.Home(me.ID, p); err != nil || !reflect.DeepEqual(page, apart) || len(page) != len(l) {
					t.Errorf("read at once %d of %v are other than each: %v", len(page), l, err)
				}
				return nil
			})
			return l
		}
		equal := func(what string, got, want []store.ObjectID) {
			t.Helper()
			if len(got) != len(want) {
				t.Fatalf("%s: %v, want %v", what, got, want)
			}
			for i := range got {
				if got[i] != want[i] {
					t.Fatalf("%s: %v, want %v", what, got, want)
				}
			}
		}
		equal("home", home(store.Page{Limit: 40}), want)
		equal("max_id", home(store.Page{Limit: 2, MaxID: int64(want[1])}), want[2:4])
		equal("since_id", home(store.Page{Limit: 2, SinceID: int64(want[4])}), want[0:2])
		equal("min_id", home(store.Page{Limit: 2, MinID: int64(want[4])}), want[2:4])
		w.update(func(tx *store.Tx) error { return tx.PutMute(me.ID, other.ID, true, tx.Now().AddDate(1, 0, 0)) })
		equal("with the boosted muted", home(store.Page{Limit: 40}), want[1:])
		w.update(func(tx *store.Tx) error { return tx.DeleteObject(plain, nil) })
		equal("after a delete", home(store.Page{Limit: 40}), []store.ObjectID{want[1], want[2], want[3], want[5]})
		w.update(func(tx *store.Tx) error { _, err := tx.PutBlock(friend.ID, me.ID, "b"); return err })
		equal("after a block", home(store.Page{Limit: 40}), want[5:])
		w.follow(me, other)
		w.status(other, store.Public, nil)
		w.update(func(tx *store.Tx) error { return tx.DeleteMute(me.ID, other.ID) })
		if l := home(store.Page{Limit: 40}); len(l) != 2 {
			t.Errorf("with another who is followed: %v", l)
		}
		w.suspend(other)
		equal("after a suspension", home(store.Page{Limit: 40}), want[5:])
	})
}

// The number of statements of a page is the same for one status and for
// forty, whatever is on them; but a page of a listing that is not full looks
// whether it is the last.
func TestStatementsOfAPage(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s)
		me, friend, other := w.local("me"), w.remote("friend"), w.remote("other")
		w.follow(me, friend)
		read := func(name string, fn func(tx *store.Tx) error) int64 {
			var n atomic.Int64
			if err := s.View(store.WithStatementCount(t.Context(), &n), fn); err != nil {
				t.Fatal(name, err)
			}
			return n.Load()
		}
		var root *store.Object
		app, plain := w.app(), w.status(friend, store.Public, nil)
		pages := map[string]func(tx *store.Tx) error{
			"home": func(tx *store.Tx) error {
				_, err := tx.Home(me.ID, store.Page{Limit: 40})
				return err
			},
			"a stranger's list": func(tx *store.Tx) error {
				l, _, err := tx.AccountTimeline(0, friend.ID, store.AccountQuery{}, store.Page{Limit: 40})
				if err == nil {
					_, err = tx.Statuses(0, l)
				}
				return err
			},
			"context": func(tx *store.Tx) error { _, _, err := tx.Thread(me.ID, root.ID); return err },
			"notifications": func(tx *store.Tx) error {
				_, _, err := tx.Notifications(me.ID, store.NotificationQuery{}, store.Page{Limit: 40})
				return err
			},
		}
		add := func() {
			o := w.status(friend, store.Public, func(o *store.Object) {
				o.Tags, o.ApplicationID = []string{"x"}, app.ID
				if root != nil {
					o.InReplyToID, o.InReplyToURI, o.InReplyToAccountID = root.ID, root.URI, friend.ID
				}
			}, me, other)
			w.update(func(tx *store.Tx) error {
				_, err := tx.PutReaction(me.ID, o.ID, store.Reaction{Name: "🐦"}, o.URI+"#bird")
				return errors.Join(err, tx.PutAttachments(o.ID, friend.ID, []store.Attachment{{Kind: "image", RemoteURL: o.URI}}))
			})
			if root == nil {
				root = o
				return
			}
			foreign := w.status(other, store.Public, nil)
			w.status(friend, store.Public, func(b *store.Object) { b.ReblogOfID = foreign.ID })
			w.update(func(tx *store.Tx) error {
				_, err := tx.Notify(&store.Notification{AccountID: me.ID, Type: "mention", From: friend.ID, StatusID: o.ID})
				return err
			})
		}
		add()
		add()
		// The list; what is boosted; accounts, attachments, clients; what the viewer
		// reacted with. Who sees nothing of a kind has no statement for it.
		most := map[string]int64{"home": 6, "a stranger's list": 6, "context": 8, "notifications": 6, "one": 5, "a plain one": 2}
		pages["one"] = func(tx *store.Tx) error { _, err := tx.Status(me.ID, root.ID); return err }
		pages["a plain one"] = func(tx *store.Tx) error { _, err := tx.Status(me.ID, plain.ID); return err }
		one := map[string]int64{}
		for name, fn := range pages {
			one[name] = read(name, fn)
		}
		for range 40 {
			add()
		}
		// A filtered list that is not full asks where it ended.
		one["a stranger's list"]--
		one["notifications"]--
		for name, fn := range pages {
			if n := read(name, fn); n != one[name] || n != most[name] {
				t.Errorf("%s: %d statements for many, %d for one, want %d", name, n, one[name], most[name])
			}
		}
	})
}
