package ap_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	kinds "kinglet/ap/object"
	"kinglet/ap/signature"
	"kinglet/internal/apptest"
	"kinglet/store"
	"kinglet/store/engine"
)

// peer is a follower whose server answers as the test says.
type peer struct {
	*apptest.Stranger
	answer func(r *http.Request, message bool) int
	kinds  []string // how the POSTs are signed: "9421" or "cavage", with the answer if it was no 202
	accept string   // Accept-Signature of its answers
	bad    string   // what was wrong with a signature of RFC 9421
	from   *apptest.Server
}

// newPeer is a follower of alice's.
func newPeer(t *testing.T, w *apptest.World, alice *apptest.Account, handle string) *peer {
	t.Helper()
	p := &peer{Stranger: w.Stranger(handle), from: alice.Server, answer: func(*http.Request, bool) int { return 202 }}
	if got := p.Follow(alice); got != "Accept" {
		t.Fatal(got)
	}
	w.Run()
	p.Host.Handle("/inbox", p.inbox)
	p.Host.Handle("/users/"+p.Name+"/inbox", p.inbox)
	return p
}

func (p *peer) inbox(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	message := r.Header.Get("Signature-Input") != ""
	kind := "cavage"
	if message {
		kind = "9421"
		s, err := signature.Rules{Hosts: []string{p.Host.Name}, Strict: true}.Parse(r, p.World.Now())
		if err == nil {
			err = s.CheckBody(body)
		}
		if err == nil && !strings.HasSuffix(s.KeyID, "#ed25519-key") {
			err = fmt.Errorf("the key is %s", s.KeyID)
		}
		if err != nil {
			p.bad = err.Error()
		}
	}
	status := p.answer(r, message)
	if status != 202 {
		kind += fmt.Sprint(" ", status)
	}
	p.kinds = append(p.kinds, kind)
	if p.accept != "" {
		w.Header().Set("Accept-Signature", p.accept)
	}
	w.WriteHeader(status)
}

// next are the kinds since it was asked last.
func (p *peer) next() string {
	s := strings.Join(p.kinds, ", ")
	p.kinds = nil
	return s
}

// says has the actor declare what its software implements, and us read it.
func (p *peer) says(w *apptest.World, specifications ...string) {
	var list []any
	for _, s := range specifications {
		list = append(list, apptest.Object{"type": "Link", "href": s})
	}
	p.Document["generator"] = apptest.Object{"type": "Application", "implements": list}
	p.Publish()
	p.refresh(w)
}

// refresh has us read the actor's document again.
func (p *peer) refresh(w *apptest.World) {
	p.World.T.Helper()
	p.NewKey()
	if got := p.Send(p.from, p.Activity("Update", p.Document)); got != 202 {
		p.World.T.Fatalf("the Update is answered with %d", got)
	}
	w.Run()
	w.Advance(2 * time.Minute)
}

func only(status int, refused bool) func(*http.Request, bool) int {
	return func(_ *http.Request, message bool) int {
		if message == refused {
			return status
		}
		return 202
	}
}

// Which signature goes to which host, and what is remembered of it.
func TestHowDeliveriesAreSigned(t *testing.T) {
	for _, c := range []struct {
		name   string
		host   func(w *apptest.World, p *peer)
		first  string // how the first post is signed, and again
		second string
		later  string // how one is after a restart, a day later
		got    int    // how many of the three it took
	}{
		{"a host of which nothing is known, and that takes all", func(*apptest.World, *peer) {}, "cavage", "cavage", "cavage", 3},
		{"one that says it takes RFC 9421 with Ed25519", func(w *apptest.World, p *peer) {
			p.says(w, kinds.ImplementsMessages, kinds.ImplementsEd25519)
		}, "9421", "9421", "9421", 3},
		{"one that takes RFC 9421 with RSA keys", func(w *apptest.World, p *peer) { p.says(w, kinds.ImplementsMessages) }, "cavage", "cavage", "cavage", 3},
		{"one that refuses what it says that it takes", func(w *apptest.World, p *peer) {
			p.says(w, kinds.ImplementsEd25519)
			p.answer = only(401, true)
		}, "9421 401, cavage", "cavage", "cavage", 3},
		{"one that refuses it as not readable", func(w *apptest.World, p *peer) {
			p.says(w, kinds.ImplementsEd25519)
			p.answer = only(400, true)
		}, "9421 400, cavage", "cavage", "cavage", 3},
		{"one that takes RFC 9421 only", func(_ *apptest.World, p *peer) { p.answer = only(401, false) }, "cavage 401, 9421", "9421", "9421", 3},
		{"one that takes RFC 9421 only, and answers 400", func(_ *apptest.World, p *peer) { p.answer = only(400, false) }, "cavage 400, 9421", "9421", "9421", 3},
		{"one that refuses what we say", func(_ *apptest.World, p *peer) {
			p.answer = func(*http.Request, bool) int { return 400 }
		}, "cavage 400, 9421 400", "cavage 400", "cavage 400, 9421 400", 0},
		{"one that forbids it", func(_ *apptest.World, p *peer) { p.answer = func(*http.Request, bool) int { return 403 } }, "cavage 403", "cavage 403", "cavage 403", 0},
		{"one whose answer asks for RFC 9421", func(_ *apptest.World, p *peer) { p.accept = signature.AcceptSignature }, "cavage", "9421", "9421", 3},
		{"one whose answer asks for another key", func(_ *apptest.World, p *peer) {
			p.accept = `sig1=("@method" "@target-uri");alg="rsa-v1_5-sha256"`
		}, "cavage", "cavage", "cavage", 3},
		{"one that asks for what it refuses", func(_ *apptest.World, p *peer) {
			p.accept = signature.AcceptSignature
			p.answer = only(401, true)
		}, "cavage", "9421 401, cavage", "cavage", 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := apptest.NewWorld(t)
			alice := w.Server("a.test").Account("alice")
			p := newPeer(t, w, alice, "bob@b.test")
			c.host(w, p)
			p.next()
			post := func(text string) string {
				alice.Post(text)
				w.Run()
				return p.next()
			}
			if got := post("one"); got != c.first {
				t.Errorf("the first is signed %q, want %q", got, c.first)
			}
			if got := post("two"); got != c.second {
				t.Errorf("the second is signed %q, want %q", got, c.second)
			}
			alice.Server.Restart()
			w.Advance(25 * time.Hour)
			p.next()
			if got := post("three"); got != c.later {
				t.Errorf("a day later it is signed %q, want %q", got, c.later)
			}
			if p.bad != "" {
				t.Errorf("a signature of RFC 9421: %s", p.bad)
			}
			if dead := len(alice.Server.DeadJobs()); 3-dead != c.got {
				t.Errorf("%d deliveries are dead", dead)
			}
		})
	}
}

// A 401 may be about a key that the host can't fetch just now: the delivery is
// tried again, whatever the other signature was answered.
func TestUnverifiedIsTriedAgain(t *testing.T) {
	for _, other := range []int{400, 403, 404, 410, 500} {
		w := apptest.NewWorld(t)
		alice := w.Server("a.test").Account("alice")
		p := newPeer(t, w, alice, "bob@b.test")
		p.answer = func(_ *http.Request, message bool) int {
			if message {
				return other
			}
			return 401
		}
		alice.Post("hello")
		w.Run()
		p.answer = func(*http.Request, bool) int { return 202 }
		p.next()
		w.Advance(time.Hour)
		if got := p.next(); got != "cavage" {
			t.Errorf("after a 401 and a %d it comes again as %q", other, got)
		}
	}
}

// What is known is forgotten after a while.
func TestSignatureHostsAreForgotten(t *testing.T) {
	w := apptest.NewWorld(t)
	alice := w.Server("a.test").Account("alice")
	p := newPeer(t, w, alice, "bob@b.test")
	p.says(w, kinds.ImplementsEd25519)
	p.answer = only(401, true)
	post := func() string {
		p.next()
		alice.Post("hello")
		w.Run()
		return p.next()
	}
	post()
	w.Advance(8 * day)
	if got := post(); got != "cavage" {
		t.Errorf("what was refused is tried by itself: %q", got)
	}
	p.answer = func(*http.Request, bool) int { return 202 }
	p.refresh(w)
	if got := post(); got != "9421" {
		t.Errorf("after the document was read again: %q", got)
	}
	w.Advance(31 * day)
	if got := post(); got != "cavage" {
		t.Errorf("a month later: %q", got)
	}
}

// A neighbour's document says nothing for long about a host on which others do
// not say it.
func TestNeighbourImplements(t *testing.T) {
	w := apptest.NewWorld(t)
	alice := w.Server("a.test").Account("alice")
	mallory := &peer{Stranger: w.Stranger("mallory@b.test"), from: alice.Server}
	bob := newPeer(t, w, alice, "bob@b.test")
	mallory.says(w, kinds.ImplementsEd25519)
	bob.refresh(w)
	bob.next()
	alice.Post("hello")
	w.Run()
	if got := bob.next(); got != "cavage" {
		t.Errorf("it is signed %q", got)
	}
	// What the host itself refused, no document has us try.
	mallory.says(w, kinds.ImplementsEd25519)
	bob.answer = only(401, true)
	alice.Post("again")
	w.Run()
	mallory.says(w, kinds.ImplementsEd25519)
	bob.next()
	alice.Post("once more")
	w.Run()
	if got := bob.next(); got != "cavage" {
		t.Errorf("it is signed %q", got)
	}
}

// GETs are signed in the same ways.
func TestHowGETsAreSigned(t *testing.T) {
	w := apptest.NewWorld(t)
	alice := w.Server("a.test").Account("alice")
	bob := w.Stranger("bob@b.test")
	var asked []string
	serve := func(takes string) func(http.ResponseWriter, *http.Request) {
		return func(w http.ResponseWriter, r *http.Request) {
			kind := "cavage"
			if r.Header.Get("Signature-Input") != "" {
				kind = "9421"
			}
			asked = append(asked, kind)
			if kind != takes {
				w.WriteHeader(401)
				return
			}
			w.Header().Set("Content-Type", "application/activity+json")
			_, _ = w.Write(noteBytes(bob, r.URL.Path))
		}
	}
	fetch := func(path string) string {
		asked = nil
		alice.Resolve("https://b.test" + path)
		return strings.Join(asked, ", ")
	}
	bob.Host.Handle("/1", serve("9421")).Handle("/2", serve("9421")).Handle("/3", serve("cavage"))
	if got := fetch("/1"); got != "cavage, 9421" {
		t.Errorf("the first is signed %q", got)
	}
	if got := fetch("/2"); got != "9421" {
		t.Errorf("the second is signed %q", got)
	}
	if got := fetch("/3"); got != "9421, cavage" {
		t.Errorf("what takes draft-cavage only is asked with %q", got)
	}
}

// What the host answers that a redirect leads to, to a request without a signature,
// shows nothing of the host that redirects.
func TestRedirectShowsNothing(t *testing.T) {
	w := apptest.NewWorld(t)
	alice := w.Server("a.test").Account("alice")
	bob := newPeer(t, w, alice, "bob@b.test")
	var asked []bool // whether each was signed
	bob.Host.Handle("/to", redirectTo("https://evil.test/note"))
	w.Host("evil.test").Handle("/note", func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Header.Get("Signature") != "")
		if len(asked) == 1 {
			w.WriteHeader(401)
			return
		}
		w.Header().Set("Content-Type", "application/activity+json")
		_, _ = w.Write(noteBytes(bob.Stranger, "/note"))
	})
	alice.Find("https://b.test/to")
	if len(asked) == 0 || slices.Contains(asked, true) {
		t.Errorf("evil.test was asked, signed or not: %v", asked)
	}
	bob.next()
	alice.Post("hello")
	w.Run()
	if got := bob.next(); got != "cavage" {
		t.Errorf("a delivery to b.test is signed %q, as evil.test has chosen", got)
	}
}

func noteBytes(by *apptest.Stranger, path string) []byte {
	return fmt.Appendf(nil, `{"@context":"https://www.w3.org/ns/activitystreams","id":"https://b.test%s","type":"Note","attributedTo":%q,"content":"x","to":["https://www.w3.org/ns/activitystreams#Public"],"published":%q}`,
		path, by.URI, by.World.Now().Format(time.RFC3339))
}

// What is known of hosts costs a delivery no statement.
func TestSignedWithoutStatements(t *testing.T) {
	w := apptest.NewWorld(t)
	alice := w.Server("a.test").Account("alice")
	p := newPeer(t, w, alice, "bob@b.test")
	p.says(w, kinds.ImplementsEd25519)
	alice.Post("one")
	w.Run()
	p.next()
	alice.Post("two")
	var list []string
	ctx := engine.WithTrace(t.Context(), func(query string, _ []any) { list = append(list, query) })
	if _, err := alice.Server.Runner.RunDue(ctx); err != nil {
		t.Fatal(err)
	}
	w.Run()
	if got := p.next(); got != "9421" {
		t.Errorf("it is signed %q", got)
	}
	for _, q := range list {
		if strings.Contains(q, "signature_hosts") {
			t.Errorf("a delivery asks %s", q)
		}
	}
}

// Of hosts, as many are remembered as there is room for: what is forgotten first
// makes room.
func TestSignatureHostsAreBounded(t *testing.T) {
	w := apptest.NewWorld(t)
	s := w.Server("a.test")
	// All but the first three at once: each that is put looks for what is too much.
	s.Count(`
		INSERT INTO signature_hosts (host, posts, message, told, until)
		WITH RECURSIVE n(i) AS (SELECT 3 UNION ALL SELECT i + 1 FROM n WHERE i < $1 + 2)
		SELECT 'h' || i || '.test', false, true, false, $2 + (i + 1) * 60000 FROM n RETURNING 1`, store.MaxSignatureHosts, w.Now().UnixMilli())
	s.Update(func(tx *store.Tx) error {
		for i := range 3 {
			if err := tx.PutSignatureHost(store.SignatureHost{Host: fmt.Sprint("h", i, ".test"), Message: true, Until: tx.Now().Add(time.Duration(i+1) * time.Minute)}); err != nil {
				return err
			}
		}
		return nil
	})
	if n := s.Count(`SELECT COUNT(*) FROM signature_hosts`); n != store.MaxSignatureHosts {
		t.Errorf("%d hosts are kept", n)
	}
	if n := s.Count(`SELECT COUNT(*) FROM signature_hosts WHERE host IN ('h0.test', 'h1.test', 'h2.test')`); n != 0 {
		t.Error("what is forgotten first is still there")
	}
	w.Clock.Advance(time.Hour)
	s.Update(func(tx *store.Tx) error {
		return tx.PutSignatureHost(store.SignatureHost{Host: "new.test", Until: tx.Now().Add(time.Minute)})
	})
	if n := s.Count(`SELECT COUNT(*) FROM signature_hosts`); n != store.MaxSignatureHosts-57+1 {
		t.Errorf("%d hosts are kept an hour later", n)
	}
}

// What a host showed about what is posted to it says nothing of what is asked of it.
func TestSignedByMethod(t *testing.T) {
	w := apptest.NewWorld(t)
	alice := w.Server("a.test").Account("alice")
	p := newPeer(t, w, alice, "bob@b.test")
	p.answer = only(401, false)
	alice.Post("hello")
	w.Run()
	alice.Post("again")
	w.Run()
	if got := p.next(); got != "cavage 401, 9421, 9421" {
		t.Errorf("posts are signed %q", got)
	}
	p.Host.Forget()
	if note := p.Note("hello"); alice.Find(p.URI) == "" || alice.Resolve(note["id"].(string)) == nil {
		t.Fatal("nothing is found")
	}
	asked := 0
	for _, r := range p.Host.Asked(http.MethodGet, "") {
		if r.Header.Get("Signature") != "" {
			asked++
			if r.Header.Get("Signature-Input") != "" {
				t.Errorf("a GET of %s is signed as a post was", r.Target)
			}
		}
	}
	if asked == 0 {
		t.Error("nothing was asked for")
	}
}

// A post that was taken at the second try is not sent again because the answer was
// long.
func TestLongAnswerToSecondTry(t *testing.T) {
	w := apptest.NewWorld(t)
	alice := w.Server("a.test").Account("alice")
	p := newPeer(t, w, alice, "bob@b.test")
	taken := 0
	inbox := func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Signature-Input") == "" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		taken++
		w.WriteHeader(http.StatusAccepted)
		_, _ = w.Write(make([]byte, 70<<10))
	}
	p.Host.Handle("/inbox", inbox)
	p.Host.Handle("/users/bob/inbox", inbox)
	alice.Post("hello")
	w.Run()
	w.Advance(24 * time.Hour)
	if taken != 1 {
		t.Errorf("it was taken %d times", taken)
	}
}
