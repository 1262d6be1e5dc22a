package ap_test

import (
	"fmt"
	"log/slog"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"kinglet/ap"
	"kinglet/ap/signature/signaturetest"
	"kinglet/internal/auth"
	"kinglet/internal/config"
	"kinglet/internal/fault"
	"kinglet/internal/outgoing"
	"kinglet/store"
	"kinglet/store/storetest"
)

// household is a server of one database, as one or more nodes, and two who
// live on it.
type household struct {
	t          *testing.T
	nodes      []*ap.Service
	alice, bob store.AccountID
}

func newHousehold(t *testing.T, database string, twice bool, nodes int) *household {
	t.Helper()
	conf, err := config.Load(config.Sources{File: os.DevNull, NeedDomain: true, Environ: []string{"KINGLET_DOMAIN=here.test"}})
	if err != nil {
		t.Fatal(err)
	}
	h := &household{t: t}
	for range nodes {
		db := storetest.Open(t, store.Options{Database: database, RunTwice: twice})
		signaturetest.GiveInstanceKey(t, db, signaturetest.SomeKey(t))
		s, err := ap.New(t.Context(), ap.Options{
			Config: conf, Store: db,
			Client: outgoing.New(outgoing.Options{}), Log: slog.New(slog.DiscardHandler),
		})
		if err != nil {
			t.Fatal(err)
		}
		h.nodes = append(h.nodes, s)
	}
	h.alice, h.bob = h.account("alice"), h.account("bob")
	return h
}

func (h *household) account(name string) store.AccountID {
	h.t.Helper()
	a, err := h.nodes[0].CreateAccount(h.t.Context(), ap.NewAccount{Username: name, Email: name + "@here.test", Password: "correct horse", Key: signaturetest.SomeKey(h.t)})
	if err != nil {
		h.t.Fatal(err)
	}
	return a.ID
}

func databases(t *testing.T, run func(t *testing.T, database func() string)) {
	t.Run("sqlite", func(t *testing.T) {
		run(t, func() string { return storetest.SQLiteFile(t, storetest.Folder(t)) })
	})
	t.Run("postgres", func(t *testing.T) { run(t, func() string { return storetest.MigratedPostgresURL(t) }) })
}

// atOnce runs fn n times at once, at each node in turn, and fails the test for
// each error that ok does not excuse.
func (h *household) atOnce(n int, ok func(error) bool, fn func(i int, s *ap.Service) error) {
	h.t.Helper()
	start := make(chan struct{})
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() {
			<-start
			if err := fn(i, h.nodes[i%len(h.nodes)]); err != nil && !ok(err) {
				h.t.Errorf("%d: %v", i, err)
			}
		})
	}
	close(start)
	group.Wait()
}

func never(error) bool { return false }

func must[T any](v T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// day does what people do in a day, and describes what comes of it.
func (h *household) day() []string {
	t, s, ctx := h.t, h.nodes[0], h.t.Context()
	t.Helper()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	post := func(by store.AccountID, text string, to store.ObjectID, key string) store.ObjectID {
		t.Helper()
		return must(s.Post(ctx, by, ap.PostRequest{Text: text, InReplyTo: to, IdempotencyKey: key}))(t)
	}
	check(s.Follow(ctx, h.bob, h.alice, ap.FollowSettings{Languages: []string{"de"}}))
	first := post(h.alice, "one #tag for @bob", 0, "key")
	if again := post(h.alice, "one again", 0, "key"); again != first {
		t.Errorf("one key gave %d and %d", first, again)
	}
	reply := post(h.bob, "two", first, "")
	boost := must(s.Boost(ctx, h.bob, first, store.Public))(t)
	if again := must(s.Boost(ctx, h.bob, first, store.Public))(t); again != boost {
		t.Errorf("two boosts, %d and %d", boost, again)
	}
	check(s.Favourite(ctx, h.bob, first))
	check(s.Favourite(ctx, h.alice, reply))
	check(s.Unfavourite(ctx, h.alice, reply))
	check(s.Bookmark(ctx, h.bob, first, true))
	check(s.Pin(ctx, h.alice, first, true))
	check(s.EditPost(ctx, h.alice, first, ap.EditRequest{Text: "one, edited"}))
	gone := post(h.alice, "three", reply, "")
	check(s.DeletePost(ctx, h.alice, gone, false))
	name := "Alice"
	fields := []store.Field{{Name: "a", Value: "b"}}
	check(s.UpdateProfile(ctx, h.alice, ap.ProfileChange{DisplayName: &name, Fields: &fields}))
	accounts := must(auth.New(ctx, s.Store, s.Config))(t)
	check(accounts.SetPassword(ctx, "alice", "another password"))
	check(s.Mute(ctx, h.alice, h.bob, ap.MuteSettings{}))
	carol := h.account("carol")
	check(s.Follow(ctx, carol, h.alice, ap.FollowSettings{}))
	check(s.Block(ctx, h.alice, carol))
	check(s.Unblock(ctx, h.alice, carol))
	check(s.Follow(ctx, carol, h.bob, ap.FollowSettings{}))
	check(s.DeleteAccount(ctx, "carol"))
	app, secret, err := accounts.RegisterApp(ctx, auth.NewApp{Name: "app", RedirectURIs: []string{auth.OutOfBand}, Scopes: "read"})
	check(err)
	code := must(accounts.IssueCode(ctx, h.alice, &auth.Authorization{ClientID: app.ClientID, RedirectURI: auth.OutOfBand, ResponseType: "code", Scopes: "read"}))(t)
	token := must(accounts.GrantToken(ctx, auth.Grant{Type: "authorization_code", ClientID: app.ClientID, ClientSecret: secret, Code: code, RedirectURI: auth.OutOfBand}))(t)
	var out []string
	check(s.Store.View(ctx, func(tx *store.Tx) error {
		for _, id := range []store.ObjectID{first, reply, boost, gone} {
			o, err := tx.Object(id)
			if err != nil {
				return err
			}
			out = append(out, fmt.Sprintln(o.Type, o.Content, o.RepliesCount, o.ReblogsCount, o.FavouritesCount, o.Tags, !o.EditedAt.IsZero(), !o.DeletedAt.IsZero()))
		}
		for _, id := range []store.AccountID{h.alice, h.bob, carol} {
			a, err := tx.Account(id)
			if err != nil {
				return err
			}
			out = append(out, fmt.Sprintln(a.DisplayName, a.Fields, a.Statuses, a.FollowersCount, a.FollowingCount, a.Active()))
			list, err := tx.HomeTimeline(id, store.Page{Limit: 40})
			if err != nil {
				return err
			}
			told, _, err := tx.Notifications(id, store.NotificationQuery{}, store.Page{Limit: 40})
			if err != nil {
				return err
			}
			var types []string
			for _, n := range told {
				types = append(types, n.Type)
			}
			out = append(out, fmt.Sprintln(len(list), types))
		}
		_, err := tx.TokenByHash(auth.HashSecret(token.Access))
		out = append(out, fmt.Sprint("token: ", err))
		return nil
	}))
	return out
}

// A transaction that has to be run again comes to the same as one that has
// not: no id, counter or list in memory remembers the first run.
func TestRunTwice(t *testing.T) {
	databases(t, func(t *testing.T, database func() string) {
		once, twice := newHousehold(t, database(), false, 1).day(), newHousehold(t, database(), true, 1).day()
		if !reflect.DeepEqual(once, twice) {
			t.Errorf("run once: %s\nrun twice: %s", strings.Join(once, ""), strings.Join(twice, ""))
		}
	})
}

// What one person's clients ask for at once, at two nodes, is done once.
func TestConcurrentCommands(t *testing.T) {
	const n = 10
	databases(t, func(t *testing.T, database func() string) {
		h := newHousehold(t, database(), false, 2)
		ctx := t.Context()
		got := make([]store.ObjectID, n)
		h.atOnce(n, never, func(i int, s *ap.Service) (err error) {
			got[i], err = s.Post(ctx, h.alice, ap.PostRequest{Text: "once", IdempotencyKey: "k"})
			return err
		})
		if len(slices.Compact(got)) != 1 {
			t.Fatalf("one key gave %v", got)
		}
		id := got[0]
		boosts := make([]store.ObjectID, n)
		h.atOnce(n, never, func(i int, s *ap.Service) (err error) {
			boosts[i], err = s.Boost(ctx, h.bob, id, store.Public)
			return err
		})
		h.atOnce(n, never, func(_ int, s *ap.Service) error { return s.Favourite(ctx, h.bob, id) })
		h.atOnce(n, never, func(_ int, s *ap.Service) error { return s.Follow(ctx, h.bob, h.alice, ap.FollowSettings{}) })
		var o *store.Object
		var a *store.Account
		read := func() {
			t.Helper()
			if err := h.nodes[0].Store.View(ctx, func(tx *store.Tx) (err error) {
				if o, err = tx.Object(id); err != nil {
					return err
				}
				a, err = tx.Account(h.alice)
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		if read(); len(slices.Compact(boosts)) != 1 || o.ReblogsCount != 1 || o.FavouritesCount != 1 || a.FollowersCount != 1 || a.Statuses != 1 {
			t.Errorf("boosts %v, counted %d; %d favourites, %d followers, %d posts", boosts, o.ReblogsCount, o.FavouritesCount, a.FollowersCount, a.Statuses)
		}
		deletes := func() (n int) {
			if err := h.nodes[0].Store.View(ctx, func(tx *store.Tx) error {
				docs, err := tx.ActivitiesOn("Delete", []string{o.URI})
				n = len(docs)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			return n
		}
		h.atOnce(n, func(err error) bool { return fault.Is(err, fault.NotFound) }, func(i int, s *ap.Service) error {
			switch i % 4 {
			case 0:
				return s.DeletePost(ctx, h.alice, id, false)
			case 1:
				return s.Unboost(ctx, h.bob, id)
			case 2:
				return s.Unfavourite(ctx, h.bob, id)
			}
			return s.Unfollow(ctx, h.bob, h.alice)
		})
		if read(); a.Statuses != 0 || a.FollowersCount != 0 || o.DeletedAt.IsZero() || deletes() != 1 {
			t.Errorf("%d posts, %d followers, %d Deletes", a.Statuses, a.FollowersCount, deletes())
		}
	})
}

// What changes one row does not write back what it read before another change.
func TestChangesAreNotLost(t *testing.T) {
	databases(t, func(t *testing.T, database func() string) {
		h := newHousehold(t, database(), false, 2)
		ctx := t.Context()
		accounts, others := must(auth.New(ctx, h.nodes[0].Store, h.nodes[0].Config))(t), must(auth.New(ctx, h.nodes[1].Store, h.nodes[1].Config))(t)
		yes, name := true, "Alice"
		for i := range 10 {
			h.atOnce(4, never, func(j int, s *ap.Service) error {
				switch j {
				case 0:
					return s.UpdateProfile(ctx, h.alice, ap.ProfileChange{DisplayName: &name, Note: &name})
				case 1:
					return s.UpdateProfile(ctx, h.alice, ap.ProfileChange{Locked: &yes})
				case 2:
					return accounts.SetPassword(ctx, "alice", fmt.Sprint("new password ", i))
				}
				return others.SetAdmin(ctx, "alice", true)
			})
			var a *store.Account
			var u *store.User
			if err := h.nodes[0].Store.View(ctx, func(tx *store.Tx) (err error) {
				if a, err = tx.Account(h.alice); err != nil {
					return err
				}
				u, err = tx.User(h.alice)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			matches, err := auth.VerifyPassword(ctx, h.nodes[0].Store.Memory(), u.PasswordHash, fmt.Sprint("new password ", i))
			if err != nil || a.DisplayName != name || u.NoteSource != name || !a.Locked || !u.Admin || !matches {
				t.Fatalf("a change is lost: %+v", a)
			}
			name += "x"
		}
		// A change that was under way does not bring a deleted account back.
		h.atOnce(8, func(err error) bool { return fault.Is(err, fault.Gone) || fault.Is(err, fault.NotFound) }, func(j int, s *ap.Service) error {
			if j == 3 {
				return s.DeleteAccount(ctx, "alice")
			}
			return s.UpdateProfile(ctx, h.alice, ap.ProfileChange{DisplayName: &name})
		})
		if err := h.nodes[0].Store.View(ctx, func(tx *store.Tx) error {
			a, err := tx.Account(h.alice)
			if err == nil && (a.Active() || a.DisplayName != "") {
				t.Errorf("it is back: %+v", a)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	})
}

// A post whose id another node gave in the same millisecond takes another, and
// its page's URL with it.
func TestPostTakesAnotherID(t *testing.T) {
	databases(t, func(t *testing.T, database func() string) {
		conf, err := config.Load(config.Sources{File: os.DevNull, NeedDomain: true, Environ: []string{"KINGLET_DOMAIN=here.test"}})
		if err != nil {
			t.Fatal(err)
		}
		st := storetest.Open(t, store.Options{Database: database(), Now: storetest.NewClock().Now})
		s, err := ap.New(t.Context(), ap.Options{Config: conf, Store: st, Client: outgoing.New(outgoing.Options{}), Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		h := &household{t: t, nodes: []*ap.Service{s}}
		alice := h.account("alice")
		next := store.ObjectID(st.NewID(st.Now())) + 1
		if err := st.Update(t.Context(), func(tx *store.Tx) error {
			_, err := tx.InsertObject(&store.Object{ID: next, URI: "https://there.test/1", Type: "Note"})
			return err
		}); err != nil {
			t.Fatal(err)
		}
		id, err := s.Post(t.Context(), alice, ap.PostRequest{Text: "x", IdempotencyKey: "k"})
		if err != nil || id == next {
			t.Fatal(id, err)
		}
		if err := st.View(t.Context(), func(tx *store.Tx) error {
			o, err := tx.Object(id)
			if err == nil && !strings.HasSuffix(o.URL, "/"+id.String()) {
				t.Errorf("its page is %s", o.URL)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	})
}

// Who is blocked while following does not follow.
func TestFollowDuringBlock(t *testing.T) {
	databases(t, func(t *testing.T, database func() string) {
		h := newHousehold(t, database(), false, 2)
		ctx := t.Context()
		forbidden := func(err error) bool { return fault.Is(err, fault.Forbidden) || fault.Is(err, fault.NotFound) }
		for range 20 {
			h.atOnce(4, forbidden, func(i int, s *ap.Service) error {
				if i < 2 {
					return s.Block(ctx, h.alice, h.bob)
				}
				return s.Follow(ctx, h.bob, h.alice, ap.FollowSettings{})
			})
			if err := h.nodes[0].Store.View(ctx, func(tx *store.Tx) error {
				if f, err := tx.Follow(h.bob, h.alice); !fault.Is(err, fault.NotFound) {
					t.Errorf("the blocked follows: %v %v", f, err)
				}
				a, err := tx.Account(h.alice)
				if err == nil && a.FollowersCount != 0 {
					t.Errorf("%d followers", a.FollowersCount)
				}
				return err
			}); err != nil {
				t.Fatal(err)
			}
			if err := h.nodes[0].Unblock(ctx, h.alice, h.bob); err != nil {
				t.Fatal(err)
			}
		}
	})
}
