package mastodon

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"kinglet/internal/auth"
	"kinglet/internal/config"
	"kinglet/internal/ratelimit"
	"kinglet/store"
)

// caller answers who calls, in place of auth.Service, and counts in place of
// ratelimit.Limiter. It notes what it was asked.
type caller struct {
	token   *store.Token
	err     error
	refuse  string // the rule under which nothing more is allowed
	asked   auth.Credentials
	counted []string
}

func (c *caller) Authenticate(_ context.Context, credentials auth.Credentials) (*store.Token, error) {
	c.asked = credentials
	return c.token, c.err
}

func (c *caller) Count(rule ratelimit.Rule, who string) ratelimit.Counted {
	c.counted = append(c.counted, rule.Name+" "+who)
	return ratelimit.Counted{Allowed: rule.Name != c.refuse, Most: rule.Most, Reset: time.Unix(0, 0), Wait: time.Minute}
}

// Who calls is somebody else's to say, and so is how often; what is made of
// it is decided here, from the declaration alone.
func TestAdmission(t *testing.T) {
	alice := func(scopes string) *store.Token { return &store.Token{AccountID: 7, AppID: 1, Scopes: scopes} }
	own := ratelimit.Rule{Name: "own", Most: 1, Window: time.Hour}
	for name, c := range map[string]struct {
		route  route
		caller caller
		status int
		viewer store.AccountID // that the route was given
		count  string
	}{
		"a fitting token":                   {route{scope: "read:lists"}, caller{token: alice("read")}, 200, 7, "account 7"},
		"a token without the scope":         {route{scope: "read:lists"}, caller{token: alice("write")}, 403, 0, "account 7"},
		"a stranger":                        {route{scope: "read:lists"}, caller{}, 401, 0, "address 192.0.2.1"},
		"a client's own token":              {route{scope: "read:lists"}, caller{token: &store.Token{AppID: 1, Scopes: "read"}}, 422, 0, "address 192.0.2.1"},
		"a stranger at an open route":       {route{scope: "read:lists", stranger: publicView}, caller{}, 200, 0, "address 192.0.2.1"},
		"an open route, without the scope":  {route{scope: "read:lists", stranger: publicView}, caller{token: alice("write")}, 200, 0, "account 7"},
		"an open route, with it":            {route{scope: "read:lists", stranger: publicView}, caller{token: alice("read:lists")}, 200, 7, "account 7"},
		"an invalid token at an open route": {route{stranger: everything}, caller{err: auth.InvalidToken}, 401, 0, ""},
		"too often":                         {route{stranger: everything}, caller{refuse: "address"}, 429, 0, "address 192.0.2.1"},
		"too often for the route":           {route{scope: "read", limit: own}, caller{token: alice("read"), refuse: "own"}, 429, 0, "account 7"},
	} {
		t.Run(name, func(t *testing.T) {
			viewer := store.AccountID(0)
			c.route.handle = func(call *call) (any, error) {
				viewer = call.viewer
				return struct{}{}, nil
			}
			a := &API{Auth: &c.caller, Limits: &c.caller, Config: &config.Config{}, Log: slog.New(slog.DiscardHandler)}
			r := httptest.NewRequest("GET", "/x?access_token=query", nil)
			r.Header.Set("Authorization", "Bearer header")
			w := httptest.NewRecorder()
			a.endpoint(c.route, false)(w, r)
			if w.Code != c.status || viewer != c.viewer {
				t.Errorf("%d for %d, want %d for %d: %s", w.Code, viewer, c.status, c.viewer, w.Body)
			}
			if want := (auth.Credentials{Authorization: "Bearer header", Address: "192.0.2.1"}); c.caller.asked != want {
				t.Errorf("asked for %+v", c.caller.asked)
			}
			if c.count != "" && (len(c.caller.counted) == 0 || c.caller.counted[0] != c.count) || c.count == "" && len(c.caller.counted) > 0 {
				t.Errorf("counted as %q, want %q", c.caller.counted, c.count)
			}
			if c.status == http.StatusTooManyRequests && w.Header().Get("Retry-After") != "61" {
				t.Errorf("to be asked again after %q", w.Header().Get("Retry-After"))
			}
		})
	}
}
