package apptest

import (
	"bytes"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"time"

	"kinglet/ap/signature"
)

// Public is the collection of everyone.
const Public = "https://www.w3.org/ns/activitystreams#Public"

// Stranger is an actor of a server that the test writes: it serves its
// documents, signs what it sends, and keeps what it receives. Nothing checks
// that what it says is true.
type Stranger struct {
	World *World
	Host  *Host
	Name  string
	URI   string
	KeyID string
	Key   *rsa.PrivateKey
	// Document is the actor's, as it is served. Change it and Publish it.
	Document Object

	ids int
}

// Stranger makes an actor of a handle, name@host, with a document that is
// served and that the host's WebFinger names.
func (w *World) Stranger(handle string) *Stranger {
	w.T.Helper()
	s := w.unserved(handle)
	s.NewKey()
	s.Host.webFinger(s.Name, s.URI)
	accept := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) }
	s.Host.Handle("/inbox", accept)
	s.Host.Handle("/users/"+s.Name+"/inbox", accept)
	return s
}

// As is the actor of another handle, or who claims to be it: it signs with the
// key of this one. Its host serves nothing of it until it is Published.
func (s *Stranger) As(handle string) *Stranger {
	s.World.T.Helper()
	other := s.World.unserved(handle)
	other.Key = s.Key
	other.describeKey()
	return other
}

// unserved is an actor without a key, of which nothing is served.
func (w *World) unserved(handle string) *Stranger {
	w.T.Helper()
	name, host, ok := strings.Cut(strings.TrimPrefix(handle, "@"), "@")
	if !ok {
		w.T.Fatalf("%q is no handle", handle)
	}
	uri := "https://" + host + "/users/" + name
	return &Stranger{World: w, Host: w.Host(host), Name: name, URI: uri, KeyID: uri + "#main-key", Document: Object{
		"@context": []string{"https://www.w3.org/ns/activitystreams", "https://w3id.org/security/v1"},
		"id":       uri, "type": "Person", "preferredUsername": name, "url": "https://" + host + "/@" + name,
		"inbox": uri + "/inbox", "outbox": uri + "/outbox", "followers": uri + "/followers", "following": uri + "/following",
		"endpoints": Object{"sharedInbox": "https://" + host + "/inbox"},
	}}
}

// webFinger has the host's WebFinger name an actor.
func (h *Host) webFinger(name, uri string) {
	const path = "/.well-known/webfinger"
	h.mu.Lock()
	before := h.pages[path]
	h.mu.Unlock()
	h.Handle(path, func(w http.ResponseWriter, r *http.Request) {
		resource := r.URL.Query().Get("resource")
		switch {
		case strings.EqualFold(resource, "acct:"+name+"@"+h.Name) || resource == uri:
			w.Header().Set("Content-Type", "application/jrd+json")
			_ = json.NewEncoder(w).Encode(Object{
				"subject": "acct:" + name + "@" + h.Name,
				"links":   []Object{{"rel": "self", "type": "application/activity+json", "href": uri}},
			})
		case before != nil:
			before.ServeHTTP(w, r)
		default:
			http.NotFound(w, r)
		}
	})
}

// NewKey has the actor sign with another key from now on, and publishes it.
func (s *Stranger) NewKey() {
	s.World.T.Helper()
	s.Key = s.World.key()
	s.describeKey()
	s.Publish()
}

// ChangeKeyID gives the actor's key another id from now on, and publishes it.
func (s *Stranger) ChangeKeyID(id string) {
	s.World.T.Helper()
	s.KeyID = id
	s.describeKey()
	s.Publish()
}

// describeKey puts the key into the Document.
func (s *Stranger) describeKey() {
	s.World.T.Helper()
	pem, err := signature.MarshalPublic(&s.Key.PublicKey)
	if err != nil {
		s.World.T.Fatal(err)
	}
	s.Document["publicKey"] = Object{"id": s.KeyID, "owner": s.URI, "publicKeyPem": pem}
}

// Publish serves the actor's Document as it now is.
func (s *Stranger) Publish() { s.Host.Serve(s.URI, s.Document) }

// id makes one that the actor's host has not given yet.
func (s *Stranger) id(kind string) string {
	s.ids++
	return fmt.Sprintf("%s/%s/%d", s.URI, kind, s.ids)
}

// with puts pairs of a key and a value into an object.
func with(o Object, pairs []any) Object {
	for i := 0; i+1 < len(pairs); i += 2 {
		k := pairs[i].(string)
		if pairs[i+1] == nil {
			delete(o, k)
		} else {
			o[k] = pairs[i+1]
		}
	}
	return o
}

// Note is a public note of the actor's, served at its id. pairs put further
// properties in, in place of those that it would have; nil takes one out.
func (s *Stranger) Note(text string, pairs ...any) Object {
	n := with(Object{
		"@context": "https://www.w3.org/ns/activitystreams", "id": s.id("notes"), "type": "Note", "attributedTo": s.URI,
		"content": "<p>" + text + "</p>", "to": []string{Public}, "cc": []string{s.URI + "/followers"},
		"published": s.World.Now().Format(time.RFC3339),
	}, pairs)
	if id, ok := n["id"].(string); ok && strings.HasPrefix(id, "https://"+s.Host.Name+"/") {
		s.Host.Serve(id, n)
	}
	return n
}

// Mention is the tag of a mention, for the "tag" of a Note.
func Mention(a *Account) Object { return Object{"type": "Mention", "href": a.URI, "name": a.Handle} }

// To addresses a Note to an account, which it mentions.
func (s *Stranger) To(a *Account, text string, pairs ...any) Object {
	return s.Note(text, append([]any{"to", []string{a.URI}, "cc", []string{}, "tag", []Object{Mention(a)}}, pairs...)...)
}

// Activity is one of the actor's. Its object is an Object or an id.
func (s *Stranger) Activity(typ string, object any, pairs ...any) Object {
	o := Object{
		"@context": "https://www.w3.org/ns/activitystreams", "id": s.id("activities"), "type": typ, "actor": s.URI, "object": object,
	}
	if of, ok := object.(Object); ok {
		for _, k := range []string{"to", "cc"} {
			if of[k] != nil {
				o[k] = of[k]
			}
		}
	}
	return with(o, pairs)
}

// Request is a signed request of the actor's to a server, from its host's address.
func (s *Stranger) Request(method, target string, body []byte) *http.Request {
	s.World.T.Helper()
	var r *http.Request
	if body == nil {
		r = httptest.NewRequest(method, target, nil)
	} else {
		r = httptest.NewRequest(method, target, bytes.NewReader(body))
		r.Header.Set("Content-Type", "application/activity+json")
	}
	r.RequestURI = r.URL.RequestURI()
	s.Host.mu.Lock()
	r.RemoteAddr = netip.AddrPortFrom(s.Host.addresses[0], 50_000).String()
	s.Host.mu.Unlock()
	s.Sign(r, body)
	return r
}

// Sign signs a request that has this body (nil for none), again if it was
// signed before: after a test changed it.
func (s *Stranger) Sign(r *http.Request, body []byte) {
	s.World.T.Helper()
	if err := signature.Sign(r, body, s.KeyID, s.Key, s.World.Now()); err != nil {
		s.World.T.Fatal(err)
	}
}

// Send posts a document, signed, to the shared inbox of a server, and gives
// the answer's status.
func (s *Stranger) Send(to *Server, doc Object) int {
	s.World.T.Helper()
	status, _ := s.SendTo(to, to.Config.SharedInboxURI(), doc)
	return status
}

// SendTo is Send to an inbox of one's choice, with the answer's body.
func (s *Stranger) SendTo(to *Server, inbox string, doc Object) (status int, body string) {
	s.World.T.Helper()
	content, err := json.Marshal(doc)
	if err != nil {
		s.World.T.Fatal(err)
	}
	w := to.Do(s.Request(http.MethodPost, inbox, content))
	return w.Code, w.Body.String()
}

// Get asks a server for a document, signed.
func (s *Stranger) Get(to *Server, target string) *httptest.ResponseRecorder {
	s.World.T.Helper()
	r := s.Request(http.MethodGet, target, nil)
	r.Header.Set("Accept", "application/activity+json")
	return to.Do(r)
}

// Received are the documents that came to the inboxes of the actor and of its
// host, oldest first.
func (s *Stranger) Received() []Object {
	s.World.T.Helper()
	var out []Object
	for _, r := range s.Host.Asked(http.MethodPost, "") {
		if r.Target != "/inbox" && r.Target != "/users/"+s.Name+"/inbox" {
			continue
		}
		var o Object
		if err := json.Unmarshal(r.Body, &o); err != nil {
			s.World.T.Fatalf("%s received %q: %v", s.Name, r.Body, err)
		}
		out = append(out, o)
	}
	return out
}

// ReceivedTypes are the types of what was Received, in its order.
func (s *Stranger) ReceivedTypes() []string {
	s.World.T.Helper()
	var out []string
	for _, o := range s.Received() {
		out = append(out, fmt.Sprint(o["type"]))
	}
	return out
}

// Follow has the actor ask to follow an account, and answers what came of it:
// the type of what it received, "" for nothing.
func (s *Stranger) Follow(a *Account) string {
	s.World.T.Helper()
	before := len(s.Received())
	if status := s.Send(a.Server, s.Activity("Follow", a.URI)); status != http.StatusAccepted {
		s.World.T.Fatalf("the Follow is answered with %d", status)
	}
	s.World.Run()
	if got := s.ReceivedTypes(); len(got) > before {
		return got[before]
	}
	return ""
}

// Accept has the actor accept what an account here asked for last: its Follow.
func (s *Stranger) Accept(a *Account) {
	s.World.T.Helper()
	list := s.Received()
	for i := len(list) - 1; i >= 0; i-- {
		if list[i]["type"] == "Follow" && list[i]["actor"] == a.URI {
			if status := s.Send(a.Server, s.Activity("Accept", list[i])); status != http.StatusAccepted {
				s.World.T.Fatalf("the Accept is answered with %d", status)
			}
			s.World.Run()
			return
		}
	}
	s.World.T.Fatalf("%s was not asked by %s", s.Name, a.Handle)
}

// FollowedBy has an account here follow the actor, which accepts.
func (s *Stranger) FollowedBy(a *Account) {
	s.World.T.Helper()
	a.Follow("@" + s.Name + "@" + s.Host.Name)
	s.World.Run()
	s.Accept(a)
}
