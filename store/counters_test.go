package store_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"kinglet/internal/fault"
	"kinglet/store"
	"kinglet/store/storetest"
)

// Many do everything to the same few rows at once; whatever comes of it, the
// counters say what is there.
func TestCountersAfterEverythingAtOnce(t *testing.T) {
	const actors, rounds = 8, 25
	nodes(t, func(t *testing.T, nodes []*store.Store) {
		w := newWorld(t, nodes[0])
		var people []*store.Account
		for i := range 4 {
			people = append(people, w.local(fmt.Sprint("l", i)), w.remote(fmt.Sprint("r", i)))
		}
		uri := func(n int) string { return fmt.Sprint("https://there.test/notes/", n) }
		errs := atOnce(t, nodes, actors, func(i int, w *world) error {
			rnd := rand.New(rand.NewPCG(uint64(i), 7))
			for range rounds {
				a, b := people[rnd.IntN(len(people))], people[rnd.IntN(len(people))]
				n, what := rnd.IntN(6), rnd.IntN(12)
				err := w.Update(t.Context(), func(tx *store.Tx) error {
					switch what {
					case 0, 1: // a reply may come before what it answers
						to := ""
						if n > 0 {
							to = uri(n - 1)
						}
						return reply(tx, a, uri(n), to)
					case 2:
						return reply(tx, a, fmt.Sprint(uri(n), "/", serial.Add(1)), uri(n))
					case 3:
						if a != b {
							return follow(tx, a, b)
						}
						return nil
					case 4:
						_, err := tx.DeleteFollow(a.ID, b.ID)
						return err
					case 5:
						if _, err := tx.PutBlock(a.ID, b.ID, ""); err != nil || a == b {
							return err
						}
						_, _, err := tx.DeleteBlock(a.ID, b.ID)
						return err
					}
					o, err := tx.ObjectByURI(uri(n))
					if err != nil || !o.DeletedAt.IsZero() {
						return err
					}
					switch what {
					case 6, 7:
						_, err = boost(tx, a, o)
					case 8:
						err = unboost(tx, a, o)
					case 9:
						_, err = tx.PutFavourite(a.ID, o.ID, "")
					case 10:
						_, _, err = tx.DeleteFavourite(a.ID, o.ID)
					case 11:
						if rnd.IntN(3) == 0 {
							err = bury(tx, o.URI)
						}
					}
					return err
				})
				if err != nil && !fault.Is(err, fault.NotFound) {
					return err
				}
			}
			return nil
		})
		succeed(t, errs)
		recount(t, w.Store)
		succeed(t, atOnce(t, nodes, len(people), func(i int, w *world) error {
			return w.Update(t.Context(), func(tx *store.Tx) error {
				if i%2 == 0 {
					return follow(tx, people[i], people[i+1])
				}
				return tx.DeleteAccount(people[i].ID)
			})
		}))
		succeed(t, atOnce(t, nodes, len(people), func(i int, w *world) error {
			for done := i%2 == 0; !done; {
				if err := w.Update(t.Context(), func(tx *store.Tx) (err error) {
					done, err = tx.PurgeAccount(people[i].ID)
					return err
				}); err != nil {
					return err
				}
			}
			return nil
		}))
		recount(t, w.Store)
	})
}

// What was deleted while somebody boosts or favourites it is neither.
func TestGoneIsNotCounted(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s)
		alice, bob := w.local("alice"), w.local("bob")
		o := w.status(alice, store.Public, nil)
		w.update(func(tx *store.Tx) error { return tx.DeleteObject(o, nil) })
		for name, fn := range map[string]func(tx *store.Tx) error{
			"boost":     func(tx *store.Tx) error { _, err := boost(tx, bob, o); return err },
			"favourite": func(tx *store.Tx) error { _, err := tx.PutFavourite(bob.ID, o.ID, ""); return err },
		} {
			if err := s.Update(t.Context(), fn); !fault.Is(err, fault.NotFound) {
				t.Errorf("%s: %v", name, err)
			}
		}
		recount(t, s)
	})
}
