package ap

import (
	"context"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"kinglet/ap/vocab"
	"kinglet/internal/fault"
	"kinglet/internal/markup"
	"kinglet/internal/outgoing"
)

// What people paste is often a page. Most servers answer with the document of a
// page when they are asked for one; others link to it, in the page's head or in
// a header.

// notDocument is the answer to a fetch that is not an ActivityPub document: a page.
type notDocument struct{ answer *outgoing.Response }

func (n *notDocument) Error() string { return "it is not an ActivityPub document" }

// pageTypes are what a page is asked for with.
const pageTypes = "text/html, application/xhtml+xml"

// findDocument is fetchDocument that also finds the document of a page that
// links to it. One that has nothing for who asks for a document (404, 403, 406) is
// asked once more, as a browser does. The linked document is fetched like any other, and so is believed
// only from its own origin; whom it links to in turn is not followed.
func (s *Service) findDocument(ctx context.Context, address string) (*vocab.Object, error) {
	doc, err := s.fetchDocument(ctx, address)
	var page *notDocument
	var refused refusal
	switch {
	case errors.As(err, &page):
	case errors.As(err, &refused) && (refused == http.StatusNotFound || refused == http.StatusForbidden || refused == http.StatusNotAcceptable):
		resp, perr := s.get(ctx, outgoing.Request{URL: vocab.WithoutFragment(address), Accept: pageTypes})
		if perr != nil || resp.Status != http.StatusOK || alternateOf(resp) == "" {
			return nil, err
		}
		page = &notDocument{resp}
	default:
		return doc, err
	}
	link := alternateOf(page.answer)
	if link == "" {
		return nil, fault.Errorf(fault.Invalid, "%s is a page that does not link to an ActivityPub document", address)
	}
	return s.fetchDocument(ctx, link)
}

// alternateOf is the address of the ActivityPub document that a page links to,
// "" for none.
func alternateOf(page *outgoing.Response) string {
	href, base := linkHeader(page.Header), ""
	if href == "" && isHTML(page.Header.Get("Content-Type")) {
		href, base = markup.AlternateLink(page.Body, vocab.IsActivityPubContentType)
	}
	if href == "" {
		return ""
	}
	at, err := url.Parse(page.URL)
	if err != nil {
		return ""
	}
	if base != "" {
		if at, err = at.Parse(base); err != nil {
			return ""
		}
	}
	link, err := at.Parse(href)
	if err != nil {
		return ""
	}
	canonical, err := vocab.Canonical(link.String())
	if err != nil {
		return ""
	}
	return canonical
}

func isHTML(contentType string) bool {
	mt, _, err := mime.ParseMediaType(contentType)
	return err == nil && (mt == "text/html" || mt == "application/xhtml+xml")
}

// maxLinks is how many links of a header are read.
const maxLinks = 64

// linkHeader is the target of the first link to an ActivityPub document in the
// Link headers of an answer (RFC 8288 §3), "" for none.
func linkHeader(h http.Header) string {
	n := 0
	for _, value := range h.Values("Link") {
		for rest := value; rest != "" && n < maxLinks; n++ {
			var link webLink
			link, rest = nextLink(rest)
			if hasRelation(link.params["rel"], "alternate") && vocab.IsActivityPubContentType(link.params["type"]) {
				return strings.TrimSpace(link.target)
			}
		}
	}
	return ""
}

func hasRelation(list, relation string) bool {
	for _, r := range strings.Fields(list) {
		if strings.EqualFold(r, relation) {
			return true
		}
	}
	return false
}

// webLink is one link of a Link header, the first value of each of its
// parameters.
type webLink struct {
	target string
	params map[string]string
}

// nextLink reads a link and returns what is behind its comma. What can't be read
// is an empty link.
func nextLink(s string) (link webLink, rest string) {
	s = strings.TrimLeft(s, " \t,")
	if !strings.HasPrefix(s, "<") {
		_, rest = cutOutsideQuotes(s, ',')
		return webLink{}, rest
	}
	target, s, found := strings.Cut(s[1:], ">")
	if !found {
		return webLink{}, ""
	}
	link = webLink{target: target, params: map[string]string{}}
	params, rest := cutOutsideQuotes(s, ',')
	for params != "" {
		var param string
		param, params = cutOutsideQuotes(params, ';')
		name, value, _ := strings.Cut(param, "=")
		name = strings.ToLower(strings.TrimSpace(name))
		if _, twice := link.params[name]; name != "" && !twice {
			link.params[name] = unquoted(strings.TrimSpace(value))
		}
	}
	return link, rest
}

// cutOutsideQuotes is strings.Cut at a separator that is not in a quoted string.
func cutOutsideQuotes(s string, separator byte) (before, after string) {
	quoted := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case c == separator && !quoted:
			return s[:i], s[i+1:]
		}
	}
	return s, ""
}

// unquoted is the text of a token or of a quoted string (RFC 9110 §5.6.4).
func unquoted(s string) string {
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' {
		return s
	}
	s = s[1 : len(s)-1]
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
