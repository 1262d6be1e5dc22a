package limit

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"kinglet/internal/config"
	"kinglet/internal/ratelimit"
	"kinglet/internal/semaphore"
	"kinglet/store"
)

// fixed is a Counter that says the same of everyone.
type fixed ratelimit.Counted

func (f fixed) Count(ratelimit.Rule, string) ratelimit.Counted { return ratelimit.Counted(f) }

// Whoever counts, the headers say what it says.
func TestAnotherCounter(t *testing.T) {
	w := httptest.NewRecorder()
	ok := Check(w, fixed{Allowed: true, Most: 7, Remaining: 3, Reset: time.Unix(0, 0)}, ratelimit.Apps, "a")
	if h := w.Header(); !ok || h.Get("X-RateLimit-Limit") != "7" || h.Get("X-RateLimit-Remaining") != "3" || h.Get("X-RateLimit-Reset") != "1970-01-01T00:00:00.000Z" {
		t.Errorf("%v %v", ok, h)
	}
}

// The headers say how many requests remain, and when the window ends.
func TestCheck(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	limits := ratelimit.New(func() time.Time { return now })
	rule := ratelimit.Rule{Name: "x", Most: 2, Window: time.Minute}
	for i, want := range []struct {
		allowed          bool
		remaining, retry string
	}{{true, "1", ""}, {true, "0", ""}, {false, "0", "61"}} {
		w := httptest.NewRecorder()
		allowed, h := Check(w, limits, rule, "a"), w.Header()
		if allowed != want.allowed || h.Get("X-RateLimit-Limit") != "2" || h.Get("X-RateLimit-Remaining") != want.remaining ||
			h.Get("X-RateLimit-Reset") != "2026-01-02T03:05:05.000Z" || h.Get("Retry-After") != want.retry {
			t.Errorf("request %d: %v %v", i, allowed, h)
		}
	}
	now = now.Add(30*time.Second + time.Millisecond)
	w := httptest.NewRecorder()
	if Check(w, limits, rule, "a") || w.Header().Get("Retry-After") != "30" {
		t.Errorf("half a minute later: %v", w.Header())
	}
	if !Check(httptest.NewRecorder(), limits, rule, "b") {
		t.Error("another is refused")
	}
}

// serve has a middleware answer a request, and gives the answer and the
// context in which it was served; nil when it was refused.
func serve(h func(http.Handler) http.Handler, method, path, address, accept string) (w *httptest.ResponseRecorder, ctx context.Context) {
	r := httptest.NewRequest(method, path, nil)
	r.RemoteAddr = address + ":1"
	r.Header.Set("Accept", accept)
	w = httptest.NewRecorder()
	h(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { ctx = r.Context() })).ServeHTTP(w, r)
	return w, ctx
}

// Which rule counts a request, by its path. What is counted where it is
// answered, or costs nothing, is not counted here.
func TestRules(t *testing.T) {
	const document = "application/activity+json"
	most := map[string]int{"pages": 2, "documents": 3, "discovery": 4, "": 0}
	c := config.Limits{
		Pages: config.RateLimit{Most: 2, Window: time.Hour}, Documents: config.RateLimit{Most: 3, Window: time.Hour}, Discovery: config.RateLimit{Most: 4, Window: time.Hour},
	}
	limits := ratelimit.New(time.Now, ratelimit.Settings(c)...)
	refused := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) }
	h := Requests(limits, &config.Config{}, refused)
	for i, c := range []struct{ method, path, accept, rule string }{
		{"GET", "/", "", "pages"},
		{"GET", "/@alice", "", "pages"},
		{"GET", "/@alice/1", "text/html", "pages"},
		{"GET", "/users/alice", "", "pages"},
		{"GET", "/nowhere", "", "pages"},
		{"GET", "/auth/sign_in", "", "pages"},
		{"GET", "/oauth/authorize", "", "pages"},
		{"POST", "/oauth/authorize", "", "pages"},
		{"GET", "/inbox", "", "pages"},
		{"GET", "/@alice", document, "documents"},
		{"GET", "/users/alice", document, "documents"},
		{"GET", "/users/alice/outbox", "", "documents"},
		{"GET", "/media/x", "", "documents"},
		{"GET", "/actor", "", "documents"},
		{"GET", "/.well-known/webfinger", "", "discovery"},
		{"GET", "/nodeinfo/2.0", "", "discovery"},
		{"GET", "/api/v1/timelines/public", "", ""},
		{"POST", "/oauth/token", "", ""},
		{"POST", "/oauth/revoke", "", ""},
		{"GET", "/oauth/userinfo", "", ""},
		{"GET", "/health", "", ""},
		{"POST", "/inbox", "", ""},
		{"POST", "/users/alice/inbox", "", ""},
		{"POST", "/users/alice/inbox/", "", ""},
		{"GET", "/static/style.css", "", ""},
		{"GET", "/robots.txt", "", ""},
		{"OPTIONS", "/", "", ""},
	} {
		address, served := "192.0.2."+strconv.Itoa(i), 0
		for range 6 {
			w, ctx := serve(h, c.method, c.path, address, c.accept)
			if ctx != nil {
				served++
			} else if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") == "" {
				t.Errorf("%s %s is refused with %d %v", c.method, c.path, w.Code, w.Header())
			}
		}
		if want := most[c.rule]; served != want && (want != 0 || served != 6) {
			t.Errorf("%s %s %s: %d of 6 are served, want the rule %q", c.method, c.path, c.accept, served, c.rule)
		}
		if _, ctx := serve(h, c.method, c.path, "198.51.100."+strconv.Itoa(i), c.accept); ctx == nil {
			t.Errorf("another address is refused %s", c.path)
		}
	}
}

// Every request reads as a stranger's of its address; signing in and inboxes
// read a few rows, and are let in beside strangers.
func TestRequestsAreMarked(t *testing.T) {
	h := Requests(ratelimit.New(time.Now), &config.Config{}, nil)
	for _, c := range []struct {
		method, path string
		lookup       bool
	}{
		{"GET", "/", false}, {"GET", "/api/v1/timelines/public", false}, {"GET", "/users/alice", false}, {"POST", "/api/v1/statuses", false},
		{"POST", "/inbox", true}, {"POST", "/users/alice/inbox", true}, {"POST", "/auth/sign_in", true}, {"POST", "/oauth/token", true}, {"GET", "/oauth/authorize", true},
	} {
		_, ctx := serve(h, c.method, c.path, "192.0.2.1", "")
		if client := store.Client(ctx); client == semaphore.Trusted || store.IsStranger(ctx) == c.lookup {
			t.Errorf("%s %s: client %q, stranger %v", c.method, c.path, client, store.IsStranger(ctx))
		}
	}
}
