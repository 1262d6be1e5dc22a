// Package outgoing is the one HTTP client: everything Kinglet asks of the
// outside world goes through it, and nothing else dials. It connects to
// servers on the internet only, checked on the resolved address at every hop,
// and bounds what it reads in bytes, redirects and time (SECURITY-RULES 22 to
// 26). Read Client and Request.
package outgoing

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"
)

// Resolver finds the addresses of a name; net.Resolver is one.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// Options set a Client up. Their zero values are right outside of tests.
type Options struct {
	UserAgent     string
	AllowNetworks []netip.Prefix // private networks that may be reached all the same
	Resolver      Resolver
	DialContext   func(ctx context.Context, network, addr string) (net.Conn, error)
}

// Client makes requests. It is safe for concurrent use.
type Client struct {
	userAgent   string
	allow       []netip.Prefix
	resolver    Resolver
	dialContext func(ctx context.Context, network, addr string) (net.Conn, error)
	transport   *http.Transport
}

// New makes a client.
func New(o Options) *Client {
	c := &Client{userAgent: o.UserAgent, allow: o.AllowNetworks, resolver: o.Resolver, dialContext: o.DialContext}
	if c.resolver == nil {
		c.resolver = net.DefaultResolver
	}
	if c.dialContext == nil {
		c.dialContext = (&net.Dialer{KeepAlive: 30 * time.Second}).DialContext
	}
	c.transport = &http.Transport{
		// No Proxy: what we may connect to is decided here.
		DialContext:            c.dial,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		ForceAttemptHTTP2:      true,
		TLSHandshakeTimeout:    6 * time.Second,
		ResponseHeaderTimeout:  10 * time.Second,
		MaxResponseHeaderBytes: 32 << 10,
		MaxIdleConns:           64,
		MaxIdleConnsPerHost:    2,
		MaxConnsPerHost:        8,
		IdleConnTimeout:        30 * time.Second,
		WriteBufferSize:        4 << 10,
		ReadBufferSize:         4 << 10,
	}
	return c
}

// Close ends the connections that are idle.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

// Request is one to make. Body makes it a POST.
type Request struct {
	URL         string
	Accept      string
	Body        []byte
	ContentType string
	// Sign, if set, signs the request; it is asked again for a redirect on
	// the same host, and not for one to another (SECURITY-RULES 24).
	Sign func(r *http.Request) error
	// MaxBytes bounds the body of the answer, decompressed; 0 is 1 MiB.
	MaxBytes int64
	// Timeout bounds all of it; 0 is 15 s.
	Timeout time.Duration
}

// Response is an answer that was read whole.
type Response struct {
	Status int
	Header http.Header
	URL    string // after redirects
	Body   []byte
}

// ErrTooLarge is an answer of more bytes than were wanted.
var ErrTooLarge = errors.New("the answer is too large")

const maxRedirects = 3

// Do makes a request and reads the answer. GETs follow up to three redirects,
// each checked like the first and none from https to http; POSTs follow none.
// An answer of any status is an answer; errors are ErrRefused, ErrTooLarge
// and those of the network.
func (c *Client) Do(ctx context.Context, q Request) (*Response, error) {
	if q.Timeout == 0 {
		q.Timeout = 15 * time.Second
	}
	if q.MaxBytes == 0 {
		q.MaxBytes = 1 << 20
	}
	ctx, cancel := context.WithTimeout(ctx, q.Timeout)
	defer cancel()
	target, first := q.URL, ""
	for hop := 0; ; hop++ {
		r, err := c.request(ctx, q, target, first)
		if err != nil {
			return nil, err
		}
		if first == "" {
			first = r.URL.Host
		}
		resp, err := c.transport.RoundTrip(r)
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", r.Method, target, err)
		}
		next, err := redirect(r, resp)
		if err != nil || next != "" {
			resp.Body.Close()
			if err == nil && hop == maxRedirects {
				err = fmt.Errorf("%w: %s redirects more than %d times", ErrRefused, q.URL, maxRedirects)
			}
			if err != nil {
				return nil, err
			}
			target = next
			continue
		}
		return read(resp, target, q.MaxBytes)
	}
}

// request makes one hop's request. It is signed unless it has left the first
// hop's host.
func (c *Client) request(ctx context.Context, q Request, target, first string) (*http.Request, error) {
	u, err := url.Parse(target)
	if err != nil || u.Host == "" || u.User != nil {
		return nil, fmt.Errorf("%w: %q is no address", ErrRefused, target)
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !c.IsAllowedNetwork(ctx, u.Host)) {
		return nil, fmt.Errorf("%w: %q is not https", ErrRefused, target)
	}
	method := http.MethodGet
	var body io.Reader
	if q.Body != nil {
		method, body = http.MethodPost, bytes.NewReader(q.Body)
	}
	r, err := http.NewRequestWithContext(ctx, method, target, body)
	if err != nil {
		return nil, fmt.Errorf("%w: %s", ErrRefused, err)
	}
	r.Header.Set("User-Agent", c.userAgent)
	if q.Accept != "" {
		r.Header.Set("Accept", q.Accept)
	}
	if q.ContentType != "" {
		r.Header.Set("Content-Type", q.ContentType)
	}
	if q.Sign != nil && (first == "" || first == u.Host) {
		if err := q.Sign(r); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// redirect gives where an answer sends us, "" when it is the answer itself.
func redirect(r *http.Request, resp *http.Response) (string, error) {
	switch resp.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
	default:
		return "", nil
	}
	if r.Method != http.MethodGet {
		return "", nil
	}
	next, err := r.URL.Parse(resp.Header.Get("Location"))
	if err != nil || resp.Header.Get("Location") == "" {
		return "", fmt.Errorf("%w: %s redirects to nowhere", ErrRefused, r.URL)
	}
	if r.URL.Scheme == "https" && next.Scheme != "https" {
		return "", fmt.Errorf("%w: %s redirects away from https", ErrRefused, r.URL)
	}
	return next.String(), nil
}

func read(resp *http.Response, target string, most int64) (*Response, error) {
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, most+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", target, err)
	}
	if int64(len(body)) > most {
		return nil, fmt.Errorf("%s: %w", target, ErrTooLarge)
	}
	return &Response{Status: resp.StatusCode, Header: resp.Header, URL: target, Body: body}, nil
}
