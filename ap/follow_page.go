package ap

import (
	"context"
	"net/url"
	"strings"
	"time"

	"kinglet/ap/vocab"
	"kinglet/internal/fault"
	"kinglet/internal/ratelimit"
)

// FollowPage is a page of another server where its people follow an account.
type FollowPage struct {
	Host    string // of the page
	Address string // https
}

// visitorLookups limits what visitors of our pages have us ask one host, whoever
// they are. It is apart from what messages cause: visitors must not use that up.
var visitorLookups = ratelimit.Rule{Name: "lookups of visitors at a host", Most: 60, Window: time.Minute}

// FollowPage asks the server of a visitor's handle for the page where they can
// follow an account of this one, by its URI. Strangers cause the requests. An
// Invalid error says that it is no handle.
func (s *Service) FollowPage(ctx context.Context, visitor, account string) (FollowPage, error) {
	h, ok := s.Config.ParseHandle(visitor)
	if !ok || h.Domain == "" && !h.Own {
		return FollowPage{}, fault.Errorf(fault.Invalid, "%q is not a handle", clip(visitor))
	}
	if h.Own {
		return FollowPage{Host: s.Config.Host(), Address: s.Config.InteractionURL() + url.QueryEscape(account)}, nil
	}
	domain := vocab.Host("https://" + h.Domain)
	if domain == "" {
		return FollowPage{}, fault.Errorf(fault.Invalid, "%q is not a handle", clip(visitor))
	}
	if err := s.limits.count(s.limits.hosts, visitorLookups, domain); err != nil {
		return FollowPage{}, err
	}
	found, err := s.webFinger(ctx, h.Name, domain)
	if err != nil {
		return FollowPage{}, err
	}
	filled := strings.NewReplacer("{uri}", url.QueryEscape(account), "{object}", url.QueryEscape(account)).Replace(found.follow)
	page, err := vocab.ParseURI(filled)
	if err != nil || page.Scheme != "https" || strings.ContainsAny(filled, "{}") {
		return FollowPage{}, fault.Errorf(fault.NotFound, "%s names no page to follow from", domain)
	}
	return FollowPage{Host: page.Host, Address: filled}, nil
}
