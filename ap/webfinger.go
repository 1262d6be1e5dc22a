package ap

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"

	"kinglet/ap/vocab"
	"kinglet/internal/fault"
	"kinglet/internal/outgoing"
	"kinglet/store"
)

// webFingerResult is what WebFinger answers for a handle.
type webFingerResult struct {
	subject string // the handle as its server writes it, acct:name@domain
	actor   string // URI of the actor
}

// webFinger looks up a name on a domain (RFC 7033).
func (s *Service) webFinger(ctx context.Context, name, domain string) (webFingerResult, error) {
	query := "/.well-known/webfinger?resource=" + url.QueryEscape("acct:"+name+"@"+domain)
	resp, err := s.get(ctx, outgoing.Request{URL: "https://" + domain + query, Accept: "application/jrd+json, application/json"})
	if err != nil && s.client.IsAllowedNetwork(ctx, domain) {
		resp, err = s.get(ctx, outgoing.Request{URL: "http://" + domain + query, Accept: "application/jrd+json, application/json"})
	}
	if err != nil {
		return webFingerResult{}, fetchError("WebFinger of "+domain, err)
	}
	if err := s.statusError("WebFinger of "+domain, resp); err != nil {
		return webFingerResult{}, err
	}
	var doc struct {
		Subject string `json:"subject"`
		Links   []struct {
			Rel, Type, Href string
		} `json:"links"`
	}
	if err := json.Unmarshal(resp.Body, &doc); err != nil {
		return webFingerResult{}, fault.Errorf(fault.Invalid, "WebFinger of %s: not JSON", domain)
	}
	for _, l := range doc.Links {
		if l.Rel == "self" && vocab.IsActivityPubContentType(l.Type) {
			if _, err := vocab.ParseURI(l.Href); err == nil {
				return webFingerResult{subject: doc.Subject, actor: l.Href}, nil
			}
		}
	}
	return webFingerResult{}, fault.Errorf(fault.NotFound, "%s@%s has no ActivityPub actor", name, domain)
}

// ResolveHandle finds the account of a handle: name, name@domain, with or
// without a leading @ or acct:. One that is not known here, or whose handle is
// not verified, is looked up with WebFinger and fetched. The error is NotFound,
// or why it could not be fetched.
func (s *Service) ResolveHandle(ctx context.Context, handle string) (store.AccountID, error) {
	h, ok := s.Config.ParseHandle(handle)
	name, domain := h.Name, ""
	if h.Domain != "" {
		domain = vocab.Host("https://" + h.Domain)
	}
	if !ok || h.Domain != "" && domain == "" {
		return 0, fault.Errorf(fault.NotFound, "invalid handle %s", handle)
	}
	var known *store.Account
	err := s.Store.View(ctx, func(tx *store.Tx) (err error) {
		known, err = tx.AccountByHandle(name, domain)
		return err
	})
	if err != nil && !fault.Is(err, fault.NotFound) {
		return 0, err
	}
	isKnown := err == nil && known.Active()
	if isKnown && (known.Local() || known.HandleVerified) {
		return known.ID, nil
	}
	if domain == "" || err == nil && !isKnown && !s.mayHaveRecovered(known) {
		return 0, fault.Errorf(fault.NotFound, "no account %s here", handle)
	}
	account, err := s.fetchHandle(ctx, name, domain)
	if isKnown && err != nil && !fault.Is(err, fault.Internal) {
		return known.ID, nil // nobody else has it
	}
	if err != nil {
		return 0, err
	}
	if !account.Active() {
		return 0, fault.Errorf(fault.NotFound, "the account %s is suspended", handle)
	}
	return account.ID, nil
}

// fetchHandle looks a handle up with WebFinger and fetches its actor.
func (s *Service) fetchHandle(ctx context.Context, name, domain string) (*store.Account, error) {
	found, err := s.webFinger(ctx, name, domain)
	if err != nil {
		return nil, err
	}
	if s.Config.IsOwn(found.actor) {
		return nil, fault.Errorf(fault.Invalid, "%s claims an actor of this server", domain)
	}
	account, err := s.fetchActor(ctx, found.actor)
	if err != nil {
		return nil, fmt.Errorf("actor of %s@%s: %w", name, domain, err)
	}
	return account, nil
}
