package store_test

import (
	"fmt"
	"testing"
	"time"

	"kinglet/store"
	"kinglet/store/storetest"
)

// A slot keeps its newest retraction, for its time, and for its own actor.
func TestRetractions(t *testing.T) {
	storetest.EachWithClock(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		w := newWorld(t, s)
		bob := w.remote("bob")
		put := func(actor, id string, slot int64) {
			t.Helper()
			w.update(func(tx *store.Tx) error {
				return tx.PutRetraction(store.Retraction{Account: bob.ID, Actor: actor, ID: id, Slot: slot, Until: tx.Now().Add(time.Hour)})
			})
		}
		is := func(want bool, actor, id string) {
			t.Helper()
			w.view(func(tx *store.Tx) error {
				got, err := tx.IsRetracted(actor, id)
				now, err2 := tx.StandingsFor(store.RetractionKey(actor, id), "", bob.ID)
				if err != nil || err2 != nil || got != want || now[bob.ID].Retracted != want {
					t.Errorf("%s of %s is %v, %v: %v %v", id, actor, got, now, err, err2)
				}
				return nil
			})
		}
		put("a", "1", 1)
		put("a", "2", 2)
		put("a", "2", 2)
		put("a", "2", 3) // known, elsewhere
		is(true, "a", "1")
		is(true, "a", "2")
		is(false, "b", "1")
		put("b", "3", 1)
		is(false, "a", "1")
		is(true, "b", "3")
		if n := w.count(`SELECT COUNT(*) FROM retracted`); n != 2 {
			t.Errorf("%d are kept", n)
		}
		clock.Advance(61 * time.Minute)
		is(false, "b", "3")
		w.cleanUp()
		if n := w.count(`SELECT COUNT(*) FROM retracted`); n != 0 {
			t.Errorf("%d are kept for ever", n)
		}
	})
}

// Reports are kept once each, have room that ends, and go with either account.
func TestReports(t *testing.T) {
	storetest.EachWithClock(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		w := newWorld(t, s)
		me, bob, eve := w.local("me"), w.remote("bob"), w.remote("eve")
		post := w.status(me, store.Public, nil)
		report := func(by *store.Account, uri string) (created bool) {
			t.Helper()
			w.update(func(tx *store.Tx) (err error) {
				created, err = tx.InsertReport(&store.Report{URI: uri, AccountID: by.ID, TargetID: me.ID, Host: "there.test", Category: "other", Comment: uri, StatusIDs: []store.ObjectID{post.ID}})
				return err
			})
			return created
		}
		if !report(bob, "1") || report(bob, "1") || !report(eve, "1") || !report(bob, "2") {
			t.Error("a report is kept twice, or not at all")
		}
		boss := w.local("boss")
		if err := store.Exec(t.Context(), s, `UPDATE users SET admin = TRUE WHERE account_id = $1`, boss.ID); err != nil {
			t.Fatal(err)
		}
		room := func(want bool, host string, most, total int) {
			t.Helper()
			w.view(func(tx *store.Tx) error {
				got, err := tx.HasRoomForReports(host, most, total)
				if err != nil || got != want {
					t.Errorf("room at %s: %v %v", host, got, err)
				}
				return nil
			})
		}
		room(true, "there.test", 4, 4)
		room(false, "there.test", 3, 10)
		room(true, "c.test", 3, 10)
		room(false, "c.test", 3, 3)
		var list []*store.Report
		w.view(func(tx *store.Tx) (err error) {
			list, err = tx.Reports(false, 10)
			if by, err := tx.ReportsBy(me.ID, []store.AccountID{bob.ID, me.ID}); err != nil || len(by) != 0 {
				t.Errorf("who is no admin is told of %v: %v", by, err)
			}
			if by, err := tx.ReportsBy(boss.ID, []store.AccountID{bob.ID, me.ID}); err != nil || len(by) != 1 || by[bob.ID].Comment != "2" {
				t.Errorf("the newest by bob are %v: %v", by, err)
			}
			return err
		})
		if len(list) != 3 || list[0].Comment != "2" || fmt.Sprint(list[0].StatusIDs) != fmt.Sprint([]store.ObjectID{post.ID}) {
			t.Fatalf("%+v", list)
		}
		w.update(func(tx *store.Tx) error { return tx.ResolveReport(list[0].ID) })
		room(true, "there.test", 3, 10)
		clock.Advance(91 * 24 * time.Hour)
		w.cleanUp()
		if n := w.count(`SELECT COUNT(*) FROM reports`); n != 2 {
			t.Errorf("%d reports are kept", n)
		}
		purge := func(a *store.Account) {
			t.Helper()
			w.remove(a)
			for done := false; !done; {
				w.update(func(tx *store.Tx) (err error) { done, err = tx.PurgeAccount(a.ID); return err })
			}
		}
		purge(eve)
		if n := w.count(`SELECT COUNT(*) FROM reports`); n != 1 {
			t.Errorf("%d reports are kept after who reported is deleted", n)
		}
		purge(me)
		if n := w.count(`SELECT COUNT(*) FROM reports`); n != 0 {
			t.Errorf("%d reports are kept after who was reported is deleted", n)
		}
	})
}
