package ap_test

import (
	"bytes"
	"crypto/rsa"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"kinglet/ap"
	"kinglet/ap/policy"
	"kinglet/ap/signature"
	"kinglet/ap/vocab"
	"kinglet/internal/apptest"
	"kinglet/internal/fault"
	"kinglet/store"
	"kinglet/store/storetest"
)

// network is this server, at own.example.com, among others that the test
// writes, at any other name of example.com, all over https.
type network struct {
	*testing.T
	*ap.Service
	world   *apptest.World
	clock   *storetest.Clock
	handler http.Handler
	actors  int
	local   map[string]*store.Account

	mu        sync.Mutex
	pages     map[string]http.HandlerFunc  // by host and path
	names     map[string]map[string]string // WebFinger by host: the actor of a name
	down      map[string]bool              // hosts whose WebFinger answers 503
	delivered map[string]object            // by type and inbox
	subjects  map[string]string            // what a host's WebFinger calls the handle, if not as it was asked
}

const (
	ownHost = "own.example.com"
	own     = "https://" + ownHost
)

type object = map[string]any

func newNetwork(t *testing.T, policies ...policy.Policy) *network {
	t.Helper()
	w := apptest.NewWorld(t)
	n := &network{
		T: t, world: w, clock: w.Clock, local: map[string]*store.Account{}, pages: map[string]http.HandlerFunc{},
		names: map[string]map[string]string{}, down: map[string]bool{}, subjects: map[string]string{}, delivered: map[string]object{},
	}
	w.Policy = policies
	w.Everywhere(n.serveOthers)
	s := w.Server(ownHost)
	n.Service, n.handler = s.Service, s.Handler
	return n
}

func (n *network) serveOthers(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost {
		n.receive(w, r)
		return
	}
	n.mu.Lock()
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

// receive keeps what is delivered to any inbox.
func (n *network) receive(w http.ResponseWriter, r *http.Request) {
	var doc object
	if err := json.NewDecoder(r.Body).Decode(&doc); err != nil {
		n.Error(err)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.delivered[doc["type"].(string)+" to https://"+r.Host+r.URL.Path] = doc
	w.WriteHeader(http.StatusAccepted)
}

// page answers at an address, of ours as well.
func (n *network) page(address string, h http.HandlerFunc) {
	if path, ok := strings.CutPrefix(address, own); ok {
		n.world.Host(ownHost).Handle(path, h)
		return
	}
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
	if host == ownHost {
		n.world.Host(ownHost).Handle("/.well-known/webfinger", n.serveOthers)
	}
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

// refresh has the actor's document fetched again, as its server asks.
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

// fetches counts the GETs of an address, whoever is asked.
func (n *network) fetches(address string) int {
	host, target, _ := strings.Cut(strings.TrimPrefix(address, "https://"), "/")
	count := 0
	for _, r := range n.world.Host(host).Asked(http.MethodGet, "") {
		if r.Target == "/"+target {
			count++
		}
	}
	return count
}

// account makes one that lives here.
func (n *network) account(name string) *store.Account {
	n.Helper()
	a := n.accountOf(n.world.Server(ownHost).Account(name).URI)
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

// note is public, and mentions the given accounts.
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

// work does the jobs that are due, and those that they cause.
func (n *network) work() {
	n.Helper()
	n.world.Run()
}

// deliveries does the jobs that are due and gives the activities that were
// delivered, by their type and inbox.
func (n *network) deliveries() map[string]object {
	n.Helper()
	n.work()
	n.mu.Lock()
	defer n.mu.Unlock()
	got := n.delivered
	n.delivered = map[string]object{}
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
