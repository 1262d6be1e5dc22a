package store_test

import (
	"fmt"
	"slices"
	"testing"

	"kinglet/store"
	"kinglet/store/storetest"
)

// downTo reverts the migrations down to one, which is reverted too.
func (w *world) downTo(version int) {
	w.t.Helper()
	for {
		m, err := w.MigrateDown(w.t.Context())
		if err != nil {
			w.t.Fatal(err)
		}
		if m.Version == version {
			return
		}
	}
}

// 0015 makes the hashtags of an account and the known domains of what is there,
// and its way back keeps the hashtags.
func TestMigrationOfTagsAndDomains(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s)
		me, far := w.local("me"), w.remote("far")
		w.account("other", "elsewhere.test")
		mine := w.status(me, store.Public, func(o *store.Object) { o.Tags = []string{"a", "B"} })
		theirs := w.status(far, store.Public, func(o *store.Object) { o.Tags = []string{"b"} })
		w.status(far, store.Public, nil)
		for range 2 {
			w.downTo(15)
			if n := w.count("SELECT COUNT(*) FROM status_tags"); n != 3 {
				t.Fatalf("%d hashtags after the way back", n)
			}
			if _, err := s.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			w.view(func(tx *store.Tx) error {
				for _, c := range []struct {
					read func() ([]store.ObjectID, store.ObjectID, error)
					want []store.ObjectID
				}{
					{func() ([]store.ObjectID, store.ObjectID, error) {
						return tx.TagTimeline(0, store.TagQuery{Any: []string{"b"}}, store.Page{Limit: 9})
					}, []store.ObjectID{theirs.ID, mine.ID}},
					{func() ([]store.ObjectID, store.ObjectID, error) {
						return tx.AccountTimeline(0, me.ID, store.AccountQuery{Tagged: "b"}, store.Page{Limit: 9})
					}, []store.ObjectID{mine.ID}},
					{func() ([]store.ObjectID, store.ObjectID, error) {
						return tx.AccountTimeline(0, far.ID, store.AccountQuery{Tagged: "a"}, store.Page{Limit: 9})
					}, nil},
				} {
					if got, _, err := c.read(); err != nil || !slices.Equal(got, c.want) {
						t.Errorf("%v %v, want %v", got, err, c.want)
					}
				}
				if list, err := tx.Domains(); err != nil || !slices.Equal(list, []string{"elsewhere.test", "there.test"}) {
					t.Errorf("domains: %v %v", list, err)
				}
				return nil
			})
		}
		w.account("new", "new.test")
		w.account("again", "new.test")
		w.view(func(tx *store.Tx) error {
			stats, err := tx.Stats()
			if err != nil || stats.Domains != 3 {
				t.Errorf("%d domains: %v", stats.Domains, err)
			}
			return nil
		})
	})
}

// Nothing of the jobs and rows that issue 8 brought is left to a binary of before
// it, and the way up again works.
func TestWayBackBeforeQuotes(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s)
		me := w.local("me")
		kept := w.status(me, store.Public, nil)
		w.update(func(tx *store.Tx) error {
			for i, kind := range []string{
				"quote", "quote_consent", "poll_tallies", "poll_end", "poll_ask", "report", "move", "probe", "gone_inbox", "check_actor", "followers", "crawl", "forwarded",
			} {
				if err := tx.Enqueue(store.NewJob{Kind: kind, Lane: fmt.Sprint("h", i, ".test"), Args: []byte("{}")}); err != nil {
					return err
				}
			}
			for args, kind := range map[string]string{`{"activity":0,"inbox":"https://b.test/inbox","forward":7}`: "deliver", `{"activity":0,"inboxes":[],"forward":7}`: "fan_out", `{"activity":1}`: "deliver"} {
				if err := tx.Enqueue(store.NewJob{Kind: kind, Lane: "b.test", Args: []byte(args)}); err != nil {
					return err
				}
			}
			for _, typ := range []string{"Vote", "Reaction", "Like"} {
				if _, err := tx.InsertObject(&store.Object{URI: kept.URI + "#" + typ, Type: typ, AccountID: me.ID, Local: true, ObjectURI: kept.URI}); err != nil {
					return err
				}
			}
			return nil
		})
		w.downTo(31)
		for query, want := range map[string]int64{
			`SELECT COUNT(*) FROM jobs`: 1,
			`SELECT COUNT(DISTINCT kind) FROM job_queues WHERE kind NOT IN ('deliver', 'fan_out')`: 0,
			`SELECT COUNT(*) FROM objects WHERE type IN ('Vote', 'Reaction')`:                      0,
			`SELECT COUNT(*) FROM objects`:                                                         2,
		} {
			if n := w.count(query); n != want {
				t.Errorf("%s: %d, not %d", query, n, want)
			}
		}
		if _, err := s.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}
