package auth_test

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kinglet/internal/auth"
	"kinglet/internal/fault"
	"kinglet/store"
)

const callback = "phoneapp://callback"

// client is a registered client and the account that it asks.
type client struct {
	*world
	account    *store.Account
	id, secret string
}

func newClient(t *testing.T, scopes string, redirects ...string) *client {
	w := newWorld(t)
	c := &client{world: w, account: w.Account("alice")}
	c.id, c.secret = c.register(scopes, append(redirects, callback)...)
	return c
}

func (c *client) register(scopes string, redirects ...string) (id, secret string) {
	c.t.Helper()
	app, secret, err := c.RegisterApp(c.t.Context(), auth.NewApp{Name: "an app", Scopes: scopes, RedirectURIs: redirects})
	if err != nil {
		c.t.Fatal(err)
	}
	return app.ClientID, secret
}

func (c *client) ask(change func(*auth.Authorization)) *auth.Authorization {
	a := &auth.Authorization{ClientID: c.id, RedirectURI: callback, ResponseType: "code", Scopes: "read"}
	if change != nil {
		change(a)
	}
	return a
}

func (c *client) code(change func(*auth.Authorization)) string {
	c.t.Helper()
	code, err := c.IssueCode(c.t.Context(), c.account.ID, c.ask(change))
	if err != nil {
		c.t.Fatal(err)
	}
	return code
}

// grant asks for a token and gives it, or OAuth's code of the error.
func (c *client) grant(g auth.Grant) (*auth.Granted, string) {
	c.t.Helper()
	if g.ClientID == "" {
		g.ClientID, g.ClientSecret = c.id, c.secret
	}
	granted, err := c.GrantToken(c.t.Context(), g)
	return granted, c.errorCode(err)
}

func (c *client) errorCode(err error) string {
	c.t.Helper()
	var e *fault.Error
	if err == nil {
		return ""
	}
	if !errors.As(err, &e) || e.Code == "" || (e.Kind == fault.Unauthorized) != (e.Code == "invalid_client") {
		c.t.Fatal(err)
	}
	return e.Code
}

func (c *client) isValid(access string) bool {
	err := c.Store.View(c.t.Context(), func(tx *store.Tx) error {
		_, err := tx.TokenByHash(auth.HashSecret(access))
		return err
	})
	if err != nil && !fault.Is(err, fault.NotFound) {
		c.t.Fatal(err)
	}
	return err == nil
}

func exchange(code, verifier string) auth.Grant {
	return auth.Grant{Type: "authorization_code", Code: code, RedirectURI: callback, Verifier: verifier}
}

// PKCE can't be left out by whoever stands between the client and us: a
// challenge needs its verifier, and a verifier its challenge.
func TestPKCE(t *testing.T) {
	c := newClient(t, "read")
	verifier := strings.Repeat("v", 43)
	sum := sha256.Sum256([]byte(verifier))
	challenge := base64.RawURLEncoding.EncodeToString(sum[:])
	with := func(challenge, method string) func(*auth.Authorization) {
		return func(a *auth.Authorization) { a.Challenge, a.ChallengeMethod = challenge, method }
	}
	for _, g := range []struct {
		name, verifier string
		ask            func(*auth.Authorization)
		want           string
	}{
		{"a challenge and its verifier", verifier, with(challenge, "S256"), ""},
		{"a challenge and no verifier", "", with(challenge, "S256"), "invalid_grant"},
		{"a challenge and another verifier", strings.Repeat("w", 43), with(challenge, "S256"), "invalid_grant"},
		{"a challenge for its verifier", challenge, with(challenge, "S256"), "invalid_grant"},
		{"no challenge and a verifier", verifier, nil, "invalid_grant"},
		{"neither", "", nil, ""},
	} {
		if _, got := c.grant(exchange(c.code(g.ask), g.verifier)); got != g.want {
			t.Errorf("%s: %q, want %q", g.name, got, g.want)
		}
	}
	for name, ask := range map[string]func(*auth.Authorization){
		"plain": with(verifier, "plain"), "no method, which means plain": with(verifier, ""), "another method": with(challenge, "s256"),
		"a method and no challenge": with("", "S256"), "a short challenge": with("x", "S256"),
	} {
		if _, err := c.CheckAuthorization(t.Context(), c.ask(ask)); c.errorCode(err) != "invalid_request" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A code works once, for its client and its redirect URI, and not for long.
// One that comes twice was stolen: its token ends, also one that was refreshed.
func TestCodes(t *testing.T) {
	c := newClient(t, "read offline_access", "phoneapp://other")
	code := c.code(func(a *auth.Authorization) { a.Scopes = "read offline_access" })
	first, got := c.grant(exchange(code, ""))
	if got != "" || !c.isValid(first.Access) {
		t.Fatalf("%q %v", got, first)
	}
	second, got := c.grant(auth.Grant{Type: "refresh_token", Refresh: first.Refresh})
	if got != "" || c.isValid(first.Access) || !c.isValid(second.Access) {
		t.Fatalf("refreshed: %q", got)
	}
	if _, got := c.grant(exchange(code, "")); got != "invalid_grant" || c.isValid(second.Access) {
		t.Errorf("a code works twice (%q), or the token of a stolen one is still valid", got)
	}
	if _, got := c.grant(auth.Grant{Type: "refresh_token", Refresh: second.Refresh}); got != "invalid_grant" {
		t.Errorf("the refresh token of a stolen code: %q", got)
	}
	other, otherSecret := c.register("read", callback)
	for name, g := range map[string]auth.Grant{
		"another registered redirect URI": {Type: "authorization_code", Code: c.code(nil), RedirectURI: "phoneapp://other"},
		"no redirect URI":                 {Type: "authorization_code", Code: c.code(nil)},
		"another client":                  {Type: "authorization_code", Code: c.code(nil), RedirectURI: callback, ClientID: other, ClientSecret: otherSecret},
		"no code":                         {Type: "authorization_code", RedirectURI: callback},
	} {
		if _, got := c.grant(g); got != "invalid_grant" {
			t.Errorf("%s: %q", name, got)
		}
	}
	late := c.code(nil)
	c.Clock.Advance(10 * time.Minute)
	if _, got := c.grant(exchange(late, "")); got != "invalid_grant" {
		t.Errorf("after ten minutes: %q", got)
	}
	for name, g := range map[string]auth.Grant{
		"no secret": {Type: "client_credentials", ClientID: c.id}, "another's secret": {Type: "client_credentials", ClientID: c.id, ClientSecret: otherSecret},
	} {
		if _, got := c.grant(g); got != "invalid_client" {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// A code that comes many times at the same time gives one token at most, and
// in the end none is valid.
func TestCodeRaces(t *testing.T) {
	c := newClient(t, "read")
	code := c.code(nil)
	var granted atomic.Int64
	var group sync.WaitGroup
	tokens := make(chan string, 20)
	for range 20 {
		group.Go(func() {
			if g, err := c.GrantToken(t.Context(), auth.Grant{ClientID: c.id, ClientSecret: c.secret, Type: "authorization_code", Code: code, RedirectURI: callback}); err == nil {
				granted.Add(1)
				tokens <- g.Access
			}
		})
	}
	group.Wait()
	if n := granted.Load(); n != 1 {
		t.Fatalf("%d tokens of one code", n)
	}
	if c.isValid(<-tokens) {
		t.Error("the token of a code that came 20 times is still valid")
	}
}

// A redirect URI is one that was registered, byte for byte.
func TestRedirectURIsMatchExactly(t *testing.T) {
	c := newClient(t, "read", "https://app.example/cb")
	for _, uri := range []string{
		"", "https://app.example/cb/", "https://app.example/cb?x=1", "https://app.example/cb#x", "https://APP.example/cb", "https://app.example/c",
		"https://app.example/cb/../x", "http://app.example/cb", "https://app.example:443/cb", "https://evil.test/cb", callback + "/", callback + "?x", "phoneapp://",
		"https://app.example/cb\nphoneapp://callback", auth.OutOfBand,
	} {
		a := c.ask(func(a *auth.Authorization) { a.RedirectURI = uri })
		if _, err := c.CheckAuthorization(t.Context(), a); c.errorCode(err) != "invalid_request" {
			t.Errorf("%q: %v", uri, err)
		}
		if _, err := c.IssueCode(t.Context(), c.account.ID, a); c.errorCode(err) != "invalid_request" {
			t.Errorf("%q is given a code: %v", uri, err)
		}
	}
	if _, err := c.CheckAuthorization(t.Context(), c.ask(func(a *auth.Authorization) { a.RedirectURI = "https://app.example/cb" })); err != nil {
		t.Error(err)
	}
	// What an older version took is refused when it is used.
	old := &store.App{ClientID: "old", Name: "x", RedirectURIs: []string{"view-source:https://app.example/"}, Scopes: "read"}
	if err := c.Store.Update(t.Context(), func(tx *store.Tx) error { return tx.InsertApp(old) }); err != nil {
		t.Fatal(err)
	}
	a := &auth.Authorization{ClientID: "old", RedirectURI: old.RedirectURIs[0], ResponseType: "code", Scopes: "read"}
	if _, err := c.CheckAuthorization(t.Context(), a); c.errorCode(err) != "invalid_request" {
		t.Errorf("%q: %v", a.RedirectURI, err)
	}
	if _, _, err := c.RegisterApp(t.Context(), auth.NewApp{Name: "x", RedirectURIs: []string{callback, "javascript:alert(1)"}}); !fault.Is(err, fault.Invalid) {
		t.Errorf("registered: %v", err)
	}
}

// Scopes never grow: not when asked for, not when the code is exchanged, not
// when the token is refreshed, not for the client itself.
func TestScopesDoNotGrow(t *testing.T) {
	c := newClient(t, "read write:media follow offline_access")
	for scopes, want := range map[string]string{
		"read": "", "read:statuses": "", "write:media": "", "follow": "", "write:blocks": "", "read:statuses write:follows": "",
		"write": "invalid_scope", "write:statuses": "invalid_scope", "read write:statuses": "invalid_scope", "push": "invalid_scope", "admin:read": "invalid_scope",
		"nonsense": "invalid_scope",
	} {
		if _, err := c.CheckAuthorization(t.Context(), c.ask(func(a *auth.Authorization) { a.Scopes = scopes })); c.errorCode(err) != want {
			t.Errorf("asked for %q: %v, want %q", scopes, err, want)
		}
		if _, got := c.grant(auth.Grant{Type: "client_credentials", Scopes: scopes}); got != want {
			t.Errorf("for itself %q: %q, want %q", scopes, got, want)
		}
	}
	g := exchange(c.code(func(a *auth.Authorization) { a.Scopes = "read:statuses write:media offline_access" }), "")
	g.Scopes = "read write:media follow offline_access" // within what the client registered
	granted, got := c.grant(g)
	if got != "" || granted.Token.Scopes != "read:statuses write:media offline_access" {
		t.Fatalf("%q: the code's exchange gives %q", got, granted.Token.Scopes)
	}
	for _, more := range []string{"read", "read:statuses read:accounts", "follow", "nonsense"} {
		if _, got := c.grant(auth.Grant{Type: "refresh_token", Refresh: granted.Refresh, Scopes: more}); got != "invalid_scope" {
			t.Errorf("refreshed for %q: %q", more, got)
		}
	}
	less, got := c.grant(auth.Grant{Type: "refresh_token", Refresh: granted.Refresh, Scopes: "read:statuses"})
	if got != "" || less.Token.Scopes != "read:statuses" {
		t.Fatalf("refreshed for less: %q", got)
	}
	if back, got := c.grant(auth.Grant{Type: "refresh_token", Refresh: less.Refresh, Scopes: "read:statuses write:media"}); got != "invalid_scope" {
		t.Errorf("refreshed for what was given up: %q %v", got, back)
	}
}

// A client refreshes and revokes its own tokens only; a new password and a
// suspension end them, refresh tokens and codes included.
func TestTokensEnd(t *testing.T) {
	for name, end := range map[string]func(c *client) error{
		"a new password": func(c *client) error { return c.SetPassword(t.Context(), "alice", "another password") },
		"a suspension": func(c *client) error {
			return c.Store.Update(t.Context(), func(tx *store.Tx) error {
				a, err := tx.Account(c.account.ID)
				if err != nil {
					return err
				}
				a.SuspendedAt = tx.Now()
				return tx.PutAccount(a)
			})
		},
		"a deletion": func(c *client) error {
			return c.Store.Update(t.Context(), func(tx *store.Tx) error { return tx.DeleteAccount(c.account.ID) })
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClient(t, "read offline_access")
			code := func() string {
				return c.code(func(a *auth.Authorization) { a.Scopes = "read offline_access" })
			}
			granted, _ := c.grant(exchange(code(), ""))
			waiting := code()
			other, otherSecret := c.register("read", callback)
			if _, got := c.grant(auth.Grant{Type: "refresh_token", Refresh: granted.Refresh, ClientID: other, ClientSecret: otherSecret}); got != "invalid_grant" {
				t.Errorf("another client refreshes it: %q", got)
			}
			if err := c.RevokeToken(t.Context(), other, otherSecret, granted.Access); err != nil || !c.isValid(granted.Access) {
				t.Errorf("another client revokes it: %v", err)
			}
			if err := end(c); err != nil {
				t.Fatal(err)
			}
			if c.isValid(granted.Access) {
				t.Error("the token is still valid")
			}
			if _, got := c.grant(auth.Grant{Type: "refresh_token", Refresh: granted.Refresh}); got != "invalid_grant" {
				t.Errorf("the refresh token: %q", got)
			}
			if g, got := c.grant(exchange(waiting, "")); got != "invalid_grant" && c.isValid(g.Access) {
				t.Errorf("a code from before gives a token: %q", got)
			}
		})
	}
}
