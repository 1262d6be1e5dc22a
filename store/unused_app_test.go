package store_test

import (
	"fmt"
	"testing"
	"time"

	"kinglet/store"
	"kinglet/store/storetest"
)

func TestAppsAreBoundedInNumber(t *testing.T) {
	storetest.EachWithClock(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		w := newWorld(t, s)
		owner := w.local("owner")
		signedIn, asked, idle := w.app(), w.app(), w.app()
		w.token(signedIn, owner.ID, nil)
		w.token(idle, 0, nil)
		var apps []int64
		w.update(func(tx *store.Tx) error {
			if err := tx.InsertCode(&store.Code{Hash: "code", AppID: asked.ID, AccountID: owner.ID, ExpiresAt: tx.Now().Add(time.Minute)}); err != nil {
				return err
			}
			for i := range store.MaxApps + 10 {
				clock.Advance(time.Millisecond)
				a := &store.App{ClientID: fmt.Sprint("client ", i), Name: "a stranger's"}
				if err := tx.InsertApp(a); err != nil {
					return err
				}
				apps = append(apps, a.ID)
			}
			return nil
		})
		w.view(func(tx *store.Tx) error {
			known, err := tx.Apps(append(apps, signedIn.ID, asked.ID, idle.ID))
			if err != nil || len(known) != store.MaxApps {
				t.Errorf("%d clients, %v", len(known), err)
			}
			if known[signedIn.ID] == nil || known[asked.ID] == nil || known[apps[len(apps)-1]] == nil {
				t.Error("one in use, or the newest, is gone")
			}
			if known[idle.ID] != nil || known[apps[0]] != nil {
				t.Error("the oldest unused ones are there")
			}
			return nil
		})
	})
}

func TestUnusedAppsExpire(t *testing.T) {
	storetest.EachWithClock(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		w := newWorld(t, s)
		owner := w.local("owner")
		unused, idle, signedIn := w.app(), w.app(), w.app()
		w.token(signedIn, owner.ID, nil)
		w.token(idle, 0, nil)
		clock.Advance(8 * 24 * time.Hour)
		fresh := w.app()
		w.token(fresh, 0, nil)
		w.cleanUp()
		w.view(func(tx *store.Tx) error {
			known, err := tx.Apps([]int64{unused.ID, idle.ID, signedIn.ID, fresh.ID})
			if err != nil || len(known) != 2 || known[signedIn.ID] == nil || known[fresh.ID] == nil {
				t.Errorf("%v, %v", known, err)
			}
			return nil
		})
	})
}
