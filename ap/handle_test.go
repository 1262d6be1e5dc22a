package ap_test

import (
	"net/url"
	"testing"
	"time"

	"kinglet/ap/activity"
	"kinglet/store"
)

const victim = "victim.example.com"

func (n *network) resolve(uri string) *store.Account {
	n.Helper()
	if _, err := n.ResolveURL(n.Context(), uri); err != nil {
		n.Fatal(err)
	}
	return n.accountOf(uri)
}

// An actor whose own host's WebFinger names another has no handle; the other
// keeps it, whoever came first (SECURITY-RULES 7). The attacker lives on the
// victim's own host, so that only WebFinger distinguishes them.
func TestHandleOfAnother(t *testing.T) {
	for name, first := range map[string]bool{"the true one came first": true, "the other came first": false} {
		t.Run(name, func(t *testing.T) {
			n := newNetwork(t)
			bob := n.actor(victim, "bob")
			mallory := n.nameless(victim, "mallory", "Bob")
			n.name(victim, "Bob", bob.uri)
			if first {
				n.resolve(bob.uri)
			}
			got := n.resolve(mallory.uri)
			if !got.NoHandle || got.HandleVerified || got.Acct() != "/users/mallory@"+victim {
				t.Errorf("the newcomer is %s, handle %v", got.Acct(), !got.NoHandle)
			}
			if uri := n.named("@bob@" + victim); uri != bob.uri {
				t.Errorf("the name finds %s", uri)
			}
			for _, handle := range []string{"mallory@" + victim, "/users/mallory@" + victim, "users/mallory@" + victim} {
				if uri := n.named(handle); uri != "" {
					t.Errorf("%s finds %s", handle, uri)
				}
			}
			n.view(func(tx *store.Tx) error {
				list, err := tx.SearchAccounts(0, "bob", false, 40, 0)
				if err != nil || len(list) != 1 || list[0].URI != bob.uri {
					t.Errorf("a search for the name finds %v %v", list, err)
				}
				list, err = tx.SearchAccounts(0, "/users", false, 40, 0)
				if len(list) != 0 {
					t.Errorf("a search for the path finds %v", list)
				}
				return err
			})
			// What it says of itself later changes nothing.
			doc := mallory.doc
			doc["name"] = "Bob himself"
			n.document(mallory.uri, doc)
			mallory.sends(202, own+"/inbox", mallory.activity("Update", "1", doc))
			n.work()
			if a := n.accountOf(mallory.uri); a.DisplayName != "Bob himself" || a.Acct() != got.Acct() {
				t.Errorf("after an Update it is %s, %q", a.Acct(), a.DisplayName)
			}
			if uri := n.named("@bob@" + victim); uri != bob.uri {
				t.Errorf("after an Update the name finds %s", uri)
			}
		})
	}
}

// A change of the name does not take another's.
func TestHandleByRenaming(t *testing.T) {
	n := newNetwork(t)
	bob, mallory := n.actor(victim, "bob"), n.actor(victim, "mallory")
	n.resolve(bob.uri)
	if a := n.resolve(mallory.uri); a.Acct() != "mallory@"+victim {
		t.Fatal(a.Acct())
	}
	mallory.doc["preferredUsername"] = "bob"
	n.document(mallory.uri, mallory.doc)
	mallory.sends(202, own+"/inbox", mallory.activity("Update", "1", mallory.doc))
	n.work()
	if a := n.accountOf(mallory.uri); a.Acct() != "/users/mallory@"+victim {
		t.Errorf("it is %s", a.Acct())
	}
	if a := n.accountOf(bob.uri); a.Acct() != "bob@"+victim || n.named("bob@"+victim) != bob.uri {
		t.Errorf("the true one is %s", a.Acct())
	}
}

// WebFinger that is down denies nothing and proves nothing: the handle is kept
// as unverified where it is free, and asked for again.
func TestWebFingerDown(t *testing.T) {
	t.Run("a free handle", func(t *testing.T) {
		n := newNetwork(t)
		bob := n.actor(victim, "bob")
		n.setDown(victim, true)
		if a := n.resolve(bob.uri); a.Acct() != "bob@"+victim || a.HandleVerified || a.NoHandle {
			t.Errorf("it is %+v", a)
		}
		if n.named("bob@"+victim) != bob.uri {
			t.Error("it is not found by its name")
		}
		n.clock.Advance(2 * time.Minute)
		n.work()
		if n.jobs(activity.HandleJob.Name) != 1 {
			t.Error("while WebFinger is down, nothing asks again")
		}
		n.setDown(victim, false)
		n.clock.Advance(2 * time.Minute)
		n.work()
		if a := n.accountOf(bob.uri); !a.HandleVerified || n.jobs(activity.HandleJob.Name) != 0 {
			t.Error("it is not verified when WebFinger is back")
		}
	})
	t.Run("of another, first", func(t *testing.T) {
		n := newNetwork(t)
		bob := n.actor(victim, "bob")
		mallory := n.nameless(victim, "mallory", "bob")
		n.setDown(victim, true)
		n.resolve(mallory.uri)
		n.setDown(victim, false)
		if uri := n.named("bob@" + victim); uri != bob.uri {
			t.Errorf("before it is asked again, the name finds %s", uri)
		}
		n.clock.Advance(2 * time.Minute)
		n.work()
		if a := n.accountOf(mallory.uri); !a.NoHandle {
			t.Errorf("it is still %s", a.Acct())
		}
	})
	t.Run("of another, second", func(t *testing.T) {
		n := newNetwork(t)
		bob := n.actor(victim, "bob")
		mallory := n.nameless(victim, "mallory", "bob")
		n.resolve(bob.uri)
		n.setDown(victim, true)
		if a := n.resolve(mallory.uri); !a.NoHandle {
			t.Errorf("it is %s", a.Acct())
		}
		n.resolve(bob.uri)
		if a := n.accountOf(bob.uri); a.Acct() != "bob@"+victim || !a.HandleVerified {
			t.Errorf("the true one is %s", a.Acct())
		}
	})
	t.Run("what was denied stays denied", func(t *testing.T) {
		n := newNetwork(t)
		n.actor(victim, "bob")
		mallory := n.nameless(victim, "mallory", "bob")
		n.resolve(mallory.uri)
		n.setDown(victim, true)
		mallory.sends(202, own+"/inbox", mallory.activity("Update", "1", mallory.doc))
		n.work()
		if a := n.accountOf(mallory.uri); !a.NoHandle {
			t.Errorf("it is %s", a.Acct())
		}
	})
}

// A handle on another domain than the actor's host needs both to agree, and is
// kept while one of them is down.
func TestHandleOnAnotherDomain(t *testing.T) {
	const host, domain = "social.example.com", "brand.example.com"
	n := newNetwork(t)
	bob := n.nameless(host, "bob", "bob")
	n.name(domain, "bob", bob.uri)
	n.name(host, "bob", bob.uri)
	n.subject(host, "acct:bob@"+domain)
	if a := n.resolve(bob.uri); a.Acct() != "bob@"+domain || !a.HandleVerified {
		t.Errorf("it is %s", a.Acct())
	}
	for _, down := range []string{host, domain} {
		n.setDown(down, true)
		bob.refresh()
		if a := n.accountOf(bob.uri); a.Acct() != "bob@"+domain {
			t.Errorf("while %s is down it is %s", down, a.Acct())
		}
		n.setDown(down, false)
	}
	n.name(domain, "bob", "https://"+domain+"/users/other")
	bob.refresh()
	if a := n.accountOf(bob.uri); a.Acct() != "bob@"+host {
		t.Errorf("when the domain names another it is %s", a.Acct())
	}
}

// A handle leads to our own accounts in every spelling of our host, and to no
// other server.
func TestOwnHandles(t *testing.T) {
	n := newNetwork(t)
	alice := n.account("alice")
	for _, handle := range []string{
		"alice", "@alice", "alice@own.example.com", "acct:alice@own.example.com", "@Alice@OWN.Example.com", "@alice@own。example。com", "alice@own．example｡com",
		"alice@own.example.com.", "alice@own.example.com。", "alice@own%2Eexample%2ecom", "alice@own.example.com:443", "alice@ｏｗｎ.example.com",
	} {
		if uri := n.named(handle); uri != alice.URI {
			t.Errorf("%s finds %q", handle, uri)
		}
		if name := handle; len(name) > 6 && name[0] != '@' && name[:5] != "acct:" {
			if resp := n.get(own+"/.well-known/webfinger?resource="+"acct:"+url.QueryEscape(name), "", nil); resp.StatusCode != 200 {
				t.Errorf("WebFinger of %s: %d", name, resp.StatusCode)
			}
		}
	}
	if resp := n.get(own+"/.well-known/webfinger?resource="+url.QueryEscape("https://OWN.example.com:443/@alice"), "", nil); resp.StatusCode != 200 {
		t.Errorf("WebFinger of a page: %d", resp.StatusCode)
	}
	if resp := n.get(own+"/.well-known/webfinger?resource=acct:alice@own.example.com.evil.example.com", "", nil); resp.StatusCode != 404 {
		t.Errorf("WebFinger of another's: %d", resp.StatusCode)
	}
	bob := n.actor(victim, "bob")
	if uri := n.named("bob@VICTIM。example.com."); uri != bob.uri {
		t.Errorf("another's host in another spelling finds %q", uri)
	}
}
