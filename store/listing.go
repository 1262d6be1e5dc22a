package store

import (
	"slices"
	"strconv"
)

// maxCandidates is how many rows a page of a filtered timeline looks at. Where
// no index has just what a filter lets through (only pictures under a hashtag,
// without replies of somebody who only replies), a page that would have to look
// at more ends early, and says where the next one goes on. So what one request
// costs does not depend on how many statuses there are.
const maxCandidates = 1000

// params are the arguments of a statement that is put together of parts.
type params []any

// add adds an argument and returns its placeholder.
func (a *params) add(v any) string {
	*a = append(*a, v)
	return "$" + strconv.Itoa(len(*a))
}

// source is a range of an index: where the candidates of a timeline are.
type source struct {
	id    string // the column that the list is paged by, which the index ends in
	table string // with its alias
	index string
	where string // the other columns of the index
}

// listing is a page of a timeline, put together of its candidates and of a
// condition for what is shown of them.
type listing struct {
	page Page
	params
	overlap    bool // the sources have rows in common
	candidates string
	bounds     int // how many of params belong to candidates

	viewer AccountID
	asks   string // the placeholder of the viewer
	show   string // the condition for the row o of a candidate
}

// shownTo ends a listing: viewer sees of the candidates those that fit where and
// that it may see.
func (l *listing) shownTo(viewer AccountID, where string) {
	l.viewer, l.asks = viewer, l.add(viewer)
	l.show = where + `
		  AND ` + visible("o", l.asks)
}

// unmuted leaves out the accounts that the viewer mutes.
func (l *listing) unmuted(tx *Tx) {
	l.show += `
		  AND ` + notMuted("o.account_id", l.asks, l.add(millis(tx.Now())))
}

// newListing makes a listing of the candidates that sources returns.
func (tx *Tx) newListing(p Page, sources func(l *listing) []source) *listing {
	l := &listing{page: p}
	below, above := p.bounds()
	l.params = params{below, above, maxCandidates}
	for i, s := range sources(l) {
		switch {
		case i > 0 && l.overlap:
			l.candidates += " UNION "
		case i > 0:
			l.candidates += " UNION ALL "
		}
		l.candidates += `SELECT ` + s.id + ` AS id FROM ` + s.table + tx.engine.IndexedBy(s.index) + ` WHERE ` + s.where + ` AND ` + s.id + ` < $1 AND ` + s.id + ` > $2`
	}
	l.candidates += ` ORDER BY id ` + p.order()
	l.bounds = len(l.params)
	return l
}

// from is the part of the statement after its columns.
func (l *listing) from() string {
	// CROSS JOIN: in this order, whatever the planner thinks of it.
	return `
		FROM (` + l.limited() + `) c
		CROSS JOIN objects o
		WHERE o.id = c.id AND ` + l.show + `
		ORDER BY c.id ` + l.page.order() + `
		LIMIT ` + l.add(l.page.Limit)
}

// timelineIDs lists what is shown of a listing, newest first. end is not 0 when
// it stopped before the page was full: older statuses than end (newer ones, when
// the page is read upwards) were not looked at.
func (tx *Tx) timelineIDs(l *listing, err error) (list []ObjectID, end ObjectID, _ error) {
	if l == nil || err != nil {
		return nil, 0, err
	}
	from := l.from() // which adds to params
	if list, err = ids[ObjectID](tx, `SELECT o.id `+from, l.params...); err != nil {
		return nil, 0, err
	}
	last, err := tx.endOfListing(l, len(list))
	return newestFirst(l.page, list), ObjectID(last), err
}

// timeline reads the statuses of timelineIDs, in the statement that finds them.
func (tx *Tx) timeline(l *listing, err error) (list []*Status, end ObjectID, _ error) {
	if l == nil || err != nil {
		return nil, 0, err
	}
	from := l.from()
	rows, err := tx.statusRows(statusColumns(l.viewer, l.asks), from, l.params...)
	if err != nil {
		return nil, 0, err
	}
	last, err := tx.endOfListing(l, len(rows))
	if err != nil {
		return nil, 0, err
	}
	list, err = tx.complete(l.viewer, newestFirst(l.page, rows))
	return list, ObjectID(last), err
}

// endOfListing is the last candidate of a listing that found fewer rows than the
// page has room for, and 0 when the candidates were all there are.
func (tx *Tx) endOfListing(l *listing, found int) (end int64, err error) {
	if below, above := l.page.bounds(); found >= l.page.Limit || below-above <= maxCandidates {
		return 0, nil
	}
	args := slices.Clone(l.params[:l.bounds])
	args[2] = maxCandidates - 1
	end, _, err = one[int64](tx, l.candidates+` LIMIT 1 OFFSET $3`, args...)
	return end, err
}

func (l *listing) limited() string { return l.candidates + ` LIMIT $3` }
