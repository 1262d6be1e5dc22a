package vocab

import (
	"encoding/json"
	"strconv"
	"time"

	"kinglet/internal/jsontext"
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
	WebFinger                 string    `json:"webfinger"`
	AlsoKnownAs               typedTerm `json:"alsoKnownAs"`
	MovedTo                   typedTerm `json:"movedTo"`
	Schema                    string    `json:"schema"`
	PropertyValue             string    `json:"PropertyValue"`
	Value                     string    `json:"value"`
	Ostatus                   string    `json:"ostatus"`
	Conversation              string    `json:"conversation"`
	VotersCount               string    `json:"votersCount"`
	Misskey                   string    `json:"misskey"`
	MisskeyReaction           string    `json:"_misskey_reaction"`
}

type typedTerm struct {
	ID   string `json:"@id"`
	Type string `json:"@type"`
}

// Context is the @context of our documents. It is not to be changed.
func Context() []any { return ourContext }

var ourContext = newContext()

func newContext() []any {
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
			WebFinger:                 "https://purl.archive.org/socialweb/webfinger#webfinger",
			AlsoKnownAs:               typedTerm{"as:alsoKnownAs", "@id"},
			MovedTo:                   typedTerm{"as:movedTo", "@id"},
			Schema:                    "http://schema.org#",
			PropertyValue:             "schema:PropertyValue",
			Value:                     "schema:value",
			Ostatus:                   "http://ostatus.org#",
			Conversation:              "ostatus:conversation",
			VotersCount:               "toot:votersCount",
			Misskey:                   "https://misskey-hub.net/ns#",
			MisskeyReaction:           "misskey:_misskey_reaction",
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

// Date is a time as documents have it, "" for none.
func Date(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
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
	// AttributedTo is who owns a context (FEP-f228).
	AttributedTo string
}

// BuildCollection writes an OrderedCollection or, with PartOf, its page
// (ActivityStreams §2.6 of the vocabulary).
func BuildCollection(in CollectionInput) json.RawMessage {
	typ := "OrderedCollection"
	if in.PartOf != "" {
		typ = "OrderedCollectionPage"
	}
	size := 1 << 10
	for _, item := range in.Items {
		if doc, ok := item.(json.RawMessage); ok {
			size += len(doc)
		} else {
			size += 128
		}
	}
	b := append(make([]byte, 0, size), `{"@context":`...)
	b = append(b, encodedContext()...)
	b = jsontext.Append(append(b, `,"id":`...), in.ID)
	b = jsontext.Append(append(b, `,"type":`...), typ)
	b = strconv.AppendInt(append(b, `,"totalItems":`...), in.TotalItems, 10)
	for _, term := range [...]struct{ name, value string }{{"first", in.First}, {"partOf", in.PartOf}, {"next", in.Next}, {"prev", in.Prev}, {"attributedTo", in.AttributedTo}} {
		if term.value != "" {
			b = append(append(append(b, `,"`...), term.name...), `":`...)
			b = jsontext.Append(b, term.value)
		}
	}
	if in.Items != nil {
		b = append(b, `,"orderedItems":[`...)
		for i, item := range in.Items {
			if i > 0 {
				b = append(b, ',')
			}
			if doc, ok := item.(json.RawMessage); ok {
				item = withoutContext(doc)
			}
			b = appendValue(b, item)
		}
		b = append(b, ']')
	}
	return WithTerms(append(b, '}'))
}

// Texts is a list of texts as a document has it.
func Texts(list []string) []any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out
}
