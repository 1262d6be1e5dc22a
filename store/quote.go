package store

import "kinglet/internal/fault"

// A status may quote another. What it quotes is known by its URI until that
// comes here; whether it may be shown in the other is decided when both are
// known. Who sees it there is decided when it is read.

// What Object.QuoteState says, and, with those after it, what a viewer is told:
// Mastodon's names.
const (
	QuotePending  = "pending"  // not known here, or its author's consent is not verified
	QuoteAccepted = "accepted" // it may be shown
	QuoteDeleted  = "deleted"
	QuoteRejected = "rejected" // by its author
	QuoteRevoked  = "revoked"  // it was accepted before

	QuoteUnauthorized = "unauthorized" // for this viewer
	QuoteOfBlocked    = "blocked_account"
	QuoteOfMuted      = "muted_account"
)

// Quote is what a status quotes, as its viewer sees it.
type Quote struct {
	State string
	ID    ObjectID // 0 unless the viewer sees it
	// Status is the quoted status; nil if the viewer does not see it, and for
	// what a quoted status quotes.
	Status *Status
}

// quotedState is what the viewer is told of the accepted quote of a status.
func quotedState(o, viewer, now string) string {
	return `CASE
		WHEN ` + o + `.deleted_at <> 0 THEN '` + QuoteDeleted + `'
		WHEN EXISTS (SELECT 1 FROM blocks qb WHERE qb.account_id = ` + viewer + ` AND qb.target_id = ` + o + `.account_id) THEN '` + QuoteOfBlocked + `'
		WHEN NOT ` + visible(o, viewer) + ` THEN '` + QuoteUnauthorized + `'
		WHEN NOT ` + notMuted(o+".account_id", viewer, now) + ` THEN '` + QuoteOfMuted + `'
		ELSE '` + QuoteAccepted + `' END`
}

// quotes are the quoted statuses of a page.
type quotes map[ObjectID]*quoted

type quoted struct {
	status *Status // nil if the viewer does not see it
	state  string
	within string // of what it quotes itself
}

// quotesOf reads what the statuses of a page quote, in one statement.
func (tx *Tx) quotesOf(viewer AccountID, page map[ObjectID]*Status) (quotes, error) {
	var list []ObjectID
	for _, st := range page {
		if st.QuoteID != 0 {
			list = append(list, st.QuoteID)
		}
	}
	if len(list) == 0 {
		return nil, nil
	}
	all := quotes{}
	oneOf, set := among(tx, "o.id", "$2", list)
	var state, within string
	err := tx.eachStatus(func(st *Status) {
		q := &quoted{state: state, within: within}
		if state == QuoteAccepted || state == QuoteOfMuted {
			q.status = st
		}
		all[st.ID] = q
	}, []any{&state, &within}, statusColumns(viewer, "$1")+`, `+quotedState("o", "$1", "$3")+`,
		COALESCE((SELECT `+quotedState("qn", "$1", "$3")+` FROM objects qn WHERE qn.id = o.quote_id AND o.quote_id <> 0), '') `,
		`FROM objects o WHERE `+oneOf, viewer, set, millis(tx.Now()))
	return all, err
}

// show adds the quoted statuses to those of a page, to be filled with them.
func (all quotes) show(page map[ObjectID]*Status) {
	for id, q := range all {
		if q.status == nil {
			continue
		}
		if st := page[id]; st != nil {
			q.status = st
			continue
		}
		page[id] = q.status
		q.status.Quote = q.status.quote(q.within, nil)
	}
}

// of is what a status of the page quotes; nil for nothing.
func (all quotes) of(st *Status) *Quote {
	q := all[st.QuoteID]
	if q == nil {
		return st.quote("", nil)
	}
	if q.status != nil && q.status.Account == nil {
		return st.quote(QuoteUnauthorized, nil)
	}
	return st.quote(q.state, q.status)
}

// quote is what a status quotes, of which a viewer is told state if it is
// accepted.
func (st *Status) quote(state string, status *Status) *Quote {
	switch {
	case st.QuoteURI == "":
		return nil
	case st.QuoteState == QuoteDeleted || state == QuoteDeleted:
		return &Quote{State: QuoteDeleted}
	case st.QuoteState == QuoteRejected || st.QuoteState == QuoteRevoked:
		return &Quote{State: st.QuoteState}
	case st.QuoteID == 0 || st.QuoteState != QuoteAccepted || state == "":
		return &Quote{State: QuotePending}
	case state != QuoteAccepted && state != QuoteOfMuted:
		return &Quote{State: state}
	}
	return &Quote{State: state, ID: st.QuoteID, Status: status}
}

// findQuoted finds the status that o quotes, if it is known here, and decides
// whether it may be shown. The caller has locked both URIs.
func (tx *Tx) findQuoted(o *Object) error {
	if o.QuoteURI == "" || o.QuoteID != 0 {
		return nil
	}
	var quoted Object
	err := tx.get("status "+o.QuoteURI, []any{&quoted.ID, &quoted.AccountID, &quoted.Local, &quoted.Visibility, &quoted.QuotesNeedStamp, policyScanner{&quoted}}, `
		SELECT o.id, o.account_id, o.local, o.visibility, o.quotes_need_stamp, o.policy
		FROM objects o
		WHERE o.uri = $1 AND o.is_status AND o.reblog_of_id = 0`, o.QuoteURI)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	o.QuoteID = quoted.ID
	if quoted.Local && quoted.AccountID != o.AccountID {
		o.QuoteState, err = tx.quoteOfOurs(o, &quoted)
		return err
	}
	if quoted.AccountID == o.AccountID || quoted.Visibility <= Unlisted && !quoted.QuotesNeedStamp {
		o.QuoteState = QuoteAccepted
	}
	return nil
}

// quoteOfOurs decides about a quote of a status of an account here: as its author
// did, else as the status's policy says, "" where the author is asked.
func (tx *Tx) quoteOfOurs(o, quoted *Object) (string, error) {
	known, err := tx.InteractionOf(o.AccountID, o.URI, QuoteOf, quoted.ID)
	switch {
	case err == nil && known.State == InteractionPending:
		return "", nil
	case err == nil:
		return known.State, nil
	case err != nil && !fault.Is(err, fault.NotFound):
		return "", err
	}
	if blocked, err := tx.Blocked(quoted.AccountID, o.AccountID); err != nil || blocked {
		return QuoteRejected, err
	}
	switch may, err := tx.MayInteract(QuoteOf, quoted, &Account{ID: o.AccountID}); {
	case err != nil || may == Manual:
		return "", err
	case may == Automatic:
		return QuoteAccepted, nil
	}
	return QuoteRejected, nil
}

// acceptQuotes decides about the quotes of a status that came after them, as
// findQuoted does.
func (tx *Tx) acceptQuotes(quoted *Object) error {
	changed, err := ids[ObjectID](tx, `
		UPDATE objects
		SET quote_state = '`+QuoteAccepted+`'
		WHERE quote_uri = $1 AND quote_uri <> '' AND quote_id = $2 AND quote_state NOT IN ('`+QuoteAccepted+`', '`+QuoteRejected+`', '`+QuoteRevoked+`')
		  AND (account_id = $3 OR $4)
		RETURNING id`, quoted.URI, quoted.ID, quoted.AccountID, quoted.Visibility <= Unlisted && !quoted.QuotesNeedStamp)
	for _, id := range changed {
		tx.Emit(EventStatusEdit, int64(id))
	}
	return err
}

// IsQuoted reports whether a status here quotes what is at a URI, and has not
// found it yet.
func (tx *Tx) IsQuoted(uri string) (bool, error) {
	_, ok, err := one[int64](tx, `
		SELECT id FROM objects
		WHERE quote_uri = $1 AND quote_uri <> '' AND quote_id = 0 AND deleted_at = 0 LIMIT 1`, uri)
	return ok, err
}

// QuotedAt records that what statuses here quote by the address of a page, or by
// its id, is a status that is known here.
func (tx *Tx) QuotedAt(address string, quoted *Object) error {
	if !quoted.IsStatus || quoted.ReblogOfID != 0 {
		return nil
	}
	n, err := tx.exec(`
		UPDATE objects
		SET quote_uri = $2, quote_id = $3
		WHERE quote_uri = $1 AND quote_uri <> '' AND quote_id = 0`, address, quoted.URI, quoted.ID)
	if err != nil || n == 0 {
		return err
	}
	return tx.acceptQuotes(quoted)
}

// QuotedIsGone records that what statuses here quote was deleted by its author
// before it came here.
func (tx *Tx) QuotedIsGone(uri string) error {
	_, err := tx.exec(`
		UPDATE objects SET quote_state = '`+QuoteDeleted+`'
		WHERE quote_uri = $1 AND quote_uri <> '' AND quote_id = 0`, uri)
	return err
}

// QuoteStamp is where a status says that the consent of the author whom it quotes
// is.
type QuoteStamp struct {
	Status ObjectID
	Author string // URI of the status's
	Stamp  string
}

// maxStamps limits how many quotes of one status are looked at when it comes
// after them.
const maxStamps = 50

// QuotesWithoutConsent lists the quotes of a status that say where its author's
// consent is, and of which it is not known yet.
func (tx *Tx) QuotesWithoutConsent(quoted *Object) (list []QuoteStamp, err error) {
	err = tx.query(func(row scanner) error {
		var q QuoteStamp
		err := row.Scan(&q.Status, &q.Author, &q.Stamp)
		list = append(list, q)
		return err
	}, `
		SELECT o.id, a.uri, o.quote_stamp
		FROM objects o
		CROSS JOIN accounts a
		WHERE o.quote_uri = $1 AND o.quote_uri <> '' AND o.quote_id = $2 AND o.quote_state = '' AND o.quote_stamp <> '' AND o.deleted_at = 0
		  AND a.id = o.account_id
		LIMIT $3`, quoted.URI, quoted.ID, maxStamps)
	return list, err
}

// AcceptQuote records that the author of what a status quotes consents to it, by
// a stamp; unless the status quotes something else by now.
func (tx *Tx) AcceptQuote(status, quoted ObjectID, stamp string) error {
	n, err := tx.exec(`
		UPDATE objects SET quote_state = '`+QuoteAccepted+`'
		WHERE id = $1 AND quote_id = $2 AND quote_stamp = $3 AND quote_state = '' AND deleted_at = 0`, status, quoted, stamp)
	if err == nil && n > 0 {
		tx.Emit(EventStatusEdit, int64(status))
	}
	return err
}
