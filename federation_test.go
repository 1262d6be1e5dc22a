package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"kinglet/store/storetest"
)

// Two Kinglets, one on SQLite and one on PostgreSQL: what is done on one
// arrives and has its effect on the other, both ways.
func TestFederation(t *testing.T) {
	t.Parallel()
	for _, engines := range [][2]string{{"sqlite", "postgres"}, {"postgres", "sqlite"}} {
		t.Run(strings.Join(engines[:], " to "), func(t *testing.T) {
			at := func(engine string) *node {
				if engine == "postgres" {
					return newNode(t, storetest.PostgresURL(t))
				}
				return newNode(t, "")
			}
			a, b := at(engines[0]).personByCommand("alice"), at(engines[1]).personByCommand("bob")
			federate(t, a, b)
		})
	}
}

func federate(t *testing.T, a, b *person) {
	// Follow, open.
	bob := a.find("@" + b.handle())
	a.post("/api/v1/accounts/" + bob + "/follow")
	b.applies("Follow")
	a.applies("Accept")
	if r := a.relationship(bob); r["following"] != true {
		t.Errorf("the follow is accepted, and they are %v", r)
	}
	follow := b.notified("follow")
	alice := follow["account"].(object)["id"].(string)
	if acct := follow["account"].(object)["acct"]; acct != a.handle() {
		t.Errorf("the follower is %v", acct)
	}

	// Follow, locked.
	if _, err := a.try("PATCH", "/api/v1/accounts/update_credentials", pairs([]string{"locked", "true", "display_name", "Alice A."}), nil); err != nil {
		t.Fatal(err)
	}
	b.applies("Update")
	eventually(t, "the profile is fetched", func() error { // by a job, which logs nothing
		var account object
		b.get("/api/v1/accounts/"+alice, &account)
		if account["display_name"] != "Alice A." || account["locked"] != true {
			return fmt.Errorf("%v", account)
		}
		return nil
	})
	if r := b.post("/api/v1/accounts/" + alice + "/follow"); r["requested"] != true || r["following"] != false {
		t.Errorf("following a locked account gives %v", r)
	}
	a.applies("Follow")
	a.notified("follow_request")
	if l := a.list("/api/v1/follow_requests"); len(l) != 1 {
		t.Errorf("%d follow requests", len(l))
	}
	a.post("/api/v1/follow_requests/" + bob + "/authorize")
	b.applies("Accept")
	if r := b.relationship(alice); r["following"] != true {
		t.Errorf("the request is accepted, and they are %v", r)
	}

	// A post with a content warning and a mention is read within a second.
	started := time.Now()
	posted := b.post("/api/v1/statuses", "status", "Hello @"+a.handle()+" from afar #Test", "spoiler_text", "greeting", "language", "en")
	a.applies("Create")
	got := a.finds("/api/v1/timelines/home", "from afar")
	if took := time.Since(started); took > time.Second {
		t.Errorf("it took %v", took)
	}
	if got["spoiler_text"] != "greeting" || got["sensitive"] != true || got["language"] != "en" || got["uri"] != posted["uri"] || got["visibility"] != "public" {
		t.Errorf("it came as %v", got)
	}
	if m := got["mentions"].([]any); len(m) != 1 || m[0].(object)["acct"] != "alice" {
		t.Errorf("it mentions %v", m)
	}
	if tags := got["tags"].([]any); len(tags) != 1 || tags[0].(object)["name"] != "test" {
		t.Errorf("its tags are %v", tags)
	}
	if n := a.notified("mention"); n["status"].(object)["id"] != got["id"] {
		t.Errorf("the mention is of %v", n)
	}
	id, origin := got["id"].(string), posted["id"].(string)

	// Boost, favourite, reply.
	a.post("/api/v1/statuses/" + id + "/favourite")
	a.post("/api/v1/statuses/" + id + "/reblog")
	a.post("/api/v1/statuses", "status", "@"+b.handle()+" well said", "in_reply_to_id", id)
	for typ, activity := range map[string]string{"favourite": "Like", "reblog": "Announce", "mention": "Create"} {
		b.applies(activity)
		b.notified(typ)
	}
	reply := b.finds("/api/v1/timelines/home", "well said")
	if reply["in_reply_to_id"] != origin {
		t.Errorf("the reply answers %v", reply["in_reply_to_id"])
	}
	var context struct{ Descendants []object }
	b.get("/api/v1/statuses/"+origin+"/context", &context)
	if len(context.Descendants) != 1 || context.Descendants[0]["id"] != reply["id"] {
		t.Errorf("the thread is %v", context)
	}
	var counted object
	b.get("/api/v1/statuses/"+origin, &counted)
	if fmt.Sprint(counted["favourites_count"], counted["reblogs_count"], counted["replies_count"]) != "1 1 1" {
		t.Errorf("the counts are %v %v %v", counted["favourites_count"], counted["reblogs_count"], counted["replies_count"])
	}

	// And taken back.
	a.post("/api/v1/statuses/" + id + "/unfavourite")
	a.post("/api/v1/statuses/" + id + "/unreblog")
	b.applies("Undo")
	b.applies("Undo")
	b.get("/api/v1/statuses/"+origin, &counted)
	if fmt.Sprint(counted["favourites_count"], counted["reblogs_count"]) != "0 0" {
		t.Errorf("both are taken back: %v %v", counted["favourites_count"], counted["reblogs_count"])
	}

	// Edit.
	var edited object
	if _, err := b.try("PUT", "/api/v1/statuses/"+origin, pairs([]string{"status", "Hello @" + a.handle() + " edited"}), &edited); err != nil {
		t.Fatal(err)
	}
	a.applies("Update")
	var st object
	a.get("/api/v1/statuses/"+id, &st)
	if !strings.Contains(st["content"].(string), "edited") || st["edited_at"] == nil || st["spoiler_text"] != "" {
		t.Errorf("the edit arrives as %v", st)
	}

	// Followers only and direct: the right ones see them.
	b.post("/api/v1/statuses", "status", "for friends", "visibility", "private")
	a.applies("Create")
	if got := a.finds("/api/v1/timelines/home", "for friends"); got["visibility"] != "private" {
		t.Errorf("it came as %v", got["visibility"])
	}
	b.post("/api/v1/statuses", "status", "@"+a.handle()+" for you alone", "visibility", "direct")
	a.applies("Create")
	if got := a.finds("/api/v1/timelines/home", "for you alone"); got["visibility"] != "direct" {
		t.Errorf("it came as %v", got["visibility"])
	}

	// Delete.
	if _, err := b.try("DELETE", "/api/v1/statuses/"+origin, nil, nil); err != nil {
		t.Fatal(err)
	}
	a.applies("Delete")
	if resp, _ := a.try("GET", "/api/v1/statuses/"+id, nil, nil); resp.StatusCode != http.StatusNotFound {
		t.Errorf("what is deleted is answered with %d", resp.StatusCode)
	}

	// Unfollow.
	a.post("/api/v1/accounts/" + bob + "/unfollow")
	b.applies("Undo")
	if r := b.relationship(alice); r["followed_by"] != false || r["following"] != true {
		t.Errorf("the unfollow arrives, and they are %v", r)
	}

	// Block: the other side's follow ends, and nothing comes through.
	a.post("/api/v1/accounts/" + bob + "/block")
	b.applies("Block")
	if r := b.relationship(alice); r["blocked_by"] != true || r["following"] != false {
		t.Errorf("the block arrives, and they are %v", r)
	}
	a.post("/api/v1/accounts/" + bob + "/unblock")
	b.applies("Undo")
	if r := b.relationship(alice); r["blocked_by"] != false {
		t.Errorf("the block is taken back, and they are %v", r)
	}

	// The deletion of an account, by another process than the server.
	a.find("@" + b.handle())
	if out, err := b.command("account", "delete", "bob", "--yes"); err != nil {
		t.Fatal(err, out)
	}
	a.applies("Delete")
	if resp, _ := a.try("GET", "/api/v1/accounts/"+bob, nil, nil); resp.StatusCode != http.StatusNotFound {
		t.Errorf("an account that ended is answered with %d", resp.StatusCode)
	}
}
