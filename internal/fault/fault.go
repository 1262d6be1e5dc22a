// Package fault is Kinglet's one type of error: a kind that every protocol can
// map to its own status, a message fit for a person, and the cause for the log.
//
// It is a leaf: it does not use HTTP and imports nothing of Kinglet. A result
// that is not an error has no kind here: that no local account wants a message
// is an outcome of the pipeline. Read Error and Errorf.
package fault

import (
	"errors"
	"fmt"
	"time"
)

// Kind says what went wrong, in terms that every protocol can map.
type Kind string

// The kinds. Each protocol maps them to its own status in one place.
const (
	Internal       Kind = "internal"
	NotFound       Kind = "not found"
	Malformed      Kind = "malformed" // could not be parsed at all
	Invalid        Kind = "invalid"
	Unauthorized   Kind = "unauthorized"
	Forbidden      Kind = "forbidden"
	NotAllowed     Kind = "not allowed" // a method that a path does not have
	Conflict       Kind = "conflict"
	Gone           Kind = "gone"
	TooLarge       Kind = "too large"
	RateLimited    Kind = "rate limited"
	NotImplemented Kind = "not implemented"
	Unavailable    Kind = "unavailable"
)

// Error is an error with a kind and a message fit for a person. Only an
// Internal one's message is not sent to clients.
type Error struct {
	Kind    Kind
	Message string
	// Code is a code of the protocol, such as "invalid_grant" (RFC 6749
	// §5.2); usually "".
	Code string
	// Detail is for the log only, in addition to the message; usually "".
	Detail string
	// RetryAfter is when to retry, for RateLimited and Unavailable; 0 when
	// unknown.
	RetryAfter time.Duration
	Err        error // the cause, for the log; may be nil
}

// ErrOutage is in the chain of every error that a failed part of the server
// causes, such as the database. Errors that wrap it stay Unavailable: an outage
// must never look like "not found" or "forbidden".
var ErrOutage = errors.New("a part of this server is not available")

// Errorf makes an Error. A %w in the format keeps the cause.
func Errorf(kind Kind, format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	cause := errors.Unwrap(err)
	if errors.Is(cause, ErrOutage) {
		kind = Unavailable
	}
	return &Error{Kind: kind, Message: err.Error(), Err: cause}
}

func (e *Error) Error() string {
	if e.Detail != "" {
		return e.Detail
	}
	return e.Message
}

func (e *Error) Unwrap() error { return e.Err }

// KindOf is the kind of the first Error in err's chain, Internal if none.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Internal
}

// Is reports whether err is of the kind.
func Is(err error, kind Kind) bool { return err != nil && KindOf(err) == kind }
