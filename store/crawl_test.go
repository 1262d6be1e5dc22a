package store_test

import (
	"fmt"
	"testing"
	"time"

	"kinglet/internal/fault"
	"kinglet/store"
	"kinglet/store/storetest"
)

// A crawl begins once in its rest, and an account has a bounded number running.
func TestCrawlRests(t *testing.T) {
	storetest.EachWithClock(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		w := newWorld(t, s)
		alice := w.local("alice")
		begin := func(subject int64, most int) (began bool, c *store.Crawl) {
			c = &store.Crawl{Kind: store.CrawlThread, Subject: subject, OpenedBy: alice.ID, StatusesLeft: 3, PagesLeft: 2}
			w.update(func(tx *store.Tx) (err error) {
				began, err = tx.BeginCrawl(c, 15*time.Minute, most)
				return err
			})
			return began, c
		}
		_, ended := begin(9, 2)
		w.update(func(tx *store.Tx) error { _, err := tx.EndCrawl(ended.ID); return err })
		if again, _ := begin(9, 2); again {
			t.Error("one that has ended begins again within its rest")
		}
		began, first := begin(1, 2)
		if !began {
			t.Fatal("it does not begin")
		}
		if again, _ := begin(1, 2); again {
			t.Error("it begins twice")
		}
		if other, _ := begin(2, 2); !other {
			t.Error("another does not begin")
		}
		if third, _ := begin(3, 2); third {
			t.Error("a third begins")
		}
		clock.Advance(16 * time.Minute)
		if again, _ := begin(1, 9); again {
			t.Error("it begins while it runs")
		}
		w.update(func(tx *store.Tx) error { _, err := tx.EndCrawl(first.ID); return err })
		if again, c := begin(1, 9); !again || c.ID == first.ID {
			t.Errorf("after its rest: %v, %d", again, c.ID)
		}
		clock.Advance(31 * time.Minute)
		if again, _ := begin(2, 9); !again {
			t.Error("one whose time is over does not begin again")
		}
	})
}

// What a crawl asks for is each asked for once, within its bounds, one page of a
// host at a time and at intervals.
func TestCrawlPages(t *testing.T) {
	storetest.EachWithClock(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		w := newWorld(t, s)
		alice := w.local("alice")
		crawl := func(subject int64, statuses int) *store.Crawl {
			c := &store.Crawl{Kind: store.CrawlThread, Subject: subject, OpenedBy: alice.ID, StatusesLeft: statuses, PagesLeft: 1}
			w.update(func(tx *store.Tx) error { _, err := tx.BeginCrawl(c, time.Minute, 9); return err })
			return c
		}
		page := func(host string, n int, cost store.Cost, rank int) store.CrawlPage {
			return store.CrawlPage{URI: fmt.Sprintf("https://%s/%d", host, n), Host: host, Role: "reply", Cost: cost, Rank: rank}
		}
		c := crawl(1, 60)
		var list []store.CrawlPage
		for n := range 100 {
			list = append(list, page("b.test", n, store.CostStatus, 1), page("b.test", n, store.CostStatus, 1))
		}
		list = append(list, page("c.test", 1, store.CostPage, 0), page("c.test", 2, store.CostPage, 0), page("d.test", 1, store.CostNothing, 0), store.CrawlPage{URI: "nonsense"})
		w.update(func(tx *store.Tx) error { return tx.AddCrawlPages(c.ID, list) })
		if n := w.count(`SELECT COUNT(*) FROM crawl_pages`); n != 62 {
			t.Errorf("%d pages", n)
		}
		w.update(func(tx *store.Tx) error { return tx.AddCrawlPages(c.ID, list) })
		if n := w.count(`SELECT COUNT(*) FROM crawl_pages`); n != 62 {
			t.Errorf("%d pages after the same again", n)
		}
		next := func(c *store.Crawl) (pages []store.NextPage, over bool) {
			w.update(func(tx *store.Tx) (err error) {
				pages, over, err = tx.NextCrawlPages(c.ID, 500*time.Millisecond)
				return err
			})
			return pages, over
		}
		pages, _ := next(c)
		if len(pages) != 3 {
			t.Fatalf("%v", pages)
		}
		if pages, over := next(c); len(pages) != 0 || over {
			t.Errorf("%v, over %v", pages, over)
		}
		other := crawl(2, 60)
		w.update(func(tx *store.Tx) error {
			return tx.AddCrawlPages(other.ID, []store.CrawlPage{page("b.test", 7, store.CostStatus, 0)})
		})
		late, _ := next(other)
		if len(late) != 1 || late[0].At.Sub(clock.Now()) != 500*time.Millisecond {
			t.Errorf("another crawl asks at %v", late)
		}
		done := func(uri, host string, all bool) {
			w.update(func(tx *store.Tx) error { return tx.CrawledPage(c.ID, &store.CrawlPage{URI: uri, Host: host}, all) })
		}
		w.update(func(tx *store.Tx) error { return tx.SpentAtHosts(map[string]int{"b.test": 4}, 500*time.Millisecond) })
		done("https://b.test/0", "b.test", false)
		if pages, _ = next(c); len(pages) != 1 || pages[0].URI != "https://b.test/1" || pages[0].At.Sub(clock.Now()) != 3*time.Second {
			t.Errorf("%v", pages)
		}
		done("https://b.test/1", "b.test", true)
		done("https://c.test/1", "c.test", false)
		if _, over := next(c); over {
			t.Error("it is over before all is done")
		}
		done("https://d.test/1", "d.test", false)
		if pages, over := next(c); len(pages) != 0 || !over {
			t.Errorf("%v, over %v", pages, over)
		}
		w.update(func(tx *store.Tx) error { _, err := tx.EndCrawl(c.ID); return err })
		w.view(func(tx *store.Tx) error {
			if _, _, _, err := tx.CrawlPage(c.ID, "https://b.test/5"); !fault.Is(err, fault.NotFound) {
				t.Errorf("%v", err)
			}
			return nil
		})
		clock.Advance(8 * 24 * time.Hour)
		if err := s.CleanUp(t.Context(), store.Kept{HomeFeed: 10}); err != nil {
			t.Fatal(err)
		}
		for _, table := range []string{"crawls", "crawl_pages", "crawl_hosts"} {
			if n := w.count(`SELECT COUNT(*) FROM ` + table); n != 0 {
				t.Errorf("%d rows are left of %s", n, table)
			}
		}
	})
}

// A crawl asks a bounded number of hosts.
func TestCrawlHosts(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s)
		c := &store.Crawl{Kind: store.CrawlThread, Subject: 1, OpenedBy: w.local("alice").ID, StatusesLeft: 500, PagesLeft: 1}
		var list []store.CrawlPage
		for n := range 150 {
			host := fmt.Sprintf("h%d.test", n)
			list = append(list, store.CrawlPage{URI: "https://" + host + "/1", Host: host, Role: "reply", Cost: store.CostStatus})
		}
		w.update(func(tx *store.Tx) error {
			if _, err := tx.BeginCrawl(c, time.Minute, 9); err != nil {
				return err
			}
			return tx.AddCrawlPages(c.ID, list)
		})
		if n := w.count(`SELECT COUNT(*) FROM crawl_pages`); n != 100 {
			t.Errorf("%d hosts", n)
		}
	})
}

// The totals of an origin are taken where they are larger than what is known here.
func TestOriginTotals(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s)
		alice, bob := w.local("alice"), w.remote("bob")
		w.follow(alice, bob)
		theirs, ours := w.status(bob, store.Public, nil), w.status(alice, store.Public, nil)
		w.update(func(tx *store.Tx) error { _, err := tx.PutFavourite(alice.ID, theirs.ID, ""); return err })
		known := func(n int64) store.OriginTotal { return store.OriginTotal{N: n, Known: true} }
		for _, c := range []struct {
			likes, boosts store.OriginTotal
			want          string
		}{
			{known(7), known(1 << 53), "7 9007199254740992"}, {store.OriginTotal{}, known(2), "7 2"}, {known(0), store.OriginTotal{}, "1 2"},
		} {
			w.update(func(tx *store.Tx) error {
				if err := tx.PutStatusTotals(ours.ID, c.likes, c.boosts); err != nil {
					return err
				}
				return tx.PutStatusTotals(theirs.ID, c.likes, c.boosts)
			})
			w.view(func(tx *store.Tx) error {
				o, err := tx.Object(theirs.ID)
				if got := fmt.Sprint(o.FavouritesCount, " ", o.ReblogsCount); err != nil || got != c.want {
					t.Errorf("%v: %s, %v", c, got, err)
				}
				if o, err := tx.Object(ours.ID); err != nil || o.FavouritesCount+o.ReblogsCount != 0 {
					t.Errorf("ours: %v", o)
				}
				return nil
			})
		}
		w.update(func(tx *store.Tx) error {
			return tx.PutAccountTotals(bob.ID, store.AccountTotals{Followers: known(0), Following: known(1 << 40), Statuses: known(30)})
		})
		// Older ones that come are among those; new ones are not.
		w.status(bob, store.Public, func(o *store.Object) { o.Quiet = true })
		w.status(bob, store.Public, nil)
		w.view(func(tx *store.Tx) error {
			a, err := tx.Account(bob.ID)
			if err != nil || a.FollowersCount != 1 || a.FollowingCount != 1<<40 || a.Statuses != 31 {
				t.Errorf("%d followers, %d followed, %d statuses, %v", a.FollowersCount, a.FollowingCount, a.Statuses, err)
			}
			return nil
		})
	})
}

// Two pages that end at the same time end the crawl.
func TestLastPagesEndTogether(t *testing.T) {
	storetest.EachDatabase(t, func(t *testing.T, database string) {
		here, there := storetest.Open(t, store.Options{Database: database}), (*store.Store)(nil)
		if there = here; here.Engine() == "postgres" {
			there = storetest.Open(t, store.Options{Database: database})
		}
		w := newWorld(t, here)
		for subject := range int64(10) {
			c := &store.Crawl{Kind: store.CrawlThread, Subject: subject, OpenedBy: w.local(fmt.Sprint("u", subject)).ID, StatusesLeft: 9}
			pages := []store.CrawlPage{{URI: "https://b.test/1", Host: "b.test"}, {URI: "https://c.test/1", Host: "c.test"}}
			w.update(func(tx *store.Tx) error {
				if _, err := tx.BeginCrawl(c, time.Minute, 9); err != nil {
					return err
				}
				if err := tx.AddCrawlPages(c.ID, pages); err != nil {
					return err
				}
				_, _, err := tx.NextCrawlPages(c.ID, time.Second)
				return err
			})
			ends := make(chan bool)
			for i, s := range []*store.Store{here, there} {
				go func() {
					var over bool
					err := s.Update(t.Context(), func(tx *store.Tx) (err error) {
						if err := tx.CrawlFound(c, 0, false); err != nil {
							return err
						}
						if err := tx.CrawledPage(c.ID, &pages[i], false); err != nil {
							return err
						}
						_, over, err = tx.NextCrawlPages(c.ID, time.Second)
						return err
					})
					if err != nil {
						t.Error(err)
					}
					ends <- over
				}()
			}
			if one, other := <-ends, <-ends; one == other {
				t.Errorf("the ends find it over: %v, %v", one, other)
			}
		}
	})
}
