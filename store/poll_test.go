package store_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"kinglet/store"
	"kinglet/store/storetest"
)

// poll writes a status with a poll.
func (w *world) poll(author *store.Account, p store.Poll) *store.Object {
	w.t.Helper()
	o := w.status(author, store.Public, nil)
	p.Options = []store.PollOption{{Title: "Yes"}, {Title: "No"}, {Title: "Later"}}
	w.update(func(tx *store.Tx) error { return tx.SetPoll(o.ID, &p) })
	return o
}

// tallies are the votes of the options of a status's poll and the voters.
func (w *world) tallies(id store.ObjectID) (out string) {
	w.t.Helper()
	w.view(func(tx *store.Tx) error {
		o, err := tx.Object(id)
		if err == nil && o.Poll != nil {
			out = fmt.Sprint(o.Poll.Options[0].Votes, o.Poll.Options[1].Votes, o.Poll.Options[2].Votes, " of ", o.Poll.Voters)
		}
		return err
	})
	return out
}

// A vote counts once, all its choices or none.
func TestPutVotes(t *testing.T) {
	storetest.EachWithClock(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		w := newWorld(t, s)
		author, voter, other := w.local("author"), w.local("voter"), w.remote("other")
		single, several := w.poll(author, store.Poll{ExpiresAt: clock.Now().Add(time.Hour)}), w.poll(author, store.Poll{Multiple: true})
		for i, c := range []struct {
			poll    *store.Object
			voter   *store.Account
			choices []int
			err     error
			tallies string
		}{
			{single, voter, []int{0, 1}, store.ErrVoted, "0 0 0 of 0"},
			{single, voter, nil, store.ErrNoSuchChoice, "0 0 0 of 0"},
			{single, voter, []int{3}, store.ErrNoSuchChoice, "0 0 0 of 0"},
			{single, voter, []int{-1}, store.ErrNoSuchChoice, "0 0 0 of 0"},
			{single, voter, []int{1, 1}, nil, "0 1 0 of 1"},
			{single, voter, []int{0}, store.ErrVoted, "0 1 0 of 1"},
			{single, other, []int{1}, nil, "0 2 0 of 2"},
			{several, voter, []int{2, 0}, nil, "1 0 1 of 1"},
			{several, voter, []int{1, 0}, store.ErrVoted, "1 0 1 of 1"},
			{several, voter, []int{1}, nil, "1 1 1 of 1"},
			{several, other, []int{0, 1, 9}, store.ErrNoSuchChoice, "1 1 1 of 1"},
			{several, other, []int{0}, nil, "2 1 1 of 2"},
		} {
			err := w.Update(t.Context(), func(tx *store.Tx) error { return tx.PutVotes(c.voter.ID, c.poll.ID, c.choices) })
			if !errors.Is(err, c.err) {
				t.Errorf("%d: %v, not %v", i, err, c.err)
			}
			if got := w.tallies(c.poll.ID); got != c.tallies {
				t.Errorf("%d: the tallies are %s, not %s", i, got, c.tallies)
			}
		}
		var voted []int
		w.view(func(tx *store.Tx) error {
			list, err := tx.Statuses(voter.ID, []store.ObjectID{several.ID, single.ID})
			if err == nil {
				voted = append(list[0].Voted, list[1].Voted...)
			}
			return err
		})
		if fmt.Sprint(voted) != "[0 1 2 1]" {
			t.Errorf("the voter sees %v", voted)
		}
		clock.Advance(time.Hour)
		err := w.Update(t.Context(), func(tx *store.Tx) error { return tx.PutVotes(author.ID, single.ID, []int{0}) })
		if !errors.Is(err, store.ErrPollEnded) {
			t.Errorf("at the end: %v", err)
		}
		// Whoever goes takes the votes away, but not from a result.
		w.remove(other)
		for done := false; !done; {
			w.update(func(tx *store.Tx) (err error) {
				done, err = tx.PurgeAccount(other.ID)
				return err
			})
		}
		if got := w.tallies(single.ID) + ", " + w.tallies(several.ID); got != "0 2 0 of 2, 1 1 1 of 1" {
			t.Errorf("without one they are %s", got)
		}
		w.update(func(tx *store.Tx) error { return tx.DeleteObject(several, nil) })
		if n := w.count(`SELECT COUNT(*) FROM poll_votes`); n != 1 {
			t.Errorf("%d votes are left", n)
		}
	})
}

// What many vote at once is what is counted.
func TestVotesAtOnce(t *testing.T) {
	nodes(t, func(t *testing.T, nodes []*store.Store) {
		w := newWorld(t, nodes[0])
		author := w.local("author")
		single, several := w.poll(author, store.Poll{}), w.poll(author, store.Poll{Multiple: true})
		var voters []*store.Account
		for i := range 5 {
			voters = append(voters, w.remote(fmt.Sprint("r", i)))
		}
		for _, err := range atOnce(t, nodes, 8, func(i int, w *world) error {
			for n := range 30 {
				voter := voters[(n+i)%len(voters)]
				for _, poll := range []*store.Object{single, several} {
					err := w.Update(t.Context(), func(tx *store.Tx) error { return tx.PutVotes(voter.ID, poll.ID, []int{(n / 5) % 3}) })
					if err != nil && !errors.Is(err, store.ErrVoted) {
						return err
					}
				}
			}
			return nil
		}) {
			if err != nil {
				t.Error(err)
			}
		}
		if got := w.tallies(several.ID); got != "5 5 5 of 5" {
			t.Errorf("of several choices they are %s", got)
		}
		if n := w.count(`SELECT COUNT(*) FROM poll_votes WHERE status_id = ` + single.ID.String()); n != 5 {
			t.Errorf("%d votes of one choice", n)
		}
		w.view(func(tx *store.Tx) error {
			o, err := tx.Object(single.ID)
			if err == nil && (o.Poll.Votes() != 5 || o.Poll.Voters != 5) {
				t.Errorf("of one choice they are %+v", o.Poll)
			}
			return err
		})
	})
}

// The server of a remote poll is asked now and then while the poll runs, once
// after its end, and never for one of ours.
func TestAskForPoll(t *testing.T) {
	storetest.EachWithClock(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		w := newWorld(t, s)
		ours, theirs := w.poll(w.local("author"), store.Poll{}), w.poll(w.remote("other"), store.Poll{ExpiresAt: clock.Now().Add(time.Hour)})
		due := func(o *store.Object) (due bool) {
			w.update(func(tx *store.Tx) (err error) {
				due, err = tx.AskForPoll(o.ID)
				return err
			})
			return due
		}
		if due(ours) {
			t.Error("one of ours is asked for")
		}
		if !due(theirs) || due(theirs) {
			t.Error("a remote one is not asked for once")
		}
		clock.Advance(time.Minute)
		if due(theirs) {
			t.Error("it is asked for too often")
		}
		clock.Advance(time.Minute)
		if !due(theirs) {
			t.Error("it is not asked for again")
		}
		clock.Advance(time.Hour)
		if !due(theirs) {
			t.Error("it is not asked for after its end")
		}
		clock.Advance(time.Hour)
		if due(theirs) {
			t.Error("it is asked for long after its end")
		}
		// The last results are asked for, however shortly before somebody looked.
		last := w.poll(w.remote("last"), store.Poll{ExpiresAt: clock.Now().Add(3 * time.Minute)})
		clock.Advance(3*time.Minute + 30*time.Second)
		if !due(last) {
			t.Error("it is not asked for just after its end")
		}
		clock.Advance(30 * time.Second)
		if !due(last) || due(last) {
			t.Error("the last results are not asked for once")
		}
	})
}
