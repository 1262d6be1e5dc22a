package ap_test

import (
	"bytes"
	"context"
	"encoding/json"
	"html"
	"maps"
	"reflect"
	"testing"
	"time"

	"kinglet/ap"
	"kinglet/ap/policy"
	"kinglet/ap/vocab"
	"kinglet/store"
)

// writesOfAllKinds has alice write whatever accounts here publish, and returns
// the row of each with what its document is made of.
func (n *network) writesOfAllKinds(alice *store.Account, bob *remote) map[string]*store.Object {
	n.Helper()
	n.follower(bob, alice)
	n.document(bob.uri, bob.doc)
	bob.sends(202, own+"/inbox", bob.activity("Create", "1", bob.note("1", "<p>Hi</p>", alice.URI)))
	theirs := n.statusOf("https://" + victim + "/notes/1")
	made := map[string]store.ObjectID{}
	post := func(name string, p ap.PostRequest) {
		n.Helper()
		id, err := n.Post(n.Context(), alice.ID, p)
		if err != nil {
			n.Fatal(err)
		}
		made[name] = id
		n.clock.Advance(time.Second)
	}
	post("a post", ap.PostRequest{Text: "Hello https://x.test/?a=1&b=2 :)", Language: "en"})
	post("without a language", ap.PostRequest{Text: "<b>"})
	post("a reply", ap.PostRequest{Text: "@bob@" + victim + " yes", InReplyTo: theirs.ID, Language: "de"})
	post("with a warning", ap.PostRequest{Text: "#One @bob@" + victim + "\n\n#zwei @nobody@x.test", SpoilerText: `a "b" & <c> 'd'`, Visibility: store.Unlisted})
	post("for followers", ap.PostRequest{Text: "x", Sensitive: true, Visibility: store.Private})
	post("direct", ap.PostRequest{Text: "@bob@" + victim, Visibility: store.Direct})
	if err := n.EditPost(n.Context(), alice.ID, made["direct"], ap.EditRequest{Text: "an edit, without him"}); err != nil {
		n.Fatal(err)
	}
	boost, err := n.Boost(n.Context(), alice.ID, theirs.ID, store.Public)
	if err != nil {
		n.Fatal(err)
	}
	made["a boost"] = boost
	if err := n.Favourite(n.Context(), alice.ID, theirs.ID); err != nil {
		n.Fatal(err)
	}
	out := map[string]*store.Object{}
	n.view(func(tx *store.Tx) error {
		like, err := tx.ActivityOn(alice.ID, "Like", theirs.URI)
		if err != nil {
			return err
		}
		made["a Like"] = like.ID
		for name, id := range maps.Clone(made) {
			o, err := tx.Object(id)
			if err != nil {
				return err
			}
			creates, err := tx.ActivitiesOn("Create", []string{o.URI})
			if create := creates[o.URI]; err != nil {
				return err
			} else if create != nil {
				made["the Create of "+name] = create.ID
			}
		}
		for name, id := range made {
			rows, err := tx.Documents([]store.ObjectID{id})
			if err != nil {
				return err
			}
			out[name] = rows[id]
		}
		return nil
	})
	return out
}

func (n *network) documents(rows map[string]*store.Object) map[string]json.RawMessage {
	n.Helper()
	out := map[string]json.RawMessage{}
	n.view(func(tx *store.Tx) error {
		for name, o := range rows {
			doc, err := n.Document(tx, o)
			if err != nil {
				return err
			}
			out[name] = doc
		}
		return nil
	})
	return out
}

// Of what is written here no document is stored: the rows say all of it, as it
// was made from its draft, byte for byte.
func TestDocumentsAreInTheirRows(t *testing.T) {
	n := newNetwork(t)
	alice, bob := n.account("alice"), n.actor(victim, "bob")
	rows := n.writesOfAllKinds(alice, bob)
	if len(rows) != 14 {
		t.Errorf("%d rows", len(rows))
	}
	for name, o := range rows {
		if len(o.JSON) > 0 {
			t.Errorf("%s is stored as %s", name, o.JSON)
		}
	}
	for name, doc := range n.documents(rows) {
		parsed, err := vocab.Parse(doc)
		if err != nil || parsed.ID != rows[name].URI || parsed.Type != rows[name].Type {
			t.Errorf("%s is %s: %v", name, doc, err)
		}
	}
	n.view(func(tx *store.Tx) error {
		theirs, err := tx.ObjectByURI("https://" + victim + "/notes/1")
		if err != nil {
			return err
		}
		rows, err := tx.Documents([]store.ObjectID{theirs.ID})
		if o := rows[theirs.ID]; err != nil || len(o.JSON) > 0 {
			t.Errorf("of a stranger's is stored %+v: %v", o, err)
		}
		return nil
	})
}

// migrateAgain takes the schema back to before a version, and up again.
func (n *network) migrateAgain(version int) {
	n.T.Helper()
	for undone := 0; undone != version; {
		m, err := n.Store.MigrateDown(n.T.Context())
		if err != nil {
			n.T.Fatal(err)
		}
		undone = m.Version
	}
	if _, err := n.Store.Migrate(n.T.Context()); err != nil {
		n.T.Fatal(err)
	}
}

// An older Kinglet, which serves what is stored, finds the documents written
// again, and this one serves those.
func TestMigrationOfDocuments(t *testing.T) {
	n := newNetwork(t)
	alice, bob := n.account("alice"), n.actor(victim, "bob")
	rows := n.writesOfAllKinds(alice, bob)
	before := n.documents(rows)
	n.migrateAgain(17)
	for name, doc := range n.documents(rows) {
		want, got := terms(t, before[name]), terms(t, doc)
		for _, in := range []map[string]any{want, got} {
			for _, of := range []any{in, in["object"]} {
				if of, ok := of.(map[string]any); ok {
					delete(of, "source") // one that is the plain text of its content is not written again
					for _, later := range []string{"replies", "likes", "shares", "interactionPolicy"} {
						delete(of, later) // the older one does not serve these
					}
				}
			}
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s\n%v, was\n%v", name, got, want)
		}
		if bytes.Equal(doc, before[name]) {
			t.Errorf("%s was not stored", name)
		}
	}
}

// terms are the terms of a document that say something, without its context.
func terms(t *testing.T, doc json.RawMessage) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(doc, &m); err != nil {
		t.Fatalf("%s: %v", doc, err)
	}
	for _, in := range []any{m, m["object"]} {
		if o, ok := in.(map[string]any); ok {
			maps.DeleteFunc(o, func(k string, v any) bool { return v == nil || k == "@context" })
		}
	}
	// Quotes need no escape in text.
	if summary, ok := m["summary"].(string); ok {
		m["summary"] = html.UnescapeString(summary)
	}
	if inner, ok := m["object"].(map[string]any); ok && inner["summary"] != nil {
		inner["summary"] = html.UnescapeString(inner["summary"].(string))
	}
	return m
}

// What a policy adds is in no column: it is stored, served and delivered as the
// policy left it.
func TestPolicyAddsToDocuments(t *testing.T) {
	n := newNetwork(t, policy.Policy{Name: "label", Message: func(_ context.Context, m *policy.Message) policy.Verdict {
		if m.Outgoing {
			_ = m.Rewrite(func(d vocab.Document) {
				d["label"] = "one"
				if note, ok := d["object"].(vocab.Document); ok {
					note["label"] = "two"
				}
			})
		}
		return policy.Verdict{}
	}})
	rows := n.writesOfAllKinds(n.account("alice"), n.actor(victim, "bob"))
	for name, doc := range n.documents(rows) {
		var m struct {
			Label, Type string
			Object      any
		}
		if err := json.Unmarshal(doc, &m); err != nil {
			t.Fatal(err)
		}
		inner, _ := m.Object.(map[string]any)
		if want := map[string]string{"Note": "two"}[m.Type]; m.Label != want && (want != "" || m.Label != "one") || m.Type == "Create" && inner["label"] != "two" {
			t.Errorf("%s is %s", name, doc)
		}
	}
}

// What a policy took from a document is not put back from the thread's row.
func TestPolicyTakesTheThread(t *testing.T) {
	strips := true
	n := newNetwork(t, policy.Policy{Name: "no threads", Message: func(_ context.Context, m *policy.Message) policy.Verdict {
		if m.Outgoing && strips {
			_ = m.Rewrite(func(d vocab.Document) {
				if note, ok := d["object"].(vocab.Document); ok {
					delete(note, "context")
					delete(note, "conversation")
				}
			})
		}
		return policy.Verdict{}
	}})
	alice := n.account("alice")
	strips = false
	first := n.post(alice, "one", store.Public)
	reply := func(text string) store.ObjectID {
		id, err := n.Post(t.Context(), alice.ID, ap.PostRequest{Text: text, InReplyTo: first.ID})
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	edited := reply("two")
	strips = true
	written := reply("three")
	n.clock.Advance(time.Second)
	if err := n.EditPost(t.Context(), alice.ID, edited, ap.EditRequest{Text: "four"}); err != nil {
		t.Fatal(err)
	}
	for name, id := range map[string]store.ObjectID{"written": written, "edited": edited} {
		n.view(func(tx *store.Tx) error {
			o, err := tx.Object(id)
			if err != nil {
				return err
			}
			doc, err := n.Document(tx, o)
			if bytes.Contains(doc, []byte(`"conversation":"`)) || len(doc) == 0 {
				t.Errorf("what was %s is %s", name, doc)
			}
			return err
		})
	}
}
