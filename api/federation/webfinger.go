package federation

import (
	"encoding/json"
	"mime"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"kinglet/ap/vocab"
	"kinglet/api/respond"
	"kinglet/internal/config"
	"kinglet/internal/fault"
	"kinglet/store"
)

type jrdLink struct {
	Rel      string `json:"rel"`
	Type     string `json:"type,omitempty"`
	Href     string `json:"href,omitempty"`
	Template string `json:"template,omitempty"`
}

type jrd struct {
	Subject string    `json:"subject,omitempty"`
	Aliases []string  `json:"aliases,omitempty"`
	Links   []jrdLink `json:"links"`
}

// The relations of our links (RFC 7033 §4.4.4). The intents are those of
// FEP-3b86 that the page /authorize_interaction serves.
const (
	relSelf      = "self"
	relProfile   = "http://webfinger.net/rel/profile-page"
	relAvatar    = "http://webfinger.net/rel/avatar"
	relSubscribe = "http://ostatus.org/schema/1.0/subscribe"
	relIntent    = "https://w3id.org/fep/3b86/"
	relService   = "https://www.w3.org/ns/activitystreams#Service" // the server's own actor (FEP-d556)
)

var intents = []string{"Follow", "Object", "Like", "Announce"}

// webFinger answers for handles on the account domain and on the host that
// serves it, and for actors' URIs (RFC 7033). The subject is always the
// handle on the account domain.
func (a *API) webFinger(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	name, err := a.resource(q["resource"])
	if err != nil {
		a.fail(w, r, err)
		return
	}
	if name == config.InstanceActorName {
		a.jrd(w, jrd{
			Subject: "acct:" + a.Config.Handle(name), Aliases: []string{a.Config.InstanceActorURI()},
			Links: only(q["rel"], append(selfLinks(a.Config.InstanceActorURI()), jrdLink{Rel: relService, Type: "application/activity+json", Href: a.Config.InstanceActorURI()})),
		})
		return
	}
	account, err := store.Read(r.Context(), a.Store, func(tx *store.Tx) (*store.Account, error) { return activeLocal(tx, name) })
	if err != nil {
		a.fail(w, r, err)
		return
	}
	a.jrd(w, jrd{
		Subject: "acct:" + a.Config.Handle(account.Username), Aliases: []string{account.URL, account.URI}, Links: only(q["rel"], a.accountLinks(account)),
	})
}

// selfLinks lead to an actor by either media type of ActivityPub: some servers
// look for the one, some for the other.
func selfLinks(uri string) []jrdLink {
	return []jrdLink{
		{Rel: relSelf, Type: "application/activity+json", Href: uri},
		{Rel: relSelf, Type: `application/ld+json; profile="https://www.w3.org/ns/activitystreams"`, Href: uri},
	}
}

func (a *API) accountLinks(account *store.Account) []jrdLink {
	links := append(selfLinks(account.URI), jrdLink{Rel: relProfile, Type: "text/html", Href: account.URL})
	if account.Avatar != "" {
		links = append(links, jrdLink{Rel: relAvatar, Type: mime.TypeByExtension(path.Ext(account.Avatar)), Href: account.Avatar})
	}
	page := a.Config.InteractionURL()
	links = append(links, jrdLink{Rel: relSubscribe, Template: page + "{uri}"})
	for _, intent := range intents {
		links = append(links, jrdLink{Rel: relIntent + intent, Template: page + "{object}"})
	}
	return links
}

// only leaves the links of some relations, of all if none is named (RFC 7033
// §4.3).
func only(rels []string, links []jrdLink) []jrdLink {
	if len(rels) == 0 {
		return links
	}
	return slices.DeleteFunc(links, func(l jrdLink) bool { return !slices.Contains(rels, l.Rel) })
}

// resource is the name of the account that a resource is: a handle with or
// without acct: and @, the URI of an actor, or the address of its page. Errors
// are Malformed for what is no address at all, and NotFound.
func (a *API) resource(list []string) (name string, err error) {
	malformed := fault.Errorf(fault.Malformed, "The parameter resource is missing, or not the address of an account")
	if len(list) != 1 || list[0] == "" || len(list[0]) > vocab.MaxURI || strings.ContainsFunc(list[0], func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return "", malformed
	}
	resource := list[0]
	if scheme, _, found := strings.Cut(resource, ":"); found && !strings.EqualFold(scheme, "acct") && !strings.Contains(scheme, "@") {
		u, err := url.Parse(resource)
		if err != nil || u.Opaque == "" && u.Host == "" {
			return "", malformed
		}
		return a.accountOfURL(resource)
	}
	h, ok := a.Config.ParseHandle(resource)
	switch {
	case !ok, h.Domain == "" && !h.Own:
		return "", malformed
	case !h.Own:
		return "", respond.NotFound
	case strings.Contains(h.Name, ".") && a.Config.IsOwnHost(h.Name), strings.EqualFold(h.Name, config.InstanceActorName):
		return config.InstanceActorName, nil // others call a server's own actor by its host
	}
	return h.Name, nil
}

// accountOfURL is the name of the account of an http or https URL of ours: of an
// actor, of its page or, for the server's own actor, of the server.
func (a *API) accountOfURL(resource string) (string, error) {
	u := a.Config.ParseURL(strings.TrimSuffix(resource, "/"))
	if u.Kind == config.InstanceActorURL || vocab.SameOrigin(resource, a.Config.URL) && isRoot(resource) {
		return config.InstanceActorName, nil
	}
	if name, ok := u.Username(); ok {
		return name, nil
	}
	return "", respond.NotFound
}

func isRoot(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Path == "" || u.Path == "/") && u.RawQuery == ""
}

func (a *API) jrd(w http.ResponseWriter, doc jrd) {
	b, err := json.Marshal(doc)
	if err != nil {
		panic(err) // only our own plain structs come here
	}
	respond.Public(w, time.Hour)
	respond.Document(w, http.StatusOK, "application/jrd+json; charset=utf-8", b)
}
