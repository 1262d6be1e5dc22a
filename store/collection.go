package store

import "encoding/json"

// A served object is what of its row is embedded in a collection, or decides
// whether it is: no other columns are read.
const servedColumns = `id, uri, type, visibility, object_uri, json`

func (tx *Tx) served(add func(o *Object), where string, args ...any) error {
	return tx.query(func(row scanner) error {
		o := new(Object)
		if err := row.Scan(&o.ID, &o.URI, &o.Type, &o.Visibility, &o.ObjectURI, raw(&o.JSON)); err != nil {
			return err
		}
		add(o)
		return nil
	}, `SELECT `+servedColumns+` FROM objects WHERE `+where, args...)
}

// ActivitiesOn reads the local activities of a type whose objects are given,
// with their documents, keyed by the object's URI, in one statement.
func (tx *Tx) ActivitiesOn(typ string, objects []string) (map[string]*Object, error) {
	out := map[string]*Object{}
	if len(objects) == 0 {
		return out, nil
	}
	err := tx.served(func(o *Object) { out[o.ObjectURI] = o },
		`object_uri <> '' AND `+tx.inText("object_uri", "$1")+` AND type = $2 AND local AND deleted_at = 0`, textSet(objects), typ)
	return out, err
}

// Documents reads objects with their documents, keyed by id, in one statement.
func (tx *Tx) Documents(list []ObjectID) (map[ObjectID]*Object, error) {
	out := map[ObjectID]*Object{}
	err := tx.served(func(o *Object) { out[o.ID] = o }, tx.in("id", "$1"), setOf(list))
	return out, err
}

// ContextStatuses lists the public statuses of a conversation, oldest first,
// without those of accounts that its first local author blocks, or is blocked
// by.
func (tx *Tx) ContextStatuses(context string, limit int) ([]*Object, error) {
	var out []*Object
	err := tx.query(func(row scanner) error {
		o := new(Object)
		out = append(out, o)
		return row.Scan(o.dest()...)
	}, `
		SELECT `+objectColumns+`
		FROM objects o
		WHERE o.context = $1 AND o.context <> '' AND o.visibility <= 1 AND `+visible("o", "$2")+`
		  AND NOT EXISTS (
		    SELECT 1 FROM objects r
		    WHERE r.context = $1 AND r.context <> '' AND r.local AND r.in_reply_to_uri = '' AND r.is_status
		      AND NOT `+notBlocked("r.account_id", "o.account_id")+`)
		ORDER BY o.id
		LIMIT $3`, context, AccountID(0), limit)
	return out, err
}

// ActivityDocuments reads the documents of the local Creates and Updates of an
// object that were not deleted.
func (tx *Tx) ActivityDocuments(objectURI string) (map[ObjectID]json.RawMessage, error) {
	out := map[ObjectID]json.RawMessage{}
	err := tx.query(func(row scanner) error {
		var id ObjectID
		var doc json.RawMessage
		err := row.Scan(&id, raw(&doc))
		out[id] = doc
		return err
	}, `SELECT id, json FROM objects
		WHERE object_uri = $1 AND object_uri <> '' AND local AND NOT is_status AND deleted_at = 0 AND type IN ('Create', 'Update')`, objectURI)
	return out, err
}

// SetDocument replaces the document of an object.
func (tx *Tx) SetDocument(id ObjectID, doc json.RawMessage) error {
	tx.engine.Erases()
	_, err := tx.exec(`UPDATE objects SET json = $2 WHERE id = $1`, id, string(doc))
	return err
}
