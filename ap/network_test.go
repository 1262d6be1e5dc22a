package ap_test

import (
	"bytes"
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"kinglet/ap"
	"kinglet/ap/activity"
	"kinglet/ap/policy"
	"kinglet/ap/signature"
	"kinglet/ap/vocab"
	"kinglet/api/federation"
	"kinglet/internal/config"
	"kinglet/internal/fault"
	"kinglet/internal/outgoing"
	"kinglet/internal/ratelimit"
	"kinglet/media"
	"kinglet/store"
	"kinglet/store/storetest"
	"kinglet/ui"

	"github.com/go-chi/chi/v5"
)

// network is this server, at own.example.com, among others that the test
// writes, at any other name of example.com, all over https.
type network struct {
	*testing.T
	*ap.Service
	clock   *storetest.Clock
	handler http.Handler
	actors  int
	local   map[string]*store.Account

	mu       sync.Mutex
	pages    map[string]http.HandlerFunc  // by host and path
	names    map[string]map[string]string // WebFinger by host: the actor of a name
	down     map[string]bool              // hosts whose WebFinger answers 503
	asked    map[string]int               // GETs by host and request URI
	subjects map[string]string            // what a host's WebFinger calls the handle, if not as it was asked
}

const own = "https://own.example.com"

type object = map[string]any

type resolver struct{}

func (resolver) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) {
	return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
}

func newNetwork(t *testing.T, policies ...policy.Policy) *network {
	t.Helper()
	n := &network{
		T: t, clock: storetest.NewClock(), local: map[string]*store.Account{}, pages: map[string]http.HandlerFunc{},
		names: map[string]map[string]string{}, down: map[string]bool{}, asked: map[string]int{}, subjects: map[string]string{},
	}
	server := httptest.NewTLSServer(http.HandlerFunc(n.serveOthers))
	t.Cleanup(server.Close)
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	client := outgoing.New(outgoing.Options{
		AllowNetworks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Resolver: resolver{}, RootCAs: roots, Host: policy.Chain(policies).AllowHost,
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, server.Listener.Addr().String())
		},
	})
	t.Cleanup(client.Close)
	st, err := store.Open(t.Context(), store.Options{Database: filepath.Join(t.TempDir(), "kinglet.db"), Now: n.clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	if _, err := st.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	conf, err := config.Load(config.Sources{Environ: []string{"KINGLET_DOMAIN=own.example.com"}, NeedDomain: true})
	if err != nil {
		t.Fatal(err)
	}
	key, err := keys[0]()
	if err != nil {
		t.Fatal(err)
	}
	instance, err := signature.MarshalPrivate(key)
	if err != nil {
		t.Fatal(err)
	}
	if err := st.Update(t.Context(), func(tx *store.Tx) error {
		_, err := tx.SettingOnce("instance_actor_key", instance)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(logWriter{t}, &slog.HandlerOptions{Level: slog.LevelDebug}))
	if n.Service, err = ap.New(t.Context(), ap.Options{Config: conf, Store: st, Client: client, Log: log, Policy: policies}); err != nil {
		t.Fatal(err)
	}
	pages, err := ui.New(ui.UI{Service: n.Service, Store: st, Config: conf, Limits: ratelimit.New(st.Now), Log: log})
	if err != nil {
		t.Fatal(err)
	}
	fed := &federation.API{Service: n.Service, Store: st, Blobs: media.InStore(st), Config: conf, Limits: ratelimit.New(st.Now), Log: log}
	r := chi.NewRouter()
	fed.Routes(r)
	for path, handlers := range map[string][2]http.HandlerFunc{
		"/users/{name}": {fed.Actor, pages.ToProfile}, "/objects/{uuid}": {fed.Object, pages.ToStatus(conf.ObjectURI)},
		"/activities/{uuid}": {fed.Activity, pages.ToStatus(conf.ActivityURI)}, "/contexts/{uuid}": {fed.Context, pages.ToThread},
	} {
		r.Get(path, func(w http.ResponseWriter, q *http.Request) {
			if vocab.WantsActivityPub(q.Header.Get("Accept")) {
				handlers[0](w, q)
			} else {
				handlers[1](w, q)
			}
		})
	}
	n.handler = r
	return n
}

type logWriter struct{ t *testing.T }

func (w logWriter) Write(p []byte) (int, error) {
	w.t.Helper()
	if w.t.Context().Err() == nil {
		w.t.Log(strings.TrimSpace(string(p)))
	}
	return len(p), nil
}

func (n *network) serveOthers(w http.ResponseWriter, r *http.Request) {
	n.mu.Lock()
	n.asked[r.Host+r.URL.RequestURI()]++
	page := n.pages[r.Host+r.URL.Path]
	down, names, subject := n.down[r.Host], n.names[r.Host], n.subjects[r.Host]
	n.mu.Unlock()
	switch {
	case r.URL.Path == "/.well-known/webfinger" && down:
		http.Error(w, "later", http.StatusServiceUnavailable)
	case r.URL.Path == "/.well-known/webfinger":
		resource := r.URL.Query().Get("resource")
		name, _, _ := strings.Cut(strings.TrimPrefix(resource, "acct:"), "@")
		if names[name] == "" {
			http.NotFound(w, r)
			return
		}
		if subject == "" {
			subject = resource
		}
		_ = json.NewEncoder(w).Encode(object{"subject": subject, "links": []object{{"rel": "self", "type": "application/activity+json", "href": names[name]}}})
	case r.URL.Path == "/go": // every host here has an open redirect
		http.Redirect(w, r, r.URL.Query().Get("to"), http.StatusFound)
	case page != nil:
		page(w, r)
	default:
		http.NotFound(w, r)
	}
}

// page answers at an address.
func (n *network) page(address string, h http.HandlerFunc) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.pages[strings.TrimPrefix(address, "https://")] = h
}

// document serves one at an address.
func (n *network) document(address string, doc object) { n.typed(address, vocab.ContentType, doc) }

func (n *network) typed(address, contentType string, doc object) {
	n.Helper()
	b, err := json.Marshal(doc)
	if err != nil {
		n.Fatal(err)
	}
	n.page(address, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		_, _ = w.Write(b)
	})
}

// name has a host's WebFinger name an actor; "" has it know the name no more.
func (n *network) name(host, name, actor string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.names[host] == nil {
		n.names[host] = map[string]string{}
	}
	n.names[host][name] = actor
}

func (n *network) subject(host, handle string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.subjects[host] = handle
}

// refresh has the actor's document fetched anew, as its server asks.
func (a *remote) refresh() {
	a.Helper()
	a.sends(http.StatusAccepted, own+"/inbox", a.activity("Update", "refresh", a.uri))
	a.work()
}

func (n *network) setDown(host string, down bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.down[host] = down
}

// fetches counts the GETs of an address.
func (n *network) fetches(address string) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.asked[strings.TrimPrefix(address, "https://")]
}

// account makes one that lives here, without the key and the password that
// take long to make: nothing is delivered here.
func (n *network) account(name string) *store.Account {
	n.Helper()
	c := n.Config
	a := &store.Account{
		URI: c.ActorURI(name), Username: name, Type: "Person", URL: c.ProfileURL(name), Inbox: c.InboxURI(name),
		FollowersURI: c.FollowersURI(name), KeyID: c.KeyID(name),
	}
	n.update(func(tx *store.Tx) error {
		if err := tx.PutAccount(a); err != nil {
			return err
		}
		return tx.InsertUser(&store.User{AccountID: a.ID, Email: name + "@example.org", DefaultLanguage: "en"})
	})
	n.local[name] = a
	return a
}

// remote is an actor of another host.
type remote struct {
	*network
	host, uri string
	key       *rsa.PrivateKey
	doc       object
}

var keys = [2]func() (*rsa.PrivateKey, error){sync.OnceValues(signature.GenerateKey), sync.OnceValues(signature.GenerateKey)}

// actor makes one with a document, which its host's WebFinger names.
func (n *network) actor(host, name string) *remote {
	n.Helper()
	a := n.nameless(host, name, name)
	n.name(host, name, a.uri)
	return a
}

// nameless makes an actor at /users/path that calls itself name, which WebFinger
// does not know.
func (n *network) nameless(host, path, name string) *remote {
	n.Helper()
	n.actors++
	key, err := keys[n.actors%2]() // neighbours that are made one after the other have two
	if err != nil {
		n.Fatal(err)
	}
	pem, err := signature.MarshalPublic(&key.PublicKey)
	if err != nil {
		n.Fatal(err)
	}
	uri := "https://" + host + "/users/" + path
	a := &remote{n, host, uri, key, object{
		"@context": "https://www.w3.org/ns/activitystreams", "id": uri, "type": "Person", "preferredUsername": name,
		"inbox": uri + "/inbox", "followers": uri + "/followers",
		"publicKey": object{"id": uri + "#main-key", "owner": uri, "publicKeyPem": pem},
	}}
	n.document(uri, a.doc)
	return a
}

// note is public, and mentions whom it is told to.
func (a *remote) note(id, text string, mentions ...string) object {
	tags := []object{}
	for _, m := range mentions {
		tags = append(tags, object{"type": "Mention", "href": m})
	}
	return object{
		"@context": "https://www.w3.org/ns/activitystreams", "id": "https://" + a.host + "/notes/" + id, "type": "Note",
		"attributedTo": a.uri, "content": text, "to": append([]string{vocab.Public}, mentions...), "tag": tags,
		"published": a.clock.Now().Format(time.RFC3339),
	}
}

func (a *remote) activity(typ, id string, o any) object {
	return object{
		"@context": "https://www.w3.org/ns/activitystreams", "id": "https://" + a.host + "/activities/" + id, "type": typ,
		"actor": a.uri, "object": o, "to": []string{vocab.Public},
	}
}

// send posts a signed activity to an inbox and gives the answer's status.
func (a *remote) send(inbox string, doc object) int {
	a.Helper()
	return a.sendKey(a.uri+"#main-key", inbox, doc)
}

func (a *remote) sendKey(keyID, inbox string, doc object) int {
	a.Helper()
	body, err := json.Marshal(doc)
	if err != nil {
		a.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, inbox, bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/activity+json")
	if err := signature.Sign(r, body, keyID, a.key, a.clock.Now()); err != nil {
		a.Fatal(err)
	}
	w := httptest.NewRecorder()
	a.handler.ServeHTTP(w, r)
	return w.Code
}

// sends is send that expects an answer.
func (a *remote) sends(want int, inbox string, doc object) {
	a.Helper()
	if got := a.send(inbox, doc); got != want {
		a.Errorf("%v %v is answered with %d, not %d", doc["type"], doc["id"], got, want)
	}
}

// get asks this server, signed when by is somebody.
func (n *network) get(address, accept string, by *remote) *http.Response {
	n.Helper()
	r := httptest.NewRequest(http.MethodGet, address, nil)
	if accept != "" {
		r.Header.Set("Accept", accept)
	}
	if by != nil {
		if err := signature.Sign(r, nil, by.uri+"#main-key", by.key, n.clock.Now()); err != nil {
			n.Fatal(err)
		}
	}
	w := httptest.NewRecorder()
	n.handler.ServeHTTP(w, r)
	return w.Result()
}

// claim takes what is due.
func claim(tx *store.Tx) ([]store.Job, error) {
	due, _, err := tx.ClaimJobs(store.Claim{Node: "test", Kinds: ap.JobKinds(), Room: func(string, bool) int { return 100 }, Most: 100, Lease: time.Hour})
	return due, err
}

// work does the jobs that are due, and those that they cause. What fails stays.
func (n *network) work() {
	n.Helper()
	for range 100 {
		var due []store.Job
		if err := n.Store.Update(n.Context(), func(tx *store.Tx) (err error) {
			due, err = claim(tx)
			return err
		}); err != nil {
			n.Fatal(err)
		}
		if len(due) == 0 {
			return
		}
		for _, j := range due {
			err := ap.RunJob(n.Context(), n.Service, j)
			if uerr := n.Store.Update(n.Context(), func(tx *store.Tx) error {
				if err != nil {
					return tx.RetryJob(j, n.clock.Now().Add(time.Minute), err.Error())
				}
				return tx.FinishJob(j)
			}); uerr != nil {
				n.Fatal(uerr)
			}
		}
	}
	n.Fatal("the jobs do not end")
}

// deliveries takes the jobs and gives the activities that they would deliver.
func (n *network) deliveries() map[string]object {
	n.Helper()
	got := map[string]object{}
	n.update(func(tx *store.Tx) error {
		due, err := claim(tx)
		if err != nil {
			return err
		}
		for _, j := range due {
			if j.Kind != activity.DeliverJob.Name {
				continue
			}
			var args activity.DeliverArgs
			if err := json.Unmarshal(j.Args, &args); err != nil {
				return err
			}
			o, err := tx.Object(args.Activity)
			if err != nil {
				return err
			}
			doc, err := n.Document(tx, o)
			if err != nil {
				return err
			}
			var v object
			if err := json.Unmarshal(doc, &v); err != nil {
				return err
			}
			got[v["type"].(string)+" to "+args.Inbox] = v
			if err := tx.FinishJob(j); err != nil {
				return err
			}
		}
		return nil
	})
	return got
}

func (n *network) jobs(kind string) int64 {
	n.Helper()
	var count int64
	n.view(func(tx *store.Tx) (err error) {
		count, err = tx.CountJobs(kind)
		return err
	})
	return count
}

func (n *network) view(fn func(tx *store.Tx) error) {
	n.Helper()
	if err := n.Store.View(n.Context(), fn); err != nil {
		n.Fatal(err)
	}
}

func (n *network) update(fn func(tx *store.Tx) error) {
	n.Helper()
	if err := n.Store.Update(n.Context(), fn); err != nil {
		n.Fatal(err)
	}
}

// accountOf is what is stored of an actor, nil for nothing.
func (n *network) accountOf(uri string) *store.Account {
	n.Helper()
	var a *store.Account
	n.view(func(tx *store.Tx) (err error) {
		if a, err = tx.AccountByURI(uri); fault.Is(err, fault.NotFound) {
			return nil
		}
		return err
	})
	return a
}

// statusOf is what is stored of an object, nil for nothing.
func (n *network) statusOf(uri string) *store.Object {
	n.Helper()
	var o *store.Object
	n.view(func(tx *store.Tx) (err error) {
		if o, err = tx.ObjectByURI(uri); fault.Is(err, fault.NotFound) {
			return nil
		}
		return err
	})
	return o
}

// named gives the URI of the account that a handle finds, "" for none.
func (n *network) named(handle string) string {
	n.Helper()
	id, err := n.ResolveHandle(n.Context(), handle)
	if err != nil {
		return ""
	}
	uri := ""
	n.view(func(tx *store.Tx) error {
		a, err := tx.Account(id)
		uri = a.URI
		return err
	})
	return uri
}

// follows has an account here follow a remote one, accepted.
func (n *network) follows(account *store.Account, target *remote) {
	n.Helper()
	if _, err := ap.ResolveActor(n.Context(), n.Service, target.uri); err != nil {
		n.Fatal(err)
	}
	to := n.accountOf(target.uri)
	n.update(func(tx *store.Tx) error {
		if _, err := tx.PutFollow(&store.Follow{AccountID: account.ID, TargetID: to.ID, URI: account.URI + "/follows/" + to.ID.String(), ShowReblogs: true}); err != nil {
			return err
		}
		_, err := tx.AcceptFollow(account.ID, to.ID)
		return err
	})
}
