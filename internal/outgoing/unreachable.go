package outgoing

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"syscall"
)

// Unreachable is the error of a host that did not respond: it has no address,
// no connection to it could be made, or nothing arrived in time. A refused
// request, or one that ended for a reason of our own, is not one.
type Unreachable struct {
	URL string // which may be one that another host redirected to
	Err error
}

func (u *Unreachable) Error() string { return u.Err.Error() }

func (u *Unreachable) Unwrap() error { return u.Err }

// noAnswer is the error of a request without a response.
func noAnswer(r *http.Request, target string, err error) error {
	err = fmt.Errorf("%s %s: %w", r.Method, target, err)
	if IsRefused(err) || errors.Is(err, context.Canceled) || errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) {
		return err
	}
	return &Unreachable{URL: target, Err: err}
}

// ofOurs removes Unreachable when the caller's own time was over.
func ofOurs(caller context.Context, err error) error {
	var u *Unreachable
	if caller.Err() != nil && errors.As(err, &u) {
		return u.Err
	}
	return err
}
