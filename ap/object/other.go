package object

import (
	"strings"

	"kinglet/ap/vocab"
	"kinglet/internal/markup"
	"kinglet/store"
)

// Other objects, which can't be shown in place (a playlist, an episode, a
// recipe), are a titled link to where they can.
func other() Kind { return Kind{Type: "", Read: readOther} }

// maxType is the longest name of a type.
const maxType = 64

// isOther reports whether objects of a type may be such: they are nothing that
// the protocol itself knows.
func isOther(typ string) bool {
	if typ == "" || len(typ) > maxType || vocab.IsActivityType(typ) || vocab.IsActorType(typ) {
		return false
	}
	switch typ {
	case "Tombstone", "Link", "Mention", "Hashtag", "Emoji", "Relationship", "PropertyValue", "IdentityProof",
		"Collection", "OrderedCollection", "CollectionPage", "OrderedCollectionPage",
		"Key", "CryptographicKey", "Multikey", "DataIntegrityProof", "CacheFile",
		"QuoteAuthorization", "LikeAuthorization", "ReplyAuthorization", "AnnounceAuthorization", "FeatureAuthorization":
		return false
	}
	return true
}

// IsShown reports whether an object is displayed as a status: its type is, and,
// of one that becomes a link, something is there to call it.
func IsShown(o *vocab.Object) bool {
	if !IsStatus(o.Type) {
		return false
	}
	_, shown := kinds[o.Type]
	return shown || nameOf(o) != ""
}

func readOther(o *vocab.Object, status *store.Object) {
	status.Content = "<p><strong>" + markup.EscapeText(nameOf(o)) + "</strong></p>" + pageLink(o)
}

// maxLinkName is how many bytes of a text stand for a title.
const maxLinkName = 300

// maxNamed is how many bytes of each text are looked at for one: whether an object
// has any is asked while the database's one writer is held.
const maxNamed = 4096

// nameOf is the title of an object, or what it says first.
func nameOf(o *vocab.Object) string {
	for _, s := range []string{o.Name, o.Summary, o.Content} {
		if s = strings.Join(strings.Fields(markup.PlainText(clip(s, maxNamed))), " "); s == "" {
			continue
		}
		if len(s) > maxLinkName {
			s = strings.TrimSpace(clip(s, maxLinkName)) + "…"
		}
		return s
	}
	return ""
}
