package activity

import (
	"time"

	"kinglet/ap/vocab"
	"kinglet/internal/config"
	"kinglet/internal/jobs"
	"kinglet/store"
)

// A crawl completes a thread or a profile that somebody here opened, or follows,
// from other servers. Here it begins and ends; what is fetched is in package ap
// (crawl.go, crawl_thread.go, crawl_profile.go).

// CrawlJob asks for one page of a crawl. Its lane is the host's, but not that of
// deliveries: they do not wait behind hundreds of replies, and that a page ended
// without a request says nothing about the host.
var CrawlJob = jobs.Kind[CrawlArgs]{Fetches: true, Name: "crawl", Timeout: fetchTimeout, GiveUp: time.Hour, Lane: func(a CrawlArgs) string {
	return jobs.LocalLane("crawl", vocab.Host(a.URI))
}}

// CrawlArgs names a page of a crawl.
type CrawlArgs struct {
	Crawl int64  `json:"crawl"`
	URI   string `json:"uri"`
}

// The roles of the pages of a crawl: what is to be found there.
const (
	// Of a thread: a post that is known here, one above the first that is, one
	// that a collection lists, pages of collections, totals, and what the public
	// API of the origin names.
	CrawlOpened   = "opened"
	CrawlAncestor = "ancestor"
	CrawlReply    = "reply"
	CrawlContext  = "context"
	CrawlReplies  = "replies"
	CrawlLikes    = "likes"
	CrawlShares   = "shares"
	CrawlAPI      = "api"
	// Of a profile: its document, collections, and posts.
	CrawlActor      = "actor"
	CrawlFeatured   = "featured"
	CrawlPin        = "pin"
	CrawlOutbox     = "outbox"
	CrawlPost       = "post"
	CrawlFollowers  = "followers"
	CrawlFollowing  = "following"
	CrawlAPIAccount = "api account"
	CrawlAPIPosts   = "api posts"
)

// crawlRoles say when what is asked for, and what it costs.
var crawlRoles = map[string]struct {
	rank int
	cost store.Cost
}{
	CrawlOpened: {0, store.CostNothing}, CrawlAncestor: {0, store.CostNothing},
	CrawlContext: {1, store.CostPage}, CrawlReplies: {2, store.CostPage}, CrawlReply: {3, store.CostStatus},
	CrawlLikes: {4, store.CostPage}, CrawlShares: {4, store.CostPage}, CrawlAPI: {5, store.CostPage},
	CrawlActor: {0, store.CostNothing}, CrawlFeatured: {1, store.CostPage}, CrawlPin: {2, store.CostStatus},
	CrawlOutbox: {3, store.CostPage}, CrawlAPIAccount: {3, store.CostPage}, CrawlAPIPosts: {3, store.CostPage},
	CrawlPost: {4, store.CostStatus}, CrawlFollowers: {5, store.CostPage}, CrawlFollowing: {5, store.CostPage},
}

// CrawlPage makes a page of a crawl. The store leaves out one with an address
// that is none.
func CrawlPage(role, uri string, depth int, about store.ObjectID) store.CrawlPage {
	r := crawlRoles[role]
	return store.CrawlPage{URI: uri, Host: vocab.Host(uri), Role: role, Rank: r.rank, Cost: r.cost, About: about, Depth: depth}
}

const (
	// pagesOfThread and pagesOfProfile are how many pages of collections are read.
	pagesOfThread  = 50
	pagesOfProfile = 10
	// mostCrawls is how many crawls of one account here run at once.
	mostCrawls = 20
)

// OpenThread begins the completion of a thread, of which root is the first post
// known here, unless that has to rest. opened is another post of it, or root.
func OpenThread(env *Env, tx *store.Tx, viewer store.AccountID, root, opened store.ObjectID) (began bool, err error) {
	c := &store.Crawl{
		Kind: store.CrawlThread, Subject: int64(root), OpenedBy: viewer, StatusesLeft: env.Config.Threads.MaxReplies, PagesLeft: pagesOfThread,
	}
	if began, err = tx.BeginCrawl(c, env.Config.Threads.Rest, mostCrawls); err != nil || !began {
		return false, err
	}
	var pages []store.CrawlPage
	for i, id := range []store.ObjectID{root, opened} {
		if i > 0 && opened == root {
			break
		}
		o, err := tx.Object(id)
		if err != nil {
			return false, err
		}
		if !o.Local && o.Visibility <= store.Unlisted && o.ReblogOfID == 0 {
			pages = append(pages, CrawlPage(CrawlOpened, o.URI, 0, o.ID))
		}
		if id == root && o.InReplyToID == 0 && o.InReplyToURI != "" && !env.Config.IsOwn(o.InReplyToURI) {
			pages = append(pages, CrawlPage(CrawlAncestor, o.InReplyToURI, 1, 0))
		}
	}
	return true, ContinueCrawl(env, tx, c, pages)
}

// OpenProfile begins the completion of a profile of another server, unless that
// has to rest.
func OpenProfile(env *Env, tx *store.Tx, viewer store.AccountID, a *store.Account) error {
	if !ProfileIsDue(env.Config, tx.Now(), a) {
		return nil
	}
	settings := env.Config.Threads
	c := &store.Crawl{
		Kind: store.CrawlProfile, Subject: int64(a.ID), OpenedBy: viewer, StatusesLeft: settings.ProfilePosts + MaxPins, PagesLeft: pagesOfProfile,
	}
	if began, err := tx.BeginCrawl(c, settings.ProfileRest, mostCrawls); err != nil || !began {
		return err
	}
	pages := []store.CrawlPage{CrawlPage(CrawlActor, a.URI, 0, 0)}
	for _, p := range []struct{ role, uri string }{
		{CrawlFeatured, a.FeaturedURI}, {CrawlOutbox, a.Outbox}, {CrawlFollowers, a.FollowersURI}, {CrawlFollowing, a.FollowingURI},
	} {
		if p.uri != "" {
			pages = append(pages, CrawlPage(p.role, p.uri, 0, 0))
		}
	}
	return ContinueCrawl(env, tx, c, pages)
}

// ProfileIsDue reports whether a profile is another server's and was not looked
// at for its rest.
func ProfileIsDue(c *config.Config, now time.Time, a *store.Account) bool {
	return c.Threads.Opened() && !a.Local() && a.Active() && now.Sub(a.CrawledAt) >= c.Threads.ProfileRest
}

// ContinueCrawl adds pages to a crawl and enqueues the jobs for those that may be
// asked for now; without any the crawl is over.
func ContinueCrawl(env *Env, tx *store.Tx, c *store.Crawl, pages []store.CrawlPage) error {
	if err := tx.AddCrawlPages(c.ID, pages); err != nil {
		return err
	}
	next, over, err := tx.NextCrawlPages(c.ID, env.Config.Threads.Pause())
	if err != nil {
		return err
	}
	if over {
		return endCrawl(tx, c)
	}
	list := make([]store.NewJob, len(next))
	for i, p := range next {
		list[i] = CrawlJob.Job(CrawlArgs{Crawl: c.ID, URI: p.URI})
		list[i].RunAt = p.At
	}
	return tx.Enqueue(list...)
}

// endCrawl ends a crawl. What a profile's server lists as pinned is pinned from
// now on, as far as it came.
func endCrawl(tx *store.Tx, c *store.Crawl) error {
	now, err := tx.Crawl(c.ID)
	if err != nil {
		return err
	}
	if c.Kind == store.CrawlProfile && now.Listed {
		uris, err := tx.CrawlURIs(c.ID, CrawlPin)
		if err != nil {
			return err
		}
		var pins []store.ObjectID
		for _, uri := range uris {
			o, err := tx.ObjectByURI(uri)
			if err == nil {
				pins = append(pins, o.ID)
			} else if ifNotFound(err) != nil {
				return err
			}
		}
		if err := tx.SetPins(store.AccountID(c.Subject), pins, MaxPins); err != nil {
			return err
		}
	}
	_, err = tx.EndCrawl(c.ID)
	return err
}
