// Package outgoing is the one HTTP client: all of Kinglet's requests go through
// it, and nothing else dials. It connects to servers on the internet only,
// checked by the resolved address at every hop, and limits what it reads in
// bytes, redirects and time (SECURITY-RULES 22 to 26). It never uses a proxy
// and never retries. Read Client and Request.
package outgoing

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"golang.org/x/net/idna"
)

// Resolver finds the addresses of a name; net.Resolver is one.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// Options are the options of a Client. Their zero values are right outside of
// tests.
type Options struct {
	UserAgent     string
	AllowNetworks []netip.Prefix // private networks that may be reached all the same, on any port, in http too
	Resolver      Resolver
	DialContext   func(ctx context.Context, network, addr string) (net.Conn, error) // addr is an IP and a port
	Exchange      Exchange                                                          // takes the place of connections: DialContext, TLS and HTTP
	HeaderTimeout time.Duration                                                     // from the request to the answer's headers; 0 is 10 s
	IdleTimeout   time.Duration                                                     // without a byte of the answer's body; 0 is 10 s
	RootCAs       *x509.CertPool                                                    // nil is the system's
	// KeepOpen is how many connections are kept for the next request, for half
	// a minute; 0 is 1,024. Whoever dials limits how many there are in all.
	KeepOpen int
	// Host is called before any request and decides whether we deal with a
	// host at all: its name in ASCII and lower case, with the port if that
	// is not the scheme's default. nil allows all.
	Host func(host string) error
}

// Client makes requests. It is safe for concurrent use.
type Client struct {
	userAgent     string
	allow         []netip.Prefix
	resolver      Resolver
	dialContext   func(ctx context.Context, network, addr string) (net.Conn, error)
	host          func(host string) error
	idle          time.Duration
	secure, plain *http.Transport // for https and for http
	exchange      Exchange        // in place of both; nil outside of tests
	flights       flights
}

// New makes a client.
func New(o Options) *Client {
	c := &Client{userAgent: o.UserAgent, allow: o.AllowNetworks, resolver: o.Resolver, dialContext: o.DialContext, host: o.Host, exchange: o.Exchange}
	if c.resolver == nil {
		c.resolver = net.DefaultResolver
	}
	if c.dialContext == nil {
		c.dialContext = (&net.Dialer{KeepAlive: 30 * time.Second}).DialContext
	}
	c.idle = orDefault(o.IdleTimeout, 10*time.Second)
	header := orDefault(o.HeaderTimeout, 10*time.Second)
	// Two transports, so that a connection that was made for https, to
	// anywhere on the internet, is never used for plain http.
	keep := o.KeepOpen
	if keep == 0 {
		keep = 1024
	}
	c.secure, c.plain = newTransport(c.dialSecure, header, keep), newTransport(c.dialPlain, header, keep)
	c.secure.TLSClientConfig.RootCAs = o.RootCAs
	return c
}

func orDefault(d, otherwise time.Duration) time.Duration {
	if d == 0 {
		return otherwise
	}
	return d
}

// rememberedSessions is how many TLS sessions are kept, of 4 kB each.
const rememberedSessions = 512

func newTransport(dial func(ctx context.Context, network, addr string) (net.Conn, error), header time.Duration, keep int) *http.Transport {
	// HTTP/1.1 only: a host gets few requests at once, and for those HTTP/2 takes a
	// seventh more of a delivery's processor time, and more memory a connection.
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	return &http.Transport{
		Protocols: &protocols,
		// No Proxy: this client decides what to connect to.
		DialContext: dial,
		// A host that was connected to lately is not asked for its
		// certificates again: verifying them costs as much as a delivery.
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, ClientSessionCache: tls.NewLRUClientSessionCache(rememberedSessions)},
		TLSHandshakeTimeout:    6 * time.Second,
		ResponseHeaderTimeout:  header,
		MaxResponseHeaderBytes: 32 << 10,
		MaxIdleConns:           keep,
		MaxIdleConnsPerHost:    2,
		MaxConnsPerHost:        8,
		IdleConnTimeout:        30 * time.Second,
		WriteBufferSize:        4 << 10,
		ReadBufferSize:         4 << 10,
	}
}

// Close cancels the GETs in progress, waits for them, and closes idle
// connections. GETs after it fail.
func (c *Client) Close() {
	c.flights.close()
	c.secure.CloseIdleConnections()
	c.plain.CloseIdleConnections()
}

// Request is a request to make. A Body makes it a POST.
type Request struct {
	URL         string
	Accept      string
	Body        []byte
	ContentType string
	// Sign, if set, signs the request; it is called again for a redirect on
	// the same host, and not for one to another (SECURITY-RULES 24).
	Sign func(r *http.Request) error
	// SignedBy identifies the signer, such as by the id of the key. GETs of
	// the same URL by the same signer share one response; those with Sign
	// but without SignedBy share none.
	SignedBy string
	// Redirect, if set, is called before a redirect is followed, and can
	// refuse it: requests to a host are counted at the host that gets them.
	Redirect func(target string) error
	// Grow, if set, is called before more of the response is read than usual
	// documents have, with the memory that its body takes from then on, and can
	// refuse it. Who shares another's response is asked before they have it.
	Grow func(bytes int64) error
	// MaxBytes limits the body of the response, decompressed; 0 is 1 MiB.
	MaxBytes int64
	// Timeout limits the whole request; 0 is 15 s.
	Timeout time.Duration
}

// Response is a response that was read completely.
type Response struct {
	Status int
	Header http.Header
	URL    string // after redirects
	Body   []byte
}

// Stream is a response to read and close.
type Stream struct {
	Status int
	Header http.Header
	URL    string // after redirects
	// Body fails with ErrTooLarge after MaxBytes, and when Timeout is over
	// or no data arrives for long.
	Body io.ReadCloser
}

const maxRedirects = 3

// Do makes a request and reads the response. GETs follow up to three redirects,
// each checked like the first and none from https to http; POSTs follow none. A
// response with any status is no error; errors are ErrRefused, ErrTooLarge and
// those of the network.
func (c *Client) Do(ctx context.Context, q Request) (*Response, error) {
	q = q.withDefaults()
	if q.Body != nil || q.Sign != nil && q.SignedBy == "" {
		return c.read(ctx, q)
	}
	k := flightKey{url: q.URL, accept: q.Accept, signedBy: q.SignedBy, maxBytes: q.MaxBytes, timeout: q.Timeout}
	return c.flights.do(ctx, k, q.Grow, func(ctx context.Context) (*Response, error) { return c.read(ctx, q) })
}

func (c *Client) read(ctx context.Context, q Request) (*Response, error) {
	s, err := c.Stream(ctx, q)
	if err != nil {
		return nil, err
	}
	defer s.Body.Close()
	content, err := readAll(s.Body, q.Grow)
	if err != nil {
		return nil, err
	}
	return &Response{Status: s.Status, Header: s.Header, URL: s.URL, Body: content}, nil
}

// usual is the size of nearly all documents.
const usual = 16 << 10

func readAll(r io.Reader, grow func(bytes int64) error) ([]byte, error) {
	if grow == nil {
		return io.ReadAll(r)
	}
	content := make([]byte, 0, usual)
	for {
		if len(content) == cap(content) {
			if err := grow(int64(2 * cap(content))); err != nil {
				return nil, err
			}
			content = append(make([]byte, 0, 2*cap(content)), content...)
		}
		n, err := r.Read(content[len(content):cap(content)])
		content = content[:len(content)+n]
		if err == io.EOF {
			return content, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// Stream is Do for a response that is too large for memory: the caller reads
// and closes the response's body.
func (c *Client) Stream(ctx context.Context, q Request) (*Stream, error) {
	q = q.withDefaults()
	caller := ctx
	ctx, stop := context.WithTimeout(ctx, q.Timeout)
	ctx, cause := context.WithCancelCause(ctx)
	cancel := func(err error) { cause(err); stop() }
	resp, target, err := c.follow(ctx, q)
	if err != nil {
		cancel(nil)
		return nil, ofOurs(caller, err)
	}
	b := &body{ReadCloser: resp.Body, ctx: ctx, cancel: cancel, url: target, left: q.MaxBytes, idle: c.idle}
	return &Stream{Status: resp.StatusCode, Header: resp.Header, URL: target, Body: b}, nil
}

func (q Request) withDefaults() Request {
	q.Timeout = orDefault(q.Timeout, 15*time.Second)
	if q.MaxBytes == 0 {
		q.MaxBytes = 1 << 20
	}
	return q
}

// follow makes a request and those it is redirected to, up to the response and
// its URL.
func (c *Client) follow(ctx context.Context, q Request) (*http.Response, string, error) {
	target, first := q.URL, ""
	for hop := 0; ; hop++ {
		r, err := c.request(ctx, q, target, first)
		if err != nil {
			return nil, "", err
		}
		if first == "" {
			first = r.URL.Host
		}
		resp, err := c.transport(r.URL.Scheme == "http").RoundTrip(r)
		if err != nil {
			return nil, "", noAnswer(r, target, err)
		}
		next, err := redirect(r, resp)
		if err == nil && next == "" {
			return resp, target, nil
		}
		resp.Body.Close()
		if err == nil && hop == maxRedirects {
			err = fmt.Errorf("%w: %s redirects more than %d times", ErrRefused, q.URL, maxRedirects)
		}
		if err == nil && q.Redirect != nil {
			err = q.Redirect(next)
		}
		if err != nil {
			return nil, "", err
		}
		target = next
	}
}

func (c *Client) transport(plain bool) http.RoundTripper {
	switch {
	case c.exchange != nil:
		return exchanger{c, c.exchange, plain}
	case plain:
		return c.plain
	}
	return c.secure
}

// request makes one hop's request. It is signed unless it has left the first
// hop's host.
func (c *Client) request(ctx context.Context, q Request, target, first string) (*http.Request, error) {
	u, err := parse(target)
	if err != nil {
		return nil, err
	}
	if c.host != nil {
		if err := c.host(hostOf(u)); err != nil {
			return nil, fmt.Errorf("%w: %s: %w", ErrRefused, target, err)
		}
	}
	method := http.MethodGet
	var content io.Reader
	if q.Body != nil {
		method, content = http.MethodPost, bytes.NewReader(q.Body)
	}
	r, err := http.NewRequestWithContext(ctx, method, u.String(), content)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	r.Header.Set("User-Agent", c.userAgent)
	if q.Accept != "" {
		r.Header.Set("Accept", q.Accept)
	}
	if q.ContentType != "" {
		r.Header.Set("Content-Type", q.ContentType)
	}
	if q.Sign != nil && (first == "" || first == r.URL.Host) {
		if err := q.Sign(r); err != nil {
			return nil, fmt.Errorf("sign the request of %s: %w", target, err)
		}
	}
	return r, nil
}

// parse parses a URL, and returns it with its host in the form of the wire, in
// ASCII and lower case: the same host is signed, compared and dialled.
func parse(target string) (*url.URL, error) {
	u, err := url.Parse(target)
	if err != nil || u.Hostname() == "" || u.User != nil || u.Opaque != "" {
		return nil, fmt.Errorf("%w: invalid URL %q", ErrRefused, target)
	}
	if u.Scheme != "https" && u.Scheme != "http" {
		return nil, fmt.Errorf("%w: %q is not https", ErrRefused, target)
	}
	if isASCII(u.Host) {
		u.Host = strings.ToLower(u.Host)
		return u, nil
	}
	host, err := idna.Lookup.ToASCII(u.Hostname())
	if err != nil || host == "" {
		return nil, fmt.Errorf("%w: %q has no host", ErrRefused, target)
	}
	if port := u.Port(); port != "" {
		host = net.JoinHostPort(host, port)
	}
	u.Host = host
	return u, nil
}

// hostOf is the host of a URL as policies know it.
func hostOf(u *url.URL) string {
	name := strings.TrimRight(u.Hostname(), ".")
	if strings.Contains(name, ":") {
		name = "[" + name + "]"
	}
	if port := u.Port(); port != "" && (u.Scheme != "https" || port != "443") && (u.Scheme != "http" || port != "80") {
		return name + ":" + port
	}
	return name
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r > 0x7e }) < 0
}

// redirect is the target of a redirect, "" when the response is not one.
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
