package store

import (
	"errors"
	"fmt"
	"net/http"
)

// Kind says what went wrong, in the words every protocol can map.
type Kind string

// The kinds. Each protocol maps them to its own status in one place.
const (
	Internal     Kind = "internal"
	NotFound     Kind = "not found"
	Malformed    Kind = "malformed" // can't be read at all
	Invalid      Kind = "invalid"
	Unauthorized Kind = "unauthorized"
	Forbidden    Kind = "forbidden"
	Conflict     Kind = "conflict"
	Gone         Kind = "gone"
	RateLimited  Kind = "rate limited"
	Unavailable  Kind = "unavailable"
)

// Error is an error with a kind and a message fit for a person.
type Error struct {
	Kind    Kind
	Message string
	Err     error // the cause, for the log; may be nil
}

// Errorf makes an Error. A %w in the format keeps the cause.
func Errorf(kind Kind, format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	cause := errors.Unwrap(err)
	if errors.Is(cause, ErrDatabaseDown) {
		kind = Unavailable // and not a refusal, or nothing found
	}
	return &Error{Kind: kind, Message: err.Error(), Err: cause}
}

func (e *Error) Error() string { return e.Message }
func (e *Error) Unwrap() error { return e.Err }

// KindOf is the kind of the first Error in err's chain, Internal if none.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Internal
}

// Is tells whether err is of the kind.
func Is(err error, kind Kind) bool { return err != nil && KindOf(err) == kind }

// HTTPStatus is the status that the web protocols answer with.
func (e *Error) HTTPStatus() int {
	switch e.Kind {
	case NotFound:
		return http.StatusNotFound
	case Malformed:
		return http.StatusBadRequest
	case Invalid:
		return http.StatusUnprocessableEntity
	case Unauthorized:
		return http.StatusUnauthorized
	case Forbidden:
		return http.StatusForbidden
	case Conflict:
		return http.StatusConflict
	case Gone:
		return http.StatusGone
	case RateLimited:
		return http.StatusTooManyRequests
	case Unavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// Public is the message that may leave the server. Not-found ones say no more
// than Mastodon does: what a person may not see and what is not there look alike.
func (e *Error) Public() string {
	if e.Kind == NotFound {
		return "Record not found"
	}
	return e.Message
}
