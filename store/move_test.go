package store_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"kinglet/store"
	"kinglet/store/storetest"
)

func follows(tx *store.Tx, account, target *store.Account) error {
	f := &store.Follow{AccountID: account.ID, TargetID: target.ID, URI: account.URI + "/follows/" + target.ID.String()}
	if _, err := tx.PutFollow(f); err != nil {
		return err
	}
	_, err := tx.AcceptFollow(account.ID, target.ID)
	return err
}

// Who knows an account here is found in parts, and where it has moved is shown.
func TestMoves(t *testing.T) {
	storetest.EachWithClock(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		w := newWorld(t, s)
		old, target := w.remote("old"), w.remote("new")
		var here []*store.Account
		for i := range 5 {
			here = append(here, w.local(fmt.Sprint("l", i)))
		}
		w.view(func(tx *store.Tx) error {
			if known, err := tx.KnownHere(old.ID); err != nil || known {
				t.Errorf("nobody knows it: %v %v", known, err)
			}
			return nil
		})
		w.update(func(tx *store.Tx) error {
			for _, a := range here[:3] {
				if err := follows(tx, a, old); err != nil {
					return err
				}
			}
			if _, err := tx.PutFollow(&store.Follow{AccountID: here[3].ID, TargetID: old.ID, URI: "request"}); err != nil {
				return err
			}
			if _, err := tx.PutBlock(here[4].ID, old.ID, "block"); err != nil {
				return err
			}
			if err := tx.PutMute(here[3].ID, old.ID, true, clock.Now().Add(time.Hour)); err != nil {
				return err
			}
			return tx.PutMute(here[2].ID, old.ID, true, clock.Now().Add(-time.Hour))
		})
		w.view(func(tx *store.Tx) error {
			if known, err := tx.KnownHere(old.ID); err != nil || !known {
				t.Errorf("it is known: %v %v", known, err)
			}
			var found []store.AccountID
			for after := int64(0); ; {
				list, err := tx.LocalFollows(old.ID, after, 2)
				if err != nil {
					return err
				}
				if len(list) == 0 {
					break
				}
				for _, f := range list {
					found, after = append(found, f.AccountID), f.ID
				}
			}
			if !slices.Equal(found, []store.AccountID{here[0].ID, here[1].ID, here[2].ID}) {
				t.Errorf("followers are %v", found)
			}
			blocks, err := tx.LocalBlocks(old.ID, 0, 9)
			if err != nil || !slices.Equal(blocks, []store.AccountID{here[4].ID}) {
				t.Errorf("it is blocked by %v, %v", blocks, err)
			}
			mutes, err := tx.LocalMutes(old.ID, 0, 9)
			if err != nil || len(mutes) != 1 || mutes[0].AccountID != here[3].ID || !mutes[0].Notifications {
				t.Errorf("it is muted by %v, %v", mutes, err)
			}
			return err
		})
		w.update(func(tx *store.Tx) error { return tx.PutMove(old.ID, target) })
		moved := func() store.Moved {
			t.Helper()
			last, err := store.Read(t.Context(), s, func(tx *store.Tx) (store.Moved, error) { return tx.LastMove(old.ID) })
			if err != nil {
				t.Fatal(err)
			}
			return last
		}
		if last := moved(); last.Target != target.ID || !last.At.Equal(clock.Now().Truncate(time.Millisecond)) {
			t.Errorf("the last move is %+v", last)
		}
		w.view(func(tx *store.Tx) error {
			a, err := tx.Account(old.ID)
			if err != nil {
				return err
			}
			if err := tx.FillMoved(a, target); err != nil {
				return err
			}
			if a.Moved == nil || a.Moved.ID != target.ID || target.Moved != nil {
				t.Errorf("moved to %v", a.Moved)
			}
			return nil
		})
		clock.Advance(32 * 24 * time.Hour)
		if err := s.CleanUp(t.Context(), store.Kept{HomeFeed: 10}); err != nil {
			t.Fatal(err)
		}
		if last := moved(); !last.At.IsZero() {
			t.Errorf("after a month the last move is %+v", last)
		}
	})
}

// The version of an account's followers changes with the set of them.
func TestFollowersVersion(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s)
		me, one, two := w.local("me"), w.remote("one"), w.remote("two")
		last := int64(-1)
		changed := func(what string, want bool, followers ...*store.Account) {
			t.Helper()
			w.view(func(tx *store.Tx) error {
				v, err := tx.FollowersVersion(me.ID)
				if (v != last) != want {
					t.Errorf("%s: the version was %d and is %d", what, last, v)
				}
				last = v
				var uris, is []string
				for _, f := range followers {
					uris = append(uris, f.URI)
				}
				if err := tx.FollowerURIs(me.ID, func(uri string) { is = append(is, uri) }); err != nil {
					return err
				}
				if slices.Sort(is); !slices.Equal(is, uris) {
					t.Errorf("%s: the followers are %v", what, is)
				}
				return err
			})
		}
		changed("at first", true)
		w.update(func(tx *store.Tx) error {
			_, err := tx.PutFollow(&store.Follow{AccountID: one.ID, TargetID: me.ID, URI: "1"})
			return err
		})
		changed("a request", false)
		w.update(func(tx *store.Tx) error { return follows(tx, one, me) })
		changed("accepted", true, one)
		w.update(func(tx *store.Tx) error { return follows(tx, two, me) })
		changed("another", true, one, two)
		w.update(func(tx *store.Tx) error { _, err := tx.DeleteFollow(one.ID, me.ID); return err })
		changed("one less", true, two)
		w.update(func(tx *store.Tx) error { return tx.DeleteAccount(two.ID) })
		changed("deleted", false, two)
		w.update(func(tx *store.Tx) error { _, err := tx.PurgeAccount(two.ID); return err })
		changed("purged", true)
	})
}

// An inbox that is gone is left out of everybody's.
func TestGoneInboxes(t *testing.T) {
	storetest.EachWithClock(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		w := newWorld(t, s)
		me, one, two := w.local("me"), w.account("one", "one.test"), w.account("two", "two.test")
		w.update(func(tx *store.Tx) error {
			if err := follows(tx, one, me); err != nil {
				return err
			}
			if err := follows(tx, two, me); err != nil {
				return err
			}
			return follows(tx, me, two)
		})
		inboxes := func(want ...string) {
			t.Helper()
			w.view(func(tx *store.Tx) error {
				got, err := tx.FollowerInboxes(me.ID)
				if slices.Sort(got); !slices.Equal(got, want) {
					t.Errorf("the inboxes are %v", got)
				}
				return err
			})
		}
		inboxes(one.SharedInbox, two.SharedInbox)
		for _, want := range []bool{true, false} {
			w.update(func(tx *store.Tx) error {
				first, err := tx.PutGoneInbox(two.SharedInbox)
				if first != want {
					t.Errorf("it is new: %v", first)
				}
				return err
			})
		}
		inboxes(one.SharedInbox)
		w.view(func(tx *store.Tx) error {
			list, err := tx.DeliveredTo(two.SharedInbox, 0, 9)
			if err != nil || len(list) != 1 || list[0].ID != two.ID {
				t.Errorf("%v are delivered to there, %v", list, err)
			}
			if list, err = tx.DeliveredTo(two.SharedInbox, two.ID, 9); err != nil || len(list) != 0 {
				t.Errorf("%v come after it, %v", list, err)
			}
			return err
		})
		w.update(func(tx *store.Tx) error { return tx.HostWrote("two.test", two.SharedInbox, nil) })
		inboxes(one.SharedInbox, two.SharedInbox)
		w.update(func(tx *store.Tx) error { _, err := tx.PutGoneInbox(two.SharedInbox); return err })
		clock.Advance(31 * 24 * time.Hour)
		if err := s.CleanUp(t.Context(), store.Kept{HomeFeed: 10}); err != nil {
			t.Fatal(err)
		}
		inboxes(one.SharedInbox, two.SharedInbox)
	})
}

// A host is dead when it has failed for long enough, whatever fetches say; then
// it is tried once a day, until it writes or answers. What waits too long for it
// is dropped, and what waited for that is due.
func TestDeadHosts(t *testing.T) {
	storetest.EachWithClock(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		w := newWorld(t, s)
		died := 0
		fails := func(ofPage bool) (until time.Time) {
			t.Helper()
			w.update(func(tx *store.Tx) (err error) {
				until, err = tx.LaneFailed(store.LaneFailure{
					Lane: "h.test", OfPage: ofPage, Wait: func(int) time.Duration { return time.Hour }, DeadAfter: 48 * time.Hour,
					Died: func() error { died++; return nil },
				})
				return err
			})
			return until
		}
		dead := func(want bool) {
			t.Helper()
			w.view(func(tx *store.Tx) error {
				got, err := tx.DeadHosts([]string{"h.test", "other.test"})
				if got["h.test"] != want || got["other.test"] {
					t.Errorf("dead are %v", got)
				}
				return err
			})
		}
		// That pages of it failed for days, which strangers chose, is no reason: only
		// from the first failure of the host on it has not answered.
		fails(true)
		clock.Advance(72 * time.Hour)
		if until := fails(false); !until.Equal(clock.Now().Truncate(time.Millisecond).Add(time.Hour)) || died != 0 {
			t.Errorf("after one failure it is tried again at %s, and died %d times", until, died)
		}
		dead(false)
		w.update(func(tx *store.Tx) error {
			return tx.Enqueue(store.NewJob{Kind: "deliver", Lane: "h.test", Args: []byte("1"), Order: 7}, store.NewJob{Kind: "other", Lane: "h.test", Args: []byte("{}")})
		})
		clock.Advance(47 * time.Hour)
		fails(false)
		dead(false)
		clock.Advance(time.Hour)
		fails(true)
		dead(false)
		clock.Advance(2 * time.Hour)
		if until := fails(false); !until.Equal(clock.Now().Truncate(time.Millisecond).Add(24*time.Hour)) || died != 1 {
			t.Errorf("it is tried again at %s, and died %d times", until, died)
		}
		dead(true)
		clock.Advance(25 * time.Hour)
		if fails(false); died != 1 {
			t.Errorf("it died %d times", died)
		}
		w.update(func(tx *store.Tx) error {
			return tx.Enqueue(store.NewJob{Kind: "deliver", Lane: "h.test", Args: []byte("2"), Order: 7})
		})
		if err := s.CleanUp(t.Context(), store.Kept{HomeFeed: 10, Deliveries: clock.Now().Add(-time.Hour)}); err != nil {
			t.Fatal(err)
		}
		w.update(func(tx *store.Tx) error {
			if silent, err := tx.IsSilent("h.test", ""); err != nil || !silent {
				t.Errorf("it is silent: %v %v", silent, err)
			}
			return tx.HostWrote("h.test", "", []string{"deliver"})
		})
		dead(false)
		w.update(func(tx *store.Tx) error {
			list, _, err := tx.ClaimJobs(store.Claim{Node: "n", Kinds: []string{"deliver"}, Room: func(string, bool, int) int { return 9 }, Most: 9, Lease: time.Hour})
			if err != nil || len(list) != 1 || string(list[0].Args) != "2" {
				t.Errorf("due is %v, %v", list, err)
			}
			return err
		})
		w.view(func(tx *store.Tx) error {
			if n, err := tx.CountJobs("other"); err != nil || n != 1 {
				t.Errorf("%d others wait, %v", n, err)
			}
			return nil
		})
	})
}
