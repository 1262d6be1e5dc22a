package ap

import (
	"context"
	"slices"
	"sync"

	"kinglet/ap/activity"
	"kinglet/ap/object"
	"kinglet/ap/vocab"
	"kinglet/internal/fault"
	"kinglet/internal/jobs"
	"kinglet/store"
)

// A crawl completes what somebody here opened. Each page is a job; what it names
// is added in the transaction that ends it, within the crawl's bounds. What a
// page says is believed of nothing but where else to look: each post is fetched
// from its own origin, under the same rules as any other.

// visit is one page of a crawl, and what came of it.
type visit struct {
	crawl *store.Crawl
	page  *store.CrawlPage

	add    []store.CrawlPage // what it names
	found  store.ObjectID    // a status that was not here before
	listed bool              // the whole thread, or the pins, are listed
	totals func(tx *store.Tx) error
}

func (v *visit) name(role, uri string, depth int) {
	v.add = append(v.add, activity.CrawlPage(role, uri, depth, 0))
}

// visits are what is done with a page of each role.
var visits = map[string]func(s *Service, ctx context.Context, v *visit) error{
	activity.CrawlOpened:     (*Service).visitOpened,
	activity.CrawlAncestor:   (*Service).visitAncestor,
	activity.CrawlReply:      (*Service).visitReply,
	activity.CrawlContext:    (*Service).visitReplies,
	activity.CrawlReplies:    (*Service).visitReplies,
	activity.CrawlLikes:      (*Service).visitStatusTotal,
	activity.CrawlShares:     (*Service).visitStatusTotal,
	activity.CrawlAPI:        (*Service).visitThreadAPI,
	activity.CrawlActor:      (*Service).visitActor,
	activity.CrawlFeatured:   (*Service).visitFeatured,
	activity.CrawlPin:        (*Service).visitPost,
	activity.CrawlOutbox:     (*Service).visitOutbox,
	activity.CrawlPost:       (*Service).visitPost,
	activity.CrawlFollowers:  (*Service).visitAccountTotal,
	activity.CrawlFollowing:  (*Service).visitAccountTotal,
	activity.CrawlAPIAccount: (*Service).visitAccountAPI,
	activity.CrawlAPIPosts:   (*Service).visitPostsAPI,
}

// crawl is the worker of a page of a crawl.
func (s *Service) crawl(ctx context.Context, args activity.CrawlArgs) error {
	v := &visit{}
	var aside bool
	err := s.Store.View(ctx, func(tx *store.Tx) (err error) {
		v.crawl, v.page, aside, err = tx.CrawlPage(args.Crawl, args.URI)
		return err
	})
	if fault.Is(err, fault.NotFound) {
		return nil // done, or its time is over
	}
	if err != nil {
		return err
	}
	ctx, requests := countRequests(ctx)
	down := aside
	if work := visits[v.page.Role]; !aside && work != nil {
		if ctx, err = s.crawlCause(ctx, v.crawl); err == nil {
			err = work(s, ctx, v)
		}
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil && (isBusy(err) || fault.KindOf(err) == fault.Internal):
			return err // tried again, while the crawl's time lasts
		case err != nil:
			s.Log.Debug("page of a crawl not taken", "uri", v.page.URI, "role", v.page.Role, "reason", err)
			down = jobs.IsHostDown(err)
		}
	}
	// Others write between the parts of a long list. A part that is written twice
	// changes nothing.
	for ; len(v.add) > namedAtOnce; v.add = v.add[namedAtOnce:] {
		err := s.Store.Update(ctx, func(tx *store.Tx) error { return tx.AddCrawlPages(v.crawl.ID, v.add[:namedAtOnce]) })
		if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
	}
	// In a transaction of its own: what comes next reserves time at hosts as well,
	// in the order of their names.
	if more := requests.perHost(v.page.Host); len(more) > 0 {
		if err := s.Store.Update(ctx, func(tx *store.Tx) error { return tx.SpentAtHosts(more, s.Config.Threads.Pause()) }); err != nil {
			return err
		}
	}
	return s.Store.Update(ctx, func(tx *store.Tx) error { return s.visited(tx, v, down) })
}

// namedAtOnce is how much of what a page names one transaction adds.
const namedAtOnce = 100

// visited writes what came of a page. A host that is down is not asked again by
// this crawl.
func (s *Service) visited(tx *store.Tx, v *visit, down bool) error {
	if err := tx.CrawlFound(v.crawl, v.found, v.listed); err != nil {
		return err
	}
	if err := tx.CrawledPage(v.crawl.ID, v.page, down); err != nil {
		return err
	}
	if v.totals != nil {
		if err := v.totals(tx); err != nil {
			return err
		}
	}
	err := activity.ContinueCrawl(s.env, tx, v.crawl, v.add)
	if fault.Is(err, fault.NotFound) {
		return nil // the crawl was ended meanwhile
	}
	return err
}

// crawlCause counts the requests of a crawl for who decides what is asked for:
// the author of the thread, or the owner of the profile. Somebody here asked for
// it, so they count as of one who is followed.
func (s *Service) crawlCause(ctx context.Context, c *store.Crawl) (context.Context, error) {
	var who *store.Account
	err := s.Store.View(ctx, func(tx *store.Tx) (err error) {
		id := store.AccountID(c.Subject)
		if c.Kind == store.CrawlThread {
			o, err := tx.Object(store.ObjectID(c.Subject))
			if err != nil {
				return err
			}
			id = o.AccountID
		}
		who, err = tx.Account(id)
		return err
	})
	if err != nil {
		return ctx, err
	}
	return withCause(ctx, cause{account: who.URI, host: vocab.Host(who.URI), trusted: true}), nil
}

// requests counts the requests of a page by their hosts.
type requests struct {
	mu sync.Mutex
	at map[string]int
}

type requestsKey struct{}

func countRequests(ctx context.Context) (context.Context, *requests) {
	r := &requests{at: map[string]int{}}
	return context.WithValue(ctx, requestsKey{}, r), r
}

// countRequest counts a request, if it is one of a crawl.
func countRequest(ctx context.Context, uri string) {
	if r, ok := ctx.Value(requestsKey{}).(*requests); ok {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.at[vocab.Host(uri)]++
	}
}

// perHost are the requests at each host beyond the one to which the page was due.
func (r *requests) perHost(due string) map[string]int {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.at[due]--; r.at[due] <= 0 {
		delete(r.at, due)
	}
	return r.at
}

// takePublic stores a status that was fetched from its origin for a crawl, if
// everyone may see it, and returns its id.
func (s *Service) takePublic(ctx context.Context, v *visit, doc *vocab.Object) (store.ObjectID, error) {
	if !object.IsStatus(doc.Type) {
		return 0, fault.Errorf(fault.Invalid, "%s has the type %q, which is not a status", doc.ID, doc.Type)
	}
	if !slices.Contains(doc.To, vocab.Public) && !slices.Contains(doc.Cc, vocab.Public) {
		return 0, fault.Errorf(fault.Invalid, "%s is not public", doc.ID)
	}
	out, err := s.takeStatusAs(ctx, doc, 0, activity.Crawled)
	if err == nil && out.NotWanted != "" {
		err = fault.Errorf(fault.Forbidden, "%s: %s", doc.ID, out.NotWanted)
	}
	if err != nil {
		return 0, err
	}
	v.found = out.Object
	return out.Object, nil
}

// knownStatus finds a status by its URI; nil when it is not known here, or was
// deleted.
func (s *Service) knownStatus(ctx context.Context, uri string) (*store.Object, error) {
	var o *store.Object
	err := s.Store.View(ctx, func(tx *store.Tx) (err error) {
		o, err = tx.ObjectByURI(uri)
		return err
	})
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	if err == nil && (!o.IsStatus || !o.DeletedAt.IsZero()) {
		err = fault.Errorf(fault.Gone, "%s was deleted, or is not a status", uri)
	}
	return o, err
}

// collectionPage is a collection, or a page of one, as it was fetched.
type collectionPage struct {
	items []vocab.Ref
	next  string
	total store.OriginTotal
}

// collection fetches a page of a collection. Nothing in it is believed: it names
// ids, which are fetched, and the next page, which has to be on the same host.
func (s *Service) collection(ctx context.Context, uri string) (*collectionPage, error) {
	if s.Config.IsOwn(uri) {
		return nil, fault.Errorf(fault.Invalid, "%s is on this server and not fetched", uri)
	}
	doc, from, err := s.fetchOnce(ctx, uri)
	if err != nil {
		return nil, err
	}
	if !vocab.SameOrigin(uri, from) {
		return nil, fault.Errorf(fault.Invalid, "%s leads to another host, %s", uri, from)
	}
	return readCollection(doc, uri)
}

// readCollection reads a collection that was found at, or embedded in, a document
// of the same origin as at.
func readCollection(doc *vocab.Object, at string) (*collectionPage, error) {
	if !isCollection(doc.Type) {
		return nil, fault.Errorf(fault.Invalid, "%s has the type %q, which is not a collection", at, doc.Type)
	}
	p := &collectionPage{items: doc.Items, next: doc.Next.ID}
	if doc.Document["totalItems"] != nil {
		p.total = store.OriginTotal{N: doc.TotalItems, Known: true}
	}
	if first := doc.First; first.Object != nil && isCollection(first.Object.Type) {
		p.items = append(slices.Clone(p.items), first.Object.Items...)
		p.next = first.Object.Next.ID
	} else if first.ID != "" {
		p.next = first.ID
	}
	if !vocab.SameOrigin(p.next, at) || p.next == at {
		p.next = ""
	}
	return p, nil
}

func isCollection(typ string) bool {
	switch typ {
	case "Collection", "OrderedCollection", "CollectionPage", "OrderedCollectionPage":
		return true
	}
	return false
}
