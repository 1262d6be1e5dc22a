package ap_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"kinglet/ap"
	"kinglet/ap/activity"
	"kinglet/ap/vocab"
	"kinglet/internal/fault"
	"kinglet/store"
)

// The rules of each activity, against a neighbour: mallory lives on bob's own
// host, so that no comparison of hosts helps, only who did what.
func TestNeighbour(t *testing.T) {
	n := newNetwork(t)
	alice := n.account("alice")
	bob, mallory := n.actor(victim, "bob"), n.actor(victim, "mallory")
	shared := own + "/inbox"
	mentioning := func(id, text string) object { return bob.note(id, text, alice.URI) }
	known := mentioning("known", "bob's own")
	bob.sends(202, shared, bob.activity("Create", "known", known))
	for _, a := range []*remote{bob, mallory} {
		if _, err := ap.ResolveActor(t.Context(), n.Service, a.uri); err != nil {
			t.Fatal(err)
		}
	}
	content := func(id string) string {
		n.Helper()
		if o := n.statusOf(id); o != nil && o.DeletedAt.IsZero() {
			return o.Content
		}
		return ""
	}
	follow := func(account, target string) *store.Follow {
		n.Helper()
		var f *store.Follow
		n.view(func(tx *store.Tx) (err error) {
			if f, err = tx.Follow(n.idOf(tx, account), n.idOf(tx, target)); fault.Is(err, fault.NotFound) {
				f = nil
				return nil
			}
			return err
		})
		return f
	}

	t.Run("create", func(t *testing.T) {
		mallory.sends(403, shared, mallory.activity("Create", "1", mentioning("forged", "x")))
		mallory.sends(403, shared, with(bob.activity("Create", "2", mentioning("forged", "x")), "actor", bob.uri))
		mallory.sends(403, shared, mallory.activity("Create", "3", with(mentioning("forged", "x"), "attributedTo", []string{bob.uri, mallory.uri})))
		mallory.sends(403, shared, mallory.activity("Create", "4", with(mentioning("forged", "x"), "attributedTo", nil)))
		mallory.sends(403, shared, mallory.activity("Create", "5", with(mentioning("forged", "x"), "attributedTo", mallory.uri, "id", own+"/objects/x")))
		mallory.sends(403, shared, mallory.activity("Create", "6", with(mentioning("forged", "x"), "attributedTo", mallory.uri, "id", "https://OWN.example.com。/objects/x")))
		mallory.sends(403, shared, mallory.activity("Create", "7", with(mentioning("forged", "x"), "attributedTo", mallory.uri, "id", "https://third.example.com/x")))
		mallory.sends(202, shared, mallory.activity("Create", "8", with(mentioning("forged", "x"), "attributedTo", mallory.uri, "type", "Relationship")))
		if n.statusOf(known["id"].(string)) == nil || n.statusOf("https://"+victim+"/notes/forged") != nil {
			t.Error("a forged post is taken")
		}
	})
	t.Run("update", func(t *testing.T) {
		id := known["id"].(string)
		mallory.sends(403, shared, mallory.activity("Update", "1", with(mentioning("known", "FORGED"), "attributedTo", mallory.uri)))
		mallory.sends(403, shared, mallory.activity("Update", "2", with(mentioning("known", "FORGED"), "attributedTo", []string{bob.uri, mallory.uri})))
		mallory.sends(403, shared, mallory.activity("Update", "3", mentioning("known", "FORGED")))
		mallory.sends(403, shared, mallory.activity("Update", "4", with(bob.doc, "name", "FORGED")))
		if content(id) != "bob's own" && content(id) != "bob&#39;s own" || n.accountOf(bob.uri).DisplayName != "" {
			t.Errorf("it says %q", content(id))
		}
	})
	t.Run("delete", func(t *testing.T) {
		mallory.sends(403, shared, mallory.activity("Delete", "1", known["id"]))
		mallory.sends(202, shared, mallory.activity("Delete", "2", bob.uri)) // ignored: no object of that id
		mallory.sends(403, shared, mallory.activity("Delete", "3", object{"type": "Tombstone", "id": known["id"]}))
		if content(known["id"].(string)) == "" || !n.accountOf(bob.uri).Active() {
			t.Error("it is deleted")
		}
	})
	t.Run("accept", func(t *testing.T) {
		if err := n.Follow(t.Context(), alice.ID, n.accountOf(bob.uri).ID, ap.FollowSettings{}); err != nil {
			t.Fatal(err)
		}
		f := follow(alice.URI, bob.uri)
		embedded := object{"id": f.URI, "type": "Follow", "actor": alice.URI, "object": bob.uri}
		nameless := object{"type": "Follow", "actor": alice.URI, "object": bob.uri}
		for _, o := range []any{f.URI, embedded, nameless} {
			mallory.sends(403, shared, mallory.activity("Accept", "1", o))
			mallory.sends(403, shared, mallory.activity("Reject", "2", o))
		}
		if f := follow(alice.URI, bob.uri); f == nil || f.Accepted {
			t.Fatalf("the follow is %+v", f)
		}
		bob.sends(202, shared, bob.activity("Accept", "3", f.URI))
		for _, o := range []any{f.URI, embedded, nameless} {
			mallory.sends(403, shared, mallory.activity("Reject", "4", o))
		}
		mallory.sends(403, shared, mallory.activity("Undo", "5", object{"type": "Accept", "actor": mallory.uri, "object": f.URI}))
		if f := follow(alice.URI, bob.uri); f == nil || !f.Accepted {
			t.Errorf("the follow is %+v", f)
		}
	})
	t.Run("follow", func(t *testing.T) {
		bob.sends(202, shared, bob.activity("Follow", "f", alice.URI))
		bob.sends(403, shared, with(bob.activity("Follow", "f2", alice.URI), "id", "https://third.example.com/f"))
		bob.sends(202, shared, bob.activity("Follow", "f3", bob.uri)) // ignored: it does not live here
		if follow(bob.uri, alice.URI) == nil {
			t.Fatal("the follow is not taken")
		}
		bob.sends(202, shared, bob.activity("Follow", "f4", mallory.uri))
		if follow(bob.uri, mallory.uri) != nil {
			t.Error("a follow between others is kept")
		}
	})
	t.Run("undo", func(t *testing.T) {
		id := bob.activity("Follow", "f", nil)["id"]
		for _, o := range []any{
			id, object{"id": id, "type": "Follow", "actor": bob.uri, "object": alice.URI}, object{"id": id, "type": "Follow", "object": alice.URI},
			object{"id": id, "type": "Follow", "actor": mallory.uri, "object": alice.URI},
		} {
			mallory.sends(403, shared, mallory.activity("Undo", "1", o))
		}
		mallory.sends(403, shared, mallory.activity("Undo", "2", "https://third.example.com/f"))
		mallory.sends(403, shared, mallory.activity("Undo", "3", nil))
		if follow(bob.uri, alice.URI) == nil {
			t.Error("the follow is undone")
		}
		post := n.post(alice, "liked", store.Public)
		bob.sends(202, shared, bob.activity("Like", "like", post.URI))
		bob.sends(202, shared, bob.activity("Announce", "boost", post.URI))
		like, boost := bob.activity("Like", "like", post.URI), bob.activity("Announce", "boost", post.URI)
		for _, o := range []any{like["id"], object{"id": like["id"], "type": "Like", "object": post.URI}, like} {
			mallory.send(shared, mallory.activity("Undo", "4", o))
		}
		mallory.sends(403, shared, mallory.activity("Undo", "5", boost["id"]))
		mallory.sends(403, shared, mallory.activity("Undo", "6", object{"id": boost["id"], "type": "Announce", "object": post.URI}))
		if o := n.statusOf(post.URI); o.FavouritesCount != 1 || o.ReblogsCount != 1 {
			t.Errorf("%d favourites, %d boosts", o.FavouritesCount, o.ReblogsCount)
		}
		bob.sends(202, shared, bob.activity("Undo", "7", like["id"]))
		bob.sends(202, shared, bob.activity("Undo", "8", boost["id"]))
		if o := n.statusOf(post.URI); o.FavouritesCount != 0 || o.ReblogsCount != 0 {
			t.Errorf("undone by who did it: %d favourites, %d boosts", o.FavouritesCount, o.ReblogsCount)
		}
	})
	t.Run("like and announce of what one may not see", func(t *testing.T) {
		private, direct := n.post(alice, "for followers", store.Private), n.post(alice, "@bob@"+victim+" for bob", store.Direct)
		mallory.sends(202, shared, mallory.activity("Like", "p1", private.URI))
		mallory.sends(202, shared, mallory.activity("Like", "p2", direct.URI))
		// Answered as if they were not there (TestHiddenLooksLikeMissing).
		mallory.sends(202, shared, mallory.activity("Announce", "p3", private.URI))
		mallory.sends(202, shared, mallory.activity("Announce", "p4", direct.URI))
		// Nor by one who may: it is not public.
		bob.sends(403, shared, bob.activity("Announce", "p5", private.URI))
		bob.sends(403, shared, bob.activity("Announce", "p6", direct.URI))
		for _, o := range []*store.Object{private, direct} {
			if o := n.statusOf(o.URI); o.FavouritesCount != 0 || o.ReblogsCount != 0 {
				t.Errorf("%d favourites, %d boosts of what is not public", o.FavouritesCount, o.ReblogsCount)
			}
		}
		bob.sends(202, shared, bob.activity("Like", "p7", private.URI))
		if o := n.statusOf(private.URI); o.FavouritesCount != 1 {
			t.Error("a follower's favourite is not counted")
		}
		// A remote one for followers only, boosted by a neighbour.
		theirs := with(bob.note("theirs", "bob's followers only"), "to", bob.uri+"/followers")
		bob.sends(202, shared, bob.activity("Create", "theirs", theirs))
		n.follows(alice, mallory)
		mallory.sends(202, shared, mallory.activity("Announce", "p8", theirs["id"]))
		boost := n.post(alice, "public", store.Public)
		bob.sends(403, shared, with(bob.activity("Announce", "p9", boost.URI), "id", "https://third.example.com/a"))
		bob.sends(403, shared, with(bob.activity("Like", "p10", boost.URI), "id", "https://third.example.com/l"))
	})
	t.Run("signed reads", func(t *testing.T) {
		direct := n.post(alice, "@bob@"+victim+" a secret for bob", store.Direct)
		private := n.post(alice, "a secret for followers", store.Private)
		for _, c := range []struct {
			name string
			by   *remote
			o    *store.Object
			want int
		}{
			{"a direct post, by nobody", nil, direct, 404}, {"a direct post, by a neighbour", mallory, direct, 404}, {"a direct post, by its recipient", bob, direct, 200},
			{"a private post, by nobody", nil, private, 404}, {"a private post, by a neighbour", mallory, private, 404}, {"a private post, by a follower", bob, private, 200},
		} {
			if resp := n.get(c.o.URI, vocab.ContentType, c.by); resp.StatusCode != c.want {
				t.Errorf("%s: %d", c.name, resp.StatusCode)
			}
			var create string
			n.view(func(tx *store.Tx) error {
				a, err := tx.ActivityOn(alice.ID, "Create", c.o.URI)
				create = a.URI
				return err
			})
			if c.o == private && c.by == bob {
				continue // addressed to the followers, as a collection
			}
			if resp := n.get(create, vocab.ContentType, c.by); resp.StatusCode != c.want {
				t.Errorf("the Create of %s: %d", c.name, resp.StatusCode)
			}
		}
		// Alice's Follow of bob is his to read, and nobody else's.
		var asked *store.Object
		if err := n.Follow(t.Context(), alice.ID, n.accountOf(bob.uri).ID, ap.FollowSettings{}); err != nil {
			t.Fatal(err)
		}
		n.view(func(tx *store.Tx) (err error) {
			asked, err = tx.ActivityOn(alice.ID, "Follow", bob.uri)
			return err
		})
		for by, want := range map[*remote]int{nil: 404, mallory: 404, bob: 200} {
			if resp := n.get(asked.URI, vocab.ContentType, by); resp.StatusCode != want {
				t.Errorf("a Follow is answered %d, want %d", resp.StatusCode, want)
			}
		}
	})
	t.Run("block", func(t *testing.T) {
		mallory.sends(403, shared, mallory.activity("Block", "1", mallory.uri))
		mallory.sends(403, shared, with(mallory.activity("Block", "2", alice.URI), "id", "https://third.example.com/b"))
		mallory.sends(202, shared, mallory.activity("Block", "3", bob.uri))
		bob.sends(202, shared, bob.activity("Block", "4", alice.URI))
		for _, o := range []any{bob.activity("Block", "4", nil)["id"], object{"id": bob.activity("Block", "4", nil)["id"], "type": "Block", "object": alice.URI}} {
			mallory.send(shared, mallory.activity("Undo", "5", o))
		}
		n.view(func(tx *store.Tx) error {
			for other, want := range map[string]bool{bob.uri: true, mallory.uri: false} {
				if blocked, err := tx.Blocked(alice.ID, n.idOf(tx, other)); err != nil || blocked != want {
					t.Errorf("alice and %s: blocked %v %v", other, blocked, err)
				}
			}
			if blocked, err := tx.Blocked(n.idOf(tx, mallory.uri), n.idOf(tx, bob.uri)); err != nil || blocked {
				t.Error("a block between others is kept")
			}
			return nil
		})
		bob.sends(202, shared, bob.activity("Undo", "6", bob.activity("Block", "4", nil)["id"]))
	})
	t.Run("a blocked account follows again", func(t *testing.T) {
		n.update(func(tx *store.Tx) error {
			_, err := tx.PutBlock(alice.ID, n.idOf(tx, mallory.uri), own+"/activities/blocked")
			return err
		})
		mallory.sends(202, shared, mallory.activity("Follow", "again", alice.URI))
		if follow(mallory.uri, alice.URI) != nil {
			t.Error("the follow is taken")
		}
		mallory.sends(202, shared, mallory.activity("Create", "again", mallory.note("again", "hello", alice.URI)))
		if n.statusOf(mallory.note("again", "", alice.URI)["id"].(string)) != nil {
			t.Error("a post to who blocks is kept")
		}
		public := n.post(alice, "seen by all but the blocked", store.Public)
		mallory.sends(202, shared, mallory.activity("Like", "again", public.URI))
		mallory.sends(202, shared, mallory.activity("Announce", "again", public.URI))
		if o := n.statusOf(public.URI); o.FavouritesCount != 0 || o.ReblogsCount != 0 {
			t.Error("a favourite or a boost of the blocked is taken")
		}
	})
	t.Run("key", func(t *testing.T) {
		// Mallory's key says that it is bob's, or is named with bob's id.
		forged := with(object{}, "id", mallory.uri, "type", "Person", "preferredUsername", "mallory", "inbox", mallory.uri+"/inbox",
			"publicKey", object{"id": bob.uri + "#other", "owner": bob.uri, "publicKeyPem": mallory.doc["publicKey"].(object)["publicKeyPem"]})
		n.document(mallory.uri, forged)
		if _, err := n.ResolveURL(t.Context(), mallory.uri); err != nil {
			t.Log(err)
		}
		if got := mallory.sendKey(bob.uri+"#other", shared, bob.activity("Create", "forged", mentioning("forged", "x"))); got != http.StatusUnauthorized {
			t.Errorf("%d", got)
		}
		// A key's document that names bob, who does not name it.
		n.document("https://"+victim+"/keys/1", object{"id": "https://" + victim + "/keys/1", "type": "Key", "owner": bob.uri, "publicKeyPem": mallory.doc["publicKey"].(object)["publicKeyPem"]})
		if got := mallory.sendKey("https://"+victim+"/keys/1", shared, bob.activity("Create", "forged", mentioning("forged", "x"))); got != http.StatusUnauthorized {
			t.Errorf("%d", got)
		}
		if n.statusOf("https://"+victim+"/notes/forged") != nil {
			t.Error("a forged post is taken")
		}
	})
}

// What came from an account and still waits for something to be fetched goes
// with the account.
func TestWaitingEndsWithItsAccount(t *testing.T) {
	n := newNetwork(t)
	alice := n.account("alice")
	carol, dave := n.actor(victim, "carol"), n.actor(victim, "dave")
	for i, r := range []*remote{carol, dave} {
		if _, err := ap.ResolveActor(t.Context(), n.Service, r.uri); err != nil {
			t.Fatal(err)
		}
		n.follows(alice, r)
		r.sends(202, own+"/inbox", r.activity("Announce", fmt.Sprint("wait", i), fmt.Sprint("https://third.example.com/notes/", i)))
	}
	if got := n.jobs("ingest"); got != 2 {
		t.Fatalf("%d messages wait", got)
	}
	carol.sends(202, own+"/inbox", carol.activity("Delete", "gone", carol.uri))
	if got := n.jobs("ingest"); got != 1 {
		t.Errorf("%d messages wait, want that of the neighbour", got)
	}
}

// What came from an account and still waits goes with the object that it
// brings, which is known without parsing it; rows of before that was kept are
// read as well.
func TestWaitingEndsWithItsObject(t *testing.T) {
	n := newNetwork(t)
	alice := n.account("alice")
	bob, mallory := n.actor(victim, "bob"), n.actor(victim, "mallory")
	n.follows(alice, bob)
	n.follows(alice, mallory)
	number := 0
	for name, c := range map[string]struct {
		by     *remote
		args   string // beside whose it is; OBJECT is what is deleted
		leaves bool
	}{
		"it":                        {bob, `"object":"OBJECT","activity":{"type":"Update","object":"OBJECT"}`, true},
		"it, whatever the activity": {bob, `"object":"OBJECT","activity":{}`, true},
		"another":                   {bob, `"object":"https://other.test/1","activity":{"type":"Update","object":"OBJECT"}`, false},
		"nothing":                   {bob, `"object":"","activity":{"type":"Update","object":"OBJECT"}`, false},
		"a neighbour's":             {mallory, `"object":"OBJECT","activity":{"type":"Update","object":"OBJECT"}`, false},
		"of before":                 {bob, `"activity":{"type":"Update","object":"OBJECT"}`, true},
		"another of before":         {bob, `"activity":{"type":"Update","object":"https://other.test/1"}`, false},
		"not readable, of before":   {bob, `"activity":7`, false},
	} {
		t.Run(name, func(t *testing.T) {
			number++
			note := bob.note(fmt.Sprint(number), "to be deleted", alice.URI)
			id := note["id"].(string)
			bob.sends(202, own+"/inbox", bob.activity("Create", fmt.Sprint("c", number), note))
			args := fmt.Sprintf(`{"actor":%d,%s,"host":"%s"}`, n.accountOf(c.by.uri).ID, strings.ReplaceAll(c.args, "OBJECT", id), victim)
			n.update(func(tx *store.Tx) error {
				return tx.Enqueue(store.NewJob{Kind: activity.IngestJob.Name, Lane: activity.IngestLane(c.by.uri), Args: json.RawMessage(args)})
			})
			before := n.jobs(activity.IngestJob.Name)
			bob.sends(202, own+"/inbox", bob.activity("Delete", fmt.Sprint("d", number), id))
			if left := n.jobs(activity.IngestJob.Name); (left < before) != c.leaves {
				t.Errorf("%d of %d wait", left, before)
			}
		})
	}
	// What is put off now has it beside.
	far := n.actor("far.example.com", "far").note("1", "boosted")
	bob.sends(202, own+"/inbox", bob.activity("Announce", "a", far["id"]))
	n.view(func(tx *store.Tx) error {
		list, err := tx.JobsInLane(activity.IngestJob.Name, activity.IngestLane(bob.uri))
		var args activity.IngestArgs
		if err != nil || len(list) == 0 || json.Unmarshal(list[len(list)-1].Args, &args) != nil || args.Object != far["id"] {
			t.Errorf("what waits is about %q: %v", args.Object, err)
		}
		return nil
	})
}

// post writes one of an account here.
func (n *network) post(by *store.Account, text string, v store.Visibility) *store.Object {
	n.Helper()
	id, err := n.Post(n.Context(), by.ID, ap.PostRequest{Text: text, Visibility: v, Language: "en"})
	if err != nil {
		n.Fatal(err)
	}
	var o *store.Object
	n.view(func(tx *store.Tx) (err error) {
		o, err = tx.Object(id)
		return err
	})
	return o
}

// Who wrote a post is read the same at each door: posted, updated, fetched.
func TestAuthor(t *testing.T) {
	for name, c := range map[string]struct {
		authors []any
		me      bool
	}{
		"me": {[]any{"me"}, true}, "me and another": {[]any{"me", "other"}, true}, "another and me": {[]any{"other", "me"}, false},
		"one of another host and me": {[]any{"https://third.example.com/users/x", "me"}, false},
		"a group and me":             {[]any{object{"type": "Group", "id": "other"}, object{"type": "Person", "id": "me"}}, true},
		"one without an id and me":   {[]any{object{"type": "Person"}, "me"}, false},
		"one with two ids and me":    {[]any{object{"id": "other", "href": "me"}, "me"}, false},
		"nobody":                     {nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			n := newNetwork(t)
			alice := n.account("alice")
			me, other := n.actor(victim, "me"), n.actor(victim, "other")
			uris := map[string]string{"me": me.uri, "other": other.uri}
			fill := func(v any) any {
				if s, ok := v.(string); ok {
					return cmp.Or(uris[s], s)
				}
				out := object{}
				for k, x := range v.(object) {
					out[k] = cmp.Or(uris[x.(string)], x.(string))
				}
				return out
			}
			var authors []any
			for _, a := range c.authors {
				authors = append(authors, fill(a))
			}
			by := func() store.AccountID {
				if a := n.accountOf(me.uri); a != nil {
					return a.ID
				}
				return -1
			}
			isMine := func(id string) bool {
				o := n.statusOf(id)
				return o != nil && o.AccountID == by()
			}
			created := with(me.note("created", "x", alice.URI), "attributedTo", authors)
			me.send(own+"/inbox", me.activity("Create", "1", created))
			if isMine(created["id"].(string)) != c.me {
				t.Errorf("posted it is mine: %v", !c.me)
			}
			updated := with(me.note("updated", "x", alice.URI), "attributedTo", authors)
			me.send(own+"/inbox", me.activity("Update", "2", updated))
			if isMine(updated["id"].(string)) != c.me {
				t.Errorf("updated it is mine: %v", !c.me)
			}
			fetched := with(me.note("fetched", "x", alice.URI), "attributedTo", authors)
			n.document(fetched["id"].(string), fetched)
			_, _ = n.ResolveURL(t.Context(), fetched["id"].(string))
			if isMine(fetched["id"].(string)) != c.me {
				t.Errorf("fetched it is mine: %v", !c.me)
			}
			if n.fetches("https://third.example.com/users/x") != 0 {
				t.Error("an author of another host is fetched")
			}
		})
	}
}
