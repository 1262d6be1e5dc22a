package federation

import (
	"net/http"
	"strings"
	"time"

	"kinglet/api/respond"
	"kinglet/store"

	"github.com/go-chi/chi/v5"
)

// media serves the bytes that a row refers to, by the row's random key: the
// address ends with the row, whoever else has the same bytes.
func (a *API) media(w http.ResponseWriter, r *http.Request) {
	a.serveMedia(w, r, chi.URLParam(r, "key"), (*store.Tx).MediaByKey)
}

// oldMedia serves what was given out under /media/{hash}.{ext}, before there
// were keys. It answers as it did, and does not redirect: other servers' media
// proxies relay a 200, and not all of them a redirect.
func (a *API) oldMedia(w http.ResponseWriter, r *http.Request) {
	a.serveMedia(w, r, chi.URLParam(r, "name"), (*store.Tx).MediaByOldName)
}

// serveMedia serves bytes. They never run: the type is what they were encoded
// as here, nothing is sniffed, and a browser that opens them as a page may load
// and run nothing (SECURITY-RULES 19). What a name leads to never changes, but
// may be deleted, so caches ask again after a while.
func (a *API) serveMedia(w http.ResponseWriter, r *http.Request, name string, find func(tx *store.Tx, name string) (*store.Blob, error)) {
	var blob *store.Blob
	err := a.Store.View(r.Context(), func(tx *store.Tx) (err error) {
		blob, err = find(tx, name)
		return err
	})
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
