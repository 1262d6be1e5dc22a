package store_test

import (
	"testing"
	"time"

	"kinglet/store"
	"kinglet/store/storetest"
)

func (w *world) cleanUp() {
	w.t.Helper()
	hour := w.Now().Add(-time.Hour)
	if err := w.CleanUp(w.t.Context(), store.Kept{IdempotencyKeys: hour, DeadJobs: hour, HomeFeed: 400}); err != nil {
		w.t.Fatal(err)
	}
}

// The clean-up takes what has had its time, and nothing else.
func TestCleanUp(t *testing.T) {
	storetest.EachWithClock(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		w := newWorld(t, s)
		owner := w.local("owner")
		unused, signedIn, wrote := w.app(), w.app(), w.app()
		w.status(owner, store.Public, func(o *store.Object) { o.ApplicationID = wrote.ID })
		forever := w.token(signedIn, owner.ID, nil)
		renewable := w.token(signedIn, owner.ID, func(t *store.Token) { t.RefreshHash, t.ExpiresAt = "r", w.Now().Add(time.Hour) })
		w.update(func(tx *store.Tx) error {
			if err := tx.PutSession("short", owner.ID, tx.Now().Add(time.Hour)); err != nil {
				return err
			}
			if err := tx.PutSession("long", owner.ID, tx.Now().Add(1000*time.Hour)); err != nil {
				return err
			}
			_, _, err := tx.TakeIdempotencyKey(owner.ID, "old", 1, time.Time{})
			return err
		})
		clock.Advance(31 * 24 * time.Hour)
		fresh := w.app()
		w.update(func(tx *store.Tx) error {
			_, _, err := tx.TakeIdempotencyKey(owner.ID, "new", 2, time.Time{})
			return err
		})
		w.cleanUp()
		w.view(func(tx *store.Tx) error {
			apps, err := tx.Apps([]int64{unused.ID, signedIn.ID, wrote.ID, fresh.ID})
			if err != nil || apps[unused.ID] != nil || len(apps) != 3 {
				t.Errorf("clients: %v %v", apps, err)
			}
			_, err = tx.SessionAccount("long")
			return err
		})
		for key, want := range map[string]bool{"old": false, "new": true} {
			w.update(func(tx *store.Tx) error {
				if _, taken, err := tx.TakeIdempotencyKey(owner.ID, key, 3, time.Time{}); err != nil || taken == want {
					t.Errorf("the %s key is kept: %v %v", key, !taken, err)
				}
				return nil
			})
		}
		if !w.stands(forever) {
			t.Error("a token without an end is gone")
		}
		w.update(func(tx *store.Tx) error {
			_, err := tx.RedeemRefreshToken("r", signedIn.ID)
			return err
		})
		if w.stands(renewable) {
			t.Error("an expired token stands")
		}
	})
}

// An empty database gets no statistics: they would be those of an empty one for
// long.
func TestNoStatisticsOfAnEmptyDatabase(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.SQLite(t))
	w.status(w.local("me"), store.Public, nil)
	w.cleanUp()
	if n := w.count("SELECT COUNT(*) FROM sqlite_master WHERE name = 'sqlite_stat1'"); n != 0 {
		t.Error("there are statistics")
	}
}

// Entries of statuses that are deleted go, wherever they are in the feed.
func TestFeedEntriesOfDeletedStatuses(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s)
		me, friend := w.local("me"), w.remote("friend")
		w.follow(me, friend)
		stays, gone := w.status(friend, store.Public, nil), w.status(friend, store.Public, nil)
		if err := store.Exec(t.Context(), s, `UPDATE objects SET deleted_at = 1 WHERE id = $1`, gone.ID); err != nil {
			t.Fatal(err)
		}
		w.cleanUp()
		if n := w.count("SELECT COUNT(*) FROM home_feed"); n != 1 {
			t.Errorf("%d entries are left of %d", n, stays.ID)
		}
	})
}

func TestSettingOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s)
		for _, value := range []string{"first", "second"} {
			w.update(func(tx *store.Tx) error {
				if got, err := tx.SettingOnce("k", value); err != nil || got != "first" {
					t.Errorf("%q %v", got, err)
				}
				return nil
			})
		}
		w.view(func(tx *store.Tx) error {
			if got, ok, err := tx.Setting("k"); err != nil || !ok || got != "first" {
				t.Errorf("%q %v %v", got, ok, err)
			}
			if got, ok, err := tx.Setting("none"); err != nil || ok || got != "" {
				t.Errorf("%q %v %v", got, ok, err)
			}
			return nil
		})
	})
}

func TestMarkers(t *testing.T) {
	storetest.EachWithClock(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		w := newWorld(t, s)
		for i, c := range []struct {
			account  store.AccountID
			timeline string
			lastRead int64
			version  int64
		}{
			{1, "home", 10, 1}, {1, "home", 30, 2}, {1, "home", 20, 3}, // back again is allowed
			{1, "notifications", 5, 1}, {2, "home", 99, 1},
		} {
			w.update(func(tx *store.Tx) error {
				m, err := tx.PutMarker(c.account, c.timeline, c.lastRead)
				if err != nil || m.Timeline != c.timeline || m.LastReadID != c.lastRead || m.Version != c.version || !m.UpdatedAt.Equal(s.Now()) {
					t.Errorf("%d: %+v %v", i, m, err)
				}
				return nil
			})
			clock.Advance(time.Second)
		}
		w.view(func(tx *store.Tx) error {
			list, err := tx.Markers(1, []string{"home", "notifications", "none"})
			if err != nil || len(list) != 2 || list[0].LastReadID != 20 || list[0].Version != 3 || list[1].LastReadID != 5 {
				t.Errorf("%+v %v", list, err)
			}
			if list, err = tx.Markers(1, nil); err != nil || len(list) != 0 {
				t.Errorf("of no timeline: %+v %v", list, err)
			}
			return nil
		})
	})
}

// The daily round drops the events that have had their time.
func TestOldEventsAreDeleted(t *testing.T) {
	storetest.EachWithClock(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		w := newWorld(t, s)
		emit := func(kind string, id int64) {
			w.update(func(tx *store.Tx) error {
				tx.Emit(kind, id)
				return nil
			})
		}
		for i := range int64(3) {
			emit("old", i)
		}
		clock.Advance(2 * time.Hour)
		emit("new", 1)
		if err := w.CleanUp(t.Context(), store.Kept{Events: clock.Now().Add(-time.Hour), HomeFeed: 10}); err != nil {
			t.Fatal(err)
		}
		if n := w.count("SELECT COUNT(*) FROM events WHERE events LIKE 'old%'"); n != 1 {
			t.Errorf("%d old ones are left", n) // the newest of them: see the migration
		}
		if n := w.count("SELECT COUNT(*) FROM events WHERE events LIKE 'new%'"); n != 1 {
			t.Errorf("%d new ones are left", n)
		}
	})
}
