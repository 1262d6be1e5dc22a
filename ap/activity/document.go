package activity

import (
	"bytes"
	"encoding/json"
	"slices"

	"kinglet/ap/object"
	"kinglet/ap/vocab"
	"kinglet/internal/config"
	"kinglet/store"
)

// Document is the document of an object of ours, as it is served and delivered:
// composed from its row or, where the row does not say all of it (a policy has
// rewritten it, or it embeds what has no row), as it was stored. That of a
// Create or an Update embeds about, its object. Both have to be read with what
// their documents are made of (store.Tx.Documents). nil means that nothing is
// left of it.
func Document(c *config.Config, o, about *store.Object) json.RawMessage {
	return vocab.WithTerms(document(c, o, about))
}

func document(c *config.Config, o, about *store.Object) json.RawMessage {
	if about == nil && o.Approval != "" {
		return object.WithApproval(unapproved(c, o), o)
	}
	if about == nil {
		return unapproved(c, o)
	}
	inner := document(c, about, nil)
	if len(inner) == 0 {
		return nil
	}
	if len(o.JSON) > 0 {
		return vocab.WithObject(o.JSON, inner)
	}
	return compose(c, o, inner, about.Draft)
}

// unapproved is the document of an object, without what the author of another says
// of it.
func unapproved(c *config.Config, o *store.Object) json.RawMessage {
	if len(o.JSON) > 0 && o.Poll != nil {
		return object.WithResults(o.JSON, o.Poll)
	}
	if len(o.JSON) > 0 && o.IsStatus && o.QuoteURI != "" {
		return object.WithQuoteAuthorization(o.JSON, o.QuoteStamp)
	}
	if len(o.JSON) > 0 {
		return o.JSON
	}
	return compose(c, o, nil, o.Draft)
}

// compose writes the document of a row, addressed as a draft says; nil for what
// is not composed.
func compose(c *config.Config, o *store.Object, embedded json.RawMessage, addressed store.Draft) json.RawMessage {
	if !o.Local || !o.DeletedAt.IsZero() {
		return nil
	}
	if o.IsStatus && o.ReblogOfID == 0 {
		return object.Document(c, o)
	}
	draft := object.Compose(&vocab.Object{
		ID: o.URI, Type: o.Type, Actor: vocab.Ref{ID: o.Draft.Author}, Object: vocab.Ref{ID: o.ObjectURI},
		To: addressed.To, Cc: addressed.Cc, Audience: object.Audience(addressed.Community), Published: o.PublishedAt,
	})
	if embedded != nil {
		draft.Document["object"] = embedded
	}
	return vocab.Encode(draft.Document)
}

// toKeep is what has to be stored of the document that was published as o:
// nothing, if its row says it.
func toKeep(c *config.Config, o *store.Object, published json.RawMessage) json.RawMessage {
	if !o.PublishedAt.IsZero() && bytes.Equal(compose(c, o, nil, o.Draft), published) {
		return nil
	}
	return published
}

// Encode writes the bytes of an activity that was composed here, as far as its
// row does not say them, and those of its object: after the policies, before the
// transaction. The row of a Create or an Update names its object by its id, and
// has its addressees from it.
func Encode(env *Env, a *Activity) {
	inner := a.Object.Object.Object
	if inner != nil {
		inner.Raw = vocab.Encode(inner.Document)
	}
	a.Raw = vocab.Encode(a.Document)
	if a.Type == "Accept" || a.Type == "Reject" {
		return // their rows name the follower (publishAnswer)
	}
	if HasObjectByID(a.Type) {
		a.Raw = vocab.EncodeWithID(a.Object)
		if inner == nil || !object.IsStatus(inner.Type) || !slices.Equal(inner.To, a.To) || !slices.Equal(inner.Cc, a.Cc) || !slices.Equal(inner.Audience, a.Audience) {
			return
		}
	}
	a.Raw = toKeep(env.Config, &store.Object{
		URI: a.ID, Type: a.Type, Local: true, ObjectURI: a.Object.Object.ID, PublishedAt: a.Published,
		Draft: store.Draft{Author: a.Actor.URI, To: a.To, Cc: a.Cc, Community: firstOf(a.Audience)},
	}, a.Raw)
}

func firstOf(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}
