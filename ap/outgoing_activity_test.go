package ap_test

import (
	"context"
	"strings"
	"testing"

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
	id, err := h.Post(t.Context(), alice.ID, ap.PostRequest{Text: "ONE"})
	if err != nil {
		t.Fatal(err)
	}
	var post *store.Object
	var create store.ObjectID
	if err := h.Store.View(t.Context(), func(tx *store.Tx) (err error) {
		if post, err = tx.Object(id); err != nil {
			return err
		}
		o, err := tx.ActivityOn(alice.ID, "Create", post.URI)
		if err == nil {
			create = o.ID
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
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
