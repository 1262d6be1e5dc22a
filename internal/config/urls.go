package config

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// The URLs that other servers store. None may ever change.

// Host is the host[:port] of the base URL.
func (c *Config) Host() string { return c.URL[strings.Index(c.URL, "//")+2:] }

// Handle is name@domain.
func (c *Config) Handle(name string) string { return name + "@" + c.Domain }

// ActorURI is the ActivityPub id of a local account; the following are those of
// its collections and key.
func (c *Config) ActorURI(name string) string     { return c.ids() + "/users/" + name }
func (c *Config) KeyID(name string) string        { return c.ActorURI(name) + "#main-key" }
func (c *Config) InboxURI(name string) string     { return c.ActorURI(name) + "/inbox" }
func (c *Config) OutboxURI(name string) string    { return c.ActorURI(name) + "/outbox" }
func (c *Config) FollowersURI(name string) string { return c.ActorURI(name) + "/followers" }
func (c *Config) FollowingURI(name string) string { return c.ActorURI(name) + "/following" }
func (c *Config) FeaturedURI(name string) string  { return c.ActorURI(name) + "/collections/featured" }

// SharedInboxURI is the inbox for activities to several local accounts.
func (c *Config) SharedInboxURI() string { return c.ids() + "/inbox" }

// ObjectURI, ActivityURI and ContextURI are ids by UUID.
func (c *Config) ObjectURI(uuid string) string   { return c.ids() + "/objects/" + uuid }
func (c *Config) ActivityURI(uuid string) string { return c.ids() + "/activities/" + uuid }
func (c *Config) ContextURI(uuid string) string  { return c.ids() + "/contexts/" + uuid }

// InstanceActorName is the preferredUsername of the actor that fetches for the
// whole server. It has a dot, which no account's has, and not the host's name,
// since with a port that is no name to others.
const InstanceActorName = "instance.actor"

// InstanceActorURI is the actor that fetches for the whole server.
func (c *Config) InstanceActorURI() string { return c.ids() + "/actor" }

// InstanceKeyID is its key.
func (c *Config) InstanceKeyID() string { return c.InstanceActorURI() + "#main-key" }

// ProfileURL and StatusURL are pages.
func (c *Config) ProfileURL(name string) string { return c.URL + "/@" + name }
func (c *Config) StatusURL(name string, id int64) string {
	return c.ProfileURL(name) + "/" + strconv.FormatInt(id, 10)
}

// TagURL is the page of a hashtag.
func (c *Config) TagURL(tag string) string {
	return c.URL + "/tags/" + url.PathEscape(strings.ToLower(tag))
}

// MediaURL is where the file of a row is served: under a random key of that
// row. The name is for people, and may be any.
func (c *Config) MediaURL(key, name string) string { return c.URL + "/media/" + key + "/" + name }

// LocalUsername finds the account that a URI on this server names, in
// whatever spelling of the host: its actor id or its page. The name is as
// spelt; whether there is such an account is another question.
func (c *Config) LocalUsername(uri string) (string, bool) {
	spelt, ok := c.OwnURL(uri)
	if !ok {
		return "", false
	}
	name, ok := strings.CutPrefix(spelt, c.ids()+"/users/")
	if !ok {
		name, ok = strings.CutPrefix(spelt, c.URL+"/@")
	}
	if !ok || ValidUsername(name) != nil {
		return "", false
	}
	return name, true
}

// reserved are names that would be mistaken for the server or its routes.
var reserved = map[string]bool{
	"admin": true, "administrator": true, "api": true, "actor": true, "inbox": true, "instance": true,
	"oauth": true, "root": true, "support": true, "system": true, "users": true, "webmaster": true,
}

// ValidUsername says what is wrong with a name for a new account.
func ValidUsername(name string) error {
	if name == "" || len(name) > 30 {
		return fmt.Errorf("username %q: want 1 to 30 characters", name)
	}
	for _, r := range name {
		if r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') {
			return fmt.Errorf("username %q: want letters a to z, digits and underscores only", name)
		}
	}
	return nil
}

// ReservedUsername reports whether a name may not be taken by a new account.
func ReservedUsername(name string) bool { return reserved[strings.ToLower(name)] }
