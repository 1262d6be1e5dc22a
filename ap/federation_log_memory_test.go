package ap

import (
	"fmt"
	"strings"
	"testing"
	"unsafe"

	"kinglet/ap/activity"
	"kinglet/store"
)

// What is gathered is bounded, whoever sends it, and holds no document in memory:
// texts of one are parts of it.
func TestGatheredLogIsBounded(t *testing.T) {
	l := newFederationLog()
	document := strings.Repeat("x", 1<<20)
	part := document[100:120]
	l.arrived(store.Arrival{Host: part, KeyID: part, Actor: part, Activity: part, Type: part, Object: part, Reason: part, Followed: true, Outcome: store.Accepted})
	a := l.arrivals[0]
	for what, s := range map[string]string{"host": a.Host, "key": a.KeyID, "actor": a.Actor, "activity": a.Activity, "type": a.Type, "object": a.Object, "reason": a.Reason} {
		if unsafe.StringData(s) == unsafe.StringData(part) {
			t.Errorf("the %s holds the document that it is a part of", what)
		}
	}
	if l.isHalfFull() {
		t.Error("one is half of all")
	}
	l.take()
	for i := range 10 * mostArrivals {
		l.arrived(store.Arrival{Host: fmt.Sprint(i, ".test"), Outcome: store.Accepted})
	}
	if n := len(l.arrivals); n != mostOfStrangers {
		t.Errorf("%d of strangers", n)
	}
	for i := range 10 * mostArrivals {
		l.arrived(store.Arrival{Host: "one.test", Followed: true, Outcome: store.Accepted, Activity: fmt.Sprint(i)})
	}
	if n := len(l.arrivals); n != mostArrivals || !l.isHalfFull() {
		t.Errorf("%d in all", n)
	}
	if _, _, lost := l.take(); lost != 20*mostArrivals-mostArrivals {
		t.Errorf("%d are not counted", lost)
	}
	for i := range 1000 {
		l.arrived(store.Arrival{Host: "one.test", Outcome: store.Refused, Reason: fmt.Sprint(i)})
	}
	if n := len(l.arrivals); n != mostOfOneHost {
		t.Errorf("%d of one host", n)
	}
	l.take()
	for range 1000 {
		l.arrived(store.Arrival{Host: "one.test", Outcome: store.Refused, Reason: "one"})
	}
	came, _, _ := l.take()
	total := len(came)
	for _, a := range came {
		total += a.More
	}
	if len(came) != mostAlike || total != 1000 {
		t.Errorf("%d rows of what is alike, %d counted", len(came), total)
	}
	for range 2 * mostSent {
		l.delivered(a.At, activity.DeliverArgs{Activity: 1, Inbox: "https://one.test/inbox"})
	}
	if _, sent, lost := l.take(); len(sent) != mostSent || lost != mostSent {
		t.Errorf("%d deliveries, %d lost", len(sent), lost)
	}
}

// Whoever signs with names of others, and no key of theirs, takes nothing of the
// place of those whose signatures are good, whichever names these are.
func TestForgeriesCrowdOutNothing(t *testing.T) {
	l := newFederationLog()
	for i := range 10 * mostOfStrangers {
		l.arrived(store.Arrival{KeyID: fmt.Sprintf("https://h%d.test/key", i), Outcome: store.Refused, Reason: "no key"})
		l.arrived(store.Arrival{KeyID: "https://friend.test/key", Outcome: store.Refused, Reason: fmt.Sprint("no key ", i)})
	}
	l.arrived(store.Arrival{KeyID: "https://friend.test/key", Verified: true, Followed: true, Outcome: store.Refused, Reason: "not theirs", Object: "wanted"})
	l.arrived(store.Arrival{KeyID: "https://friend.test/key", Verified: true, Outcome: store.Refused, Reason: "no key 1", Object: "too"})
	came, _, _ := l.take()
	found := 0
	for _, a := range came {
		if a.Verified {
			found++
		}
	}
	if found != 2 || came[len(came)-2].Object != "wanted" || came[len(came)-1].Object != "too" {
		t.Errorf("of two that were verified %d are there, of %d", found, len(came))
	}
	if n := len(came) - found; n > mostOfStrangers {
		t.Errorf("%d forgeries", n)
	}
}
