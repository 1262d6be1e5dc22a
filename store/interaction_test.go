package store_test

import (
	"fmt"
	"testing"

	"kinglet/internal/fault"
	"kinglet/store"
	"kinglet/store/storetest"
)

// An account has one interaction of a URI; another account may use the same.
func TestInteractions(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s)
		author, bob, eve := w.local("alice"), w.remote("bob"), w.remote("eve")
		post := w.status(author, store.Public, nil)
		put := func(who *store.Account, uri, state string) *store.Interaction {
			i := &store.Interaction{Kind: store.QuoteOf, TargetID: post.ID, AccountID: who.ID, URI: uri, RequestURI: uri + "/request", State: state}
			w.update(func(tx *store.Tx) error { return tx.PutInteraction(i) })
			return i
		}
		first := put(bob, "https://there.test/1", store.InteractionPending)
		put(eve, "https://there.test/1", store.InteractionPending)
		if again := put(bob, "https://there.test/1", store.InteractionAccepted); again.ID != first.ID {
			t.Errorf("it gets the id %d after %d", again.ID, first.ID)
		}
		w.view(func(tx *store.Tx) error {
			if i, err := tx.InteractionOf(bob.ID, "https://there.test/1", store.QuoteOf, post.ID); err != nil || i.State != store.InteractionAccepted {
				t.Errorf("%v is read: %v", i, err)
			}
			// Neither of them is an account's here.
			if _, err := tx.OwnInteraction("https://there.test/1/request", author.ID); !fault.Is(err, fault.NotFound) {
				t.Errorf("a stranger's request is taken for our own: %v", err)
			}
			list, err := tx.PendingInteractions(author.ID, store.Page{Limit: 10})
			if err != nil || len(list) != 1 || list[0].AccountID != eve.ID {
				t.Errorf("%v wait: %v", list, err)
			}
			for most, want := range map[int]bool{1: false, 2: true} {
				if room, err := tx.HasRoomForInteraction(author.ID, "none.test", most, 1); err != nil || room != want {
					t.Errorf("of %d there is room: %v %v", most, room, err)
				}
			}
			return nil
		})
		own := w.status(bob, store.Public, nil)
		w.update(func(tx *store.Tx) error {
			return tx.PutInteraction(&store.Interaction{Kind: store.QuoteOf, TargetID: own.ID, AccountID: author.ID, URI: post.URI, RequestURI: "https://here.test/r", State: store.InteractionPending})
		})
		w.view(func(tx *store.Tx) error {
			for _, uri := range []string{post.URI, "https://here.test/r"} {
				if i, err := tx.OwnInteraction(uri, bob.ID); err != nil || i.TargetID != own.ID {
					t.Errorf("by %s %v is found: %v", uri, i, err)
				}
			}
			return nil
		})
	})
}

// Of one URI a status may be answered and another quoted; each is decided apart, and
// an answer of the one's author is not about the other.
func TestInteractionsOfOneURI(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s)
		alice, bob, eve := w.local("alice"), w.remote("bob"), w.remote("eve")
		answered, quoted := w.status(bob, store.Public, nil), w.status(eve, store.Public, nil)
		own := w.status(alice, store.Public, func(o *store.Object) { o.QuoteURI = quoted.URI })
		w.update(func(tx *store.Tx) error {
			for kind, target := range map[string]*store.Object{store.ReplyTo: answered, store.QuoteOf: quoted} {
				i := &store.Interaction{Kind: kind, TargetID: target.ID, AccountID: alice.ID, StatusID: own.ID, URI: own.URI, State: store.InteractionPending}
				if err := tx.PutInteraction(i); err != nil {
					return err
				}
			}
			return nil
		})
		w.view(func(tx *store.Tx) error {
			for author, want := range map[store.AccountID]string{bob.ID: store.ReplyTo, eve.ID: store.QuoteOf} {
				if i, err := tx.OwnInteraction(own.URI, author); err != nil || i.Kind != want {
					t.Errorf("%v decides about %v: %v", author, i, err)
				}
			}
			return nil
		})
		// Who is answered says nothing of the quote.
		w.update(func(tx *store.Tx) error { return tx.AuthorizeQuote(own.ID, answered.ID, "https://there.test/stamp") })
		if n := w.count(`SELECT COUNT(*) FROM objects WHERE quote_stamp <> ''`); n != 0 {
			t.Error("another's author agrees to the quote")
		}
		w.update(func(tx *store.Tx) error { return tx.AuthorizeQuote(own.ID, quoted.ID, "https://there.test/stamp") })
		w.update(func(tx *store.Tx) error { return tx.EndQuote(own.ID, answered.ID, store.QuoteRevoked) })
		if n := w.count(`SELECT COUNT(*) FROM objects WHERE quote_stamp <> '' AND quote_state = 'accepted'`); n != 1 {
			t.Error("another's author ends the quote")
		}
	})
}

// What a policy says of an account: the most specific entry decides, and of two
// the one that allows more.
func TestPolicies(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s)
		bob, alice, carol := w.remote("bob"), w.local("alice"), w.local("carol")
		w.follow(alice, bob)
		list := func(groups ...string) []string { return groups }
		for n, c := range []struct {
			automatic, manual []string
			alice, carol      store.Approval
		}{
			{list(store.Everyone), nil, store.Automatic, store.Automatic},
			{nil, nil, store.Denied, store.Denied},
			{nil, list(store.Everyone), store.Manual, store.Manual},
			{list(store.Followers), nil, store.Automatic, store.Denied},
			{list(store.Followers), list(store.Everyone), store.Automatic, store.Manual},
			{list(store.Everyone), list(store.Followers), store.Manual, store.Automatic},
			{list(store.Everyone), list("@carol"), store.Automatic, store.Manual},
			{list(store.Everyone), list(store.Everyone), store.Automatic, store.Automatic},
			{list(store.Following), nil, store.Denied, store.Denied},
			{list(store.Others), nil, store.Manual, store.Manual},
			{list(store.Everyone, store.Others), nil, store.Automatic, store.Automatic},
			{list("@carol"), nil, store.Denied, store.Automatic},
		} {
			for _, kind := range []string{store.QuoteOf, store.ReplyTo, store.LikeOf, store.AnnounceOf} {
				p := &store.Permission{Automatic: c.automatic, Manual: c.manual}
				policy := &store.Policy{Quote: p, Reply: p, Like: p, Announce: p}
				post := w.status(bob, store.Public, func(o *store.Object) { o.Policy, o.QuotesNeedStamp = policy, true })
				w.view(func(tx *store.Tx) error {
					kept, err := tx.Object(post.ID)
					if err != nil {
						return err
					}
					for who, want := range map[*store.Account]store.Approval{alice: c.alice, carol: c.carol, bob: store.Automatic} {
						if got, err := tx.MayInteract(kind, kept, who); err != nil || got != want {
							t.Errorf("%d: %s may %s %v, not %v (%v)", n, who.Username, kind, got, want, err)
						}
					}
					return nil
				})
			}
		}
		// Whatever is said of it, or nothing, as of posts from before there were policies.
		for visibility, want := range map[store.Visibility]store.Approval{store.Unlisted: store.Automatic, store.Private: store.Denied, store.Direct: store.Denied} {
			post := w.status(bob, visibility, nil)
			w.view(func(tx *store.Tx) error {
				if got, err := tx.MayInteract(store.QuoteOf, post, alice); err != nil || got != want {
					t.Errorf("alice may quote what is %v: %v, not %v (%v)", visibility, got, want, err)
				}
				return nil
			})
		}
		for n, c := range []struct {
			automatic, manual []string
			alice, carol      bool
		}{
			{list(store.Everyone), nil, false, false},
			{nil, list(store.Everyone), true, true},
			{list(store.Followers), nil, true, true},
			{list(store.Followers, store.Everyone), nil, true, false},
			{list("@carol"), list(store.Everyone), true, false},
			{list(store.Everyone), list("@carol"), false, true},
			{list(store.Others), nil, true, true},
		} {
			p := &store.Permission{Automatic: c.automatic, Manual: c.manual}
			post := w.status(bob, store.Public, func(o *store.Object) { o.Policy = &store.Policy{Announce: p} })
			w.view(func(tx *store.Tx) error {
				kept, err := tx.Object(post.ID)
				for who, want := range map[*store.Account]bool{alice: c.alice, carol: c.carol, bob: false} {
					if got, err := tx.MustWait(store.AnnounceOf, kept, who); err != nil || got != want {
						t.Errorf("%d: %s must wait: %v (%v)", n, who.Username, got, err)
					}
				}
				return err
			})
		}
		nobody := &store.Policy{Reply: &store.Permission{}}
		mentions := w.status(bob, store.Public, func(o *store.Object) { o.Policy = nobody }, carol)
		w.update(func(tx *store.Tx) error {
			return tx.InsertMentions(mentions.ID, []store.Mention{{AccountID: carol.ID}})
		})
		w.view(func(tx *store.Tx) error {
			kept, err := tx.Object(mentions.ID)
			for who, want := range map[*store.Account]store.Approval{alice: store.Denied, carol: store.Automatic} {
				if got, _ := tx.MayInteract(store.ReplyTo, kept, who); got != want {
					t.Errorf("%s may answer %v, not %v", who.Username, got, want)
				}
				if got, _ := tx.MustWait(store.ReplyTo, kept, who); got != (want == store.Denied) {
					t.Errorf("%s must wait: %v", who.Username, got)
				}
			}
			if got, _ := tx.MayInteract(store.LikeOf, kept, alice); got != store.Automatic {
				t.Errorf("of likes nothing is said, and alice may %v", got)
			}
			return err
		})
	})
}

// With a status go what was asked about it, and the authorizations.
func TestInteractionsGoWithTheirStatus(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s)
		author, bob := w.local("alice"), w.remote("bob")
		for n := range 2 {
			post, quote := w.status(author, store.Public, nil), w.status(bob, store.Public, nil)
			stamp := fmt.Sprintf("https://here.test/stamp/%d", n)
			w.update(func(tx *store.Tx) error {
				if err := tx.PutInteraction(&store.Interaction{
					Kind: store.QuoteOf, TargetID: post.ID, AccountID: bob.ID, StatusID: quote.ID, URI: quote.URI, Stamp: stamp, State: store.InteractionAccepted,
				}); err != nil {
					return err
				}
				_, err := tx.InsertObject(&store.Object{URI: stamp, Type: "QuoteAuthorization", AccountID: author.ID, Local: true, JSON: []byte("{}")})
				return err
			})
			gone := []*store.Object{post, quote}[n]
			w.update(func(tx *store.Tx) error { return tx.DeleteObject(gone, nil) })
			if left := w.count(`SELECT COUNT(*) FROM interactions`) + w.count(`SELECT COUNT(*) FROM objects WHERE type = 'QuoteAuthorization'`); left != 0 {
				t.Errorf("%d rows are left when %d is deleted", left, n)
			}
		}
	})
}
