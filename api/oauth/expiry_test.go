package oauth_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"kinglet/internal/apptest"
	"kinglet/internal/auth"
	"kinglet/store"
)

const (
	minute   = time.Minute
	day      = 24 * time.Hour
	redirect = "urn:ietf:wg:oauth:2.0:oob"
)

// client is a registered one, and what it is granted.
type client struct {
	t          *testing.T
	world      *apptest.World
	alice      *apptest.Account
	id, secret string
	app        int64
}

func newClient(t *testing.T) *client {
	w := apptest.NewWorld(t)
	c := &client{t: t, world: w, alice: w.Server("a.test").Account("alice")}
	c.id, c.secret = auth.NewSecret(), auth.NewSecret()
	c.alice.Server.Update(func(tx *store.Tx) error {
		app := &store.App{
			ClientID: c.id, SecretHash: auth.HashSecret(c.secret), Name: "a client", RedirectURIs: []string{redirect}, Scopes: "read offline_access",
		}
		err := tx.InsertApp(app)
		c.app = app.ID
		return err
	})
	return c
}

// code is one that alice allowed.
func (c *client) code(scopes string) string {
	secret := auth.NewSecret()
	c.alice.Server.Update(func(tx *store.Tx) error {
		return tx.InsertCode(&store.Code{
			Hash: auth.HashSecret(secret), AppID: c.app, AccountID: c.alice.ID, RedirectURI: redirect, Scopes: scopes,
			ExpiresAt: c.world.Now().Add(10 * minute),
		})
	})
	return secret
}

// token asks for one and gives the answer.
func (c *client) token(params ...string) (int, map[string]any) {
	c.t.Helper()
	form := url.Values{"client_id": {c.id}, "client_secret": {c.secret}, "redirect_uri": {redirect}}
	for i := 0; i < len(params); i += 2 {
		form.Set(params[i], params[i+1])
	}
	r := httptest.NewRequest(http.MethodPost, "https://a.test/oauth/token", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := c.alice.Server.Do(r)
	var out map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
		c.t.Fatalf("%d %s", w.Code, w.Body)
	}
	return w.Code, out
}

// works reports whether an access token is taken.
func (c *client) works(access any) bool {
	c.t.Helper()
	r := httptest.NewRequest(http.MethodGet, "https://a.test/api/v1/accounts/verify_credentials", nil)
	r.Header.Set("Authorization", "Bearer "+access.(string))
	w := c.alice.Server.Do(r)
	if w.Code != http.StatusOK && w.Code != http.StatusUnauthorized {
		c.t.Fatalf("%d %s", w.Code, w.Body)
	}
	return w.Code == http.StatusOK
}

func TestCodeExpires(t *testing.T) {
	c := newClient(t)
	early, late := c.code("read"), c.code("read")
	c.world.Advance(9 * minute)
	if status, _ := c.token("grant_type", "authorization_code", "code", early); status != http.StatusOK {
		t.Errorf("after nine minutes a code is answered with %d", status)
	}
	c.world.Advance(2 * minute)
	if status, answer := c.token("grant_type", "authorization_code", "code", late); status != http.StatusBadRequest || answer["error"] != "invalid_grant" {
		t.Errorf("after eleven minutes a code is answered with %d %v", status, answer)
	}
	c.world.Advance(3 * day)
	if n := c.alice.Server.Count(`SELECT COUNT(*) FROM oauth_codes`); n != 0 {
		t.Errorf("%d codes are still there", n)
	}
}

func TestTokenExpires(t *testing.T) {
	c := newClient(t)
	_, first := c.token("grant_type", "authorization_code", "code", c.code("read offline_access"))
	_, forever := c.token("grant_type", "authorization_code", "code", c.code("read"))
	if first["refresh_token"] == nil || forever["refresh_token"] != nil {
		t.Fatalf("granted are %v and %v", first, forever)
	}
	c.world.Advance(29 * day)
	if !c.works(first["access_token"]) {
		t.Error("a token with a refresh token has ended after 29 days")
	}
	c.world.Advance(2 * day)
	if c.works(first["access_token"]) {
		t.Error("a token with a refresh token works after 31 days")
	}
	if !c.works(forever["access_token"]) {
		t.Error("a token without one has ended")
	}
	status, second := c.token("grant_type", "refresh_token", "refresh_token", first["refresh_token"].(string))
	if status != http.StatusOK || !c.works(second["access_token"]) || c.works(first["access_token"]) {
		t.Errorf("a refresh is answered with %d %v", status, second)
	}
	if status, _ := c.token("grant_type", "refresh_token", "refresh_token", first["refresh_token"].(string)); status == http.StatusOK {
		t.Error("a refresh token works twice")
	}
	c.world.Advance(400 * day)
	if !c.works(forever["access_token"]) {
		t.Error("a token that does not expire has ended after a year")
	}
}

// A token of an account that is suspended rests, and one that was deleted ends.
func TestTokenOfSuspended(t *testing.T) {
	c := newClient(t)
	_, granted := c.token("grant_type", "authorization_code", "code", c.code("read"))
	suspend := func(suspended bool) {
		c.alice.Server.Update(func(tx *store.Tx) error {
			a, err := tx.AccountByURI(c.alice.URI)
			if err != nil {
				return err
			}
			a.SuspendedByUs, a.SuspendedAt = suspended, time.Time{}
			return tx.PutAccount(a)
		})
	}
	suspend(true)
	if c.works(granted["access_token"]) {
		t.Error("it works while the account is suspended")
	}
	suspend(false)
	c.world.Advance(2 * minute) // that a token was refused is remembered for one
	if !c.works(granted["access_token"]) {
		t.Error("it does not work when the account is back")
	}
	if err := c.alice.Server.Service.DeleteAccount(t.Context(), "alice"); err != nil {
		t.Fatal(err)
	}
	if c.works(granted["access_token"]) {
		t.Error("it works when the account is gone")
	}
}
