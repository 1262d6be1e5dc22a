package federation

import (
	"net/http"
	"strconv"

	"kinglet/ap/vocab"
	"kinglet/api/respond"
	"kinglet/internal/config"
	"kinglet/store"

	"github.com/go-chi/chi/v5"
)

// ofStatus serves a collection of a status of ours to those who may see the
// status: what is not public only to a signed request.
func (a *API) ofStatus(kind config.URLKind, read func(tx *store.Tx, r *http.Request, o *store.Object, uri string) (vocab.CollectionInput, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		uuid := chi.URLParam(r, "uuid")
		var in vocab.CollectionInput
		o, err := store.Read(r.Context(), a.Store, func(tx *store.Tx) (o served, err error) {
			if o.Object, err = tx.ObjectByURI(a.Config.ObjectURI(uuid)); err != nil {
				return o, err
			}
			if o.author, err = tx.Account(o.AccountID); err != nil {
				return o, err
			}
			if !o.Local || !o.IsStatus || !o.DeletedAt.IsZero() || !o.author.Active() {
				return o, respond.NotFound
			}
			in, err = read(tx, r, o.Object, a.Config.MakeURL(config.URL{Kind: kind, ID: uuid}))
			return o, err
		})
		if err != nil {
			a.failHidden(w, r, err)
			return
		}
		if o.Visibility > store.Unlisted {
			if err := a.signedByReader(r, o); err != nil {
				a.failReader(w, r, err)
				return
			}
			privateDocument(w, http.StatusOK, vocab.BuildCollection(in))
			return
		}
		reader, err := a.publicReader(r)
		if err == nil && !a.Service.MayFetch(reader, o.author, o.Object) {
			err = respond.NotFound
		}
		if err != nil {
			a.failReader(w, r, err)
			return
		}
		a.document(w, http.StatusOK, vocab.BuildCollection(in))
	}
}

// replies lists the replies to a status that everyone may see, oldest first.
func replies(tx *store.Tx, r *http.Request, o *store.Object, uri string) (vocab.CollectionInput, error) {
	q := r.URL.Query()
	if q.Get("page") == "" {
		return vocab.CollectionInput{ID: uri, TotalItems: o.RepliesCount, First: uri + "?page=true"}, nil
	}
	after, _ := store.ParseID(q.Get("min_id"))
	list, err := tx.PublicReplies(o, store.ObjectID(after), collectionPage)
	return pageAfter(uri, after, o.RepliesCount, list, collectionPage), err
}

// total is a collection of which only the size is told: who likes and boosts what
// is nobody's business but the author's.
func total(of func(o *store.Object) int64) func(tx *store.Tx, r *http.Request, o *store.Object, uri string) (vocab.CollectionInput, error) {
	return func(_ *store.Tx, _ *http.Request, o *store.Object, uri string) (vocab.CollectionInput, error) {
		return vocab.CollectionInput{ID: uri, TotalItems: max(of(o), 0)}, nil
	}
}

// pageAfter is a page of a collection in the order of ids, after one.
func pageAfter(uri string, after, total int64, list []store.Paged[string], size int) vocab.CollectionInput {
	id := uri + "?page=true"
	if after != 0 {
		id = uri + "?min_id=" + strconv.FormatInt(after, 10) + "&page=true"
	}
	in := vocab.CollectionInput{ID: id, TotalItems: total, PartOf: uri, Items: []any{}}
	for _, x := range list {
		in.Items = append(in.Items, x.Item)
	}
	if len(list) == size {
		in.Next = uri + "?min_id=" + strconv.FormatInt(list[len(list)-1].PageID, 10) + "&page=true"
	}
	return in
}

// contextPage is how many posts of a conversation are listed at once.
const contextPage = 200

// Context serves the public part of a conversation (FEP-7888), as a collection of
// its posts that belongs to who began it here (FEP-f228): whole if it is short.
func (a *API) Context(w http.ResponseWriter, r *http.Request) {
	r, ok := a.admit(w, r)
	if !ok {
		return
	}
	uri := a.Config.ContextURI(chi.URLParam(r, "uuid"))
	after, _ := store.ParseID(r.URL.Query().Get("min_id"))
	paged := r.URL.Query().Get("page") != ""
	in, err := store.Read(r.Context(), a.Store, func(tx *store.Tx) (in vocab.CollectionInput, err error) {
		if !paged {
			after = 0
		}
		list, owner, err := tx.ContextPage(uri, store.ObjectID(after), contextPage)
		if err != nil {
			return in, err
		}
		if owner == "" || len(list) == 0 && after == 0 {
			return in, respond.NotFound
		}
		n := int64(len(list))
		if len(list) == contextPage || after != 0 {
			if n, err = tx.CountContext(uri); err != nil {
				return in, err
			}
		}
		switch in = pageAfter(uri, after, n, list, contextPage); {
		case paged:
		case in.Next != "":
			in = vocab.CollectionInput{ID: uri, TotalItems: n, First: uri + "?page=true"}
		default:
			in.ID, in.PartOf = uri, ""
		}
		in.AttributedTo = owner
		return in, nil
	})
	if err != nil {
		a.failHidden(w, r, err)
		return
	}
	a.document(w, http.StatusOK, vocab.BuildCollection(in))
}
