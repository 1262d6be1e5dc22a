package mastodon_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"kinglet/internal/apptest"
)

// An account that calls itself as its neighbour does is shown by its id, in
// everything that a client sees, and its neighbour is found by the name.
func TestHandleOfANeighbour(t *testing.T) {
	w := apptest.NewWorld(t)
	s := w.Server("a.test")
	alice, bob, mallory := s.Account("alice"), w.Stranger("bob@b.test"), w.Stranger("mallory@b.test")
	mallory.Document["preferredUsername"] = "bob"
	mallory.Publish()
	w.Host("b.test").Handle("/.well-known/webfinger", func(w http.ResponseWriter, q *http.Request) {
		_ = json.NewEncoder(w).Encode(apptest.Object{
			"subject": q.URL.Query().Get("resource"),
			"links":   []apptest.Object{{"rel": "self", "type": "application/activity+json", "href": bob.URI}},
		})
	})
	for _, a := range []*apptest.Stranger{bob, mallory} {
		note := a.Note("hello from "+a.Name, "to", []string{apptest.Public, alice.URI}, "tag", []apptest.Object{apptest.Mention(alice)})
		if status := a.Send(s, a.Activity("Create", note)); status != http.StatusAccepted {
			t.Fatal(status)
		}
	}
	w.Run()
	accts := map[any]any{}
	for _, x := range alice.List("/api/v1/notifications", "types[]", "mention") {
		account := x["account"].(apptest.Object)
		accts[account["uri"]] = account["acct"]
		if account["uri"] == mallory.URI && account["username"] != "/users/mallory" {
			t.Errorf("its name is %v", account["username"])
		}
	}
	if accts[bob.URI] != "bob@b.test" || accts[mallory.URI] != "/users/mallory@b.test" {
		t.Errorf("they are %v", accts)
	}
	if found := alice.Do("GET", "/api/v1/accounts/lookup", "acct", "bob@b.test"); found["uri"] != bob.URI {
		t.Errorf("the name finds %v", found["uri"])
	}
	refused(t, alice, http.StatusNotFound, "", "GET", "/api/v1/accounts/lookup", "acct", "/users/mallory@b.test")
	if id := alice.Find(mallory.URI); id == "" || id == alice.Find("@bob@b.test") {
		t.Error("the two are one")
	}
}
