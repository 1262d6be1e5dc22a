package federation

import (
	"math"
	"net/http"
	"strconv"

	"kinglet/ap/vocab"
	"kinglet/store"
)

// collectionPage is how many items a page of a collection has.
const collectionPage = 40

// collection serves an OrderedCollection and its pages: without ?page the count
// and the first page's URL, with it the items below ?max_id. read says where the
// next page begins, 0 for nowhere.
func (a *API) collection(w http.ResponseWriter, r *http.Request, uri func(*store.Account) string, total func(*store.Account) int64,
	read func(tx *store.Tx, account *store.Account, p store.Page) (items []any, next int64, err error),
) {
	q := r.URL.Query()
	var account *store.Account
	var items []any
	var next int64
	err := a.Store.View(r.Context(), func(tx *store.Tx) (err error) {
		if account, err = a.local(tx, r); err != nil || q.Get("page") == "" {
			return err
		}
		p := store.Page{Limit: collectionPage, MaxID: math.MaxInt64}
		if id, ok := store.ParseID(q.Get("max_id")); ok {
			p.MaxID = id
		}
		items, next, err = read(tx, account, p)
		return err
	})
	if err != nil {
		a.fail(w, r, err)
		return
	}
	in := vocab.CollectionInput{ID: uri(account), TotalItems: max(total(account), 0), First: uri(account) + "?page=true"}
	if q.Get("page") != "" {
		in = vocab.CollectionInput{ID: uri(account) + "?" + q.Encode(), TotalItems: in.TotalItems, PartOf: uri(account), Items: items}
		if next != 0 {
			in.Next = uri(account) + "?max_id=" + strconv.FormatInt(next, 10) + "&page=true"
		}
	}
	document(w, http.StatusOK, vocab.BuildCollection(in))
}

func accountItems(list []store.Paged[*store.Account], err error) ([]any, int64, error) {
	items, next := []any{}, int64(0)
	for _, x := range list {
		items = append(items, x.Item.URI)
	}
	if n := len(list); n == collectionPage {
		next = list[n-1].PageID
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
	a.collection(w, r, func(x *store.Account) string { return x.Outbox }, func(x *store.Account) int64 { return x.Statuses },
		func(tx *store.Tx, x *store.Account, p store.Page) ([]any, int64, error) {
			ids, end, err := tx.AccountTimeline(0, x.ID, store.AccountQuery{Public: true}, p)
			if err != nil {
				return nil, 0, err
			}
			if n := len(ids); n == collectionPage {
				end = ids[n-1]
			}
			list, err := tx.Statuses(0, ids)
			if err != nil {
				return nil, 0, err
			}
			docs, err := tx.Documents(ids)
			if err != nil {
				return nil, 0, err
			}
			var uris []string
			for _, st := range list {
				uris = append(uris, st.URI)
			}
			creates, err := tx.ActivitiesOn("Create", uris)
			items := []any{}
			for _, st := range list {
				if doc := creates[st.URI]; doc != nil {
					items = append(items, vocab.WithObject(doc, docs[st.ID]))
				} else if st.ReblogOfID != 0 {
					items = append(items, docs[st.ID])
				}
			}
			return items, int64(end), err
		})
}

// featured lists the pinned notes, embedded, as other servers expect.
func (a *API) featured(w http.ResponseWriter, r *http.Request) {
	var account *store.Account
	items := []any{}
	err := a.Store.View(r.Context(), func(tx *store.Tx) (err error) {
		if account, err = a.local(tx, r); err != nil {
			return err
		}
		ids, _, err := tx.AccountTimeline(0, account.ID, store.AccountQuery{Pinned: true}, store.Page{Limit: collectionPage})
		if err != nil {
			return err
		}
		docs, err := tx.Documents(ids)
		for _, id := range ids {
			items = append(items, docs[id])
		}
		return err
	})
	if err != nil {
		a.fail(w, r, err)
		return
	}
	document(w, http.StatusOK, vocab.BuildCollection(vocab.CollectionInput{ID: account.FeaturedURI, TotalItems: int64(len(items)), Items: items}))
}
