package ap

import (
	"errors"
	"fmt"
	"net/http"

	"kinglet/ap/vocab"
	"kinglet/internal/jobs"
	"kinglet/internal/outgoing"
)

// When a host does not answer, or answers that it can't, a job that asked it has
// the host's lane set aside: deliveries to it wait as well, and it is probed by
// whatever is due first.

// unreachable marks the error of a request, so that a job that fails with it
// sets aside the host that gave no answer.
func unreachable(err error) error {
	var u *outgoing.Unreachable
	if errors.As(err, &u) {
		return jobs.HostDown(vocab.Host(u.URL), err, 0)
	}
	return err
}

// isOverloaded tells an answer that says of the whole host that it should be
// asked later.
func isOverloaded(status int) bool {
	switch status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// overloaded is the error of such an answer to a fetch. How long to wait is ours
// to say: which page of the host is asked, strangers choose.
func overloaded(what string, resp *outgoing.Response) error {
	return jobs.HostDown(vocab.Host(resp.URL), fmt.Errorf("%s answers %d", what, resp.Status), 0)
}
