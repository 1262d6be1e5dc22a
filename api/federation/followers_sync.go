package federation

import (
	"net/http"

	"kinglet/ap/vocab"
	"kinglet/internal/fault"
	"kinglet/store"
)

// followersSynchronization lists, for the server that signs the request, who of it
// follows an account here (FEP-8fcf).
func (a *API) followersSynchronization(w http.ResponseWriter, r *http.Request) {
	reader, err := a.Service.Signer(r.Context(), r, a.client(r))
	if err == nil && !reader.Active() {
		err = fault.Errorf(fault.Forbidden, "This action is not allowed")
	}
	if err != nil {
		a.fail(w, r, err)
		return
	}
	in, err := store.Read(r.Context(), a.Store, func(tx *store.Tx) (vocab.CollectionInput, error) {
		account, err := a.local(tx, r)
		if err != nil {
			return vocab.CollectionInput{}, err
		}
		list, err := a.Service.FollowersOnHost(tx, account.ID, reader.URI)
		if list == nil {
			list = []any{}
		}
		return vocab.CollectionInput{ID: a.Config.FollowersSyncURI(account.Username), TotalItems: int64(len(list)), Items: list}, err
	})
	if err != nil {
		a.fail(w, r, err)
		return
	}
	privateDocument(w, http.StatusOK, vocab.BuildCollection(in))
}
