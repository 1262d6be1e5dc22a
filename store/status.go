package store

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"kinglet/internal/fault"
)

// Status is a status as one viewer sees it, with everything displayed with it.
// Of its row it has what is displayed or answered: see statusColumns.
type Status struct {
	Object
	Account     *Account   // as displayed: see displayedColumns
	Reblog      *Status    // what it boosts, seen by the same viewer
	Mentions    []*Account // as displayed
	Attachments []Attachment
	Application *App   // what it was written with, its name and website only; nil when not known
	Quote       *Quote // what it quotes; nil for nothing

	// The viewer's own interactions; false for a stranger.
	Favourited, Reblogged, Bookmarked, Pinned, Muted bool
	Reacted                                          []string // with which emojis
	Voted                                            []int    // for which options of its poll

	mentioned      []AccountID
	hasAttachments bool
}

// Status reads one status as viewer sees it, 0 for a stranger; NotFound when it
// does not exist or viewer may not see it.
func (tx *Tx) Status(viewer AccountID, id ObjectID) (*Status, error) {
	list, err := tx.Statuses(viewer, []ObjectID{id})
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, fault.Errorf(fault.NotFound, "status %s not found", id)
	}
	return list[0], nil
}

// Statuses reads the statuses of a page in the order of ids, leaving out what
// viewer may not see. It runs the same small number of statements for one and
// for forty.
func (tx *Tx) Statuses(viewer AccountID, ids []ObjectID) ([]*Status, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	oneOf, set := among(tx, "o.id", "$2", ids)
	rows, err := tx.statusRows(statusColumns(viewer, "$1"), `FROM objects o WHERE `+oneOf+` AND `+visible("o", "$1"), viewer, set)
	if err != nil {
		return nil, err
	}
	known := make(map[ObjectID]*Status, len(rows))
	for _, st := range rows {
		known[st.ID] = st
	}
	list := make([]*Status, 0, len(ids))
	for _, id := range ids {
		if st := known[id]; st != nil {
			list = append(list, st)
		}
	}
	return tx.complete(viewer, list)
}

// statusRows reads the rows of statuses, o in from: their statusColumns. Who may
// see them is decided there, for what they boost as well.
func (tx *Tx) statusRows(columns, from string, args ...any) (list []*Status, err error) {
	err = tx.eachStatus(func(st *Status) { list = append(list, st) }, nil, columns, from, args...)
	return list, err
}

// eachStatus is statusRows with more columns, which are scanned into more before
// read is called.
func (tx *Tx) eachStatus(read func(st *Status), more []any, columns, from string, args ...any) error {
	var st Status
	dest := append(st.dest(), more...)
	now := tx.Now()
	return tx.query(func(row scanner) error {
		st = Status{}
		if err := row.Scan(dest...); err != nil {
			return err
		}
		st.Poll.age(now)
		one := st
		read(&one)
		return nil
	}, columns+from, args...)
}

// decidedRows reads the rows of statuses of which this transaction has asked
// before that viewer may see them: the predicate is not asked twice.
func (tx *Tx) decidedRows(viewer AccountID, ids []ObjectID) ([]*Status, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	oneOf, set := among(tx, "o.id", "$2", ids)
	return tx.statusRows(statusColumns(viewer, "$1"), `FROM objects o WHERE `+oneOf+` AND o.deleted_at = 0 AND CAST($1 AS BIGINT) >= 0`, viewer, set)
}

// decidedStatuses is Statuses for such statuses, keyed by id, and reads other
// accounts of the page with their authors.
func (tx *Tx) decidedStatuses(viewer AccountID, ids []ObjectID, others []AccountID) (map[ObjectID]*Status, map[AccountID]*Account, error) {
	rows, err := tx.decidedRows(viewer, ids)
	if err != nil {
		return nil, nil, err
	}
	rows, accounts, err := tx.completeWith(viewer, rows, others)
	byID := make(map[ObjectID]*Status, len(rows))
	for _, st := range rows {
		byID[st.ID] = st
	}
	return byID, accounts, err
}

// complete adds to the rows of statuses what they boost and the data of other
// tables, in one statement for each kind that the page has.
func (tx *Tx) complete(viewer AccountID, rows []*Status) ([]*Status, error) {
	rows, _, err := tx.completeWith(viewer, rows, nil)
	return rows, err
}

func (tx *Tx) completeWith(viewer AccountID, rows []*Status, others []AccountID) ([]*Status, map[AccountID]*Account, error) {
	known := make(map[ObjectID]*Status, len(rows)+len(rows)/4)
	for _, st := range rows {
		known[st.ID] = st
	}
	var originals []ObjectID
	for _, st := range rows {
		if st.ReblogOfID != 0 && known[st.ReblogOfID] == nil {
			originals = append(originals, st.ReblogOfID)
		}
	}
	boosted, err := tx.decidedRows(viewer, originals) // with their boosts
	if err != nil {
		return nil, nil, err
	}
	for _, st := range boosted {
		known[st.ID] = st
	}
	quotes, err := tx.quotesOf(viewer, known)
	if err != nil {
		return nil, nil, err
	}
	quotes.show(known)
	accounts, err := tx.fill(viewer, known, others)
	if err != nil {
		return nil, nil, err
	}
	for _, st := range boosted {
		st.Quote = quotes.of(st)
	}
	out := rows[:0]
	for _, st := range rows {
		if st.Account == nil {
			continue
		}
		st.Quote = quotes.of(st)
		if st.ReblogOfID != 0 {
			if st.Reblog = known[st.ReblogOfID]; st.Reblog == nil || st.Reblog.Account == nil {
				continue
			}
		}
		out = append(out, st)
	}
	return out, accounts, nil
}

// fill adds the data of other tables to statuses, and reads the other accounts
// of the page with their authors.
func (tx *Tx) fill(viewer AccountID, known map[ObjectID]*Status, others []AccountID) (map[AccountID]*Account, error) {
	accounts := slices.Clone(others)
	var apps []int64
	var attached, reacted, polls []ObjectID
	for _, st := range known {
		accounts = append(append(accounts, st.AccountID), st.mentioned...)
		if st.ApplicationID != 0 {
			apps = append(apps, st.ApplicationID)
		}
		if st.hasAttachments {
			attached = append(attached, st.ID)
		}
		if len(st.Reactions) > 0 && viewer != 0 {
			reacted = append(reacted, st.ID)
		}
		if st.Poll != nil && viewer != 0 {
			polls = append(polls, st.ID)
		}
	}
	displayed, err := tx.displayedAccounts(accounts)
	if err != nil {
		return nil, err
	}
	applications, err := tx.appsOf(apps)
	if err != nil {
		return nil, err
	}
	for _, st := range known {
		st.Account = displayed[st.AccountID]
		st.Application = applications[st.ApplicationID]
		for _, id := range st.mentioned {
			if a := displayed[id]; a != nil {
				st.Mentions = append(st.Mentions, a)
			}
		}
	}
	if err := tx.fillAttachments(attached, known); err != nil {
		return nil, err
	}
	if err := tx.fillVotes(viewer, polls, known); err != nil {
		return nil, err
	}
	return displayed, tx.fillReacted(viewer, reacted, known)
}

// mentionedColumn lists the accounts that a status mentions.
const mentionedColumn = `COALESCE((
	SELECT string_agg(CAST(mm.account_id AS TEXT), ',')
	FROM mentions mm
	WHERE mm.status_id = o.id AND NOT mm.silent), '')`

// mentionScanner reads mentionedColumn, in the order of the ids.
type mentionScanner struct{ st *Status }

func (s mentionScanner) Scan(src any) error {
	switch v := src.(type) {
	case string:
		return s.ScanText([]byte(v))
	case []byte:
		return s.ScanText(v)
	}
	return fmt.Errorf("the mentions of a status are %T", src)
}

func (s mentionScanner) ScanText(b []byte) error {
	for len(b) > 0 {
		var id []byte
		id, b, _ = bytes.Cut(b, []byte{','})
		n, err := strconv.ParseInt(string(id), 10, 64)
		if err != nil {
			return err
		}
		s.st.mentioned = append(s.st.mentioned, AccountID(n))
	}
	slices.Sort(s.st.mentioned)
	return nil
}

// The bits of attachedColumn and interactionColumn.
const (
	isFavourite = 1 << iota
	isReblogged
	isBookmarked
	isPinned
	hasAttachments
)

// statusColumns begins the statement of a page of statuses, in which the viewer
// has a placeholder.
func statusColumns(viewer AccountID, placeholder string) string {
	switch {
	case viewer == 0:
		return columnsOfStranger
	case placeholder == "$1":
		return columnsOfViewer
	}
	return strings.ReplaceAll(columnsOfViewer, "$1", placeholder)
}

var (
	columnsOfStranger = `SELECT ` + displayedOfObject + `, ` + mentionedColumn + `, ` + attachedColumn + ` `
	columnsOfViewer   = `SELECT ` + displayedOfObject + `, ` + mentionedColumn + `, ` + attachedColumn + ` + ` + interactionColumn + ` `
)

// displayedOfObject are the columns of an object without those that only the
// rules read: its type, what it is an activity about, when it came.
const displayedOfObject = `
	o.id, o.uri, o.account_id, o.local, o.visibility, o.reblog_of_id, o.in_reply_to_id, o.in_reply_to_account_id, o.context, o.url,
	o.spoiler_text, o.content, o.sensitive, o.language, o.tags, o.emojis, o.application_id,
	o.replies_count, o.reblogs_count, o.favourites_count, o.reactions, o.poll, o.published_at, o.edited_at,
	o.quote_uri, o.quote_id, o.quote_state`

func (st *Status) dest() []any {
	return []any{
		&st.ID, &st.URI, &st.AccountID, &st.Local, &st.Visibility, &st.ReblogOfID, &st.InReplyToID, &st.InReplyToAccountID, &st.Context, &st.URL,
		&st.SpoilerText, &st.Content, &st.Sensitive, &st.Language, fromJSON(&st.Tags), fromJSON(&st.Emojis), &st.ApplicationID,
		&st.RepliesCount, &st.ReblogsCount, &st.FavouritesCount, fromJSON(&st.Reactions), fromJSON(&st.Poll), toTime(&st.PublishedAt), toTime(&st.EditedAt),
		&st.QuoteURI, &st.QuoteID, &st.QuoteState,
		mentionScanner{st}, interactionScanner{st},
	}
}

var attachedColumn = bit(hasAttachments, `EXISTS (SELECT 1 FROM attachments ia WHERE ia.status_id = o.id)`)

// interactionColumn is what viewer, $1, did with a status. The counters of a
// status are exact (count.go), so what they count is not looked for where they
// are 0; only one's own statuses are pinned.
var interactionColumn = strings.Join([]string{
	bit(isFavourite, `o.favourites_count > 0 AND EXISTS (SELECT 1 FROM favourites i WHERE i.account_id = $1 AND i.status_id = o.id)`),
	bit(isReblogged, `o.reblogs_count > 0 AND EXISTS (
	  SELECT 1 FROM objects i WHERE i.reblog_of_id = o.id AND i.reblog_of_id <> 0 AND i.account_id = $1 AND i.deleted_at = 0)`),
	bit(isBookmarked, `EXISTS (SELECT 1 FROM bookmarks i WHERE i.account_id = $1 AND i.status_id = o.id)`),
	bit(isPinned, `o.account_id = $1 AND EXISTS (SELECT 1 FROM pins i WHERE i.account_id = $1 AND i.status_id = o.id)`),
}, ` + `)

func bit(bit int, condition string) string {
	return fmt.Sprintf(`CASE WHEN %s THEN %d ELSE 0 END`, condition, bit)
}

// interactionScanner reads attachedColumn and interactionColumn.
type interactionScanner struct{ st *Status }

func (s interactionScanner) Scan(src any) error {
	n, ok := src.(int64)
	if !ok {
		return fmt.Errorf("the interactions with a status are %T", src)
	}
	return s.ScanInt(n)
}

func (s interactionScanner) ScanInt(n int64) error {
	s.st.Favourited, s.st.Reblogged = n&isFavourite != 0, n&isReblogged != 0
	s.st.Bookmarked, s.st.Pinned = n&isBookmarked != 0, n&isPinned != 0
	s.st.hasAttachments = n&hasAttachments != 0
	return nil
}

func (tx *Tx) fillAttachments(ids []ObjectID, known map[ObjectID]*Status) error {
	if len(ids) == 0 {
		return nil
	}
	oneOf, set := among(tx, "m.status_id", "$1", ids)
	return tx.query(func(row scanner) error {
		var m Attachment
		if err := row.Scan(m.dest()...); err != nil {
			return err
		}
		st := known[m.StatusID]
		st.Attachments = append(st.Attachments, m)
		return nil
	}, `SELECT `+attachmentColumns+` FROM attachments m
		WHERE `+oneOf+`
		ORDER BY m.status_id, m.position`, set)
}

// fillReacted reads with which emojis viewer reacted.
func (tx *Tx) fillReacted(viewer AccountID, ids []ObjectID, known map[ObjectID]*Status) error {
	if len(ids) == 0 {
		return nil
	}
	oneOf, set := among(tx, "status_id", "$2", ids)
	return tx.query(func(row scanner) error {
		var id ObjectID
		var name string
		err := row.Scan(&id, &name)
		if st := known[id]; err == nil {
			st.Reacted = append(st.Reacted, name)
		}
		return err
	}, `SELECT status_id, name FROM reactions WHERE account_id = $1 AND `+oneOf, viewer, set)
}

// MaySee reports whether viewer may see a status.
func (tx *Tx) MaySee(viewer AccountID, id ObjectID) (bool, error) {
	_, ok, err := one[int64](tx, `SELECT o.id FROM objects o WHERE o.id = $1 AND `+visible("o", "$2"), id, viewer)
	return ok, err
}
