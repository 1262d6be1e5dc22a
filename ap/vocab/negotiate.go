package vocab

import (
	"errors"
	"mime"
	"strconv"
	"strings"
)

// ContentType is what Kinglet's own documents are served and sent as.
const ContentType = `application/activity+json; charset=utf-8`

// LinkedContentType is the type of what a Link to an object leads to (FEP-e232).
const LinkedContentType = `application/ld+json; profile="https://www.w3.org/ns/activitystreams"`

// Accept is what Kinglet asks for when it fetches (ActivityPub §3.2).
const Accept = `application/activity+json, application/ld+json; profile="https://www.w3.org/ns/activitystreams"`

const profile = "https://www.w3.org/ns/activitystreams"

// IsActivityPubContentType reports whether a document of the content type may
// be believed to be ActivityPub (SECURITY-RULES 5).
func IsActivityPubContentType(s string) bool {
	mt, params, err := mime.ParseMediaType(s)
	if err != nil {
		return false
	}
	if mt == "application/activity+json" {
		return true
	}
	if mt != "application/ld+json" {
		return false
	}
	for _, p := range strings.Fields(params["profile"]) {
		if p == profile {
			return true
		}
	}
	return false
}

// WantsActivityPub reports whether an Accept header asks for a document rather
// than for a page: its document types weigh at least as much as its HTML. An
// Accept without either is a browser's or a script's and gets the page.
func WantsActivityPub(accept string) bool {
	document, page := -1.0, 0.0
	for i, part := range strings.Split(accept, ",") {
		if i == 32 {
			break
		}
		mt, params, err := mime.ParseMediaType(strings.TrimSpace(part))
		if err != nil && !errors.Is(err, mime.ErrInvalidMediaParameter) { // such as a profile without quotes
			continue
		}
		q := 1.0
		if s, ok := params["q"]; ok {
			if f, err := strconv.ParseFloat(s, 64); err == nil {
				q = f
			}
		}
		switch mt {
		case "application/activity+json", "application/ld+json", "application/json":
			document = max(document, q)
		case "text/html", "application/xhtml+xml":
			page = max(page, q)
		}
	}
	return document > 0 && document >= page
}
