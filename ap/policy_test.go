package ap_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"kinglet/ap"
	"kinglet/ap/activity"
	"kinglet/ap/policy"
	"kinglet/ap/vocab"
	"kinglet/internal/apptest"
	"kinglet/internal/fault"
	"kinglet/store"
)

// politeness is a policy that rewrites every text.
func politeness() policy.Policy {
	return policy.Policy{Name: "politeness", Message: func(_ context.Context, m *policy.Message) policy.Verdict {
		if !strings.Contains(string(vocab.Encode(m.Object.Document)), "damn") {
			return policy.Verdict{}
		}
		if err := m.Rewrite(func(d vocab.Document) { polite(d) }); err != nil {
			return policy.Refuse("%v", err)
		}
		return policy.Verdict{}
	}}
}

func polite(v any) any {
	switch x := v.(type) {
	case vocab.Document:
		for k := range x {
			x[k] = polite(x[k])
		}
	case []any:
		for i := range x {
			x[i] = polite(x[i])
		}
	case string:
		return strings.ReplaceAll(x, "damn", "d***")
	}
	return v
}

// rawDeliveries gives the bytes that would be delivered, by type and inbox.
func (n *network) rawDeliveries() map[string]json.RawMessage {
	n.Helper()
	got := map[string]json.RawMessage{}
	n.view(func(tx *store.Tx) error {
		for _, host := range []string{victim, "other.example.com"} {
			list, err := tx.JobsInLane(activity.DeliverJob.Name, host)
			if err != nil {
				return err
			}
			for _, j := range list {
				var args activity.DeliverArgs
				if err := json.Unmarshal(j.Args, &args); err != nil {
					return err
				}
				o, err := tx.Object(args.Activity)
				if err != nil {
					return err
				}
				if got[o.Type+" to "+args.Inbox], err = n.Document(tx, o); err != nil {
					return err
				}
			}
		}
		return nil
	})
	return got
}

// What a policy made of a post that came is what is stored of it.
func TestPolicyRewritesWhatComes(t *testing.T) {
	n := newNetwork(t, politeness())
	alice := n.account("alice")
	bob := n.actor(victim, "bob")
	note := bob.note("1", "<p>damn it</p>", alice.URI)
	bob.sends(202, own+"/inbox", bob.activity("Create", "1", note))
	o := n.statusOf(note["id"].(string))
	if o == nil || o.Content != "<p>d*** it</p>" {
		t.Fatalf("it is %+v", o)
	}
	n.view(func(tx *store.Tx) error {
		doc, err := n.Document(tx, o)
		if bytes.Contains(doc, []byte("damn")) {
			t.Errorf("its document is %s", doc)
		}
		return err
	})
	// By its id only, and out of a thread: the document that is fetched is judged as well.
	for id, how := range map[string]func(note object){
		"2": func(note object) {
			bob.sends(202, own+"/inbox", with(bob.activity("Create", "2", note["id"]), "to", []string{alice.URI}))
		},
		"3": func(note object) {
			_, err := n.ResolveURL(t.Context(), note["id"].(string))
			if err != nil {
				t.Error(err)
			}
		},
	} {
		note := bob.note(id, "<p>damn it</p>", alice.URI)
		n.document(note["id"].(string), note)
		how(note)
		n.work()
		if o := n.statusOf(note["id"].(string)); o == nil || o.Content != "<p>d*** it</p>" {
			t.Errorf("%s: it is %+v", id, o)
		}
	}
}

// What a policy made of a post from here is what its row says, what is
// delivered and what is served: the last two byte for byte.
func TestPolicyRewritesWhatGoes(t *testing.T) {
	n := newNetwork(t, politeness())
	alice := n.account("alice")
	bob := n.actor(victim, "bob")
	n.follower(bob, alice)
	st := n.post(alice, "damn it", store.Public)
	if st.Content != "<p>d*** it</p>" {
		t.Errorf("its row says %s", st.Content)
	}
	delivered := n.rawDeliveries()["Create to "+bob.uri+"/inbox"]
	var create struct {
		Object json.RawMessage `json:"object"`
	}
	if err := json.Unmarshal(delivered, &create); err != nil || bytes.Contains(delivered, []byte("damn")) {
		t.Fatalf("delivered is %s: %v", delivered, err)
	}
	resp := n.get(st.URI, vocab.ContentType, nil)
	served, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatal(resp.Status, err)
	}
	if rest := bytes.TrimPrefix(create.Object, []byte("{")); !bytes.HasSuffix(served, rest) || !bytes.HasPrefix(served, []byte(`{"@context":`)) {
		t.Errorf("delivered is\n%s\nserved is\n%s", create.Object, served)
	}
}

// A profile that a policy rewrote is the profile.
func TestPolicyRewritesProfiles(t *testing.T) {
	n := newNetwork(t, politeness())
	alice := n.account("alice")
	bio := "damn fine"
	if err := n.UpdateProfile(t.Context(), alice.ID, ap.ProfileChange{Note: &bio}); err != nil {
		t.Fatal(err)
	}
	n.view(func(tx *store.Tx) error {
		a, err := tx.Account(alice.ID)
		if err == nil && a.Note != "<p>d*** fine</p>" {
			t.Errorf("it says %s", a.Note)
		}
		return err
	})
}

// follower has an actor elsewhere follow an account here.
func (n *network) follower(a *remote, account *store.Account) {
	n.Helper()
	a.sends(202, own+"/inbox", a.activity("Follow", "follow-"+account.Username, account.URI))
}

// Policies are asked about every activity, by whomever, and about every actor.
func TestPoliciesAreNotBypassed(t *testing.T) {
	var mu sync.Mutex
	var asked []string
	n := newNetwork(t, policy.Policy{Name: "listen", Message: func(_ context.Context, m *policy.Message) policy.Verdict {
		what := m.Object.Type
		if m.Outgoing {
			what = "out " + what
		}
		if o := m.Object.Object.Object; o != nil {
			what += " " + o.Type
		}
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, what)
		return policy.Verdict{}
	}})
	expect := func(when string, want ...string) {
		t.Helper()
		mu.Lock()
		defer mu.Unlock()
		for _, w := range want {
			i := slices.Index(asked, w)
			if i < 0 {
				t.Errorf("%s: nobody was asked about %s, but about %q", when, w, asked)
				continue
			}
			asked = slices.Delete(asked, i, i+1)
		}
		if len(asked) > 0 {
			t.Errorf("%s: asked also about %q", when, asked)
		}
		asked = nil
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	alice := n.account("alice")
	bob := n.actor(victim, "bob")
	n.follower(bob, alice)
	expect("a Follow of a stranger", "Person", "Follow", "out Accept Follow")
	st := n.post(alice, "hi", store.Public)
	expect("a post", "out Create Note")
	must(n.EditPost(t.Context(), alice.ID, st.ID, ap.EditRequest{Text: "ho"}))
	expect("an edit", "out Update Note")
	name := "Alice"
	must(n.UpdateProfile(t.Context(), alice.ID, ap.ProfileChange{DisplayName: &name}))
	expect("a profile", "out Update Person")
	note := bob.note("1", "x")
	n.document(note["id"].(string), note)
	found, err := n.ResolveURL(t.Context(), note["id"].(string))
	must(err)
	expect("a fetched post", "Create Note")
	must(n.Favourite(t.Context(), alice.ID, found.Status))
	must(n.Unfavourite(t.Context(), alice.ID, found.Status))
	expect("a favourite", "out Like", "out Undo Like")
	must(n.Follow(t.Context(), alice.ID, n.accountOf(bob.uri).ID, ap.FollowSettings{}))
	expect("a follow", "out Follow")
	must(n.Block(t.Context(), alice.ID, n.accountOf(bob.uri).ID))
	expect("a block", "out Block", "out Reject Follow", "out Undo Follow")
	must(n.DeletePost(t.Context(), alice.ID, st.ID, false))
	expect("a deletion", "out Delete Tombstone")
	must(n.DeleteAccount(t.Context(), "alice"))
	expect("the end", "out Delete")
}

// What a policy refuses is not stored, and its sender does not learn it.
func TestPolicyRefuses(t *testing.T) {
	n := newNetwork(t, policy.Policy{Name: "no spam", Message: func(_ context.Context, m *policy.Message) policy.Verdict {
		if o := m.Object.Object.Object; o != nil && strings.Contains(o.Content, "spam") || m.Object.Name == "Spammer" {
			return policy.Refuse("spam")
		}
		return policy.Verdict{}
	}})
	alice := n.account("alice")
	bob := n.actor(victim, "bob")
	note := bob.note("1", "spam", alice.URI)
	bob.sends(202, own+"/inbox", bob.activity("Create", "1", note))
	if n.statusOf(note["id"].(string)) != nil {
		t.Error("it is kept")
	}
	if _, err := n.Post(t.Context(), alice.ID, ap.PostRequest{Text: "spam"}); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "spam") {
		t.Errorf("our own: %v", err)
	}
	mallory := n.actor(victim, "mallory")
	n.document(mallory.uri, with(mallory.doc, "name", "Spammer"))
	if _, err := n.ResolveURL(t.Context(), mallory.uri); !fault.Is(err, fault.Forbidden) {
		t.Errorf("an actor: %v", err)
	}
}

// A boost that names a post by its page is judged by the post's id too.
func TestPolicySeesWhatAPageIs(t *testing.T) {
	t.Parallel()
	w := apptest.NewWorld(t)
	w.Policy = policy.Chain{{Name: "not that", Message: func(_ context.Context, m *policy.Message) policy.Verdict {
		if m.Object.Type == "Announce" && m.Object.Object.ID == "https://b.test/notes/1" && m.Object.Document["object"] == m.Object.Object.ID {
			return policy.Refuse("not that")
		}
		return policy.Verdict{}
	}}}
	alice, bob := w.Server("a.test").Account("alice"), w.Stranger("bob@b.test")
	bob.FollowedBy(alice)
	bob.Host.Serve("/@bob/1", bob.Note("refused", "id", "https://b.test/notes/1"))
	bob.Host.Serve("/@bob/2", bob.Note("taken", "id", "https://b.test/notes/2"))
	for page, want := range map[string]bool{"https://b.test/@bob/1": false, "https://b.test/@bob/2": true} {
		boost := bob.Activity("Announce", page, "to", []string{apptest.Public})
		bob.Send(alice.Server, boost)
		w.Run()
		if got := alice.HasInHome(boost["id"].(string)); got != want {
			t.Errorf("the boost of %s is at home: %v", page, got)
		}
	}
}

// A host that we don't deal with is neither asked nor listened to.
func TestPolicyOfHosts(t *testing.T) {
	n := newNetwork(t, policy.Policy{Name: "not them", Host: func(host string) policy.Verdict {
		if host == victim {
			return policy.Refuse("it is %s", host)
		}
		return policy.Verdict{}
	}})
	alice := n.account("alice")
	bob, carol := n.actor(victim, "bob"), n.actor("other.example.com", "carol")
	note := bob.note("1", "x", alice.URI)
	bob.sends(202, own+"/inbox", bob.activity("Create", "1", note))
	if _, err := n.ResolveURL(t.Context(), through("other.example.com", bob.uri)); err == nil {
		t.Error("a redirect leads there")
	}
	if n.fetches(bob.uri) != 0 || n.statusOf(note["id"].(string)) != nil {
		t.Error("it is asked")
	}
	carol.sends(202, own+"/inbox", carol.activity("Create", "1", carol.note("1", "x", alice.URI)))
	if n.fetches(carol.uri) == 0 {
		t.Error("another is not")
	}
}

// What is withheld from a server is not delivered there, nor served to it.
func TestPolicyWithholds(t *testing.T) {
	n := newNetwork(t, policy.Policy{Name: "not to them", Delivery: func(d policy.Delivery) policy.Verdict {
		if d.Host == victim && d.Type != "Accept" {
			return policy.Refuse("no")
		}
		return policy.Verdict{}
	}})
	alice := n.account("alice")
	bob, carol := n.actor(victim, "bob"), n.actor("other.example.com", "carol")
	n.follower(bob, alice)
	n.follower(carol, alice)
	for _, v := range []store.Visibility{store.Public, store.Private} {
		st := n.post(alice, "x", v)
		got := n.rawDeliveries()
		if got["Accept to "+bob.uri+"/inbox"] == nil || got["Create to "+bob.uri+"/inbox"] != nil || got["Create to "+carol.uri+"/inbox"] == nil {
			t.Errorf("%s: deliveries %v", v, got)
		}
		if by := n.get(st.URI, vocab.ContentType, bob).StatusCode; by != 404 {
			t.Errorf("%s: fetched by them with %d", v, by)
		}
		if by := n.get(st.URI, vocab.ContentType, carol).StatusCode; by != 200 {
			t.Errorf("%s: fetched by others with %d", v, by)
		}
	}
}

// What is withheld from a server is left out of what a collection embeds for
// it, and of nothing that others get. Who does not sign is not known.
func TestPolicyWithholdsFromCollections(t *testing.T) {
	const withheld = "withheld words"
	var secret atomic.Value // the post, once it is written
	secret.Store("")
	n := newNetwork(t, policy.Policy{Name: "not to them", Delivery: func(d policy.Delivery) policy.Verdict {
		if d.Host == victim && (d.Type == "Announce" || d.ID == secret.Load() || d.Type == "Create") {
			return policy.Refuse("no")
		}
		return policy.Verdict{}
	}})
	alice := n.account("alice")
	bob, carol := n.actor(victim, "bob"), n.actor("other.example.com", "carol")
	post, pinned := n.post(alice, withheld, store.Public), n.post(alice, "pinned as well", store.Public)
	secret.Store(post.URI)
	for _, o := range []*store.Object{post, pinned} {
		if err := n.Pin(t.Context(), alice.ID, o.ID, true); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := n.Boost(t.Context(), alice.ID, pinned.ID, store.Public); err != nil {
		t.Fatal(err)
	}
	type page struct {
		Items []json.RawMessage `json:"orderedItems"`
		Next  string
		text  string
	}
	read := func(address string, by *remote) (p page) {
		t.Helper()
		resp := n.get(address, vocab.ContentType, by)
		b, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != http.StatusOK || json.Unmarshal(b, &p) != nil {
			t.Fatalf("%s: %s %s %v", address, resp.Status, b, err)
		}
		if vary := resp.Header.Get("Vary"); !strings.Contains(vary, "Signature") {
			t.Errorf("%s: a cache may give it to others: Vary is %s", address, vary)
		}
		p.text = string(b)
		return p
	}
	for _, c := range []struct {
		name             string
		by               *remote
		outbox, featured int
	}{{"them", bob, 0, 1}, {"others", carol, 3, 2}, {"nobody known", nil, 3, 2}} {
		outbox, featured := read(alice.Outbox+"?page=true", c.by), read(alice.FeaturedURI, c.by)
		if len(outbox.Items) != c.outbox || strings.Contains(outbox.text, withheld) != (c.outbox > 0) {
			t.Errorf("the outbox for %s is %s", c.name, outbox.text)
		}
		if len(featured.Items) != c.featured || strings.Contains(featured.text, withheld) != (c.featured > 1) {
			t.Errorf("the pinned posts for %s are %s", c.name, featured.text)
		}
	}
	// Who signs badly is not let in as one who did not sign.
	forger := *bob
	forger.key = carol.key
	for _, address := range []string{alice.Outbox + "?page=true", alice.FeaturedURI, post.URI} {
		if resp := n.get(address, vocab.ContentType, &forger); resp.StatusCode != http.StatusNotFound {
			t.Errorf("%s is answered %d to a forged signature", address, resp.StatusCode)
		}
	}
	// What is left out ends no list.
	for range 40 {
		n.post(alice, "more", store.Public)
	}
	p := read(alice.Outbox+"?page=true", bob)
	if len(p.Items) != 0 || p.Next == "" {
		t.Errorf("a page without items leads to %q: %s", p.Next, p.text)
	}
	first := p.Next
	if p = read(first, bob); len(p.Items) != 0 || p.Next != "" {
		t.Errorf("the last page, %s, leads to %q: %s", first, p.Next, p.text)
	}
	if others := read(first, carol); len(others.Items) != 3 || others.Next != "" {
		t.Errorf("of the same page others get %s", others.text)
	}
}

// The policies are asked about a server once for an activity, however many
// inboxes it has there.
func TestPoliciesAreAskedOnceAboutAServer(t *testing.T) {
	var mu sync.Mutex
	asked := map[string]int{}
	n := newNetwork(t, policy.Policy{Name: "count", Delivery: func(d policy.Delivery) policy.Verdict {
		mu.Lock()
		defer mu.Unlock()
		asked[d.Type+" to "+d.Host]++
		if d.Host == "other.example.com" && d.Type == "Create" {
			return policy.Refuse("no")
		}
		return policy.Verdict{}
	}})
	alice := n.account("alice")
	var to []string
	for _, host := range []string{victim, "other.example.com"} {
		for _, name := range []string{"a", "b", "c"} {
			a := n.actor(host, name)
			n.follower(a, alice)
			if host == victim {
				to = append(to, "Create to "+a.uri+"/inbox")
			}
		}
	}
	n.post(alice, "x", store.Public)
	mu.Lock()
	defer mu.Unlock()
	if asked["Create to "+victim] != 1 || asked["Create to other.example.com"] != 1 {
		t.Errorf("asked %v", asked)
	}
	got := []string{}
	for k := range n.rawDeliveries() {
		if strings.HasPrefix(k, "Create ") {
			got = append(got, k)
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, to) {
		t.Errorf("delivered is %q", got)
	}
}

// How many a post mentions is a bound of what is read, with a setting.
func TestMentionsAreBounded(t *testing.T) {
	n := newNetwork(t)
	alice := n.account("alice")
	bob := n.actor(victim, "bob")
	mentions := []string{alice.URI}
	for len(mentions) < n.Config.Federation.Mentions {
		mentions = append(mentions, "https://other.example.com/users/"+strings.Repeat("x", len(mentions)%50))
	}
	bob.sends(202, own+"/inbox", bob.activity("Create", "1", bob.note("1", "x", mentions...)))
	bob.sends(400, own+"/inbox", bob.activity("Create", "2", bob.note("2", "x", append(mentions, "https://other.example.com/")...)))
}
