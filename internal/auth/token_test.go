package auth_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kinglet/internal/auth"
	"kinglet/internal/fault"
	"kinglet/store"
)

func TestBearer(t *testing.T) {
	for header, want := range map[string]string{
		"Bearer abc": "abc", "bearer abc": "abc", "BEARER abc": "abc", "bEaReR   abc ": "abc",
		"": "none", "Bearer": "none", "Bearerabc": "none", "Basic abc": "none", "abc": "none", "Token abc": "none",
	} {
		secret, ok := auth.Bearer(header)
		if !ok {
			secret = "none"
		}
		if secret != want {
			t.Errorf("%q gives %q, want %q", header, secret, want)
		}
	}
}

// ask authenticates a request and gives "stranger", "token", "invalid" or
// "too many".
func (w *world) ask(address, header, query string) string {
	w.t.Helper()
	token, err := w.Authenticate(w.t.Context(), auth.Credentials{Authorization: header, Query: query, Address: address})
	var e *fault.Error
	switch {
	case errors.Is(err, auth.InvalidToken):
		return "invalid"
	case errors.As(err, &e) && e.Kind == fault.RateLimited:
		if e.RetryAfter < time.Second || e.RetryAfter%time.Second != 0 {
			w.t.Errorf("too many, and to be asked again after %s", e.RetryAfter)
		}
		return "too many"
	case err != nil:
		w.t.Error(err)
		return "error"
	case token == nil:
		return "stranger"
	}
	return "token"
}

// The header counts before the query, where streaming has its token.
func TestWhereTokensComeFrom(t *testing.T) {
	k := newWorld(t)
	secret := k.Token(k.Account("alice").ID, "read")
	for _, c := range []struct{ header, query, want string }{
		{"Bearer " + secret, "", "token"},
		{"bearer " + secret, "", "token"},
		{"Bearer x", "", "invalid"},
		{"Bearer ", "", "stranger"},
		{"", secret, "token"},
		{"Bearer " + secret, "x", "token"},
		{"Bearer x", secret, "invalid"},
		{"", "x", "invalid"},
		{"", "", "stranger"},
		{"Bearer " + strings.Repeat("A", 43), "", "invalid"},
		{"Bearer " + strings.Repeat("x", 60_000), "", "invalid"},
	} {
		if got := k.ask("192.0.2.1", c.header, c.query); got != c.want {
			t.Errorf("%.60s %.60s: %s, want %s", c.header, c.query, got, c.want)
		}
	}
}

// Invalid tokens are counted by address, whatever they look like, and above
// the limit the database is not asked; whose tokens were valid of late, or
// who comes from elsewhere, is not hindered.
func TestInvalidTokensAreCounted(t *testing.T) {
	k := newWorld(t)
	account := k.Account("alice").ID
	known, fresh := "Bearer "+k.Token(account, "read"), "Bearer "+k.Token(account, "read")
	if got := k.ask("2001:db8::/64", known, ""); got != "token" {
		t.Fatal(got)
	}
	for i := range 60 {
		secret := auth.NewSecret()
		if i%2 == 0 {
			secret = fmt.Sprint("nonsense ", i)
		}
		if got := k.ask("2001:db8::/64", "Bearer "+secret, ""); got != "invalid" {
			t.Fatalf("%d: %s", i, got)
		}
	}
	for _, c := range []struct{ name, address, header, want string }{
		{"another invalid one", "2001:db8::/64", "Bearer " + auth.NewSecret(), "too many"},
		{"a malformed one", "2001:db8::/64", "Bearer x", "too many"},
		{"one that was just rejected", "2001:db8::/64", "Bearer nonsense 58", "invalid"},
		{"a valid one that was not seen before", "2001:db8::/64", fresh, "too many"},
		{"a valid one of late", "2001:db8::/64", known, "token"},
		{"none", "2001:db8::/64", "", "stranger"},
		{"another network", "2001:db8:0:1::/64", fresh, "token"},
		{"the one seen there", "2001:db8::/64", fresh, "token"},
	} {
		if got := k.ask(c.address, c.header, ""); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	if err := k.SetPassword(t.Context(), "alice", "another password"); err != nil {
		t.Fatal(err)
	}
	if got := k.ask("2001:db8::/64", known, ""); got != "invalid" {
		t.Errorf("a token of late that was revoked: %s", got)
	}
	k.Clock.Advance(time.Minute)
	if got := k.ask("2001:db8::/64", known, ""); got != "too many" {
		t.Errorf("and once more, later: %s", got)
	}
	c := &client{world: k, account: &store.Account{ID: account}}
	c.id, c.secret = c.register("read", callback)
	issued, _ := c.grant(exchange(c.code(nil), ""))
	if got := k.ask("2001:db8::/64", "Bearer "+issued.Access, ""); got != "token" {
		t.Errorf("a token that was just given out: %s", got)
	}
	k.Clock.Advance(5 * time.Minute)
	if got := k.ask("2001:db8::/64", "Bearer x", ""); got != "invalid" {
		t.Errorf("later: %s", got)
	}
}

// Valid tokens are not counted, however many requests come with them.
func TestValidTokensAreNotCounted(t *testing.T) {
	k := newWorld(t)
	account := k.Account("alice").ID
	for range 100 {
		if got := k.ask("192.0.2.1", "Bearer "+k.Token(account, "read"), ""); got != "token" {
			t.Fatal(got)
		}
	}
}

// A client that sends a revoked token again and again does not hinder others
// at its address.
func TestRevokedTokenSentAgain(t *testing.T) {
	k := newWorld(t)
	account := k.Account("alice").ID
	revoked := "Bearer " + auth.NewSecret()
	for range 20 { // twenty minutes, three times a second
		for range 200 {
			if got := k.ask("192.0.2.1", revoked, ""); got != "invalid" {
				t.Fatal(got)
			}
		}
		k.Clock.Advance(time.Minute)
	}
	if got := k.ask("192.0.2.1", "Bearer "+k.Token(account, "read"), ""); got != "token" {
		t.Errorf("another's token: %s", got)
	}
}

// Invalid tokens at the same time are not all looked up.
func TestParallelInvalidTokens(t *testing.T) {
	k := newWorld(t)
	var invalid atomic.Int64
	var group sync.WaitGroup
	for range 200 {
		group.Go(func() {
			if _, err := k.Authenticate(t.Context(), auth.Credentials{Authorization: "Bearer " + auth.NewSecret(), Address: "192.0.2.1"}); errors.Is(err, auth.InvalidToken) {
				invalid.Add(1)
			}
		})
	}
	group.Wait()
	if n := invalid.Load(); n != 60 {
		t.Errorf("%d of 200 are looked up", n)
	}
}
