package store_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"kinglet/internal/fault"
	"kinglet/store"
	"kinglet/store/storetest"
)

// nodes are several stores on one database, as several processes have them:
// on SQLite a server and the commands beside it, on PostgreSQL nodes.
func nodes(t *testing.T, run func(t *testing.T, nodes []*store.Store)) {
	for _, twice := range []bool{false, true} {
		open := func(t *testing.T, database string) {
			o := store.Options{Database: database, RunTwice: twice}
			run(t, []*store.Store{storetest.Open(t, o), storetest.Open(t, o)})
		}
		if !twice {
			storetest.EachDatabase(t, open)
			continue
		}
		t.Run("run twice", func(t *testing.T) { storetest.EachDatabase(t, open) })
	}
}

// atOnce runs fn n times at once, on each node in turn.
func atOnce(t *testing.T, nodes []*store.Store, n int, fn func(i int, w *world) error) []error {
	t.Helper()
	errs := make([]error, n)
	start := make(chan struct{})
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() {
			<-start
			errs[i] = fn(i, newWorld(t, nodes[i%len(nodes)]))
		})
	}
	close(start)
	group.Wait()
	return errs
}

// succeed fails the test for every error.
func succeed(t *testing.T, errs []error) {
	t.Helper()
	for i, err := range errs {
		if err != nil {
			t.Errorf("%d: %v", i, err)
		}
	}
}

// exactlyOne fails the test unless one of them succeeded and all others failed
// with the kind.
func exactlyOne(t *testing.T, errs []error, kind fault.Kind) {
	t.Helper()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else if !fault.Is(err, kind) {
			t.Errorf("a loser is told: %v", err)
		}
	}
	if won != 1 {
		t.Errorf("%d succeeded", won)
	}
}

// recount compares every counter with what it counts.
func recount(t *testing.T, s *store.Store) {
	t.Helper()
	w := newWorld(t, s)
	for name, query := range map[string]string{
		"replies": `SELECT COUNT(*) FROM objects o WHERE o.deleted_at = 0 AND o.replies_count <> (
		  SELECT COUNT(*) FROM objects r WHERE r.in_reply_to_id = o.id AND r.is_status AND r.deleted_at = 0 AND r.visibility <= 1)`,
		"boosts": `SELECT COUNT(*) FROM objects o WHERE o.deleted_at = 0 AND o.reblogs_count <> (
		  SELECT COUNT(*) FROM objects r WHERE r.reblog_of_id = o.id AND r.reblog_of_id <> 0 AND r.deleted_at = 0)`,
		"favourites": `SELECT COUNT(*) FROM objects o WHERE o.deleted_at = 0 AND o.favourites_count <> (
		  SELECT COUNT(*) FROM favourites f WHERE f.status_id = o.id)`,
		"posts": `SELECT COUNT(*) FROM accounts a WHERE a.statuses_count <> (
		  SELECT COUNT(*) FROM objects o WHERE o.account_id = a.id AND o.is_status AND o.deleted_at = 0 AND o.visibility <= 2)`,
		"followers": `SELECT COUNT(*) FROM accounts a WHERE a.followers_count <> (
		  SELECT COUNT(*) FROM follows f WHERE f.target_id = a.id AND f.accepted)`,
		"following": `SELECT COUNT(*) FROM accounts a WHERE a.following_count <> (
		  SELECT COUNT(*) FROM follows f WHERE f.account_id = a.id AND f.accepted)`,
		"boosts of what is gone": `SELECT COUNT(*) FROM objects b JOIN objects o ON o.id = b.reblog_of_id
		  WHERE b.reblog_of_id <> 0 AND b.deleted_at = 0 AND o.deleted_at <> 0`,
		"favourites of what is gone": `SELECT COUNT(*) FROM favourites f JOIN objects o ON o.id = f.status_id WHERE o.deleted_at <> 0`,
		"boosts by one account": `SELECT COUNT(*) FROM objects b JOIN objects c ON c.account_id = b.account_id AND c.reblog_of_id = b.reblog_of_id AND c.id < b.id
		  WHERE b.reblog_of_id <> 0 AND b.deleted_at = 0 AND c.deleted_at = 0`,
		"orphans whose parent is here": `SELECT COUNT(*) FROM objects r JOIN objects o ON o.uri = r.in_reply_to_uri
		  WHERE r.in_reply_to_uri <> '' AND r.in_reply_to_id = 0`,
		"follows of the blocked": `SELECT COUNT(*) FROM follows f JOIN blocks b
		  ON b.account_id = f.account_id AND b.target_id = f.target_id OR b.account_id = f.target_id AND b.target_id = f.account_id`,
	} {
		if n := w.count(query); n != 0 {
			t.Errorf("%s: %d wrong", name, n)
		}
	}
}

// boost writes one as the rule of Announce does: the standing one, if any, is given.
func boost(tx *store.Tx, by *store.Account, o *store.Object) (store.ObjectID, error) {
	known, err := tx.ActivityOn(by.ID, "Announce", o.URI)
	if err == nil {
		return known.ID, nil
	}
	if !fault.Is(err, fault.NotFound) {
		return 0, err
	}
	b := &store.Object{
		URI: fmt.Sprintf("%s/boosts/%d", by.URI, serial.Add(1)), Type: "Announce", AccountID: by.ID, IsStatus: true,
		ReblogOfID: o.ID, ObjectURI: o.URI, JSON: []byte(`{}`),
	}
	if _, err := tx.InsertObject(b); err != nil {
		return 0, err
	}
	if err := tx.CountStatus(b); err != nil {
		return 0, err
	}
	return b.ID, tx.AddToHomeFeeds(b)
}

func unboost(tx *store.Tx, by *store.Account, o *store.Object) error {
	b, err := tx.ActivityOn(by.ID, "Announce", o.URI)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return tx.DeleteObject(b, nil)
}

func reply(tx *store.Tx, by *store.Account, uri, to string) error {
	o := &store.Object{URI: uri, Type: "Note", AccountID: by.ID, IsStatus: true, InReplyToURI: to, JSON: []byte(`{}`)}
	parent, err := tx.ObjectByURI(to)
	if err == nil {
		o.InReplyToID, o.InReplyToAccountID = parent.ID, parent.AccountID
	} else if to != "" && !fault.Is(err, fault.NotFound) {
		return err
	}
	created, err := tx.InsertObject(o)
	if err != nil || !created {
		return err
	}
	if err := tx.CountStatus(o); err != nil {
		return err
	}
	return tx.LinkReplies(o)
}

func bury(tx *store.Tx, uri string) error {
	o, err := tx.ObjectToChange(uri)
	if err != nil || !o.DeletedAt.IsZero() {
		return err
	}
	return tx.DeleteObject(o, nil)
}

func follow(tx *store.Tx, a, b *store.Account) error {
	if err := tx.LockPair(a.ID, b.ID); err != nil {
		return err
	}
	if blocked, err := tx.Blocked(a.ID, b.ID); err != nil || blocked {
		return err
	}
	if _, err := tx.PutFollow(&store.Follow{AccountID: a.ID, TargetID: b.ID, URI: a.URI + "#f" + b.Username, ShowReblogs: true}); err != nil {
		return err
	}
	_, err := tx.AcceptFollow(a.ID, b.ID)
	return err
}

// The same thing done many times at once, on two nodes, is done once.
func TestInsertOnceConcurrently(t *testing.T) {
	const n = 12
	nodes(t, func(t *testing.T, nodes []*store.Store) {
		w := newWorld(t, nodes[0])
		alice, bob := w.local("alice"), w.remote("bob")
		o := w.status(alice, store.Public, nil)
		t.Run("Idempotency-Key", func(t *testing.T) {
			got := make([]store.ObjectID, n)
			succeed(t, atOnce(t, nodes, n, func(i int, w *world) error {
				return w.Update(t.Context(), func(tx *store.Tx) error {
					id := store.ObjectID(w.NewID(tx.Now()))
					first, taken, err := tx.TakeIdempotencyKey(alice.ID, "k", id, time.Time{})
					if got[i] = first; err != nil || !taken {
						return err
					}
					o := &store.Object{ID: id, URI: fmt.Sprint(alice.URI, "/once/", i), Type: "Note", AccountID: alice.ID, IsStatus: true}
					if _, err := tx.InsertObject(o); err != nil {
						return err
					}
					return tx.CountStatus(o)
				})
			}))
			if made := w.count(`SELECT COUNT(*) FROM objects WHERE uri LIKE '%/once/%'`); made != 1 || len(slices.Compact(got)) != 1 {
				t.Errorf("%d posts, answered %v", made, got)
			}
		})
		t.Run("boost", func(t *testing.T) {
			got := make([]store.ObjectID, n)
			succeed(t, atOnce(t, nodes, n, func(i int, w *world) error {
				return w.Update(t.Context(), func(tx *store.Tx) (err error) { got[i], err = boost(tx, bob, o); return err })
			}))
			if len(slices.Compact(got)) != 1 {
				t.Errorf("several boosts: %v", got)
			}
			recount(t, w.Store)
		})
		t.Run("unboost", func(t *testing.T) {
			succeed(t, atOnce(t, nodes, n, func(_ int, w *world) error {
				return w.Update(t.Context(), func(tx *store.Tx) error { return unboost(tx, bob, o) })
			}))
			recount(t, w.Store)
		})
		t.Run("favourite", func(t *testing.T) {
			succeed(t, atOnce(t, nodes, n, func(_ int, w *world) error {
				return w.Update(t.Context(), func(tx *store.Tx) error { _, err := tx.PutFavourite(bob.ID, o.ID, "l"); return err })
			}))
			recount(t, w.Store)
		})
		t.Run("unfavourite", func(t *testing.T) {
			// Another's favourite stays, or a count that fell too far would be 0 all the same.
			if err := w.Update(t.Context(), func(tx *store.Tx) error { _, err := tx.PutFavourite(alice.ID, o.ID, "alice's"); return err }); err != nil {
				t.Fatal(err)
			}
			succeed(t, atOnce(t, nodes, n, func(_ int, w *world) error {
				return w.Update(t.Context(), func(tx *store.Tx) error { _, _, err := tx.DeleteFavourite(bob.ID, o.ID); return err })
			}))
			recount(t, w.Store)
		})
		t.Run("follow", func(t *testing.T) {
			succeed(t, atOnce(t, nodes, n, func(i int, w *world) error {
				return w.Update(t.Context(), func(tx *store.Tx) error {
					if i%2 == 0 {
						return follow(tx, alice, bob)
					}
					return follow(tx, bob, alice)
				})
			}))
			recount(t, w.Store)
		})
		t.Run("unfollow", func(t *testing.T) {
			succeed(t, atOnce(t, nodes, n, func(i int, w *world) error {
				return w.Update(t.Context(), func(tx *store.Tx) error {
					pair := []*store.Account{alice, bob}
					_, err := tx.DeleteFollow(pair[i%2].ID, pair[1-i%2].ID)
					return err
				})
			}))
			recount(t, w.Store)
		})
		t.Run("pin", func(t *testing.T) {
			var list []*store.Object
			for range n {
				list = append(list, w.status(alice, store.Public, nil))
			}
			atOnce(t, nodes, n, func(i int, w *world) error {
				return w.Update(t.Context(), func(tx *store.Tx) error { _, err := tx.PutPin(alice.ID, list[i].ID, 5); return err })
			})
			if pinned := w.count(`SELECT COUNT(*) FROM pins`); pinned != 5 {
				t.Errorf("%d are pinned", pinned)
			}
		})
		t.Run("delete", func(t *testing.T) {
			succeed(t, atOnce(t, nodes, n, func(_ int, w *world) error {
				return w.Update(t.Context(), func(tx *store.Tx) error { return bury(tx, o.URI) })
			}))
			recount(t, w.Store)
		})
		t.Run("delete read long ago", func(t *testing.T) {
			o := w.status(alice, store.Public, nil)
			succeed(t, atOnce(t, nodes, n, func(_ int, w *world) error {
				return w.Update(t.Context(), func(tx *store.Tx) error { return tx.DeleteObject(o, nil) })
			}))
			recount(t, w.Store)
		})
		t.Run("name", func(t *testing.T) {
			names := []string{"carol", "Carol", "CAROL"}
			exactlyOne(t, atOnce(t, nodes, n, func(i int, w *world) error {
				name := names[i%3]
				a := &store.Account{URI: "https://here.test/users/" + name, Username: name, Type: "Person"}
				return w.Update(t.Context(), func(tx *store.Tx) error {
					if err := tx.InsertAccount(a); err != nil {
						return err
					}
					return tx.InsertUser(&store.User{AccountID: a.ID, Email: fmt.Sprint(i, "@here.test")})
				})
			}), fault.Conflict)
			if lost := w.count(`SELECT COUNT(*) FROM accounts WHERE handle IS NULL`); lost != 0 {
				t.Errorf("%d accounts have lost their names", lost)
			}
		})
		t.Run("e-mail address", func(t *testing.T) {
			exactlyOne(t, atOnce(t, nodes, n, func(i int, w *world) error {
				name := fmt.Sprint("mail", i)
				a := &store.Account{URI: "https://here.test/users/" + name, Username: name, Type: "Person"}
				return w.Update(t.Context(), func(tx *store.Tx) error {
					if err := tx.InsertAccount(a); err != nil {
						return err
					}
					return tx.InsertUser(&store.User{AccountID: a.ID, Email: []string{"one@here.test", "One@Here.test"}[i%2]})
				})
			}), fault.Conflict)
		})
		t.Run("code", func(t *testing.T) {
			app := w.app()
			w.update(func(tx *store.Tx) error {
				return tx.InsertCode(&store.Code{Hash: "code", AppID: app.ID, AccountID: alice.ID, ExpiresAt: tx.Now().Add(time.Hour)})
			})
			spent := 0
			var mu sync.Mutex
			succeed(t, atOnce(t, nodes, n, func(i int, w *world) error {
				ok := false
				err := w.Update(t.Context(), func(tx *store.Tx) error {
					id := tx.NewID(tx.Now())
					_, err := tx.RedeemCode("code", id)
					if ok = err == nil; fault.Is(err, fault.NotFound) {
						return nil
					}
					if err != nil {
						return err
					}
					return tx.InsertToken(&store.Token{ID: id, Hash: fmt.Sprint("of code ", i), AppID: app.ID, AccountID: alice.ID})
				})
				mu.Lock()
				defer mu.Unlock()
				if ok && err == nil {
					spent++
				}
				return err
			}))
			if left := w.count(`SELECT COUNT(*) FROM oauth_tokens WHERE hash LIKE 'of code%'`); spent != 1 || left != 0 {
				t.Errorf("spent %d times, %d tokens stand", spent, left)
			}
		})
		t.Run("refresh token", func(t *testing.T) {
			app := w.app()
			w.token(app, alice.ID, func(t *store.Token) { t.RefreshHash = "refresh" })
			exactlyOne(t, atOnce(t, nodes, n, func(_ int, w *world) error {
				return w.Update(t.Context(), func(tx *store.Tx) error { _, err := tx.RedeemRefreshToken("refresh", app.ID); return err })
			}), fault.NotFound)
		})
		t.Run("marker", func(t *testing.T) {
			succeed(t, atOnce(t, nodes, n, func(i int, w *world) error {
				return w.Update(t.Context(), func(tx *store.Tx) error { _, err := tx.PutMarker(alice.ID, "home", int64(i)); return err })
			}))
			if version := w.count(`SELECT version FROM markers`); version != n {
				t.Errorf("version %d", version)
			}
		})
		t.Run("lane", func(t *testing.T) {
			succeed(t, atOnce(t, nodes, n, func(_ int, w *world) error {
				return w.Update(t.Context(), func(tx *store.Tx) error {
					_, err := tx.LaneFailed(store.LaneFailure{Lane: "h.test", Wait: func(int) time.Duration { return time.Hour }, Why: "down"})
					return err
				})
			}))
			if failures := w.count(`SELECT failures FROM lanes`); failures != 1 {
				t.Errorf("failures that were under way count as %d", failures)
			}
		})
		t.Run("job", func(t *testing.T) {
			succeed(t, atOnce(t, nodes, n, func(_ int, w *world) error {
				return w.Update(t.Context(), func(tx *store.Tx) error {
					return tx.Enqueue(store.NewJob{Kind: "k", Lane: "l", UniqueKey: "u"}, store.NewJob{Kind: "k", Lane: "l"})
				})
			}))
			if jobs := w.count(`SELECT COUNT(*) FROM jobs`); jobs != n+1 {
				t.Errorf("%d jobs", jobs)
			}
		})
		t.Run("setting", func(t *testing.T) {
			got := make([]string, n)
			succeed(t, atOnce(t, nodes, n, func(i int, w *world) error {
				return w.Update(t.Context(), func(tx *store.Tx) (err error) {
					got[i], err = tx.SettingOnce("secret", fmt.Sprint(i))
					return err
				})
			}))
			if len(slices.Compact(got)) != 1 {
				t.Errorf("several: %v", got)
			}
		})
		t.Run("notification, block, bookmark and mute", func(t *testing.T) {
			succeed(t, atOnce(t, nodes, n, func(i int, w *world) error {
				return w.Update(t.Context(), func(tx *store.Tx) error {
					if _, err := tx.Notify(&store.Notification{AccountID: alice.ID, Type: "follow", From: bob.ID}); err != nil {
						return err
					}
					if err := tx.PutBookmark(alice.ID, o.ID); err != nil {
						return err
					}
					if err := tx.PutMute(alice.ID, bob.ID, false, time.Time{}); err != nil {
						return err
					}
					if i > n/2 {
						_, err := tx.PutBlock(alice.ID, bob.ID, "b")
						return err
					}
					return follow(tx, bob, alice)
				})
			}))
			recount(t, w.Store)
		})
	})
}

// Another account can't have the name of a local one, whatever its URI.
func TestLocalNameStays(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s)
		alice := w.local("alice")
		err := s.Update(t.Context(), func(tx *store.Tx) error {
			return tx.PutAccount(&store.Account{URI: "https://here.test/users/ALICE", Username: "ALICE", Type: "Person"})
		})
		if !fault.Is(err, fault.Conflict) {
			t.Error(err)
		}
		w.view(func(tx *store.Tx) error {
			if a, err := tx.AccountByHandle("alice", ""); err != nil || a.ID != alice.ID {
				t.Errorf("%v %v", a, err)
			}
			return nil
		})
	})
}

// Who read an account before it was deleted can't write it back.
func TestDeletedAccountStaysDeleted(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s)
		for _, a := range []*store.Account{w.local("alice"), w.remote("bob")} {
			w.update(func(tx *store.Tx) error { return tx.DeleteAccount(a.ID) })
			err := s.Update(t.Context(), func(tx *store.Tx) error { return tx.PutAccount(a) })
			if !fault.Is(err, fault.Gone) {
				t.Error(err)
			}
		}
	})
}

// A negative offset is none.
func TestNegativeOffset(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s)
		w.local("alice")
		w.view(func(tx *store.Tx) error {
			if list, err := tx.SearchAccounts(0, "al", false, 10, -1); err != nil || len(list) != 1 {
				t.Errorf("%v %v", list, err)
			}
			return nil
		})
	})
}
