package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
)

// Everything that a client reads in a day answers, truly and as the schema says.
func TestEndpoints(t *testing.T) {
	t.Parallel()
	n := newNode(t, "")
	alice, bob := n.person("alice"), n.person("bob")
	if out, err := n.command("account", "admin", "alice"); err != nil {
		t.Fatal(err, out)
	}
	var me object
	alice.get("/api/v1/accounts/verify_credentials", &me)
	if role := me["role"].(object); role["name"] != "Owner" {
		t.Errorf("an admin's role is %v", role)
	}
	a, b := me["id"].(string), alice.find("bob")
	post := alice.post("/api/v1/statuses", "status", "One #Fine day", "visibility", "unlisted", "language", "de")
	id := post["id"].(string)
	bob.post("/api/v1/accounts/" + a + "/follow")
	bob.post("/api/v1/statuses/" + id + "/favourite")
	boost := bob.post("/api/v1/statuses/" + id + "/reblog")
	bob.post("/api/v1/statuses/" + id + "/bookmark")
	alice.post("/api/v1/statuses/" + id + "/pin")
	count := func(p *person, path string, want int, query ...string) {
		t.Helper()
		if l := p.list(path, query...); len(l) != want {
			t.Errorf("%s has %d, want %d: %v", path, len(l), want, l)
		}
	}
	account := "/api/v1/accounts/" + a
	status := "/api/v1/statuses/" + id
	for _, c := range []struct {
		who  *person
		path string
		want int
	}{
		{alice, account + "/statuses", 1}, {alice, account + "/statuses?pinned=true", 1}, {alice, account + "/statuses?only_media=1", 0},
		{alice, account + "/statuses?tagged=fine", 1}, {alice, account + "/followers", 1}, {alice, account + "/following", 0},
		{bob, "/api/v1/accounts/" + b + "/statuses?exclude_reblogs=true", 0}, {bob, "/api/v1/accounts/" + b + "/statuses", 1},
		{bob, "/api/v1/favourites", 1}, {bob, "/api/v1/bookmarks", 1}, {alice, status + "/favourited_by", 1}, {alice, status + "/reblogged_by", 1},
		{alice, "/api/v1/timelines/public", 0}, {bob, "/api/v1/timelines/home", 1}, {alice, "/api/v1/notifications", 3},
		{alice, "/api/v1/notifications?exclude_types[]=follow", 2}, {alice, "/api/v1/notifications?types[]=favourite&types[]=nonsense", 1},
		{alice, "/api/v1/notifications?account_id=" + a, 0},
		{alice, "/api/v1/follow_requests", 0}, {alice, "/api/v1/blocks", 0}, {alice, "/api/v1/mutes", 0}, {alice, "/api/v1/custom_emojis", 0},
		{alice, "/api/v1/lists", 0}, {alice, "/api/v2/filters", 0}, {alice, "/api/v1/filters", 0}, {alice, "/api/v1/followed_tags", 0},
		{alice, "/api/v1/announcements", 0}, {alice, "/api/v1/trends/tags", 0}, {alice, "/api/v1/trends/statuses", 0}, {alice, "/api/v1/instance/rules", 0},
		{alice, "/api/v1/instance/peers", 0}, {alice, "/api/v1/scheduled_statuses", 0}, {alice, "/api/v2/suggestions", 0}, {alice, "/api/v1/domain_blocks", 0},
		{alice, "/api/v1/accounts?id[]=" + a + "&id[]=" + b + "&id[]=1", 2}, {alice, "/api/v1/statuses?id[]=" + id + "&id[]=1", 1},
		{alice, "/api/v1/accounts/relationships?id[]=" + b + "&id[]=1&id=" + a, 1}, {alice, "/api/v1/accounts/search?q=bo", 1},
		{alice, "/api/v1/accounts/familiar_followers?id[]=" + b, 1},
	} {
		count(c.who, c.path, c.want)
	}
	for path, check := range map[string]func(o object) bool{
		"/api/v1/instance": func(o object) bool {
			return o["uri"] == n.domain && o["contact_account"].(object)["id"] == a && strings.Contains(o["version"].(string), "(compatible; Kinglet")
		},
		"/api/v2/instance":                                          func(o object) bool { return o["domain"] == n.domain },
		"/api/v1/preferences":                                       func(o object) bool { return o["posting:default:visibility"] == "public" },
		"/api/v1/accounts/lookup?acct=bob":                          func(o object) bool { return o["id"] == b },
		"/api/v1/tags/fine":                                         func(o object) bool { return o["name"] == "fine" },
		"/api/v1/statuses/" + id + "/source":                        func(o object) bool { return o["text"] == "One #Fine day" },
		"/api/v1/notifications/unread_count":                        func(o object) bool { return o["count"] == 3.0 },
		"/api/v2/search?q=fin":                                      func(o object) bool { return len(o["hashtags"].([]any)) == 1 },
		"/api/v2/search?q=" + url.QueryEscape(post["url"].(string)): func(o object) bool { return len(o["statuses"].([]any)) == 1 },
		"/api/v2/search?q=" + url.QueryEscape(post["uri"].(string)): func(o object) bool { return len(o["statuses"].([]any)) == 1 },
		"/api/v1/apps/verify_credentials":                           func(o object) bool { return o["name"] == "kinglet token create" },
		"/health":                                                   func(o object) bool { return o["status"] == "OK" },
		"/.well-known/oauth-authorization-server":                   func(o object) bool { return o["token_endpoint"] == n.url+"/oauth/token" },
	} {
		var o object
		alice.get(path, &o)
		if !check(o) {
			t.Errorf("%s: %v", path, o)
		}
	}

	// Markers and preferences are kept.
	alice.post("/api/v1/markers", "home[last_read_id]", id)
	if m := alice.post("/api/v1/markers", "home[last_read_id]", boost["id"].(string))["home"].(object); m["version"] != 2.0 {
		t.Errorf("the marker is %v", m)
	}
	var markers object
	alice.get("/api/v1/markers", &markers, "timeline[]", "home", "timeline[]", "notifications")
	if m := markers["home"].(object); m["last_read_id"] != boost["id"] || len(markers) != 1 {
		t.Errorf("the markers are %v", markers)
	}
	if _, err := alice.try("PATCH", "/api/v1/accounts/update_credentials", pairs([]string{
		"source[privacy]", "private", "source[sensitive]", "true", "source[language]", "fr", "fields_attributes[0][name]", "a", "fields_attributes[0][value]", "b",
	}), &me); err != nil || me["source"].(object)["privacy"] != "private" || len(me["fields"].([]any)) != 1 {
		t.Errorf("%v %v", err, me)
	}
	if st := alice.post("/api/v1/statuses", "status", "as preferred"); st["visibility"] != "private" || st["sensitive"] != true || st["language"] != "fr" {
		t.Errorf("posted as %v %v %v", st["visibility"], st["sensitive"], st["language"])
	}

	// Muting and blocking hide at once.
	count(bob, "/api/v1/timelines/home", 2)
	if r := bob.post(account+"/mute", "duration", "3600", "notifications", "false"); r["muting"] != true || r["muting_notifications"] != false || r["muting_expires_at"] == nil {
		t.Errorf("muted: %v", r)
	}
	count(bob, "/api/v1/timelines/home", 0)
	count(bob, "/api/v1/mutes", 1)
	bob.post(account + "/unmute")
	count(bob, "/api/v1/timelines/home", 2)
	alice.post("/api/v1/accounts/" + b + "/block")
	count(alice, "/api/v1/blocks", 1)
	count(alice, "/api/v1/notifications", 0)
	count(bob, "/api/v1/timelines/home", 0)
	for _, path := range []string{status, status + "/context"} {
		if resp, err := bob.try("GET", path, nil, nil); resp.StatusCode != 404 {
			t.Errorf("the blocked reads %s: %v", path, err)
		}
	}
	for _, path := range []string{status + "/favourite", status + "/reblog", status + "/bookmark", account + "/follow"} {
		if resp, _ := bob.try("POST", path, nil, nil); resp.StatusCode != 404 && resp.StatusCode != 403 {
			t.Errorf("the blocked may %s: %d", path, resp.StatusCode)
		}
	}
	alice.post("/api/v1/notifications/clear")

	// What is wrong is said in Mastodon's words.
	for _, c := range []struct {
		method, path string
		form         []string
		status       int
		says         string
	}{
		{"POST", "/api/v1/statuses", nil, 422, "Text can't be blank"},
		{"POST", "/api/v1/statuses", []string{"status", strings.Repeat("x", 5001)}, 422, "character limit of 5000"},
		{"POST", "/api/v1/statuses", []string{"status", "x", "visibility", "secret"}, 422, "visibility"},
		{"POST", "/api/v1/statuses", []string{"status", "x", "in_reply_to_id", "1"}, 404, "Record not found"},
		{"POST", "/api/v1/statuses", []string{"status", "x", "media_ids[]", "1"}, 501, "Media"},
		{"GET", "/api/v1/statuses/1", nil, 404, "Record not found"},
		{"GET", "/api/v1/statuses/nonsense", nil, 404, "Record not found"},
		{"DELETE", "/api/v1/statuses/1", nil, 404, "Record not found"},
		{"POST", account + "/follow", nil, 403, "not allowed"},
		{"POST", "/api/v1/follow_requests/" + b + "/authorize", nil, 404, "Record not found"},
		{"POST", "/api/v1/lists", []string{"title", "x"}, 501, "not implemented"},
		{"PATCH", "/api/v1/accounts/update_credentials", []string{"display_name", strings.Repeat("x", 101)}, 422, "too long"},
	} {
		resp, err := alice.try(c.method, c.path, pairs(c.form), nil)
		if err == nil || resp.StatusCode != c.status || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s %s: %v", c.method, c.path, err)
		}
	}
	for name, token := range map[string]string{"no": "", "a wrong": "x"} {
		p := &person{n, "", token, alice.client}
		if resp, err := p.try("GET", "/api/v1/timelines/home", nil, nil); resp.StatusCode != 401 || !strings.Contains(err.Error(), "The access token is invalid") {
			t.Errorf("%s token: %v", name, err)
		}
	}
}

// Clients send bodies in every form.
func TestBodies(t *testing.T) {
	t.Parallel()
	n := newNode(t, "")
	alice := n.person("alice")
	var mp bytes.Buffer
	w := multipart.NewWriter(&mp)
	w.WriteField("status", "multipart")
	w.WriteField("visibility", "unlisted")
	w.Close()
	for _, c := range []struct{ name, contentType, body string }{
		{"JSON", "application/json", `{"status":"JSON","visibility":"unlisted","sensitive":"1","in_reply_to_id":null}`},
		{"form", "application/x-www-form-urlencoded", "status=form&visibility=unlisted"},
		{"multipart", w.FormDataContentType(), mp.String()},
	} {
		r, err := http.NewRequest("POST", n.url+"/api/v1/statuses", strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", c.contentType)
		r.Header.Set("Authorization", "Bearer "+alice.token)
		resp, err := alice.client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		var st object
		if json.Unmarshal(b, &st) != nil || st["visibility"] != "unlisted" || !strings.Contains(fmt.Sprint(st["content"]), c.name) {
			t.Errorf("%s: %d %s", c.name, resp.StatusCode, b)
		}
		for _, h := range []string{"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "X-Request-Id"} {
			if resp.Header.Get(h) == "" || h != "X-Request-Id" && !strings.Contains(resp.Header.Get("Access-Control-Expose-Headers"), h) {
				t.Errorf("%s: no %s", c.name, h)
			}
		}
	}
	for path, want := range map[string]int{"/api/v1/statuses": 204, "/oauth/token": 204, "/.well-known/webfinger": 204, "/nodeinfo/2.0": 204} {
		r, _ := http.NewRequest("OPTIONS", n.url+path, nil)
		r.Header.Set("Origin", "https://app.example")
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want || resp.Header.Get("Access-Control-Allow-Origin") != "*" || !strings.Contains(resp.Header.Get("Access-Control-Allow-Headers"), "Idempotency-Key") {
			t.Errorf("preflight of %s: %d %v", path, resp.StatusCode, resp.Header)
		}
	}
}

// @alice@example.org, served from another host: WebFinger answers on both,
// and always says the handle on the domain.
func TestAccountDomain(t *testing.T) {
	t.Parallel()
	n := newNode(t, "")
	n.kill()
	host := n.domain
	// A database belongs to one domain: this one has a new one.
	n.database = filepath.Join(t.TempDir(), "kinglet.db")
	n.env = append(n.env, "KINGLET_DOMAIN=example.org", "KINGLET_DATABASE="+n.database)
	n.start()
	n.person("alice")
	for _, resource := range []string{"acct:alice@example.org", "acct:alice@" + host, n.url + "/users/alice", n.url + "/@alice"} {
		resp, err := http.Get(n.url + "/.well-known/webfinger?resource=" + url.QueryEscape(resource))
		if err != nil {
			t.Fatal(err)
		}
		var doc struct {
			Subject string
			Links   []struct{ Rel, Href string }
		}
		err = json.NewDecoder(resp.Body).Decode(&doc)
		resp.Body.Close()
		if err != nil || doc.Subject != "acct:alice@example.org" || len(doc.Links) < 2 || doc.Links[1].Href != n.url+"/users/alice" {
			t.Errorf("%s: %v %v", resource, doc, err)
		}
	}
	// Another server does not believe the domain, which does not vouch for
	// the actor, and calls it by the host that does.
	b := newNode(t, "").person("bob")
	b.find("@alice@" + host)
	if l := b.list("/api/v1/accounts/search", "q", "alice"); len(l) != 1 || l[0]["acct"] != "alice@"+host {
		t.Errorf("she is known as %v", l)
	}
}

// A post of another server is found by its address, and by its page's.
func TestResolveAddress(t *testing.T) {
	t.Parallel()
	a, b := newNode(t, "").person("alice"), newNode(t, "").person("bob")
	post := a.post("/api/v1/statuses", "status", "find me")
	hidden := a.post("/api/v1/statuses", "status", "do not find me", "visibility", "private")
	for _, c := range []struct {
		address string
		want    int
	}{{post["uri"].(string), 1}, {post["url"].(string), 1}, {hidden["uri"].(string), 0}, {a.url + "/objects/nothing", 0}} {
		var out struct{ Statuses []object }
		b.get("/api/v2/search", &out, "q", c.address, "resolve", "true")
		if len(out.Statuses) != c.want || c.want == 1 && out.Statuses[0]["uri"] != post["uri"] {
			t.Errorf("%s gives %v", c.address, out.Statuses)
		}
	}
	var out struct{ Accounts []object }
	b.get("/api/v2/search", &out, "q", a.url+"/@alice", "resolve", "true")
	if len(out.Accounts) != 1 || out.Accounts[0]["acct"] != a.handle() {
		t.Errorf("the profile's address gives %v", out.Accounts)
	}
}

// A client that asks for offline_access is given a refresh token, which works once.
func TestRefreshToken(t *testing.T) {
	t.Parallel()
	n := newNode(t, "")
	n.person("alice")
	var app struct {
		ClientID     string `json:"client_id"`
		ClientSecret string `json:"client_secret"`
	}
	postJSON(t, n.url+"/api/v1/apps", `{"client_name":"x","redirect_uris":["urn:ietf:wg:oauth:2.0:oob"],"scopes":"read offline_access"}`, &app)
	b := newBrowser(t).open(n.url + "/oauth/authorize?" + url.Values{
		"client_id": {app.ClientID}, "redirect_uri": {"urn:ietf:wg:oauth:2.0:oob"}, "response_type": {"code"}, "scope": {"read offline_access"},
	}.Encode())
	b.submit("/auth/sign_in", "name", "alice", "password", password).submit("/oauth/authorize", "decision", "allow")
	token := func(form ...string) (int, object) {
		t.Helper()
		values := pairs(append(form, "client_id", app.ClientID, "client_secret", app.ClientSecret))
		resp, err := http.PostForm(n.url+"/oauth/token", values)
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
	code := attr(find(b.page, codeField), "value")
	status, first := token("grant_type", "authorization_code", "code", code, "redirect_uri", "urn:ietf:wg:oauth:2.0:oob")
	refresh, ok := first["refresh_token"].(string)
	if status != 200 || !ok || first["expires_in"] == nil {
		t.Fatalf("%d %v", status, first)
	}
	status, second := token("grant_type", "refresh_token", "refresh_token", refresh)
	if status != 200 || second["access_token"] == first["access_token"] || second["scope"] != "read offline_access" {
		t.Errorf("%d %v", status, second)
	}
	if status, again := token("grant_type", "refresh_token", "refresh_token", refresh); status != 400 || again["error"] != "invalid_grant" {
		t.Errorf("it works twice: %d %v", status, again)
	}
	use := func(token any) int {
		p := &person{n, "alice", token.(string), http.DefaultClient}
		resp, _ := p.try("GET", "/api/v1/accounts/verify_credentials", nil, nil)
		return resp.StatusCode
	}
	if use(first["access_token"]) != 401 || use(second["access_token"]) != 200 {
		t.Error("the old token works, or the new one does not")
	}
	resp, err := http.PostForm(n.url+"/oauth/revoke", url.Values{"client_id": {app.ClientID}, "client_secret": {app.ClientSecret}, "token": {second["access_token"].(string)}})
	if err != nil || resp.StatusCode != 200 || use(second["access_token"]) != 401 {
		t.Errorf("revoked, it works: %v", err)
	}
	status, own := token("grant_type", "client_credentials", "scope", "read")
	if status != 200 {
		t.Fatalf("%d %v", status, own)
	}
	if code := use(own["access_token"]); code != 422 {
		t.Errorf("a client's own token reads an account: %d", code)
	}
}

// A profile's pictures are uploaded, served so that they can never run, shown
// to other servers, and taken away.
func TestPictures(t *testing.T) {
	t.Parallel()
	n := newNode(t, "")
	alice := n.person("alice")
	var picture, body bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 50, 20))); err != nil {
		t.Fatal(err)
	}
	w := multipart.NewWriter(&body)
	for _, name := range []string{"avatar", "header"} {
		f, _ := w.CreateFormFile(name, "../../holiday.png")
		f.Write(picture.Bytes())
	}
	w.Close()
	patch := func(contentType string, body io.Reader) (status int, me object) {
		t.Helper()
		r, err := http.NewRequest("PATCH", n.url+"/api/v1/accounts/update_credentials", body)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", contentType)
		r.Header.Set("Authorization", "Bearer "+alice.token)
		resp, err := alice.client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if err := json.NewDecoder(resp.Body).Decode(&me); err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, me
	}
	status, me := patch(w.FormDataContentType(), &body)
	avatar, _ := me["avatar"].(string)
	if status != 200 || !strings.HasPrefix(avatar, n.url+"/media/") || strings.Contains(avatar, "holiday") || me["header"] == avatar {
		t.Fatalf("%d %v", status, me)
	}
	resp, err := http.Get(avatar)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	conf, _, err := image.DecodeConfig(resp.Body)
	if err != nil || conf.Width != 400 || conf.Height != 400 {
		t.Errorf("%v %v", conf, err)
	}
	for name, want := range map[string]string{
		"Content-Type": "image/jpeg", "X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'; sandbox", "Access-Control-Allow-Origin": "*",
	} {
		if got := resp.Header.Get(name); got != want {
			t.Errorf("%s is %q", name, got)
		}
	}
	var actor struct{ Icon struct{ URL string } }
	r, _ := http.NewRequest("GET", n.url+"/users/alice", nil)
	r.Header.Set("Accept", "application/activity+json")
	doc, err := http.DefaultClient.Do(r)
	if err != nil || json.NewDecoder(doc.Body).Decode(&actor) != nil || actor.Icon.URL != avatar {
		t.Errorf("other servers see %v, %v", actor, err)
	}
	var wrong bytes.Buffer
	w = multipart.NewWriter(&wrong)
	f, _ := w.CreateFormFile("avatar", "a.png")
	f.Write([]byte("<script>alert(1)</script>"))
	w.Close()
	if status, answer := patch(w.FormDataContentType(), &wrong); status != 422 || !strings.Contains(fmt.Sprint(answer["error"]), "not a JPEG") {
		t.Errorf("a script for a picture: %d %v", status, answer)
	}
	if _, err := alice.try("DELETE", "/api/v1/profile/avatar", nil, &me); err != nil || !strings.HasSuffix(me["avatar"].(string), "/static/avatar.png") {
		t.Errorf("%v %v", err, me["avatar"])
	}
}
