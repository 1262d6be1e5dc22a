package ap_test

import (
	"strings"
	"testing"
	"time"

	"kinglet/internal/apptest"
)

// A large document that there is no room for is fetched later: what waits for it
// is not lost, and its host is not to blame. Small ones come meanwhile.
func TestLargeDocumentsWait(t *testing.T) {
	w, alice, bob, _ := followedScene(t)
	bob.FollowedBy(alice)
	answer := func(text string) (parent, reply apptest.Object) {
		parent = bob.Note(text)
		reply = bob.Note("an answer", "inReplyTo", parent["id"])
		if got := bob.Send(alice.Server, bob.Activity("Create", reply)); got != 202 {
			t.Fatal(got)
		}
		return parent, reply
	}
	leave := alice.Server.Service.FillDocuments()
	large, _ := answer(strings.Repeat("large ", 10_000))
	small, _ := answer("small")
	w.Run()
	if !has(alice, small) || has(alice, large) {
		t.Errorf("the small one is here: %v, the large one: %v", has(alice, small), has(alice, large))
	}
	if lanes := alice.Server.Lanes(); len(lanes) != 0 {
		t.Errorf("set aside: %v", lanes)
	}
	leave()
	w.Advance(time.Minute)
	if !has(alice, large) {
		t.Error("the large one has not come")
	}
	if n := alice.Server.Service.DocumentsTaken(); n != 0 {
		t.Errorf("%d bytes are taken in the end", n)
	}
}

// A stranger whose key is in a large document is asked to come again.
func TestLargeKeyDocument(t *testing.T) {
	w, alice, _, _ := followedScene(t)
	carol := w.Stranger("carol@c.test")
	carol.Document["summary"] = strings.Repeat("large ", 10_000)
	carol.Publish()
	create := carol.Activity("Create", carol.To(alice, "hello"))
	leave := alice.Server.Service.FillDocuments()
	if got := carol.Send(alice.Server, create); got != 503 {
		t.Errorf("while there is no room: %d", got)
	}
	leave()
	if got := carol.Send(alice.Server, create); got != 202 {
		t.Errorf("then: %d", got)
	}
	if n := alice.Server.Service.DocumentsTaken(); n != 0 {
		t.Errorf("%d bytes are taken in the end", n)
	}
}

func has(a *apptest.Account, note apptest.Object) bool {
	n := a.Server.Count(`SELECT COUNT(*) FROM objects WHERE uri = '` + note["id"].(string) + `'`)
	return n == 1
}
