package store_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"kinglet/internal/fault"
	"kinglet/store"
	"kinglet/store/storetest"
)

// scan is a step of SQLite's plan that reads a whole table of ours. What is
// built in memory (the ids of a page, a recursion) is read whole, rightly.
var scan = regexp.MustCompile(`^SCAN (\w+)`)

// inOrder is a walk along an index up to a LIMIT: rightly so for queues, which
// come in the order of their time, and for claimed jobs, which are few.
var inOrder = regexp.MustCompile(`^SCAN (job_queues USING INDEX job_queues_next|jobs USING INDEX jobs_claimed)`)

// sortsFew are what reads a set without an order, of one account or status.
var sortsFew = map[string]bool{"inboxes": true, "key": true, "interactors": true, "readers": true, "addressees": true, "burying": true}

// No statement of a hot path reads a whole table, and none of a read sorts what
// it found. How many rows they visit is TestHotReadsAreFlat's.
func TestHotPathsUseIndexes(t *testing.T) {
	t.Parallel()
	s := storetest.SQLite(t)
	w := newWorld(t, s)
	me, friend := w.local("me"), w.remote("friend")
	w.follow(me, friend)
	o := w.status(friend, store.Public, func(o *store.Object) { o.Tags = []string{"x"} }, me)
	small := map[string]bool{"json_each": true, "up": true, "down": true, "found": true, "first": true, "c": true, "u": true, "vr": false, "k": true, "interactors": true, "i": true}
	page := store.Page{Limit: 20}
	type steps = map[string]func(tx *store.Tx) error
	reads := steps{
		"home":   func(tx *store.Tx) error { _, err := tx.HomeTimeline(me.ID, page); return err },
		"public": func(tx *store.Tx) error { _, _, err := tx.PublicTimeline(me.ID, store.PublicQuery{}, page); return err },
		"local": func(tx *store.Tx) error {
			_, _, err := tx.PublicTimeline(0, store.PublicQuery{Local: true}, page)
			return err
		},
		"tag": func(tx *store.Tx) error {
			_, _, err := tx.TagTimeline(me.ID, store.TagQuery{Any: []string{"x"}}, page)
			return err
		},
		"account": func(tx *store.Tx) error {
			_, _, err := tx.AccountTimeline(me.ID, friend.ID, store.AccountQuery{}, page)
			return err
		},
		"statuses": func(tx *store.Tx) error { _, err := tx.Statuses(me.ID, []store.ObjectID{o.ID}); return err },
		"thread":   func(tx *store.Tx) error { _, _, err := tx.Thread(me.ID, o.ID); return err },
		"notifications": func(tx *store.Tx) error {
			_, _, err := tx.Notifications(me.ID, store.NotificationQuery{}, page)
			return err
		},
		"relationships": func(tx *store.Tx) error { _, err := tx.Relationships(me.ID, []store.AccountID{friend.ID}); return err },
		"followers":     func(tx *store.Tx) error { _, err := tx.Followers(me.ID, friend.ID, page); return err },
		"search":        func(tx *store.Tx) error { _, err := tx.SearchAccounts(me.ID, "fr", false, 20, 0); return err },
		"inboxes":       func(tx *store.Tx) error { _, err := tx.FollowerInboxes(friend.ID); return err },
		"addressees":    func(tx *store.Tx) error { _, err := tx.AddresseeInboxes(o.ID); return err },
		"known":         func(tx *store.Tx) error { _, err := tx.KnownURIs(o.URI); return err },
		"key":           func(tx *store.Tx) error { _, err := tx.AccountsByKeyID(friend.KeyID); return err },
		"next job":      func(tx *store.Tx) error { _, _, err := tx.NextRun([]string{"k"}, nil); return err },
		"counting":      func(tx *store.Tx) error { return tx.CountStatus(o) },
		"adopting":      func(tx *store.Tx) error { return tx.LinkReplies(o) },
		"activity":      func(tx *store.Tx) error { _, err := tx.ActivityOn(me.ID, "Announce", o.URI); return ignoreMissing(err) },
		"readers":       func(tx *store.Tx) error { _, err := tx.ReaderInboxes(o.ID, friend.ID); return err },
		"interactors":   func(tx *store.Tx) error { _, err := tx.InteractorInboxes(o.ID); return err },
		"context":       func(tx *store.Tx) error { _, err := tx.ContextStatuses(o.Context, 10); return err },
		"a page of it":  func(tx *store.Tx) error { _, _, err := tx.ContextPage(o.Context, 0, 10); return err },
		"replies":       func(tx *store.Tx) error { _, err := tx.PublicReplies(o, 0, 10); return err },
		"a thread":      func(tx *store.Tx) error { _, err := tx.ThreadRoot(o.ID); return err },
		"a crawl": func(tx *store.Tx) error {
			c := &store.Crawl{Kind: store.CrawlThread, Subject: int64(o.ID), OpenedBy: me.ID, StatusesLeft: 3}
			if _, err := tx.BeginCrawl(c, 1, 1); err != nil {
				return err
			}
			if err := tx.AddCrawlPages(c.ID, []store.CrawlPage{{URI: "https://x/1", Host: "x", Cost: store.CostStatus}}); err != nil {
				return err
			}
			_, _, err := tx.NextCrawlPages(c.ID, 1)
			_, p, _, perr := tx.CrawlPage(c.ID, "https://x/1")
			return errors.Join(err, perr, tx.CrawledPage(c.ID, p, true), tx.CrawlFound(c, o.ID, true))
		},
		"totals": func(tx *store.Tx) error {
			return tx.PutStatusTotals(o.ID, store.OriginTotal{N: 1, Known: true}, store.OriginTotal{})
		},
		"documents":     func(tx *store.Tx) error { _, err := tx.Documents([]store.ObjectID{o.ID}); return err },
		"an activity":   func(tx *store.Tx) error { _, _, err := tx.DocumentWithObject(o.ID); return err },
		"activities on": func(tx *store.Tx) error { _, err := tx.ActivitiesOn("Create", []string{o.URI}); return err },
		"standings":     func(tx *store.Tx) error { _, err := tx.Standings(me.ID, friend.ID); return err },
		"claiming": func(tx *store.Tx) error {
			_, _, err := tx.ClaimJobs(store.Claim{Node: "n", Kinds: []string{"k"}, Room: func(string, bool, int) int { return 1 }, Most: 9, Lease: 1})
			return err
		},
		"joining an order": func(tx *store.Tx) error {
			return tx.Enqueue(store.NewJob{Kind: "k", Lane: "l", Order: 7}, store.NewJob{Kind: "k", Lane: "l", Order: 8, Replaces: true})
		},
		"delivering": func(tx *store.Tx) error {
			_, err := tx.Delivery(o.ID, friend.ID)
			return ignoreMissing(err)
		},
		"jobs of a lane": func(tx *store.Tx) error { _, err := tx.JobsInLane("k", "l"); return err },
		"renewing":       func(tx *store.Tx) error { _, err := tx.RenewClaims("n", []int64{1}, 1); return err },
		"ending a job": func(tx *store.Tx) error {
			if err := tx.Enqueue(store.NewJob{Kind: "k", Lane: "end", Order: 9}); err != nil {
				return err
			}
			list, _, err := tx.ClaimJobs(store.Claim{Node: "n", Kinds: []string{"k"}, Room: func(string, bool, int) int { return 1 }, Most: 9, Lease: 1})
			if err != nil {
				return err
			}
			return errors.Join(tx.Enqueue(store.NewJob{Kind: "k", Lane: "end", Order: 9}), tx.FinishJobs(list[0]))
		},
		"trying a job again": func(tx *store.Tx) error { return tx.RetryJob(store.Job{}, tx.Now(), "") },
		"feeding":            func(tx *store.Tx) error { return tx.AddToHomeFeeds(o) },
	}
	check := func(name string, fn func(tx *store.Tx) error) {
		plans, err := store.Plans(t.Context(), s, fn)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if len(plans) == 0 {
			t.Errorf("%s runs nothing", name)
		}
		for query, steps := range plans {
			for _, step := range steps {
				if m := scan.FindStringSubmatch(step); m != nil && !small[m[1]] && !inOrder.MatchString(step) {
					t.Errorf("%s: %s\n%s", name, step, query)
				}
				if strings.Contains(step, "TEMP B-TREE") && !sortsFew[name] {
					t.Errorf("%s: %s\n%s", name, step, query)
				}
			}
		}
	}
	for name, fn := range reads {
		check(name, fn)
	}
	check("blocking", func(tx *store.Tx) error { _, err := tx.PutBlock(me.ID, friend.ID, "b"); return err })
	check("burying", func(tx *store.Tx) error { return tx.DeleteObject(o, nil) })
}

func ignoreMissing(err error) error {
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}
