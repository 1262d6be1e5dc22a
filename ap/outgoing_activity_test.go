package ap_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"kinglet/ap"
	"kinglet/ap/activity"
	"kinglet/ap/signature"
	"kinglet/store"
	"kinglet/store/engine"
)

// A delivery reads what it sends in two statements, and sends it as it is now.
func TestDeliveryReadsLittle(t *testing.T) {
	h := newHouse(t)
	alice := h.account("alice")
	id, create := postOf(t, h, alice)
	args := activity.DeliverArgs{Activity: create, Sender: alice.ID, Inbox: "https://b.test/inbox"}
	statements := 0
	ctx := engine.WithTrace(t.Context(), func(string, []any) { statements++ })
	is := func(ctx context.Context, text string) {
		t.Helper()
		out, doc, err := h.OutgoingActivity(ctx, args)
		if err != nil || out == nil || !strings.Contains(string(doc), text) || out.KeyID != alice.KeyID {
			t.Errorf("it sends %s, %v, want %s", doc, err, text)
		}
	}
	is(ctx, "ONE")
	if statements != 2 {
		t.Errorf("%d statements", statements)
	}
	if err := h.EditPost(t.Context(), alice.ID, id, ap.EditRequest{Text: "TWO"}); err != nil {
		t.Fatal(err)
	}
	is(t.Context(), "TWO")
	if err := h.DeletePost(t.Context(), alice.ID, id, false); err != nil {
		t.Fatal(err)
	}
	if out, doc, err := h.OutgoingActivity(t.Context(), args); out != nil || err != nil {
		t.Errorf("what was deleted is sent: %s, %v", doc, err)
	}
}

// postOf writes a post, and returns it with its Create.
func postOf(t *testing.T, h *house, author *store.Account) (id, create store.ObjectID) {
	t.Helper()
	id, err := h.Post(t.Context(), author.ID, ap.PostRequest{Text: "ONE"})
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Store.View(t.Context(), func(tx *store.Tx) error {
		post, err := tx.Object(id)
		if err != nil {
			return err
		}
		o, err := tx.ActivityOn(author.ID, "Create", post.URI)
		if err == nil {
			create = o.ID
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return id, create
}

// Deliveries of one activity that run at the same time read it once, as long as
// it is what the rows say: whatever changes here, or was read a while ago, is
// read again. Nothing of it stays in memory.
func TestDeliveriesReadTogether(t *testing.T) {
	h := newHouse(t)
	alice := h.account("alice")
	id, create := postOf(t, h, alice)
	args := func(host string) activity.DeliverArgs {
		return activity.DeliverArgs{Activity: create, Sender: alice.ID, Inbox: "https://" + host + "/inbox"}
	}
	leave := h.Join(args("running.test"))
	sends := func(when, text string, want int) {
		t.Helper()
		statements := 0
		ctx := engine.WithTrace(t.Context(), func(string, []any) { statements++ })
		_, doc, err := h.OutgoingActivity(ctx, args("b.test"))
		if err != nil || !strings.Contains(string(doc), text) || text == "" && doc != nil {
			t.Errorf("%s: it sends %s, %v, want %s", when, doc, err, text)
		}
		if statements != want {
			t.Errorf("%s: %d statements, want %d", when, statements, want)
		}
	}
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	sends("first", "ONE", 2)
	sends("second", "ONE", 0)
	do(h.Store.UpdateJobs(t.Context(), func(tx *store.Tx) error {
		return tx.Enqueue(store.NewJob{Kind: "k", Lane: "l", Args: []byte("{}")})
	}))
	sends("when a job was written", "ONE", 0)
	h.clock.Advance(99 * time.Millisecond)
	sends("a little later", "ONE", 0)
	h.clock.Advance(time.Millisecond)
	sends("later, when another process may have written", "ONE", 2)
	do(h.EditPost(t.Context(), alice.ID, id, ap.EditRequest{Text: "TWO"}))
	sends("edited", "TWO", 2)
	sends("edited, again", "TWO", 0)
	leave()
	if n := h.BeingSent(); n != 0 {
		t.Errorf("%d activities are in memory", n)
	}
	sends("when no other runs", "TWO", 2)
	defer h.Join(args("running.test"))()
	sends("the next", "TWO", 2)
	do(h.DeletePost(t.Context(), alice.ID, id, false))
	sends("deleted", "", 1)
	sends("deleted, again", "", 0)
}

// A parsed key is used for the text in its row only, and few are kept.
func TestPrivateKeysInMemory(t *testing.T) {
	var texts [2]string
	for i, make := range keys {
		key, err := make()
		if err == nil {
			texts[i], err = signature.MarshalPrivate(key)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	var known ap.PrivateKeys
	first, err := known.Parse(1, texts[0])
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := known.Parse(1, texts[0]); again != first {
		t.Error("it is parsed twice")
	}
	if changed, err := known.Parse(1, texts[1]); err != nil || changed.Equal(first) {
		t.Errorf("a changed key is not noticed: %v", err)
	}
	if _, err := known.Parse(1, ""); err == nil || known.Len() != 0 {
		t.Errorf("a deleted key is still there: %v, %d", err, known.Len())
	}
	for i := range 200 {
		if _, err := known.Parse(store.AccountID(i), texts[0]); err != nil {
			t.Fatal(err)
		}
	}
	if n := known.Len(); n == 0 || n > 64 {
		t.Errorf("%d keys are kept", n)
	}
}
