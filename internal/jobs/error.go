package jobs

import (
	"errors"
	"strings"
	"time"
)

// A job whose worker returns a plain error is retried later. These errors say
// more.

type permanent struct{ error }

func (p permanent) Unwrap() error { return p.error }

// Permanent is an error that a retry will not fix: the job is dead at once.
func Permanent(err error) error { return permanent{err} }

type hostDown struct {
	error
	host       string
	retryAfter time.Duration
}

func (d hostDown) Unwrap() error { return d.error }

// HostDown is an error of a whole host: its lane is set aside, for at least
// retryAfter, and then probed. A job that waits in another lane is retried when
// that one is.
func HostDown(host string, err error, retryAfter time.Duration) error {
	return hostDown{err, host, retryAfter}
}

// RetryAfter is how long a host said to wait, by the error; 0 if it did not.
func RetryAfter(err error) time.Duration {
	down, _ := isHostDown(err)
	return down.retryAfter
}

func isPermanent(err error) bool {
	var p permanent
	return errors.As(err, &p)
}

// maxReason limits the stored text of an error.
const maxReason = 2000

// reason is the stored text of an error. It may contain what another server
// sent.
func reason(err error) string {
	s := strings.ReplaceAll(err.Error(), "\x00", "")
	if len(s) > maxReason {
		s = s[:maxReason] + "…"
	}
	return strings.ToValidUTF8(s, "\ufffd")
}

// IsHostDown reports whether an error is of a whole host.
func IsHostDown(err error) bool {
	_, ok := isHostDown(err)
	return ok
}

func isHostDown(err error) (d hostDown, ok bool) {
	ok = errors.As(err, &d)
	return d, ok
}
