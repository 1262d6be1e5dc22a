package ap_test

import (
	"net/http"
	"strings"
	"testing"

	"kinglet/store"
)

// Our own accounts are found under every form of our host, and nothing of
// another server is kept under one (SECURITY-RULES 6).
func TestOwnHostInOtherSpellings(t *testing.T) {
	spellings := []string{
		"https://OWN.example.com", "https://own.example.com:443", "https://own.example.com.", "https://own。example。com", "https://own．example｡com。",
		"http://own.example.com", "https://user@own.example.com", "https://own%2Eexample%2ecom", "https://ｏｗｎ.example.com", "https://own.example.com%E3%80%82", "https://ow\u00adn.example.com",
	}
	n := newNetwork(t)
	alice := n.account("alice")
	bob := n.actor(victim, "bob")
	for i, base := range spellings {
		id := string(rune('a' + i))
		note := bob.note("mention-"+id, "hello", base+"/users/alice")
		bob.sends(202, own+"/inbox", bob.activity("Create", "m"+id, note))
		if o := n.statusOf(note["id"].(string)); o == nil {
			t.Errorf("a mention at %s is not taken", base)
		} else {
			n.view(func(tx *store.Tx) error {
				list, err := tx.Statuses(0, []store.ObjectID{o.ID})
				if err != nil || len(list) != 1 || len(list[0].Mentions) != 1 || list[0].Mentions[0].ID != alice.ID {
					t.Errorf("a mention at %s is of %v %v", base, list, err)
				}
				return nil
			})
		}
		forged := with(bob.note("x", "forged", alice.URI), "id", base+"/objects/forged"+id)
		if got := bob.send(own+"/inbox", bob.activity("Create", "f"+id, forged)); got != http.StatusForbidden || n.statusOf(base+"/objects/forged"+id) != nil {
			t.Errorf("a post under %s is answered with %d", base, got)
		}
		if got := bob.send(own+"/inbox", with(bob.activity("Create", "f"+id, bob.note("n"+id, "x", alice.URI)), "id", base+"/activities/f"+id)); got != http.StatusForbidden {
			t.Errorf("an activity under %s is answered with %d", base, got)
		}
		n.document("https://"+victim+"/claims"+id, with(bob.note("x", "forged"), "id", base+"/objects/claimed"+id))
		if _, err := n.ResolveURL(t.Context(), "https://"+victim+"/claims"+id); err == nil {
			t.Errorf("a document with an id at %s is believed", base)
		}
		if strings.ContainsAny(base[8:], "%@") {
			continue // not addresses that a person can search for
		}
		for _, path := range []string{"/users/alice", "/@alice"} {
			if found, err := n.ResolveURL(t.Context(), base+path); err != nil || found.Account != alice.ID {
				t.Errorf("%s is %v %v", base+path, found, err)
			}
		}
		if found, err := n.KnownURL(t.Context(), base+"/users/bob"); err == nil {
			t.Errorf("bob is found here: %v", found)
		}
	}
	// A host that only begins or ends like ours is another's.
	for i, base := range []string{"https://own.example.com.evil.example.com", "https://notown.example.com", "https://evil.example.com/@own.example.com"} {
		note := bob.note("other-"+string(rune('a'+i)), "hello", base+"/users/alice")
		bob.sends(202, own+"/inbox", bob.activity("Create", "o"+string(rune('a'+i)), note))
		if n.statusOf(note["id"].(string)) != nil {
			t.Errorf("%s is taken for ours", base)
		}
	}
}

// An object reference has one id, whatever it is written as.
func TestReferences(t *testing.T) {
	n := newNetwork(t)
	alice := n.account("alice")
	bob, mallory := n.actor(victim, "bob"), n.actor(victim, "mallory")
	note := bob.note("1", "bob writes", alice.URI)
	bob.sends(202, own+"/inbox", bob.activity("Create", "1", note))
	mine := mallory.note("2", "mallory writes", alice.URI)
	mallory.sends(202, own+"/inbox", mallory.activity("Create", "2", mine))
	for _, ref := range []any{
		object{"id": mine["id"], "href": note["id"]}, object{"id": note["id"], "href": mine["id"]}, object{"id": []any{mine["id"], note["id"]}},
		object{"id": []any{mine["id"]}, "href": note["id"], "type": "Note"}, []any{mine["id"], note["id"]},
	} {
		if got := mallory.send(own+"/inbox", mallory.activity("Delete", "3", ref)); got == 202 && !n.statusOf(mine["id"].(string)).DeletedAt.IsZero() {
			t.Errorf("a Delete of %v is taken", ref)
		}
	}
	if !n.statusOf(note["id"].(string)).DeletedAt.IsZero() || !n.statusOf(mine["id"].(string)).DeletedAt.IsZero() {
		t.Error("a post is deleted by a reference with two ids")
	}
	for i, recipient := range []any{object{"id": alice.URI, "href": mallory.uri}, object{"id": []any{alice.URI, mallory.uri}}} {
		doc := mallory.activity("Create", "r", with(mallory.note("r"+string(rune('a'+i)), "x"), "to", recipient))
		mallory.sends(400, own+"/inbox", doc)
	}
	mallory.sends(400, own+"/inbox", with(mallory.activity("Create", "r", mine), "actor", object{"id": mallory.uri, "href": bob.uri}))
	mallory.sends(202, own+"/inbox", mallory.activity("Delete", "4", object{"id": []any{mine["id"]}, "type": "Tombstone"}))
	if n.statusOf(mine["id"].(string)).DeletedAt.IsZero() {
		t.Error("a list of one id is not read")
	}
}

// No address of ours leads a browser where a stranger says, and no post or
// profile of a stranger has a page of ours for its own.
func TestPagesLeadNowhereElse(t *testing.T) {
	n := newNetwork(t)
	alice := n.account("alice")
	bob := n.actor(victim, "bob")
	n.follows(alice, bob)
	ours := n.post(alice, "a post", store.Public)
	const bait = "https://evil.example.com/bait"
	evil := with(bob.note("bait", "a post", alice.URI), "url", bait, "context", ours.Context, "published", "2020-01-01T00:00:00Z")
	bob.sends(202, own+"/inbox", bob.activity("Create", "bait", evil))
	theirs := n.statusOf(evil["id"].(string))
	if theirs == nil || theirs.URL != bait {
		t.Fatalf("%+v", theirs)
	}
	location := func(address string) string {
		resp := n.get(address, "text/html", nil)
		return resp.Header.Get("Location")
	}
	if _, err := n.Boost(t.Context(), alice.ID, theirs.ID, store.Public); err != nil {
		t.Fatal(err)
	}
	if err := n.Favourite(t.Context(), alice.ID, theirs.ID); err != nil {
		t.Fatal(err)
	}
	for _, typ := range []string{"Announce", "Like"} {
		n.view(func(tx *store.Tx) error {
			a, err := tx.ActivityOn(alice.ID, typ, theirs.URI)
			if err != nil {
				return err
			}
			if got := location(a.URI); got != "" && got != own+"/@alice" {
				t.Errorf("alice's %s resolves to %s", typ, got)
			}
			return nil
		})
	}
	page := own + "/@alice/" + ours.ID.String()
	if got := location(ours.Context); got != page {
		t.Errorf("the conversation leads to %s", got)
	}
	if got := location(ours.URI); got != page {
		t.Errorf("the post leads to %s", got)
	}
	if got := location(alice.URI); got != own+"/@alice" {
		t.Errorf("the profile leads to %s", got)
	}
	for i, url := range []string{own + "/@alice/1", "https://OWN.example.com。/@alice/1"} {
		note := with(bob.note("own"+string(rune('a'+i)), "x", alice.URI), "url", url)
		bob.sends(202, own+"/inbox", bob.activity("Create", "own"+string(rune('a'+i)), note))
		if o := n.statusOf(note["id"].(string)); o.URL != o.URI {
			t.Errorf("another's post has the page %s", o.URL)
		}
		bob.sends(202, own+"/inbox", bob.activity("Update", "own2"+string(rune('a'+i)), with(note, "content", "y")))
		if o := n.statusOf(note["id"].(string)); o.URL != o.URI || o.Content != "y" {
			t.Errorf("another's edited post has the page %s", o.URL)
		}
		bob.sends(202, own+"/inbox", bob.activity("Update", "actor", with(bob.doc, "url", url)))
		if a := n.accountOf(bob.uri); a.URL != a.URI {
			t.Errorf("another's profile has the page %s", a.URL)
		}
		n.document(bob.uri, bob.doc)
		bob.refresh()
		if a := n.accountOf(bob.uri); a.URL != a.URI {
			t.Errorf("another's fetched profile has the page %s", a.URL)
		}
	}
}

// What strangers name that breaks its grammar is dropped, and the rest of the
// post is kept.
func TestRemoteGrammar(t *testing.T) {
	n := newNetwork(t)
	alice := n.account("alice")
	bob := n.actor(victim, "bob")
	emoji := func(name string) object {
		return object{"type": "Emoji", "name": name, "icon": object{"type": "Image", "url": "https://" + victim + "/e.png"}}
	}
	tag := func(name string) object { return object{"type": "Hashtag", "name": name} }
	note := with(bob.note("1", "kept", alice.URI), "tag", []object{
		emoji(":blob_cat:"), emoji(":x:"), emoji(":a b:"), emoji(`:"onerror=:`), emoji(":<b>:"), emoji(":" + strings.Repeat("a", 200) + ":"), emoji("::"), emoji(":é:"),
		tag("#Good"), tag("#größe"), tag("#日本語"), tag("#2024"), tag("#a b"), tag(`#"><script>`), tag("#" + strings.Repeat("x", 400)), tag("#a/b"), tag("#"), tag("#a#b"),
	})
	delete(note, "content")
	note["contentMap"] = object{`en"><b>`: "kept"}
	bob.sends(202, own+"/inbox", bob.activity("Create", "1", note))
	o := n.statusOf(note["id"].(string))
	if o == nil || o.Content != "kept" || o.Language != "" {
		t.Fatalf("it is kept as %+v", o)
	}
	if len(o.Emojis) != 1 || o.Emojis[0].Shortcode != "blob_cat" {
		t.Errorf("its emojis are %v", o.Emojis)
	}
	if strings.Join(o.Tags, " ") != "Good größe 日本語 ab" {
		t.Errorf("its hashtags are %v", o.Tags)
	}
}
