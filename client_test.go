package main

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"github.com/mattn/go-mastodon"
	"golang.org/x/net/html"
)

// browser is a person's: it keeps cookies and fills forms, and stops where it
// is sent to an app.
type browser struct {
	t *testing.T
	*http.Client
	last   *http.Response
	source string
	page   *html.Node
}

func newBrowser(t *testing.T) *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	b := &browser{t: t, Client: &http.Client{Jar: jar}}
	b.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		if r.URL.Scheme != "http" {
			return http.ErrUseLastResponse
		}
		return nil
	}
	return b
}

func (b *browser) took(resp *http.Response, err error) *browser {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	source, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	b.last, b.source = resp, string(source)
	if b.page, err = html.Parse(strings.NewReader(b.source)); err != nil {
		b.t.Fatal(err)
	}
	return b
}

func (b *browser) open(u string) *browser { b.t.Helper(); return b.took(b.Get(u)) }

// submit fills the form of the page that leads to action and sends it.
func (b *browser) submit(action string, fill ...string) *browser {
	b.t.Helper()
	form := find(b.page, func(n *html.Node) bool { return n.Data == "form" && attr(n, "action") == action })
	if form == nil {
		b.t.Fatalf("no form to %s at %s", action, b.last.Request.URL)
	}
	values := url.Values{}
	walk(form, func(n *html.Node) {
		if n.Data == "input" && attr(n, "name") != "" {
			values.Set(attr(n, "name"), attr(n, "value"))
		}
	})
	for i := 0; i < len(fill); i += 2 {
		values.Set(fill[i], fill[i+1])
	}
	u, err := b.last.Request.URL.Parse(action)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.took(b.PostForm(u.String(), values))
}

func (b *browser) text() string {
	var s strings.Builder
	walk(b.page, func(n *html.Node) {
		if n.Type == html.TextNode {
			s.WriteString(n.Data + " ")
		}
	})
	return s.String()
}

func walk(n *html.Node, visit func(*html.Node)) {
	visit(n)
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		walk(c, visit)
	}
}

func find(n *html.Node, is func(*html.Node) bool) (found *html.Node) {
	walk(n, func(n *html.Node) {
		if found == nil && n.Type == html.ElementNode && is(n) {
			found = n
		}
	})
	return found
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// codeField is where the page shows an authorization code.
func codeField(n *html.Node) bool { return n.Data == "data" && attr(n, "class") == "code" }

// A client library that is not ours, authorized through the real pages, for a
// day's use.
func TestClientLibrary(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	n := newNode(t, "")
	bob := n.person("bob")
	if out, err := n.command("account", "create", "alice", "--email", "alice@example.org", "--password", password); err != nil {
		t.Fatal(err, out)
	}
	app, err := mastodon.RegisterApp(ctx, &mastodon.AppConfig{
		Server: n.url, ClientName: "a phone app", Scopes: "read write follow push", Website: "https://app.example",
		RedirectURIs: "urn:ietf:wg:oauth:2.0:oob",
	})
	if err != nil {
		t.Fatal(err)
	}
	b := newBrowser(t).open(app.AuthURI)
	b.submit("/auth/sign_in", "name", "alice", "password", "wrong")
	if b.last.StatusCode != http.StatusUnauthorized || !strings.Contains(b.text(), "do not go together") {
		t.Errorf("a wrong password gives %d", b.last.StatusCode)
	}
	b.submit("/auth/sign_in", "name", "alice", "password", password)
	if text := b.text(); !strings.Contains(text, "a phone app") || !strings.Contains(text, "alice@"+n.domain) {
		t.Fatalf("the consent page says %s", text)
	}
	if csp := b.last.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "frame-ancestors 'none'") {
		t.Errorf("the consent page may be framed: %s", csp)
	}
	b.submit("/oauth/authorize", "decision", "allow")
	code := attr(find(b.page, codeField), "value")
	c := mastodon.NewClient(&mastodon.Config{Server: n.url, ClientID: app.ClientID, ClientSecret: app.ClientSecret})
	if err := c.GetUserAccessToken(ctx, code, "urn:ietf:wg:oauth:2.0:oob"); err != nil {
		t.Fatal(err)
	}
	me, err := c.GetAccountCurrentUser(ctx)
	if err != nil || me.Acct != "alice" {
		t.Fatalf("%v %v", me, err)
	}
	day(t, ctx, c, me, bob)

	// The code does not work twice, and trying it ends the token made of it.
	again := mastodon.NewClient(&mastodon.Config{Server: n.url, ClientID: app.ClientID, ClientSecret: app.ClientSecret})
	if err := again.GetUserAccessToken(ctx, code, "urn:ietf:wg:oauth:2.0:oob"); err == nil {
		t.Error("the code works twice")
	}
	if _, err := c.GetAccountCurrentUser(ctx); err == nil {
		t.Error("the token of a stolen code still works")
	}
}

func day(t *testing.T, ctx context.Context, c *mastodon.Client, me *mastodon.Account, bob *person) {
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	instance, err := c.GetInstance(ctx)
	must(err)
	if instance.URI != bob.domain {
		t.Errorf("the instance is %v", instance)
	}
	post, err := c.PostStatus(ctx, &mastodon.Toot{Status: "My day begins #morning", Visibility: "public", Language: "en"})
	must(err)
	home, err := c.GetTimelineHome(ctx, nil)
	must(err)
	if len(home) != 1 || home[0].ID != post.ID {
		t.Errorf("home is %v", home)
	}
	bob.post("/api/v1/accounts/" + string(me.ID) + "/follow")
	bob.post("/api/v1/statuses/" + string(post.ID) + "/favourite")
	bob.post("/api/v1/statuses/" + string(post.ID) + "/reblog")
	answer := bob.post("/api/v1/statuses", "status", "@alice good morning", "in_reply_to_id", string(post.ID))
	notes, err := c.GetNotifications(ctx, nil)
	must(err)
	var types []string
	for _, n := range notes {
		types = append(types, n.Type)
	}
	if got := strings.Join(types, " "); got != "mention reblog favourite follow" {
		t.Errorf("notified of %s", got)
	}
	reply, err := c.PostStatus(ctx, &mastodon.Toot{Status: "@bob and to you", InReplyToID: mastodon.ID(answer["id"].(string))})
	must(err)
	thread, err := c.GetStatusContext(ctx, post.ID)
	must(err)
	if len(thread.Descendants) != 2 || thread.Descendants[1].ID != reply.ID {
		t.Errorf("the thread is %v", thread.Descendants)
	}
	boost, err := c.Reblog(ctx, mastodon.ID(answer["id"].(string)))
	must(err)
	if boost.Reblog == nil || string(boost.Reblog.ID) != answer["id"] {
		t.Errorf("the boost is %v", boost)
	}
	_, err = c.Favourite(ctx, boost.ID) // of the boost's id: it counts for the boosted
	must(err)
	_, err = c.Bookmark(ctx, reply.ID)
	must(err)
	marks, err := c.GetBookmarks(ctx, nil)
	must(err)
	favs, err := c.GetFavourites(ctx, nil)
	must(err)
	if len(marks) != 1 || marks[0].ID != reply.ID || len(favs) != 1 || string(favs[0].ID) != answer["id"] {
		t.Errorf("bookmarks %v, favourites %v", marks, favs)
	}
	found, err := c.Search(ctx, "bob", false)
	must(err)
	if len(found.Accounts) != 1 || found.Accounts[0].Acct != "bob" {
		t.Errorf("found %v", found.Accounts)
	}
	name, note := "Alice", "I am *here*."
	profile, err := c.AccountUpdate(ctx, &mastodon.Profile{DisplayName: &name, Note: &note, Fields: &[]mastodon.Field{{Name: "Site", Value: "https://alice.example"}}})
	must(err)
	if profile.DisplayName != "Alice" || len(profile.Fields) != 1 || !strings.Contains(profile.Fields[0].Value, `href="https://alice.example"`) {
		t.Errorf("the profile is %+v", profile)
	}
	must(c.DeleteStatus(ctx, reply.ID))
	if _, err := c.GetStatus(ctx, reply.ID); err == nil {
		t.Error("what was deleted is there")
	}
	tagged, err := c.GetTimelineHashtag(ctx, "Morning", true, nil)
	must(err)
	if len(tagged) != 1 {
		t.Errorf("the tag's timeline has %d", len(tagged))
	}
}

// Authorization with PKCE and a scheme of the app's own, and what must not work.
func TestAuthorization(t *testing.T) {
	t.Parallel()
	n := newNode(t, "")
	n.person("alice")
	var app struct {
		ClientID     string `json:"client_id"`
		ClientSecret string `json:"client_secret"`
	}
	postJSON(t, n.url+"/api/v1/apps", `{"client_name":"x","redirect_uris":["phoneapp://callback"],"scopes":"read write:statuses"}`, &app)
	verifier := strings.Repeat("v", 43)
	sum := sha256.Sum256([]byte(verifier))
	ask := url.Values{
		"client_id": {app.ClientID}, "redirect_uri": {"phoneapp://callback"}, "response_type": {"code"}, "scope": {"read"}, "state": {"a b"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
	}
	address := n.url + "/oauth/authorize?"
	b := newBrowser(t).open(address+ask.Encode()).submit("/auth/sign_in", "name", "alice@example.org", "password", password)
	code := func() string {
		t.Helper()
		b.open(address+ask.Encode()).submit("/oauth/authorize", "decision", "allow")
		u, err := url.Parse(b.last.Header.Get("Location"))
		if err != nil || u.Scheme != "phoneapp" || u.Query().Get("state") != "a b" || u.Query().Get("code") == "" {
			t.Fatalf("sent to %s", b.last.Header.Get("Location"))
		}
		return u.Query().Get("code")
	}
	grant := func(code, verifier, secret, redirect string) (int, map[string]any) {
		t.Helper()
		resp, err := http.PostForm(n.url+"/oauth/token", url.Values{
			"grant_type": {"authorization_code"}, "code": {code}, "client_id": {app.ClientID}, "client_secret": {secret},
			"redirect_uri": {redirect}, "code_verifier": {verifier},
		})
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		var out map[string]any
		if err := json.NewDecoder(resp.Body).Decode(&out); err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, out
	}
	for _, c := range []struct{ name, verifier, secret, redirect, want string }{
		{"wrong verifier", strings.Repeat("w", 43), app.ClientSecret, "phoneapp://callback", "invalid_grant"},
		{"wrong secret", verifier, "x", "phoneapp://callback", "invalid_client"},
		{"another redirect", verifier, app.ClientSecret, "phoneapp://evil", "invalid_grant"},
	} {
		if _, out := grant(code(), c.verifier, c.secret, c.redirect); out["error"] != c.want {
			t.Errorf("%s: %v", c.name, out)
		}
	}
	status, out := grant(code(), verifier, app.ClientSecret, "phoneapp://callback")
	if status != 200 || out["scope"] != "read" || out["token_type"] != "Bearer" {
		t.Fatalf("%d %v", status, out)
	}
	alice := &person{n, "alice", out["access_token"].(string), http.DefaultClient}
	if resp, err := alice.try("POST", "/api/v1/statuses", url.Values{"status": {"x"}}, nil); resp.StatusCode != http.StatusForbidden || !strings.Contains(err.Error(), "outside the authorized scopes") {
		t.Errorf("a token to read posts: %v", err)
	}
	for name, change := range map[string][2]string{
		"a redirect that is not the app's": {"redirect_uri", "https://evil.test/"},
		"scopes that are not the app's":    {"scope", "read write"},
		"an unknown client":                {"client_id", "x"},
		"PKCE without a hash":              {"code_challenge_method", "plain"},
	} {
		forged := url.Values{}
		for k, v := range ask {
			forged[k] = v
		}
		forged.Set(change[0], change[1])
		b.open(address + forged.Encode())
		if b.last.StatusCode != http.StatusBadRequest || find(b.page, func(n *html.Node) bool { return n.Data == "form" && attr(n, "action") == "/oauth/authorize" }) != nil {
			t.Errorf("%s: %d at %s", name, b.last.StatusCode, b.last.Request.URL)
		}
	}
	b.open(address+ask.Encode()).submit("/oauth/authorize", "decision", "deny")
	if l := b.last.Header.Get("Location"); !strings.Contains(l, "error=access_denied") {
		t.Errorf("denied, sent to %s", l)
	}
	if resp, err := b.PostForm(n.url+"/oauth/authorize", ask); err != nil || resp.StatusCode != http.StatusForbidden {
		t.Errorf("a form of another site is taken: %v", resp)
	}
	if out, err := n.command("account", "passwd", "alice", "--password", "another password"); err != nil {
		t.Fatal(err, out)
	}
	if resp, _ := alice.try("GET", "/api/v1/accounts/verify_credentials", nil, nil); resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("after a new password the old token gives %d", resp.StatusCode)
	}
}

func postJSON(t *testing.T, u, body string, into any) {
	t.Helper()
	resp, err := http.Post(u, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(resp.Body)
	if resp.StatusCode != 200 || json.Unmarshal(b, into) != nil {
		t.Fatalf("%s: %d %s", u, resp.StatusCode, b)
	}
}

// Pages and documents stand at the same addresses; the Accept header decides.
func TestAddresses(t *testing.T) {
	t.Parallel()
	n := newNode(t, "")
	alice := n.person("alice")
	post := alice.post("/api/v1/statuses", "status", "Hello <b>world</b>", "spoiler_text", "<i>warning</i>")
	hidden := alice.post("/api/v1/statuses", "status", "secret", "visibility", "private")
	get := func(u, accept string) (*http.Response, string) {
		t.Helper()
		r, err := http.NewRequest("GET", u, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Accept", accept)
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, _ := io.ReadAll(resp.Body)
		return resp, string(b)
	}
	const document, page = "application/activity+json", "text/html,application/xhtml+xml,*/*;q=0.8"
	var note map[string]any
	_, body := get(post["uri"].(string), document)
	if err := json.Unmarshal([]byte(body), &note); err != nil || note["id"] != post["uri"] || note["@context"] == nil || note["type"] != "Note" {
		t.Fatalf("the note is %s", body)
	}
	for _, c := range []struct{ name, address, accept, contains, at string }{
		{"actor", n.url + "/users/alice", document, `"publicKey"`, ""},
		{"actor for a browser", n.url + "/users/alice", page, "<!doctype html>", "/@alice"},
		{"profile", n.url + "/@alice", page, "&lt;i&gt;warning&lt;/i&gt;", ""},
		{"profile's document", n.url + "/@alice", document, `"publicKey"`, ""},
		{"note for a browser", post["uri"].(string), page, "Hello &lt;b&gt;world", "/@alice/" + post["id"].(string)},
		{"status's document", post["url"].(string), document, `"attributedTo"`, ""},
		{"context", note["context"].(string), document, `"OrderedCollection"`, ""},
		{"context for a browser", note["context"].(string), page, "Hello", "/@alice/" + post["id"].(string)},
		{"outbox", n.url + "/users/alice/outbox?page=true", document, `"Create"`, ""},
		{"instance actor", n.url + "/actor", document, `"Application"`, ""},
		{"webfinger", n.url + "/.well-known/webfinger?resource=acct:ALICE@" + n.domain, "", `"self"`, ""},
		{"nodeinfo", n.url + "/nodeinfo/2.0", "", `"kinglet"`, ""},
		{"host-meta", n.url + "/.well-known/host-meta", "", "lrdd", ""},
		{"front page", n.url + "/", page, "Who lives here", ""},
	} {
		resp, body := get(c.address, c.accept)
		if resp.StatusCode != 200 || !strings.Contains(body, c.contains) {
			t.Errorf("%s: %d %s", c.name, resp.StatusCode, body)
		}
		if c.at != "" && resp.Request.URL.Path != c.at {
			t.Errorf("%s: sent to %s", c.name, resp.Request.URL)
		}
	}
	for _, c := range []struct {
		name, address, accept string
		status                int
	}{
		{"hidden note", hidden["uri"].(string), document, 404},
		{"hidden note's page", hidden["url"].(string), page, 404},
		{"nobody", n.url + "/users/nobody", document, 404},
		{"no endpoint", n.url + "/api/v1/nothing", "", 404},
		{"no page", n.url + "/nothing", page, 404},
		{"not implemented", n.url + "/api/v1/media/1", "", 501},
	} {
		if resp, body := get(c.address, c.accept); resp.StatusCode != c.status {
			t.Errorf("%s: %d %s", c.name, resp.StatusCode, body)
		}
	}
	if _, body := get(n.url+"/users/alice/outbox?page=true", document); strings.Contains(body, "secret") {
		t.Error("the outbox has what is for followers")
	}
	if _, err := alice.try("DELETE", "/api/v1/statuses/"+post["id"].(string), nil, nil); err != nil {
		t.Fatal(err)
	}
	if resp, body := get(post["uri"].(string), document); resp.StatusCode != 410 || !strings.Contains(body, "Tombstone") {
		t.Errorf("a deleted note: %d %s", resp.StatusCode, body)
	}
	if resp, _ := get(post["url"].(string), page); resp.StatusCode != 410 {
		t.Errorf("a deleted note's page: %d", resp.StatusCode)
	}
}

// Paging by the Link header alone visits everything once, newest first.
func TestPaging(t *testing.T) {
	t.Parallel()
	n := newNode(t, "")
	alice := n.person("alice")
	for i := range 25 {
		alice.post("/api/v1/statuses", "status", fmt.Sprint("post ", i))
	}
	next := "/api/v1/timelines/home?limit=10"
	var seen []string
	for pages := 0; next != "" && pages < 9; pages++ {
		var list []object
		resp, err := alice.try("GET", next, nil, &list)
		if err != nil {
			t.Fatal(err)
		}
		for _, st := range list {
			seen = append(seen, st["content"].(string))
		}
		next = ""
		for _, l := range strings.Split(resp.Header.Get("Link"), ", ") {
			if u, ok := strings.CutSuffix(l, `>; rel="next"`); ok {
				if next, ok = strings.CutPrefix(u, "<"+n.url); !ok || !strings.Contains(next, "limit=10") {
					t.Fatalf("the link is %s", l)
				}
			}
		}
	}
	if len(seen) != 25 || seen[0] != "<p>post 24</p>" || seen[24] != "<p>post 0</p>" {
		t.Errorf("seen %v", seen)
	}
}

// The same Idempotency-Key gives the same post.
func TestIdempotencyKey(t *testing.T) {
	t.Parallel()
	alice := newNode(t, "").person("alice")
	var ids []any
	for range 3 {
		var st object
		if _, err := alice.send("POST", "/api/v1/statuses", url.Values{"status": {"once"}}, http.Header{"Idempotency-Key": {"k"}}, &st); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, st["id"])
	}
	if ids[0] != ids[1] || ids[1] != ids[2] || len(alice.list("/api/v1/timelines/home")) != 1 {
		t.Errorf("it gave %v", ids)
	}
}
