package federation

import (
	"net/http"
	"strings"
	"time"

	"kinglet/api/respond"

	"github.com/go-chi/chi/v5"
)

// media serves bytes by their hash. They never run: the type is what they
// were encoded as here, nothing is sniffed, and a browser that opens one as a
// page may load and run nothing (SECURITY-RULES 19). What a hash names never
// changes, but may be deleted, so caches ask again after a while.
func (a *API) media(w http.ResponseWriter, r *http.Request) {
	hash, _, _ := strings.Cut(chi.URLParam(r, "name"), ".")
	if len(hash) != 64 {
		a.fail(w, r, respond.NotFound)
		return
	}
	blob, err := a.Store.BlobReader(r.Context(), hash)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", blob.MediaType)
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	respond.Public(w, mediaAge)
	h.Set("ETag", `"`+hash+`"`)
	http.ServeContent(w, r, "", time.Time{}, blob)
}
