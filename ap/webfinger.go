package ap

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"kinglet/ap/vocab"
	"kinglet/internal/fault"
	"kinglet/internal/outgoing"
	"kinglet/store"
)

// webFingerResult is what WebFinger answers for a handle.
type webFingerResult struct {
	subject string // the handle as its server writes it, acct:name@domain
	actor   string // URI of the actor
	group   string // URI of the first that is said to be a Group: Lemmy's people and communities share names
	follow  string // template of the page where people of the server follow others; "" for none
}

// webFinger looks up a name on a domain (RFC 7033): at its own host or, where
// that knows no WebFinger, where its host-meta says (RFC 6415 §4). A domain may
// redirect to the host that serves it.
func (s *Service) webFinger(ctx context.Context, name, domain string) (webFingerResult, error) {
	acct := "acct:" + name + "@" + domain
	query := "/.well-known/webfinger?resource=" + url.QueryEscape(acct)
	scheme := "https://"
	resp, err := s.discover(ctx, scheme+domain+query, jrdTypes)
	if err != nil && s.client.IsAllowedNetwork(ctx, domain) {
		scheme = "http://"
		resp, err = s.discover(ctx, scheme+domain+query, jrdTypes)
	}
	if err == nil && resp.Status == http.StatusNotFound {
		if other := s.lookupAddress(ctx, scheme+domain, acct); other != "" && other != scheme+domain+query {
			resp, err = s.discover(ctx, other, jrdTypes)
		}
	}
	if err != nil {
		return webFingerResult{}, fetchError("WebFinger of "+domain, err)
	}
	if err := s.statusError("WebFinger of "+domain, resp); err != nil {
		return webFingerResult{}, err
	}
	result, err := parseWebFinger(resp.Body)
	if err != nil {
		return webFingerResult{}, fault.Errorf(fault.Invalid, "WebFinger of %s: %w", domain, err)
	}
	if result.actor == "" {
		return webFingerResult{}, fault.Errorf(fault.NotFound, "%s@%s has no ActivityPub actor", name, domain)
	}
	return result, nil
}

const (
	jrdTypes = "application/jrd+json, application/json"
	xrdTypes = "application/xrd+xml, application/xml, text/xml"

	// maxDiscovery is the most of a document of WebFinger or host-meta.
	maxDiscovery = 64 << 10
	// maxJRDLinks is how many of its links are looked at.
	maxJRDLinks = 100

	// typeProperty is the property of a link that is the type of the actor.
	typeProperty = "https://www.w3.org/ns/activitystreams#type"
)

func (s *Service) discover(ctx context.Context, address, accept string) (*outgoing.Response, error) {
	return s.get(ctx, outgoing.Request{URL: address, Accept: accept, MaxBytes: maxDiscovery})
}

// parseWebFinger reads a JRD: its subject and its actor, "" if it names none.
func parseWebFinger(body []byte) (webFingerResult, error) {
	var doc struct {
		Subject string `json:"subject"`
		Links   []struct {
			Rel, Type, Href, Template string
			Properties                map[string]any
		} `json:"links"`
	}
	if err := json.Unmarshal(body, &doc); err != nil {
		return webFingerResult{}, errors.New("not JSON")
	}
	result := webFingerResult{subject: doc.Subject}
	for _, l := range doc.Links[:min(len(doc.Links), maxJRDLinks)] {
		if l.Rel == "self" && result.group == "" && isActorLink(l.Type) && l.Properties[typeProperty] == "Group" {
			if _, err := vocab.ParseURI(l.Href); err == nil {
				result.group = l.Href
			}
		}
		switch {
		case l.Rel == "self" && result.actor == "" && isActorLink(l.Type):
			if _, err := vocab.ParseURI(l.Href); err == nil {
				result.actor = l.Href
			}
		case l.Rel == "http://ostatus.org/schema/1.0/subscribe" && strings.Count(l.Template, "{uri}") == 1:
			result.follow = l.Template
		case l.Rel == "https://w3id.org/fep/3b86/Follow" && result.follow == "" && strings.Count(l.Template, "{object}") == 1:
			result.follow = l.Template
		}
	}
	return result, nil
}

// isActorLink reports whether a link's type is one that others give to actors:
// also one without the profile, since the document itself is what is judged.
func isActorLink(mediaType string) bool {
	mt, _, err := mime.ParseMediaType(mediaType)
	if err != nil && !errors.Is(err, mime.ErrInvalidMediaParameter) {
		return false
	}
	return mt == "application/activity+json" || mt == "application/ld+json"
}

// lookupAddress is where a host's host-meta has handles looked up, "" if it does
// not say.
func (s *Service) lookupAddress(ctx context.Context, base, acct string) string {
	resp, err := s.discover(ctx, base+"/.well-known/host-meta", xrdTypes)
	if err != nil || resp.Status != http.StatusOK {
		return ""
	}
	template := parseHostMeta(resp.Body)
	address := strings.Replace(template, "{uri}", url.QueryEscape(acct), 1)
	if u, err := vocab.ParseURI(address); err != nil || address == template || !strings.HasPrefix(base, u.Scheme+"://") || s.Config.IsOwn(address) {
		return ""
	}
	return address
}

// parseHostMeta reads the template of lookups from a host-meta document, in XML
// or in JSON.
func parseHostMeta(body []byte) string {
	type link struct {
		Rel      string `xml:"rel,attr" json:"rel"`
		Template string `xml:"template,attr" json:"template"`
	}
	var doc struct {
		Links []link `xml:"Link" json:"links"`
	}
	if err := json.Unmarshal(body, &doc); err != nil {
		doc.Links = nil
		if err := xml.Unmarshal(body, &doc); err != nil {
			return ""
		}
	}
	for _, l := range doc.Links[:min(len(doc.Links), maxJRDLinks)] {
		if l.Rel == "lrdd" && strings.Count(l.Template, "{uri}") == 1 {
			return l.Template
		}
	}
	return ""
}

// ResolveHandle finds the account of a handle: name, name@domain, with or
// without a leading @ or acct:, or the community of !name@domain. One that is not known here, or whose handle is
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
	if err == nil && h.Community && known.Type != "Group" {
		known, err = nil, fault.Errorf(fault.NotFound, "%s is not a community", handle)
	}
	isKnown := err == nil && known.Active()
	if isKnown && (known.Local() || known.HandleVerified) {
		return known.ID, nil
	}
	if domain == "" || err == nil && !isKnown && !s.mayHaveRecovered(known) {
		return 0, fault.Errorf(fault.NotFound, "no account %s here", handle)
	}
	account, err := s.fetchHandle(ctx, name, domain, h.Community)
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
func (s *Service) fetchHandle(ctx context.Context, name, domain string, community bool) (*store.Account, error) {
	found, err := s.webFinger(ctx, name, domain)
	if err != nil {
		return nil, err
	}
	if community && found.group != "" {
		found.actor = found.group
	}
	if s.Config.IsOwn(found.actor) {
		return nil, fault.Errorf(fault.Invalid, "%s claims an actor of this server", domain)
	}
	account, err := s.fetchActor(ctx, found.actor)
	if err != nil {
		return nil, fmt.Errorf("actor of %s@%s: %w", name, domain, err)
	}
	if community && account.Type != "Group" {
		return nil, fault.Errorf(fault.NotFound, "%s@%s is not a community", name, domain)
	}
	return account, nil
}
