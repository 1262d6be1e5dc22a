package store

import (
	"encoding/json"

	"kinglet/internal/fault"
)

// Object documents are what others get of our objects. Of most nothing is
// stored: their rows say all that is in them (ap/activity, Document).

// documentColumns are what a document is made of, and what decides whether it is
// served: no other columns are read.
const documentColumns = `
	o.id, o.uri, o.type, o.account_id, o.local, o.is_status, o.visibility, o.object_uri, o.reblog_of_id, o.in_reply_to_uri, o.context,
	o.url, o.spoiler_text, o.content, o.sensitive, o.language, o.tags, o.poll, o.published_at, o.edited_at, o.deleted_at,
	o.quote_uri, o.quote_state, o.quote_stamp, o.quotes_need_stamp, o.policy, o.json, o.source, o.to_uris, o.cc_uris, o.follow_uri, o.mention_tags, a.uri,
	CASE WHEN o.is_status AND o.reblog_of_id = 0 THEN COALESCE((SELECT c.uri FROM communities c WHERE c.status_id = o.id), '') ELSE '' END,
	COALESCE(i.stamp, ''), COALESCE(i.by_accept, FALSE)`

// documentTables are what they are read from. What is done with another's status is
// found among the interactions by its URI.
const documentTables = `objects o JOIN accounts a ON a.id = o.account_id
	LEFT JOIN interactions i ON i.account_id = o.account_id AND i.uri = o.uri AND i.kind <> '` + QuoteOf + `' AND i.state = '` + InteractionAccepted + `' AND o.local`

func (tx *Tx) withDocuments(add func(o *Object), where string, args ...any) error {
	return tx.query(func(row scanner) error {
		o := new(Object)
		d := &o.Draft
		add(o)
		return row.Scan(
			&o.ID, &o.URI, &o.Type, &o.AccountID, &o.Local, &o.IsStatus, &o.Visibility, &o.ObjectURI, &o.ReblogOfID, &o.InReplyToURI, &o.Context,
			&o.URL, &o.SpoilerText, &o.Content, &o.Sensitive, &o.Language, fromJSON(&o.Tags), fromJSON(&o.Poll), toTime(&o.PublishedAt), toTime(&o.EditedAt), toTime(&o.DeletedAt),
			&o.QuoteURI, &o.QuoteState, &o.QuoteStamp, &o.QuotesNeedStamp, policyScanner{o}, raw(&o.JSON), &d.Source, fromJSON(&d.To), fromJSON(&d.Cc), &d.Follow, fromJSON(&d.Mentions), &d.Author, &d.Community,
			&o.Approval, &o.ApprovedByAccept)
	}, `SELECT `+documentColumns+` FROM `+documentTables+` WHERE `+where, args...)
}

// Documents reads objects with what their documents are made of, keyed by id,
// in one statement.
func (tx *Tx) Documents(list []ObjectID) (map[ObjectID]*Object, error) {
	var rows []*Object
	err := tx.withDocuments(func(o *Object) { rows = append(rows, o) }, tx.in("o.id", "$1"), setOf(list))
	out := make(map[ObjectID]*Object, len(rows))
	for _, o := range rows {
		out[o.ID] = o
	}
	return out, err
}

// DocumentByURI reads an object by its ActivityPub id, with what its document is
// made of; NotFound.
func (tx *Tx) DocumentByURI(uri string) (found *Object, err error) {
	err = tx.withDocuments(func(o *Object) { found = o }, `o.uri = $1`, uri)
	if err == nil && found == nil {
		err = fault.Errorf(fault.NotFound, "object %s not found", uri)
	}
	return found, err
}

// DocumentWithObject reads an object with what its document is made of, and
// that which it names as its object, nil if that is none of objects: in one
// statement. The object itself is nil when it is not there.
func (tx *Tx) DocumentWithObject(id ObjectID) (o, about *Object, err error) {
	err = tx.withDocuments(func(row *Object) { o, about = row, o },
		`o.id = $1 OR o.uri = (SELECT t.object_uri FROM objects t WHERE t.id = $1 AND t.object_uri <> '')`, id)
	if about != nil && about.ID == id {
		o, about = about, o
	}
	if o != nil && o.ID != id {
		o = nil
	}
	return o, about, err
}

// ActivitiesOn reads the local activities of a type whose objects are given,
// with what their documents are made of, keyed by the object's URI, in one
// statement.
func (tx *Tx) ActivitiesOn(typ string, objects []string) (map[string]*Object, error) {
	out := map[string]*Object{}
	if len(objects) == 0 {
		return out, nil
	}
	var rows []*Object
	err := tx.withDocuments(func(o *Object) { rows = append(rows, o) },
		`o.object_uri <> '' AND `+tx.inText("o.object_uri", "$1")+` AND o.type = $2 AND o.local AND o.deleted_at = 0`, textSet(objects), typ)
	for _, o := range rows {
		out[o.ObjectURI] = o
	}
	return out, err
}

// DropUpdates deletes the Updates of an object of ours: a newer one says all of
// it again, and the deliveries that wait for them have nothing left to send.
func (tx *Tx) DropUpdates(objectURI string) error {
	_, err := tx.exec(`DELETE FROM objects WHERE object_uri = $1 AND object_uri <> '' AND local AND NOT is_status AND type = 'Update'`, objectURI)
	return err
}

// ActivityDocuments reads the documents of the local Creates and Updates of an
// object that were not deleted, as far as any are stored.
func (tx *Tx) ActivityDocuments(objectURI string) (map[ObjectID]json.RawMessage, error) {
	out := map[ObjectID]json.RawMessage{}
	err := tx.query(func(row scanner) error {
		var id ObjectID
		var doc json.RawMessage
		err := row.Scan(&id, raw(&doc))
		out[id] = doc
		return err
	}, `SELECT id, json FROM objects
		WHERE object_uri = $1 AND object_uri <> '' AND local AND NOT is_status AND deleted_at = 0 AND json <> '' AND type IN ('Create', 'Update')`, objectURI)
	return out, err
}

// SetDocument replaces the stored document of an object.
func (tx *Tx) SetDocument(id ObjectID, doc json.RawMessage) error {
	tx.engine.Erases()
	_, err := tx.exec(`UPDATE objects SET json = $2 WHERE id = $1`, id, string(doc))
	return err
}
