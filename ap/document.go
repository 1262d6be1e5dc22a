package ap

import (
	"encoding/json"

	"kinglet/ap/activity"
	"kinglet/ap/vocab"
	"kinglet/internal/fault"
	"kinglet/store"
)

// Document is the document of an object as it is served and delivered. The row
// of a Create or an Update has only the id of its object (see
// activity.Publish): the content is stored in one row, and is edited and
// deleted there.
func (s *Service) Document(tx *store.Tx, o *store.Object) (json.RawMessage, error) {
	doc, err := tx.ObjectDocument(o.ID)
	if err != nil || !hasObjectByID(o) || len(doc) == 0 {
		return doc, err
	}
	object, err := tx.ObjectByURI(o.ObjectURI)
	if fault.Is(err, fault.NotFound) {
		// An Update of the profile is about its author.
		author, err := tx.Account(o.AccountID)
		if err != nil {
			return nil, err
		}
		if o.ObjectURI != author.URI {
			return nil, fault.Errorf(fault.NotFound, "object %s not found", o.ObjectURI)
		}
		actor, err := s.ActorDocument(tx, author)
		return vocab.WithObject(doc, actor), err
	}
	if err != nil {
		return nil, err
	}
	current, err := tx.ObjectDocument(object.ID)
	return vocab.WithObject(doc, current), err
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
