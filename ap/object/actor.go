package object

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"kinglet/ap/vocab"
	"kinglet/internal/markup"
	"kinglet/store"
)

// actor is the kind of the five types of actors (ActivityStreams Vocabulary
// §3.2), with an inbox and a key. They are read into an account.
func actor(typ string) Kind { return Kind{Type: typ, Write: writeActor} }

// Limits of a remote profile's texts and lists.
const (
	maxName   = 512
	maxNote   = 64 << 10
	maxFields = 20
	// maxAliases is of all of them together, in bytes: vocab bounds their number.
	maxAliases = 16 << 10
)

// ReadActor reads a remote actor's document into an account. Its handle is
// preferredUsername at the host of its id until WebFinger confirms another;
// names, texts and lists that exceed their limits are cut.
func ReadActor(doc *vocab.Object) (*store.Account, error) {
	if !vocab.IsActorType(doc.Type) {
		return nil, fmt.Errorf("type %q is not an actor's", doc.Type)
	}
	if _, err := vocab.ParseURI(doc.ID); err != nil {
		return nil, fmt.Errorf("id: %w", err)
	}
	name := doc.PreferredUsername
	if name == "" || len(name) > 128 || strings.ContainsFunc(name, notInNames) {
		return nil, fmt.Errorf("preferredUsername %q is not a name", clip(name, 64))
	}
	account := &store.Account{
		URI: doc.ID, Username: name, Domain: vocab.Host(doc.ID), Type: doc.Type,
		DisplayName: clip(markup.Name(doc.Name), maxName),
		Note:        bioOf(doc),
		URL:         pageOf(doc),
		Locked:      doc.ManuallyApprovesFollowers,
		Bot:         doc.Type == "Service" || doc.Type == "Application",
		Emojis:      emojisOf(doc.Tag),
		CreatedAt:   doc.Published, // and not the document: nobody reads it again
	}
	if account.CreatedAt.Before(time.Unix(0, 0)) {
		account.CreatedAt = time.Time{} // it does not say
	}
	account.Discoverable, account.Indexable, account.SigninOnly = doc.Discoverable, doc.Indexable, doc.SigninOnly
	// What we will connect to, and what decides who may see a post, must be
	// on the actor's own server.
	for _, u := range []struct {
		dest *string
		uri  string
	}{
		{&account.Inbox, doc.Inbox}, {&account.SharedInbox, doc.SharedInbox}, {&account.Outbox, doc.Outbox},
		{&account.FollowersURI, doc.Followers}, {&account.FollowingURI, doc.Following}, {&account.FeaturedURI, doc.Featured},
	} {
		if vocab.SameOrigin(u.uri, doc.ID) {
			*u.dest = u.uri
		}
	}
	if account.Inbox == "" {
		return nil, errors.New("it has no inbox on its own server")
	}
	if err := keysOf(account, doc); err != nil {
		return nil, err
	}
	if doc.Icon != nil && isURI(doc.Icon.URL) {
		account.Avatar = doc.Icon.URL
	}
	if doc.Image != nil && isURI(doc.Image.URL) {
		account.Header = doc.Image.URL
	}
	for _, p := range doc.Attachment {
		if p.Type == "PropertyValue" && len(account.Fields) < maxFields {
			account.Fields = append(account.Fields, store.Field{Name: clip(markup.Name(p.Name), maxName), Value: markup.Sanitize(clip(p.Value, maxName*4))})
		}
	}
	if isURI(doc.MovedTo) {
		account.MovedToURI = doc.MovedTo
	}
	size := 0
	for _, u := range doc.AlsoKnownAs {
		if size += len(u); size <= maxAliases && isURI(u) && u != doc.ID && !slices.Contains(account.AlsoKnownAs, u) {
			account.AlsoKnownAs = append(account.AlsoKnownAs, u)
		}
	}
	account.SuspendByOrigin(doc.Suspended)
	return account, nil
}

// notInNames reports whether a character can't be in the username of an actor:
// what separates it from the rest of a handle or a URL, and what is not seen or
// turns the text around it.
func notInNames(r rune) bool {
	return r <= ' ' || strings.ContainsRune("@/?#:<>\"", r) || unicode.IsControl(r) || unicode.IsSpace(r) || unicode.Is(unicode.Cf, r)
}

// bioOf is what an actor says of itself. Lines without a tag are a text, which
// PeerTube and lotide send as it was typed.
func bioOf(doc *vocab.Object) string {
	bio := clip(doc.Summary, maxNote)
	if html, ok := markup.RenderSource(bio, doc.MediaType); ok {
		return html
	}
	if strings.Contains(bio, "\n") && !strings.ContainsAny(bio, "<&") {
		return markup.Render(bio, markup.Options{})
	}
	return markup.Sanitize(bio)
}

// ActorDraft is the document of a local account. tags are the mentions and
// hashtags of its texts.
func ActorDraft(a *store.Account, tags []vocab.Tag) *vocab.Object {
	o := &vocab.Object{
		ID: a.URI, Type: a.Type, PreferredUsername: a.Username, Name: a.DisplayName, Summary: a.Note,
		Inbox: a.Inbox, Outbox: a.Outbox, Followers: a.FollowersURI, Following: a.FollowingURI, Featured: a.FeaturedURI,
		SharedInbox: a.SharedInbox, PublicKeys: []vocab.PublicKey{{ID: a.KeyID, Owner: a.URI, PEM: a.PublicKey}},
		Icon: &vocab.Image{URL: a.Avatar}, Image: &vocab.Image{URL: a.Header},
		ManuallyApprovesFollowers: a.Locked, Discoverable: a.Discoverable, Indexable: a.Indexable, Published: a.CreatedAt,
		AlsoKnownAs: a.AlsoKnownAs, MovedTo: a.MovedToURI, Tag: tags,
	}
	if a.URL != "" {
		o.URL = []vocab.Link{{Href: a.URL}}
	}
	if o.Name == "" {
		o.Name = a.Username
	}
	for _, f := range a.Fields {
		o.Attachment = append(o.Attachment, vocab.Attachment{Type: "PropertyValue", Name: f.Name, Value: f.Value})
	}
	return o
}

// writeActor writes an actor's document (ActivityPub §4.1).
func writeActor(o *vocab.Object) vocab.Document {
	d := vocab.Document{
		"id": o.ID, "type": o.Type, "preferredUsername": o.PreferredUsername, "name": o.Name, "summary": o.Summary,
		"inbox": o.Inbox, "outbox": o.Outbox, "tag": writeTags(o.Tag), "attachment": []any{},
		"manuallyApprovesFollowers": o.ManuallyApprovesFollowers, "discoverable": o.Discoverable, "indexable": o.Indexable,
	}
	for term, value := range map[string]string{
		"url": firstLink(o.URL), "followers": o.Followers, "following": o.Following, "featured": o.Featured, "movedTo": o.MovedTo, "webfinger": o.WebFinger,
		"published": vocab.Date(o.Published),
	} {
		if value != "" {
			d[term] = value
		}
	}
	writeKeys(d, o)
	writeImplemented(d, o)
	if o.SharedInbox != "" {
		d["endpoints"] = vocab.Document{"sharedInbox": o.SharedInbox}
	}
	for term, picture := range map[string]*vocab.Image{"icon": o.Icon, "image": o.Image} {
		if picture != nil && picture.URL != "" {
			d[term] = vocab.Document{"type": "Image", "url": picture.URL}
		}
	}
	var fields []any
	for _, f := range o.Attachment {
		fields = append(fields, vocab.Document{"type": "PropertyValue", "name": f.Name, "value": f.Value})
	}
	if fields != nil {
		d["attachment"] = fields
	}
	if len(o.AlsoKnownAs) > 0 {
		d["alsoKnownAs"] = vocab.Texts(o.AlsoKnownAs)
	}
	return d
}

func firstLink(list []vocab.Link) string {
	if len(list) == 0 {
		return ""
	}
	return list[0].Href
}
