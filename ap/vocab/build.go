package vocab

import (
	"bytes"
	"encoding/json"
	"slices"
	"time"
)

// Documents are written as maps, so that policies can change them before they
// are encoded: keys in alphabetical order, the context first.

// contextTerms are the extensions that our documents use.
type contextTerms struct {
	ManuallyApprovesFollowers string    `json:"manuallyApprovesFollowers"`
	Sensitive                 string    `json:"sensitive"`
	Hashtag                   string    `json:"Hashtag"`
	Toot                      string    `json:"toot"`
	Emoji                     string    `json:"Emoji"`
	Featured                  typedTerm `json:"featured"`
	Discoverable              string    `json:"discoverable"`
	Indexable                 string    `json:"indexable"`
	AlsoKnownAs               typedTerm `json:"alsoKnownAs"`
	MovedTo                   typedTerm `json:"movedTo"`
	Schema                    string    `json:"schema"`
	PropertyValue             string    `json:"PropertyValue"`
	Value                     string    `json:"value"`
	Ostatus                   string    `json:"ostatus"`
	Conversation              string    `json:"conversation"`
}

type typedTerm struct {
	ID   string `json:"@id"`
	Type string `json:"@type"`
}

// Context is the @context of our documents.
func Context() []any {
	return []any{
		"https://www.w3.org/ns/activitystreams",
		"https://w3id.org/security/v1",
		contextTerms{
			ManuallyApprovesFollowers: "as:manuallyApprovesFollowers",
			Sensitive:                 "as:sensitive",
			Hashtag:                   "as:Hashtag",
			Toot:                      "http://joinmastodon.org/ns#",
			Emoji:                     "toot:Emoji",
			Featured:                  typedTerm{"toot:featured", "@id"},
			Discoverable:              "toot:discoverable",
			Indexable:                 "toot:indexable",
			AlsoKnownAs:               typedTerm{"as:alsoKnownAs", "@id"},
			MovedTo:                   typedTerm{"as:movedTo", "@id"},
			Schema:                    "http://schema.org#",
			PropertyValue:             "schema:PropertyValue",
			Value:                     "schema:value",
			Ostatus:                   "http://ostatus.org#",
			Conversation:              "ostatus:conversation",
		},
	}
}

// ActorContext is the @context of documents with an actor in them: those of its
// Multikeys (FEP-521a) and of what its software implements (FEP-844e) as well.
func ActorContext() []any {
	c := Context()
	return append(c[:2:2], "https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1", c[2], actorTerms{
		Implements: setTerm{"https://w3id.org/fep/844e#implements", "@id", "@set"},
	})
}

// actorTerms are the extensions that only actors use.
type actorTerms struct {
	Implements setTerm `json:"implements"`
}

type setTerm struct {
	ID        string `json:"@id"`
	Type      string `json:"@type"`
	Container string `json:"@container"`
}

// encode writes a document without escaping < and > as \u003c: it is not HTML.
func encode(v any) json.RawMessage {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err) // only our own plain structs come here
	}
	return bytes.TrimRight(b.Bytes(), "\n")
}

// Encode encodes a document: keys in alphabetical order, the context first.
func Encode(m Document) json.RawMessage { return encode(m) }

// Date is a time as documents have it, "" for none.
func Date(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}

// withoutContext removes the @context of a document that will be embedded.
func withoutContext(doc json.RawMessage) json.RawMessage {
	if !bytes.Contains(doc, []byte(`"@context"`)) {
		return doc
	}
	var m map[string]json.RawMessage
	if err := json.Unmarshal(doc, &m); err != nil {
		return doc
	}
	delete(m, "@context")
	return encode(m)
}

// CollectionInput is the content of a collection, or a page of one. Zero values
// are left out.
type CollectionInput struct {
	ID         string
	TotalItems int64
	First      string
	PartOf     string // makes it a page
	Next, Prev string
	Items      []any // URIs or documents; nil for none to show
}

type collectionDoc struct {
	Context    any    `json:"@context"`
	ID         string `json:"id"`
	Type       string `json:"type"`
	TotalItems int64  `json:"totalItems"`
	First      string `json:"first,omitempty"`
	PartOf     string `json:"partOf,omitempty"`
	Next       string `json:"next,omitempty"`
	Prev       string `json:"prev,omitempty"`
	Items      *[]any `json:"orderedItems,omitempty"`
}

// BuildCollection writes an OrderedCollection or, with PartOf, its page
// (ActivityStreams §2.6 of the vocabulary).
func BuildCollection(in CollectionInput) json.RawMessage {
	d := collectionDoc{
		Context: Context(), ID: in.ID, Type: "OrderedCollection", TotalItems: in.TotalItems,
		First: in.First, PartOf: in.PartOf, Next: in.Next, Prev: in.Prev,
	}
	if in.PartOf != "" {
		d.Type = "OrderedCollectionPage"
	}
	if in.Items != nil {
		for i, item := range in.Items {
			if doc, ok := item.(json.RawMessage); ok {
				in.Items[i] = withoutContext(doc)
			}
		}
		d.Items = &in.Items
	}
	return encode(d)
}

// Texts is a list of texts as a document has it.
func Texts(list []string) []any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out
}

// WithContext adds to a document that was embedded in another, and so has none,
// the @context that it needs on its own. Every other byte stays as it was
// delivered.
func WithContext(doc json.RawMessage) json.RawMessage {
	var m map[string]json.RawMessage
	if err := json.Unmarshal(doc, &m); err != nil || len(m) == 0 || m["@context"] != nil {
		return doc
	}
	rest := bytes.TrimPrefix(bytes.TrimLeft(doc, " \t\r\n"), []byte("{"))
	return slices.Concat([]byte(`{"@context":`), encode(Context()), []byte(","), rest)
}
