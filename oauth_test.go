package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// oauthClient registers a client and gives its id and secret.
func oauthClient(t *testing.T, n *node, scopes string) (id, secret string) {
	t.Helper()
	var app struct {
		ClientID     string `json:"client_id"`
		ClientSecret string `json:"client_secret"`
	}
	postJSON(t, n.url+"/api/v1/apps", `{"client_name":"x","redirect_uris":["urn:ietf:wg:oauth:2.0:oob"],"scopes":"`+scopes+`"}`, &app)
	return app.ClientID, app.ClientSecret
}

// The parameters of /oauth/token and /oauth/revoke come in the query, in a
// form, in JSON, or some here and some there; the log has none of them.
func TestTokenParametersAndTheLog(t *testing.T) {
	t.Parallel()
	n := newNode(t, "")
	alice := n.person("alice")
	id, secret := oauthClient(t, n, "read")
	send := func(path, query, contentType, body string) (int, object) {
		t.Helper()
		r, err := http.NewRequest("POST", n.url+path+"?"+query, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if contentType != "" {
			r.Header.Set("Content-Type", contentType)
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		var o object
		if err := json.NewDecoder(resp.Body).Decode(&o); err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, o
	}
	credentials := url.Values{"client_id": {id}, "client_secret": {secret}}
	grant := url.Values{"grant_type": {"client_credentials"}, "client_id": {id}, "client_secret": {secret}}.Encode()
	const form = "application/x-www-form-urlencoded"
	var tokens []string
	for name, c := range map[string][3]string{
		"query":                 {grant, "", ""},
		"query, and empty form": {grant, form, ""},
		"form":                  {"", form, grant},
		"JSON":                  {"", "application/json", fmt.Sprintf(`{"grant_type":"client_credentials","client_id":%q,"client_secret":%q}`, id, secret)},
		"both":                  {"grant_type=client_credentials", form, credentials.Encode()},
	} {
		status, o := send("/oauth/token", c[0], c[1], c[2])
		token, _ := o["access_token"].(string)
		if status != 200 || token == "" {
			t.Errorf("%s: %d %v", name, status, o)
		}
		tokens = append(tokens, token)
	}
	works := func(token string) bool {
		p := &person{n, "", token, http.DefaultClient}
		resp, _ := p.try("GET", "/api/v1/apps/verify_credentials", nil, nil)
		return resp.StatusCode == 200
	}
	for i, token := range tokens {
		revoke := url.Values{"token": {token}, "client_id": {id}, "client_secret": {secret}}.Encode()
		if !works(token) {
			t.Errorf("token %d does not work", i)
		}
		query, body := revoke, ""
		if i%2 == 0 {
			query, body = "", revoke
		}
		if status, o := send("/oauth/revoke", query, form, body); status != 200 || works(token) {
			t.Errorf("token %d stands after it was revoked: %d %v", i, status, o)
		}
	}

	// An access token in the query of anything but streaming is not taken.
	for path, want := range map[string]int{
		"/api/v1/accounts/verify_credentials": 401, "/api/v1/timelines/home": 401, "/oauth/userinfo": 401, "/api/v1/apps/verify_credentials": 401,
		"/api/v1/streaming/user": 501, "/api/v1/streaming": 501,
	} {
		resp, err := http.Get(n.url + path + "?access_token=" + alice.token)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%s with a token in its query: %d, want %d", path, resp.StatusCode, want)
		}
	}
	if resp, err := http.Get(n.url + "/api/v1/streaming/user?access_token=x"); err != nil || resp.StatusCode != 401 {
		t.Errorf("streaming with a wrong token: %v %v", resp, err)
	}
	if resp, err := http.PostForm(n.url+"/api/v1/statuses", url.Values{"access_token": {alice.token}, "status": {"x"}}); err != nil || resp.StatusCode != 401 {
		t.Errorf("a token in the body: %v %v", resp, err)
	}

	// Whatever is asked of /oauth, well or badly, the log contains no parameter.
	const mark = "MARKED"
	for _, c := range []struct{ method, address string }{
		{"GET", "/oauth/authorize?client_id=" + mark + "&state=" + mark},
		{"GET", "/oauth/authorize?response_type=code&redirect_uri=urn:ietf:wg:oauth:2.0:oob&state=" + mark + "&client_id=" + id},
		{"GET", "/oauth/authorize?" + mark + ";%zz%00=" + mark}, {"POST", "/oauth/authorize?code=" + mark}, {"PUT", "/oauth/authorize?code=" + mark},
		{"POST", "/oauth/token?code=" + mark + "&client_secret=" + mark}, {"POST", "/oauth/token?a[[=" + mark}, {"GET", "/oauth/token?code=" + mark},
		{"POST", "/oauth/revoke?token=" + mark}, {"GET", "/oauth/revoke/?token=" + mark}, {"GET", "/oauth/userinfo?access_token=" + mark},
		{"GET", "/oauth//token?token=" + mark}, {"POST", "/oauth/nothing?token=" + mark}, {"DELETE", "/oauth/token?token=" + mark},
		{"GET", "/auth/sign_in?next=/oauth/authorize%3Fstate%3D" + mark}, {"GET", "/api/v1/streaming/user?access_token=" + mark},
		{"POST", "/oauth/token?client_id=%00" + mark}, {"POST", "/oauth/token?client_id=%ff" + mark},
	} {
		for _, contentType := range []string{"", form, "application/json", "multipart/form-data", "nonsense; ;"} {
			r, err := http.NewRequest(c.method, n.url+c.address, strings.NewReader(mark))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Content-Type", contentType)
			r.Header.Set("Referer", n.url+c.address)
			resp, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
		}
	}
	log := n.log.String()
	if !strings.Contains(log, "path=/oauth/token") {
		t.Fatal("the log has no requests")
	}
	for name, s := range map[string]string{"a marked parameter": mark, "the client's secret": secret, "a token": tokens[0], "alice's token": alice.token} {
		if i := strings.Index(log, s); i >= 0 {
			t.Errorf("the log contains %s: %s", name, log[max(i-200, 0):i+len(s)])
		}
	}
}

// Of 60 guesses at the same time from 60 addresses a real server evaluates a
// few, and the owner's browser still signs in.
func TestGuessesAtAServer(t *testing.T) {
	n := newNode(t, "")
	n.person("alice")
	owner := newBrowser(t).open(n.url + "/auth/sign_in")
	owner.submit("/auth/sign_in", "name", "alice", "password", password)
	var mu sync.Mutex
	codes := map[int]int{}
	var group sync.WaitGroup
	for i := range 60 {
		b := newBrowser(t)
		b.Transport = forwarded(fmt.Sprintf("192.0.2.%d", i+1))
		b.open(n.url + "/auth/sign_in")
		group.Go(func() {
			b.submit("/auth/sign_in", "name", []string{"alice", "ALICE ", "alice@example.org", "@alice@" + n.domain}[i%4], "password", "a guess")
			mu.Lock()
			defer mu.Unlock()
			codes[b.last.StatusCode]++
		})
	}
	group.Wait()
	if codes[401] != 10 || codes[429] != 50 {
		t.Errorf("of 60 guesses: %v", codes)
	}
	stranger := newBrowser(t)
	stranger.Transport = forwarded("203.0.113.1")
	if stranger.open(n.url+"/auth/sign_in").submit("/auth/sign_in", "name", "alice", "password", password); stranger.last.StatusCode != 429 {
		t.Errorf("a stranger with the right password: %d", stranger.last.StatusCode)
	}
	owner.Transport = forwarded("203.0.113.2")
	owner.open(n.url+"/auth/sign_in").submit("/auth/sign_in", "name", "alice", "password", password)
	if owner.last.StatusCode != 200 || owner.last.Request.URL.Path != "/" {
		t.Errorf("the owner, elsewhere: %d at %s", owner.last.StatusCode, owner.last.Request.URL)
	}
}

// forwarded has a proxy say that requests come from an address.
type forwarded string

func (f forwarded) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("X-Forwarded-For", string(f))
	return http.DefaultTransport.RoundTrip(r)
}
