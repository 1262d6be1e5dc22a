package store

import "slices"

// Timelines are filtered and paged in SQL. Each has a method that lists the ids
// of a page (HomeTimeline), and one that reads its statuses in the same statement
// (Home), so that who may see them is asked once. Each is one index range. The
// public ones, which strangers filter as they like, look at a bounded part of it:
// see listing.go for the end they return.

// HomeTimeline lists an account's home feed.
func (tx *Tx) HomeTimeline(viewer AccountID, p Page) ([]ObjectID, error) {
	from, args := tx.homeFeed(viewer, p)
	list, err := ids[ObjectID](tx, `SELECT o.id `+from, args...)
	return newestFirst(p, list), err
}

// Home reads the statuses of a page of HomeTimeline, in the statement that finds
// them.
func (tx *Tx) Home(viewer AccountID, p Page) ([]*Status, error) {
	from, args := tx.homeFeed(viewer, p)
	rows, err := tx.statusRows(statusColumns(viewer, "$1"), from, args...)
	if err != nil {
		return nil, err
	}
	return tx.complete(viewer, newestFirst(p, rows))
}

func (tx *Tx) homeFeed(viewer AccountID, p Page) (from string, args []any) {
	below, above := p.bounds()
	return `
		FROM home_feed h
		CROSS JOIN objects o
		WHERE o.id = h.status_id AND h.account_id = $1 AND h.status_id < $2 AND h.status_id > $3
		  AND ` + visible("o", "$1") + `
		  AND ` + unmutedStatus("o", "$1", "$4") + `
		ORDER BY h.status_id ` + p.order() + `
		LIMIT $5`, []any{viewer, below, above, millis(tx.Now()), p.Limit}
}

// unmutedStatus is true unless viewer mutes the author, or the author of the
// boosted status.
func unmutedStatus(o, viewer, now string) string {
	return "(" + notMuted(o+".account_id", viewer, now) + `
		AND (` + o + `.reblog_of_id = 0 OR NOT EXISTS (
		  SELECT 1 FROM objects mr JOIN mutes mm ON mm.target_id = mr.account_id AND mm.account_id = ` + viewer + `
		  WHERE mr.id = ` + o + `.reblog_of_id AND (mm.expires_at = 0 OR mm.expires_at > ` + now + `))))`
}

// PublicQuery filters the public timeline.
type PublicQuery struct {
	Local, Remote, OnlyMedia bool
}

// where is the condition for o.
func (q PublicQuery) where() string {
	where := `o.visibility = 0 AND o.reblog_of_id = 0`
	if q.Local {
		where += ` AND o.local`
	}
	if q.Remote {
		where += ` AND NOT o.local`
	}
	if q.OnlyMedia {
		where += ` AND ` + withMedia
	}
	return where
}

// PublicTimeline lists public statuses, without boosts, of everyone known here.
func (tx *Tx) PublicTimeline(viewer AccountID, q PublicQuery, p Page) (list []ObjectID, end ObjectID, err error) {
	return tx.timelineIDs(tx.public(viewer, q, p))
}

// Public reads the statuses of a page of PublicTimeline.
func (tx *Tx) Public(viewer AccountID, q PublicQuery, p Page) (list []*Status, end ObjectID, err error) {
	return tx.timeline(tx.public(viewer, q, p))
}

func (tx *Tx) public(viewer AccountID, q PublicQuery, p Page) (*listing, error) {
	people, err := tx.localAccounts(q.Local && q.OnlyMedia)
	if err != nil {
		return nil, err
	}
	l := tx.newListing(p, func(l *listing) (sources []source) {
		const public = `o.is_status AND o.deleted_at = 0 AND o.visibility = 0 AND o.reblog_of_id = 0`
		for _, id := range people {
			sources = append(sources, mediaOf(l.add(id)))
		}
		switch {
		case len(people) > 0:
			return sources
		case q.Local:
			return []source{{"o.id", "objects o", "objects_public_local", public + ` AND o.local`}}
		case q.OnlyMedia:
			return []source{{"m.status_id", "attachments m", "attachments_status", `m.position = 0`}}
		}
		return []source{{"o.id", "objects o", "objects_public", public}}
	})
	l.shownTo(viewer, q.where()+` AND (o.in_reply_to_uri = '' OR o.in_reply_to_account_id = o.account_id)`)
	l.unmuted(tx)
	return l, nil
}

// household is how many local accounts have a range of their own in a timeline
// of local statuses: on a personal server all of them.
const household = 8

// localAccounts lists the local accounts, if they are to be listed and are a
// household.
func (tx *Tx) localAccounts(list bool) ([]AccountID, error) {
	if !list {
		return nil, nil
	}
	people, err := ids[AccountID](tx, `SELECT account_id FROM users ORDER BY account_id LIMIT $1`, household+1)
	if len(people) > household {
		return nil, err
	}
	return people, err
}

// mediaOf are the statuses with media of the account of a placeholder.
func mediaOf(account string) source {
	return source{"m.status_id", "attachments m", "attachments_account", `m.account_id = ` + account + ` AND m.position = 0`}
}

// taggedBy are the statuses with a hashtag of the account of a placeholder.
func taggedBy(account, named string) source {
	return source{"t.status_id", "account_tags t", "sqlite_autoindex_account_tags_1", `t.account_id = ` + account + ` AND ` + named}
}

const withMedia = `TRUE = EXISTS (SELECT 1 FROM attachments wm WHERE wm.status_id = o.id)`

// TagQuery selects the hashtags of a tag timeline: one of Any, all of All and
// none of None.
type TagQuery struct {
	Any, All, None []string
	PublicQuery
}

// TagTimeline lists public statuses with hashtags.
func (tx *Tx) TagTimeline(viewer AccountID, q TagQuery, p Page) (list []ObjectID, end ObjectID, err error) {
	return tx.timelineIDs(tx.tagged(viewer, q, p))
}

// Tagged reads the statuses of a page of TagTimeline.
func (tx *Tx) Tagged(viewer AccountID, q TagQuery, p Page) (list []*Status, end ObjectID, err error) {
	return tx.timeline(tx.tagged(viewer, q, p))
}

// tagged is nil when no hashtag is asked for.
func (tx *Tx) tagged(viewer AccountID, q TagQuery, p Page) (*listing, error) {
	people, err := tx.localAccounts(q.Local)
	if err != nil || len(q.Any) == 0 {
		return nil, err
	}
	l := tx.newListing(p, func(l *listing) (sources []source) {
		l.overlap = len(q.Any) > 1
		for _, name := range foldedTags(q.Any) {
			named := `t.name = ` + l.add(name)
			for _, id := range people {
				sources = append(sources, taggedBy(l.add(id), named))
			}
			if len(people) == 0 {
				sources = append(sources, source{"t.status_id", "status_tags t", "sqlite_autoindex_status_tags_1", named})
			}
		}
		return sources
	})
	where := q.where()
	for _, name := range foldedTags(q.All) {
		where += ` AND ` + l.hasTag(name)
	}
	for _, name := range foldedTags(q.None) {
		where += ` AND NOT (` + l.hasTag(name) + `)`
	}
	l.shownTo(viewer, where)
	l.unmuted(tx)
	return l, nil
}

func (l *listing) hasTag(name string) string {
	return `TRUE = EXISTS (SELECT 1 FROM status_tags ht WHERE ht.name = ` + l.add(name) + ` AND ht.status_id = o.id)`
}

// maxTags is how many hashtags of each kind a tag timeline considers: four are
// Mastodon's limit.
const maxTags = 8

// foldedTags are the keys of hashtags, each once.
func foldedTags(tags []string) []string {
	var folded []string
	for _, t := range tags {
		if t = FoldTag(t); !slices.Contains(folded, t) && len(folded) < maxTags {
			folded = append(folded, t)
		}
	}
	return folded
}

// AccountQuery filters an account's statuses.
type AccountQuery struct {
	ExcludeReplies, ExcludeReblogs, OnlyMedia, Pinned bool
	Tagged                                            string
	// Public selects only what a stranger may see, for any viewer:
	// outboxes, feeds.
	Public bool
}

// AccountTimeline lists an account's statuses. Pinned ones are ordered and
// paged by their own id, as in Mastodon: clients page by that alone.
func (tx *Tx) AccountTimeline(viewer, account AccountID, q AccountQuery, p Page) (list []ObjectID, end ObjectID, err error) {
	return tx.timelineIDs(tx.ofAccount(viewer, account, q, p), nil)
}

// AccountStatuses reads the statuses of a page of AccountTimeline.
func (tx *Tx) AccountStatuses(viewer, account AccountID, q AccountQuery, p Page) (list []*Status, end ObjectID, err error) {
	return tx.timeline(tx.ofAccount(viewer, account, q, p), nil)
}

func (tx *Tx) ofAccount(viewer, account AccountID, q AccountQuery, p Page) *listing {
	l := tx.newListing(p, func(l *listing) []source {
		a := l.add(account)
		switch {
		case q.Pinned:
			return []source{{"n.status_id", "pins n", "sqlite_autoindex_pins_1", `n.account_id = ` + a}}
		case q.Tagged != "":
			return []source{taggedBy(a, `t.name = `+l.add(FoldTag(q.Tagged)))}
		case q.OnlyMedia:
			return []source{mediaOf(a)}
		}
		return []source{{"o.id", "objects o", "objects_account", `o.account_id = ` + a + ` AND o.is_status AND o.deleted_at = 0`}}
	})
	if q.Pinned {
		q = AccountQuery{} // nothing else is asked of those
	}
	l.shownTo(viewer, q.where())
	return l
}

// where is the condition for o.
func (q AccountQuery) where() string {
	where := `TRUE`
	if q.ExcludeReblogs {
		where += ` AND o.reblog_of_id = 0`
	}
	if q.ExcludeReplies {
		where += ` AND (o.in_reply_to_uri = '' OR o.in_reply_to_account_id = o.account_id)`
	}
	if q.OnlyMedia {
		where += ` AND ` + withMedia
	}
	if q.Public {
		where += ` AND o.visibility <= 1`
	}
	return where
}
