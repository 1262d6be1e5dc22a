package store

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// A crawl completes a thread or a profile from other servers. What it asks for
// are its pages, of which those of one host are asked for one after the other.
// It is bounded: in statuses, in pages of collections, in hosts and in time.

// The kinds of crawls.
const (
	CrawlThread  = "thread"  // of a status
	CrawlProfile = "profile" // of an account
)

// crawlTime is how long a crawl may take. What is left then is not asked for.
const crawlTime = 30 * time.Minute

// crawlHosts is how many hosts one crawl may ask.
const crawlHosts = 100

// Crawl is one, from when it begins until its rest is over.
type Crawl struct {
	ID        int64
	Kind      string
	Subject   int64 // the id of the status or the account
	OpenedBy  AccountID
	StartedAt time.Time
	EndedAt   time.Time
	// StatusesLeft and PagesLeft are how many more may be asked for.
	StatusesLeft, PagesLeft int
	Found                   int  // statuses that came
	Listed                  bool // a collection of the whole thread, or of the pins, was read

	added int64
}

// Running reports whether a crawl still asks for something.
func (c *Crawl) Running(now time.Time) bool {
	return isRunning(c.StartedAt, c.EndedAt, now)
}

const crawlColumns = `c.id, c.kind, c.subject, c.opened_by, c.started_at, c.ended_at, c.statuses_left, c.pages_left, c.added, c.found, c.listed`

func (c *Crawl) dest() []any {
	return []any{&c.ID, &c.Kind, &c.Subject, &c.OpenedBy, toTime(&c.StartedAt), toTime(&c.EndedAt), &c.StatusesLeft, &c.PagesLeft, &c.added, &c.Found, &c.Listed}
}

// Crawl reads a crawl; NotFound when it is over and its rest as well.
func (tx *Tx) Crawl(id int64) (*Crawl, error) {
	c := new(Crawl)
	return c, tx.get("crawl", c.dest(), `SELECT `+crawlColumns+` FROM crawls c WHERE c.id = $1`, id)
}

// ThreadRoot is what decides whether a thread may be crawled.
type ThreadRoot struct {
	ID           ObjectID
	Local        bool
	Public       bool      // or unlisted
	StartedAt    time.Time // of its last crawl; zero for none
	EndedAt      time.Time
	Crawl        int64
	Found        int
	InReplyToURI string // when that is not known here
}

// Running reports whether the thread is being completed.
func (r *ThreadRoot) Running(now time.Time) bool {
	return r.Crawl != 0 && isRunning(r.StartedAt, r.EndedAt, now)
}

func isRunning(started, ended, now time.Time) bool {
	return ended.IsZero() && started.After(now.Add(-crawlTime))
}

// ThreadRoot reads the first known status of a thread with its last crawl, in
// one statement.
func (tx *Tx) ThreadRoot(id ObjectID) (*ThreadRoot, error) {
	r := &ThreadRoot{ID: id}
	return r, tx.get("status "+id.String(), []any{&r.Local, &r.Public, &r.InReplyToURI, &r.Crawl, toTime(&r.StartedAt), toTime(&r.EndedAt), &r.Found}, `
		SELECT o.local, o.visibility <= 1 AND o.reblog_of_id = 0 AND o.is_status AND o.deleted_at = 0,
		  CASE WHEN o.in_reply_to_id = 0 THEN o.in_reply_to_uri ELSE '' END,
		  COALESCE(c.id, 0), COALESCE(c.started_at, 0), COALESCE(c.ended_at, 0), COALESCE(c.found, 0)
		FROM objects o
		LEFT JOIN crawls c ON c.kind = 'thread' AND c.subject = o.id
		WHERE o.id = $1`, id)
}

// BeginCrawl begins a crawl and gives it its id, unless its subject was crawled
// within the rest, or is now, or who asks has most of them running.
func (tx *Tx) BeginCrawl(c *Crawl, rest time.Duration, most int) (began bool, err error) {
	restore(tx, c)
	now := tx.Now()
	c.StartedAt = now
	running, _, err := one[int](tx, `SELECT COUNT(*) FROM crawls WHERE opened_by = $1 AND ended_at = 0 AND started_at > $2`,
		c.OpenedBy, millis(now.Add(-crawlTime)))
	if err != nil || running >= most {
		return false, err
	}
	err = tx.insertNew(now, func(id int64) error {
		n, err := tx.exec(`
			INSERT INTO crawls (id, kind, subject, opened_by, started_at, statuses_left, pages_left)
			VALUES ($1, $2, $3, $4, $5, $6, $7)
			ON CONFLICT (kind, subject) DO UPDATE SET
			  id = excluded.id, opened_by = excluded.opened_by, started_at = excluded.started_at, ended_at = 0,
			  statuses_left = excluded.statuses_left, pages_left = excluded.pages_left, added = 0, found = 0, listed = FALSE
			WHERE crawls.started_at <= $8 AND (crawls.ended_at <> 0 OR crawls.started_at <= $9)`,
			id, c.Kind, c.Subject, c.OpenedBy, millis(now), c.StatusesLeft, c.PagesLeft, millis(now.Add(-rest)), millis(now.Add(-crawlTime)))
		began, c.ID = n == 1, id
		return err
	})
	if err == nil && began && c.Kind == CrawlProfile {
		_, err = tx.exec(`UPDATE accounts SET crawled_at = $2 WHERE id = $1`, c.Subject, millis(now))
	}
	return began, err
}

// Cost is what a page counts as.
type Cost int

// The costs of a page of a crawl.
const (
	CostNothing Cost = iota // it is bounded by its depth, or there is one
	CostStatus
	CostPage
)

// CrawlPage is something that a crawl asks for.
type CrawlPage struct {
	URI, Host string
	Role      string // what is to be found there
	Rank      int    // those of a lower one are asked for first
	Cost      Cost
	About     ObjectID // the status that a total is of
	Depth     int
}

// AddCrawlPages adds what a crawl has not asked for yet, as far as its bounds
// allow, in order. The crawl is locked until the transaction ends.
func (tx *Tx) AddCrawlPages(id int64, list []CrawlPage) error {
	if len(list) == 0 {
		return nil
	}
	c := new(Crawl)
	if err := tx.get("crawl", c.dest(), `SELECT `+crawlColumns+` FROM crawls c WHERE c.id = $1 `+tx.engine.ForUpdate(), id); err != nil {
		return err
	}
	uris := make([]string, len(list))
	for i, p := range list {
		uris[i] = p.URI
	}
	have, err := tx.textsAmong(`SELECT uri FROM crawl_pages WHERE crawl_id = $1 AND `+tx.inText("uri", "$2"), id, textSet(uris))
	if err != nil {
		return err
	}
	hosts, err := tx.textsAmong(`SELECT DISTINCT host FROM crawl_pages WHERE crawl_id = $1`, id)
	if err != nil {
		return err
	}
	var added []CrawlPage
	for _, p := range list {
		if have[p.URI] || p.Host == "" || !ValidText(p.URI) || !hosts[p.Host] && len(hosts) >= crawlHosts || !c.spend(p.Cost) {
			continue
		}
		have[p.URI], hosts[p.Host] = true, true
		added = append(added, p)
	}
	for len(added) > 0 {
		n := 1
		if len(added) >= jobChunk {
			n = jobChunk
		}
		if err := tx.insertCrawlPages(c, added[:n]); err != nil {
			return err
		}
		added = added[n:]
	}
	_, err = tx.exec(`UPDATE crawls SET statuses_left = $2, pages_left = $3, added = $4 WHERE id = $1`, id, c.StatusesLeft, c.PagesLeft, c.added)
	return err
}

// spend counts a page, if there is room for it.
func (c *Crawl) spend(cost Cost) bool {
	left := map[Cost]*int{CostStatus: &c.StatusesLeft, CostPage: &c.PagesLeft}[cost]
	if left == nil {
		return true
	}
	if *left <= 0 {
		return false
	}
	*left--
	return true
}

// turnsOfRank is more than the pages of any crawl.
const turnsOfRank = 1 << 32

func (tx *Tx) insertCrawlPages(c *Crawl, list []CrawlPage) error {
	var rows []string
	var args []any
	for _, p := range list {
		n := len(args)
		rows = append(rows, fmt.Sprintf(`(CAST($%d AS BIGINT), CAST($%d AS TEXT), CAST($%d AS TEXT), CAST($%d AS TEXT), CAST($%d AS BIGINT), CAST($%d AS BIGINT), CAST($%d AS BIGINT))`,
			n+1, n+2, n+3, n+4, n+5, n+6, n+7))
		args = append(args, c.ID, p.URI, p.Host, p.Role, p.About, p.Depth, int64(p.Rank)*turnsOfRank+c.added)
		c.added++
	}
	_, err := tx.exec(`INSERT INTO crawl_pages (crawl_id, uri, host, role, about, depth, turn) VALUES `+strings.Join(rows, ", ")+` ON CONFLICT (crawl_id, uri) DO NOTHING`, args...)
	return err
}

// textsAmong is the set of the texts that a statement finds.
func (tx *Tx) textsAmong(query string, args ...any) (map[string]bool, error) {
	list, err := tx.texts(query, args...)
	set := make(map[string]bool, len(list))
	for _, s := range list {
		set[s] = true
	}
	return set, err
}

// CrawlPage reads a page of a crawl that is running and that page not done, and
// whether its host is set aside since it did not answer; NotFound.
func (tx *Tx) CrawlPage(crawl int64, uri string) (c *Crawl, p *CrawlPage, aside bool, err error) {
	c, p = new(Crawl), new(CrawlPage)
	err = tx.get("page of a crawl", append(c.dest(), &p.URI, &p.Host, &p.Role, &p.About, &p.Depth, &aside), `
		SELECT `+crawlColumns+`, p.uri, p.host, p.role, p.about, p.depth,
		  EXISTS (SELECT 1 FROM lanes l WHERE l.lane = p.host AND l.not_before > $4)
		FROM crawl_pages p
		CROSS JOIN crawls c
		WHERE p.crawl_id = $1 AND p.uri = $2 AND p.state < 2 AND c.id = p.crawl_id AND c.ended_at = 0 AND c.started_at > $3`,
		crawl, uri, millis(tx.Now().Add(-crawlTime)), millis(tx.Now()))
	return c, p, aside, err
}

// HasCrawlPage reports whether a crawl has something among what it asks for.
func (tx *Tx) HasCrawlPage(crawl int64, uri string) (bool, error) {
	_, ok, err := one[int64](tx, `SELECT turn FROM crawl_pages WHERE crawl_id = $1 AND uri = $2`, crawl, uri)
	return ok, err
}

// CrawlURIs lists what a crawl asked for in a role.
func (tx *Tx) CrawlURIs(crawl int64, role string) ([]string, error) {
	return tx.texts(`SELECT uri FROM crawl_pages WHERE crawl_id = $1 AND role = $2 ORDER BY turn`, crawl, role)
}

// CrawledPage marks a page as done, and with allOfHost all of its host, which did
// not answer.
func (tx *Tx) CrawledPage(crawl int64, p *CrawlPage, allOfHost bool) error {
	query, args := `UPDATE crawl_pages SET state = 2 WHERE crawl_id = $1 AND uri = $2`, []any{crawl, p.URI}
	if allOfHost {
		query, args = `UPDATE crawl_pages SET state = 2 WHERE crawl_id = $1 AND host = $2 AND state < 2`, []any{crawl, p.Host}
	}
	_, err := tx.exec(query, args...)
	return err
}

// CrawlFound counts a status that came, and remembers that a list was read. It
// writes the crawl for every page, before anything else: of two that end
// concurrently the later sees that the other is done, and so that all are.
func (tx *Tx) CrawlFound(c *Crawl, status ObjectID, listed bool) error {
	found := 0
	if status != 0 {
		found = 1
		if c.Kind == CrawlThread {
			tx.Emit(EventThread, c.Subject, int64(status))
		}
	}
	_, err := tx.exec(`UPDATE crawls SET found = found + $2, listed = CASE WHEN $3 = 1 THEN TRUE ELSE listed END WHERE id = $1`, c.ID, found, bit01(listed))
	return err
}

func bit01(b bool) int {
	if b {
		return 1
	}
	return 0
}

// NextPage is one that may be asked for now: its host is not being asked by the
// same crawl.
type NextPage struct {
	URI, Host string
	At        time.Time // not before: other crawls may have asked the host
}

// NextCrawlPages takes the next page of each host that no job of the crawl asks.
// Requests to one host are a pause apart, whichever crawl makes them. over
// reports that nothing is left: the crawl has ended.
func (tx *Tx) NextCrawlPages(crawl int64, pause time.Duration) (next []NextPage, over bool, err error) {
	turns, err := ids[int64](tx, `
		SELECT MIN(p.turn)
		FROM crawl_pages p
		WHERE p.crawl_id = $1 AND p.state = 0
		  AND NOT EXISTS (SELECT 1 FROM crawl_pages q WHERE q.crawl_id = $1 AND q.state = 1 AND q.host = p.host)
		GROUP BY p.host`, crawl)
	if err != nil {
		return nil, false, err
	}
	if len(turns) == 0 {
		_, asks, err := one[int64](tx, `SELECT turn FROM crawl_pages WHERE crawl_id = $1 AND state = 1 LIMIT 1`, crawl)
		return nil, err == nil && !asks, err
	}
	err = tx.query(func(row scanner) error {
		var p NextPage
		err := row.Scan(&p.URI, &p.Host)
		next = append(next, p)
		return err
	}, `UPDATE crawl_pages SET state = 1 WHERE crawl_id = $1 AND `+tx.in("turn", "$2")+` RETURNING uri, host`, crawl, setOf(turns))
	if err != nil {
		return nil, false, err
	}
	// In one order, so that two crawls of the same hosts do not wait for each other.
	slices.SortFunc(next, func(a, b NextPage) int { return strings.Compare(a.Host, b.Host) })
	now := tx.Now()
	for i := range next {
		after, err := tx.delayHost(next[i].Host, now, pause)
		if err != nil {
			return nil, false, err
		}
		next[i].At = after.Add(-pause)
	}
	return next, false, nil
}

// delayHost reserves time at a host, and returns when it is over.
func (tx *Tx) delayHost(host string, now time.Time, by time.Duration) (after time.Time, err error) {
	err = tx.get("host "+host, []any{toTime(&after)}, `
		INSERT INTO crawl_hosts (host, next_at)
		VALUES ($1, CAST($2 AS BIGINT) + $3)
		ON CONFLICT (host) DO UPDATE SET next_at = `+tx.engine.Greatest("crawl_hosts.next_at", "CAST($2 AS BIGINT)")+` + $3
		RETURNING next_at`, host, millis(now), by.Milliseconds())
	return after, err
}

// SpentAtHosts counts further requests that a page took, of which the next to
// those hosts are so much later.
func (tx *Tx) SpentAtHosts(requests map[string]int, pause time.Duration) error {
	for _, host := range slices.Sorted(maps.Keys(requests)) { // as NextCrawlPages
		if _, err := tx.delayHost(host, tx.Now(), time.Duration(requests[host])*pause); err != nil {
			return err
		}
	}
	return nil
}

// EndCrawl ends a crawl; false when it had ended.
func (tx *Tx) EndCrawl(crawl int64) (bool, error) {
	n, err := tx.exec(`UPDATE crawls SET ended_at = $2 WHERE id = $1 AND ended_at = 0`, crawl, millis(tx.Now()))
	if err != nil || n == 0 {
		return false, err
	}
	_, err = tx.exec(`DELETE FROM crawl_pages WHERE crawl_id = $1`, crawl)
	return true, err
}
