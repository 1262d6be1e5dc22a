package store_test

import (
	"fmt"
	"testing"
	"time"

	"kinglet/internal/fault"
	"kinglet/store"
	"kinglet/store/storetest"
)

func (w *world) relay(name string, with func(r *store.Relay)) *store.Relay {
	r := &store.Relay{Inbox: "https://" + name + "/inbox", ActorURI: "https://" + name + "/actor", FollowURI: "https://here.test/activities/" + name, Budget: 2}
	if with != nil {
		with(r)
	}
	w.update(func(tx *store.Tx) error { return tx.PutRelay(r) })
	return r
}

// A relay is asked, answers and is asked again; it is found by all that it is
// known by.
func TestRelays(t *testing.T) {
	storetest.EachWithClock(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		w := newWorld(t, s)
		one := w.relay("one.test", func(r *store.Relay) { r.Tags = []string{"cats"} })
		two := w.relay("two.test", func(r *store.Relay) { r.ActorURI, r.LitePub, r.ReceiveOnly = "", true, true })
		w.relay("three.test", func(r *store.Relay) { r.ActorURI = "" }) // without an actor there may be several
		find := func(what string, r *store.Relay, err error, want int64) {
			t.Helper()
			if want == 0 && !fault.Is(err, fault.NotFound) || want != 0 && (err != nil || r.ID != want) {
				t.Errorf("%s: %+v %v", what, r, err)
			}
		}
		w.view(func(tx *store.Tx) error {
			r, err := tx.Relay(one.ID)
			find("by id", r, err, one.ID)
			if r.State != store.RelayPending || len(r.Tags) != 1 || r.Tags[0] != "cats" || !r.CreatedAt.Equal(clock.Now()) {
				t.Errorf("%+v", r)
			}
			r, err = tx.RelayByActor(one.ActorURI)
			find("by actor", r, err, one.ID)
			r, err = tx.RelayByActor("")
			find("by no actor", r, err, 0)
			r, err = tx.RelayByInbox(two.Inbox)
			find("by inbox", r, err, two.ID)
			r, err = tx.RelayByFollow(two.FollowURI)
			find("by follow", r, err, two.ID)
			r, err = tx.RelayByFollow("https://here.test/activities/none")
			find("by another follow", r, err, 0)
			list, err := tx.RelaysToSend()
			if len(list) != 0 {
				t.Errorf("posts go to those that have not accepted: %v", list)
			}
			return err
		})
		answer := func(r *store.Relay, state string) (changed bool) {
			w.update(func(tx *store.Tx) (err error) {
				changed, err = tx.AnswerRelay(r.ID, state, "https://actor.test/"+r.Inbox)
				return err
			})
			return changed
		}
		if !answer(one, store.RelayAccepted) || answer(one, store.RelayAccepted) || !answer(two, store.RelayAccepted) {
			t.Error("an answer counts once")
		}
		sends := func(want ...int64) {
			t.Helper()
			var got []int64
			w.view(func(tx *store.Tx) error {
				list, err := tx.RelaysToSend()
				for _, r := range list {
					got = append(got, r.ID)
				}
				return err
			})
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("posts go to %v, not %v", got, want)
			}
		}
		sends(one.ID)
		w.update(func(tx *store.Tx) error { _, err := tx.PutGoneInbox(one.Inbox); return err })
		sends()
		for _, why := range []string{"it answers 500", "it answers 500", "it answers 403"} {
			w.update(func(tx *store.Tx) error { return tx.RelayFailed(one.ID, why) })
			w.view(func(tx *store.Tx) error {
				r, err := tx.Relay(one.ID)
				if r.Error != why {
					t.Errorf("%q", r.Error)
				}
				return err
			})
		}
		w.update(func(tx *store.Tx) error {
			return tx.SetRelay(&store.Relay{ID: one.ID, Tags: []string{"birds"}, Budget: 9, ReceiveOnly: true})
		})
		w.view(func(tx *store.Tx) error {
			r, err := tx.Relay(one.ID)
			if !r.Wants([]string{"x", "#Birds"}) || r.Wants([]string{"cats"}) || r.Wants(nil) || r.Budget != 9 || !r.ReceiveOnly || r.State != store.RelayAccepted {
				t.Errorf("%+v", r)
			}
			return err
		})
		// Asked again, it waits, with its counts.
		w.update(func(tx *store.Tx) error { return tx.RelayRefused(one.ID, 5, "a\x00b\xff") })
		again := w.relay("one.test", func(r *store.Relay) { r.FollowURI = "https://here.test/activities/again" })
		w.view(func(tx *store.Tx) error {
			r, err := tx.Relay(one.ID)
			if again.ID != one.ID || r.State != store.RelayPending || r.Refused != 5 || r.RefusedWhy != "ab�" || r.FollowURI != again.FollowURI || len(r.Tags) != 0 {
				t.Errorf("%+v", r)
			}
			return err
		})
		w.update(func(tx *store.Tx) error { return tx.EndRelay("https://actor.test/" + two.Inbox) })
		w.update(func(tx *store.Tx) error { return tx.EndRelay("") })
		w.view(func(tx *store.Tx) error {
			list, err := tx.Relays()
			if len(list) != 3 || list[0].State != store.RelayPending || list[1].State != store.RelayRejected || list[2].State != store.RelayPending {
				t.Errorf("%+v", list)
			}
			return err
		})
		w.update(func(tx *store.Tx) error { return tx.DeleteRelay(two.ID) })
		w.view(func(tx *store.Tx) error {
			r, err := tx.Relay(two.ID)
			find("deleted", r, err, 0)
			return nil
		})
	})
}

// A budget is for an hour, and for a relay that has accepted.
func TestRelayBudget(t *testing.T) {
	storetest.EachWithClock(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		w := newWorld(t, s)
		r := w.relay("one.test", nil)
		spend := func() (ok bool) {
			w.update(func(tx *store.Tx) (err error) {
				ok, err = tx.SpendRelay(r.ID)
				return err
			})
			return ok
		}
		left := func(want int) {
			t.Helper()
			w.view(func(tx *store.Tx) error {
				r, err := tx.Relay(r.ID)
				if r.Left(tx.Now()) != want {
					t.Errorf("%d are left, not %d", r.Left(tx.Now()), want)
				}
				return err
			})
		}
		if spend() {
			t.Error("one that has not accepted spends")
		}
		w.update(func(tx *store.Tx) error { _, err := tx.AnswerRelay(r.ID, store.RelayAccepted, r.ActorURI); return err })
		left(2)
		for n, want := range []bool{true, true, false} {
			if got := spend(); got != want {
				t.Errorf("the item %d is spent: %v", n, got)
			}
		}
		left(0)
		clock.Advance(59 * time.Minute)
		if spend() {
			t.Error("spent before the hour is over")
		}
		clock.Advance(time.Minute)
		left(2)
		if !spend() {
			t.Error("nothing to spend after an hour")
		}
		left(1)
	})
}

// What relays brought is deleted when its time is over, with all its rows, unless
// it concerns somebody here.
func TestRelayedIsForgotten(t *testing.T) {
	storetest.EachWithClock(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		w := newWorld(t, s)
		alice, bob, friend, reported := w.local("alice"), w.remote("bob"), w.remote("friend"), w.remote("reported")
		w.follow(alice, friend)
		relay := w.relay("relay.test", nil)
		kept, gone := map[string]*store.Object{}, map[string]*store.Object{}
		bring := func(o *store.Object) *store.Object {
			w.update(func(tx *store.Tx) error { return tx.PutRelayed(o.ID, relay.ID) })
			clock.Advance(time.Second)
			return o
		}
		post := func(by *store.Account, with func(o *store.Object), mentions ...*store.Account) *store.Object {
			return bring(w.status(by, store.Public, func(o *store.Object) {
				o.Context = "https://b.test/contexts/of/" + o.URI
				if with != nil {
					with(o)
				}
			}, mentions...))
		}
		answering := func(to *store.Object) func(o *store.Object) {
			return func(o *store.Object) {
				o.InReplyToURI, o.InReplyToID, o.InReplyToAccountID, o.Context = to.URI, to.ID, to.AccountID, to.Context
			}
		}
		do := func(name string, fn func(tx *store.Tx, o *store.Object) error) {
			o := post(bob, nil)
			kept[name] = o
			w.update(func(tx *store.Tx) error { return fn(tx, o) })
		}
		gone["untouched"] = post(bob, func(o *store.Object) { o.Tags = []string{"x"} })
		do("favourite", func(tx *store.Tx, o *store.Object) error { _, err := tx.PutFavourite(alice.ID, o.ID, "f"); return err })
		do("bookmark", func(tx *store.Tx, o *store.Object) error { return tx.PutBookmark(alice.ID, o.ID) })
		do("notification", func(tx *store.Tx, o *store.Object) error {
			_, err := tx.Notify(&store.Notification{AccountID: alice.ID, Type: "mention", From: bob.ID, StatusID: o.ID})
			return err
		})
		do("boost", func(tx *store.Tx, o *store.Object) error { _, err := boost(tx, friend, o); return err })
		do("kept since its author sent it", func(tx *store.Tx, o *store.Object) error { return tx.KeepRelayed(o.ID) })
		kept["mention"] = post(bob, nil, alice)
		kept["followed"] = post(friend, nil)
		kept["reported"] = post(reported, nil)
		w.update(func(tx *store.Tx) error {
			r := &store.Report{URI: "https://here.test/r", AccountID: alice.ID, TargetID: reported.ID}
			_, err := tx.InsertReport(r)
			return err
		})
		// Somebody else's favourite does not keep it.
		gone["favourite elsewhere"] = post(bob, nil)
		w.update(func(tx *store.Tx) error {
			_, err := tx.PutFavourite(friend.ID, gone["favourite elsewhere"].ID, "g")
			return err
		})
		// Threads of relayed posts go together; one in which somebody here wrote stays.
		root := post(bob, func(o *store.Object) { o.Context = "https://b.test/c1" })
		gone["root"], gone["answer"] = root, post(bob, answering(root))
		ours := post(bob, func(o *store.Object) { o.Context = "https://b.test/c2" })
		kept["root of ours"], kept["beside ours"] = ours, post(bob, answering(ours))
		w.status(alice, store.Public, answering(ours))
		// What is here for another reason keeps what it answers, and its answers.
		asked := post(bob, nil)
		kept["answered"] = asked
		other := w.status(friend, store.Public, answering(asked))
		kept["answer to another"] = post(bob, answering(other))
		quoted := post(bob, nil)
		kept["quoted"] = quoted
		w.status(friend, store.Public, func(o *store.Object) { o.QuoteURI = quoted.URI })
		// The answer of one that is not due yet keeps what it answers for that long.
		waits := post(bob, nil)

		due := clock.Now().Add(time.Second)
		clock.Advance(time.Hour)
		late := post(bob, answering(waits))
		clean := func(before time.Time) {
			t.Helper()
			now := clock.Now()
			if err := s.CleanUp(t.Context(), store.Kept{IdempotencyKeys: now.Add(-time.Hour), DeadJobs: now.Add(-time.Hour), Events: now.Add(-time.Hour), Deliveries: now.Add(-time.Hour), HomeFeed: 100, Relayed: before}); err != nil {
				t.Fatal(err)
			}
		}
		is := func(name string, o *store.Object, want bool) {
			t.Helper()
			w.view(func(tx *store.Tx) error {
				_, err := tx.Object(o.ID)
				if here := err == nil; here != want {
					t.Errorf("%s is here: %v (%v)", name, here, err)
				}
				return nil
			})
		}
		clean(due)
		for name, o := range gone {
			is(name, o, false)
		}
		for name, o := range kept {
			is(name, o, true)
		}
		is("what a later one answers", waits, true)
		is("one that is not due", late, true)
		if n := w.count(`SELECT COUNT(*) FROM relayed`); n != 2 {
			t.Errorf("%d wait", n)
		}
		clean(clock.Now().Add(time.Second))
		is("what a later one answers", waits, false)
		is("the later one", late, false)
		for _, table := range []string{"relayed", "status_tags"} {
			if n := w.count(`SELECT COUNT(*) FROM ` + table); n != 0 {
				t.Errorf("%d rows are left of %s", n, table)
			}
		}
		recount(t, s)
		// It may come again.
		back := &store.Object{URI: gone["untouched"].URI, Type: "Note", AccountID: bob.ID, IsStatus: true}
		w.update(func(tx *store.Tx) error {
			created, err := tx.InsertObject(back)
			if !created {
				t.Error("it does not come again")
			}
			return err
		})
	})
}

// More than a batch is deleted, and what waits does not stop the rest.
func TestRelayedIsForgottenInBatches(t *testing.T) {
	storetest.EachWithClock(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		w := newWorld(t, s)
		bob := w.remote("bob")
		relay := w.relay("relay.test", nil)
		for range 45 { // all at one time
			o := w.status(bob, store.Public, nil)
			w.update(func(tx *store.Tx) error { return tx.PutRelayed(o.ID, relay.ID) })
		}
		clock.Advance(time.Hour)
		now := clock.Now()
		if err := s.CleanUp(t.Context(), store.Kept{IdempotencyKeys: now, DeadJobs: now, Events: now, Deliveries: now, HomeFeed: 100, Relayed: now}); err != nil {
			t.Fatal(err)
		}
		if n := w.count(`SELECT COUNT(*) FROM objects`); n != 0 {
			t.Errorf("%d are left", n)
		}
		w.view(func(tx *store.Tx) error {
			r, err := tx.Relay(relay.ID)
			if r.Taken != 45 {
				t.Errorf("taken %d", r.Taken)
			}
			return err
		})
	})
}

// What quotes a post of somebody here is theirs to keep: the author's server asks for
// leave, and never sends the quote itself.
func TestRelayedQuoteOfOursStays(t *testing.T) {
	storetest.EachWithClock(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		w := newWorld(t, s)
		alice, bob := w.local("alice"), w.remote("bob")
		relay := w.relay("relay.test", nil)
		ours := w.status(alice, store.Public, nil)
		quote := w.status(bob, store.Public, func(o *store.Object) {
			o.QuoteURI, o.QuoteID, o.Context = ours.URI, ours.ID, "https://there.test/1"
		})
		asked := w.status(bob, store.Public, func(o *store.Object) { o.Context = "https://there.test/2" })
		for _, o := range []*store.Object{quote, asked} {
			w.update(func(tx *store.Tx) error { return tx.PutRelayed(o.ID, relay.ID) })
		}
		w.update(func(tx *store.Tx) error {
			return tx.PutInteraction(&store.Interaction{
				Kind: store.ReplyTo, TargetID: ours.ID, AccountID: bob.ID, StatusID: asked.ID, URI: asked.URI, State: store.InteractionAccepted, Stamp: "https://here.test/objects/stamp",
			})
		})
		clock.Advance(time.Hour)
		now := clock.Now()
		if err := s.CleanUp(t.Context(), store.Kept{IdempotencyKeys: now, DeadJobs: now, Events: now, Deliveries: now, HomeFeed: 100, Relayed: now}); err != nil {
			t.Fatal(err)
		}
		if n := w.count(`SELECT COUNT(*) FROM objects`); n != 3 {
			t.Errorf("%d of 3 are left", n)
		}
		if n := w.count(`SELECT COUNT(*) FROM interactions`); n != 1 {
			t.Errorf("%d interactions are left", n)
		}
	})
}

// What quotes or answers itself, or another in turn, does not stay for that; nor does
// what is answered again and again stay for ever.
func TestRelayedInCirclesIsForgotten(t *testing.T) {
	storetest.EachWithClock(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		w := newWorld(t, s)
		bob := w.remote("bob")
		relay := w.relay("relay.test", nil)
		post := func(with func(o *store.Object)) *store.Object {
			o := w.status(bob, store.Public, with)
			w.update(func(tx *store.Tx) error { return tx.PutRelayed(o.ID, relay.ID) })
			return o
		}
		set := func(query string, o *store.Object, args ...any) {
			if err := store.Exec(t.Context(), s, query, append([]any{o.ID}, args...)...); err != nil {
				t.Fatal(err)
			}
		}
		itself := post(nil)
		set(`UPDATE objects SET quote_uri = uri, quote_id = id, in_reply_to_uri = uri, in_reply_to_id = id WHERE id = $1`, itself)
		one, two := post(nil), post(nil)
		set(`UPDATE objects SET quote_uri = $2, quote_id = $3 WHERE id = $1`, one, two.URI, two.ID)
		set(`UPDATE objects SET quote_uri = $2, quote_id = $3 WHERE id = $1`, two, one.URI, one.ID)
		root := post(nil)
		clean := func(want int64) {
			t.Helper()
			now := clock.Now()
			if err := s.CleanUp(t.Context(), store.Kept{IdempotencyKeys: now, DeadJobs: now, Events: now, Deliveries: now, HomeFeed: 100, Relayed: now.Add(-24 * time.Hour)}); err != nil {
				t.Fatal(err)
			}
			if n := w.count(`SELECT COUNT(*) FROM objects`); n != want {
				t.Errorf("%d are left, not %d", n, want)
			}
		}
		clock.Advance(25 * time.Hour)
		answer := post(func(o *store.Object) { o.InReplyToURI, o.InReplyToID, o.InReplyToAccountID = root.URI, root.ID, bob.ID })
		clean(4) // all but what is about itself
		clock.Advance(23*time.Hour + 30*time.Minute)
		clean(1)
		w.view(func(tx *store.Tx) error {
			o, err := tx.Object(answer.ID)
			if err == nil && (o.InReplyToID != 0 || o.InReplyToAccountID != 0 || o.InReplyToURI != root.URI) {
				t.Errorf("it answers %d (%s)", o.InReplyToID, o.InReplyToURI)
			}
			return err
		})
	})
}
