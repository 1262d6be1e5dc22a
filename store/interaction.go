package store

import (
	"time"

	"kinglet/internal/fault"
)

// Interaction is what an account does, or asks to do, with a status whose author
// decides about it: one of the two lives here.
type Interaction struct {
	ID         int64
	Kind       string // QuoteOf, ReplyTo, LikeOf, AnnounceOf
	TargetID   ObjectID
	AccountID  AccountID
	StatusID   ObjectID // the quote or the reply, 0 if it is not known here
	URI        string   // of the quote, the reply, the Like or the Announce
	RequestURI string   // "" where none came before it
	Stamp      string   // URI of the author's authorization
	ByAccept   bool     // Stamp is the Accept itself, as GoToSocial does up to 0.20
	Held       bool     // only the status's author has got it, until it is accepted
	State      string   // InteractionPending and the like
	CreatedAt  time.Time
}

// The states of an interaction. The first three are those of a quote, too.
const (
	InteractionPending  = QuotePending
	InteractionAccepted = QuoteAccepted
	InteractionRejected = QuoteRejected
	InteractionRevoked  = QuoteRevoked // accepted once
)

const interactionColumns = `i.id, i.kind, i.target_id, i.account_id, i.status_id, i.uri, i.request_uri, i.stamp, i.by_accept, i.held, i.state, i.created_at`

func (i *Interaction) dest() []any {
	return []any{&i.ID, &i.Kind, &i.TargetID, &i.AccountID, &i.StatusID, &i.URI, &i.RequestURI, &i.Stamp, &i.ByAccept, &i.Held, &i.State, toTime(&i.CreatedAt)}
}

// PutInteraction writes an interaction, or replaces that of the same account, URI
// and kind with the same status. One with another status is another: whoever was
// refused here does not start again by asking there.
func (tx *Tx) PutInteraction(i *Interaction) error {
	restore(tx, i)
	if i.CreatedAt.IsZero() {
		i.CreatedAt = tx.Now()
	}
	return tx.insertNew(i.CreatedAt, func(id int64) error {
		i.ID = id
		return tx.get("interaction "+i.URI, []any{&i.ID}, `
			INSERT INTO interactions (id, kind, target_id, account_id, status_id, uri, request_uri, stamp, by_accept, held, state, created_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
			ON CONFLICT (account_id, uri, kind, target_id) DO UPDATE
			SET status_id = CASE WHEN excluded.status_id <> 0 THEN excluded.status_id ELSE interactions.status_id END,
			  request_uri = excluded.request_uri, stamp = excluded.stamp, by_accept = excluded.by_accept, held = excluded.held, state = excluded.state
			RETURNING id`,
			i.ID, i.Kind, i.TargetID, i.AccountID, i.StatusID, i.URI, i.RequestURI, i.Stamp, i.ByAccept, i.Held, i.State, millis(i.CreatedAt))
	})
}

// Interaction reads one by its id; NotFound.
func (tx *Tx) Interaction(id int64) (*Interaction, error) {
	return tx.interaction(`WHERE i.id = $1`, id)
}

// InteractionOf reads that of an account by its URI and kind with a status;
// NotFound.
func (tx *Tx) InteractionOf(account AccountID, uri, kind string, target ObjectID) (*Interaction, error) {
	return tx.interaction(`WHERE i.account_id = $1 AND i.uri = $2 AND i.kind = $3 AND i.target_id = $4`, account, uri, kind, target)
}

// InteractionToChange is InteractionOf for a caller that decides by it what to
// write: nobody else decides until the transaction ends, be it about the first that
// has this URI.
func (tx *Tx) InteractionToChange(account AccountID, uri, kind string, target ObjectID) (*Interaction, error) {
	if err := tx.engine.LockTexts(textSet([]string{"interaction " + account.String() + " " + uri})); err != nil {
		return nil, err
	}
	return tx.InteractionOf(account, uri, kind, target)
}

// OwnInteraction reads that of an account here which an answer of a status's
// author names: by the id of the request, or of what was done; NotFound. Of several
// it is one with a status of that author's, and a quote last: that is asked for by
// a request.
func (tx *Tx) OwnInteraction(uri string, author AccountID) (*Interaction, error) {
	if uri == "" {
		return nil, fault.Errorf(fault.NotFound, "interaction not found")
	}
	return tx.interaction(`
		JOIN users u ON u.account_id = i.account_id
		JOIN objects t ON t.id = i.target_id
		WHERE i.id IN (
		  SELECT r.id FROM interactions r WHERE r.request_uri = $1 AND r.request_uri <> ''
		  UNION ALL
		  SELECT d.id FROM interactions d WHERE d.uri = $1 AND d.account_id IN (SELECT l.account_id FROM users l))
		ORDER BY CASE WHEN t.account_id = $2 THEN 0 ELSE 1 END, CASE WHEN i.request_uri = $1 THEN 0 ELSE 1 END,
		  CASE WHEN i.kind = '`+QuoteOf+`' THEN 1 ELSE 0 END, i.id
		LIMIT 1`, uri, author)
}

func (tx *Tx) interaction(where string, args ...any) (*Interaction, error) {
	i := new(Interaction)
	return i, tx.get("interaction", i.dest(), `SELECT `+interactionColumns+` FROM interactions i `+where, args...)
}

// InteractionByStamp reads the one that an authorization is for; NotFound.
func (tx *Tx) InteractionByStamp(stamp string) (*Interaction, error) {
	return tx.interaction(`WHERE i.stamp = $1 AND i.stamp <> '' ORDER BY i.id LIMIT 1`, stamp)
}

// PendingInteractions lists what waits for the decision of an account here, about
// all its statuses, newest first.
func (tx *Tx) PendingInteractions(author AccountID, p Page) ([]*Interaction, error) {
	below, above := p.bounds()
	var list []*Interaction
	err := tx.query(func(row scanner) error {
		i := new(Interaction)
		list = append(list, i)
		return row.Scan(i.dest()...)
	}, `
		SELECT `+interactionColumns+`
		FROM interactions i
		JOIN objects o ON o.id = i.target_id
		JOIN accounts a ON a.id = i.account_id
		WHERE i.state = '`+InteractionPending+`' AND o.account_id = $1 AND o.deleted_at = 0 AND i.id < $2 AND i.id > $3
		  AND a.suspended_at = 0 AND a.deleted_at = 0 AND `+notBlocked("a.id", "$1")+`
		ORDER BY i.id `+p.order()+`
		LIMIT $4`, author, below, above, p.Limit)
	return newestFirst(p, list), err
}

// HasRoomForInteraction reports whether fewer than most interactions with the
// statuses of an account here wait for its decision, and fewer than mostOfSite from
// a site: a host and those below it.
func (tx *Tx) HasRoomForInteraction(author AccountID, site string, most, mostOfSite int) (bool, error) {
	var n, ofSite int
	err := tx.get("waiting interactions", []any{&n, &ofSite}, `
		SELECT COUNT(*), COALESCE(SUM(CASE WHEN waiting.uri LIKE 'https://' || CAST($3 AS TEXT) || '/%' OR waiting.uri LIKE 'https://%.' || CAST($3 AS TEXT) || '/%' THEN 1 ELSE 0 END), 0)
		FROM (
		  SELECT a.uri FROM interactions i JOIN objects o ON o.id = i.target_id JOIN accounts a ON a.id = i.account_id
		  WHERE i.state = '`+InteractionPending+`' AND o.account_id = $1 LIMIT $2) AS waiting`, author, most, site)
	return n < most && ofSite < mostOfSite, err
}

// Quotes lists the statuses that quote one and that its author agrees to, as far
// as viewer may see them, newest first.
func (tx *Tx) Quotes(viewer AccountID, quoted ObjectID, p Page) ([]*Status, error) {
	below, above := p.bounds()
	rows, err := tx.statusRows(statusColumns(viewer, "$1"), `
		FROM objects o
		WHERE o.quote_uri = (SELECT q.uri FROM objects q WHERE q.id = $2) AND o.quote_uri <> '' AND o.quote_id = $2 AND o.quote_state = '`+QuoteAccepted+`' AND o.id < $3 AND o.id > $4 AND `+visible("o", "$1")+`
		ORDER BY o.id `+p.order()+`
		LIMIT $5`, viewer, quoted, below, above, p.Limit)
	if err != nil {
		return nil, err
	}
	return tx.complete(viewer, newestFirst(p, rows))
}

// DropInteraction deletes what an account has taken back, with the authorization
// of an author here. What was refused stays: it would be asked for again.
func (tx *Tx) DropInteraction(account AccountID, kind, uri string) error {
	var stamps []string
	err := tx.query(func(row scanner) error {
		var stamp string
		err := row.Scan(&stamp)
		if stamp != "" {
			stamps = append(stamps, stamp)
		}
		return err
	}, `
		DELETE FROM interactions
		WHERE account_id = $1 AND uri = $2 AND kind = $3 AND state IN ('`+InteractionPending+`', '`+InteractionAccepted+`')
		RETURNING stamp`, account, uri, kind)
	if err != nil || len(stamps) == 0 {
		return err
	}
	_, err = tx.exec(`DELETE FROM objects WHERE local AND NOT is_status AND `+tx.inText("uri", "$1"), textSet(stamps))
	return err
}

// InteractionKey names what the answer to an interaction is about, in the row of
// that: who does it, its kind and its URI.
func InteractionKey(who, kind, uri string) string { return who + " " + kind + " " + uri }

// DropOtherLikes deletes the other Likes by which an account likes, or asks to like,
// the same status, with what its author here said to them.
func (tx *Tx) DropOtherLikes(i *Interaction, who string, author AccountID) error {
	others, err := tx.texts(`
		SELECT uri FROM interactions
		WHERE target_id = $1 AND account_id = $2 AND kind = '`+LikeOf+`' AND uri <> $3 AND state IN ('`+InteractionPending+`', '`+InteractionAccepted+`')`,
		i.TargetID, i.AccountID, i.URI)
	for _, uri := range others {
		if err := tx.DropInteraction(i.AccountID, LikeOf, uri); err != nil {
			return err
		}
		if _, err := tx.exec(`
			DELETE FROM objects
			WHERE object_uri = $1 AND object_uri <> '' AND account_id = $2 AND type = 'Accept' AND local AND NOT is_status`, InteractionKey(who, LikeOf, uri), author); err != nil {
			return err
		}
	}
	return err
}

// LinkInteraction records the row of what an account was allowed to do: with that
// the authorization goes.
func (tx *Tx) LinkInteraction(account AccountID, kind, uri string, status ObjectID) error {
	_, err := tx.exec(`UPDATE interactions SET status_id = $4 WHERE account_id = $1 AND uri = $2 AND kind = $3`, account, uri, kind, status)
	return err
}

// EndQuote records that the quote of another in a status is not accepted, or not
// any more, unless the status quotes something else by now. A status of an account
// here names the authorization no longer.
func (tx *Tx) EndQuote(status, quoted ObjectID, state string) error {
	n, err := tx.exec(`
		UPDATE objects SET quote_state = $2, quote_stamp = CASE WHEN local THEN '' ELSE quote_stamp END
		WHERE id = $1 AND deleted_at = 0 AND quote_uri <> '' AND quote_id = $3`, status, state, quoted)
	if err == nil && n > 0 {
		tx.Emit(EventStatusEdit, int64(status))
	}
	return err
}

// AuthorizeQuote records that the author of what a status quotes agrees, by a
// stamp; unless the status quotes something else by now.
func (tx *Tx) AuthorizeQuote(status, quoted ObjectID, stamp string) error {
	n, err := tx.exec(`
		UPDATE objects SET quote_state = '`+QuoteAccepted+`', quote_stamp = $2
		WHERE id = $1 AND deleted_at = 0 AND quote_uri <> '' AND quote_id = $3 AND (quote_state <> '`+QuoteAccepted+`' OR quote_stamp <> $2)`, status, stamp, quoted)
	if err == nil && n > 0 {
		tx.Emit(EventStatusEdit, int64(status))
	}
	return err
}

// StampedQuotes lists the quotes of an account's statuses that have a stamp.
func (tx *Tx) StampedQuotes(author AccountID, stamp string) ([]ObjectID, error) {
	return ids[ObjectID](tx, `
		SELECT o.id
		FROM objects o
		JOIN objects q ON q.id = o.quote_id
		WHERE o.quote_stamp = $1 AND o.quote_stamp <> '' AND o.quote_state = '`+QuoteAccepted+`' AND q.account_id = $2
		ORDER BY o.id LIMIT $3`, stamp, author, maxStamps)
}
