package mastodon_test

import (
	"slices"
	"strings"
	"testing"

	"kinglet/internal/apptest"
)

func TestNotifications(t *testing.T) {
	n := newTown(t)
	st := n.alice.Post("Hello")
	n.bob.Act("favourite", st)
	n.bob.Post("@alice hi")
	n.carol.Post("@alice@a.test hello from afar")
	n.Run()
	const path = "/api/v1/notifications"
	list := n.alice.List(path)
	if got := values(list, "type"); !slices.Equal(got, []string{"mention", "mention", "favourite", "follow"}) {
		t.Fatalf("%q", got)
	}
	for _, c := range []struct {
		name   string
		params []string
		want   []string
	}{
		{"types", []string{"types[]", "favourite", "types[]", "follow"}, []string{"favourite", "follow"}},
		{"without types", []string{"exclude_types[]", "mention"}, []string{"favourite", "follow"}},
		{"of one account", []string{"account_id", n.bob.ID.String()}, []string{"mention", "favourite", "follow"}},
		{"a page", []string{"limit", "1", "max_id", list[1]["id"].(string)}, []string{"favourite"}},
	} {
		if got := values(n.alice.List(path, c.params...), "type"); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q", c.name, got)
		}
	}
	one := path + "/" + list[2]["id"].(string)
	if e := n.alice.Do("GET", one); e["type"] != "favourite" || e["status"].(map[string]any)["id"] != st.ID {
		t.Errorf("%v", e)
	}
	refused(t, n.bob, 404, "Record not found", "GET", one)
	refused(t, n.alice, 404, "Record not found", "GET", path+"/x")
	if e := n.alice.Do("GET", path+"/unread_count"); e["count"] != 4.0 {
		t.Errorf("%v", e)
	}
	if e := n.alice.Do("GET", path+"/unread_count", "limit", "2"); e["count"] != 2.0 {
		t.Errorf("no more than two: %v", e)
	}
	n.alice.Do("POST", "/api/v1/markers", "notifications[last_read_id]", list[1]["id"].(string))
	if e := n.alice.Do("GET", path+"/unread_count"); e["count"] != 1.0 {
		t.Errorf("after they were read: %v", e)
	}
	n.alice.Do("POST", one+"/dismiss")
	if got := len(n.alice.List(path)); got != 3 {
		t.Errorf("%d after one was dismissed", got)
	}
	n.alice.Do("POST", path+"/clear")
	if got := len(n.alice.List(path)); got != 0 {
		t.Errorf("%d after they were cleared", got)
	}
}

func TestMarkers(t *testing.T) {
	n := newTown(t)
	const path = "/api/v1/markers"
	if e := n.alice.Do("GET", path, "timeline[]", "home"); len(e) != 0 {
		t.Errorf("before any: %v", e)
	}
	e := n.alice.Do("POST", path, "home[last_read_id]", "12", "notifications[last_read_id]", "34")
	if e["home"].(map[string]any)["last_read_id"] != "12" || e["notifications"].(map[string]any)["version"] != 1.0 {
		t.Errorf("%v", e)
	}
	n.alice.Do("POST", path, "home[last_read_id]", "13")
	e = n.alice.Do("GET", path, "timeline[]", "home", "timeline[]", "notifications")
	if home := e["home"].(map[string]any); home["last_read_id"] != "13" || home["version"] != 2.0 || len(e) != 2 {
		t.Errorf("%v", e)
	}
	refused(t, n.alice, 422, "last_read_id is not a valid id", "POST", path, "home[last_read_id]", "x")
	if e := n.alice.Do("GET", path, "timeline[]", "home"); e["home"].(map[string]any)["last_read_id"] != "13" {
		t.Errorf("after one that was refused: %v", e)
	}
	if e := n.bob.Do("GET", path, "timeline[]", "home"); len(e) != 0 {
		t.Errorf("another has %v", e)
	}
}

func TestSearch(t *testing.T) {
	n := newTown(t)
	st := n.carol.Post("look at #gardens")
	n.Run()
	n.bob.Post("#garden")
	const path = "/api/v2/search"
	for _, c := range []struct {
		name, q                      string
		params                       []string
		accounts, statuses, hashtags int
	}{
		{"nothing", " ", nil, 0, 0, 0},
		{"the beginning of a name", "car", nil, 1, 0, 0},
		{"a name here, whole", "@bob@a.test", nil, 1, 0, 0},
		{"a hashtag", "#gard", nil, 0, 0, 2},
		{"accounts only", "garden", []string{"type", "accounts"}, 0, 0, 0},
		{"hashtags only", "garden", []string{"type", "hashtags"}, 0, 0, 2},
		{"the address of a post", st.URI, nil, 0, 1, 0},
		{"of which no post is wanted", st.URI, []string{"type", "accounts"}, 0, 0, 0},
		{"the address of an account", n.carol.URI, nil, 1, 0, 0},
		{"of which no scheme is given", strings.TrimPrefix(n.carol.URI, "https://"), nil, 1, 0, 0},
		{"in another case", "HTTPS://B.test/users/carol", nil, 1, 0, 0},
		{"of a page", "b.test/@carol", []string{"resolve", "true"}, 1, 0, 0},
		{"of which no account is wanted", n.carol.URI, []string{"type", "statuses"}, 0, 0, 0},
		{"an address of nothing", "https://b.test/nothing", []string{"resolve", "true"}, 0, 0, 0},
		{"an account of nobody", "@nobody@b.test", []string{"resolve", "true"}, 0, 0, 0},
		{"a server that is not there", "@x@nowhere.test", []string{"resolve", "true"}, 0, 0, 0},
		{"whom one follows", "b", []string{"following", "true", "type", "accounts"}, 1, 0, 0},
		{"the next page", "b", []string{"offset", "1", "type", "accounts"}, 0, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out map[string][]apptest.Object
			n.alice.Into(&out, "GET", path, append([]string{"q", c.q}, c.params...)...)
			if len(out["accounts"]) != c.accounts || len(out["statuses"]) != c.statuses || len(out["hashtags"]) != c.hashtags {
				t.Errorf("%v", out)
			}
		})
	}
	if got := values(n.alice.List("/api/v1/accounts/search", "q", "carol@b.test", "resolve", "true", "limit", "5"), "acct"); !slices.Equal(got, []string{"carol@b.test"}) {
		t.Errorf("%q", got)
	}
	for _, query := range []string{"?q=x&resolve=true", "?q=x&offset=1"} {
		if code, _ := stranger(t, n.alice.Server, path+query); code != 401 {
			t.Errorf("a stranger asks for %s: %d", query, code)
		}
	}
	// A token that may do other things than search is a stranger's.
	resp, _ := send(t, n.alice, "GET", path+"?q=x&resolve=true", "", "", "Authorization", "Bearer "+n.alice.Token("write"))
	if resp.StatusCode != 403 {
		t.Errorf("a token without the scope: %d", resp.StatusCode)
	}
}

// Searches that fetch are limited by account, and say so.
func TestResolvingIsLimited(t *testing.T) {
	n := newTown(t, "KINGLET_LIMITS_RESOLVE=5/1m")
	for range 6 {
		n.bob.Call("GET", "/api/v2/search", "q", "@carol@b.test", "resolve", "true")
	}
	refused(t, n.bob, 429, "Too many requests", "GET", "/api/v2/search", "q", "@carol@b.test", "resolve", "true")
	refused(t, n.bob, 429, "Too many requests", "GET", "/api/v2/search", "q", "https://b.test/@carol", "resolve", "true")
	if status, _ := n.bob.Call("GET", "/api/v2/search", "q", "@carol@b.test"); status != 200 {
		t.Errorf("a search that fetches nothing: %d", status)
	}
}
