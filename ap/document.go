package ap

import (
	"encoding/json"

	"kinglet/ap/activity"
	"kinglet/ap/vocab"
	"kinglet/internal/fault"
	"kinglet/store"
)

// Document is the document of an object of ours as it is served and delivered.
// Of a Create or an Update only the id of its object is stored (see
// activity.Publish): the content is in one row, and is edited and deleted there.
func (s *Service) Document(tx *store.Tx, o *store.Object) (json.RawMessage, error) {
	if !hasObjectByID(o) {
		rows, err := tx.Documents([]store.ObjectID{o.ID})
		if row := rows[o.ID]; row != nil {
			return activity.Document(s.Config, row, nil), nil
		}
		return nil, err
	}
	row, about, err := tx.DocumentWithObject(o.ID)
	if err != nil || row == nil {
		return nil, err
	}
	if about != nil || !row.DeletedAt.IsZero() {
		return activity.Document(s.Config, row, about), nil
	}
	// An Update of the profile is about its author.
	author, err := tx.Account(row.AccountID)
	if err != nil {
		return nil, err
	}
	if row.ObjectURI != author.URI {
		return nil, fault.Errorf(fault.NotFound, "object %s not found", row.ObjectURI)
	}
	actor, err := s.ActorDocument(tx, author)
	return vocab.WithObject(row.JSON, actor), err
}

// DocumentOfRow is Document of a row that was read with what its document is
// made of (store.Tx.DocumentByURI).
func (s *Service) DocumentOfRow(tx *store.Tx, row *store.Object) (json.RawMessage, error) {
	if hasObjectByID(row) {
		return s.Document(tx, row)
	}
	return activity.Document(s.Config, row, nil), nil
}

func hasObjectByID(o *store.Object) bool {
	return o.Local && !o.IsStatus && activity.HasObjectByID(o.Type)
}

// AsksReaders reports whether any policy wants to know which server fetches what
// is public.
func (s *Service) AsksReaders() bool { return s.env.Policy.AsksDeliveries() }

// MayFetch reports whether the policies let a document of an account here go to
// the server of the actor that signed the request for it. A nil reader did not
// sign: no server is known that they could be asked about.
func (s *Service) MayFetch(reader, author *store.Account, o *store.Object) bool {
	return reader == nil || !activity.Withheld(s.env, vocab.Host(reader.URI), author, o)
}
