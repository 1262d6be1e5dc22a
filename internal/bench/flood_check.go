package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"kinglet/internal/fault"
	"kinglet/store"
)

// settle waits until nothing more is done for what arrived: it waits for no
// host, since all of them answer.
func (f *flood) settle(ctx context.Context) error {
	s, err := store.Open(ctx, store.Options{Database: f.m.database, MustExist: true})
	if err != nil {
		return err
	}
	defer s.Close()
	for began := time.Now(); time.Since(began) < patience; {
		waiting, err := store.Read(ctx, s, func(tx *store.Tx) (sum int64, err error) {
			for _, kind := range []string{"ingest", "thread", "mentions", "deliver", "fan_out"} {
				n, err := tx.CountJobs(kind)
				if err != nil {
					return 0, err
				}
				sum += n
			}
			return sum, nil
		})
		if err != nil || waiting == 0 {
			return err
		}
		if err := sleep(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
	return fmt.Errorf("jobs are left after %s", patience)
}

// check looks for everything that was acknowledged: what the last answered
// message about something left has to be there; what nobody wanted, and what was
// refused, has not.
func (f *flood) check(ctx context.Context, acked []*floodMessage) error {
	// What waits in an outbox is written: a second process reads the same file.
	s, err := store.Open(ctx, store.Options{Database: f.m.database, MustExist: true})
	if err != nil {
		return err
	}
	defer s.Close()
	last := map[string]*floodMessage{}
	for _, msg := range acked {
		// A repeated one changes nothing: what was deleted stays so.
		if msg.about != "" && !msg.repeated {
			last[msg.about] = msg
		}
	}
	written := 0
	for _, msg := range last {
		if msg.left != nothing {
			written++
		}
		if err := f.find(ctx, s, msg); err != nil {
			return err
		}
	}
	for _, msg := range f.messages {
		if !msg.refused {
			continue
		}
		if err := f.find(ctx, s, msg); err != nil {
			return err
		}
	}
	fmt.Printf("sent: %s\n", strings.Join(kinds(f.messages), ", "))
	fmt.Printf("looked for: %d things of %d messages that were answered 202\n", written, len(acked))
	if len(f.wrong) == 0 {
		fmt.Println("nothing is lost, and nothing is there that should not be")
		return nil
	}
	for what, n := range f.wrong {
		fmt.Printf("WRONG: %d times: %s\n", n, what)
	}
	return fmt.Errorf("%d kinds of things are wrong", len(f.wrong))
}

// find compares what a message left with what it should.
func (f *flood) find(ctx context.Context, s *store.Store, msg *floodMessage) error {
	about := msg.about
	there, err := store.Read(ctx, s, func(tx *store.Tx) (left, error) {
		switch msg.left {
		case favourite:
			a, err := tx.AccountByURI(msg.host.actor)
			if err != nil {
				return nothing, err
			}
			if _, ok, err := tx.FavouriteByURI(a.ID, about); ok || err != nil {
				return favourite, err
			}
			// Of the same account one counts, by any of its Likes.
			own, err := tx.ObjectByURI("https://" + domain + f.m.facts.Object)
			if err != nil {
				return nothing, err
			}
			has, err := tx.HasFavourite(a.ID, own.ID)
			if !has {
				return nothing, err
			}
			return favourite, err
		case follow:
			_, err := tx.FollowByURI(about, 0)
			return follow, err
		}
		o, err := tx.ObjectByURI(about)
		switch {
		case err != nil:
			return nothing, err
		case !o.DeletedAt.IsZero():
			return deleted, nil
		case msg.left == edited && o.Content == msg.text:
			return edited, nil
		}
		return status, nil
	})
	if err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	if err != nil {
		there = nothing
	}
	if there == msg.left || msg.left == deleted && there == nothing {
		return nil
	}
	what := "LOST: " + msg.kind
	if msg.left == nothing {
		what = "KEPT: " + msg.kind
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.wrong[what]++
	return nil
}
