package store_test

import (
	"testing"
	"time"

	"kinglet/internal/fault"
	"kinglet/store"
	"kinglet/store/storetest"
)

func TestUsers(t *testing.T) {
	storetest.EachWithClock(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		w := newWorld(t, s)
		alice := &store.Account{URI: "https://here.test/users/alice", Username: "alice", Type: "Person"}
		w.update(func(tx *store.Tx) error { return tx.PutAccount(alice) })
		u := &store.User{
			AccountID: alice.ID, Email: "Alice@Example.org", PasswordHash: "p", Admin: true, PrivateKey: "k",
			DefaultVisibility: store.Private, DefaultSensitive: true, DefaultLanguage: "de",
		}
		w.update(func(tx *store.Tx) error { return tx.InsertUser(u) })
		err := s.Update(t.Context(), func(tx *store.Tx) error {
			return tx.InsertUser(&store.User{AccountID: 77, Email: "ALICE@example.org"})
		})
		if !fault.Is(err, fault.Conflict) {
			t.Errorf("the address of another: %v", err)
		}
		clock.Advance(time.Minute)
		u.PasswordHash, u.Admin, u.DefaultVisibility, u.DefaultSensitive, u.DefaultLanguage = "q", false, store.Unlisted, false, "fr"
		u.NoteSource, u.FieldsSource = "hello", []store.Field{{Name: "a", Value: "b"}}
		w.update(func(tx *store.Tx) error {
			if err := tx.UpdateUser(u); err != nil {
				return err
			}
			return tx.TouchSignIn(alice.ID)
		})
		w.view(func(tx *store.Tx) error {
			for how, read := range map[string]func() (*store.User, error){
				"by id":      func() (*store.User, error) { return tx.User(alice.ID) },
				"by address": func() (*store.User, error) { return tx.UserByEmail("aliCE@example.ORG") },
			} {
				got, err := read()
				if err != nil {
					t.Fatal(how, err)
				}
				if got.Email != "alice@example.org" || got.PasswordHash != "q" || got.Admin || got.PrivateKey != "k" || got.NoteSource != "hello" ||
					len(got.FieldsSource) != 1 || got.FieldsSource[0].Value != "b" || got.DefaultVisibility != store.Unlisted ||
					got.DefaultSensitive || got.DefaultLanguage != "fr" || !got.LastSignInAt.Equal(s.Now()) || !got.CreatedAt.Equal(s.Now().Add(-time.Minute)) {
					t.Errorf("%s: %+v", how, got)
				}
			}
			if _, err := tx.User(4711); !fault.Is(err, fault.NotFound) {
				t.Errorf("nobody: %v", err)
			}
			if _, err := tx.UserByEmail("nobody@example.org"); !fault.Is(err, fault.NotFound) {
				t.Errorf("nobody's address: %v", err)
			}
			return nil
		})
	})
}

func TestStats(t *testing.T) {
	storetest.EachWithClock(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		w := newWorld(t, s)
		stats := func(what string, want store.ServerStats) {
			t.Helper()
			w.view(func(tx *store.Tx) error {
				got, err := tx.Stats()
				if err != nil || got != want {
					t.Errorf("%s: %+v %v, want %+v", what, got, err, want)
				}
				return nil
			})
		}
		stats("empty", store.ServerStats{})
		signs, posts, calls, gone := w.local("signs"), w.local("posts"), w.local("calls"), w.local("gone")
		w.local("idle")
		w.status(w.remote("far"), store.Public, nil)
		w.status(gone, store.Public, nil)
		w.status(posts, store.Public, nil)
		tok := w.token(w.app(), calls.ID, nil)
		w.update(func(tx *store.Tx) error {
			if err := tx.TouchSignIn(signs.ID); err != nil {
				return err
			}
			return tx.TouchToken(tok.ID)
		})
		w.remove(gone)
		stats("today", store.ServerStats{Users: 4, ActiveMonth: 3, ActiveHalfYear: 3, Statuses: 1, Domains: 1})
		clock.Advance(40 * 24 * time.Hour)
		stats("after forty days", store.ServerStats{Users: 4, ActiveHalfYear: 3, Statuses: 1, Domains: 1})
		clock.Advance(200 * 24 * time.Hour)
		stats("after eight months", store.ServerStats{Users: 4, Statuses: 1, Domains: 1})
	})
}

// What an account was is gone once it is deleted and purged, its name and
// nothing else excepted, and what it did to others no longer counts.
func TestAccountDeleted(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s)
		gone, friend := w.local("gone"), w.local("friend")
		w.follow(gone, friend)
		w.follow(friend, gone)
		liked := w.status(friend, store.Public, nil)
		w.status(gone, store.Public, func(o *store.Object) { o.InReplyToID, o.InReplyToURI = liked.ID, liked.URI })
		w.status(gone, store.Public, func(o *store.Object) { o.Type, o.ReblogOfID = "Announce", liked.ID })
		w.update(func(tx *store.Tx) error {
			_, err := tx.PutFavourite(gone.ID, liked.ID, "like")
			return err
		})
		w.remove(gone)
		if err := s.Update(t.Context(), func(tx *store.Tx) error {
			return tx.InsertUser(&store.User{AccountID: 4711, Email: "gone@here.test"})
		}); err != nil {
			t.Errorf("its address is not free again: %v", err)
		}
		for done := false; !done; {
			w.update(func(tx *store.Tx) (err error) { done, err = tx.PurgeAccount(gone.ID); return err })
		}
		w.update(func(tx *store.Tx) error { return tx.ForgetKey(gone.ID) })
		w.view(func(tx *store.Tx) error {
			o, err := tx.Object(liked.ID)
			if err != nil || o.FavouritesCount != 0 || o.RepliesCount != 0 || o.ReblogsCount != 0 {
				t.Errorf("the status it liked, answered and boosted: %+v %v", o, err)
			}
			a, err := tx.Account(friend.ID)
			if err != nil || a.FollowersCount != 0 || a.FollowingCount != 0 {
				t.Errorf("its friend: %+v %v", a, err)
			}
			if a, err = tx.AccountByHandle("gone", ""); err != nil || a.ID != gone.ID || a.Active() || a.Statuses != 0 {
				t.Errorf("its name: %+v %v", a, err)
			}
			u, err := tx.User(gone.ID)
			if err != nil || u.PasswordHash != "" || u.PrivateKey != "" || u.Email == "gone@here.test" {
				t.Errorf("its user: %+v %v", u, err)
			}
			list, _, err := tx.AccountTimeline(gone.ID, gone.ID, store.AccountQuery{}, store.Page{Limit: 40})
			if err != nil || len(list) != 0 {
				t.Errorf("its statuses: %v %v", list, err)
			}
			return nil
		})
	})
}

func TestSearchAccounts(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s)
		me := w.local("me")
		w.local("ann")
		w.remote("Anna")
		anne, blocked, gone := w.remote("anne"), w.remote("annblocked"), w.remote("anngone")
		w.remote("a_x")
		w.remote("bob")
		w.follow(me, anne)
		w.update(func(tx *store.Tx) error {
			_, err := tx.PutBlock(blocked.ID, me.ID, "b")
			return err
		})
		w.remove(gone)
		for _, c := range []struct {
			name, prefix  string
			following     bool
			limit, offset int
			want          []string
		}{
			{"followed first, then by name", "ann", false, 40, 0, []string{"anne@there.test", "ann", "Anna@there.test"}},
			{"any case, with an at sign", "@ANNA", false, 40, 0, []string{"Anna@there.test"}},
			{"a whole handle", "anna@there.test", false, 40, 0, []string{"Anna@there.test"}},
			{"only followed", "ann", true, 40, 0, []string{"anne@there.test"}},
			{"a page", "ann", false, 1, 1, []string{"ann"}},
			{"no wildcards", "a%", false, 40, 0, nil},
			{"nor this one", "a_", false, 40, 0, []string{"a_x@there.test"}},
			{"nobody", "zoe", false, 40, 0, nil},
		} {
			w.view(func(tx *store.Tx) error {
				list, err := tx.SearchAccounts(me.ID, c.prefix, c.following, c.limit, c.offset)
				if err != nil {
					t.Fatal(c.name, err)
				}
				var got []string
				for _, a := range list {
					got = append(got, a.Acct())
				}
				if len(got) != len(c.want) {
					t.Fatalf("%s: %v, want %v", c.name, got, c.want)
				}
				for i := range got {
					if got[i] != c.want[i] {
						t.Errorf("%s: %v, want %v", c.name, got, c.want)
					}
				}
				return nil
			})
		}
	})
}
