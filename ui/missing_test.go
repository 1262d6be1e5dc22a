package ui

import (
	"net/http"
	"strings"
	"testing"

	"kinglet/ap"
	"kinglet/ap/signature/signaturetest"
	"kinglet/store"
)

// What is not there, or not for strangers, is said on a page that leads on,
// and every page keeps to its own Content-Security-Policy.
func TestPagesThatAreNotThere(t *testing.T) {
	w := newWorld(t)
	bob, err := w.ui.Service.CreateAccount(t.Context(), ap.NewAccount{Username: "bob", Email: "bob@example.org", Password: "correct horse battery", Key: signaturetest.SomeKey(t)})
	if err != nil {
		t.Fatal(err)
	}
	post := func(author store.AccountID, v store.Visibility) store.ObjectID {
		t.Helper()
		id, err := w.ui.Service.Post(t.Context(), author, ap.PostRequest{Text: "for some", Visibility: v})
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	private, direct, bobs, deleted := post(w.alice.ID, store.Private), post(w.alice.ID, store.Direct), post(bob.ID, store.Public), post(w.alice.ID, store.Public)
	if err := w.ui.Service.DeletePost(t.Context(), w.alice.ID, deleted, false); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		path   string
		status int
		says   string
	}{
		{"/@nobody", http.StatusNotFound, "Nothing here"},
		{"/@alice/1", http.StatusNotFound, "Nothing here"},
		{"/@alice/x", http.StatusNotFound, "Nothing here"},
		{"/@alice/" + private.String(), http.StatusNotFound, "Nothing here"},
		{"/@alice/" + direct.String(), http.StatusNotFound, "Nothing here"},
		{"/@alice/" + bobs.String(), http.StatusNotFound, "Nothing here"},
		{"/@alice/" + deleted.String(), http.StatusGone, "Gone"},
		{"/@bob/" + bobs.String(), http.StatusOK, "for some"},
		{"/@alice", http.StatusOK, "Nothing posted for everyone to see yet"},
		{"/tags/nothing", http.StatusOK, "Nobody here has used this hashtag"},
		{"/", http.StatusOK, "Who lives here"},
		{"/auth/sign_in", http.StatusOK, "Password"},
	} {
		rec := w.get(c.path)
		if rec.Code != c.status || !strings.Contains(rec.Body.String(), c.says) {
			t.Errorf("%s: %d, without %q", c.path, rec.Code, c.says)
		}
		if csp := rec.Header().Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "frame-ancestors 'none'") || strings.Contains(csp, "unsafe") {
			t.Errorf("%s: policy %q", c.path, csp)
		}
		links := 0
		for n := range parse(t, rec.Body.String()).root.Descendants() {
			if n.Data == "script" || n.Data == "style" {
				t.Errorf("%s has a %s in it", c.path, n.Data)
			}
			if n.Data == "a" {
				links++
			}
			for _, a := range n.Attr {
				if a.Key == "style" || strings.HasPrefix(a.Key, "on") {
					t.Errorf("%s: %s has %s", c.path, n.Data, a.Key)
				}
			}
		}
		if links < 2 {
			t.Errorf("%s leads nowhere", c.path)
		}
		if c.status != http.StatusOK && (strings.Contains(rec.Body.String(), "for some") || !strings.Contains(rec.Body.String(), `content="noindex"`)) {
			t.Errorf("%s may be kept by search engines, or tells what it hides", c.path)
		}
	}
}
