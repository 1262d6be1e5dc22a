package vocab

import (
	"bytes"
	"encoding/json"
	"time"
)

// One function for each document that Kinglet sends. Structs, not maps, so
// that the keys come in one order and the context first.

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

func context() []any {
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

// Encode writes a document: keys in the order of the alphabet, the context first.
func Encode(m Document) json.RawMessage { return encode(m) }

func date(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}

// orEmpty makes lists that peers expect to be there [] rather than null.
func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// ActorInput is what an actor's document says.
type ActorInput struct {
	ID, Type, Username, Name, Summary, URL        string
	Inbox, Outbox, Followers, Following, Featured string
	SharedInbox, KeyID, PublicKeyPEM              string
	Icon, Image                                   *Image
	Fields                                        []Attachment
	Locked, Discoverable, Indexable               bool
	Published                                     time.Time
	AlsoKnownAs                                   []string
	MovedTo                                       string
	Tags                                          []Tag // what the summary and the fields mention
}

type actorDoc struct {
	Context           any           `json:"@context"`
	ID                string        `json:"id"`
	Type              string        `json:"type"`
	PreferredUsername string        `json:"preferredUsername"`
	Name              string        `json:"name"`
	Summary           string        `json:"summary"`
	URL               string        `json:"url,omitempty"`
	Inbox             string        `json:"inbox"`
	Outbox            string        `json:"outbox"`
	Followers         string        `json:"followers,omitempty"`
	Following         string        `json:"following,omitempty"`
	Featured          string        `json:"featured,omitempty"`
	Endpoints         *endpointsDoc `json:"endpoints,omitempty"`
	PublicKey         publicKeyDoc  `json:"publicKey"`
	Icon              *imageDoc     `json:"icon,omitempty"`
	Image             *imageDoc     `json:"image,omitempty"`
	Attachment        []propertyDoc `json:"attachment"`
	Tag               []tagDoc      `json:"tag"`
	Locked            bool          `json:"manuallyApprovesFollowers"`
	Discoverable      bool          `json:"discoverable"`
	Indexable         bool          `json:"indexable"`
	Published         string        `json:"published,omitempty"`
	AlsoKnownAs       []string      `json:"alsoKnownAs,omitempty"`
	MovedTo           string        `json:"movedTo,omitempty"`
}

type endpointsDoc struct {
	SharedInbox string `json:"sharedInbox"`
}

type publicKeyDoc struct {
	ID    string `json:"id"`
	Owner string `json:"owner"`
	PEM   string `json:"publicKeyPem"`
}

type imageDoc struct {
	Type      string `json:"type"`
	MediaType string `json:"mediaType,omitempty"`
	URL       string `json:"url"`
}

type propertyDoc struct {
	Type  string `json:"type"`
	Name  string `json:"name"`
	Value string `json:"value"`
}

// BuildActor writes an actor's document (ActivityPub §4.1).
func BuildActor(in ActorInput) json.RawMessage {
	d := actorDoc{
		Context: context(), ID: in.ID, Type: in.Type, PreferredUsername: in.Username, Name: in.Name, Summary: in.Summary, URL: in.URL,
		Inbox: in.Inbox, Outbox: in.Outbox, Followers: in.Followers, Following: in.Following, Featured: in.Featured,
		PublicKey: publicKeyDoc{ID: in.KeyID, Owner: in.ID, PEM: in.PublicKeyPEM},
		Icon:      buildImage(in.Icon), Image: buildImage(in.Image), Attachment: []propertyDoc{}, Tag: []tagDoc{},
		Locked: in.Locked, Discoverable: in.Discoverable, Indexable: in.Indexable,
		Published: date(in.Published), AlsoKnownAs: in.AlsoKnownAs, MovedTo: in.MovedTo,
	}
	if in.SharedInbox != "" {
		d.Endpoints = &endpointsDoc{in.SharedInbox}
	}
	for _, f := range in.Fields {
		d.Attachment = append(d.Attachment, propertyDoc{"PropertyValue", f.Name, f.Value})
	}
	for _, t := range in.Tags {
		d.Tag = append(d.Tag, tagDoc{t.Type, t.Href, t.Name})
	}
	return encode(d)
}

func buildImage(i *Image) *imageDoc {
	if i == nil || i.URL == "" {
		return nil
	}
	return &imageDoc{Type: "Image", MediaType: i.MediaType, URL: i.URL}
}

// NoteInput is what a Note's document says.
type NoteInput struct {
	ID, AttributedTo, Content, Language, Summary string
	Sensitive                                    bool
	Published, Updated                           time.Time
	To, Cc                                       []string
	InReplyTo, Context, URL                      string
	Tags                                         []Tag
	Source                                       Source
}

type noteDoc struct {
	Context      any               `json:"@context,omitempty"`
	ID           string            `json:"id"`
	Type         string            `json:"type"`
	AttributedTo string            `json:"attributedTo"`
	Content      string            `json:"content"`
	ContentMap   map[string]string `json:"contentMap,omitempty"`
	Summary      *string           `json:"summary"`
	Sensitive    bool              `json:"sensitive"`
	Published    string            `json:"published"`
	Updated      string            `json:"updated,omitempty"`
	To           []string          `json:"to"`
	Cc           []string          `json:"cc"`
	InReplyTo    *string           `json:"inReplyTo"`
	Thread       string            `json:"context,omitempty"`
	Conversation string            `json:"conversation,omitempty"`
	URL          string            `json:"url"`
	Tag          []tagDoc          `json:"tag"`
	Attachment   []imageDoc        `json:"attachment"`
	Source       *sourceDoc        `json:"source,omitempty"`
}

type tagDoc struct {
	Type string `json:"type"`
	Href string `json:"href"`
	Name string `json:"name"`
}

type sourceDoc struct {
	Content   string `json:"content"`
	MediaType string `json:"mediaType"`
}

// BuildNote writes a Note's document. embedded ones, inside an activity, go
// without a context of their own.
func BuildNote(in NoteInput, embedded bool) json.RawMessage {
	d := noteDoc{
		ID: in.ID, Type: "Note", AttributedTo: in.AttributedTo, Content: in.Content,
		Sensitive: in.Sensitive, Published: date(in.Published), Updated: date(in.Updated),
		To: orEmpty(in.To), Cc: orEmpty(in.Cc), Thread: in.Context, Conversation: in.Context, URL: in.URL,
		Tag: []tagDoc{}, Attachment: []imageDoc{},
	}
	if !embedded {
		d.Context = context()
	}
	if in.Language != "" {
		d.ContentMap = map[string]string{in.Language: in.Content}
	}
	if in.Summary != "" {
		d.Summary = &in.Summary
	}
	if in.InReplyTo != "" {
		d.InReplyTo = &in.InReplyTo
	}
	for _, t := range in.Tags {
		d.Tag = append(d.Tag, tagDoc{t.Type, t.Href, t.Name})
	}
	if in.Source.Content != "" {
		d.Source = &sourceDoc{in.Source.Content, in.Source.MediaType}
	}
	return encode(d)
}

// ActivityInput is what an activity's document says. Object is a URI or a
// document to embed.
type ActivityInput struct {
	ID, Type, Actor string
	Object          any
	To, Cc          []string
	Published       time.Time
}

type activityDoc struct {
	Context   any      `json:"@context"`
	ID        string   `json:"id"`
	Type      string   `json:"type"`
	Actor     string   `json:"actor"`
	Published string   `json:"published,omitempty"`
	To        []string `json:"to,omitempty"`
	Cc        []string `json:"cc,omitempty"`
	Object    any      `json:"object"`
}

// BuildActivity writes an activity.
func BuildActivity(in ActivityInput) json.RawMessage {
	if doc, ok := in.Object.(json.RawMessage); ok {
		in.Object = withoutContext(doc)
	}
	return encode(activityDoc{
		Context: context(), ID: in.ID, Type: in.Type, Actor: in.Actor, Published: date(in.Published),
		To: in.To, Cc: in.Cc, Object: in.Object,
	})
}

// withoutContext drops the @context of a document that is to be embedded.
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

// CollectionInput is what a collection, or a page of one, says. Zero values
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
		Context: context(), ID: in.ID, Type: "OrderedCollection", TotalItems: in.TotalItems,
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

// TombstoneInput is what is left of a deleted object.
type TombstoneInput struct {
	ID, FormerType string
	Deleted        time.Time
}

// BuildTombstone writes a Tombstone (ActivityPub §6.4).
func BuildTombstone(in TombstoneInput) json.RawMessage {
	return encode(struct {
		Context    any    `json:"@context"`
		ID         string `json:"id"`
		Type       string `json:"type"`
		FormerType string `json:"formerType,omitempty"`
		Deleted    string `json:"deleted"`
	}{context(), in.ID, "Tombstone", in.FormerType, date(in.Deleted)})
}

// WithContext gives a document that was embedded in another, and so has none,
// the @context that it needs to stand alone.
func WithContext(doc json.RawMessage) json.RawMessage {
	var m map[string]json.RawMessage
	if err := json.Unmarshal(doc, &m); err != nil || m["@context"] != nil {
		return doc
	}
	m["@context"] = encode(context())
	return encode(m)
}
