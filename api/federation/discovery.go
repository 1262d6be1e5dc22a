package federation

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"kinglet/api/respond"
	"kinglet/internal/config"
	"kinglet/internal/fault"
	"kinglet/store"

	"github.com/go-chi/chi/v5"
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

// webFinger answers for handles on the account domain and on the host that
// serves it, and for actors' URIs (RFC 7033). The subject is always the
// handle on the account domain.
func (a *API) webFinger(w http.ResponseWriter, r *http.Request) {
	resource := r.URL.Query().Get("resource")
	if resource == "" {
		a.fail(w, r, fault.Errorf(fault.Malformed, "The parameter resource is missing"))
		return
	}
	name, ok := a.localName(resource)
	if !ok {
		a.fail(w, r, respond.NotFound)
		return
	}
	if name == config.InstanceActorName {
		a.jrd(w, jrd{
			Subject: "acct:" + name + "@" + a.Config.Domain, Aliases: []string{a.Config.InstanceActorURI()},
			Links: []jrdLink{{Rel: "self", Type: "application/activity+json", Href: a.Config.InstanceActorURI()}},
		})
		return
	}
	account, err := store.Read(r.Context(), a.Store, func(tx *store.Tx) (*store.Account, error) { return activeLocal(tx, name) })
	if err != nil {
		a.fail(w, r, err)
		return
	}
	a.jrd(w, jrd{
		Subject: "acct:" + a.Config.Handle(account.Username), Aliases: []string{account.URL, account.URI},
		Links: []jrdLink{
			{Rel: "http://webfinger.net/rel/profile-page", Type: "text/html", Href: account.URL},
			{Rel: "self", Type: "application/activity+json", Href: account.URI},
		},
	})
}

// localName is the name of the account that a resource is: a URI or a handle.
func (a *API) localName(resource string) (string, bool) {
	u := a.Config.ParseURL(resource)
	if u.Kind == config.InstanceActorURL {
		return config.InstanceActorName, true
	}
	if name, ok := u.Username(); ok {
		return name, true
	}
	h, ok := a.Config.ParseHandle(resource)
	return h.Name, ok && h.Own
}

func (a *API) jrd(w http.ResponseWriter, doc jrd) {
	b, err := json.Marshal(doc)
	if err != nil {
		panic(err) // only our own plain structs come here
	}
	respond.Public(w, time.Hour)
	respond.Document(w, http.StatusOK, "application/jrd+json; charset=utf-8", b)
}

func (a *API) hostMeta(w http.ResponseWriter, _ *http.Request) {
	respond.Document(w, http.StatusOK, "application/xrd+xml; charset=utf-8", []byte(`<?xml version="1.0" encoding="UTF-8"?>
<XRD xmlns="http://docs.oasis-open.org/ns/xri/xrd-1.0">
  <Link rel="lrdd" type="application/jrd+json" template="`+a.Config.URL+`/.well-known/webfinger?resource={uri}"/>
</XRD>
`))
}

func (a *API) hostMetaJSON(w http.ResponseWriter, _ *http.Request) {
	a.jrd(w, jrd{Links: []jrdLink{{Rel: "lrdd", Type: "application/jrd+json", Template: a.Config.URL + "/.well-known/webfinger?resource={uri}"}}})
}

const nodeInfoSchema = "http://nodeinfo.diaspora.software/ns/schema/"

func (a *API) nodeInfoLinks(w http.ResponseWriter, _ *http.Request) {
	var links []jrdLink
	for _, v := range []string{"2.0", "2.1"} {
		links = append(links, jrdLink{Rel: nodeInfoSchema + v, Href: a.Config.URL + "/nodeinfo/" + v})
	}
	respond.JSON(w, http.StatusOK, jrd{Links: links})
}

func (a *API) nodeInfo(w http.ResponseWriter, r *http.Request) {
	version := strings.TrimSuffix(chi.URLParam(r, "version"), ".json")
	if version != "2.0" && version != "2.1" {
		a.fail(w, r, respond.NotFound)
		return
	}
	stats, err := store.Read(r.Context(), a.Store, (*store.Tx).Stats)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	software := map[string]string{"name": "kinglet", "version": config.Version}
	if version == "2.1" {
		software["repository"] = a.Config.Source()
	}
	b, err := json.Marshal(map[string]any{
		"version": version, "software": software, "protocols": []string{"activitypub"},
		"services":          map[string]any{"inbound": []string{}, "outbound": []string{}},
		"openRegistrations": false,
		"usage": map[string]any{
			"users":      map[string]any{"total": stats.Users, "activeMonth": stats.ActiveMonth, "activeHalfyear": stats.ActiveHalfYear},
			"localPosts": stats.Statuses,
		},
		"metadata": map[string]any{
			"nodeName": a.Config.Title, "nodeDescription": a.Config.Description,
			// Client libraries (megalodon) detect the API by this field.
			"upstream": map[string]string{"name": "mastodon"},
		},
	})
	if err != nil {
		a.fail(w, r, err)
		return
	}
	respond.Public(w, 10*time.Minute)
	respond.Document(w, http.StatusOK, `application/json; profile="`+nodeInfoSchema+version+`#"; charset=utf-8`, b)
}
