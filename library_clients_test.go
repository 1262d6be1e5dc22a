package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// fetchJSON reads a JSON document of the node as a stranger.
func (n *node) fetchJSON(path string) (status int, doc object) {
	n.t.Helper()
	resp, err := http.Get(n.url + path)
	if err != nil {
		n.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		n.t.Fatal(err)
	}
	if err := json.Unmarshal(b, &doc); err != nil {
		n.t.Fatalf("%s: %v: %s", path, err, b)
	}
	return resp.StatusCode, doc
}

// A client that ends its paths with a slash, as Mastodon.py does with some and
// toot's users with the server's address, or with .json, signs in and posts.
func TestClientThatEndsPathsWithSlash(t *testing.T) {
	t.Parallel()
	n := newNode(t, "")
	n.person("alice")
	oob := "urn:ietf:wg:oauth:2.0:oob"
	form := func(path string, values ...string) (out object) {
		t.Helper()
		resp, err := http.PostForm(n.url+path, pairs(values))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if err := json.NewDecoder(resp.Body).Decode(&out); err != nil || resp.StatusCode != 200 || resp.Request.Method != "POST" {
			t.Fatalf("%s: %s %d %v %v", path, resp.Request.Method, resp.StatusCode, out, err)
		}
		return out
	}
	if status, instance := n.fetchJSON("/api/v1/instance/"); status != 200 || instance["version"] == nil {
		t.Errorf("the instance is %d %v", status, instance)
	}
	app := form("/api/v1/apps/", "client_name", "toot", "redirect_uris", oob, "scopes", "read write follow")
	id, secret := app["client_id"].(string), app["client_secret"].(string)
	b := newBrowser(t).open(n.url + "/oauth/authorize/?" + url.Values{"client_id": {id}, "redirect_uri": {oob}, "response_type": {"code"}, "scope": {"read write"}}.Encode())
	b.submit("/auth/sign_in", "name", "alice", "password", password).submit("/oauth/authorize", "decision", "allow")
	token := form("/oauth/token/", "grant_type", "authorization_code", "client_id", id, "client_secret", secret, "redirect_uri", oob,
		"code", attr(find(b.page, codeField), "value"))
	alice := &person{n, "alice", token["access_token"].(string), http.DefaultClient}
	var me object
	alice.get("/api/v1/accounts/verify_credentials.json", &me)
	post := alice.post("/api/v1/statuses/", "status", "with a slash")
	if me["acct"] != "alice" || post["application"].(object)["name"] != "toot" {
		t.Errorf("%v, %v", me["acct"], post["application"])
	}
	resp, err := alice.try("GET", "/api/v1/accounts/"+me["id"].(string)+"/statuses/", pairs([]string{"limit", "1"}), nil)
	if link := resp.Header.Get("Link"); err != nil || !strings.Contains(link, "/statuses?") {
		t.Errorf("the next page is at %s, %v", link, err)
	}
}

// What was signed is the target as it was sent: with the slash, or without.
func TestSignedTargetWithSlash(t *testing.T) {
	t.Parallel()
	n := newNode(t, "")
	n.person("alice")
	eve := newRemote(t).actor("eve")
	for _, inbox := range []string{"/inbox/", "/users/alice/inbox/"} {
		if code, why := eve.send(n.url+inbox, eve.activity("Follow", "at"+inbox, n.url+"/users/alice")); code != http.StatusAccepted {
			t.Errorf("a Follow signed for %s: %d %s", inbox, code, why)
		}
		r := eve.request(n.url+strings.TrimSuffix(inbox, "/"), eve.activity("Follow", "moved"+inbox, n.url+"/users/alice"))
		r.URL.Path = inbox
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		// Refused, the second time without even looking for a new key.
		if resp.StatusCode != http.StatusUnauthorized && resp.StatusCode != http.StatusTooManyRequests {
			t.Errorf("a Follow signed for another target than %s: %d", inbox, resp.StatusCode)
		}
	}
}

// Libraries ask NodeInfo which API this is, and clients whether there is
// streaming: not yet, and so no address of it anywhere.
func TestWhatTheServerSaysItIs(t *testing.T) {
	t.Parallel()
	n := newNode(t, "")
	n.person("alice")
	for _, path := range []string{"/nodeinfo/2.0", "/nodeinfo/2.1", "/nodeinfo/2.0.json", "/nodeinfo/2.0/"} {
		status, info := n.fetchJSON(path)
		upstream, _ := info["metadata"].(object)["upstream"].(object)
		if status != 200 || upstream["name"] != "mastodon" || info["software"].(object)["name"] != "kinglet" {
			t.Errorf("%s: %d %v", path, status, info)
		}
	}
	_, v1 := n.fetchJSON("/api/v1/instance")
	_, v2 := n.fetchJSON("/api/v2/instance")
	if urls, ok := v1["urls"].(object); !ok || len(urls) != 0 {
		t.Errorf("version 1 has the addresses %v", v1["urls"])
	}
	if urls := v2["configuration"].(object)["urls"].(object); urls["streaming"] != nil || urls["streaming_api"] != nil {
		t.Errorf("version 2 has the addresses %v", urls)
	}
	if status, health := n.fetchJSON("/api/v1/streaming/health"); status != http.StatusNotImplemented {
		t.Errorf("streaming says %d %v: advertise it again", status, health)
	}
}

// A post written with a token of the command line names no application, and
// the token still identifies its account.
func TestCommandLineTokenNamesNoApplication(t *testing.T) {
	t.Parallel()
	alice := newNode(t, "").personByCommand("alice")
	post := alice.post("/api/v1/statuses", "status", "from a script")
	if app, there := post["application"]; app != nil || !there {
		t.Errorf("the post's application is %v", app)
	}
	var app object
	alice.get("/api/v1/apps/verify_credentials", &app)
	if app["name"] != "kinglet token create" {
		t.Errorf("the token's application is %v", app)
	}
}

// Pinned posts have an end: the page after the last is empty.
func TestPinnedPostsEnd(t *testing.T) {
	t.Parallel()
	alice := newNode(t, "").person("alice")
	var me object
	alice.get("/api/v1/accounts/verify_credentials", &me)
	var ids []string
	for range 3 {
		id := alice.post("/api/v1/statuses", "status", "pinned")["id"].(string)
		ids = append([]string{id}, ids...)
	}
	for _, i := range []int{1, 0, 2} { // in another order than they were written
		alice.post("/api/v1/statuses/" + ids[i] + "/pin")
	}
	path := "/api/v1/accounts/" + me["id"].(string) + "/statuses"
	var seen []string
	next := path + "?pinned=true&limit=2"
	for pages := 0; next != ""; pages++ {
		if pages > 3 {
			t.Fatalf("it pages on for ever: %v", seen)
		}
		var list []object
		resp, err := alice.try("GET", next, nil, &list)
		if err != nil {
			t.Fatal(err)
		}
		for _, st := range list {
			seen = append(seen, st["id"].(string))
		}
		next = ""
		if link, _, found := strings.Cut(resp.Header.Get("Link"), `>; rel="next"`); found {
			next = strings.TrimPrefix(link, "<"+alice.url)
		}
	}
	if strings.Join(seen, " ") != strings.Join(ids, " ") {
		t.Errorf("pinned are %v, not %v", seen, ids)
	}
	for query, want := range map[string][]string{"max_id": {ids[2]}, "min_id": {ids[0]}, "since_id": {ids[0]}} {
		var got []string
		for _, st := range alice.list(path, "pinned", "true", query, ids[1]) {
			got = append(got, st["id"].(string))
		}
		if strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("%s gives %v, not %v", query, got, want)
		}
	}
}
