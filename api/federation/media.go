package federation

import (
	"net/http"
	"strings"
	"time"

	"kinglet/api/respond"
	"kinglet/store"

	"github.com/go-chi/chi/v5"
)

// media serves a file by the random key of the row that refers to it: the URL
// ends with the row, even if other rows have the same bytes.
func (a *API) media(w http.ResponseWriter, r *http.Request) {
	a.serveMedia(w, r, chi.URLParam(r, "key"), (*store.Tx).MediaByKey)
}

// oldMedia serves files under /media/{hash}.{ext}, the form from before there
// were keys. It does not redirect: other servers' media proxies relay a 200,
// and not all of them a redirect.
func (a *API) oldMedia(w http.ResponseWriter, r *http.Request) {
	a.serveMedia(w, r, chi.URLParam(r, "name"), (*store.Tx).MediaByOldName)
}

// serveMedia serves a file. It never runs: the type is the one it was encoded
// as here, browsers don't sniff it, and one opened as a page may load and run
// nothing (SECURITY-RULES 19). The content of a URL never changes, but may be
// deleted, so caches revalidate after a while.
func (a *API) serveMedia(w http.ResponseWriter, r *http.Request, name string, find func(tx *store.Tx, name string) (*store.Blob, error)) {
	blob, err := store.Read(r.Context(), a.Store, func(tx *store.Tx) (*store.Blob, error) { return find(tx, name) })
	if err != nil {
		a.fail(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", blob.MediaType)
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	respond.Public(w, mediaAge)
	h.Set("ETag", `"`+name+`"`)
	if strings.Contains(r.Header.Get("Range"), ",") {
		// No player asks for several ranges: a thousand of a byte each would have
		// as many chunks read. Who does is given all (RFC 9110 §14.2).
		r.Header.Del("Range")
	}
	http.ServeContent(respond.AllowDownload(w, blob.Size), r, "", time.Time{}, a.Blobs.Open(r.Context(), blob))
}
