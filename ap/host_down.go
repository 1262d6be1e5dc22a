package ap

import (
	"errors"
	"fmt"
	"net/http"

	"kinglet/ap/vocab"
	"kinglet/internal/jobs"
	"kinglet/internal/outgoing"
)

// When a host does not answer, or answers that it is overloaded, a job that
// called it sets the host's lane aside: deliveries to it wait as well, and the
// next due job probes it.

// unreachable marks the error of a request, so that a job that fails with it
// sets aside the host that gave no answer.
func unreachable(err error) error {
	var u *outgoing.Unreachable
	if errors.As(err, &u) {
		return jobs.HostDown(vocab.Host(u.URL), err, 0)
	}
	return err
}

// isOverloaded reports whether a status means that the whole host should be
// asked later.
func isOverloaded(status int) bool {
	switch status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// overloaded is the error for such an answer to a fetch, which is made again
// after as long as the host says. What else goes to the host waits as long as we
// choose: strangers choose which page of it is requested.
func (s *Service) overloaded(what string, resp *outgoing.Response) error {
	return jobs.HostDown(vocab.Host(resp.URL), fmt.Errorf("%s answers %d", what, resp.Status), retryAfter(resp.Header, s.Store.Now()))
}
