package mastodon

import (
	"fmt"

	"kinglet/api/respond"
	"kinglet/store"
)

// retryRefresh is after how many seconds a client should ask again how far the
// completion of a thread is.
const retryRefresh = 3

// threadRoot reads the first post of another server in a thread that a signed-in
// viewer looks at, above or at what is looked at; nil for strangers, who have
// nothing fetched.
func (c *call) threadRoot(tx *store.Tx, above []*store.Status) (*store.ThreadRoot, error) {
	if c.viewer == 0 || !c.api.Config.Threads.Opened() {
		return nil, nil
	}
	for _, st := range above {
		if !st.Local {
			return tx.ThreadRoot(st.ID)
		}
	}
	return tx.ThreadRoot(c.statusID())
}

// refresh has a thread completed from other servers, and says in a header where to
// ask how far that is, as Mastodon does. That it can't begin is no reason not to
// show what is here.
func (c *call) refresh(root *store.ThreadRoot) {
	if root == nil {
		return
	}
	if c.api.Service.ThreadIsDue(root) {
		now, err := c.api.Service.OpenThread(c.ctx, c.viewer, root.ID, c.statusID())
		if err != nil {
			c.api.Log.Warn("could not begin to complete a thread", "status", root.ID, "error", err)
			return
		}
		root = now
	}
	if root.Running(c.api.Store.Now()) {
		c.w.Header().Set("Mastodon-Async-Refresh", fmt.Sprintf(`id="%d", retry=%d, result_count=%d`, root.Crawl, retryRefresh, root.Found))
	}
}

// openProfile has a profile of another server completed that a signed-in viewer
// looks at.
func (c *call) openProfile(a *store.Account) {
	if c.viewer == 0 {
		return
	}
	if err := c.api.Service.OpenProfile(c.ctx, c.viewer, a); err != nil {
		c.api.Log.Warn("could not begin to complete a profile", "account", a.URI, "error", err)
	}
}

// AsyncRefresh is Mastodon's AsyncRefresh entity.
type AsyncRefresh struct {
	ID          string `json:"id"`
	Status      string `json:"status"`
	ResultCount int    `json:"result_count"`
}

// asyncRefresh answers how far the completion of a thread is, to those who may see
// the thread.
func (c *call) asyncRefresh() (any, error) {
	return read(c, func(tx *store.Tx) (any, error) {
		crawl, err := tx.Crawl(c.id)
		if err != nil {
			return nil, err
		}
		may := false
		if crawl.Kind == store.CrawlThread {
			may, err = tx.MaySee(c.viewer, store.ObjectID(crawl.Subject))
		}
		if err == nil && !may {
			err = respond.NotFound
		}
		e := AsyncRefresh{ID: fmt.Sprint(crawl.ID), Status: "finished", ResultCount: crawl.Found}
		if crawl.Running(tx.Now()) {
			e.Status = "running"
		}
		return map[string]AsyncRefresh{"async_refresh": e}, err
	})
}
