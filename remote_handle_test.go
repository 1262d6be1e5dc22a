package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// An account that calls itself as its neighbour does is shown by its id, in
// everything that a client sees, and its neighbour is found by the name.
func TestHandleOfANeighbour(t *testing.T) {
	n := newNode(t, "")
	alice := n.person("alice")
	r := newRemote(t)
	host := strings.TrimPrefix(r.URL, "http://")
	bob, mallory := r.actor("bob"), r.actor("mallory")
	forged := mallory.document()
	forged["preferredUsername"] = "bob"
	r.serve("/users/mallory", forged)
	r.handle("/.well-known/webfinger", func(w http.ResponseWriter, q *http.Request) {
		_ = json.NewEncoder(w).Encode(object{
			"subject": q.URL.Query().Get("resource"),
			"links":   []object{{"rel": "self", "type": "application/activity+json", "href": bob.uri}},
		})
	})
	for _, a := range []*actor{bob, mallory} {
		note := a.note("hello-"+a.name, "hello from "+a.name, alice.uri())
		note["tag"] = []object{{"type": "Mention", "href": alice.uri()}}
		if status, body := a.send(n.url+"/inbox", a.activity("Create", a.name, note)); status != 202 {
			t.Fatal(status, body)
		}
	}
	accts := map[any]any{}
	eventually(t, "both mentions", func() error {
		for _, x := range alice.list("/api/v1/notifications", "types[]", "mention") {
			account := x["account"].(object)
			accts[account["uri"]] = account["acct"]
			if account["uri"] == mallory.uri && account["username"] != "/users/mallory" {
				t.Errorf("its name is %v", account["username"])
			}
		}
		return nil
	})
	if accts[bob.uri] != "bob@"+host || accts[mallory.uri] != "/users/mallory@"+host {
		t.Errorf("they are %v", accts)
	}
	var found object
	alice.get("/api/v1/accounts/lookup", &found, "acct", "bob@"+host)
	if found["uri"] != bob.uri {
		t.Errorf("the name finds %v", found["uri"])
	}
	if resp, _ := alice.try("GET", "/api/v1/accounts/lookup", pairs([]string{"acct", "/users/mallory@" + host}), nil); resp.StatusCode != http.StatusNotFound {
		t.Errorf("the path finds somebody: %d", resp.StatusCode)
	}
	if id := alice.find(mallory.uri); id == alice.find("@bob@"+host) {
		t.Error("the two are one")
	}
}
