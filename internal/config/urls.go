package config

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// The URLs that this server gives out. Other servers store them, so none may
// ever change. All of them are in one table (ownURLs), from which they are
// made, parsed and routed.

// URLKind is the kind of one of our URLs.
type URLKind int

// The kinds. The zero value is not a URL of ours.
const (
	NotOurURL URLKind = iota
	ActorURL
	KeyURL
	Ed25519KeyURL
	InboxURL
	OutboxURL
	FollowersURL
	FollowersSyncURL
	FollowingURL
	FeaturedURL
	InstanceActorURL
	InstanceKeyURL
	InstanceEd25519KeyURL
	InstanceInboxURL
	InstanceOutboxURL
	InstanceFollowersURL
	SharedInboxURL
	ObjectURL
	RepliesURL
	LikesURL
	SharesURL
	ActivityURL
	ContextURL
	ProfileURL
	StatusURL
	TagURL
	MediaURL
	StaticURL
)

// ownURLs is the table. {name} is a username, {tag} and {file} another name;
// {uuid}, {id} and {key} are ids. URLs that are ids for other servers keep the
// URL that the database began with (base.go).
var ownURLs = [...]struct {
	path, fragment string
	isID           bool
}{
	ActorURL:              {path: "/users/{name}", isID: true},
	KeyURL:                {path: "/users/{name}", fragment: "main-key", isID: true},
	Ed25519KeyURL:         {path: "/users/{name}", fragment: "ed25519-key", isID: true},
	InboxURL:              {path: "/users/{name}/inbox", isID: true},
	OutboxURL:             {path: "/users/{name}/outbox", isID: true},
	FollowersURL:          {path: "/users/{name}/followers", isID: true},
	FollowersSyncURL:      {path: "/users/{name}/followers_synchronization", isID: true},
	FollowingURL:          {path: "/users/{name}/following", isID: true},
	FeaturedURL:           {path: "/users/{name}/collections/featured", isID: true},
	InstanceActorURL:      {path: "/actor", isID: true},
	InstanceKeyURL:        {path: "/actor", fragment: "main-key", isID: true},
	InstanceEd25519KeyURL: {path: "/actor", fragment: "ed25519-key", isID: true},
	InstanceInboxURL:      {path: "/actor/inbox", isID: true},
	InstanceOutboxURL:     {path: "/actor/outbox", isID: true},
	InstanceFollowersURL:  {path: "/actor/followers", isID: true},
	SharedInboxURL:        {path: "/inbox", isID: true},
	ObjectURL:             {path: "/objects/{uuid}", isID: true},
	RepliesURL:            {path: "/objects/{uuid}/replies", isID: true},
	LikesURL:              {path: "/objects/{uuid}/likes", isID: true},
	SharesURL:             {path: "/objects/{uuid}/shares", isID: true},
	ActivityURL:           {path: "/activities/{uuid}", isID: true},
	ContextURL:            {path: "/contexts/{uuid}", isID: true},
	ProfileURL:            {path: "/@{name}"},
	StatusURL:             {path: "/@{name}/{id}"},
	TagURL:                {path: "/tags/{tag}"},
	MediaURL:              {path: "/media/{key}/{file}"},
	StaticURL:             {path: "/static/{file}"},
}

// otherSegments are the first segments of other paths that are served.
var otherSegments = []string{".well-known", "api", "auth", "authorize_interaction", "favicon.ico", "health", "nodeinfo", "oauth", "robots.txt", "source.tar.gz"}

// ReservedSegment reports whether the first segment of a path is the server's:
// every route begins with one, or with an @.
func ReservedSegment(segment string) bool {
	if slices.Contains(otherSegments, segment) {
		return true
	}
	for _, p := range ownURLs {
		if p.path != "" && strings.Split(p.path, "/")[1] == segment {
			return true
		}
	}
	return false
}

// Path is the path of a kind as a router pattern: /users/{name}. It is "" for
// an invalid kind.
func (k URLKind) Path() string {
	if k <= NotOurURL || int(k) >= len(ownURLs) {
		return ""
	}
	return ownURLs[k].path
}

// URL is one of our URLs, parsed.
type URL struct {
	Kind URLKind
	Name string // the username, tag or file name
	ID   string // the UUID, the status's id or the key of the media, as written
}

// Username is the name of the account of an actor id or a profile page. The
// account may not exist.
func (u URL) Username() (name string, ok bool) {
	return u.Name, u.Kind == ActorURL || u.Kind == ProfileURL
}

// MakeURL makes a URL of ours.
func (c *Config) MakeURL(u URL) string {
	if u.Kind.Path() == "" {
		return ""
	}
	p := ownURLs[u.Kind]
	var b strings.Builder
	if p.isID {
		b.WriteString(c.ids())
	} else {
		b.WriteString(c.URL)
	}
	for rest := p.path; rest != ""; {
		var before, field string
		before, rest, _ = strings.Cut(rest, "{")
		field, rest, _ = strings.Cut(rest, "}")
		b.WriteString(before)
		switch field {
		case "":
		case "tag":
			b.WriteString(url.PathEscape(strings.ToLower(u.Name)))
		case "name", "file":
			b.WriteString(url.PathEscape(u.Name))
		default:
			b.WriteString(url.PathEscape(u.ID))
		}
	}
	if p.fragment != "" {
		b.WriteString("#" + p.fragment)
	}
	return b.String()
}

// ParseURL parses a URI on the host of our base URL or of our ids, in any form
// of the host. The kind is NotOurURL for everything else: another host, a path
// of none of the kinds, a query.
func (c *Config) ParseURL(uri string) URL {
	u, ok := c.parseOnOwnHost(uri)
	if !ok || u.RawQuery != "" {
		return URL{}
	}
	segments := strings.Split(u.EscapedPath(), "/")
	for i, s := range segments {
		var err error
		if segments[i], err = url.PathUnescape(s); err != nil {
			return URL{}
		}
	}
	for k, p := range ownURLs {
		if found := (URL{Kind: URLKind(k)}); p.path != "" && p.fragment == u.Fragment && found.match(p.path, segments) {
			return found
		}
	}
	return URL{}
}

// match compares segments with a path of the table, and sets the fields.
func (u *URL) match(path string, segments []string) bool {
	want := strings.Split(path, "/")
	if len(want) != len(segments) {
		return false
	}
	for i, w := range want {
		before, field, isField := strings.Cut(w, "{")
		value, ok := strings.CutPrefix(segments[i], before)
		if !ok || isField == (value == "") {
			return false
		}
		switch field {
		case "":
		case "name}":
			if ValidUsername(value) != nil {
				return false
			}
			u.Name = value
		case "tag}":
			u.Name = strings.ToLower(value)
		case "file}":
			u.Name = value
		default:
			u.ID = value
		}
	}
	return true
}

// Host is the host[:port] of the base URL.
func (c *Config) Host() string { return c.URL[strings.Index(c.URL, "//")+2:] }

// Handle is name@domain.
func (c *Config) Handle(name string) string { return name + "@" + c.Domain }

// ActorURI is the ActivityPub id of a local account; the following are those of
// its key and collections.
func (c *Config) ActorURI(name string) string { return c.MakeURL(URL{Kind: ActorURL, Name: name}) }

// KeyID is the id of its key.
func (c *Config) KeyID(name string) string { return c.MakeURL(URL{Kind: KeyURL, Name: name}) }

// Ed25519KeyID is the id of its second key, an Ed25519 one.
func (c *Config) Ed25519KeyID(name string) string {
	return c.MakeURL(URL{Kind: Ed25519KeyURL, Name: name})
}

// InboxURI is the account's own inbox.
func (c *Config) InboxURI(name string) string { return c.MakeURL(URL{Kind: InboxURL, Name: name}) }

// OutboxURI is the collection of its activities.
func (c *Config) OutboxURI(name string) string { return c.MakeURL(URL{Kind: OutboxURL, Name: name}) }

// FollowersURI is the collection of its followers.
func (c *Config) FollowersURI(name string) string {
	return c.MakeURL(URL{Kind: FollowersURL, Name: name})
}

// FollowersSyncURI is the collection of those of its followers that are on the
// server which asks (FEP-8fcf).
func (c *Config) FollowersSyncURI(name string) string {
	return c.MakeURL(URL{Kind: FollowersSyncURL, Name: name})
}

// FollowingURI is the collection of the accounts that it follows.
func (c *Config) FollowingURI(name string) string {
	return c.MakeURL(URL{Kind: FollowingURL, Name: name})
}

// FeaturedURI is the collection of its pinned posts.
func (c *Config) FeaturedURI(name string) string {
	return c.MakeURL(URL{Kind: FeaturedURL, Name: name})
}

// SharedInboxURI is the inbox for activities to several local accounts.
func (c *Config) SharedInboxURI() string { return c.MakeURL(URL{Kind: SharedInboxURL}) }

// ObjectURI is the id of a post.
func (c *Config) ObjectURI(uuid string) string { return c.MakeURL(URL{Kind: ObjectURL, ID: uuid}) }

// ActivityURI is the id of an activity.
func (c *Config) ActivityURI(uuid string) string { return c.MakeURL(URL{Kind: ActivityURL, ID: uuid}) }

// ContextURI is the id of a conversation.
func (c *Config) ContextURI(uuid string) string { return c.MakeURL(URL{Kind: ContextURL, ID: uuid}) }

// InstanceActorURI is the actor that fetches for the whole server; the
// following are its key and collections.
func (c *Config) InstanceActorURI() string { return c.MakeURL(URL{Kind: InstanceActorURL}) }

// InstanceKeyID is the id of its key.
func (c *Config) InstanceKeyID() string { return c.MakeURL(URL{Kind: InstanceKeyURL}) }

// InstanceEd25519KeyID is the id of its second key, an Ed25519 one.
func (c *Config) InstanceEd25519KeyID() string {
	return c.MakeURL(URL{Kind: InstanceEd25519KeyURL})
}

// InstanceInboxURI is the instance actor's inbox.
func (c *Config) InstanceInboxURI() string { return c.MakeURL(URL{Kind: InstanceInboxURL}) }

// InstanceOutboxURI is the instance actor's outbox, always empty.
func (c *Config) InstanceOutboxURI() string { return c.MakeURL(URL{Kind: InstanceOutboxURL}) }

// InstanceFollowersURI is whom it addresses what it announces to relays: it is
// shown empty, since the relays are nobody's business.
func (c *Config) InstanceFollowersURI() string { return c.MakeURL(URL{Kind: InstanceFollowersURL}) }

// ProfileURL is the page of an account.
func (c *Config) ProfileURL(name string) string { return c.MakeURL(URL{Kind: ProfileURL, Name: name}) }

// StatusURL is the page of a post.
func (c *Config) StatusURL(name string, id int64) string {
	return c.MakeURL(URL{Kind: StatusURL, Name: name, ID: strconv.FormatInt(id, 10)})
}

// TagURL is the page of a hashtag.
func (c *Config) TagURL(tag string) string { return c.MakeURL(URL{Kind: TagURL, Name: tag}) }

// MediaURL is where the file of a row is served: under a random key of that
// row. The name is for people, and may be any.
func (c *Config) MediaURL(key, name string) string {
	return c.MakeURL(URL{Kind: MediaURL, ID: key, Name: name})
}

// StaticURL is the URL of a file that is part of the program.
func (c *Config) StaticURL(file string) string { return c.MakeURL(URL{Kind: StaticURL, Name: file}) }

// InteractionPath is the page that other servers' "follow" and "reply" buttons
// lead to, with what they are about as its parameter uri.
const InteractionPath = "/authorize_interaction"

// InteractionURL is that page, up to the address that has to be put behind it.
func (c *Config) InteractionURL() string { return c.URL + InteractionPath + "?uri=" }
