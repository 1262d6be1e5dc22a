package cmd_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"kinglet/internal/apptest"
	"kinglet/internal/auth"
	"kinglet/internal/memory"
)

// gauge says how many percent of the memory are in use.
type gauge int64

func (g *gauge) Read() []memory.Use { return []memory.Use{{Bytes: int64(*g), Limit: 100}} }
func (g *gauge) Collect()           {}

// crowded is a server whose memory the test fills.
type crowded struct {
	*apptest.Server
	used  *gauge
	alice *apptest.Account
}

func newCrowded(t *testing.T) *crowded {
	used := new(gauge)
	w := apptest.NewWorld(t)
	w.Memory = used
	s := &crowded{Server: w.Server("kinglet.test"), used: used}
	s.alice = s.Account("alice")
	return s
}

// fill has memory used, and uses up what is let through all the same.
func (s *crowded) fill(percent int) {
	*s.used = gauge(percent)
	s.World.Advance(5 * time.Second)
	s.ask("192.0.2.99", "GET", "/nodeinfo/2.0")
	s.ask("192.0.2.99", "GET", "/nodeinfo/2.0")
}

func (s *crowded) ask(address, method, target string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "https://kinglet.test"+target, strings.NewReader(""))
	r.RemoteAddr = address + ":1"
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return s.Do(r)
}

// While memory is short whoever is signed in, or signs in, is served as always,
// and everyone else is told to come again.
func TestWhoIsServedWhileMemoryIsShort(t *testing.T) {
	t.Parallel()
	s := newCrowded(t)
	post := s.alice.Post("Hello")
	in, err := s.Auth.SignIn(t.Context(), auth.SignInAttempt{Name: "alice", Password: apptest.Password, Address: "192.0.2.1"})
	if err != nil {
		t.Fatal(err)
	}
	token := "Bearer " + s.alice.Token("read write")
	app := "Bearer " + s.Token(0, "read")
	page := "/@alice/" + post.ID
	for _, c := range []struct {
		name         string
		method, path string
		header       []string
		code         int // while there is memory
		refused      bool
	}{
		{"home", "GET", "/api/v1/timelines/home", []string{"Authorization", token}, 200, false},
		{"the owner marks a post", "POST", "/api/v1/statuses/" + post.ID + "/favourite", []string{"Authorization", token}, 200, false},
		{"a page of who has a session", "GET", page, []string{"Cookie", "__Host-kinglet_session=" + in.Session}, 200, false},
		{"the page to sign in", "GET", "/auth/sign_in", nil, 200, false},
		{"signing in", "POST", "/auth/sign_in", nil, 403, false},
		{"a token of an app", "POST", "/oauth/token", nil, 401, false},
		{"a style sheet", "GET", "/static/style.css", nil, 200, false},
		{"health", "GET", "/health", nil, 200, false},
		{"a preflight", "OPTIONS", "/api/v1/timelines/public", nil, 204, false},
		{"a stranger's timeline", "GET", "/api/v1/timelines/public", nil, 200, true},
		{"with a token that is none", "GET", "/api/v1/timelines/public", []string{"Authorization", "Bearer " + auth.NewSecret()}, 401, true},
		{"with the token of an app", "GET", "/api/v1/timelines/public", []string{"Authorization", app}, 200, true},
		{"a stranger's page", "GET", page, nil, 200, true},
		{"with a session that is none", "GET", page, []string{"Cookie", "__Host-kinglet_session=" + auth.NewSecret()}, 200, true},
		{"a document", "GET", strings.TrimPrefix(s.alice.URI, "https://kinglet.test"), []string{"Accept", "application/activity+json"}, 200, true},
		{"discovery", "GET", "/.well-known/webfinger?resource=acct:alice@kinglet.test", nil, 200, true},
		{"an inbox post", "POST", "/inbox", nil, 401, true},
		{"an inbox post with a token that is none", "POST", "/inbox", []string{"Authorization", "Bearer x"}, 401, true},
		{"registering an app", "POST", "/api/v1/apps", nil, 422, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			s.fill(20)
			if rec := s.ask("192.0.2.7", c.method, c.path, c.header...); rec.Code != c.code {
				t.Errorf("while there is memory: %d %s", rec.Code, rec.Body)
			}
			s.fill(90)
			if rec := s.ask("192.0.2.8", c.method, c.path, c.header...); rec.Code != c.code {
				t.Errorf("while it is scarce: %d %s", rec.Code, rec.Body)
			}
			s.fill(99)
			rec := s.ask("192.0.2.9", c.method, c.path, c.header...)
			if c.refused && (rec.Code != http.StatusServiceUnavailable || rec.Header().Get("Retry-After") != "30") {
				t.Errorf("while it is short: %d %v", rec.Code, rec.Header())
			}
			if !c.refused && rec.Code != c.code {
				t.Errorf("while it is short: %d %s", rec.Code, rec.Body)
			}
		})
	}
}

// The owner's app asks for pictures without its token: it is known by the address.
func TestPicturesOfTheOwnersApp(t *testing.T) {
	t.Parallel()
	s := newCrowded(t)
	s.fill(99)
	picture := func(address string) int { return s.ask(address, "GET", "/media/x/y.png").Code }
	if code := picture("192.0.2.1"); code != 503 {
		t.Errorf("a stranger is answered %d", code)
	}
	s.ask("192.0.2.1", "GET", "/api/v1/timelines/home", "Authorization", "Bearer "+s.alice.Token("read"))
	if code := picture("192.0.2.1"); code != 404 {
		t.Errorf("the owner is answered %d", code)
	}
	if code := picture("192.0.2.2"); code != 503 {
		t.Errorf("another is answered %d", code)
	}
	if rec := s.ask("192.0.2.1", "GET", "/api/v1/timelines/public"); rec.Code != 503 {
		t.Errorf("all else from there is answered %d", rec.Code)
	}
}

// What is refused is not acknowledged: the sender comes again, and it is taken
// once. Memory that stays short lets one through in a second.
func TestInboxWhileMemoryIsShort(t *testing.T) {
	t.Parallel()
	s := newCrowded(t)
	bob := s.World.Stranger("bob@b.test")
	note := bob.To(s.alice, "hello")
	create := bob.Activity("Create", note)
	s.fill(99)
	for range 3 {
		if code := bob.Send(s.Server, create); code != 503 {
			t.Fatalf("it is answered %d", code)
		}
	}
	s.World.Run()
	if n := len(s.alice.Notifications()); n != 0 {
		t.Fatalf("%d notifications", n)
	}
	s.World.Advance(time.Second)
	if code := bob.Send(s.Server, create); code != 202 {
		t.Errorf("after a second it is answered %d", code)
	}
	if code := bob.Send(s.Server, bob.Activity("Create", bob.To(s.alice, "another"))); code != 503 {
		t.Errorf("the next one is answered %d", code)
	}
	s.fill(20)
	if code := bob.Send(s.Server, create); code != 202 {
		t.Errorf("later it is answered %d", code)
	}
	s.World.Run()
	if n := s.alice.Notifications(); len(n) != 1 {
		t.Errorf("notifications: %v", n)
	}
	if n := strings.Count(s.Log(), "msg=memory"); n != 2 {
		t.Errorf("%d lines in the log", n)
	}
}
