// Package vocab reads and writes ActivityStreams 2.0 documents.
//
// Reading is tolerant in form and strict in what decides authority: Parse takes
// a stranger's bytes, checks their bounds before it builds anything, and
// returns one clean Object, whatever mixture of strings, objects and arrays
// arrived. Documents to send are maps that ap/object writes and Encode encodes.
// The package uses no database and no network, and never decides who may do
// what.
package vocab

import (
	"encoding/json"
	"time"
)

// Public is the collection of everybody (ActivityPub §5.6).
const Public = "https://www.w3.org/ns/activitystreams#Public"

// MaxAliases is how many of an actor's aliases (alsoKnownAs) are read: as many as
// Mastodon reads.
const MaxAliases = 256

// Object is any ActivityStreams object: an activity, a note, an actor, a
// collection. It has every term that Kinglet reads.
type Object struct {
	ID    string
	Type  string   // the first type that Kinglet knows, else the first
	Types []string // all of them

	// Document is what this was read from, with all its terms, and Raw its
	// original bytes.
	Document Document
	Raw      json.RawMessage

	Actor  Ref
	Object Ref
	Target Ref

	// Addressing; every form of the public collection is read as Public.
	To, Cc, Bto, Bcc, Audience []string

	AttributedTo []Ref
	InReplyTo    Ref
	Content      string
	Name         string
	Summary      string
	MediaType    string
	Source       Source
	Language     string
	Context      string // of the conversation
	Published    time.Time
	Updated      time.Time
	Sensitive    bool
	URL          []Link
	Attachment   []Attachment
	Tag          []Tag
	OneOf, AnyOf []PollOption
	Poll         Poll // of a Question

	PreferredUsername                                string
	WebFinger                                        string // the handle that the actor says is its own (FEP-2c59)
	Inbox, Outbox, Followers, Following, SharedInbox string
	Featured                                         string
	PublicKeys                                       []PublicKey
	Icon, Image                                      *Image
	ManuallyApprovesFollowers                        bool
	Discoverable, Indexable, Suspended               bool
	SigninOnly                                       bool // what it wrote is not for strangers (Misskey, GoToSocial)
	MovedTo                                          string
	AlsoKnownAs                                      []string

	// A key that is a document of its own.
	Owner, PublicKeyPEM, PublicKeyMultibase string

	// What its software implements: ids of specifications (FEP-844e), its own or
	// those of its generator.
	Implements []string
	Generator  string // of drafts: the id of the application that made it

	TotalItems  int64
	Items       []Ref
	First, Next Ref

	FormerType string

	// Of drafts: what it quotes, its author's authorization of that, and who may
	// do what with it.
	Quote, QuoteAuthorization string
	InteractionPolicy         Document
	Instrument, Result        string // ids, of a request and of the Accept of one
}

// Ref names an object by its id, and holds it when it came embedded.
type Ref struct {
	ID     string
	Object *Object
}

// Author is the id of an object's author: the first of its attributedTo that is
// not declared as a Group (PeerTube lists the channel beside the person), or
// its actor when it is attributed to nobody. "" when that has another origin
// than the object. All code reads the author here, so that no two parts disagree
// about it.
func (o *Object) Author() string {
	author := ""
	if len(o.AttributedTo) == 0 {
		author = o.Actor.ID
	}
	for _, ref := range o.AttributedTo {
		if ref.Object == nil || ref.Object.Type != "Group" {
			author = ref.ID
			break
		}
	}
	if author == "" && len(o.AttributedTo) > 0 {
		author = o.AttributedTo[0].ID
	}
	if !SameOrigin(author, o.ID) {
		return ""
	}
	return author
}

// Source is the text as its author typed it.
type Source struct{ Content, MediaType string }

// Link is a URL with its media type and its picture's size, if these were given.
type Link struct {
	Href, MediaType string
	Width, Height   int
}

// Attachment is something shown with a note or, as a PropertyValue, a row of
// an actor's profile.
type Attachment struct {
	Type, MediaType, URL, Name, Value, Blurhash string
	Width, Height                               int
	FocalPoint                                  [2]float64
	HasFocal                                    bool
	Links                                       []Link  // where it is, in one form or in several; URL is the first
	Previews                                    []Image // pictures of it
}

// Tag is a Mention, a Hashtag or an Emoji.
type Tag struct{ Type, Href, Name, Icon string }

// Image is a picture of an actor or of something else.
type Image struct {
	URL, MediaType string
	Width, Height  int
}

// PublicKey is an actor's key: its text, and the owner (or controller) that it
// names. Only the ID is there of one that is a document of its own.
type PublicKey struct {
	ID, Owner      string
	PEM, Multibase string // one of them (FEP-521a)
	Assertion      bool   // in assertionMethod
}

// MaxKeys limits how many keys of an actor are read.
const MaxKeys = 10

// Poll is what a Question says beside its choices.
type Poll struct {
	Ends     time.Time // zero for never
	Closed   time.Time
	IsClosed bool  // whenever that was
	Voters   int64 // 0 when it is not said
}

// PollOption is a choice of a Question and its votes.
type PollOption struct {
	Name  string
	Votes int64
}

// IsActorType reports whether a type is one of the five of actors
// (ActivityStreams Vocabulary §3.2).
func IsActorType(t string) bool {
	switch t {
	case "Person", "Service", "Application", "Group", "Organization":
		return true
	}
	return false
}

// isKnownType reports whether a type is in the ActivityStreams vocabulary (§3):
// an object with several types is read as one of these.
func isKnownType(t string) bool {
	switch t {
	case "Question", "Article", "Audio", "Document", "Event", "Image", "Note", "Page", "Place", "Profile", "Relationship", "Tombstone", "Video",
		"Collection", "OrderedCollection", "CollectionPage", "OrderedCollectionPage":
		return true
	}
	return IsActorType(t) || isASActivity(t)
}

// isASActivity reports whether a type is one of ActivityStreams' activities,
// other than Question, which is an object here.
func isASActivity(t string) bool {
	switch t {
	case "Accept", "Add", "Announce", "Arrive", "Block", "Create", "Delete", "Dislike", "Flag", "Follow", "Ignore", "Invite", "Join",
		"Leave", "Like", "Listen", "Move", "Offer", "Reject", "Read", "Remove", "TentativeReject", "TentativeAccept",
		"Travel", "Undo", "Update", "View":
		return true
	}
	return false
}

// IsActivityType reports whether a type is one of the activities that are sent:
// of ActivityStreams, or one that others added.
func IsActivityType(t string) bool {
	switch t {
	case "EmojiReact", "QuoteRequest", "LikeRequest", "ReplyRequest", "AnnounceRequest", "FeatureRequest", "Lock", "Bite",
		"ApproveReply", "RejectReply", "Activity", "IntransitiveActivity":
		return true
	}
	return isASActivity(t)
}
