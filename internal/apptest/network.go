package apptest

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"syscall"
	"time"

	"kinglet/internal/outgoing"
)

// network is the internet of a world: names with addresses, and the hosts that
// exist. What the one HTTP client checks before it connects (addresses,
// schemes, redirects) it checks here too; only the connections are not real.
type network struct {
	mu         sync.Mutex
	hosts      map[string]*Host
	everywhere http.HandlerFunc // nil for nothing at all
}

func newNetwork() *network { return &network{hosts: map[string]*Host{}} }

// Host is a machine on the network. Without a handler it answers 404 to
// everything. It records the requests that it receives.
type Host struct {
	Name string

	network     *network
	mu          sync.Mutex
	addresses   []netip.Addr
	pages       map[string]http.Handler // by path
	handler     http.Handler            // for every other path
	failureMode failureMode
	asked       []Request
	tried       int
}

// Request is a request that a host received.
type Request struct {
	Method, Target string // the target with its query
	From           netip.Addr
	Header         http.Header
	Body           []byte
}

// failureMode is how a host fails, if it does.
type failureMode struct {
	lookup, dial error
	latency      time.Duration
	status       int
	cutAfter     int // bytes of each answer's body, -1 for whole ones
}

func (n *network) host(name string) *Host {
	n.mu.Lock()
	defer n.mu.Unlock()
	h := n.hosts[name]
	if h == nil {
		// 11.0.0.0/8 is public according to the address rules.
		i := len(n.hosts) + 1
		h = &Host{
			Name: name, network: n, pages: map[string]http.Handler{}, handler: http.NotFoundHandler(), failureMode: failureMode{cutAfter: -1},
			addresses: []netip.Addr{netip.AddrFrom4([4]byte{11, 0, byte(i >> 8), byte(i)})},
		}
		if n.everywhere != nil {
			h.handler = n.everywhere
		}
		n.hosts[name] = h
	}
	return h
}

func (n *network) known(name string) *Host {
	name = strings.ToLower(strings.TrimSuffix(name, ".")) // as DNS does
	n.mu.Lock()
	h, everywhere := n.hosts[name], n.everywhere
	n.mu.Unlock()
	if h == nil && everywhere != nil {
		return n.host(name)
	}
	return h
}

// At sets other addresses for the host's name.
func (h *Host) At(addresses ...netip.Addr) *Host {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.addresses = addresses
	return h
}

// Handle sets the handler of a path, for every method.
func (h *Host) Handle(path string, f http.HandlerFunc) *Host {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.pages[path] = f
	return h
}

// Fallback sets the handler of all other paths.
func (h *Host) Fallback(f http.HandlerFunc) *Host {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.handler = f
	return h
}

// Serve serves a document at a path, or at the path of a URL.
func (h *Host) Serve(pathOrURL string, doc any) *Host {
	return h.ServeAs(pathOrURL, `application/activity+json; charset=utf-8`, doc)
}

// ServeAs is Serve with another content type. A string or bytes are served
// unchanged.
func (h *Host) ServeAs(pathOrURL, contentType string, doc any) *Host {
	var body []byte
	switch d := doc.(type) {
	case string:
		body = []byte(d)
	case []byte:
		body = d
	default:
		var err error
		if body, err = json.Marshal(doc); err != nil {
			panic(err)
		}
	}
	return h.Handle(strings.TrimPrefix(pathOrURL, "https://"+h.Name), func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		_, _ = w.Write(body)
	})
}

// Remove removes the handler of a path.
func (h *Host) Remove(pathOrURL string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.pages, strings.TrimPrefix(pathOrURL, "https://"+h.Name))
}

func (h *Host) set(t failureMode) *Host {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.failureMode = t
	return h
}

// Up ends any failure of the host.
func (h *Host) Up() *Host { return h.set(failureMode{cutAfter: -1}) }

// Down makes the host's addresses unreachable.
func (h *Host) Down() *Host {
	return h.set(failureMode{cutAfter: -1, dial: timeout("connection timed out"), latency: dialPatience})
}

// Refusing makes the host refuse connections, like a machine without a server.
func (h *Host) Refusing() *Host { return h.set(failureMode{cutAfter: -1, dial: syscall.ECONNREFUSED}) }

// NoSuchName makes the lookup of the host's name fail permanently.
func (h *Host) NoSuchName() *Host {
	return h.set(failureMode{cutAfter: -1, lookup: &net.DNSError{Err: "no such host", Name: h.Name, IsNotFound: true}})
}

// DNSFails makes the lookup of the host's name fail temporarily.
func (h *Host) DNSFails() *Host {
	return h.set(failureMode{cutAfter: -1, lookup: &net.DNSError{Err: "server misbehaving", Name: h.Name, IsTemporary: true}})
}

// Slow delays each response by d, in the world's time. A delay longer than the
// client's timeout is a timeout.
func (h *Host) Slow(d time.Duration) *Host { return h.set(failureMode{cutAfter: -1, latency: d}) }

// Failing answers every request with a status, such as 500.
func (h *Host) Failing(status int) *Host { return h.set(failureMode{cutAfter: -1, status: status}) }

// CutOff breaks the connection after the first n bytes of each body.
func (h *Host) CutOff(n int) *Host { return h.set(failureMode{cutAfter: n}) }

// Asked are the requests that the host received, of a method and of a path or
// of all paths (""), in order.
func (h *Host) Asked(method, path string) []Request {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []Request
	for _, r := range h.asked {
		if r.Method == method && (path == "" || r.Target == path || strings.HasPrefix(r.Target, path+"?")) {
			out = append(out, r)
		}
	}
	return out
}

// Attempts is how many requests were attempted to the host, whether or not they
// arrived.
func (h *Host) Attempts() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.tried
}

// Forget clears the recorded requests.
func (h *Host) Forget() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.asked = nil
}

// The client's timeouts: outgoing's, in the world's time.
const (
	dialPatience   = 5 * time.Second
	answerPatience = 10 * time.Second
)

type timeout string

func (t timeout) Error() string { return string(t) }
func (timeout) Timeout() bool   { return true }
func (timeout) Temporary() bool { return true }

// client is how one host connects to the others.
func (w *World) client(from *Host) outgoing.Options {
	return outgoing.Options{
		Resolver: resolver{w.network},
		Exchange: func(r *http.Request, address netip.AddrPort) (*http.Response, error) {
			return w.exchange(from, r, address)
		},
	}
}

type resolver struct{ *network }

func (n resolver) LookupNetIP(_ context.Context, _, name string) ([]netip.Addr, error) {
	h := n.known(name)
	if h == nil {
		return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.failureMode.lookup != nil {
		h.tried++
	}
	return h.addresses, h.failureMode.lookup
}

// exchange sends a request from one host to another, encoded and parsed again,
// so that a handler sees no more than a real server does.
func (w *World) exchange(from *Host, r *http.Request, _ netip.AddrPort) (*http.Response, error) {
	to := w.network.known(r.URL.Hostname())
	if r.Body != nil {
		defer r.Body.Close()
	}
	if to == nil {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.EHOSTUNREACH}
	}
	to.mu.Lock()
	failureMode := to.failureMode
	to.tried++
	to.mu.Unlock()
	if failureMode.dial != nil {
		w.Clock.Advance(failureMode.latency)
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: failureMode.dial}
	}
	if failureMode.latency > answerPatience {
		w.Clock.Advance(answerPatience)
		return nil, timeout("time out awaiting response headers")
	}
	w.Clock.Advance(failureMode.latency)
	arrived, err := overTheWire(r)
	if err != nil {
		return nil, err
	}
	from.mu.Lock()
	arrived.RemoteAddr = netip.AddrPortFrom(from.addresses[0], 40_000).String()
	from.mu.Unlock()
	if r.URL.Scheme == "https" {
		arrived.TLS = &tls.ConnectionState{Version: tls.VersionTLS13, HandshakeComplete: true, ServerName: r.URL.Hostname()}
	}
	// The client's context ends the request; its values stay with the
	// client.
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	defer context.AfterFunc(r.Context(), cancel)()
	resp, err := to.answer(arrived.WithContext(ctx), failureMode)
	if err == nil {
		resp.Request = r
	}
	return resp, err
}

func overTheWire(r *http.Request) (*http.Request, error) {
	var wire bytes.Buffer
	if err := r.Write(&wire); err != nil {
		return nil, err
	}
	return http.ReadRequest(bufio.NewReader(&wire))
}

// answer runs the host's handler for a request that arrived.
func (h *Host) answer(r *http.Request, failureMode failureMode) (resp *http.Response, err error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	from, _ := netip.ParseAddrPort(r.RemoteAddr)
	h.mu.Lock()
	h.asked = append(h.asked, Request{r.Method, r.URL.RequestURI(), from.Addr(), r.Header.Clone(), body})
	handler, found := h.pages[r.URL.Path]
	if !found {
		handler = h.handler
	}
	h.mu.Unlock()
	rec := httptest.NewRecorder()
	if failureMode.status != 0 {
		http.Error(rec, http.StatusText(failureMode.status), failureMode.status)
	} else if err := serve(handler, rec, r); err != nil {
		return nil, err
	}
	resp = rec.Result()
	if n := failureMode.cutAfter; n >= 0 && n < rec.Body.Len() {
		resp.Body = io.NopCloser(io.MultiReader(bytes.NewReader(rec.Body.Bytes()[:n]), broken{}))
	}
	return resp, nil
}

// serve runs a handler; one that aborts breaks the connection.
func serve(h http.Handler, w http.ResponseWriter, r *http.Request) (err error) {
	defer func() {
		if p := recover(); p != nil {
			if e, ok := p.(error); !ok || !errors.Is(e, http.ErrAbortHandler) {
				panic(p)
			}
			err = fmt.Errorf("read: %w", io.ErrUnexpectedEOF)
		}
	}()
	h.ServeHTTP(w, r)
	return nil
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
