package federation

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"kinglet/ap/signature"
	"kinglet/internal/fault"
	"kinglet/store"
)

// With the setting authorized_fetch, what is public is served to signed requests
// only, and not to who is suspended here. The instance actor stays whole, and of
// every actor what a server needs to verify its signatures: a server that demands
// signatures as well would otherwise ask us for the key with which we ask it.

type readerKey struct{}

// errUnsigned is the answer to a request that has to be signed; why a signature
// does not do is not disclosed.
var errUnsigned = &fault.Error{Kind: fault.Unauthorized, Message: "Requests for this have to be signed"}

// admit verifies who asks for what is public, where the setting demands that, and
// answers who may not have it.
func (a *API) admit(w http.ResponseWriter, r *http.Request) (*http.Request, bool) {
	if !a.Config.Federation.AuthorizedFetch {
		return r, true
	}
	reader, err := a.demandedReader(r)
	if err != nil {
		w.Header().Set("Vary", "Accept, Signature")
		w.Header().Set("Accept-Signature", signature.AcceptSignature)
		a.fail(w, r, err)
		return r, false
	}
	return r.WithContext(context.WithValue(r.Context(), readerKey{}, reader)), true
}

// demandedReader is the actor that signed a request which has to be signed.
func (a *API) demandedReader(r *http.Request) (*store.Account, error) {
	reader, err := a.Service.Signer(r.Context(), r, a.client(r))
	switch {
	case err == nil && reader.Active():
		return reader, nil
	case err == nil, fault.Is(err, fault.Unauthorized), fault.Is(err, fault.Forbidden), fault.Is(err, fault.Invalid), fault.Is(err, fault.Gone):
		return nil, errUnsigned
	}
	return nil, err
}

// admitted is the actor that admit has verified.
func admitted(r *http.Request) *store.Account {
	reader, _ := r.Context().Value(readerKey{}).(*store.Account)
	return reader
}

// demanded is a handler behind admit.
func (a *API) demanded(serve http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r, ok := a.admit(w, r); ok {
			serve(w, r)
		}
	}
}

// actorDocument is what a request gets of an actor: all of it, or as much as
// verifies its signatures.
func (a *API) actorDocument(tx *store.Tx, account, reader *store.Account) (json.RawMessage, error) {
	if a.Config.Federation.AuthorizedFetch && reader == nil {
		return a.Service.ActorStub(tx, account)
	}
	return a.Service.ActorDocument(tx, account)
}

// actorReader is the actor that signed a request for another, nil for who is given
// the stub. Whose signature could not be verified just now, for a limit of ours,
// is to come again: a server would take the stub for all there is, and forget the
// name and the collections that it knows.
func (a *API) actorReader(r *http.Request) (*store.Account, error) {
	if !a.Config.Federation.AuthorizedFetch || !signature.IsSigned(r.Header) {
		return nil, nil
	}
	reader, err := a.demandedReader(r)
	if err != nil && !errors.Is(err, errUnsigned) {
		return nil, err
	}
	return reader, nil
}
