// Package object has the kinds of objects, one file each: how a remote Note,
// Question, Article … is read into the rows to write, and how a local one
// becomes a document. Reading is pure: all that takes time (sanitising, plain
// text, grammar) is done here, before any transaction begins. Who may do what
// with an object is not decided here.
//
// Read Kind, Reading and note.go first.
package object

import (
	"kinglet/ap/vocab"
	"kinglet/store"
)

// Kind is what one type of object is.
type Kind struct {
	Type string
	// Read fills the columns of a status that differ between kinds: the
	// displayed text. nil for what is not displayed as a status.
	Read func(o *vocab.Object, status *store.Object)
	// Write makes the document of a draft; nil for what is not written
	// here.
	Write func(o *vocab.Object) vocab.Document
}

// kinds lists every kind. To add one is to add its file and its line.
var kinds = index(
	note(),
	article(),
	page(),
	question(),
	video(),
	audio(),
	image(),
	event(),
	book("Review"),
	book("Rating"),
	book("Comment"),
	book("Quotation"),
	generatedNote(),
	chatMessage(),
	encryptedMessage(),
	tombstone(),
	authorization("QuoteAuthorization"),
	authorization("LikeAuthorization"),
	authorization("ReplyAuthorization"),
	authorization("AnnounceAuthorization"),
	actor("Person"),
	actor("Service"),
	actor("Application"),
	actor("Group"),
	actor("Organization"),
)

func index(list ...Kind) map[string]Kind {
	byType := make(map[string]Kind, len(list))
	for _, k := range list {
		byType[k.Type] = k
	}
	return byType
}

// kindOf is the kind of a type; one that has no file is other, or nothing that
// is displayed.
func kindOf(typ string) Kind {
	k, ok := kinds[typ]
	if !ok && isOther(typ) {
		return other()
	}
	return k
}

// IsStatus reports whether a type is displayed as a status: see IsShown.
func IsStatus(typ string) bool { return kindOf(typ).Read != nil }

// Compose writes the document of a draft, an activity or an object, and of its
// embedded object. Each keeps its own in Document.
func Compose(draft *vocab.Object) *vocab.Object {
	compose(draft)
	draft.Document["@context"] = vocab.Context()
	if vocab.IsActorType(draft.Type) || draft.Object.Object != nil && vocab.IsActorType(draft.Object.Object.Type) {
		draft.Document["@context"] = vocab.ActorContext()
	}
	return draft
}

func compose(o *vocab.Object) {
	if o.Object.Object != nil {
		compose(o.Object.Object)
	}
	if write := kinds[o.Type].Write; write != nil {
		o.Document = write(o)
		return
	}
	o.Document = writeActivity(o)
}

// writeActivity writes an activity: any type that is not a kind of object.
func writeActivity(o *vocab.Object) vocab.Document {
	d := vocab.Document{"id": o.ID, "type": o.Type, "actor": o.Actor.ID, "object": o.Object.ID}
	if o.Object.Object != nil {
		d["object"] = o.Object.Object.Document
	}
	if o.Target.ID != "" {
		d["target"] = o.Target.ID
	}
	if !o.Published.IsZero() {
		d["published"] = vocab.Date(o.Published)
	}
	if len(o.To) > 0 {
		d["to"] = vocab.Texts(o.To)
	}
	if len(o.Cc) > 0 {
		d["cc"] = vocab.Texts(o.Cc)
	}
	if o.Instrument != "" {
		d["instrument"] = o.Instrument
	}
	if o.Result != "" {
		d["result"] = o.Result
	}
	writeAudience(d, o)
	putReaction(o, d)
	return d
}

func writeTags(tags []vocab.Tag) []any {
	list := []any{}
	for _, t := range tags {
		list = append(list, vocab.Document{"type": t.Type, "href": t.Href, "name": t.Name})
	}
	return list
}
