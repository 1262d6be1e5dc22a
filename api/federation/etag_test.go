package federation_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"kinglet/ap/policy"
	"kinglet/internal/apptest"
)

// Who has a document already is not sent it again, until it changes.
func TestDocumentsAreSentOnce(t *testing.T) {
	w := apptest.NewWorld(t)
	s := w.Server("a.test")
	alice := s.Account("alice")
	st := alice.Post("Hello")
	again := func(method, path, tag string) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(t.Context(), method, path, nil)
		r.Header.Set("Accept", activityJSON)
		if tag != "" {
			r.Header.Set("If-None-Match", tag)
		}
		return s.Do(r)
	}
	for _, path := range []string{st.URI, alice.URI, "/@alice/" + st.ID, alice.URI + "/outbox", alice.URI + "/outbox?page=true", alice.URI + "/followers", alice.URI + "/collections/featured", "/actor"} {
		whole := again("GET", path, "")
		tag := whole.Header().Get("ETag")
		if whole.Code != http.StatusOK || len(tag) < 10 || !strings.HasPrefix(whole.Header().Get("Cache-Control"), "public, max-age=") {
			t.Fatalf("%s: %d %v", path, whole.Code, whole.Header())
		}
		for _, known := range []string{tag, "W/" + tag, `"x", ` + tag, "*"} {
			rec := again("GET", path, known)
			if rec.Code != http.StatusNotModified || rec.Body.Len() != 0 || rec.Header().Get("Content-Type") != "" {
				t.Errorf("%s, of which %s is known: %d %v %s", path, known, rec.Code, rec.Header(), rec.Body)
			}
			for _, h := range []string{"ETag", "Cache-Control", "Vary", "Access-Control-Allow-Origin"} {
				if rec.Header().Get(h) != whole.Header().Get(h) || rec.Header().Get(h) == "" {
					t.Errorf("%s: %s is %q and was %q", path, h, rec.Header().Get(h), whole.Header().Get(h))
				}
			}
		}
		for _, other := range []string{`"x"`, tag[:len(tag)-2] + `"`, strings.Trim(tag, `"`)} {
			if rec := again("GET", path, other); rec.Code != http.StatusOK || rec.Body.String() != whole.Body.String() {
				t.Errorf("%s, of which %s is known: %d", path, other, rec.Code)
			}
		}
		head := again("HEAD", path, "")
		if head.Code != http.StatusOK || head.Header().Get("ETag") != tag || head.Header().Get("Content-Length") != whole.Header().Get("Content-Length") || again("HEAD", path, tag).Code != http.StatusNotModified {
			t.Errorf("%s: HEAD is answered with %d %v", path, head.Code, head.Header())
		}
	}
	tag := again("GET", st.URI, "").Header().Get("ETag")
	alice.Edit(st, "Hello, edited")
	if rec := again("GET", st.URI, tag); rec.Code != http.StatusOK || !strings.Contains(rec.Body.String(), "edited") || rec.Header().Get("ETag") == tag {
		t.Errorf("after an edit: %d %s", rec.Code, rec.Body)
	}
	tag = again("GET", st.URI, "").Header().Get("ETag")
	alice.Delete(st)
	for _, known := range []string{tag, "*"} {
		if rec := again("GET", st.URI, known); rec.Code != http.StatusGone {
			t.Errorf("after a deletion: %d", rec.Code)
		}
	}
}

// What is for some is kept by nobody, so that no tag tells that it is there; and
// while policies decide who gets what, an answer is for one signature.
func TestTagsTellNothing(t *testing.T) {
	w := apptest.NewWorld(t)
	w.Policy = policy.Chain{{Name: "not c.test", Delivery: func(d policy.Delivery) policy.Verdict {
		if d.Host == "c.test" {
			return policy.Refuse("no")
		}
		return policy.Verdict{}
	}}}
	s := w.Server("a.test")
	alice, bob, eve := s.Account("alice"), w.Stranger("@bob@b.test"), w.Stranger("@eve@c.test")
	if got := bob.Follow(alice); got != "Accept" {
		t.Fatalf("the Follow is answered with %q", got)
	}
	private, public := alice.Post("for followers", "visibility", "private"), alice.Post("for all")
	ask := func(by *apptest.Stranger, uri string) *httptest.ResponseRecorder {
		r := by.Request("GET", uri, nil)
		r.Header.Set("Accept", activityJSON)
		r.Header.Set("If-None-Match", "*")
		return s.Do(r)
	}
	if rec := ask(bob, private.URI); rec.Code != http.StatusOK || rec.Header().Get("ETag") != "" || !strings.Contains(rec.Header().Get("Cache-Control"), "no-store") {
		t.Errorf("a post for followers: %d %v", rec.Code, rec.Header())
	}
	if rec := ask(eve, private.URI); rec.Code != http.StatusNotFound {
		t.Errorf("to another: %d", rec.Code)
	}
	if rec := ask(bob, public.URI); rec.Code != http.StatusNotModified || !strings.Contains(rec.Header().Get("Vary"), "Signature") {
		t.Errorf("a public one: %d %v", rec.Code, rec.Header())
	}
	if rec := ask(eve, public.URI); rec.Code != http.StatusNotFound {
		t.Errorf("to whom it is withheld from: %d", rec.Code)
	}
}
