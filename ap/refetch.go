package ap

import (
	"context"
	"net/http"

	"kinglet/ap/activity"
	"kinglet/ap/object"
	"kinglet/ap/vocab"
	"kinglet/internal/fault"
	"kinglet/store"
)

// refetchStatus has a known post be as its origin has it now: what its author's
// Update would have done.
func (s *Service) refetchStatus(ctx context.Context, uri string) error {
	doc, err := s.document(ctx, uri)
	if err != nil {
		return err
	}
	if doc.ID != uri || !object.IsStatus(doc.Type) {
		return fault.Errorf(fault.Invalid, "%s resolves to the %s %s", uri, doc.Type, doc.ID)
	}
	return s.asAuthor(ctx, "Update", uri, vocab.Ref{ID: uri, Object: doc})
}

// confirmGone asks the origin of a known post whether it is deleted, and deletes
// it here if so. That it is not is no error. 404 says nothing: so answer servers
// that have blocked us, and proxies that are broken, and whoever says that a post is
// deleted may know it.
func (s *Service) confirmGone(ctx context.Context, uri string) error {
	resp, err := s.getSigned(ctx, uri)
	if err != nil {
		return fetchError(uri, err)
	}
	own := vocab.SameOrigin(resp.URL, uri) // where a redirect leads elsewhere, the answer is another's
	if own && resp.Status == http.StatusGone {
		return s.asAuthor(ctx, "Delete", uri, vocab.Ref{ID: uri})
	}
	doc, _, err := s.readAnswer(ctx, uri, resp)
	if err != nil {
		return err
	}
	if own && doc.ID == uri && doc.Type == "Tombstone" {
		return s.asAuthor(ctx, "Delete", uri, vocab.Ref{ID: uri})
	}
	return nil
}

// asAuthor does what the origin of a post has confirmed, as the activity that
// its author must have sent.
func (s *Service) asAuthor(ctx context.Context, typ, uri string, about vocab.Ref) error {
	var author *store.Account
	err := s.Store.View(ctx, func(tx *store.Tx) error {
		o, err := tx.ObjectByURI(uri)
		if err != nil {
			return err
		}
		author, err = tx.Account(o.AccountID)
		return err
	})
	if err != nil {
		return err
	}
	done := &vocab.Object{
		Type: typ, Actor: vocab.Ref{ID: author.URI}, Object: about,
		Document: vocab.Document{"type": typ, "actor": author.URI, "object": uri},
	}
	if about.Object != nil {
		done = withObject(done, about.Object)
	}
	a := &activity.Activity{Object: done, Origin: activity.Fetched, Actor: author}
	if c, ok := causeOf(ctx); ok {
		a.Cause = c.account // who pays for what it names, too
	}
	_, err = s.process(ctx, a)
	return err
}
