package ap_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"kinglet/ap"
	kinds "kinglet/ap/object"
	"kinglet/ap/vocab"
	"kinglet/internal/fault"
	"kinglet/store"
)

func TestOwnServerIsNotFetched(t *testing.T) {
	n := newNetwork(t)
	mallory := n.actor("evil.example.com", "mallory")
	if _, err := ap.ResolveActor(t.Context(), n.Service, own+"/users/nobody"); err == nil || n.fetches(own+"/users/nobody") != 0 {
		t.Errorf("we ask ourselves: %v", err)
	}
	n.document(own+"/planted", mallory.doc)
	if _, err := n.ResolveURL(t.Context(), through("evil.example.com", own+"/planted")); err == nil {
		t.Error("a redirect to us is followed")
	}
}

func TestFetchedTypes(t *testing.T) {
	n := newNetwork(t)
	bob := n.actor(victim, "bob")
	for _, change := range [][]any{{"type", "Relationship"}, {"type", "Create"}, {"attributedTo", nil}} {
		note := with(bob.note("1", "x"), change...)
		n.document(note["id"].(string), note)
		if _, err := n.ResolveURL(t.Context(), note["id"].(string)); !fault.Is(err, fault.Invalid) {
			t.Errorf("%v: %v", change, err)
		}
	}
	n.account("alice")
	tie := with(bob.note("2", "x", n.local["alice"].URI), "type", "Relationship")
	bob.sends(202, own+"/inbox", bob.activity("Create", "1", tie))
	if n.statusOf(tie["id"].(string)) != nil {
		t.Error("a Relationship is a status")
	}
}

func TestRenamedWhileDown(t *testing.T) {
	n := newNetwork(t)
	carol, mallory := n.actor(victim, "carol"), n.actor(victim, "mallory")
	n.resolve(carol.uri)
	n.resolve(mallory.uri)
	n.setDown(victim, true)
	n.document(mallory.uri, with(mallory.doc, "preferredUsername", "carol"))
	mallory.refresh()
	if n.named("carol@"+victim) != carol.uri || !n.accountOf(mallory.uri).NoHandle {
		t.Errorf("the name finds %s", n.named("carol@"+victim))
	}
}

func TestHandleOnOurDomain(t *testing.T) {
	n := newNetwork(t)
	bob := n.actor(victim, "bob")
	n.subject(victim, "acct:bob@OWN.example.com")
	n.name("own.example.com", "bob", bob.uri)
	if a := n.resolve(bob.uri); a.Acct() != "bob@"+victim {
		t.Errorf("it is %s", a.Acct())
	}
	n.account("alice")
	n.name(victim, "alice", own+"/users/alice")
	if uri := n.named("alice@" + victim); uri != "" {
		t.Errorf("another's handle leads to %s", uri)
	}
}

func TestDeletedActor(t *testing.T) {
	n := newNetwork(t)
	bob := n.actor(victim, "bob")
	n.resolve(bob.uri)
	bob.sends(202, own+"/inbox", bob.activity("Delete", "1", bob.uri))
	if _, err := n.ResolveURL(t.Context(), bob.uri); !fault.Is(err, fault.Gone) || n.accountOf(bob.uri).DeletedAt.IsZero() {
		t.Errorf("it is back: %v", err)
	}
	n.account("alice")
	bob.sends(403, own+"/inbox", bob.activity("Create", "2", bob.note("1", "x", n.local["alice"].URI)))
}

func TestSuspendedAuthor(t *testing.T) {
	n := newNetwork(t)
	bob := n.actor(victim, "bob")
	n.resolve(bob.uri)
	n.update(func(tx *store.Tx) error {
		a, err := tx.AccountByURI(bob.uri)
		if err != nil {
			return err
		}
		a.SuspendedByUs = true
		return tx.PutAccount(a)
	})
	note := bob.note("1", "x")
	n.document(note["id"].(string), note)
	if _, err := n.ResolveURL(t.Context(), note["id"].(string)); !fault.Is(err, fault.Gone) || n.statusOf(note["id"].(string)) != nil {
		t.Errorf("its post is fetched: %v", err)
	}
}

// What was followed when it came, and no longer is when it was fetched, needs
// more than somebody's inbox.
func TestFetchedIsJudgedAgain(t *testing.T) {
	n := newNetwork(t)
	alice := n.account("alice")
	bob := n.actor(victim, "bob")
	n.follows(alice, bob)
	note := bob.note("1", "x")
	b, err := json.Marshal(note)
	if err != nil {
		t.Fatal(err)
	}
	n.page(note["id"].(string), func(w http.ResponseWriter, _ *http.Request) {
		n.update(func(tx *store.Tx) error {
			_, err := tx.DeleteFollow(alice.ID, n.accountOf(bob.uri).ID)
			return err
		})
		w.Header().Set("Content-Type", vocab.ContentType)
		_, _ = w.Write(b)
	})
	bob.sends(202, own+"/users/alice/inbox", bob.activity("Create", "1", note["id"]))
	n.work()
	if n.fetches(note["id"].(string)) != 1 || n.statusOf(note["id"].(string)) != nil {
		t.Error("it is kept")
	}
}

func TestCreateOfKnown(t *testing.T) {
	n := newNetwork(t)
	alice := n.account("alice")
	bob, mallory := n.actor(victim, "bob"), n.actor(victim, "mallory")
	note := bob.note("1", "x", alice.URI)
	bob.sends(202, own+"/inbox", bob.activity("Create", "1", note))
	mallory.sends(403, own+"/inbox", mallory.activity("Create", "2", note["id"]))
	bob.sends(202, own+"/inbox", bob.activity("Create", "1", note["id"]))
}

func TestUnwantedUpdate(t *testing.T) {
	n := newNetwork(t)
	alice := n.account("alice")
	bob := n.actor(victim, "bob")
	unknown := bob.note("unknown", "x")
	bob.sends(202, own+"/inbox", bob.activity("Update", "1", unknown))
	if n.statusOf(unknown["id"].(string)) != nil {
		t.Error("an Update of what nobody wants is kept")
	}
	note := bob.note("1", "first", alice.URI)
	id := note["id"].(string)
	at := func(m int) string { return n.clock.Now().Add(time.Duration(m) * time.Minute).Format(time.RFC3339) }
	bob.sends(202, own+"/inbox", bob.activity("Create", "1", note))
	bob.sends(202, own+"/inbox", bob.activity("Update", "2", with(note, "content", "third", "updated", at(3))))
	bob.sends(202, own+"/inbox", bob.activity("Update", "3", with(note, "content", "second", "updated", at(2))))
	if o := n.statusOf(id); o.Content != "third" {
		t.Errorf("it says %q", o.Content)
	}
	bob.sends(202, own+"/inbox", bob.activity("Delete", "4", id))
	bob.sends(202, own+"/inbox", bob.activity("Update", "5", with(note, "content", "fourth", "updated", at(4))))
	if o := n.statusOf(id); o.DeletedAt.IsZero() || o.Content != "" {
		t.Errorf("it is back and says %q", o.Content)
	}
}

// What an actor sends of itself changes neither its key nor its handle.
func TestUpdateOfActor(t *testing.T) {
	n := newNetwork(t)
	n.account("alice")
	bob, mallory := n.actor(victim, "bob"), n.actor(victim, "mal")
	before := n.resolve(bob.uri)
	key := bob.doc["publicKey"].(object)
	other := object{"id": bob.uri + "#other", "owner": bob.uri, "publicKeyPem": mallory.doc["publicKey"].(object)["publicKeyPem"]}
	bob.sends(202, own+"/inbox", bob.activity("Update", "1", with(bob.doc, "publicKey", other, "preferredUsername", "carol", "name", "new")))
	a := n.accountOf(bob.uri)
	if a.KeyID != before.KeyID || a.PublicKey != before.PublicKey || a.Acct() != before.Acct() || a.DisplayName != "new" {
		t.Errorf("it is %s with the key %s", a.Acct(), a.KeyID)
	}
	n.work() // the actor is fetched, and says what it said before
	if a := n.accountOf(bob.uri); a.KeyID != key["id"] || a.Acct() != "bob@"+victim {
		t.Errorf("fetched it is %s with the key %s", a.Acct(), a.KeyID)
	}
}

func TestActivitiesWithoutID(t *testing.T) {
	n := newNetwork(t)
	alice := n.account("alice")
	bob := n.actor(victim, "bob")
	post := n.post(alice, "x", store.Public)
	for typ, of := range map[string]string{"Follow": alice.URI, "Block": alice.URI, "Like": post.URI, "Announce": post.URI} {
		a := bob.activity(typ, "", of)
		delete(a, "id")
		bob.sends(403, own+"/inbox", a)
	}
}

func TestUnwantedAnnounce(t *testing.T) {
	n := newNetwork(t)
	alice := n.account("alice")
	bob, stranger := n.actor(victim, "bob"), n.actor(victim, "stranger")
	note := bob.note("1", "x", alice.URI)
	bob.sends(202, own+"/inbox", bob.activity("Create", "1", note))
	boost := stranger.activity("Announce", "1", note["id"])
	stranger.sends(202, own+"/users/alice/inbox", boost)
	if n.statusOf(boost["id"].(string)) != nil {
		t.Error("a boost by one whom nobody follows is kept")
	}
	ours, err := n.Boost(t.Context(), alice.ID, n.statusOf(note["id"].(string)).ID, store.Public)
	if err != nil {
		t.Fatal(err)
	}
	var uri string
	n.view(func(tx *store.Tx) error {
		o, err := tx.Object(ours)
		uri = o.URI
		return err
	})
	again := bob.activity("Announce", "2", uri)
	bob.sends(202, own+"/inbox", again)
	if n.statusOf(again["id"].(string)) != nil {
		t.Error("a boost of a boost is kept")
	}
}

func TestFollowOfDeleted(t *testing.T) {
	n := newNetwork(t)
	alice := n.account("alice")
	bob := n.actor(victim, "bob")
	n.resolve(bob.uri)
	if err := n.DeleteAccount(t.Context(), "alice"); err != nil {
		t.Fatal(err)
	}
	bob.sends(202, own+"/inbox", bob.activity("Follow", "1", alice.URI))
	n.view(func(tx *store.Tx) error {
		if _, err := tx.Follow(n.accountOf(bob.uri).ID, alice.ID); !fault.Is(err, fault.NotFound) {
			t.Errorf("it is followed: %v", err)
		}
		return nil
	})
}

func TestFollowOfBlocked(t *testing.T) {
	n := newNetwork(t)
	alice := n.account("alice")
	bob := n.actor(victim, "bob")
	n.resolve(bob.uri)
	bob.sends(202, own+"/inbox", bob.activity("Block", "1", alice.URI))
	if err := n.Follow(t.Context(), alice.ID, n.accountOf(bob.uri).ID, ap.FollowSettings{}); !fault.Is(err, fault.Forbidden) {
		t.Errorf("%v", err)
	}
}

func TestMentionsOfDeleted(t *testing.T) {
	n := newNetwork(t)
	alice := n.account("alice")
	bob, third := n.actor(victim, "bob"), n.actor("third.example.com", "third")
	note := bob.note("1", "x", alice.URI, third.uri)
	bob.sends(202, own+"/inbox", bob.activity("Create", "1", note))
	bob.sends(202, own+"/inbox", bob.activity("Delete", "2", note["id"]))
	n.work()
	if n.fetches(third.uri) != 0 {
		t.Error("whom a deleted post mentions is fetched")
	}
}

// What an actor's document must have, and what is not believed of it.
func TestActorDocuments(t *testing.T) {
	const id = "https://victim.example.com/users/bob"
	key := func(id, owner, pem string) object { return object{"id": id, "owner": owner, "publicKeyPem": pem} }
	good := func() object {
		return object{"id": id, "type": "Person", "preferredUsername": "bob", "inbox": id + "/inbox", "publicKey": key(id+"#main-key", id, "PEM")}
	}
	read := func(doc object) (*store.Account, error) {
		b, err := json.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		o, err := vocab.Parse(b)
		if err != nil {
			t.Fatal(err)
		}
		return kinds.ReadActor(o)
	}
	if _, err := read(good()); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string][]any{
		"no actor": {"type", "Note"}, "no name": {"preferredUsername", ""}, "a long name": {"preferredUsername", strings.Repeat("x", 129)},
		"a name with an @": {"preferredUsername", "a@b"}, "a name with a slash": {"preferredUsername", "/users/a"}, "a name with a space": {"preferredUsername", "a b"},
		"no inbox": {"inbox", nil}, "an inbox elsewhere": {"inbox", "https://evil.example.com/inbox"}, "no key": {"publicKey", nil},
		"a key of a neighbour": {"publicKey", key(id+"#main-key", "https://victim.example.com/users/alice", "PEM")},
		"a key elsewhere":      {"publicKey", key("https://evil.example.com/key", id, "PEM")}, "an empty key": {"publicKey", key(id+"#main-key", id, "")},
		"a long key": {"publicKey", key(id+"#main-key", id, strings.Repeat("x", 16<<10))},
	} {
		if a, err := read(with(good(), change...)); err == nil {
			t.Errorf("%s: %+v", name, a)
		}
	}
	var fields []object
	for range 50 {
		fields = append(fields, object{"type": "PropertyValue", "name": "n", "value": "v"})
	}
	a, err := read(with(good(), "followers", "https://evil.example.com/f", "endpoints", object{"sharedInbox": "https://evil.example.com/i"}, "outbox", id+"/outbox", "attachment", fields[:30]))
	if err != nil || a.FollowersURI != "" || a.SharedInbox != "" || a.Outbox == "" || len(a.Fields) != 20 {
		t.Errorf("%+v %v", a, err)
	}
}

// A neighbour that claims another's key id for its own key does not keep the
// other's signatures from being verified, nor sign for it.
func TestKeyIDOfAnother(t *testing.T) {
	n := newNetwork(t)
	alice := n.account("alice")
	bob, mallory := n.actor(victim, "bob"), n.actor(victim, "mal")
	// Of the form that is a document of its own, as GoToSocial has it.
	stolen := bob.uri + "/main-key"
	n.document(bob.uri, with(bob.doc, "publicKey", object{"id": stolen, "owner": bob.uri, "publicKeyPem": bob.doc["publicKey"].(object)["publicKeyPem"]}))
	n.resolve(bob.uri)
	pem := mallory.doc["publicKey"].(object)["publicKeyPem"]
	n.document(mallory.uri, with(mallory.doc, "publicKey", object{"id": stolen, "owner": mallory.uri, "publicKeyPem": pem}, "published", "1990-01-01T00:00:00Z"))
	if a := n.resolve(mallory.uri); a.ID > n.accountOf(bob.uri).ID {
		t.Fatal("the neighbour is not the older one")
	}
	fetched := n.fetches(bob.uri)
	note := bob.note("1", "x", alice.URI)
	if got := bob.sendKey(stolen, own+"/inbox", bob.activity("Create", "1", note)); got != 202 || n.fetches(bob.uri) != fetched || n.fetches(stolen) != 0 {
		t.Errorf("bob's post is answered with %d, and his key fetched again", got)
	}
	if got := mallory.sendKey(stolen, own+"/inbox", bob.activity("Create", "2", bob.note("2", "forged", alice.URI))); got < 400 || n.statusOf(bob.note("2", "")["id"].(string)) != nil {
		t.Errorf("the neighbour signs for him: %d", got)
	}
}
