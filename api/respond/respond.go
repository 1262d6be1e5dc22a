// Package respond writes the answers of the APIs: JSON, errors in Mastodon's
// and OAuth's shapes, and the Link header of pages. An error becomes a status
// here and nowhere else.
package respond

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
)

// JSON writes a value.
func JSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	_ = e.Encode(v) // the client has left: there is nobody to tell
}

// Document writes an ActivityPub or other document that is JSON already.
func Document(w http.ResponseWriter, status int, contentType string, doc []byte) {
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	_, _ = w.Write(doc)
}

// Problem is an error with its status and the words for the client.
type Problem struct {
	Status      int
	Code        string // "error"
	Description string // "error_description", if any
}

func (p *Problem) Error() string { return p.Code }

// The answers that Mastodon's clients know by their texts.
var (
	InvalidToken   = &Problem{Status: http.StatusUnauthorized, Code: "The access token is invalid"}
	NeedsUser      = &Problem{Status: http.StatusUnprocessableEntity, Code: "This method requires an authenticated user"}
	OutsideScopes  = &Problem{Status: http.StatusForbidden, Code: "This action is outside the authorized scopes"}
	NotFound       = &Problem{Status: http.StatusNotFound, Code: "Record not found"}
	NotText        = &Problem{Status: http.StatusBadRequest, Code: "The address is not text in UTF-8"}
	NoSuchEndpoint = &Problem{Status: http.StatusNotFound, Code: "There is no such endpoint"}
	NotAllowed     = &Problem{Status: http.StatusMethodNotAllowed, Code: "This method is not allowed here"}
	NotImplemented = &Problem{Status: http.StatusNotImplemented, Code: "This endpoint is not implemented yet"}
	TooLarge       = &Problem{Status: http.StatusRequestEntityTooLarge, Code: "The request is too large"}
	TooMany        = &Problem{Status: http.StatusTooManyRequests, Code: "Too many requests"}
)

// statusError is an error that knows how it is answered: store.Error,
// activity.Refusal, params.Error.
type statusError interface {
	HTTPStatus() int
	Public() string
}

// RetryAfter is how many seconds to wait after a 503.
const RetryAfter = "5"

type errorBody struct {
	Error       string `json:"error"`
	Description string `json:"error_description,omitempty"`
}

// Error answers with an error. What has no status is ours, a 500: it is
// logged here, with the request's id, and not shown.
func Error(w http.ResponseWriter, r *http.Request, log *slog.Logger, err error) {
	var p *Problem
	var s statusError
	var tooLarge *http.MaxBytesError
	w.Header().Set("Cache-Control", NotKept)
	switch {
	case errors.As(err, &p):
		JSON(w, p.Status, errorBody{p.Code, p.Description})
	case errors.As(err, &s) && s.HTTPStatus() < 500:
		JSON(w, s.HTTPStatus(), errorBody{Error: s.Public()})
	case errors.As(err, &tooLarge):
		JSON(w, http.StatusRequestEntityTooLarge, errorBody{Error: "The request is too large"})
	case errors.As(err, &s) && s.HTTPStatus() == http.StatusServiceUnavailable,
		errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), clientLeft(r, err):
		log.Info("request not answered", "path", r.URL.Path, "error", err)
		w.Header().Set("Retry-After", RetryAfter)
		JSON(w, http.StatusServiceUnavailable, errorBody{Error: "This can't be answered just now, try again in a moment"})
	default:
		log.Error("request failed", "method", r.Method, "path", r.URL.Path, "request", w.Header().Get("X-Request-Id"), "error", err)
		JSON(w, http.StatusInternalServerError, errorBody{Error: "Something went wrong here. It has been logged."})
	}
}

// OAuthError answers as RFC 6749 §5.2 says.
func OAuthError(w http.ResponseWriter, status int, code, description string) {
	w.Header().Set("Cache-Control", NotKept)
	if status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Basic realm="OAuth client"`)
	}
	JSON(w, status, errorBody{code, description})
}
