package ap

import (
	"context"
	"net/url"
	"slices"

	"kinglet/ap/activity"
	"kinglet/ap/object"
	"kinglet/ap/vocab"
	"kinglet/internal/fault"
	"kinglet/store"
)

// owner is the account whose profile a crawl completes.
func (s *Service) owner(ctx context.Context, c *store.Crawl) (owner *store.Account, err error) {
	err = s.Store.View(ctx, func(tx *store.Tx) (err error) {
		owner, err = tx.Account(store.AccountID(c.Subject))
		return err
	})
	return owner, err
}

// visitActor fetches the document of the profile again.
func (s *Service) visitActor(ctx context.Context, v *visit) error {
	_, err := s.fetchActor(ctx, v.page.URI)
	return err
}

// visitFeatured reads the list of pinned posts, which may embed them: they are
// fetched all the same, from the owner's host only.
func (s *Service) visitFeatured(ctx context.Context, v *visit) error {
	p, err := s.collection(ctx, v.page.URI)
	if err != nil {
		return err
	}
	for _, item := range p.items[:min(len(p.items), activity.MaxPins)] {
		if vocab.SameOrigin(item.ID, v.page.URI) {
			v.name(activity.CrawlPin, item.ID, 0)
		}
	}
	v.listed = true
	return nil
}

// pagesOfOutbox is how many pages of an outbox are read: itself, and two with
// items.
const pagesOfOutbox = 3

// visitOutbox reads a page of the owner's activities: how many there are, and the
// newest posts. One that is empty, or not for strangers, may still have an API.
func (s *Service) visitOutbox(ctx context.Context, v *visit) error {
	p, err := s.collection(ctx, v.page.URI)
	if err != nil {
		if !isTemporary(err) && v.page.Depth == 0 {
			s.nameAccountAPI(ctx, v)
		}
		return err
	}
	if v.page.Depth == 0 && p.total.Known {
		id := store.AccountID(v.crawl.Subject)
		v.totals = func(tx *store.Tx) error { return tx.PutAccountTotals(id, store.AccountTotals{Statuses: p.total}) }
	}
	posts := 0
	for _, item := range p.items {
		if uri := postOf(item); vocab.SameOrigin(uri, v.page.URI) && posts < s.Config.Threads.ProfilePosts {
			v.name(activity.CrawlPost, uri, 0)
			posts++
		}
	}
	switch {
	case p.next != "" && posts < s.Config.Threads.ProfilePosts && v.page.Depth+1 < pagesOfOutbox:
		v.name(activity.CrawlOutbox, p.next, v.page.Depth+1)
	case posts == 0 && v.page.Depth == 0:
		s.nameAccountAPI(ctx, v)
	}
	return nil
}

// postOf is the post that an item of an outbox is, or creates; "" for a boost and
// the like. What is only an id may be a Create.
func postOf(item vocab.Ref) string {
	switch o := item.Object; {
	case o == nil:
		return item.ID
	case o.Type == "Create":
		return o.Object.ID
	case object.IsStatus(o.Type):
		return o.ID
	}
	return ""
}

// visitPost fetches a post or a pin of the owner.
func (s *Service) visitPost(ctx context.Context, v *visit) error {
	known, err := s.knownStatus(ctx, v.page.URI)
	if err != nil || known != nil {
		return err
	}
	owner, err := s.owner(ctx, v.crawl)
	if err != nil {
		return err
	}
	doc, err := s.document(ctx, v.page.URI)
	if err != nil {
		return err
	}
	if doc.Type == "Create" && doc.Actor.ID == owner.URI && vocab.SameOrigin(doc.Object.ID, owner.URI) {
		v.name(v.page.Role, doc.Object.ID, 0)
		return nil
	}
	if doc.ID != v.page.URI || doc.Author() != owner.URI {
		return fault.Errorf(fault.Invalid, "%s is not a post of %s", v.page.URI, owner.URI)
	}
	_, err = s.takePublic(ctx, v, doc)
	return err
}

// visitAccountTotal reads how many follow the owner, or are followed.
func (s *Service) visitAccountTotal(ctx context.Context, v *visit) error {
	p, err := s.collection(ctx, v.page.URI)
	if err != nil {
		return err
	}
	totals := store.AccountTotals{Followers: p.total}
	if v.page.Role == activity.CrawlFollowing {
		totals = store.AccountTotals{Following: p.total}
	}
	id := store.AccountID(v.crawl.Subject)
	v.totals = func(tx *store.Tx) error { return tx.PutAccountTotals(id, totals) }
	return nil
}

// nameAccountAPI adds where the public API of the owner's host tells its id there.
func (s *Service) nameAccountAPI(ctx context.Context, v *visit) {
	owner, err := s.owner(ctx, v.crawl)
	u, perr := vocab.ParseURI(v.page.URI)
	if err != nil || perr != nil || owner.NoHandle {
		return
	}
	v.name(activity.CrawlAPIAccount, u.Scheme+"://"+u.Host+"/api/v1/accounts/lookup?acct="+url.QueryEscape(owner.Username), 0)
}

// visitAccountAPI reads the id that the owner has in its host's API.
func (s *Service) visitAccountAPI(ctx context.Context, v *visit) error {
	var answer struct {
		ID string `json:"id"`
	}
	if err := s.apiGet(ctx, v.page.URI, &answer); err != nil {
		return err
	}
	u, err := vocab.ParseURI(v.page.URI)
	if err != nil || !isPlainID(answer.ID) {
		return err
	}
	v.name(activity.CrawlAPIPosts, u.Scheme+"://"+u.Host+"/api/v1/accounts/"+answer.ID+"/statuses?exclude_reblogs=true&limit=20", 0)
	return nil
}

// visitPostsAPI reads the ids of the owner's newest posts: each is fetched, and
// has to be the owner's.
func (s *Service) visitPostsAPI(ctx context.Context, v *visit) error {
	var answer []apiStatus
	if err := s.apiGet(ctx, v.page.URI, &answer); err != nil {
		return err
	}
	uris := slices.DeleteFunc(answer, func(st apiStatus) bool { return !vocab.SameOrigin(st.URI, v.page.URI) })
	for _, st := range uris[:min(len(uris), s.Config.Threads.ProfilePosts)] {
		v.name(activity.CrawlPost, st.URI, 0)
	}
	return nil
}
