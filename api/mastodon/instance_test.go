package mastodon_test

import (
	"strings"
	"testing"

	"kinglet/internal/apptest"
)

func TestInstance(t *testing.T) {
	n := newTown(t, "KINGLET_TITLE=A house", "KINGLET_DESCRIPTION=of *birds*", "KINGLET_MAX_POST_CHARACTERS=777")
	n.alice.Post("Hello")
	var v1, v2 apptest.Object
	_, body := stranger(t, n.alice.Server, "/api/v1/instance")
	v1 = parse[apptest.Object](t, body)
	_, body = stranger(t, n.alice.Server, "/api/v2/instance")
	v2 = parse[apptest.Object](t, body)
	if v1["uri"] != "a.test" || v2["domain"] != "a.test" || v1["title"] != "A house" || v2["title"] != "A house" {
		t.Errorf("%v\n%v", v1, v2)
	}
	if stats := v1["stats"].(map[string]any); stats["user_count"] != 2.0 || stats["status_count"] != 1.0 || stats["domain_count"] != 1.0 {
		t.Errorf("%v", stats)
	}
	for _, e := range []apptest.Object{v1, v2} {
		if most := e["configuration"].(map[string]any)["statuses"].(map[string]any)["max_characters"]; most != 777.0 {
			t.Errorf("max_characters: %v", most)
		}
	}
	if _, body := stranger(t, n.alice.Server, "/api/v1/instance/extended_description"); !strings.Contains(body, "<em>birds</em>") && !strings.Contains(body, "birds") {
		t.Errorf("%s", body)
	}
	if _, body := stranger(t, n.alice.Server, "/api/v1/instance/peers"); strings.TrimSpace(body) != `["b.test"]` {
		t.Errorf("peers: %s", body)
	}
	if _, body := stranger(t, n.Server("c.test"), "/api/v1/instance/peers"); strings.TrimSpace(body) != `[]` {
		t.Errorf("peers of a server that is alone: %s", body)
	}
	if code, body := stranger(t, n.alice.Server, "/health"); code != 200 || !strings.Contains(body, "OK") {
		t.Errorf("health: %d %s", code, body)
	}
}

// What nobody has any of yet is an empty list; what would mislead is refused.
func TestNotImplementedYet(t *testing.T) {
	n := newTown(t)
	for _, path := range []string{"/api/v1/lists", "/api/v2/filters", "/api/v1/custom_emojis", "/api/v1/trends/tags", "/api/v1/announcements"} {
		if list := n.alice.List(path); list == nil || len(list) != 0 {
			t.Errorf("%s: %v", path, list)
		}
	}
	refused(t, n.alice, 404, "Record not found", "GET", "/api/v1/push/subscription")
	refused(t, n.alice, 501, "not implemented", "GET", "/api/v1/conversations")
	refused(t, n.alice, 501, "not implemented", "GET", "/api/v1/media/1")
	// A stream's token may be in the query, where browsers have to put it; no other's.
	for path, want := range map[string]int{
		"/api/v1/streaming/user?access_token=": 501, "/api/v1/timelines/home?access_token=": 401,
	} {
		if code, body := stranger(t, n.alice.Server, path+n.alice.Token("read")); code != want {
			t.Errorf("%s: %d %s", path, code, body)
		}
	}
	if code, _ := stranger(t, n.alice.Server, "/api/v1/streaming/user?access_token=x"); code != 401 {
		t.Errorf("a token that is none: %d", code)
	}
}

// The checks between a token and a route, from the headers alone.
func TestTokensOfRoutes(t *testing.T) {
	n := newTown(t)
	for _, c := range []struct {
		name, method, path, scopes string
		want                       int
		says                       string
	}{
		{"a read with write", "GET", "/api/v1/timelines/home", "write", 403, "outside the authorized scopes"},
		{"a write with read", "POST", "/api/v1/statuses", "read", 403, "outside the authorized scopes"},
		{"a part of read", "GET", "/api/v1/timelines/home", "read:statuses", 200, ""},
		{"any", "GET", "/api/v1/announcements", "push", 200, ""},
		{"what is open to all", "GET", "/api/v1/timelines/public", "push", 200, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			resp, body := send(t, n.alice, c.method, c.path, "", "", "Authorization", "Bearer "+n.alice.Token(c.scopes))
			if resp.StatusCode != c.want || !strings.Contains(body, c.says) {
				t.Errorf("%d %s", resp.StatusCode, body)
			}
		})
	}
}
