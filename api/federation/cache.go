package federation

import (
	"encoding/json"
	"net/http"
	"time"

	"kinglet/ap/signature"
	"kinglet/ap/vocab"
	"kinglet/api/respond"
)

// How long caches may keep public answers. What is deleted stays in them for so
// long, so it is short; media have an ETag, so asking again is cheap.
const (
	documentAge = 3 * time.Minute
	mediaAge    = time.Hour
)

// document serves what is public. While any policy decides which servers get
// what, no cache may give one the answer to another; where requests have to be
// signed, none may keep it. Who has the same bytes already is answered with 304.
func (a *API) document(w http.ResponseWriter, status int, doc json.RawMessage) {
	if a.Config.Federation.AuthorizedFetch {
		privateDocument(w, status, doc)
		return
	}
	vary := "Accept"
	if a.Service.AsksReaders() {
		vary = "Accept, Signature"
	}
	publicDocument(w, status, doc, vary)
}

func publicDocument(w http.ResponseWriter, status int, doc json.RawMessage, vary string) {
	respond.Public(w, documentAge)
	w.Header().Set("Vary", vary)
	if status == http.StatusOK {
		w.Header().Set("Access-Control-Allow-Origin", "*")
		if respond.NotModified(w, respond.ETag(doc)) {
			return
		}
	}
	writeDocument(w, status, doc)
}

// privateDocument serves what only the signer of the request may read: no cache
// may keep it.
func privateDocument(w http.ResponseWriter, status int, doc json.RawMessage) {
	w.Header().Set("Cache-Control", respond.NotKept)
	w.Header().Set("Vary", "Accept, Signature")
	writeDocument(w, status, doc)
}

func writeDocument(w http.ResponseWriter, status int, doc json.RawMessage) {
	w.Header().Set("Access-Control-Allow-Origin", "*")
	respond.Document(w, status, vocab.ContentType, doc)
}

// hidden answers for what does not exist and for what the reader may not see,
// which must look the same: a stranger must not learn that a private post
// exists, or existed.
func (a *API) hidden(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Vary", "Accept, Signature")
	a.fail(w, r, respond.NotFound)
}

// failHidden is fail for documents that may be hidden. The signer's key is
// fetched as it is for an object that exists: otherwise the fetch would
// disclose it.
func (a *API) failHidden(w http.ResponseWriter, r *http.Request, err error) {
	if signature.IsSigned(r.Header) {
		_, _ = a.Service.Signer(r.Context(), r, a.client(r))
	}
	a.failReader(w, r, err)
}
