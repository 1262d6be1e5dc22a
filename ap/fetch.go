package ap

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"kinglet/ap/activity"
	"kinglet/ap/object"
	"kinglet/ap/vocab"
	"kinglet/internal/fault"
	"kinglet/internal/outgoing"
	"kinglet/store"
)

// signAsInstance signs a request as the instance actor, which signs what no
// account does. That of a job makes way for requests.
func (s *Service) signAsInstance(r *http.Request, message bool) error {
	signed, err := s.background.BeginJob(r.Context())
	if err != nil {
		return err
	}
	defer signed()
	return s.instanceSigner().sign(r, nil, message, s.Store.Now())
}

func (s *Service) instanceSigner() signer {
	return signer{keyID: s.Config.InstanceKeyID(), ed25519ID: s.Config.InstanceEd25519KeyID(), rsa: s.instanceKey, ed25519: s.instanceEd25519}
}

// fetchDocument fetches an ActivityPub document from its origin, signed by the
// instance actor. The document has an ActivityPub content type, and its id is
// the URL where it was found (isOrigin); if not, the id itself is fetched,
// once, under the same rule (SECURITY-RULES 4, 5, 39). The id need not be the
// URL that was requested: callers that expect a given author, key or object
// must compare. Gone and NotFound are its server's answers; Invalid is what
// can't be trusted.
func (s *Service) fetchDocument(ctx context.Context, uri string) (*vocab.Object, error) {
	doc, from, err := s.fetchOnce(ctx, uri)
	if err != nil {
		return nil, err
	}
	if isOrigin(doc.ID, uri, from) {
		return doc, nil
	}
	asked := doc.ID
	if doc, from, err = s.fetchOnce(ctx, asked); err != nil {
		return nil, err
	}
	if !isOrigin(doc.ID, asked, from) {
		return nil, fault.Errorf(fault.Invalid, "the document at %s says that its id is %s", from, doc.ID)
	}
	return doc, nil
}

// isOrigin reports whether a document with an id may be trusted that was found
// at a URL when another was requested: the id is that URL, or it is the
// requested one and its own origin answered. A redirect to another host proves
// nothing about the requested one: it may be an open redirect.
func isOrigin(id, asked, found string) bool {
	return sameDocument(id, found) || sameDocument(id, asked) && vocab.SameOrigin(id, found)
}

// sameDocument compares two URLs without their fragments.
func sameDocument(a, b string) bool {
	x, err := vocab.Canonical(vocab.WithoutFragment(a))
	if err != nil {
		return false
	}
	y, err := vocab.Canonical(vocab.WithoutFragment(b))
	return err == nil && x == y
}

func (s *Service) fetchOnce(ctx context.Context, uri string) (doc *vocab.Object, from string, err error) {
	if _, err := vocab.ParseURI(uri); err != nil {
		return nil, "", fault.Errorf(fault.Invalid, "%w", err)
	}
	if s.Config.IsOwn(uri) {
		return nil, "", fault.Errorf(fault.Invalid, "%s is on this server and not fetched", uri)
	}
	resp, err := s.getSigned(ctx, uri)
	if err != nil {
		return nil, "", fetchError(uri, err)
	}
	return s.readAnswer(ctx, uri, resp)
}

// readAnswer is the document of the answer to a fetch, and where it was found.
func (s *Service) readAnswer(ctx context.Context, uri string, resp *outgoing.Response) (doc *vocab.Object, from string, err error) {
	if err := s.statusError(uri, resp); err != nil {
		return nil, "", err
	}
	if s.Config.IsOwn(resp.URL) {
		return nil, "", fault.Errorf(fault.Invalid, "%s redirects to this server", uri)
	}
	if ct := resp.Header.Get("Content-Type"); !vocab.IsActivityPubContentType(ct) {
		return nil, "", fault.Errorf(fault.Invalid, "%s has the content type %q: %w", uri, ct, &notDocument{resp})
	}
	parsed, err := s.background.BeginJob(ctx)
	if err != nil {
		return nil, "", err
	}
	defer parsed()
	doc, err = s.bounds.Parse(resp.Body)
	if err != nil {
		return nil, "", fault.Errorf(fault.Invalid, "%s: %w", uri, err)
	}
	return doc, resp.URL, nil
}

// getSigned asks for a document, signed by the instance actor, in the way that
// its host takes.
func (s *Service) getSigned(ctx context.Context, uri string) (*outgoing.Response, error) {
	page := vocab.WithoutFragment(uri)
	return s.askSigned(ctx, page, false, true, func(message bool) (*outgoing.Response, error) {
		by := s.Config.InstanceKeyID()
		if message {
			by = s.Config.InstanceEd25519KeyID()
		}
		return s.get(ctx, outgoing.Request{
			URL: page, Accept: vocab.Accept, SignedBy: by,
			Sign: func(r *http.Request) error { return s.signAsInstance(r, message) },
		})
	})
}

// statusError is the error of a fetch that got an HTTP status other than 200.
func (s *Service) statusError(uri string, resp *outgoing.Response) error {
	status := resp.Status
	switch {
	case isOverloaded(status):
		return fault.Errorf(fault.Unavailable, "%w", s.overloaded(uri, resp))
	case status >= 200 && status < 300:
		return nil
	case status == http.StatusGone:
		return fault.Errorf(fault.Gone, "%s is gone", uri)
	case status == http.StatusNotFound, status == http.StatusUnauthorized, status == http.StatusForbidden:
		return fault.Errorf(fault.NotFound, "%s %w", uri, refusal(status))
	case status >= 500 || status == http.StatusRequestTimeout:
		return fault.Errorf(fault.Unavailable, "%s answers %d", uri, status)
	}
	return fault.Errorf(fault.Invalid, "%s %w", uri, refusal(status))
}

// refusal is an HTTP status with which a host has refused a document.
type refusal int

func (r refusal) Error() string { return fmt.Sprintf("answers %d", int(r)) }

// fetchError classifies a failed request: Unavailable may succeed later,
// Invalid will not.
func fetchError(uri string, err error) error {
	if outgoing.IsRefused(err) || errors.Is(err, outgoing.ErrTooLarge) {
		return fault.Errorf(fault.Invalid, "fetch %s: %w", uri, err)
	}
	return fault.Errorf(fault.Unavailable, "fetch %s: %w", uri, unreachable(err))
}

// fetchStatus fetches a remote status from its origin and stores it: the
// outcome's Object. depth counts the fetches of the thread that led to it.
func (s *Service) fetchStatus(ctx context.Context, uri string, depth int) (activity.Outcome, error) {
	return s.fetchStatusAs(ctx, uri, depth, activity.Fetched)
}

func (s *Service) fetchStatusAs(ctx context.Context, uri string, depth int, origin activity.Origin) (activity.Outcome, error) {
	var known *store.Object
	err := s.Store.View(ctx, func(tx *store.Tx) (err error) {
		known, err = tx.ObjectByURI(uri)
		return err
	})
	if err == nil {
		return activity.Outcome{Object: known.ID}, nil
	}
	if !fault.Is(err, fault.NotFound) {
		return activity.Outcome{}, err
	}
	doc, err := s.document(ctx, uri)
	if err != nil {
		return activity.Outcome{}, err
	}
	return s.takeStatusAs(ctx, doc, depth, origin)
}

// takeStatus passes a note that was fetched from its origin through the
// pipeline, as the Create that its author must have sent.
func (s *Service) takeStatus(ctx context.Context, doc *vocab.Object, depth int) (activity.Outcome, error) {
	return s.takeStatusAs(ctx, doc, depth, activity.Fetched)
}

func (s *Service) takeStatusAs(ctx context.Context, doc *vocab.Object, depth int, origin activity.Origin) (activity.Outcome, error) {
	a, err := s.fetchedCreate(ctx, doc)
	if err != nil {
		return activity.Outcome{}, err
	}
	a.Depth, a.Origin = depth, origin.AsOf(doc.Published, s.Store.Now())
	return s.process(ctx, a)
}

// fetchedCreate is the Create of a note that was fetched.
func (s *Service) fetchedCreate(ctx context.Context, doc *vocab.Object) (none *activity.Activity, err error) {
	if !object.IsStatus(doc.Type) || len(doc.AttributedTo) == 0 && doc.Actor.ID == "" {
		return none, fault.Errorf(fault.Invalid, "%s has the type %q, which is not a status", doc.ID, doc.Type)
	}
	author, err := s.authorOf(ctx, doc)
	if err != nil {
		return none, fmt.Errorf("author of %s: %w", doc.ID, err)
	}
	create := &vocab.Object{
		Type: "Create", Actor: vocab.Ref{ID: author.URI}, Object: vocab.Ref{ID: doc.ID},
		Document: vocab.Document{"type": "Create", "actor": author.URI},
	}
	a := &activity.Activity{Object: withObject(create, doc), Origin: activity.Fetched, Actor: author}
	if c, ok := causeOf(ctx); ok {
		a.Cause = c.account
	}
	return a, nil
}

// authorOf returns the account of a note's author.
func (s *Service) authorOf(ctx context.Context, doc *vocab.Object) (*store.Account, error) {
	uri := doc.Author()
	if uri == "" {
		return nil, fault.Errorf(fault.Invalid, "it has no author of its own origin")
	}
	return s.actor(ctx, uri) // the rule of Create compares who that is
}
