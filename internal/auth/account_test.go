package auth_test

import (
	"strings"
	"testing"

	"kinglet/internal/auth"
	"kinglet/internal/fault"
	"kinglet/store"
)

func TestSetPassword(t *testing.T) {
	w := newWorld(t)
	alice := w.Account("alice")
	token := w.Token(alice.ID, "read")
	for name, c := range map[string]struct {
		account, password string
		want              fault.Kind
	}{
		"a short one":             {"alice", "1234567", fault.Invalid},
		"short, in long letters":  {"alice", strings.Repeat("ü", 7), fault.Invalid},
		"of nobody":               {"nobody", "12345678", fault.NotFound},
		"of an account elsewhere": {"bob@elsewhere.test", "12345678", fault.NotFound},
	} {
		if err := w.SetPassword(t.Context(), c.account, c.password); !fault.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := w.ask("192.0.2.1", "Bearer "+token, ""); got != "token" {
		t.Errorf("a password that was refused ends tokens: %s", got)
	}
	if err := w.SetPassword(t.Context(), "alice", "12345678"); err != nil {
		t.Fatal(err)
	}
	if got, _ := signIn(w, t, right("alice", "192.0.2.1")); got != "wrong" {
		t.Errorf("with the old password: %s", got)
	}
	if got, _ := signIn(w, t, auth.SignInAttempt{Name: "alice", Password: "12345678", Address: "192.0.2.1"}); got != "in" {
		t.Errorf("with the new password: %s", got)
	}
	w.suspend(alice.ID)
	if err := w.SetPassword(t.Context(), "alice", "another password"); err != nil && !fault.Is(err, fault.NotFound) {
		t.Error(err)
	}
}

func TestSetAdmin(t *testing.T) {
	w := newWorld(t)
	alice := w.Account("alice")
	for _, admin := range []bool{true, true, false} {
		if err := w.SetAdmin(t.Context(), "alice", admin); err != nil {
			t.Fatal(err)
		}
		w.update(func(tx *store.Tx) error {
			u, err := tx.User(alice.ID)
			if err == nil && u.Admin != admin {
				t.Errorf("admin is %v, want %v", u.Admin, admin)
			}
			return err
		})
	}
	if err := w.SetAdmin(t.Context(), "nobody", true); !fault.Is(err, fault.NotFound) {
		t.Error(err)
	}
}

// A token for scripts is made without OAuth's dance, for a name, a handle or an
// e-mail address, with the scopes that are asked for.
func TestCreateToken(t *testing.T) {
	w := newWorld(t)
	alice, bob := w.Account("alice"), w.Account("bob")
	w.update(func(tx *store.Tx) error { return tx.DeleteAccount(bob.ID) })
	for _, name := range []string{"alice", "@alice", "alice@kinglet.test", "ALICE@mail.test"} {
		secret, err := w.CreateToken(t.Context(), name, "read write:media")
		if err != nil {
			t.Fatal(name, ": ", err)
		}
		token, err := w.Authenticate(t.Context(), auth.Credentials{Authorization: "Bearer " + secret})
		if err != nil || token.AccountID != alice.ID || token.Scopes != "read write:media" || token.AppID != 0 || !token.ExpiresAt.IsZero() {
			t.Errorf("%s: %+v %v", name, token, err)
		}
	}
	for name, c := range map[string]struct {
		account, scopes string
		want            fault.Kind
	}{
		"unknown scopes":    {"alice", "everything", fault.Invalid},
		"nobody":            {"nobody", "read", fault.NotFound},
		"nobody's e-mail":   {"nobody@mail.test", "read", fault.NotFound},
		"a deleted account": {"bob", "read", fault.NotFound},
		"somewhere else":    {"alice@elsewhere.test", "read", fault.NotFound},
	} {
		if secret, err := w.CreateToken(t.Context(), c.account, c.scopes); !fault.Is(err, c.want) || secret != "" {
			t.Errorf("%s: %q %v", name, secret, err)
		}
	}
	if app := auth.CommandLineApp("read"); app.ID != 0 || app.Name == "" || app.Scopes != "read" || len(app.RedirectURIs) != 0 {
		t.Errorf("its application: %+v", app)
	}
}

// What a client may leave here is bounded, and said in Mastodon's words.
func TestRegisterApp(t *testing.T) {
	w := newWorld(t)
	long := strings.Repeat("x", 2000)
	app := func(change func(a *auth.NewApp)) auth.NewApp {
		a := auth.NewApp{Name: " app ", Website: "https://app.test", RedirectURIs: []string{"https://app.test/back"}, Scopes: "read"}
		if change != nil {
			change(&a)
		}
		return a
	}
	for name, a := range map[string]auth.NewApp{
		"no name":             app(func(a *auth.NewApp) { a.Name = "  " }),
		"a long name":         app(func(a *auth.NewApp) { a.Name = long }),
		"a long website":      app(func(a *auth.NewApp) { a.Website += "/" + long }),
		"a website's scheme":  app(func(a *auth.NewApp) { a.Website = "javascript:alert(1)" }),
		"no website":          app(func(a *auth.NewApp) { a.Website = "https://%zz" }),
		"no redirect URI":     app(func(a *auth.NewApp) { a.RedirectURIs = nil }),
		"a long redirect URI": app(func(a *auth.NewApp) { a.RedirectURIs[0] += long }),
		"many redirect URIs":  app(func(a *auth.NewApp) { a.RedirectURIs = strings.Fields(strings.Repeat("https://app.test/back ", 100)) }),
		"a redirect that runs": app(func(a *auth.NewApp) {
			a.RedirectURIs = append(a.RedirectURIs, "javascript:alert(1)")
		}),
		"long scopes":    app(func(a *auth.NewApp) { a.Scopes = strings.Repeat("read ", 1000) }),
		"unknown scopes": app(func(a *auth.NewApp) { a.Scopes = "everything" }),
	} {
		if _, _, err := w.RegisterApp(t.Context(), a); !fault.Is(err, fault.Invalid) || !strings.HasPrefix(err.Error(), "Validation failed: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
	made, secret, err := w.RegisterApp(t.Context(), app(nil))
	if err != nil || made.ID == 0 || made.Name != "app" || made.ClientID == "" || made.SecretHash != auth.HashSecret(secret) {
		t.Errorf("%+v %v", made, err)
	}
}

// Only a client that knows its secret is answered, and only grants that there are.
func TestGrants(t *testing.T) {
	c := newClient(t, "read")
	for name, g := range map[string]struct {
		auth.Grant
		want string
	}{
		"for itself":       {auth.Grant{Type: "client_credentials"}, ""},
		"a password":       {auth.Grant{Type: "password"}, "unsupported_grant_type"},
		"none":             {auth.Grant{}, "unsupported_grant_type"},
		"unknown client":   {auth.Grant{Type: "client_credentials", ClientID: "nobody", ClientSecret: c.secret}, "invalid_client"},
		"unknown refresh":  {auth.Grant{Type: "refresh_token", Refresh: "nonsense"}, "invalid_grant"},
		"unknown code":     {auth.Grant{Type: "authorization_code", Code: "nonsense", RedirectURI: callback}, "invalid_grant"},
		"scopes not known": {auth.Grant{Type: "client_credentials", Scopes: "everything"}, "invalid_scope"},
	} {
		if granted, got := c.grant(g.Grant); got != g.want || (granted == nil) != (g.want != "") {
			t.Errorf("%s: %q, want %q", name, got, g.want)
		}
	}
	for name, ask := range map[string]struct {
		change func(*auth.Authorization)
		want   string
	}{
		"another client":        {func(a *auth.Authorization) { a.ClientID = "nobody" }, "invalid_client"},
		"another response type": {func(a *auth.Authorization) { a.ResponseType = "token" }, "unsupported_response_type"},
	} {
		if _, err := c.CheckAuthorization(t.Context(), c.ask(ask.change)); c.errorCode(err) != ask.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	granted, _ := c.grant(auth.Grant{Type: "client_credentials"})
	if err := c.RevokeToken(t.Context(), c.id, "a guess", granted.Access); c.errorCode(err) != "invalid_client" || !c.isValid(granted.Access) {
		t.Errorf("revoked by who does not know the client's secret: %v", err)
	}
	if err := c.RevokeToken(t.Context(), c.id, c.secret, granted.Access); err != nil || c.isValid(granted.Access) {
		t.Errorf("revoked: %v", err)
	}
	if err := c.RevokeToken(t.Context(), c.id, c.secret, granted.Access); err != nil {
		t.Errorf("revoked again: %v", err)
	}
}
