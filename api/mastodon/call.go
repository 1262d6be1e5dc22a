package mastodon

import (
	"context"
	"net/http"

	"kinglet/api/params"
	"kinglet/api/respond"
	"kinglet/internal/auth/scope"
	"kinglet/store"

	"github.com/go-chi/chi/v5"
)

// call is one request to an endpoint.
type call struct {
	api     *API
	w       http.ResponseWriter
	r       *http.Request
	ctx     context.Context
	address string          // of the client
	token   *store.Token    // as it came, whatever its scopes; nil when none did
	viewer  store.AccountID // who asks, if the token's scopes fit the route; 0 for a stranger
	id      int64           // the {id} of the path
	params  *params.Params
	done    []func() // what to do at the end of the request
}

// readID reads the {id} of the path; anything that is not an id is not found.
func (c *call) readID() error {
	id, ok := store.ParseID(chi.URLParam(c.r, "id"))
	if !ok {
		return respond.NotFound
	}
	c.id = id
	return nil
}

// accountID and statusID are the {id} of the path as the type that the route
// needs.
func (c *call) accountID() store.AccountID { return store.AccountID(c.id) }
func (c *call) statusID() store.ObjectID   { return store.ObjectID(c.id) }

func (c *call) serializer() Serializer { return Serializer{Config: c.api.Config, Viewer: c.viewer} }

// read runs fn in one view of the database.
func read[T any](c *call, fn func(tx *store.Tx) (T, error)) (T, error) {
	return store.Read(c.ctx, c.api.Store, fn)
}

// update runs fn and returns after its writes are durable. fn may run more than
// once: it changes nothing outside of the transaction.
func update[T any](c *call, fn func(tx *store.Tx) (T, error)) (T, error) {
	return store.Write(c.ctx, c.api.Store, fn)
}

// show answers with the entity that serialize makes of fn's result.
func show[T, E any](c *call, serialize func(T) E, fn func(tx *store.Tx) (T, error)) (any, error) {
	v, err := read(c, fn)
	if err != nil {
		return nil, err
	}
	return serialize(v), nil
}

// pageSize is the default and the maximum length of a page.
type pageSize struct{ usual, most int }

var (
	pageOfStatuses = pageSize{20, 40}
	pageOfAccounts = pageSize{40, 80}
)

// page is the requested part of a list.
func (c *call) page(size pageSize) store.Page {
	return respond.ReadPage(c.params, size.usual, size.most)
}

// links sets the links to the pages before and after one with these ids.
func (c *call) links(newest, oldest int64) {
	respond.Links(c.w, c.r, c.api.Config.URL, newest, oldest)
}

// showPage answers with a page of a list, and links to the pages around it.
func showPage[T, E any](c *call, size pageSize, serialize func([]T) E, fn func(tx *store.Tx, p store.Page) ([]store.Paged[T], error)) (any, error) {
	list, err := read(c, func(tx *store.Tx) ([]store.Paged[T], error) { return fn(tx, c.page(size)) })
	if err != nil {
		return nil, err
	}
	if n := len(list); n > 0 {
		c.links(list[0].PageID, list[n-1].PageID)
	}
	return serialize(each(list, func(item store.Paged[T]) T { return item.Item })), nil
}

// each serializes a list; an empty one is [], not null.
func each[T, E any](list []T, serialize func(T) E) []E {
	out := make([]E, len(list))
	for i, v := range list {
		out[i] = serialize(v)
	}
	return out
}

// needsToken is the error for a stranger on a route that is only partly public.
func (c *call) needsToken() error {
	if c.token != nil {
		return respond.OutsideScopes
	}
	return respond.InvalidToken
}

// reader is the account whose view of statuses this token may read: the viewer,
// or a stranger when the token has no scope to read statuses.
func (c *call) reader() store.AccountID {
	if c.token != nil && scope.Allows(c.token.Scopes, "read:statuses") {
		return c.viewer
	}
	return 0
}
