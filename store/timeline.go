package store

// Timelines return ids of statuses, filtered and paged in SQL; Statuses reads
// them. Each is one index range.

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
	rows, err := tx.statusRows(viewer, from, args...)
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

// PublicTimeline lists public statuses, without boosts, of everyone known here.
func (tx *Tx) PublicTimeline(viewer AccountID, q PublicQuery, p Page) ([]ObjectID, error) {
	below, above := p.bounds()
	where := `o.is_status AND o.deleted_at = 0 AND o.visibility = 0 AND o.reblog_of_id = 0`
	if q.Local {
		where += ` AND o.local`
	}
	if q.Remote {
		where += ` AND NOT o.local`
	}
	if q.OnlyMedia {
		where += withMedia
	}
	list, err := ids[ObjectID](tx, `
		SELECT o.id
		FROM objects o
		WHERE `+where+`
		  AND (o.in_reply_to_uri = '' OR o.in_reply_to_account_id = o.account_id)
		  AND o.id < $2 AND o.id > $3
		  AND `+visible("o", "$1")+`
		  AND `+notMuted("o.account_id", "$1", "$4")+`
		ORDER BY o.id `+p.order()+`
		LIMIT $5`, viewer, below, above, millis(tx.Now()), p.Limit)
	return newestFirst(p, list), err
}

const withMedia = ` AND EXISTS (SELECT 1 FROM attachments wm WHERE wm.status_id = o.id)`

// TagQuery selects the hashtags of a tag timeline: one of Any, all of All and
// none of None.
type TagQuery struct {
	Any, All, None []string
	PublicQuery
}

// TagTimeline lists public statuses with hashtags.
func (tx *Tx) TagTimeline(viewer AccountID, q TagQuery, p Page) ([]ObjectID, error) {
	below, above := p.bounds()
	where := `o.visibility = 0 AND o.reblog_of_id = 0`
	if q.Local {
		where += ` AND o.local`
	}
	if q.Remote {
		where += ` AND NOT o.local`
	}
	if q.OnlyMedia {
		where += withMedia
	}
	list, err := ids[ObjectID](tx, `
		SELECT DISTINCT o.id
		FROM status_tags t
		JOIN objects o ON o.id = t.status_id
		WHERE `+tx.inText("t.name", "$6")+` AND t.status_id < $2 AND t.status_id > $3
		  AND `+where+`
		  AND `+visible("o", "$1")+`
		  AND `+notMuted("o.account_id", "$1", "$4")+`
		  AND (SELECT COUNT(DISTINCT ta.name) FROM status_tags ta WHERE ta.status_id = o.id AND `+tx.inText("ta.name", "$7")+`) = $8
		  AND NOT EXISTS (SELECT 1 FROM status_tags tn WHERE tn.status_id = o.id AND `+tx.inText("tn.name", "$9")+`)
		ORDER BY o.id `+p.order()+`
		LIMIT $5`, viewer, below, above, millis(tx.Now()), p.Limit,
		foldedTags(q.Any), foldedTags(q.All), len(q.All), foldedTags(q.None))
	return newestFirst(p, list), err
}

func foldedTags(tags []string) string {
	folded := make([]string, len(tags))
	for i, t := range tags {
		folded[i] = FoldTag(t)
	}
	return textSet(folded)
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
func (tx *Tx) AccountTimeline(viewer, account AccountID, q AccountQuery, p Page) ([]ObjectID, error) {
	below, above := p.bounds()
	if q.Pinned {
		list, err := ids[ObjectID](tx, `
			SELECT o.id
			FROM pins n
			JOIN objects o ON o.id = n.status_id
			WHERE n.account_id = $2 AND o.id < $3 AND o.id > $4
			  AND `+visible("o", "$1")+`
			ORDER BY o.id `+p.order()+`
			LIMIT $5`, viewer, account, below, above, p.Limit)
		return newestFirst(p, list), err
	}
	where := ``
	if q.ExcludeReblogs {
		where += ` AND o.reblog_of_id = 0`
	}
	if q.ExcludeReplies {
		where += ` AND (o.in_reply_to_uri = '' OR o.in_reply_to_account_id = o.account_id)`
	}
	if q.OnlyMedia {
		where += withMedia
	}
	if q.Public {
		where += ` AND o.visibility <= 1`
	}
	args := []any{viewer, account, below, above, p.Limit}
	if q.Tagged != "" {
		where += ` AND EXISTS (SELECT 1 FROM status_tags t WHERE t.name = $6 AND t.status_id = o.id)`
		args = append(args, FoldTag(q.Tagged))
	}
	list, err := ids[ObjectID](tx, `
		SELECT o.id
		FROM objects o
		WHERE o.account_id = $2 AND o.is_status AND o.deleted_at = 0
		  AND o.id < $3 AND o.id > $4`+where+`
		  AND `+visible("o", "$1")+`
		ORDER BY o.id `+p.order()+`
		LIMIT $5`, args...)
	return newestFirst(p, list), err
}
