package vocab

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// The limits of each list that is read. More recipients are an error, since
// cutting them would change who a post is for; of the other lists the rest is
// ignored.
const (
	MaxRecipients  = 1000
	MaxTags        = 500
	MaxAttachments = 80
	MaxItems       = 1000
)

// Parse parses a document. It returns an error that names what is wrong when
// the document exceeds the bounds, is not a JSON object, has a core term twice,
// redefines core terms in its @context, or has several values where one decides
// authority (id, actor). Of several objects none is read.
func Parse(raw []byte) (*Object, error) { return Bounds{}.Parse(raw) }

// Bounds are the limits of a document that are settings.
type Bounds struct {
	Mentions int // how many accounts one object may mention; 0 for any number
}

// Parse is Parse within these bounds.
func (b Bounds) Parse(raw []byte) (*Object, error) {
	raw = bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf")) // a byte order mark, which JSON doesn't have
	if !utf8.Valid(raw) {
		raw = bytes.ToValidUTF8(raw, []byte("\ufffd"))
	}
	m, d, err := decode(raw)
	if err != nil {
		return nil, err
	}
	d.bounds = b
	return d.read(m)
}

// Read reads a document that is not encoded yet: a draft of ours, or what a
// policy has rewritten. The same rules apply as in Parse.
func Read(m Document) (*Object, error) { return (&decoder{}).read(m) }

func (d *decoder) read(m Document) (*Object, error) {
	if d.odd || d.raw == nil {
		if err := plainTerms(m); err != nil {
			return nil, err
		}
	}
	if err := checkContext(m["@context"]); err != nil {
		return nil, err
	}
	o, err := d.typed(m, 0)
	if err != nil {
		return nil, err
	}
	if o.Language == "" && o.Content != "" {
		o.Language = contextLanguage(m["@context"])
	}
	return o, nil
}

// maxEmbedded is how deep embedded objects are read; what is deeper is known by
// its id only.
const maxEmbedded = 3

func (d *decoder) typed(m Document, depth int) (*Object, error) {
	o := &Object{Document: m}
	var err error
	if o.ID, err = single(m, "id"); err != nil {
		return nil, err
	}
	o.Types = texts(m["type"])
	for _, t := range o.Types {
		if o.Type == "" || !isKnownType(o.Type) && isKnownType(t) {
			o.Type = t
		}
	}
	if o.Type == "Feed" && m["inbox"] != nil {
		o.Type = "Group" // PieFed's name for an actor that follows communities
	}
	if o.Actor, err = d.singleRef(m, "actor", depth); err != nil {
		return nil, err
	}
	if objects := list(m["object"]); len(objects) == 1 {
		if o.Object, err = d.ref(objects[0], depth); err != nil {
			return nil, err
		}
	}
	o.Target = d.firstRef(m["target"], depth)
	for _, l := range []struct {
		dest *[]string
		key  string
	}{{&o.To, "to"}, {&o.Cc, "cc"}, {&o.Bto, "bto"}, {&o.Bcc, "bcc"}, {&o.Audience, "audience"}} {
		if *l.dest, err = recipients(m[l.key]); err != nil {
			return nil, fmt.Errorf("%s: %w", l.key, err)
		}
	}
	if o.AttributedTo, err = d.authors(m["attributedTo"], depth); err != nil {
		return nil, fmt.Errorf("attributedTo: %w", err)
	}
	o.InReplyTo = Ref{ID: d.firstRef(m["inReplyTo"], maxEmbedded).ID}
	readText(o, m)
	o.Context = contextOf(m)
	o.Published, o.Updated = timeOf(m["published"]), timeOf(m["updated"])
	o.Sensitive = boolOf(m["sensitive"])
	o.URL = links(m["url"])
	o.Attachment, o.Tag = attachments(m["attachment"]), tags(m["tag"])
	if n, most := countMentions(m["tag"]), d.bounds.Mentions; most > 0 && n > most {
		return nil, fmt.Errorf("%d mentions exceed the limit of %d", n, most)
	}
	o.OneOf, o.AnyOf, o.Poll = pollOptions(m["oneOf"]), pollOptions(m["anyOf"]), pollOf(m)
	readActor(o, m)
	o.TotalItems = Count(m["totalItems"])
	o.Items = d.refs(m["orderedItems"], depth, MaxItems)
	if o.Items == nil {
		o.Items = d.refs(m["items"], depth, MaxItems)
	}
	o.First, o.Next = d.firstRef(m["first"], depth), d.firstRef(m["next"], depth)
	o.FormerType = text(m["formerType"])
	if o.Raw = d.spans[address(m)]; o.Raw == nil {
		o.Raw = Encode(m)
	}
	return o, nil
}

func readActor(o *Object, m map[string]any) {
	o.PreferredUsername, o.WebFinger = text(m["preferredUsername"]), text(m["webfinger"])
	o.Inbox, o.Outbox = id(m["inbox"]), id(m["outbox"])
	o.Followers, o.Following, o.Featured = id(m["followers"]), id(m["following"]), id(m["featured"])
	if e, ok := m["endpoints"].(map[string]any); ok {
		o.SharedInbox = id(e["sharedInbox"])
	}
	if o.SharedInbox == "" {
		o.SharedInbox = id(m["sharedInbox"]) // Misskey's
	}
	readKeys(o, m)
	o.Implements = implements(m)
	o.Icon, o.Image = image(m["icon"]), image(m["image"])
	o.ManuallyApprovesFollowers = boolOf(m["manuallyApprovesFollowers"])
	o.Discoverable, o.Indexable, o.Suspended = boolOf(m["discoverable"]), boolOf(m["indexable"]), boolOf(m["suspended"])
	o.SigninOnly = boolOf(m["_misskey_requireSigninToViewContents"]) || boolOf(m["hidesToPublicFromUnauthedWeb"])
	o.MovedTo = id(m["movedTo"])
	for _, v := range list(m["alsoKnownAs"]) {
		if s := id(v); s != "" && len(o.AlsoKnownAs) < MaxAliases {
			o.AlsoKnownAs = append(o.AlsoKnownAs, s)
		}
	}
}

// text is a string without characters that databases and pages can't store.
func text(v any) string {
	s, _ := v.(string)
	if s == "" {
		return ""
	}
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\ufffd"), "\x00", "")
}

func texts(v any) []string {
	var out []string
	for _, x := range list(v) {
		if s := text(x); s != "" && len(out) < 16 {
			out = append(out, s)
		}
	}
	return out
}

func list(v any) []any {
	switch x := v.(type) {
	case nil:
		return nil
	case []any:
		return x
	}
	return []any{v}
}

func number(v any) float64 {
	switch n := v.(type) {
	case json.Number:
		if f, err := n.Float64(); err == nil {
			return f
		}
		return 0 // 1e999 is infinite to Go, and no JSON can say that again
	case float64:
		return n
	case string:
		if f, err := strconv.ParseFloat(strings.TrimSpace(n), 64); err == nil && !math.IsInf(f, 0) && !math.IsNaN(f) {
			return f
		}
	}
	return 0
}

func boolOf(v any) bool {
	switch x := v.(type) {
	case bool:
		return x
	case string:
		return x == "true" || x == "as:sensitive"
	}
	return false
}

// contextOf is the conversation: its context or, where that is not an id,
// OStatus's conversation.
func contextOf(m map[string]any) string {
	if s := id(m["context"]); s != "" {
		return s
	}
	return text(m["conversation"])
}

// Time is a time in a document, zero for what is none.
func Time(v any) time.Time { return timeOf(v) }

// maxCount is the most of anything: JSON numbers are exact up to it, and sums stay numbers.
const maxCount = 1 << 53

// Count is how many of something there are, by a document: none is negative.
func Count(v any) int64 { return int64(min(max(number(v), 0), maxCount)) }

// Number is a number in a document, 0 for what is none.
func Number(v any) float64 { return number(v) }

// timeOf reads xsd:dateTime, with or without fraction and zone; what can't be
// read is no time. Nor is what its zone moves out of the years that can be
// written: RFC 3339 has four digits.
func timeOf(v any) time.Time {
	t, ok := LocalTime(v)
	if t = t.UTC(); !ok || t.Year() < 0 || t.Year() > 9999 {
		return time.Time{}
	}
	return t
}

// LocalTime is a time in the zone in which it is written; ok is false for what
// can't be read.
func LocalTime(v any) (t time.Time, ok bool) {
	s := text(v)
	if s == "" {
		return time.Time{}, false
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05Z0700"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

func isURI(s string) bool {
	_, err := ParseURI(s)
	return err == nil
}

func firstText(v any) string {
	if l := texts(v); len(l) > 0 {
		return l[0]
	}
	return ""
}

func tags(v any) []Tag {
	var out []Tag
	for _, x := range list(v) {
		m, ok := x.(map[string]any)
		if !ok || len(out) == MaxTags {
			continue
		}
		t := Tag{Type: firstText(m["type"]), Href: id(m["href"]), Name: text(m["name"])}
		if icon := image(m["icon"]); icon != nil {
			t.Icon = icon.URL
		}
		out = append(out, t)
	}
	return out
}

func countMentions(v any) (n int) {
	for _, x := range list(v) {
		if m, ok := x.(map[string]any); ok && firstText(m["type"]) == "Mention" {
			n++
		}
	}
	return n
}
