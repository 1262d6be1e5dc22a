package ap_test

import (
	"testing"
	"time"
)

// A handle that an actor says is its own (FEP-2c59) is, if its domain agrees;
// nobody takes another's by saying so.
func TestClaimedHandle(t *testing.T) {
	const host, domain = "wf.example.com", "org.example.com"
	for _, c := range []struct {
		name, claimed string
		leads         string // of the domain's WebFinger: to "bob", who claims, to "eve" or to nobody
		down          bool
		want          string
		verified      bool
	}{
		{"that is its own", "bob@" + domain, "bob", false, "bob@" + domain, true},
		{"with acct:", "acct:Bob@" + domain, "bob", false, "bob@" + domain, true},
		{"that is another's", "bob@" + domain, "eve", false, "bob@" + host, true},
		{"that is nobody's", "bob@" + domain, "", false, "bob@" + host, true},
		{"whose domain is down", "bob@" + domain, "bob", true, "bob@" + host, true},
		{"of another name", "eve@" + domain, "bob", false, "bob@" + host, true},
		{"here", "bob@" + ownHost, "", false, "bob@" + host, true},
		{"that is none", "bob@@", "", false, "bob@" + host, true},
		{"none", "", "", false, "bob@" + host, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := newNetwork(t)
			bob := n.actor(host, "bob")
			eve := n.actor(domain, "eve")
			bob.doc["webfinger"] = c.claimed
			n.document(bob.uri, bob.doc)
			switch c.leads {
			case "bob":
				n.name(domain, "bob", bob.uri)
				n.name(domain, "Bob", bob.uri)
				n.name(domain, "eve", bob.uri)
			case "eve":
				n.name(domain, "bob", eve.uri)
			}
			n.setDown(domain, c.down)
			if got := n.resolve(bob.uri); got.Acct() != c.want || got.HandleVerified != c.verified {
				t.Errorf("its handle is %s, verified %v", got.Acct(), got.HandleVerified)
			}
			if c.down { // it is asked again
				n.setDown(domain, false)
				n.world.Advance(time.Hour)
				if got := n.accountOf(bob.uri); got.Acct() != "bob@"+domain {
					t.Errorf("later its handle is %s", got.Acct())
				}
			}
		})
	}
}

// One whose host denies its handle does not get it because another domain, which
// it names itself, does not answer.
func TestClaimedHandleOfDenied(t *testing.T) {
	n := newNetwork(t)
	bob := n.actor(victim, "bob")
	mallory := n.nameless(victim, "mallory", "Bob")
	n.name(victim, "Bob", bob.uri)
	mallory.doc["webfinger"] = "Bob@down.example.com"
	n.document(mallory.uri, mallory.doc)
	n.setDown("down.example.com", true)
	if got := n.resolve(mallory.uri); !got.NoHandle || got.HandleVerified {
		t.Errorf("it is %s, verified %v", got.Acct(), got.HandleVerified)
	}
	if uri := n.named("@bob@" + victim); uri != bob.uri {
		t.Errorf("the name finds %s", uri)
	}
}
