package federation

import (
	"math"
	"net/http"
	"strconv"

	"kinglet/ap/activity"
	"kinglet/ap/vocab"
	"kinglet/store"
)

// collectionPage is how many items a page of a collection has.
const collectionPage = 40

// collection serves an OrderedCollection and its pages: without ?page the count
// and the first page's URL, with it the items below ?max_id. read also returns
// where the next page begins, 0 for nowhere.
func (a *API) collection(w http.ResponseWriter, r *http.Request, uri func(*store.Account) string, total func(*store.Account) int64,
	read func(tx *store.Tx, account *store.Account, p store.Page) (items []any, next int64, err error),
) {
	a.serveCollection(w, r, func(tx *store.Tx, account *store.Account) (vocab.CollectionInput, error) {
		q, whole, n := r.URL.Query(), uri(account), max(total(account), 0)
		if q.Get("page") == "" {
			return vocab.CollectionInput{ID: whole, TotalItems: n, First: whole + "?page=true"}, nil
		}
		p := store.Page{Limit: collectionPage, MaxID: math.MaxInt64}
		if id, ok := store.ParseID(q.Get("max_id")); ok {
			p.MaxID = id
		}
		items, next, err := read(tx, account, p)
		in := vocab.CollectionInput{ID: whole + "?" + q.Encode(), TotalItems: n, PartOf: whole, Items: items}
		if next != 0 {
			in.Next = whole + "?max_id=" + strconv.FormatInt(next, 10) + "&page=true"
		}
		return in, err
	})
}

// serveCollection serves a collection of the account of the path.
func (a *API) serveCollection(w http.ResponseWriter, r *http.Request, read func(tx *store.Tx, account *store.Account) (vocab.CollectionInput, error)) {
	in, err := store.Read(r.Context(), a.Store, func(tx *store.Tx) (vocab.CollectionInput, error) {
		account, err := a.local(tx, r)
		if err != nil {
			return vocab.CollectionInput{}, err
		}
		return read(tx, account)
	})
	if err != nil {
		a.fail(w, r, err)
		return
	}
	a.document(w, http.StatusOK, vocab.BuildCollection(in))
}

func accountItems(list []store.Paged[*store.Account], err error) ([]any, int64, error) {
	items, next := []any{}, int64(0)
	for _, x := range list {
		items = append(items, x.Item.URI)
	}
	if len(list) == collectionPage {
		next = list[len(list)-1].PageID
	}
	return items, next, err
}

func (a *API) followers(w http.ResponseWriter, r *http.Request) {
	a.collection(w, r, func(x *store.Account) string { return x.FollowersURI }, func(x *store.Account) int64 { return x.FollowersCount },
		func(tx *store.Tx, x *store.Account, p store.Page) ([]any, int64, error) {
			return accountItems(tx.Followers(0, x.ID, p))
		})
}

func (a *API) following(w http.ResponseWriter, r *http.Request) {
	a.collection(w, r, func(x *store.Account) string { return x.FollowingURI }, func(x *store.Account) int64 { return x.FollowingCount },
		func(tx *store.Tx, x *store.Account, p store.Page) ([]any, int64, error) {
			return accountItems(tx.Following(0, x.ID, p))
		})
}

// outbox lists an account's public activities: the Creates of its notes, and
// its boosts.
func (a *API) outbox(w http.ResponseWriter, r *http.Request) {
	reader, err := a.publicReader(r)
	if err != nil {
		a.failReader(w, r, err)
		return
	}
	a.collection(w, r, func(x *store.Account) string { return x.Outbox }, func(x *store.Account) int64 { return x.Statuses },
		func(tx *store.Tx, x *store.Account, p store.Page) ([]any, int64, error) {
			list, end, err := tx.AccountTimeline(0, x.ID, store.AccountQuery{Public: true}, p)
			if err != nil {
				return nil, 0, err
			}
			if len(list) == p.Limit {
				end = list[len(list)-1]
			}
			items, err := a.activities(tx, reader, x, list)
			return items, int64(end), err
		})
}

// activities are the activities that published statuses, as a reader gets them.
func (a *API) activities(tx *store.Tx, reader, author *store.Account, ids []store.ObjectID) ([]any, error) {
	docs, err := tx.Documents(ids)
	if err != nil {
		return nil, err
	}
	uris := make([]string, 0, len(docs))
	for _, o := range docs {
		uris = append(uris, o.URI)
	}
	creates, err := tx.ActivitiesOn("Create", uris)
	items := make([]any, 0, len(ids))
	for _, id := range ids {
		published, about := docs[id], (*store.Object)(nil)
		if published == nil {
			continue
		}
		if create := creates[published.URI]; create != nil {
			published, about = create, published
		} else if published.ReblogOfID == 0 {
			continue
		}
		if a.Service.MayFetch(reader, author, published) {
			items = append(items, activity.Document(a.Config, published, about))
		}
	}
	return items, err
}

// featured lists the pinned notes, embedded, as other servers expect.
func (a *API) featured(w http.ResponseWriter, r *http.Request) {
	reader, err := a.publicReader(r)
	if err != nil {
		a.failReader(w, r, err)
		return
	}
	a.serveCollection(w, r, func(tx *store.Tx, account *store.Account) (vocab.CollectionInput, error) {
		in := vocab.CollectionInput{ID: account.FeaturedURI, Items: []any{}}
		ids, _, err := tx.AccountTimeline(0, account.ID, store.AccountQuery{Pinned: true}, store.Page{Limit: collectionPage})
		if err != nil {
			return in, err
		}
		docs, err := tx.Documents(ids)
		for _, id := range ids {
			if o := docs[id]; o != nil && a.Service.MayFetch(reader, account, o) {
				in.Items = append(in.Items, activity.Document(a.Config, o, nil))
			}
		}
		in.TotalItems = int64(len(in.Items))
		return in, err
	})
}
