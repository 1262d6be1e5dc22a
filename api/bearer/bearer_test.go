package bearer_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kinglet/ap/aptest"
	"kinglet/api/bearer"
	"kinglet/api/respond"
	"kinglet/store"
)

func TestBearer(t *testing.T) {
	for header, want := range map[string]string{
		"Bearer abc": "abc", "bearer abc": "abc", "BEARER abc": "abc", "bEaReR   abc ": "abc",
		"": "none", "Bearer": "none", "Bearerabc": "none", "Basic abc": "none", "abc": "none", "Token abc": "none",
	} {
		r := httptest.NewRequest("POST", "/x?access_token=query", strings.NewReader("access_token=body"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if header != "" {
			r.Header.Set("Authorization", header)
		}
		secret, ok := bearer.Bearer(r)
		if !ok {
			secret = "none"
		}
		if secret != want {
			t.Errorf("%q gives %q, want %q", header, secret, want)
		}
	}
}

type tokens struct {
	*bearer.Tokens
	*aptest.World
	t *testing.T
}

func newTokens(t *testing.T) *tokens {
	w := aptest.New(t, "https://kinglet.test")
	return &tokens{bearer.New(w.Store, w.Config), w, t}
}

// ask authenticates a request and gives "stranger", "token", "invalid" or
// "too many".
func (k *tokens) ask(stream bool, address, header, query string) string {
	k.t.Helper()
	r := httptest.NewRequest("GET", "/x"+query, nil)
	r.RemoteAddr = "127.0.0.1:1"
	r.Header.Set("X-Forwarded-For", address)
	if header != "" {
		r.Header.Set("Authorization", header)
	}
	w := httptest.NewRecorder()
	authenticate := k.Authenticate
	if stream {
		authenticate = k.AuthenticateStream
	}
	token, err := authenticate(w, r)
	switch {
	case errors.Is(err, respond.InvalidToken):
		return "invalid"
	case errors.Is(err, respond.TooMany):
		if w.Header().Get("Retry-After") == "" {
			k.t.Error("too many, without saying for how long")
		}
		return "too many"
	case err != nil:
		k.t.Error(err)
		return "error"
	case token == nil:
		return "stranger"
	}
	return "token"
}

// A token in the query is a stranger's request, except for streaming.
func TestWhereTokensComeFrom(t *testing.T) {
	k := newTokens(t)
	secret := k.Token(k.Account("alice").ID, "read")
	for _, c := range []struct {
		stream              bool
		header, query, want string
	}{
		{false, "Bearer " + secret, "", "token"},
		{false, "bearer " + secret, "", "token"},
		{false, "", "?access_token=" + secret, "stranger"},
		{false, "", "?bearer_token=" + secret, "stranger"},
		{false, "Bearer x", "?access_token=" + secret, "invalid"},
		{false, "Bearer ", "", "stranger"},
		{true, "", "?access_token=" + secret, "token"},
		{true, "Bearer " + secret, "?access_token=x", "token"},
		{true, "", "?access_token=x", "invalid"},
		{true, "", "", "stranger"},
		{false, "Bearer " + strings.Repeat("A", 43), "", "invalid"},
		{false, "Bearer " + strings.Repeat("x", 60_000), "", "invalid"},
	} {
		if got := k.ask(c.stream, "192.0.2.1", c.header, c.query); got != c.want {
			t.Errorf("%.60s %.60s, streaming %v: %s, want %s", c.header, c.query, c.stream, got, c.want)
		}
	}
}

// Invalid tokens are counted by address, whatever they look like, and above
// the limit the database is not asked; whose tokens were valid of late, or
// who comes from elsewhere, is not hindered.
func TestInvalidTokensAreCounted(t *testing.T) {
	k := newTokens(t)
	account := k.Account("alice").ID
	known, fresh := "Bearer "+k.Token(account, "read"), "Bearer "+k.Token(account, "read")
	if got := k.ask(false, "2001:db8::1", known, ""); got != "token" {
		t.Fatal(got)
	}
	for i := range 60 {
		secret := store.NewSecret()
		if i%2 == 0 {
			secret = fmt.Sprint("nonsense ", i)
		}
		if got := k.ask(false, fmt.Sprintf("2001:db8::%d", i), "Bearer "+secret, ""); got != "invalid" { // one /64
			t.Fatalf("%d: %s", i, got)
		}
	}
	for _, c := range []struct{ name, address, header, want string }{
		{"another invalid one", "2001:db8::1", "Bearer " + store.NewSecret(), "too many"},
		{"a malformed one", "2001:db8::1", "Bearer x", "too many"},
		{"one that was just rejected", "2001:db8::1", "Bearer nonsense 58", "invalid"},
		{"a valid one that was not seen before", "2001:db8::1", fresh, "too many"},
		{"a valid one of late", "2001:db8::1", known, "token"},
		{"none", "2001:db8::1", "", "stranger"},
		{"another network", "2001:db8:0:1::1", fresh, "token"},
		{"the one seen there", "2001:db8::1", fresh, "token"},
	} {
		if got := k.ask(false, c.address, c.header, ""); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	if err := k.SetPassword(t.Context(), "alice", "another password"); err != nil {
		t.Fatal(err)
	}
	if got := k.ask(false, "2001:db8::1", known, ""); got != "invalid" {
		t.Errorf("a token of late that was revoked: %s", got)
	}
	k.Clock.Advance(time.Minute)
	if got := k.ask(false, "2001:db8::1", known, ""); got != "too many" {
		t.Errorf("and once more, later: %s", got)
	}
	issued := k.Token(account, "read")
	k.Issued(issued)
	if got := k.ask(false, "2001:db8::1", "Bearer "+issued, ""); got != "token" {
		t.Errorf("a token that was just given out: %s", got)
	}
	k.Clock.Advance(5 * time.Minute)
	if got := k.ask(false, "2001:db8::1", "Bearer x", ""); got != "invalid" {
		t.Errorf("later: %s", got)
	}
}

// Valid tokens are not counted, however many requests come with them.
func TestValidTokensAreNotCounted(t *testing.T) {
	k := newTokens(t)
	account := k.Account("alice").ID
	for range 100 {
		if got := k.ask(false, "192.0.2.1", "Bearer "+k.Token(account, "read"), ""); got != "token" {
			t.Fatal(got)
		}
	}
}

// A client that sends a revoked token again and again does not hinder others
// at its address.
func TestRevokedTokenSentAgain(t *testing.T) {
	k := newTokens(t)
	account := k.Account("alice").ID
	revoked := "Bearer " + store.NewSecret()
	for range 20 { // twenty minutes, three times a second
		for range 200 {
			if got := k.ask(false, "192.0.2.1", revoked, ""); got != "invalid" {
				t.Fatal(got)
			}
		}
		k.Clock.Advance(time.Minute)
	}
	if got := k.ask(false, "192.0.2.1", "Bearer "+k.Token(account, "read"), ""); got != "token" {
		t.Errorf("another's token: %s", got)
	}
}

// Invalid tokens at the same time are not all looked up.
func TestParallelInvalidTokens(t *testing.T) {
	k := newTokens(t)
	var invalid atomic.Int64
	var group sync.WaitGroup
	for range 200 {
		group.Go(func() {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.Header.Set("Authorization", "Bearer "+store.NewSecret())
			if _, err := k.Authenticate(httptest.NewRecorder(), r); errors.Is(err, respond.InvalidToken) {
				invalid.Add(1)
			}
		})
	}
	group.Wait()
	if n := invalid.Load(); n != 60 {
		t.Errorf("%d of 200 are looked up", n)
	}
}
