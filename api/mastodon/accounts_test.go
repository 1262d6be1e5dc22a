package mastodon_test

import (
	"slices"
	"strings"
	"testing"

	"kinglet/internal/apptest"
	"kinglet/store"
)

func TestAccounts(t *testing.T) {
	n := newTown(t)
	path := "/api/v1/accounts/" + n.bob.ID.String()
	if e := n.alice.Do("GET", path); e["acct"] != "bob" || e["uri"] != n.bob.URI || e["source"] != nil {
		t.Errorf("%v", e)
	}
	if code, body := stranger(t, n.bob.Server, path); code != 200 || !strings.Contains(body, `"acct":"bob"`) {
		t.Errorf("a stranger reads %d %s", code, body)
	}
	for name, path := range map[string]string{
		"nobody's id": "/api/v1/accounts/1", "no id": "/api/v1/accounts/bob", "of nobody": "/api/v1/accounts/1/followers",
		"statuses of nobody": "/api/v1/accounts/1/statuses",
	} {
		t.Run(name, func(t *testing.T) { refused(t, n.alice, 404, "Record not found", "GET", path) })
	}
	carol := n.alice.Find(n.carol.Handle)
	list := n.alice.List("/api/v1/accounts", "id[]", carol, "id[]", "1", "id[]", "x", "id[]", n.bob.ID.String())
	if got := values(list, "acct"); !slices.Equal(got, []string{"carol@b.test", "bob"}) {
		t.Errorf("several: %q", got)
	}
}

func TestLookup(t *testing.T) {
	n := newTown(t)
	for handle, want := range map[string]string{
		"bob": "bob", "@bob": "bob", "BOB@a.test": "bob", "carol@b.test": "carol@b.test",
	} {
		if e := n.alice.Do("GET", "/api/v1/accounts/lookup", "acct", handle); e["acct"] != want {
			t.Errorf("%s is %v", handle, e["acct"])
		}
	}
	refused(t, n.alice, 404, "Record not found", "GET", "/api/v1/accounts/lookup", "acct", "nobody@b.test")
	if err := n.alice.Server.Service.DeleteAccount(t.Context(), "bob"); err != nil {
		t.Fatal(err)
	}
	refused(t, n.alice, 404, "Record not found", "GET", "/api/v1/accounts/lookup", "acct", "bob")
	refused(t, n.alice, 404, "Record not found", "GET", "/api/v1/accounts/"+n.bob.ID.String())
	if list := n.alice.List("/api/v1/accounts", "id", n.bob.ID.String()); len(list) > 0 {
		t.Errorf("a deleted account is listed: %v", list)
	}
}

// A list of accounts is paged by Link, each page beginning where the last ended.
func TestFollowersArePaged(t *testing.T) {
	n := newTown(t)
	for _, name := range []string{"dave", "erin"} {
		n.bob.Server.Account(name).Follow(n.alice.Handle)
	}
	n.Run()
	path := "/api/v1/accounts/" + n.alice.ID.String() + "/followers"
	var got []string
	for next := path + "?limit=2"; next != ""; {
		resp, body := send(t, n.alice, "GET", next, "", "")
		got = append(got, values(parse[[]apptest.Object](t, body), "username")...)
		link := resp.Header.Get("Link")
		next = ""
		if before, _, ok := strings.Cut(link, `>; rel="next"`); ok {
			next = strings.TrimPrefix(before, "<"+n.alice.Server.Config.URL)
		}
		if len(got) > 3 {
			break
		}
	}
	if !slices.Equal(got, []string{"erin", "dave", "bob"}) {
		t.Errorf("%q", got)
	}
	if got := values(n.alice.List("/api/v1/accounts/"+n.alice.ID.String()+"/following"), "username"); !slices.Contains(got, "carol") || len(got) != 2 {
		t.Errorf("alice follows %q", got)
	}
}

func TestFamiliarFollowers(t *testing.T) {
	n := newTown(t)
	dave := n.bob.Server.Account("dave")
	n.bob.Follow(dave.Handle)
	n.Run()
	list := n.alice.List("/api/v1/accounts/familiar_followers", "id[]", dave.ID.String())
	if len(list) != 1 || list[0]["id"] != dave.ID.String() || len(list[0]["accounts"].([]any)) != 1 {
		t.Errorf("%v", list)
	}
	if list := n.alice.List("/api/v1/accounts/familiar_followers"); len(list) != 0 {
		t.Errorf("of nobody: %v", list)
	}
}

func TestRelationships(t *testing.T) {
	n := newTown(t)
	bob := "/api/v1/accounts/" + n.bob.ID.String()
	for _, c := range []struct {
		action string
		params []string
		want   apptest.Object
	}{
		{"/mute", []string{"duration", "60", "notifications", "false"}, apptest.Object{"muting": true, "muting_notifications": false, "following": true}},
		{"/unmute", nil, apptest.Object{"muting": false, "muting_expires_at": nil}},
		{"/follow", []string{"reblogs", "false", "notify", "true", "languages[]", "fr"}, apptest.Object{"showing_reblogs": false, "notifying": true}},
		{"/remove_from_followers", nil, apptest.Object{"followed_by": false}},
		{"/remove_from_followers", nil, apptest.Object{"followed_by": false}}, // a second time
		{"/block", nil, apptest.Object{"blocking": true, "following": false}},
		{"/unblock", nil, apptest.Object{"blocking": false}},
		{"/unfollow", nil, apptest.Object{"following": false}},
	} {
		e := n.alice.Do("POST", bob+c.action, c.params...)
		for k, v := range c.want {
			if e[k] != v {
				t.Errorf("after %s %q is %v", c.action, k, e[k])
			}
		}
	}
	refused(t, n.alice, 404, "Record not found", "POST", "/api/v1/accounts/1/follow")
}

// Who is blocked and muted is listed; a mute says when it ends, and does.
func TestBlocksAndMutes(t *testing.T) {
	n := newTown(t)
	n.alice.Relate("mute", n.bob.Handle, "duration", "3600")
	n.alice.Relate("block", n.carol.Handle)
	mutes := n.alice.List("/api/v1/mutes")
	if len(mutes) != 1 || mutes[0]["username"] != "bob" || mutes[0]["mute_expires_at"] == nil {
		t.Errorf("mutes: %v", mutes)
	}
	if got := values(n.alice.List("/api/v1/blocks"), "acct"); !slices.Equal(got, []string{"carol@b.test"}) {
		t.Errorf("blocks: %q", got)
	}
	n.Advance(2 * 3600e9)
	if mutes := n.alice.List("/api/v1/mutes"); len(mutes) != 0 {
		t.Errorf("after two hours: %v", mutes)
	}
}

func TestFollowRequests(t *testing.T) {
	n := newTown(t)
	n.alice.Do("PATCH", "/api/v1/accounts/update_credentials", "locked", "true")
	dave, erin := n.bob.Server.Account("dave"), n.bob.Server.Account("erin")
	for _, a := range []*apptest.Account{dave, erin} {
		if e := a.Follow(n.alice.Handle); e["requested"] != true || e["following"] != false {
			t.Errorf("%s: %v", a.Name, e)
		}
	}
	n.Run()
	if got := values(n.alice.List("/api/v1/follow_requests"), "username"); !slices.Equal(got, []string{"erin", "dave"}) {
		t.Errorf("%q", got)
	}
	if e := n.alice.Do("GET", "/api/v1/accounts/verify_credentials"); e["source"].(map[string]any)["follow_requests_count"] != 2.0 {
		t.Errorf("%v", e["source"])
	}
	if e := n.alice.Do("POST", "/api/v1/follow_requests/"+dave.ID.String()+"/authorize"); e["followed_by"] != true {
		t.Errorf("authorized: %v", e)
	}
	if e := n.alice.Do("POST", "/api/v1/follow_requests/"+erin.ID.String()+"/reject"); e["followed_by"] != false || e["requested_by"] != false {
		t.Errorf("rejected: %v", e)
	}
	n.Run()
	if e := dave.Relationship(n.alice.Handle); e["following"] != true {
		t.Errorf("%v", e)
	}
}

func TestProfile(t *testing.T) {
	n := newTown(t)
	e := n.alice.Do("PATCH", "/api/v1/accounts/update_credentials",
		"display_name", "Alice", "note", "I am *alice*", "bot", "true", "discoverable", "true",
		"fields_attributes[0][name]", "site", "fields_attributes[0][value]", "https://alice.example",
		"fields_attributes[1][name]", "", "fields_attributes[1][value]", "",
		"source[privacy]", "private", "source[sensitive]", "true", "source[language]", "de")
	source := e["source"].(map[string]any)
	if e["display_name"] != "Alice" || e["bot"] != true || source["privacy"] != "private" || source["sensitive"] != true || source["language"] != "de" || len(e["fields"].([]any)) != 1 {
		t.Errorf("%v", e)
	}
	p := n.alice.Do("GET", "/api/v1/preferences")
	if p["posting:default:visibility"] != "private" || p["posting:default:sensitive"] != true || p["posting:default:language"] != "de" {
		t.Errorf("preferences: %v", p)
	}
	if post := n.alice.Post("by default"); post.Entity["visibility"] != "private" || post.Entity["sensitive"] != true {
		t.Errorf("a post is %v", post.Entity)
	}
	refused(t, n.alice, 422, "is not a valid visibility", "PATCH", "/api/v1/accounts/update_credentials", "source[privacy]", "secret")
	_, body := send(t, n.alice, "GET", "/oauth/userinfo", "", "", "Authorization", "Bearer "+n.alice.Token("profile"))
	if info := parse[apptest.Object](t, body); info["sub"] != n.alice.URI || info["name"] != "Alice" {
		t.Errorf("userinfo: %v", info)
	}
}

// A picture comes with the profile, and is deleted alone or by an empty value.
func TestPictures(t *testing.T) {
	n := newTown(t)
	change := func(name string) apptest.Object {
		t.Helper()
		contentType, body := upload(t, name, "display_name", "A")
		resp, answer := send(t, n.alice, "PATCH", "/api/v1/accounts/update_credentials", contentType, body)
		if resp.StatusCode != 200 {
			t.Fatal(answer)
		}
		return parse[apptest.Object](t, answer)
	}
	const standard = "/static/"
	if e := change("avatar"); strings.Contains(e["avatar"].(string), standard) || !strings.Contains(e["header"].(string), standard) {
		t.Errorf("%v", e)
	}
	if e := change("header"); strings.Contains(e["header"].(string), standard) || strings.Contains(e["avatar"].(string), standard) {
		t.Errorf("%v", e)
	}
	if e := n.alice.Do("DELETE", "/api/v1/profile/avatar"); !strings.Contains(e["avatar"].(string), standard) {
		t.Errorf("the avatar is still %v", e["avatar"])
	}
	if e := n.alice.Do("PATCH", "/api/v1/accounts/update_credentials", "header", ""); !strings.Contains(e["header"].(string), standard) {
		t.Errorf("the header is still %v", e["header"])
	}
	change("header")
	if e := n.alice.Do("DELETE", "/api/v1/profile/header"); !strings.Contains(e["header"].(string), standard) {
		t.Errorf("the header is still %v", e["header"])
	}
	contentType, body := upload(t, "avatar")
	body = strings.Replace(body, "IHDR", "XXXX", 1)
	if resp, answer := send(t, n.alice, "PATCH", "/api/v1/accounts/update_credentials", contentType, body); resp.StatusCode != 422 {
		t.Errorf("what is no picture is answered with %d %s", resp.StatusCode, answer)
	}
}

// An admin's role is shown to the admin alone; the first is the contact.
func TestAdmin(t *testing.T) {
	n := newTown(t)
	if e := n.alice.Do("GET", "/api/v2/instance"); e["contact"].(map[string]any)["account"] != nil {
		t.Errorf("without an admin: %v", e["contact"])
	}
	n.alice.Server.Update(func(tx *store.Tx) error {
		u, err := tx.User(n.alice.ID)
		if err != nil {
			return err
		}
		u.Admin = true
		return tx.UpdateUser(u)
	})
	if e := n.alice.Do("GET", "/api/v1/accounts/verify_credentials"); e["role"].(map[string]any)["name"] != "Owner" {
		t.Errorf("%v", e["role"])
	}
	if e := n.bob.Do("GET", "/api/v1/accounts/verify_credentials"); e["role"].(map[string]any)["name"] != "" {
		t.Errorf("%v", e["role"])
	}
	for _, path := range []string{"/api/v1/instance", "/api/v2/instance"} {
		if code, body := stranger(t, n.alice.Server, path); code != 200 || !strings.Contains(body, `"username":"alice"`) {
			t.Errorf("%s: %d %s", path, code, body)
		}
	}
}
