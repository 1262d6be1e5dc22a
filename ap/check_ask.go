package ap

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"

	"kinglet/ap/signature"
	"kinglet/ap/vocab"
	"kinglet/internal/outgoing"
)

// checked is the answer to a request of a check.
type checked struct {
	*outgoing.Response // nil when there was none
	redirects          []string
	err                error
}

func (a *checked) status() int {
	if a.Response == nil {
		return 0
	}
	return a.Status
}

// ok reports whether a document came.
func (a *checked) ok() bool { return a.status() == http.StatusOK }

// errStay ends a request that would be redirected.
var errStay = errors.New("it redirects")

// request says how a check asks.
type request struct {
	url, accept string
	signed      bool
	message     bool // by RFC 9421
	stay        bool // redirects are not followed
	note        string
}

// ask makes a GET and notes it in the step: what was asked, and what came.
func (c *check) ask(ctx context.Context, st *Step, q request) *checked {
	answer := &checked{}
	o := outgoing.Request{
		URL: q.url, Accept: q.accept, MaxBytes: maxCheckedBytes,
		Redirect: func(target string) error {
			answer.redirects = append(answer.redirects, target)
			if q.stay {
				return errStay
			}
			return nil
		},
		Grow: func(int64) error { return nil },
	}
	// Never another's answer to the same question: the time of this one counts.
	o.Sign = func(r *http.Request) error {
		if !q.signed {
			return nil
		}
		return c.instanceSigner().sign(r, nil, q.message, c.Store.Now())
	}
	began := c.Store.Now()
	answer.Response, answer.err = c.client.Do(ctx, o)
	ended := c.Store.Now()
	what := "GET " + q.url
	if q.note != "" {
		what += " (" + q.note + ")"
	}
	st.Asked = append(st.Asked, CheckAnswer{what, answer.describe(ended.Sub(began))})
	if answer.Response != nil {
		c.noteClock(answer.Response, began, ended)
		if vocab.Host(answer.URL) == vocab.Host(q.url) && signature.AcceptsEd25519(answer.Header) {
			c.accepts = true
		}
	}
	return answer
}

// maxCheckedBytes limits each answer.
const maxCheckedBytes = 1 << 20

func (a *checked) describe(took time.Duration) string {
	var parts []string
	if len(a.redirects) > 0 {
		parts = append(parts, "redirects to "+strings.Join(a.redirects, ", then to "))
	}
	switch {
	case a.Response != nil:
		parts = append(parts, fmt.Sprintf("%d %s", a.Status, http.StatusText(a.Status)))
		if ct := a.Header.Get("Content-Type"); ct != "" {
			parts = append(parts, ct)
		}
		parts = append(parts, fmt.Sprintf("%d bytes", len(a.Body)), fmt.Sprintf("%d ms", took.Milliseconds()))
	case errors.Is(a.err, errStay):
	default:
		parts = append(parts, "no answer: "+plainError(a.err), fmt.Sprintf("%d ms", took.Milliseconds()))
	}
	return strings.Join(parts, ", ")
}

// plainError says in plain words why there is no answer.
func plainError(err error) string {
	var dns *net.DNSError
	var hostname x509.HostnameError
	var unknown x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	var record tls.RecordHeaderError
	var slow interface{ Timeout() bool }
	switch {
	case err == nil:
		return ""
	case errors.As(err, &dns) && dns.IsNotFound:
		return "there is no such name"
	case errors.As(err, &dns):
		return "its name can't be looked up at the moment"
	case errors.As(err, &hostname):
		return "its TLS certificate is for another name"
	case errors.As(err, &unknown):
		return "its TLS certificate is from nobody that this machine trusts"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "its TLS certificate has expired, or is not valid yet"
	case errors.As(err, &invalid):
		return "its TLS certificate is not valid"
	case errors.As(err, &record):
		return "it does not speak TLS there"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "it refuses connections"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return "there is no way to it from this machine"
	case errors.Is(err, outgoing.ErrTooLarge):
		return fmt.Sprintf("what it answers is larger than %d bytes", maxCheckedBytes)
	case outgoing.IsRefused(err):
		return "this server does not ask there: " + err.Error()
	case errors.As(err, &slow) && slow.Timeout():
		return "nothing came in time"
	}
	return err.Error()
}

// isTLS reports whether the certificate is what is wrong.
func isTLS(err error) bool {
	var verify *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	return errors.As(err, &verify) || errors.As(err, &record)
}

// advise says what to do about an answer that is none of what was wanted.
func (a *checked) advise(what string) string {
	switch status := a.status(); {
	case a.err != nil && isTLS(a.err):
		return "The other server's certificate has to be renewed, or made for this name: its owner has to see to that."
	case a.err != nil && outgoing.IsRefused(a.err):
		return "What it redirects to, or its address, is not one that this server connects to."
	case a.err != nil:
		return "The other server does not answer. If its pages do answer in your browser, its firewall may shut out the address of this server: ask its owner."
	case status == http.StatusNotFound:
		return "There is no " + what + " there. Is the name spelt as its owner spells it?"
	case status == http.StatusGone:
		return "It is gone for good: its owner has deleted it."
	case status == http.StatusUnauthorized:
		return "They could not verify our signature, or ask for one. Can they fetch our key? See the step “This server”, and the clocks."
	case status == http.StatusForbidden:
		return "They refuse this server: they may have blocked its domain, or a firewall takes it for a robot. Ask their admin."
	case status == http.StatusTooManyRequests:
		return "This server has asked too often: try again in an hour."
	case status >= 500:
		return "The other server is broken or overloaded: try again later, or tell its admin."
	}
	return "The other server answers what it should not: tell its admin what stands above."
}

// skew is how far another clock is from ours.
type skew struct {
	host   string
	off    time.Duration // positive when theirs is ahead
	within time.Duration
}

// noteClock compares the Date of an answer with the time here.
func (c *check) noteClock(resp *outgoing.Response, began, ended time.Time) {
	at, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil || resp.Header.Get("Age") != "" { // a cache's answer is old
		return
	}
	// A Date has whole seconds.
	middle := began.Add(ended.Sub(began) / 2)
	off := at.Add(500 * time.Millisecond).Sub(middle)
	c.clocks = append(c.clocks, skew{vocab.Host(resp.URL), off, ended.Sub(began)/2 + 500*time.Millisecond})
}
