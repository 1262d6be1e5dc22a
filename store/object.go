package store

import (
	"encoding/json"
	"time"

	"kinglet/internal/fault"
	"kinglet/store/engine"
)

// ErrIDTaken is returned for a row with a given id that another row has: the
// caller may try another id.
var ErrIDTaken = fault.Errorf(fault.Conflict, "the id is already in use")

// Object is a row of objects: a status (a Note or another kind, or an Announce)
// or an activity that others may fetch by its URI.
type Object struct {
	ID         ObjectID
	URI        string
	Type       string // ActivityStreams type; Tombstone once deleted
	AccountID  AccountID
	Local      bool
	IsStatus   bool
	Visibility Visibility
	Quiet      bool   // when it is written: see late.go
	ObjectURI  string // an activity's object, or the boosted status's URI

	ReblogOfID         ObjectID
	InReplyToURI       string
	InReplyToID        ObjectID // 0 while the parent is not known here
	InReplyToAccountID AccountID
	Context            string // URI of the conversation
	URL                string // its page
	SpoilerText        string // plain text
	Content            string // sanitised HTML
	Sensitive          bool
	Language           string // ISO 639, "" for unknown
	Tags               []string
	Emojis             []Emoji
	Poll               *Poll
	ApplicationID      int64
	Encrypted          string // JSON that only clients can read; written, not read

	QuoteURI   string   // what it quotes, "" for nothing
	QuoteID    ObjectID // 0 while that is not known here
	QuoteState string   // QuoteAccepted, QuoteDeleted, "" while it is not decided
	QuoteStamp string   // URI of the quoted author's consent (FEP-044f), if it has one
	// QuotesNeedStamp says that whoever quotes it needs its author's consent.
	QuotesNeedStamp bool
	// Policy is who may do what with it; nil where nothing is said.
	Policy *Policy

	RepliesCount, ReblogsCount, FavouritesCount int64
	Reactions                                   []Reaction // those who react change it

	PublishedAt, CreatedAt, EditedAt, DeletedAt time.Time

	// Of a local one, which only the reads of documents have: its document, as far
	// as the row does not say it, and what it was made from.
	JSON  json.RawMessage
	Draft Draft
	// Approval says where the author of what it answers, boosts or likes allows
	// that, if an author who decides about it has: in an authorization, or in the
	// Accept.
	Approval         string
	ApprovedByAccept bool
}

const objectColumns = `
	o.id, o.uri, o.type, o.account_id, o.local, o.is_status, o.visibility, o.object_uri,
	o.reblog_of_id, o.in_reply_to_uri, o.in_reply_to_id, o.in_reply_to_account_id, o.context, o.url,
	o.spoiler_text, o.content, o.sensitive, o.language, o.tags, o.emojis, o.application_id,
	o.replies_count, o.reblogs_count, o.favourites_count, o.reactions, o.poll,
	o.published_at, o.created_at, o.edited_at, o.deleted_at,
	o.quote_uri, o.quote_id, o.quote_state, o.quote_stamp, o.quotes_need_stamp, o.policy`

func (o *Object) dest() []any {
	return []any{
		&o.ID, &o.URI, &o.Type, &o.AccountID, &o.Local, &o.IsStatus, &o.Visibility, &o.ObjectURI,
		&o.ReblogOfID, &o.InReplyToURI, &o.InReplyToID, &o.InReplyToAccountID, &o.Context, &o.URL,
		&o.SpoilerText, &o.Content, &o.Sensitive, &o.Language, fromJSON(&o.Tags), fromJSON(&o.Emojis), &o.ApplicationID,
		&o.RepliesCount, &o.ReblogsCount, &o.FavouritesCount, fromJSON(&o.Reactions), fromJSON(&o.Poll),
		toTime(&o.PublishedAt), toTime(&o.CreatedAt), toTime(&o.EditedAt), toTime(&o.DeletedAt),
		&o.QuoteURI, &o.QuoteID, &o.QuoteState, &o.QuoteStamp, &o.QuotesNeedStamp, policyScanner{o},
	}
}

// InsertObject writes a new object and gives it an ID of its published time.
// When the URI is known already nothing is written and created is false, with
// o.ID the known one's: applying an activity twice changes nothing. A given ID
// that is in use is ErrIDTaken.
func (tx *Tx) InsertObject(o *Object) (created bool, err error) {
	restore(tx, o)
	if o.PublishedAt.IsZero() {
		o.PublishedAt = tx.Now()
	}
	o.CreatedAt = tx.Now()
	if o.IsStatus && o.ReblogOfID == 0 {
		if err := tx.joinThread(o); err != nil {
			return false, err
		}
	}
	if o.ID != 0 {
		if created, err = tx.insertObject(o); engine.IsIDTaken(err) {
			return false, ErrIDTaken
		}
	} else {
		err = tx.insertNew(o.PublishedAt, func(id int64) (err error) {
			o.ID = ObjectID(id)
			created, err = tx.insertObject(o)
			return err
		})
	}
	if err == nil && created && o.IsStatus {
		tx.Emit(EventStatus, int64(o.ID))
	}
	if err != nil || created {
		return created, err
	}
	known, err := tx.ObjectByURI(o.URI)
	if err != nil {
		return false, err
	}
	o.ID = known.ID
	return false, nil
}

func (tx *Tx) insertObject(o *Object) (created bool, err error) {
	n, err := tx.exec(`
		INSERT INTO objects (
		  id, uri, type, account_id, local, is_status, visibility, object_uri,
		  reblog_of_id, in_reply_to_uri, in_reply_to_id, in_reply_to_account_id, context, url,
		  spoiler_text, content, sensitive, language, tags, emojis, application_id,
		  published_at, created_at, edited_at, json, poll, source, to_uris, cc_uris, follow_uri, mention_tags,
		  encrypted, quote_uri, quote_id, quote_state, quote_stamp, quotes_need_stamp, quiet, policy)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
		  $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39)
		ON CONFLICT (uri) DO NOTHING`,
		o.ID, o.URI, o.Type, o.AccountID, o.Local, o.IsStatus, int(o.Visibility), o.ObjectURI,
		o.ReblogOfID, o.InReplyToURI, o.InReplyToID, o.InReplyToAccountID, o.Context, o.URL,
		o.SpoilerText, o.Content, o.Sensitive, o.Language, jsonText(o.Tags), jsonText(o.Emojis), o.ApplicationID,
		millis(o.PublishedAt), millis(o.CreatedAt), millis(o.EditedAt), string(o.JSON), pollText(o.Poll),
		o.Draft.Source, jsonText(o.Draft.To), jsonText(o.Draft.Cc), o.Draft.Follow, jsonText(o.Draft.Mentions),
		o.Encrypted, o.QuoteURI, o.QuoteID, o.QuoteState, o.QuoteStamp, o.QuotesNeedStamp, o.Quiet, o.Policy.text())
	return n == 1, err
}

// joinThread locks the URIs of a status, of its parent and of what it quotes for
// this transaction, and finds those that arrived since the caller looked.
func (tx *Tx) joinThread(o *Object) error {
	uris := []string{o.URI}
	for _, uri := range []string{o.InReplyToURI, o.QuoteURI} {
		if uri != "" {
			uris = append(uris, uri)
		}
	}
	if err := tx.lockURIs(uris...); err != nil {
		return err
	}
	if err := tx.findQuoted(o); err != nil || o.InReplyToURI == "" || o.InReplyToID != 0 {
		return err
	}
	parent, err := tx.ObjectByURI(o.InReplyToURI)
	if err == nil && parent.IsStatus {
		o.InReplyToID, o.InReplyToAccountID = parent.ID, parent.AccountID
	}
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

// TakeText copies what an edit may change; UpdateStatus writes it.
func (o *Object) TakeText(edited *Object) {
	o.SpoilerText, o.Content, o.Sensitive, o.Language = edited.SpoilerText, edited.Content, edited.Sensitive, edited.Language
	o.Tags, o.Emojis, o.URL, o.EditedAt, o.JSON, o.Poll = edited.Tags, edited.Emojis, edited.URL, edited.EditedAt, edited.JSON, edited.Poll
	o.Type, o.Draft = edited.Type, edited.Draft // a Note with a poll becomes a Question
	o.Encrypted, o.QuotesNeedStamp, o.Policy = edited.Encrypted, edited.QuotesNeedStamp, edited.Policy
	if o.QuoteURI != edited.QuoteURI {
		o.QuoteURI, o.QuoteID, o.QuoteState = edited.QuoteURI, 0, edited.QuoteState
	} else if edited.QuoteStamp != "" && edited.QuoteStamp != o.QuoteStamp && (o.QuoteState == QuoteRejected || o.QuoteState == QuoteRevoked) {
		o.QuoteState = "" // its author has agreed anew, or so it says
	}
	o.QuoteStamp = edited.QuoteStamp
}

// UpdateStatus writes what an edit may change. The visibility, the author and
// the thread stay the original's (SECURITY-RULES 16).
func (tx *Tx) UpdateStatus(o *Object) error {
	tx.engine.Erases() // the text before
	if o.QuoteURI != "" && o.QuoteID == 0 {
		if err := tx.lockURIs(o.URI, o.QuoteURI); err != nil {
			return err
		}
		if err := tx.findQuoted(o); err != nil {
			return err
		}
	}
	n, err := tx.exec(`
		UPDATE objects
		SET spoiler_text = $2, content = $3, sensitive = $4, language = $5, tags = $6, emojis = $7,
		  url = $8, edited_at = $9, json = $10, poll = $11, source = $12, to_uris = $13, cc_uris = $14, mention_tags = $15,
		  encrypted = $16, quote_uri = $17, quote_id = $18, quote_state = $19, quote_stamp = $20, quotes_need_stamp = $21, type = $22, policy = $23
		WHERE id = $1`,
		o.ID, o.SpoilerText, o.Content, o.Sensitive, o.Language, jsonText(o.Tags), jsonText(o.Emojis),
		o.URL, millis(o.EditedAt), string(o.JSON), pollText(o.Poll), o.Draft.Source, jsonText(o.Draft.To), jsonText(o.Draft.Cc),
		jsonText(o.Draft.Mentions), o.Encrypted, o.QuoteURI, o.QuoteID, o.QuoteState, o.QuoteStamp, o.QuotesNeedStamp, o.Type, o.Policy.text())
	if err == nil && n > 0 {
		tx.Emit(EventStatusEdit, int64(o.ID))
	}
	return err
}

// Object reads an object by its id; NotFound. A tombstone is returned too.
func (tx *Tx) Object(id ObjectID) (*Object, error) {
	return tx.object("object "+id.String(), `WHERE o.id = $1`, id)
}

// ObjectByURI reads an object by its ActivityPub id; NotFound.
func (tx *Tx) ObjectByURI(uri string) (*Object, error) {
	return tx.object("object "+uri, `WHERE o.uri = $1`, uri)
}

// ObjectToChange is ObjectByURI for a caller that will change or delete the
// object: it is locked until the transaction ends.
func (tx *Tx) ObjectToChange(uri string) (*Object, error) {
	return tx.object("object "+uri, `WHERE o.uri = $1 `+tx.engine.ForUpdate(), uri)
}

// ActivityOn reads the newest activity of a type by an account on an object
// (its Announce of a status, its Like) that was not undone; NotFound.
func (tx *Tx) ActivityOn(accountID AccountID, typ, objectURI string) (*Object, error) {
	return tx.object(typ+" of "+objectURI,
		`WHERE o.object_uri = $1 AND o.object_uri <> '' AND o.account_id = $2 AND o.type = $3 AND o.deleted_at = 0 ORDER BY o.id DESC LIMIT 1`,
		objectURI, accountID, typ)
}

func (tx *Tx) object(what, where string, args ...any) (*Object, error) {
	o := new(Object)
	if err := tx.get(what, o.dest(), `SELECT `+objectColumns+` FROM objects o `+where, args...); err != nil {
		return nil, err
	}
	return o, nil
}

// KnownURIs is the set of the URIs that are objects or accounts here.
func (tx *Tx) KnownURIs(uris ...string) (map[string]bool, error) {
	known := map[string]bool{}
	err := tx.query(func(row scanner) error {
		var uri string
		if err := row.Scan(&uri); err != nil {
			return err
		}
		known[uri] = true
		return nil
	}, `SELECT uri FROM objects WHERE `+tx.inText("uri", "$1")+`
		UNION ALL
		SELECT uri FROM accounts WHERE `+tx.inText("uri", "$1"), textSet(uris))
	return known, err
}

// CanDelete reports whether a URI is that of an object or an account here that is
// not deleted yet, or of an authorization of what is here.
func (tx *Tx) CanDelete(uri string) (bool, error) {
	_, ok, err := one[int64](tx, `
		SELECT 1 FROM objects WHERE uri = $1 AND deleted_at = 0
		UNION ALL
		SELECT 1 FROM accounts WHERE uri = $1 AND deleted_at = 0
		UNION ALL
		SELECT 1 FROM objects WHERE quote_stamp = $1 AND quote_stamp <> ''
		UNION ALL
		SELECT 1 FROM interactions WHERE stamp = $1 AND stamp <> ''`, uri)
	return ok, err
}

// DeleteObject replaces an object by a Tombstone with the given document: its
// text is gone, its URI stays in use. All rows that belong to a status are
// deleted with it (see delete.go), boosts and the activities about it as well.
func (tx *Tx) DeleteObject(o *Object, tombstone json.RawMessage) error {
	boosts, err := tx.endStatus(o)
	if err != nil {
		return err
	}
	deleted := setOf(append(boosts, o.ID))
	for _, q := range tx.rowsOfStatuses() {
		if _, err := tx.exec(q, deleted); err != nil {
			return err
		}
	}
	if err := tx.deleteAttachments(tx.in("status_id", "$1"), deleted); err != nil {
		return err
	}
	if err := tx.eraseActivities(deleted); err != nil {
		return err
	}
	if err := tx.eraseObjects(deleted); err != nil {
		return err
	}
	_, err = tx.exec(`UPDATE objects SET json = $2 WHERE id = $1`, o.ID, string(tombstone))
	return err
}

// LinkReplies links the replies that arrived before their parent to it, by its
// URI, and the statuses that quote it. Those of the parent's author are of a
// thread of theirs, and reach home.
func (tx *Tx) LinkReplies(parent *Object) error {
	n, err := tx.exec(`
		UPDATE objects
		SET in_reply_to_id = CASE WHEN in_reply_to_uri = $1 THEN $2 ELSE in_reply_to_id END,
		  in_reply_to_account_id = CASE WHEN in_reply_to_uri = $1 THEN $3 ELSE in_reply_to_account_id END,
		  quote_id = CASE WHEN quote_uri = $1 THEN $2 ELSE quote_id END
		WHERE id IN (
		  SELECT r.id FROM objects r WHERE r.in_reply_to_uri = $1 AND r.in_reply_to_uri <> '' AND r.in_reply_to_id = 0
		  UNION ALL
		  SELECT q.id FROM objects q WHERE q.quote_uri = $1 AND q.quote_uri <> '' AND q.quote_id = 0)`, parent.URI, parent.ID, parent.AccountID)
	if err != nil || n == 0 {
		return err
	}
	_, err = tx.exec(`
		UPDATE objects
		SET replies_count = (
		  SELECT COUNT(*) FROM objects r
		  WHERE r.in_reply_to_id = $1 AND r.in_reply_to_id <> 0 AND r.deleted_at = 0 AND r.visibility <= 1)
		WHERE id = $1`, parent.ID)
	if err != nil {
		return err
	}
	if err := tx.addLateReplies(parent); err != nil {
		return err
	}
	return tx.acceptQuotes(parent)
}
