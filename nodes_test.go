package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"kinglet/internal/apptest"
	"kinglet/store"
	"kinglet/store/storetest"
)

// beside starts another node on the database of n.
func (n *node) beside() *node {
	n.t.Helper()
	listen := freeAddress(n.t)
	other := &node{t: n.t, bin: n.bin, url: "http://" + listen, domain: n.domain, database: n.database, log: &apptest.Log{}}
	other.env = append(slices.Clone(n.env), "KINGLET_LISTEN="+listen)
	other.start()
	n.t.Cleanup(other.kill)
	return other
}

// at is the person at another node of the same server.
func (p *person) at(n *node) *person { return &person{n, p.name, p.token, p.client} }

// atOnce calls fn n times at once.
func atOnce(n int, fn func(i int)) {
	start := make(chan struct{})
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() { <-start; fn(i) })
	}
	close(start)
	group.Wait()
}

// What clients of two nodes do at once is done once, and counted right.
func TestTwoNodes(t *testing.T) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		n := newNode(t, "")
		twoNodes(t, []*node{n, n})
	})
	t.Run("postgres", func(t *testing.T) {
		n := newNode(t, onPostgres(t))
		twoNodes(t, []*node{n, n.beside()})
	})
}

func twoNodes(t *testing.T, nodes []*node) {
	const n = 10
	alice, bob := nodes[0].person("alice"), nodes[0].person("bob")
	all := func(p *person, method, path string, form ...string) []string {
		ids := make([]string, n)
		atOnce(n, func(i int) {
			var out object
			resp, err := p.at(nodes[i%2]).try(method, path, pairs(form), &out)
			if err != nil && (resp == nil || resp.StatusCode != 404 || method != "DELETE") {
				t.Error(err)
				return
			}
			ids[i], _ = out["id"].(string)
		})
		slices.Sort(ids)
		return slices.Compact(ids)
	}
	count := func(path, name string) float64 {
		t.Helper()
		var o object
		alice.get(path, &o)
		v, _ := o[name].(float64)
		return v
	}
	me := "/api/v1/accounts/" + alice.find("alice")

	got := make([]string, n)
	atOnce(n, func(i int) {
		var st object
		if _, err := alice.at(nodes[i%2]).send("POST", "/api/v1/statuses", url.Values{"status": {"once"}}, http.Header{"Idempotency-Key": {"k"}}, &st); err != nil {
			t.Error(err)
			return
		}
		got[i] = st["id"].(string)
	})
	if len(slices.Compact(got)) != 1 || count(me, "statuses_count") != 1 {
		t.Fatalf("%v statuses of one key, answered %v", count(me, "statuses_count"), got)
	}
	status := "/api/v1/statuses/" + got[0]
	if ids := all(bob, "POST", status+"/reblog"); len(ids) != 1 || count(status, "reblogs_count") != 1 {
		t.Errorf("boosts %v, counted %v", ids, count(status, "reblogs_count"))
	}
	all(bob, "POST", status+"/favourite")
	all(bob, "POST", me+"/follow")
	if f, r := count(status, "favourites_count"), count(me, "followers_count"); f != 1 || r != 1 {
		t.Errorf("%v favourites, %v followers", f, r)
	}
	if l := alice.list("/api/v1/notifications"); len(l) != 3 {
		t.Errorf("told of %d", len(l))
	}
	atOnce(n, func(i int) {
		if _, err := bob.at(nodes[i%2]).try("POST", "/api/v1/statuses", url.Values{"status": {"reply"}, "in_reply_to_id": {got[0]}}, nil); err != nil {
			t.Error(err)
		}
	})
	if r := count(status, "replies_count"); r != n {
		t.Errorf("%v replies", r)
	}
	all(bob, "POST", status+"/unreblog")
	all(bob, "POST", status+"/unfavourite")
	all(bob, "POST", me+"/unfollow")
	if b, f, r := count(status, "reblogs_count"), count(status, "favourites_count"), count(me, "followers_count"); b != 0 || f != 0 || r != 0 {
		t.Errorf("undone, and counted: %v boosts, %v favourites, %v followers", b, f, r)
	}
	all(alice, "DELETE", status)
	if s := count(me, "statuses_count"); s != 0 {
		t.Errorf("deleted, and %v statuses are counted", s)
	}
	// One name, in two spellings, at once.
	made := make([]string, 4)
	atOnce(len(made), func(i int) {
		name := []string{"carol", "Carol"}[i%2]
		out, err := nodes[i%2].command("account", "create", name, "--email", fmt.Sprint(i, "@example.org"), "--password", password)
		if err == nil {
			made[i] = name
		} else if !strings.Contains(out, "taken") {
			t.Error(out)
		}
	})
	if won := strings.Join(made, ""); len(won) != len("carol") {
		t.Errorf("made %q", made)
	}
}

// What is no text, no id and no number is refused, on both engines alike.
func TestInvalidInputIsRefused(t *testing.T) {
	t.Parallel()
	for name, database := range map[string]func() string{
		"sqlite": func() string { return "" }, "postgres": func() string { return onPostgres(t) },
	} {
		t.Run(name, func(t *testing.T) { nonsense(t, newNode(t, database())) })
	}
}

func nonsense(t *testing.T, n *node) {
	alice := n.person("alice")
	me, id := alice.find("alice"), alice.post("/api/v1/statuses", "status", "x")["id"].(string)
	do := func(method, path string, header http.Header, body string) int {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, n.url+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Authorization", "Bearer "+alice.token)
		for k, v := range header {
			r.Header[k] = v
		}
		client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		resp, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp.StatusCode
	}
	document := http.Header{"Accept": {"application/activity+json"}}
	for _, bad := range []string{"%00", "a%00b", "%ff", "%c0%80", "%ed%a0%80"} {
		for _, c := range []struct {
			method, path string
			header       http.Header
			body         string
		}{
			{"GET", "/users/" + bad, document, ""}, {"GET", "/users/" + bad, nil, ""}, {"GET", "/@" + bad, nil, ""}, {"GET", "/@alice" + bad, document, ""},
			{"GET", "/@alice/" + bad, document, ""}, {"GET", "/objects/" + bad, document, ""}, {"GET", "/activities/" + bad, document, ""},
			{"GET", "/contexts/" + bad, document, ""}, {"GET", "/tags/" + bad, nil, ""}, {"GET", "/media/" + bad, nil, ""}, {"GET", "/nodeinfo/" + bad, nil, ""},
			{"GET", "/users/" + bad + "/outbox", nil, ""}, {"GET", "/users/" + bad + "/followers", nil, ""}, {"POST", "/users/" + bad + "/inbox", nil, "{}"},
			{"GET", "/.well-known/webfinger?resource=acct:" + bad + "@" + n.domain, nil, ""}, {"GET", "/.well-known/webfinger?resource=" + bad, nil, ""},
			{"GET", "/api/v1/accounts/" + bad, nil, ""}, {"GET", "/api/v1/accounts/lookup?acct=" + bad, nil, ""}, {"GET", "/api/v1/timelines/tag/" + bad, nil, ""},
			{"GET", "/api/v1/tags/" + bad, nil, ""}, {"GET", "/api/v1/accounts/search?q=" + bad, nil, ""}, {"GET", "/api/v2/search?q=" + bad, nil, ""},
			{"GET", "/api/v1/statuses/" + bad, nil, ""}, {"GET", "/api/v1/notifications?types[]=" + bad, nil, ""}, {"GET", "/api/v1/markers?timeline[]=" + bad, nil, ""},
			{"GET", "/static/" + bad, nil, ""}, {"GET", "/" + bad, nil, ""},
			{"GET", "/oauth/authorize?response_type=code&client_id=" + bad, nil, ""}, {"GET", "/auth/sign_in?next=/" + bad, nil, ""},
			{"POST", "/oauth/token", nil, "grant_type=client_credentials&client_id=" + bad + "&client_secret=" + bad},
			{"POST", "/oauth/token", nil, "grant_type=authorization_code&client_id=x&code=" + bad},
			{"POST", "/oauth/revoke", nil, "client_id=" + bad + "&token=" + bad},
			{"POST", "/auth/sign_in", nil, "name=" + bad + "&password=" + bad},
		} {
			if got := do(c.method, c.path, c.header, c.body); got < 400 || got >= 500 {
				t.Errorf("%s %s %s: %d", c.method, c.path, c.body, got)
			}
		}
	}
	for _, key := range []string{"a\xff", strings.Repeat("k", 300), strings.Repeat("\xc3", 9000)} {
		if got := do("POST", "/api/v1/statuses", http.Header{"Idempotency-Key": {key}}, "status=x"); got != 422 {
			t.Errorf("Idempotency-Key %.10q: %d", key, got)
		}
	}
	for _, token := range []string{"Bearer \xff", "Bearer " + strings.Repeat("x", 5000)} {
		if got := do("GET", "/api/v1/accounts/verify_credentials", http.Header{"Authorization": {token}}, ""); got != 401 {
			t.Errorf("token %.20q: %d", token, got)
		}
	}
	signature := `keyId="%s",algorithm="rsa-sha256",headers="(request-target) host date digest",signature="AAAA"`
	for _, keyID := range []string{"https://a.test/\xff", "\xff", "https://a.test/" + strings.Repeat("x", 3000)} {
		header := http.Header{"Signature": {fmt.Sprintf(signature, keyID)}, "Date": {time.Now().UTC().Format(http.TimeFormat)}}
		if got := do("POST", "/inbox", header, `{"type":"Like","actor":"https://a.test/"}`); got < 400 || got >= 500 {
			t.Errorf("keyId %.20q: %d", keyID, got)
		}
	}
	huge := "99999999999999999999999999"
	for _, path := range []string{"/api/v1/accounts/search?q=a&", "/api/v2/search?q=a&", "/api/v1/timelines/home?", "/api/v1/timelines/public?", "/api/v1/timelines/tag/x?",
		"/api/v1/notifications?", "/api/v1/notifications/unread_count?", "/api/v1/favourites?", "/api/v1/bookmarks?", "/api/v1/blocks?", "/api/v1/mutes?", "/api/v1/follow_requests?",
		"/api/v1/accounts/" + me + "/statuses?", "/api/v1/accounts/" + me + "/followers?", "/api/v1/statuses/" + id + "/favourited_by?",
		"/users/alice/outbox?page=true&", "/users/alice/followers?page=true&", "/@alice?"} {
		for _, query := range []string{"offset=-1", "offset=9223372036854775807", "offset=" + huge, "limit=-1", "limit=0", "limit=9223372036854775807", "limit=" + huge,
			"max_id=-1", "max_id=0", "max_id=x", "max_id=9223372036854775807", "max_id=" + huge, "min_id=-9223372036854775808", "min_id=9223372036854775807", "since_id=x"} {
			if got := do("GET", path+query, nil, ""); got >= 500 {
				t.Errorf("%s%s: %d", path, query, got)
			}
		}
	}
	for _, bad := range []string{"0", "-1", huge, "9223372036854775807", "1e3", "x"} {
		for _, path := range []string{"/api/v1/accounts/", "/api/v1/statuses/", "/api/v1/notifications/"} {
			if got := do("GET", path+bad, nil, ""); got != 404 {
				t.Errorf("%s%s: %d", path, bad, got)
			}
		}
		if got := do("POST", "/api/v1/markers", nil, "home[last_read_id]="+bad); got >= 500 {
			t.Errorf("marker %s: %d", bad, got)
		}
	}
	bob := n.person("bob").find("bob")
	for _, duration := range []string{"9223372036854775807", "-1", huge} {
		if got := do("POST", "/api/v1/accounts/"+bob+"/mute", nil, "duration="+duration); got >= 500 {
			t.Errorf("mute for %s: %d", duration, got)
		}
	}
}

// While the database is away everything answers 503 with Retry-After, and goes
// on by itself when it is back.
func TestDatabaseAway(t *testing.T) {
	t.Parallel()
	through, proxy := storetest.Proxied(t, onPostgres(t))
	n := newNode(t, through)
	alice := n.person("alice")
	private := alice.post("/api/v1/statuses", "status", "x", "visibility", "private")
	requests := func() map[string]*http.Request {
		all := map[string]*http.Request{}
		for name, path := range map[string]string{
			"API": "/api/v1/timelines/public", "API with token": "/api/v1/timelines/home", "page": "/", "profile": "/@alice", "actor": "/users/alice",
			"WebFinger": "/.well-known/webfinger?resource=acct:alice@" + n.domain, "NodeInfo": "/nodeinfo/2.1", "outbox": "/users/alice/outbox?page=true",
			"instance": "/api/v2/instance", "note": strings.TrimPrefix(private["uri"].(string), n.url),
		} {
			r, err := http.NewRequestWithContext(t.Context(), "GET", n.url+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			if name == "API with token" {
				r.Header.Set("Authorization", "Bearer "+alice.token)
			}
			if name == "actor" || name == "note" || name == "outbox" {
				r.Header.Set("Accept", "application/activity+json")
			}
			all[name] = r
		}
		for path, form := range map[string]string{
			"/oauth/token": "grant_type=client_credentials&client_id=x&client_secret=x", "/api/v1/statuses": "status=y",
			"/users/alice/inbox": "{}", "/api/v1/apps": "client_name=x&redirect_uris=urn:ietf:wg:oauth:2.0:oob",
		} {
			r, err := http.NewRequestWithContext(t.Context(), "POST", n.url+path, bytes.NewBufferString(form))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			if path == "/api/v1/statuses" {
				r.Header.Set("Authorization", "Bearer "+alice.token)
			}
			all["POST "+path] = r
		}
		return all
	}
	proxy.Cut()
	for name, r := range requests() {
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(name, err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "" {
			t.Errorf("%s: %d, Retry-After %q: %s", name, resp.StatusCode, resp.Header.Get("Retry-After"), body)
		}
	}
	proxy.Restore()
	for name, r := range requests() {
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(name, err)
		}
		resp.Body.Close()
		if resp.StatusCode >= 500 {
			t.Errorf("%s, when it is back: %d", name, resp.StatusCode)
		}
	}
	// Jobs go on as well: bob hears of the post, from whose follow on it waited.
	b := newNode(t, "").person("bob")
	id := b.find(alice.handle())
	b.post("/api/v1/accounts/" + id + "/follow")
	eventually(t, "the follow is accepted", func() error {
		var l []object
		b.get("/api/v1/accounts/relationships", &l, "id[]", id)
		if len(l) != 1 || l[0]["following"] != true {
			return fmt.Errorf("%v", l)
		}
		return nil
	})
}

// Two nodes that start on an empty database at once both come up.
func TestNodesStartAtOnce(t *testing.T) {
	t.Parallel()
	database := storetest.PostgresURL(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	bin, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	n := &node{t: t, bin: bin, env: []string{"KINGLET_DOMAIN=here.test", "KINGLET_DATABASE=" + database, "HOME=" + t.TempDir()}}
	var mu sync.Mutex
	applied := 0
	atOnce(5, func(int) {
		out, err := n.command("migrate", "up")
		if err != nil || ctx.Err() != nil {
			t.Errorf("%v %s", err, out)
		}
		mu.Lock()
		defer mu.Unlock()
		applied += strings.Count(out, "spine")
	})
	if applied != 1 {
		t.Errorf("the first migration was applied %d times", applied)
	}
	s := storetest.Open(t, store.Options{Database: database})
	if list, err := s.Migrate(ctx); err != nil || len(list) != 0 {
		t.Errorf("left to migrate: %v %v", list, err)
	}
}
