// Package federation serves what other servers request: WebFinger, NodeInfo,
// ActivityPub documents and inboxes. Documents are read from the store or built
// by ap; inbox requests are passed to ap.
//
// Read API and serveObject first.
package federation

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"slices"

	"kinglet/ap"
	"kinglet/ap/activity"
	"kinglet/ap/signature"
	"kinglet/ap/vocab"
	"kinglet/api/respond"
	"kinglet/internal/config"
	"kinglet/internal/fault"
	"kinglet/internal/ratelimit"
	"kinglet/media"
	"kinglet/store"

	"github.com/go-chi/chi/v5"
)

// API serves the endpoints.
type API struct {
	Service *ap.Service
	Store   *store.Store
	Blobs   media.Blobs
	Config  *config.Config
	Limits  ratelimit.Counter
	Log     *slog.Logger
}

// Routes mounts what only servers request. What browsers request as well is
// mounted by the router, which looks at the Accept header: Actor, Object,
// Activity, Context and Status.
func (a *API) Routes(r chi.Router) {
	r.Get("/.well-known/webfinger", a.webFinger)
	r.Get("/.well-known/host-meta", a.hostMeta)
	r.Get("/.well-known/host-meta.json", a.hostMetaJSON)
	r.Get("/.well-known/nodeinfo", a.nodeInfoLinks)
	r.Get("/nodeinfo/{version}", a.nodeInfo)
	r.Get(config.MediaURL.Path(), a.media)
	r.Get("/media/{name}", a.oldMedia)
	r.Get(config.InstanceActorURL.Path(), a.instanceActor)
	r.Get(config.InstanceOutboxURL.Path(), a.emptyCollection(config.InstanceOutboxURL))
	r.Get(config.InstanceFollowersURL.Path(), a.emptyCollection(config.InstanceFollowersURL))
	r.Post(config.InstanceInboxURL.Path(), a.counted(a.sharedInbox))
	r.Post(config.SharedInboxURL.Path(), a.counted(a.sharedInbox))
	r.Post(config.InboxURL.Path(), a.counted(a.inbox))
	r.Get(config.OutboxURL.Path(), a.demanded(a.outbox))
	r.Get(config.FollowersURL.Path(), a.demanded(a.followers))
	r.Get(config.FollowersSyncURL.Path(), a.followersSynchronization)
	r.Get(config.FollowingURL.Path(), a.demanded(a.following))
	r.Get(config.FeaturedURL.Path(), a.demanded(a.featured))
	r.Get(config.RepliesURL.Path(), a.demanded(a.ofStatus(config.RepliesURL, replies)))
	r.Get(config.LikesURL.Path(), a.demanded(a.ofStatus(config.LikesURL, total(func(o *store.Object) int64 { return o.FavouritesCount }))))
	r.Get(config.SharesURL.Path(), a.demanded(a.ofStatus(config.SharesURL, total(func(o *store.Object) int64 { return o.ReblogsCount }))))
}

func (a *API) fail(w http.ResponseWriter, r *http.Request, err error) {
	respond.Error(w, r, a.Log, err)
}

// local reads the account of the path.
func (a *API) local(tx *store.Tx, r *http.Request) (*store.Account, error) {
	return activeLocal(tx, chi.URLParam(r, "name"))
}

// activeLocal reads a local account by its name. A deleted one is Gone: only
// its own server can confirm that.
func activeLocal(tx *store.Tx, name string) (*store.Account, error) {
	account, err := tx.AccountByHandle(name, "")
	if err == nil && !account.Local() {
		err = respond.NotFound // name@example.org: its own server answers for it
	}
	if err == nil && !account.Active() {
		err = errAccountGone
	}
	return account, err
}

// errAccountGone is of an account here that is deleted or suspended.
var errAccountGone = fault.Errorf(fault.Gone, "This account is gone")

// Actor serves the document of a local account.
func (a *API) Actor(w http.ResponseWriter, r *http.Request) {
	reader, err := a.actorReader(r)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	status := http.StatusOK
	doc, err := store.Read(r.Context(), a.Store, func(tx *store.Tx) (json.RawMessage, error) {
		account, err := tx.AccountByHandle(chi.URLParam(r, "name"), "")
		switch {
		case err != nil:
			return nil, err
		case !account.Local():
			return nil, respond.NotFound // name@example.org: its own server answers for it
		case !account.DeletedAt.IsZero():
			status = http.StatusGone
			return activity.Tombstone(account.URI, account.Type, account.DeletedAt), nil
		case !account.Active():
			return nil, errAccountGone
		}
		return a.actorDocument(tx, account, reader)
	})
	if err != nil {
		a.fail(w, r, err)
		return
	}
	a.document(w, status, doc)
}

func (a *API) instanceActor(w http.ResponseWriter, _ *http.Request) {
	publicDocument(w, http.StatusOK, a.Service.InstanceActorDocument(), "Accept") // whatever the settings demand
}

// emptyCollection serves a collection of the instance actor: it posts nothing,
// and the relays that follow it are nobody's business.
func (a *API) emptyCollection(kind config.URLKind) http.HandlerFunc {
	id := a.Config.MakeURL(config.URL{Kind: kind})
	return func(w http.ResponseWriter, _ *http.Request) {
		a.document(w, http.StatusOK, vocab.BuildCollection(vocab.CollectionInput{ID: id, Items: []any{}}))
	}
}

// Object serves a note by its UUID.
func (a *API) Object(w http.ResponseWriter, r *http.Request) {
	if r, ok := a.admit(w, r); ok {
		a.serveObject(w, r, a.Config.ObjectURI(chi.URLParam(r, "uuid")))
	}
}

// Activity serves an activity by its UUID.
func (a *API) Activity(w http.ResponseWriter, r *http.Request) {
	if r, ok := a.admit(w, r); ok {
		a.serveObject(w, r, a.Config.ActivityURI(chi.URLParam(r, "uuid")))
	}
}

// Status serves the document behind a status's page.
func (a *API) Status(w http.ResponseWriter, r *http.Request) {
	r, ok := a.admit(w, r)
	if !ok {
		return
	}
	id, _ := store.ParseID(chi.URLParam(r, "id"))
	o, err := store.Read(r.Context(), a.Store, func(tx *store.Tx) (*store.Object, error) {
		o, err := tx.Object(store.ObjectID(id))
		if err == nil && !o.Local {
			err = respond.NotFound
		}
		return o, err
	})
	if err != nil {
		a.failHidden(w, r, err)
		return
	}
	a.serveObject(w, r, o.URI)
}

// served is an object with what is served of it.
type served struct {
	*store.Object
	author *store.Account
	doc    json.RawMessage // of what was undone, none
}

func (a *API) readServed(tx *store.Tx, uri string) (o served, err error) {
	if o.Object, err = tx.DocumentByURI(uri); err != nil {
		return o, err
	}
	if o.author, err = tx.Account(o.AccountID); err != nil || !o.DeletedAt.IsZero() && o.Type != "Tombstone" {
		return o, err
	}
	o.doc, err = a.Service.DocumentOfRow(tx, o.Object)
	return o, err
}

// serveObject serves what is public to everyone, and what is not to those who
// may see it and sign their request. A deleted object that was not public looks
// like one that never existed.
func (a *API) serveObject(w http.ResponseWriter, r *http.Request, uri string) {
	o, err := store.Read(r.Context(), a.Store, func(tx *store.Tx) (served, error) { return a.readServed(tx, uri) })
	if err != nil {
		a.failHidden(w, r, err)
		return
	}
	standing := o.author.Active() && o.DeletedAt.IsZero()
	switch {
	case o.Visibility > store.Unlisted:
		err := a.signedByReader(r, o)
		switch {
		case errors.Is(err, store.ErrDatabaseDown):
			a.fail(w, r, err)
		case err != nil || !standing:
			a.hidden(w, r)
		default:
			privateDocument(w, http.StatusOK, vocab.WithContext(o.doc))
		}
	case standing:
		a.servePublic(w, r, o)
	case !o.author.DeletedAt.IsZero():
		a.document(w, http.StatusGone, tombstoneOf(o))
	case !o.author.Active():
		a.fail(w, r, errAccountGone)
	case len(o.doc) > 0:
		a.document(w, http.StatusGone, o.doc)
	default:
		a.fail(w, r, fault.Errorf(fault.Gone, "This was undone"))
	}
}

// tombstoneOf is what is left of an object of an account that was deleted. Of what
// is purged already its former type is not known.
func tombstoneOf(o served) json.RawMessage {
	if o.Type == "Tombstone" && len(o.doc) > 0 {
		return o.doc
	}
	former, at := o.Type, o.DeletedAt
	if former == "Tombstone" {
		former = ""
	}
	if at.IsZero() {
		at = o.author.DeletedAt
	}
	return activity.Tombstone(o.URI, former, at)
}

// signedByReader is NotFound unless a request is signed by an account that may
// see an object: a status, or what publishes one, by the rules of statuses;
// another activity by its recipients. What the policies withhold from its
// server is NotFound as well.
func (a *API) signedByReader(r *http.Request, o served) error {
	reader, err := a.Service.Signer(r.Context(), r, a.client(r))
	if err != nil {
		return unlessDown(err)
	}
	if !reader.Active() || !a.Service.MayFetch(reader, o.author, o.Object) {
		return respond.NotFound
	}
	may, err := store.Read(r.Context(), a.Store, func(tx *store.Tx) (may bool, err error) {
		status := o.Object
		if !o.IsStatus && (o.Type == "Create" || o.Type == "Update") {
			if status, err = tx.ObjectByURI(o.ObjectURI); err != nil {
				return false, err
			}
		}
		if status.IsStatus {
			return tx.MaySee(reader.ID, status.ID)
		}
		draft, err := tx.Draft(o.ID)
		return slices.Contains(draft.To, reader.URI) || slices.Contains(draft.Cc, reader.URI), err
	})
	if err != nil || !may {
		return unlessDown(err)
	}
	return nil
}

// servePublic serves what is public, unless the policies withhold it from the
// server that signed the request for it.
func (a *API) servePublic(w http.ResponseWriter, r *http.Request, o served) {
	reader, err := a.publicReader(r)
	if err == nil && !a.Service.MayFetch(reader, o.author, o.Object) {
		err = respond.NotFound
	}
	if err != nil {
		a.failReader(w, r, err)
		return
	}
	a.document(w, http.StatusOK, vocab.WithContext(o.doc))
}

// publicReader is the actor that signed a request for what is public, as far as
// any policy wants to know: a signature is not required, and there is nil
// without one.
func (a *API) publicReader(r *http.Request) (*store.Account, error) {
	if reader := admitted(r); reader != nil {
		return reader, nil
	}
	if !a.Service.AsksReaders() || !signature.IsSigned(r.Header) {
		return nil, nil
	}
	reader, err := a.Service.Signer(r.Context(), r, a.client(r))
	if err != nil {
		return nil, unlessDown(err)
	}
	return reader, nil
}

// failReader is fail for a reader who could not be verified, or may not have
// what is asked for.
func (a *API) failReader(w http.ResponseWriter, r *http.Request, err error) {
	if fault.Is(err, fault.NotFound) {
		a.hidden(w, r)
		return
	}
	a.fail(w, r, err)
}

// unlessDown turns every failure to verify the reader into NotFound, except
// that something was unavailable.
func unlessDown(err error) error {
	if errors.Is(err, store.ErrDatabaseDown) {
		return err
	}
	return respond.NotFound
}
