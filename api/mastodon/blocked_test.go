package mastodon_test

import (
	"fmt"
	"testing"

	"kinglet/internal/apptest"
)

// One who was blocked takes back what he did before: here, and from elsewhere.
func TestBlockedUndoes(t *testing.T) {
	w := apptest.NewWorld(t)
	s := w.Server("a.test")
	alice, bob, dave := s.Account("alice"), s.Account("bob"), s.Account("dave")
	carol := w.Stranger("carol@b.test")
	st := alice.Post("liked by all")
	path := "/api/v1/statuses/" + st.ID
	bob.Do("POST", path+"/favourite")
	bob.Do("POST", path+"/reblog")
	sends := func(activity apptest.Object) {
		t.Helper()
		if status, body := carol.SendTo(s, s.Config.SharedInboxURI(), activity); status != 202 {
			t.Fatal(status, body)
		}
	}
	public := []any{"to", []string{apptest.Public}}
	like, announce := carol.Activity("Like", st.URI, public...), carol.Activity("Announce", st.URI, public...)
	sends(like)
	sends(announce)
	counts := func(want string) {
		t.Helper()
		st := alice.Do("GET", path)
		if got := fmt.Sprint(st["favourites_count"], " ", st["reblogs_count"]); got != want {
			t.Errorf("favourites and boosts: %s, want %s", got, want)
		}
	}
	counts("2 2")
	alice.Relate("block", bob.Handle)
	alice.Relate("block", "@carol@b.test")
	refused(t, bob, 404, "", "POST", path+"/favourite")
	for _, action := range []string{"/unfavourite", "/unreblog"} {
		got := bob.Do("POST", path+action)
		if got["id"] != st.ID || got["content"] != "" {
			t.Errorf("%s: %v", action, got)
		}
		refused(t, bob, 404, "", "POST", path+action) // again, it would tell that there is something
	}
	counts("1 1")
	sends(carol.Activity("Undo", like, public...))
	sends(carol.Activity("Undo", announce, public...))
	counts("0 0")

	// The boost, deleted by its own id.
	alice.Relate("unblock", bob.Handle)
	boost := "/api/v1/statuses/" + bob.Do("POST", path+"/reblog")["id"].(string)
	counts("0 1")
	alice.Relate("block", bob.Handle)
	refused(t, alice, 404, "", "DELETE", boost) // it is another's
	bob.Do("DELETE", boost)
	counts("0 0")

	// By the id of another's boost one does not take back one's own.
	d := "/api/v1/statuses/" + dave.Post("boosted by two").ID
	theirs := bob.Do("POST", d+"/reblog")["id"].(string)
	alice.Do("POST", d+"/reblog")
	dave.Relate("block", alice.Handle)
	dave.Relate("block", bob.Handle)
	refused(t, alice, 404, "", "DELETE", "/api/v1/statuses/"+theirs)
	if n := dave.Do("GET", d)["reblogs_count"]; n != 2.0 {
		t.Errorf("%v boosts are left", n)
	}
}

// Whom one blocks one still finds, to unblock; who blocks one, one does not.
func TestBlockedIsFound(t *testing.T) {
	s := apptest.NewWorld(t).Server("a.test")
	alice, bob := s.Account("alice"), s.Account("bob")
	finds := func(who *apptest.Account, name string, want int) {
		t.Helper()
		for what, list := range map[string]func(query ...string) []apptest.Object{
			"accounts/search": func(q ...string) []apptest.Object { return who.List("/api/v1/accounts/search", q...) },
			"search": func(q ...string) []apptest.Object {
				var out struct{ Accounts []apptest.Object }
				who.Into(&out, "GET", "/api/v2/search", q...)
				return out.Accounts
			},
		} {
			for _, query := range [][]string{{"q", name}, {"q", name[:2]}, {"q", "@" + name + "@" + s.Domain}} {
				if got := list(query...); len(got) != want {
					t.Errorf("%s finds %d with %s %v", who.Name, len(got), what, query)
				}
			}
		}
	}
	finds(alice, "bob", 1)
	alice.Relate("block", bob.Handle)
	finds(alice, "bob", 1)
	finds(bob, "alice", 0)
	bob.Do("POST", "/api/v1/accounts/"+alice.ID.String()+"/block")
	finds(bob, "alice", 1)
	if got := alice.List("/api/v1/accounts/search", "q", bob.Handle, "resolve", "true"); len(got) != 1 || got[0]["id"] != bob.ID.String() {
		t.Errorf("with resolve: %v", got)
	}
}
