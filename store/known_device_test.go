package store_test

import (
	"fmt"
	"testing"
	"time"

	"kinglet/store"
	"kinglet/store/storetest"
)

// Where an account signed in from is known for a year, for no other account,
// a bounded number of times, and until its access is revoked.
func TestKnownDevices(t *testing.T) {
	storetest.EachWithClock(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		w := newWorld(t, s)
		alice, bob := w.local("alice"), w.local("bob")
		put := func(a *store.Account, hash string) {
			t.Helper()
			w.update(func(tx *store.Tx) error { return tx.PutKnownDevice(a.ID, hash) })
		}
		check := func(a *store.Account, hash string, want bool) {
			t.Helper()
			w.view(func(tx *store.Tx) error {
				if got, err := tx.IsKnownDevice(a.ID, hash); err != nil || got != want {
					t.Errorf("%s of %s is known: %v %v", hash, a.Username, got, err)
				}
				return nil
			})
		}
		put(alice, "phone")
		put(alice, "phone")
		put(bob, "laptop")
		check(alice, "phone", true)
		check(bob, "phone", false)
		check(alice, "laptop", false)
		clock.Advance(300 * 24 * time.Hour)
		put(alice, "phone")
		clock.Advance(300 * 24 * time.Hour)
		check(alice, "phone", true)
		check(bob, "laptop", false)
		w.cleanUp()
		check(alice, "phone", true)
		clock.Advance(-100 * 24 * time.Hour) // the clean-up has dropped it, not only its age
		check(bob, "laptop", false)
		clock.Advance(100 * 24 * time.Hour)

		for i := range 70 {
			clock.Advance(time.Second)
			put(bob, fmt.Sprint("device ", i))
		}
		check(bob, "device 5", false)
		check(bob, "device 6", true)
		check(bob, "device 69", true)
		check(alice, "phone", true)

		w.update(func(tx *store.Tx) error { return tx.RevokeAccess(alice.ID) })
		check(alice, "phone", false)
		w.remove(bob)
		check(bob, "device 69", false)
	})
}
