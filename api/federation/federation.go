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

	"kinglet/ap"
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
	r.Get(config.InstanceOutboxURL.Path(), a.instanceOutbox)
	r.Post(config.InstanceInboxURL.Path(), a.counted(a.sharedInbox))
	r.Post(config.SharedInboxURL.Path(), a.counted(a.sharedInbox))
	r.Post(config.InboxURL.Path(), a.counted(a.inbox))
	r.Get(config.OutboxURL.Path(), a.outbox)
	r.Get(config.FollowersURL.Path(), a.followers)
	r.Get(config.FollowingURL.Path(), a.following)
	r.Get(config.FeaturedURL.Path(), a.featured)
}

func (a *API) fail(w http.ResponseWriter, r *http.Request, err error) {
	respond.Error(w, r, a.Log, err)
}

// local reads the account of the path. A deleted one is Gone: only its own
// server can confirm that.
func (a *API) local(tx *store.Tx, r *http.Request) (*store.Account, error) {
	account, err := tx.AccountByHandle(chi.URLParam(r, "name"), "")
	if err == nil && !account.Active() {
		err = fault.Errorf(fault.Gone, "This account is gone")
	}
	return account, err
}

// Actor serves the document of a local account.
func (a *API) Actor(w http.ResponseWriter, r *http.Request) {
	var doc json.RawMessage
	err := a.Store.View(r.Context(), func(tx *store.Tx) error {
		account, err := a.local(tx, r)
		if err == nil {
			doc, err = a.Service.ActorDocument(tx, account)
		}
		return err
	})
	if err != nil {
		a.fail(w, r, err)
		return
	}
	document(w, http.StatusOK, doc)
}

func (a *API) instanceActor(w http.ResponseWriter, _ *http.Request) {
	document(w, http.StatusOK, a.Service.InstanceActorDocument())
}

func (a *API) instanceOutbox(w http.ResponseWriter, _ *http.Request) {
	document(w, http.StatusOK, vocab.BuildCollection(vocab.CollectionInput{ID: a.Config.InstanceOutboxURI(), Items: []any{}}))
}

// Object serves a note by its UUID.
func (a *API) Object(w http.ResponseWriter, r *http.Request) {
	a.serveObject(w, r, a.Config.ObjectURI(chi.URLParam(r, "uuid")))
}

// Activity serves an activity by its UUID.
func (a *API) Activity(w http.ResponseWriter, r *http.Request) {
	a.serveObject(w, r, a.Config.ActivityURI(chi.URLParam(r, "uuid")))
}

// Status serves the document behind a status's page.
func (a *API) Status(w http.ResponseWriter, r *http.Request) {
	id, _ := store.ParseID(chi.URLParam(r, "id"))
	var uri string
	err := a.Store.View(r.Context(), func(tx *store.Tx) error {
		o, err := tx.Object(store.ObjectID(id))
		if err == nil && !o.Local {
			err = respond.NotFound
		}
		if err == nil {
			uri = o.URI
		}
		return err
	})
	if err != nil {
		a.failHidden(w, r, err)
		return
	}
	a.serveObject(w, r, uri)
}

// serveObject serves what is public to everyone, and what is not to those who
// may see it and sign their request. A deleted object that was not public looks
// like one that never existed.
func (a *API) serveObject(w http.ResponseWriter, r *http.Request, uri string) {
	var o *store.Object
	var author *store.Account
	var doc json.RawMessage
	err := a.Store.View(r.Context(), func(tx *store.Tx) (err error) {
		if o, err = tx.ObjectByURI(uri); err != nil {
			return err
		}
		if author, err = tx.Account(o.AccountID); err != nil || !o.DeletedAt.IsZero() && o.Type != "Tombstone" {
			return err
		}
		doc, err = a.Service.Document(tx, o)
		return err
	})
	if err != nil {
		a.failHidden(w, r, err)
		return
	}
	standing := author.Active() && o.DeletedAt.IsZero()
	switch {
	case o.Visibility > store.Unlisted:
		err := a.signedByReader(r, o, author)
		switch {
		case errors.Is(err, store.ErrDatabaseDown):
			a.fail(w, r, err)
		case err != nil || !standing:
			a.hidden(w, r)
		default:
			privateDocument(w, http.StatusOK, vocab.WithContext(doc))
		}
	case standing && a.isWithheld(r, o, author):
		a.hidden(w, r)
	case standing:
		document(w, http.StatusOK, vocab.WithContext(doc))
	case !author.Active():
		a.fail(w, r, fault.Errorf(fault.Gone, "This account is gone"))
	case len(doc) > 0:
		document(w, http.StatusGone, doc)
	default:
		a.fail(w, r, fault.Errorf(fault.Gone, "This was undone"))
	}
}

// signedByReader is NotFound unless a request is signed by an account that may
// see an object: a status, or what publishes one, by the rules of statuses;
// another activity by its recipients. What the policies withhold from its
// server is NotFound as well.
func (a *API) signedByReader(r *http.Request, o *store.Object, author *store.Account) error {
	reader, err := a.Service.Signer(r.Context(), r, a.client(r))
	if err != nil {
		return unlessDown(err)
	}
	if !reader.Active() || !a.Service.MayFetch(reader, o, author) {
		return respond.NotFound
	}
	may := false
	err = a.Store.View(r.Context(), func(tx *store.Tx) (err error) {
		status := o
		if !o.IsStatus && (o.Type == "Create" || o.Type == "Update") {
			if status, err = tx.ObjectByURI(o.ObjectURI); err != nil {
				return err
			}
		}
		if status.IsStatus {
			may, err = tx.MaySee(reader.ID, status.ID)
			return err
		}
		doc, err := tx.ObjectDocument(o.ID)
		if err != nil {
			return err
		}
		activity, err := vocab.Parse(doc)
		if err != nil {
			return err
		}
		for _, uri := range append(activity.To, activity.Cc...) {
			may = may || uri == reader.URI
		}
		return nil
	})
	if err != nil || !may {
		return unlessDown(err)
	}
	return nil
}

// isWithheld reports whether the policies withhold something public from the
// server that signed the request for it. A signature is not required.
func (a *API) isWithheld(r *http.Request, o *store.Object, author *store.Account) bool {
	if !a.Service.AsksReaders() || r.Header.Get("Signature") == "" {
		return false
	}
	reader, err := a.Service.Signer(r.Context(), r, a.client(r))
	return err != nil || !a.Service.MayFetch(reader, o, author)
}

// unlessDown turns every failure to verify the reader into NotFound, except
// that something was unavailable.
func unlessDown(err error) error {
	if errors.Is(err, store.ErrDatabaseDown) {
		return err
	}
	return respond.NotFound
}

// Context serves the public part of a conversation.
func (a *API) Context(w http.ResponseWriter, r *http.Request) {
	uri := a.Config.ContextURI(chi.URLParam(r, "uuid"))
	var list []*store.Object
	err := a.Store.View(r.Context(), func(tx *store.Tx) (err error) {
		list, err = tx.ContextStatuses(uri, 200)
		return err
	})
	if err == nil && len(list) == 0 {
		err = respond.NotFound
	}
	if err != nil {
		a.failHidden(w, r, err)
		return
	}
	items := make([]any, len(list))
	for i, o := range list {
		items[i] = o.URI
	}
	document(w, http.StatusOK, vocab.BuildCollection(vocab.CollectionInput{ID: uri, TotalItems: int64(len(items)), Items: items}))
}
