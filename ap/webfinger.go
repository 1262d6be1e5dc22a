package ap

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"kinglet/ap/outgoing"
	"kinglet/ap/vocab"
	"kinglet/store"
)

// finger is what WebFinger says of a handle.
type finger struct {
	subject string // the handle as its server spells it, acct:name@domain
	actor   string // URI of the actor
}

// webFinger asks a domain whom a name on it stands for (RFC 7033).
func (s *Service) webFinger(ctx context.Context, name, domain string) (finger, error) {
	query := "/.well-known/webfinger?resource=" + url.QueryEscape("acct:"+name+"@"+domain)
	resp, err := s.get(ctx, outgoing.Request{URL: "https://" + domain + query, Accept: "application/jrd+json, application/json"})
	if err != nil && s.client.IsAllowedNetwork(ctx, domain) {
		resp, err = s.get(ctx, outgoing.Request{URL: "http://" + domain + query, Accept: "application/jrd+json, application/json"})
	}
	if err != nil {
		return finger{}, fetchError("WebFinger of "+domain, err)
	}
	if err := statusError("WebFinger of "+domain, resp.Status); err != nil {
		return finger{}, err
	}
	var doc struct {
		Subject string `json:"subject"`
		Links   []struct {
			Rel, Type, Href string
		} `json:"links"`
	}
	if err := json.Unmarshal(resp.Body, &doc); err != nil {
		return finger{}, store.Errorf(store.Invalid, "WebFinger of %s: not JSON", domain)
	}
	for _, l := range doc.Links {
		if l.Rel == "self" && vocab.IsActivityPubContentType(l.Type) {
			if _, err := vocab.ParseURI(l.Href); err == nil {
				return finger{subject: doc.Subject, actor: l.Href}, nil
			}
		}
	}
	return finger{}, store.Errorf(store.NotFound, "%s@%s has no ActivityPub actor", name, domain)
}

// ResolveHandle finds the account of a handle: name, name@domain, with or
// without a leading @ or acct:. One that is not known here is looked up with
// WebFinger and fetched. NotFound, or why it can't be had.
func (s *Service) ResolveHandle(ctx context.Context, handle string) (store.AccountID, error) {
	name, domain, remote := splitHandle(handle)
	if !remote {
		name, domain = strings.TrimPrefix(strings.TrimPrefix(handle, "acct:"), "@"), ""
	}
	if remote && s.Config.IsOwnHost(domain) {
		domain = ""
	}
	var account *store.Account
	err := s.Store.View(ctx, func(tx *store.Tx) (err error) {
		account, err = tx.AccountByHandle(name, domain)
		return err
	})
	if err == nil && account.Active() {
		return account.ID, nil
	}
	if err != nil && !store.Is(err, store.NotFound) {
		return 0, err
	}
	if domain == "" || err == nil {
		return 0, store.Errorf(store.NotFound, "no account %s here", handle)
	}
	found, err := s.webFinger(ctx, name, domain)
	if err != nil {
		return 0, err
	}
	if s.Config.IsOwn(found.actor) {
		return 0, store.Errorf(store.Invalid, "%s claims an actor of this server", domain)
	}
	if account, err = s.fetchActor(ctx, found.actor); err != nil {
		return 0, fmt.Errorf("actor of %s@%s: %w", name, domain, err)
	}
	return account.ID, nil
}
