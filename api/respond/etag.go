package respond

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
)

// ETag is the tag of an answer's bytes.
func ETag(body []byte) string {
	sum := sha256.Sum256(body)
	return `"` + base64.RawURLEncoding.EncodeToString(sum[:16]) + `"`
}

// Conditional lets the handlers of a GET answer with 304 (see NotModified).
func Conditional(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if known := r.Header.Values("If-None-Match"); len(known) > 0 && (r.Method == http.MethodGet || r.Method == http.MethodHead) {
			w = conditional{w, strings.Join(known, ",")}
		}
		next.ServeHTTP(w, r)
	})
}

type conditional struct {
	http.ResponseWriter
	known string // If-None-Match
}

// Unwrap lets http.ResponseController reach the connection.
func (c conditional) Unwrap() http.ResponseWriter { return c.ResponseWriter }

// NotModified sets the tag of an answer and, when the client says that it has
// that one, answers with 304 (RFC 9110 §13.1.2) and returns true. What caches go
// by (Cache-Control, Vary) has to be set before.
func NotModified(w http.ResponseWriter, tag string) bool {
	w.Header().Set("ETag", tag)
	c, ok := w.(conditional)
	if !ok || !listsTag(c.known, tag) {
		return false
	}
	w.WriteHeader(http.StatusNotModified)
	return true
}

// listsTag reports whether a list of tags has one, weak or not: for a GET they
// count as equal.
func listsTag(list, tag string) bool {
	for known := range strings.SplitSeq(list, ",") { // ours have no comma
		known = strings.TrimSpace(known)
		if known == "*" || strings.TrimPrefix(known, "W/") == tag {
			return true
		}
	}
	return false
}
