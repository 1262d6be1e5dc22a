// Package interop tests what other implementations really send: each document
// with what a person here sees afterwards, or the reason why it is refused. Its
// documents are those of ../shared/fixtures, which are other projects' and stay
// there, and our own in testdata.
package interop

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"kinglet/ap/signature"
	"kinglet/ap/vocab"
	"kinglet/internal/apptest"
)

type object = apptest.Object

// scene is a world in which alice lives here and everything else elsewhere: one
// handler answers at every host with what was put under its URL.
type scene struct {
	*testing.T
	world *apptest.World
	here  *apptest.Server
	alice *apptest.Account
	post  *apptest.Status // of alice's
	poll  *apptest.Status
	// signer has the key of everybody else: which one it is decides nothing here.
	signer *apptest.Stranger

	mu        sync.Mutex
	documents map[string][]byte // by URL
	jrds      map[string][]byte // by what WebFinger is asked for
	actors    map[string]*apptest.Stranger
	received  []object
}

func newScene(t *testing.T) *scene {
	t.Helper()
	w := apptest.NewWorld(t)
	s := &scene{T: t, world: w, documents: map[string][]byte{}, jrds: map[string][]byte{}, actors: map[string]*apptest.Stranger{}}
	w.Clock.Advance(time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC).Sub(w.Now())) // after all of them
	s.here = w.Server("a.test")
	s.signer = w.Stranger("signer@keys.test")
	w.Everywhere(s.answer)
	s.alice = s.here.Account("alice")
	return s
}

// answer is what every host but ours answers.
func (s *scene) answer(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.Method == http.MethodPost {
		var o object
		if body, err := io.ReadAll(r.Body); err != nil || json.Unmarshal(body, &o) != nil {
			http.Error(w, "no document", http.StatusBadRequest)
			return
		}
		s.received = append(s.received, o)
		w.WriteHeader(http.StatusAccepted)
		return
	}
	if r.URL.Path == "/.well-known/webfinger" {
		s.webFinger(w, r)
		return
	}
	doc, ok := s.documents["https://"+r.Host+r.URL.RequestURI()]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/activity+json")
	_, _ = w.Write(doc)
}

func (s *scene) webFinger(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/jrd+json")
	resource := r.URL.Query().Get("resource")
	if jrd, ok := s.jrds[resource]; ok {
		_, _ = w.Write(jrd)
		return
	}
	for uri, a := range s.actors {
		acct := "acct:" + a.Name + "@" + a.Host.Name
		if a.Host.Name == r.Host && (resource == uri || strings.EqualFold(resource, acct)) {
			_ = json.NewEncoder(w).Encode(object{"subject": acct, "links": []object{{"rel": "self", "type": "application/activity+json", "href": uri}}})
			return
		}
	}
	http.NotFound(w, r)
}

// serve puts a document under its id. An actor's gets a key of ours in place of
// its own.
func (s *scene) serve(doc []byte) {
	s.Helper()
	o := s.parse(doc)
	id := idOf(o["id"])
	if id == "" {
		return
	}
	if o["inbox"] != nil {
		s.give(id, doc)
		return
	}
	s.mu.Lock()
	s.documents[id] = doc
	s.mu.Unlock()
	for _, item := range listOf(o["orderedItems"]) { // which are found under their own ids too
		if item, ok := item.(object); ok && s.documents[idOf(item["id"])] == nil {
			item["@context"] = o["@context"]
			doc, _ := json.Marshal(item)
			s.serve(doc)
			s.cast(item)
		}
	}
}

func (s *scene) parse(doc []byte) object {
	s.Helper()
	var o object
	if err := json.Unmarshal(doc, &o); err != nil {
		s.Fatalf("%v: %s", err, doc)
	}
	return o
}

// pem is the key in an actor's document, which is changed in its bytes: all else
// of it stays as it came.
var pem = regexp.MustCompile(`("publicKeyPem"\s*:\s*)"[^"]*"`)

// give serves an actor's document and keeps who signs for it.
func (s *scene) give(uri string, doc []byte) *apptest.Stranger {
	s.Helper()
	o := s.parse(doc)
	public, err := signature.MarshalPublic(&s.signer.Key.PublicKey)
	if err != nil {
		s.Fatal(err)
	}
	quoted, _ := json.Marshal(public)
	doc = pem.ReplaceAllFunc(doc, func(b []byte) []byte {
		return append(append([]byte{}, pem.FindSubmatch(b)[1]...), quoted...)
	})
	name, _ := o["preferredUsername"].(string)
	a := &apptest.Stranger{World: s.world, Host: s.world.Host(vocab.Host(uri)), Name: name, URI: uri, KeyID: uri + "#main-key", Key: s.signer.Key, Document: o}
	if key, ok := o["publicKey"].(object); ok {
		a.KeyID = idOf(key["id"])
	}
	s.mu.Lock()
	s.actors[uri], s.documents[uri] = a, doc
	s.mu.Unlock()
	return a
}

// actor is who has an id: of a document that was served, or made up.
func (s *scene) actor(uri string) *apptest.Stranger {
	s.Helper()
	if a := s.actors[uri]; a != nil {
		return a
	}
	u, err := url.Parse(uri)
	if err != nil || u.Host == "" {
		s.Fatalf("%q is nobody", uri)
	}
	name, typ := strings.TrimLeft(path.Base(u.Path), "~@."), "Person"
	if name == "" || name == "/" {
		name = "somebody"
	}
	if strings.Contains(u.Path, "/c/") || strings.Contains(u.Path, "/video-channels/") {
		typ = "Group"
	}
	doc, _ := json.Marshal(object{
		"@context": "https://www.w3.org/ns/activitystreams", "id": uri, "type": typ, "preferredUsername": name, "name": name,
		"inbox": uri + "/inbox", "outbox": uri + "/outbox", "followers": uri + "/followers", "following": uri + "/following",
		"featured":  uri + "/collections/featured",
		"publicKey": object{"id": uri + "#main-key", "owner": uri, "publicKeyPem": "x"},
	})
	return s.give(uri, doc)
}

// idOf is the id of whatever refers to something.
func idOf(v any) string {
	switch x := v.(type) {
	case string:
		return x
	case object:
		if id := idOf(x["id"]); id != "" {
			return id
		}
		return idOf(x["@id"])
	case []any:
		if len(x) > 0 {
			return idOf(x[0])
		}
	}
	return ""
}

// cast makes up everybody whom a document names and nobody described.
func (s *scene) cast(v any) {
	switch x := v.(type) {
	case []any:
		for _, e := range x {
			s.cast(e)
		}
	case object:
		for _, k := range []string{"actor", "attributedTo"} {
			for _, e := range listOf(x[k]) {
				s.castOne(idOf(e))
			}
		}
		if x["type"] == "Mention" {
			s.castOne(idOf(x["href"]))
		}
		for _, e := range x {
			s.cast(e)
		}
	}
}

func (s *scene) castOne(uri string) {
	if u, err := url.Parse(uri); err != nil || u.Host == "" || u.Scheme != "https" || u.Host == "a.test" || s.documents[uri] != nil {
		return
	}
	s.actor(uri)
}

func listOf(v any) []any {
	if l, ok := v.([]any); ok {
		return l
	}
	return []any{v}
}

// follow has alice follow somebody, who accepts unless asked says that she only
// asks. She can't follow whom we can't read.
func (s *scene) follow(uri string, asked bool) {
	s.Helper()
	if s.alice.Find(uri) == "" {
		return
	}
	s.alice.Follow(uri)
	s.world.Run()
	s.mu.Lock()
	follow := s.received[len(s.received)-1]
	s.mu.Unlock()
	a := s.actor(uri)
	if asked {
		return
	}
	accept := object{"id": uri + "#accept", "type": "Accept", "actor": uri, "object": follow}
	if status := a.Send(s.here, accept); status != http.StatusAccepted {
		s.Fatalf("the Accept of %s is answered with %d: %s", uri, status, s.here.Log())
	}
	s.world.Run()
}

// send has an actor post bytes to an inbox here, and does what they cause.
func (s *scene) send(who *apptest.Stranger, inbox string, doc []byte) int {
	s.Helper()
	answer := s.here.Do(who.Request(http.MethodPost, inbox, doc))
	s.world.Run()
	return answer.Code
}

// reasons are what the log says of what was not taken, since it had n bytes.
func (s *scene) reasons(n int) (out []string) {
	for line := range strings.Lines(s.here.Log()[n:]) {
		_, reason, ok := strings.Cut(line, " reason=")
		if !ok || !strings.Contains(line, "msg=inbox") && !strings.Contains(line, `msg="not taken"`) {
			continue
		}
		if strings.HasPrefix(reason, `"`) {
			end := 1
			for end < len(reason) && (reason[end] != '"' || reason[end-1] == '\\') {
				end++
			}
			reason = strings.ReplaceAll(reason[1:end], `\"`, `"`)
		} else {
			reason, _, _ = strings.Cut(strings.TrimSpace(reason), " ")
		}
		if !slices.Contains(out, reason) {
			out = append(out, reason)
		}
	}
	return out
}

// network is a host of somebody's test network, which is no name on the internet.
var network = regexp.MustCompile(`"https://([a-z][a-z0-9-]*)(:[0-9]+)?/`)

// publicHosts are the documents' hosts as they would be on the internet: with
// https, and with a dot.
func publicHosts(doc []byte) []byte {
	doc = bytes.ReplaceAll(doc, []byte(`"http://`), []byte(`"https://`))
	return network.ReplaceAll(doc, []byte(`"https://$1.test/`))
}
