package store_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"kinglet/internal/fault"
	"kinglet/store"
	"kinglet/store/storetest"
)

// world makes accounts and statuses in one line each.
type world struct {
	t testing.TB
	*store.Store
	logTruncated <-chan error // see eachErasing
}

func newWorld(t testing.TB, s *store.Store) *world { return &world{t: t, Store: s} }

func (w *world) update(fn func(tx *store.Tx) error) {
	w.t.Helper()
	if err := w.Update(w.t.Context(), fn); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) view(fn func(tx *store.Tx) error) {
	w.t.Helper()
	if err := w.View(w.t.Context(), fn); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) account(name, domain string) *store.Account {
	w.t.Helper()
	host := domain
	if host == "" {
		host = "here.test"
	}
	uri := "https://" + host + "/users/" + name
	a := &store.Account{
		URI: uri, Username: name, Domain: domain, Type: "Person", Inbox: uri + "/inbox", SharedInbox: "https://" + host + "/inbox",
		FollowersURI: uri + "/followers", KeyID: uri + "#main-key", URL: uri,
	}
	w.update(func(tx *store.Tx) error {
		if err := tx.PutAccount(a); err != nil {
			return err
		}
		if domain != "" {
			return nil
		}
		return tx.InsertUser(&store.User{AccountID: a.ID, Email: name + "@here.test"})
	})
	return a
}

func (w *world) local(name string) *store.Account  { return w.account(name, "") }
func (w *world) remote(name string) *store.Account { return w.account(name, "there.test") }

var serial atomic.Int64

// status writes one as the pipeline does.
func (w *world) status(by *store.Account, v store.Visibility, with func(o *store.Object), mentions ...*store.Account) *store.Object {
	w.t.Helper()
	n := serial.Add(1)
	o := &store.Object{
		URI: fmt.Sprintf("%s/%d", by.URI, n), Type: "Note", AccountID: by.ID, Local: by.Local(), IsStatus: true, Visibility: v,
		Content: fmt.Sprint("<p>", n, "</p>"), URL: by.URI, Context: "https://here.test/contexts/1", JSON: []byte(`{"type":"Note"}`),
	}
	if with != nil {
		with(o)
	}
	w.update(func(tx *store.Tx) error {
		if _, err := tx.InsertObject(o); err != nil {
			return err
		}
		var list []store.Mention
		for _, m := range mentions {
			list = append(list, store.Mention{AccountID: m.ID})
		}
		if err := tx.PutMentions(o.ID, list); err != nil {
			return err
		}
		if err := tx.PutTags(o.ID, o.Tags); err != nil {
			return err
		}
		if err := tx.CountStatus(o); err != nil {
			return err
		}
		return tx.AddToHomeFeeds(o)
	})
	return o
}

func (w *world) follow(a, b *store.Account) {
	w.t.Helper()
	w.update(func(tx *store.Tx) error {
		if _, err := tx.PutFollow(&store.Follow{AccountID: a.ID, TargetID: b.ID, URI: a.URI + "#f" + b.Username, ShowReblogs: true}); err != nil {
			return err
		}
		_, err := tx.AcceptFollow(a.ID, b.ID)
		return err
	})
}

func TestMigrations(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		list, err := s.MigrationStatus(t.Context())
		if err != nil || len(list) == 0 || list[len(list)-1].AppliedAt.IsZero() {
			t.Fatalf("%v %v", list, err)
		}
		for range list {
			if _, err := s.MigrateDown(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := s.MigrateDown(t.Context()); !fault.Is(err, fault.NotFound) {
			t.Errorf("one more down: %v", err)
		}
		if up, err := s.Migrate(t.Context()); err != nil || len(up) != len(list) {
			t.Errorf("up again: %v %v", up, err)
		}
		newWorld(t, s).local("alice")
	})
}

// Accounts made on one day, and posts of one second, have different ids.
func TestIDsAreUnique(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s)
		day := time.Date(2022, 11, 7, 0, 0, 0, 0, time.UTC)
		seen := map[int64]bool{}
		for i := range 5 {
			beginIDs(s)
			a := &store.Account{URI: fmt.Sprint("https://there.test/", i), Username: fmt.Sprint("u", i), Domain: "there.test", Type: "Person", CreatedAt: day}
			o := &store.Object{URI: a.URI + "/1", Type: "Note", IsStatus: true, PublishedAt: day}
			w.update(func(tx *store.Tx) error { return tx.PutAccount(a) })
			beginIDs(s)
			o.AccountID = a.ID
			w.update(func(tx *store.Tx) error {
				_, err := tx.InsertObject(o)
				return err
			})
			if seen[int64(a.ID)] || seen[-int64(o.ID)] {
				t.Errorf("an id is given twice")
			}
			seen[int64(a.ID)], seen[-int64(o.ID)] = true, true
		}
	})
}

func TestHandleIsTakenOver(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s)
		old := w.account("bob", "there.test")
		moved := &store.Account{URI: "https://there.test/ap/2", Username: "Bob", Domain: "there.test", Type: "Person", HandleVerified: true}
		w.update(func(tx *store.Tx) error { return tx.PutAccount(moved) })
		w.view(func(tx *store.Tx) error {
			a, err := tx.AccountByHandle("BOB", "There.test")
			if err != nil || a.ID != moved.ID {
				t.Errorf("%v %v", a, err)
			}
			if a, err = tx.AccountByURI(old.URI); err != nil || a.ID != old.ID {
				t.Errorf("the old one is lost: %v", err)
			}
			return nil
		})
	})
}

func BenchmarkUpdate(b *testing.B) {
	for _, writers := range []int{1, 64} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			s := storetest.SQLite(b)
			var n atomic.Int64
			b.SetParallelism(writers)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := s.Update(b.Context(), func(tx *store.Tx) error {
						_, err := tx.SettingOnce(fmt.Sprint(n.Add(1)), "v")
						return err
					}); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}
