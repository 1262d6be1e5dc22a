package federation

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"kinglet/api/respond"
	"kinglet/internal/config"
	"kinglet/store"

	"github.com/go-chi/chi/v5"
)

func (a *API) hostMeta(w http.ResponseWriter, _ *http.Request) {
	respond.Public(w, time.Hour)
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

// nodeInfoLinks leads to NodeInfo, and to the server's own actor (FEP-2677).
func (a *API) nodeInfoLinks(w http.ResponseWriter, _ *http.Request) {
	var links []jrdLink
	for _, v := range []string{"2.0", "2.1"} {
		links = append(links, jrdLink{Rel: nodeInfoSchema + v, Href: a.Config.URL + "/nodeinfo/" + v})
	}
	links = append(links, jrdLink{Rel: "https://www.w3.org/ns/activitystreams#Application", Href: a.Config.InstanceActorURI()})
	respond.Public(w, time.Hour)
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
			"nodeName": a.Config.Title, "nodeDescription": a.Config.Description, "federation": map[string]bool{"enabled": true},
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
