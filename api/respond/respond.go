// Package respond writes the answers of the APIs: JSON, errors in Mastodon's
// and OAuth's formats, and the Link header of pages. Only this package maps
// errors to HTTP statuses for the APIs. Read JSON, Error and Status.
package respond

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"

	"kinglet/internal/auth"
	"kinglet/internal/fault"
)

// Document writes an ActivityPub or other document that is already JSON.
func Document(w http.ResponseWriter, status int, contentType string, doc []byte) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(doc)))
	w.WriteHeader(status)
	_, _ = w.Write(doc)
}

// The errors that Mastodon's clients recognize by their texts.
var (
	InvalidToken   = auth.InvalidToken
	NeedsUser      = fault.Errorf(fault.Invalid, "This method requires an authenticated user")
	OutsideScopes  = fault.Errorf(fault.Forbidden, "This action is outside the authorized scopes")
	NotFound       = fault.Errorf(fault.NotFound, recordNotFound)
	NotText        = fault.Errorf(fault.Malformed, "The address is not text in UTF-8")
	NoSuchEndpoint = fault.Errorf(fault.NotFound, "There is no such endpoint")
	NotAllowed     = fault.Errorf(fault.NotAllowed, "This method is not allowed here")
	NotImplemented = fault.Errorf(fault.NotImplemented, "This endpoint is not implemented yet")
	TooLarge       = fault.Errorf(fault.TooLarge, "The request is too large")
	TooMany        = fault.Errorf(fault.RateLimited, "Too many requests")
)

const recordNotFound = "Record not found"

// Status is the HTTP status of a kind of error, for every protocol of api.
func Status(kind fault.Kind) int {
	switch kind {
	case fault.NotFound:
		return http.StatusNotFound
	case fault.Malformed:
		return http.StatusBadRequest
	case fault.Invalid:
		return http.StatusUnprocessableEntity
	case fault.Unauthorized:
		return http.StatusUnauthorized
	case fault.Forbidden:
		return http.StatusForbidden
	case fault.NotAllowed:
		return http.StatusMethodNotAllowed
	case fault.Conflict:
		return http.StatusConflict
	case fault.Gone:
		return http.StatusGone
	case fault.TooLarge:
		return http.StatusRequestEntityTooLarge
	case fault.RateLimited:
		return http.StatusTooManyRequests
	case fault.NotImplemented:
		return http.StatusNotImplemented
	case fault.Unavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// message is the text for the client. What a user may not see and what does not
// exist have the same text, as in Mastodon.
func message(err error) string {
	var e *fault.Error
	errors.As(err, &e)
	if e.Kind == fault.NotFound && err != NoSuchEndpoint {
		return recordNotFound
	}
	return e.Message
}

// retryAfter is how many seconds to wait, as the error says; 0 when it does not.
func retryAfter(err error) int {
	var e *fault.Error
	if errors.As(err, &e) {
		return int(e.RetryAfter.Seconds())
	}
	return 0
}

type errorBody struct {
	Error       string `json:"error"`
	Description string `json:"error_description,omitempty"`
}

// Error answers with an error. An error without a kind is internal, a 500: it
// is logged here, with the request's id, and its text is not sent.
func Error(w http.ResponseWriter, r *http.Request, log *slog.Logger, err error) {
	var tooLarge *http.MaxBytesError
	w.Header().Set("Cache-Control", NotKept)
	kind := fault.KindOf(err)
	switch {
	case kind != fault.Internal && kind != fault.Unavailable:
		if wait := retryAfter(err); wait > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(wait))
		}
		JSON(w, Status(kind), errorBody{Error: message(err)})
	case errors.As(err, &tooLarge):
		JSON(w, http.StatusRequestEntityTooLarge, errorBody{Error: "The request is too large"})
	case kind == fault.Unavailable, errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), clientLeft(r, err):
		log.Info("request not answered", "path", r.URL.Path, "error", err)
		w.Header().Set("Retry-After", strconv.Itoa(cmp.Or(retryAfter(err), 5)))
		JSON(w, http.StatusServiceUnavailable, errorBody{Error: "The server is too busy to answer, try again in a moment"})
	default:
		log.Error("request failed", "method", r.Method, "path", r.URL.Path, "request", w.Header().Get("X-Request-Id"), "error", err)
		JSON(w, http.StatusInternalServerError, errorBody{Error: "Something went wrong here. It has been logged."})
	}
}

// OAuthError answers in the format of RFC 6749 §5.2.
func OAuthError(w http.ResponseWriter, status int, code, description string) {
	w.Header().Set("Cache-Control", NotKept)
	if status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Basic realm="OAuth client"`)
	}
	JSON(w, status, errorBody{code, description})
}
