package object

import (
	"encoding/json"
	"testing"
	"time"

	"kinglet/ap/vocab"
	"kinglet/ap/vocab/vocabtest"
	"kinglet/store"
)

func TestDocuments(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	const alice = "https://a.test/users/alice"
	note := func() *vocab.Object {
		return &vocab.Object{
			Type: "Note", ID: "https://a.test/objects/1", AttributedTo: []vocab.Ref{{ID: alice}}, Content: "<p>Hi &amp; bye</p>", Language: "en", Summary: "warning",
			Sensitive: true, Published: at, Updated: at.Add(time.Hour), To: []string{vocab.Public}, Cc: []string{alice + "/followers"},
			InReplyTo: vocab.Ref{ID: "https://b.test/1"}, Context: "https://a.test/contexts/1", URL: []vocab.Link{{Href: "https://a.test/@alice/1"}},
			Tag: []vocab.Tag{{Type: "Mention", Href: "https://b.test/u", Name: "@u@b.test"}}, Source: vocab.Source{Content: "Hi & bye", MediaType: "text/plain"},
		}
	}
	create := &vocab.Object{
		ID: "https://a.test/activities/1", Type: "Create", Actor: vocab.Ref{ID: alice}, Object: vocab.Ref{ID: note().ID, Object: note()},
		To: note().To, Cc: note().Cc, Published: at,
	}
	actor := ActorDraft(&store.Account{
		URI: alice, Type: "Person", Username: "alice", DisplayName: "Alice", Note: "<p>x</p>", URL: "https://a.test/@alice", Inbox: alice + "/inbox",
		Outbox: alice + "/outbox", SharedInbox: "https://a.test/inbox", KeyID: alice + "#main-key", PublicKey: "PEM",
		Avatar: "https://a.test/media/x", Fields: []store.Field{{Name: "n", Value: "v"}}, Locked: true, CreatedAt: at,
	}, nil)
	actor.PublicKeys = append(actor.PublicKeys, vocab.PublicKey{ID: alice + "#ed25519-key", Owner: alice, Multibase: "z6", Assertion: true})
	actor.Generator = "https://a.test/actor"
	question := note()
	question.Type, question.Poll = "Question", vocab.Poll{Ends: at.Add(time.Hour), Closed: at.Add(time.Hour), IsClosed: true, Voters: 2}
	question.OneOf = []vocab.PollOption{{Name: "Yes", Votes: 2}, {Name: "No & <maybe>"}}
	standalone := func() json.RawMessage {
		o := note()
		Compose(o)
		delete(o.Document, "@context")
		return vocab.WithContext(vocab.Encode(o.Document))
	}
	encoded := func(o *vocab.Object) json.RawMessage { return vocab.Encode(Compose(o).Document) }
	vocabtest.Golden(t, map[string]json.RawMessage{
		"note":     encoded(note()),
		"create":   encoded(create),
		"question": encoded(question),
		"vote": encoded(&vocab.Object{
			Type: "Note", ID: "https://a.test/objects/2", AttributedTo: []vocab.Ref{{ID: alice}}, Name: "Yes", InReplyTo: vocab.Ref{ID: "https://b.test/1"}, To: []string{"https://b.test/u"},
		}),
		"reaction": encoded(&vocab.Object{
			ID: "https://a.test/activities/3", Type: "Like", Actor: vocab.Ref{ID: alice}, Object: vocab.Ref{ID: "https://b.test/1"},
			Content: ":cat:", Tag: []vocab.Tag{{Type: "Emoji", Name: ":cat:", Icon: "https://b.test/cat.png"}},
		}),
		"like":       encoded(&vocab.Object{ID: "https://a.test/activities/2", Type: "Like", Actor: vocab.Ref{ID: alice}, Object: vocab.Ref{ID: "https://b.test/1"}}),
		"actor":      encoded(actor),
		"tombstone":  encoded(TombstoneDraft("https://a.test/objects/1", "Note", at)),
		"standalone": standalone(),
	})
}

// A draft that is read as the reading of its document: both rows and document
// are made of the one draft.
func TestDraftIsItsDocument(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	draft := &vocab.Object{
		Type: "Note", ID: "https://a.test/objects/1", AttributedTo: []vocab.Ref{{ID: "https://a.test/users/alice"}}, Content: "<p>Hi</p>", Language: "en",
		Summary: "a &amp; b", Sensitive: true, Published: at, Updated: at.Add(time.Hour), To: []string{vocab.Public}, InReplyTo: vocab.Ref{ID: "https://b.test/1"},
		Context: "https://a.test/contexts/1", URL: []vocab.Link{{Href: "https://a.test/@alice/1"}}, Tag: []vocab.Tag{{Type: "Hashtag", Name: "#x", Href: "https://a.test/tags/x"}},
	}
	sameAsItsDocument(t, draft)
	draft.Type, draft.AnyOf, draft.Poll = "Question", []vocab.PollOption{{Name: "Yes"}, {Name: "<No>"}}, vocab.Poll{Ends: at}
	sameAsItsDocument(t, draft)
}

func sameAsItsDocument(t *testing.T, draft *vocab.Object) {
	t.Helper()
	drafted := readStatus(draft)
	parsed, err := vocab.Parse(vocab.Encode(Compose(draft).Document))
	if err != nil {
		t.Fatal(err)
	}
	read := readStatus(parsed)
	a, _ := json.Marshal(drafted)
	b, _ := json.Marshal(read)
	if string(a) != string(b) {
		t.Errorf("the draft is\n%s\nand its document\n%s", a, b)
	}
}
