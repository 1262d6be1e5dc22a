package federation

import (
	"encoding/json"
	"net/http"
	"time"

	"kinglet/ap/vocab"
	"kinglet/api/respond"
	"kinglet/internal/fault"
)

// How long caches may keep what everyone may read. What is deleted stays in
// them for so long, so it is short; media have an ETag, by which they are asked
// for again at no cost.
const (
	documentAge = 3 * time.Minute
	mediaAge    = time.Hour
)

// document serves what everybody may read.
func document(w http.ResponseWriter, status int, doc json.RawMessage) {
	respond.Public(w, documentAge)
	w.Header().Set("Vary", "Accept")
	writeDocument(w, status, doc)
}

// privateDocument serves what the signer of the request may read, and nobody
// else: no cache may keep it.
func privateDocument(w http.ResponseWriter, status int, doc json.RawMessage) {
	w.Header().Set("Cache-Control", respond.NotKept)
	w.Header().Set("Vary", "Accept, Signature")
	writeDocument(w, status, doc)
}

func writeDocument(w http.ResponseWriter, status int, doc json.RawMessage) {
	w.Header().Set("Access-Control-Allow-Origin", "*")
	respond.Document(w, status, vocab.ContentType, doc)
}

// hidden answers for what is not there and for what the reader may not see,
// which look the same: a stranger is not told that a private post exists, or
// that there was one.
func (a *API) hidden(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Vary", "Accept, Signature")
	a.fail(w, r, respond.NotFound)
}

// failHidden is fail for documents, of which some are hidden. The key of one
// who signs is fetched as it is for an object that is there: whether we ask for
// it would tell.
func (a *API) failHidden(w http.ResponseWriter, r *http.Request, err error) {
	if r.Header.Get("Signature") != "" {
		_, _ = a.Service.Signer(r.Context(), r, a.client(r))
	}
	if fault.Is(err, fault.NotFound) {
		a.hidden(w, r)
		return
	}
	a.fail(w, r, err)
}
