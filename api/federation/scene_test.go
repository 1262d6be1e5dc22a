package federation_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"kinglet/internal/apptest"
	"kinglet/internal/fault"
	"kinglet/store"
)

type object = apptest.Object

// scene is a server with an account alice, to whose inbox others post.
type scene struct {
	*apptest.World
	here  *apptest.Server
	alice *apptest.Account
	inbox string // alice's
}

func newScene(t *testing.T, settings ...string) *scene {
	t.Helper()
	return sceneIn(apptest.NewWorld(t), settings...)
}

func sceneIn(w *apptest.World, settings ...string) *scene {
	w.T.Helper()
	here := w.Server("a.test", settings...)
	return &scene{World: w, here: here, alice: here.Account("alice"), inbox: here.Config.InboxURI("alice")}
}

// request is a signed request from an address with a document, which may be
// given as bytes.
func (s *scene) request(from string, by *apptest.Stranger, inbox string, doc any) *http.Request {
	s.T.Helper()
	body, ok := doc.([]byte)
	if !ok {
		var err error
		if body, err = json.Marshal(doc); err != nil {
			s.T.Fatal(err)
		}
	}
	r := by.Request("POST", inbox, body)
	r.RemoteAddr = from + ":1"
	return r
}

// post sends a signed document from an address.
func (s *scene) post(from string, by *apptest.Stranger, inbox string, doc any) *httptest.ResponseRecorder {
	s.T.Helper()
	return s.here.Do(s.request(from, by, inbox, doc))
}

// get is a signed request for a document from an address.
func (s *scene) get(from string, by *apptest.Stranger, target string) *http.Request {
	s.T.Helper()
	r := by.Request("GET", target, nil)
	r.Header.Set("Accept", activityJSON)
	r.RemoteAddr = from + ":1"
	return r
}

// follow asks to follow alice. The same number is the same activity.
func (s *scene) follow(by *apptest.Stranger, number string) object {
	return activity(by, "Follow", number, s.alice.URI)
}

func activity(by *apptest.Stranger, typ, number string, about any) object {
	return by.Activity(typ, about, "id", by.URI+"/activities/"+number, "to", []string{apptest.Public})
}

// note is one that its host does not serve.
func note(by *apptest.Stranger, number, text string) object {
	n := by.Note(text, "id", by.URI+"/notes/"+number, "cc", nil)
	by.Host.Remove(n["id"].(string))
	return n
}

// gets is how many GETs came to a host, of a path or, without one, of all.
func gets(h *apptest.Host, path string) int { return len(h.Asked("GET", path)) }

// redirectTo redirects all requests to another host.
func redirectTo(h *apptest.Host) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://"+h.Name+r.URL.Path, http.StatusFound)
	}
}

func (s *scene) knows(uri string) (known bool) {
	s.T.Helper()
	s.here.View(func(tx *store.Tx) error {
		list, err := tx.KnownURIs(uri)
		known = list[uri]
		return err
	})
	return known
}

// account is what is stored of an actor.
func (s *scene) account(uri string) (account *store.Account) {
	s.T.Helper()
	s.here.View(func(tx *store.Tx) (err error) {
		account, err = tx.AccountByURI(uri)
		return err
	})
	return account
}

// follows reports whether an actor follows alice.
func (s *scene) follows(uri string) (follows bool) {
	s.T.Helper()
	id := s.account(uri).ID
	s.here.View(func(tx *store.Tx) error {
		_, err := tx.Follow(id, s.alice.ID)
		follows = err == nil
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		return err
	})
	return follows
}

// large is an activity of more bytes than are read of a stranger's, and than a
// document has that is kept as it came.
func large(doc object) object {
	doc["junk"] = strings.Repeat("x", 64<<10)
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

func (w *watched) wasRead() bool { return isClosed(w.read) }

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// address is the nth client's.
func address(n int) string { return fmt.Sprintf("192.0.%d.%d", n/250, n%250+1) }
