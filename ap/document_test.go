package ap_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"kinglet/ap"
	"kinglet/ap/vocab"
	"kinglet/internal/fault"
)

// through is an address of a host's own open redirect.
func through(host, to string) string { return "https://" + host + "/go?to=" + url.QueryEscape(to) }

// A redirect to another host proves nothing of the host that was asked: what
// is found there is not its post, not its actor and not its key, also through
// its own open redirect (SECURITY-RULES 4, 39).
func TestRedirectsForgeNothing(t *testing.T) {
	n := newNetwork(t)
	const victim, evil = "victim.example.com", "evil.example.com"
	n.account("alice")
	bob, mallory := n.actor(victim, "bob"), n.actor(evil, "mallory")
	claim := func(doc object, id string) object {
		out := object{}
		for k, v := range doc {
			out[k] = v
		}
		out["id"] = id
		return out
	}

	t.Run("a post", func(t *testing.T) {
		id := through(victim, "https://"+evil+"/forged-note")
		n.document("https://"+evil+"/forged-note", claim(bob.note("x", "forged"), id))
		if found, err := n.ResolveURL(t.Context(), id); err == nil {
			t.Errorf("it is taken: %v", found)
		}
		if n.statusOf(id) != nil {
			t.Error("it is stored")
		}
	})
	t.Run("a post that names the redirect only once it is asked", func(t *testing.T) {
		id := through(victim, "https://"+evil+"/second")
		n.document("https://"+evil+"/first", claim(bob.note("x", "forged"), id))
		n.document("https://"+evil+"/second", claim(bob.note("x", "forged"), id))
		if _, err := n.ResolveURL(t.Context(), "https://"+evil+"/first"); err == nil || n.statusOf(id) != nil {
			t.Errorf("it is taken: %v", err)
		}
		if n.fetches(id) != 1 {
			t.Errorf("its id is asked %d times", n.fetches(id))
		}
	})
	t.Run("an actor with a key", func(t *testing.T) {
		id := through(victim, "https://"+evil+"/forged-actor")
		doc := claim(mallory.doc, id)
		doc["inbox"], doc["preferredUsername"] = "https://"+victim+"/inbox", "bob"
		doc["publicKey"] = object{"id": id, "owner": id, "publicKeyPem": mallory.doc["publicKey"].(object)["publicKeyPem"]}
		n.document("https://"+evil+"/forged-actor", doc)
		if _, err := ap.ResolveActor(t.Context(), n.Service, id); err == nil || n.accountOf(id) != nil {
			t.Errorf("it is taken: %v", err)
		}
		forger := &remote{n, victim, id, mallory.key, doc}
		create := forger.activity("Create", "forged", claim(forger.note("forged", "forged", n.local["alice"].URI), "https://"+victim+"/notes/forged"))
		if got := forger.sendKey(id, own+"/inbox", create); got != http.StatusUnauthorized {
			t.Errorf("signed with its key, a post is answered with %d", got)
		}
		if n.statusOf("https://"+victim+"/notes/forged") != nil {
			t.Error("it is stored")
		}
	})
	t.Run("an author", func(t *testing.T) {
		id := "https://" + victim + "/notes/authored"
		author := through(victim, mallory.uri)
		n.document(id, claim(object{"type": "Note", "attributedTo": author, "content": "x", "to": vocab.Public}, id))
		if _, err := n.ResolveURL(t.Context(), id); err == nil || n.statusOf(id) != nil {
			t.Errorf("a post whose author leads to another actor is taken: %v", err)
		}
	})
	t.Run("an id that another host serves", func(t *testing.T) {
		id := "https://" + victim + "/notes/moved"
		n.page(id, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://"+evil+"/copy", http.StatusFound)
		})
		n.document("https://"+evil+"/copy", claim(bob.note("moved", "forged"), id))
		if _, err := n.ResolveURL(t.Context(), id); err == nil || n.statusOf(id) != nil {
			t.Errorf("it is taken: %v", err)
		}
	})
	t.Run("a redirect to us", func(t *testing.T) {
		if _, err := n.ResolveURL(t.Context(), through(evil, own+"/users/alice")); err == nil {
			t.Error("it is followed")
		}
	})
	t.Run("an id of ours", func(t *testing.T) {
		for _, id := range []string{own + "/users/alice", "https://OWN.example.com./users/x", "https://own。example.com/users/x", "https://own.example.com:8443/users/x"} {
			n.document("https://"+evil+"/ours", claim(mallory.doc, id))
			if _, err := n.ResolveURL(t.Context(), "https://"+evil+"/ours"); err == nil {
				t.Errorf("%s is taken", id)
			}
		}
	})

	// What honest servers do.
	for name, c := range map[string]struct{ asked, answers, id string }{
		"a page that leads to the id":        {"/@bob", "/users/bob", "/users/bob"},
		"an id that leads to its own server": {"/old/1", "/new/1", "/old/1"},
		"a page that is another's id":        {"/page/1", "/page/1", "/real/1"},
		"a key with a fragment":              {"/users/bob#main-key", "/users/bob", "/users/bob"},
	} {
		t.Run(name, func(t *testing.T) {
			asked, answers, id := "https://"+victim+c.asked, "https://"+victim+c.answers, "https://"+victim+c.id
			doc := claim(bob.note("1", "genuine"), id)
			if c.id == "/users/bob" {
				doc = bob.doc
			}
			n.document(answers, doc)
			n.document(id, doc)
			if answers != asked {
				n.page(vocab.WithoutFragment(asked), func(w http.ResponseWriter, r *http.Request) {
					if asked == id || vocab.WithoutFragment(asked) != answers {
						http.Redirect(w, r, answers, http.StatusFound)
					}
				})
				n.document(answers, doc)
			}
			found, err := n.ResolveURL(t.Context(), asked)
			if err != nil || found == (ap.Found{}) {
				t.Errorf("it is not found: %v", err)
			}
		})
	}
	if a := n.accountOf(bob.uri); a == nil || a.KeyID != bob.uri+"#main-key" || a.Acct() != "bob@"+victim {
		t.Errorf("bob is %v", a)
	}
}

// What has not the content type of ActivityPub is a file of somebody's, whatever
// it says (SECURITY-RULES 5).
func TestContentTypeOfDocuments(t *testing.T) {
	n := newNetwork(t)
	bob := n.actor("victim.example.com", "bob")
	for name, c := range map[string]struct {
		contentType string
		believed    bool
	}{
		"html": {"text/html", false}, "json": {"application/json", false}, "an upload": {"text/plain", false}, "none": {"", false},
		"linked data of another kind": {"application/ld+json", false}, "another profile": {`application/ld+json; profile="https://evil.example.com"`, false},
		"activity": {"application/activity+json", true}, "linked data": {`application/ld+json; profile="https://www.w3.org/ns/activitystreams"`, true},
	} {
		t.Run(name, func(t *testing.T) {
			note := bob.note(strings.ReplaceAll(name, " ", "-"), "uploaded")
			n.typed(note["id"].(string), c.contentType, note)
			_, err := n.ResolveURL(t.Context(), note["id"].(string))
			if (err == nil) != c.believed || (n.statusOf(note["id"].(string)) != nil) != c.believed {
				t.Errorf("believed is not %v: %v", c.believed, err)
			}
			if !c.believed && !fault.Is(err, fault.Invalid) {
				t.Errorf("the error is %v", err)
			}
		})
	}
}
