package ap

import (
	"context"
	"net/url"
	"strings"

	"kinglet/ap/vocab"
	"kinglet/internal/fault"
)

// FollowPage is a page of another server where its people follow an account.
type FollowPage struct {
	Host    string // of the page
	Address string // https
}

// FollowPage asks the server of a visitor's handle for the page where they can
// follow an account of this one, by its URI. Strangers cause the requests, which
// count for the host that is asked. An Invalid error says that it is no handle.
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
	ctx, leave := s.limits.documents.enter(withCause(ctx, cause{host: domain}))
	defer leave()
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
