package federation_test

import (
	"bytes"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"kinglet/ap"
	"kinglet/ap/signature"
	"kinglet/api/federation"
	"kinglet/internal/auth"
	"kinglet/internal/config"
	"kinglet/internal/jobs"
	"kinglet/internal/outgoing"
	"kinglet/internal/ratelimit"
	"kinglet/media"
	"kinglet/store"
	"kinglet/store/storetest"

	"github.com/go-chi/chi/v5"
)

type object = map[string]any

const domain = "kinglet.test"

// world is a server that is called in process, with a clock of its own and an
// account alice.
type world struct {
	t       *testing.T
	clock   *storetest.Clock
	store   *store.Store
	config  *config.Config
	service *ap.Service
	handler http.Handler
	log     *logBuffer
}

type logBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.Buffer.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.Buffer.String()
}

func newWorld(t *testing.T, change ...func(c *config.Config)) *world {
	t.Helper()
	w := &world{t: t, clock: storetest.NewClock(), log: &logBuffer{}}
	var err error
	w.config, err = config.Load(config.Sources{Environ: []string{"KINGLET_DOMAIN=" + domain}, NeedDomain: true, File: emptyFile(t)})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range change {
		f(w.config)
	}
	w.store, err = store.Open(t.Context(), store.Options{Database: filepath.Join(t.TempDir(), "kinglet.db"), Now: w.clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.store.Close() })
	if _, err := w.store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	client := outgoing.New(outgoing.Options{UserAgent: "test", AllowNetworks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	t.Cleanup(client.Close)
	log := slog.New(slog.NewTextHandler(w.log, nil))
	if w.service, err = ap.New(t.Context(), ap.Options{Config: w.config, Store: w.store, Client: client, Log: log}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.service.CreateAccount(t.Context(), ap.NewAccount{Username: "alice", Email: "alice@kinglet.test", Password: auth.NewSecret()}); err != nil {
		t.Fatal(err)
	}
	api := &federation.API{Service: w.service, Store: w.store, Blobs: media.InStore(w.store), Config: w.config, Limits: ratelimit.New(w.clock.Now), Log: log, BodyTime: 100 * time.Millisecond}
	r := chi.NewRouter()
	api.Routes(r)
	r.Get("/users/{name}", api.Actor)
	r.Get("/objects/{uuid}", api.Object)
	r.Get("/activities/{uuid}", api.Activity)
	r.Get("/contexts/{uuid}", api.Context)
	r.Get("/@{name}/{id}", api.Status)
	w.handler = r
	return w
}

func emptyFile(t *testing.T) string {
	return filepath.Join("testdata", "empty.toml")
}

// do answers a request in process.
func (w *world) do(r *http.Request) *httptest.ResponseRecorder {
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, r)
	return rec
}

// post sends a signed document from an address.
func (w *world) post(from string, by *signer, inbox string, doc any) *httptest.ResponseRecorder {
	w.t.Helper()
	return w.do(by.request(w, from, inbox, doc))
}

// runJobs does the jobs that are due, and sees that this is so afterwards.
func (w *world) runJobs(what string, done func() bool) {
	w.t.Helper()
	runner := jobs.New(jobs.Options{Store: w.store, Log: slog.New(slog.DiscardHandler), GiveUp: w.config.Retention.Deliveries})
	w.service.RegisterJobs(runner)
	if _, err := runner.RunDue(w.t.Context()); err != nil {
		w.t.Error(err)
	}
	if !done() {
		w.t.Errorf("%s: it does not come to that", what)
	}
}

func view[T any](w *world, read func(tx *store.Tx) (T, error)) T {
	w.t.Helper()
	var out T
	if err := w.store.View(w.t.Context(), func(tx *store.Tx) (err error) {
		out, err = read(tx)
		return err
	}); err != nil {
		w.t.Fatal(err)
	}
	return out
}

func (w *world) jobs(kind string) int64 {
	return view(w, func(tx *store.Tx) (int64, error) { return tx.CountJobs(kind) })
}

func (w *world) knows(uri string) bool {
	return view(w, func(tx *store.Tx) (bool, error) {
		known, err := tx.KnownURIs(uri)
		return known[uri], err
	})
}

// host is another server; it counts what it is asked.
type host struct {
	*httptest.Server
	mu    sync.Mutex
	gets  map[string]int
	pages map[string]http.HandlerFunc
	other http.HandlerFunc // for what is in no page
}

func newHost(t *testing.T) *host {
	h := &host{gets: map[string]int{}, pages: map[string]http.HandlerFunc{}, other: http.NotFound}
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		h.mu.Lock()
		h.gets[r.URL.Path]++
		page := h.pages[r.URL.Path]
		if page == nil {
			page = h.other
		}
		h.mu.Unlock()
		page(w, r)
	}))
	t.Cleanup(h.Close)
	return h
}

func (h *host) handle(path string, f http.HandlerFunc) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.pages[path] = f
}

func (h *host) otherwise(f http.HandlerFunc) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.other = f
}

// count is how many GETs came, of a path or, without one, of all.
func (h *host) count(path string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := 0
	for p, times := range h.gets {
		if path == "" || p == path {
			n += times
		}
	}
	return n
}

func serve(doc any) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/activity+json")
		_ = json.NewEncoder(w).Encode(doc)
	}
}

// signer is an actor of a host, or somebody who says so.
type signer struct {
	t     *testing.T
	uri   string
	keyID string
	key   *rsa.PrivateKey
}

var keys = sync.OnceValue(func() []*rsa.PrivateKey {
	var out []*rsa.PrivateKey
	for range 2 {
		k, err := signature.GenerateKey()
		if err != nil {
			panic(err)
		}
		out = append(out, k)
	}
	return out
})

func (h *host) signer(t *testing.T, name string) *signer {
	uri := h.URL + "/users/" + name
	return &signer{t: t, uri: uri, keyID: uri + "#main-key", key: keys()[0]}
}

// actor is a signer whose document is served.
func (h *host) actor(t *testing.T, name string) *signer {
	s := h.signer(t, name)
	h.handle("/users/"+name, serve(s.document()))
	return s
}

func (s *signer) document() object {
	pem, err := signature.MarshalPublic(&s.key.PublicKey)
	if err != nil {
		s.t.Fatal(err)
	}
	return object{
		"@context": "https://www.w3.org/ns/activitystreams", "id": s.uri, "type": "Person", "preferredUsername": s.uri[strings.LastIndex(s.uri, "/")+1:],
		"inbox": s.uri + "/inbox", "followers": s.uri + "/followers",
		"publicKey": object{"id": s.keyID, "owner": s.uri, "publicKeyPem": pem},
	}
}

func (s *signer) activity(typ, id string, o any) object {
	return object{
		"@context": "https://www.w3.org/ns/activitystreams", "id": s.uri + "/activities/" + id, "type": typ, "actor": s.uri, "object": o,
		"to": []string{"https://www.w3.org/ns/activitystreams#Public"},
	}
}

func (s *signer) note(id, text string) object {
	return object{
		"id": s.uri + "/notes/" + id, "type": "Note", "attributedTo": s.uri, "content": text,
		"to": []string{"https://www.w3.org/ns/activitystreams#Public"}, "published": "2026-03-04T05:06:07Z",
	}
}

func (s *signer) request(w *world, from, inbox string, doc any) *http.Request {
	s.t.Helper()
	body, ok := doc.([]byte)
	if !ok {
		var err error
		if body, err = json.Marshal(doc); err != nil {
			s.t.Fatal(err)
		}
	}
	r := httptest.NewRequest("POST", "https://"+domain+inbox, bytes.NewReader(body))
	r.RequestURI = inbox
	r.RemoteAddr = from + ":1"
	r.Header.Set("Content-Type", "application/activity+json")
	s.sign(w, r, body)
	return r
}

// sign signs a request that has a body, again if it was signed before.
func (s *signer) sign(w *world, r *http.Request, body []byte) {
	s.t.Helper()
	for _, name := range []string{"Signature", "Digest", "Date", "Host"} {
		r.Header.Del(name)
	}
	if err := signature.Sign(r, body, s.keyID, s.key, w.clock.Now()); err != nil {
		s.t.Fatal(err)
	}
}

// get is a signed request for a document.
func (s *signer) get(w *world, from, path string) *http.Request {
	s.t.Helper()
	r := httptest.NewRequest("GET", "https://"+domain+path, nil)
	r.RequestURI = path
	r.RemoteAddr = from + ":1"
	if err := signature.Sign(r, nil, s.keyID, s.key, w.clock.Now()); err != nil {
		s.t.Fatal(err)
	}
	return r
}

// large is an activity of more bytes than are read of a stranger's.
func large(doc object) object {
	doc["junk"] = strings.Repeat("x", 600<<10)
	return doc
}

// watched is a body that reports whether it was read.
type watched struct {
	io.Reader
	read chan struct{}
	once sync.Once
}

func watch(r *http.Request) *watched {
	w := &watched{Reader: r.Body, read: make(chan struct{})}
	r.Body = io.NopCloser(w)
	return w
}

func (w *watched) Read(p []byte) (int, error) {
	w.once.Do(func() { close(w.read) })
	return w.Reader.Read(p)
}

func (w *watched) wasRead() bool {
	select {
	case <-w.read:
		return true
	default:
		return false
	}
}

// address is the nth client's.
func address(n int) string { return fmt.Sprintf("192.0.%d.%d", n/250, n%250+1) }
