package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"kinglet/ap/signature"
)

// The attacks on an inbox. Each brings what it has to its height, calls
// meanwhile, and ends. They come from many addresses, as a proxy would say.

// inboxPost is a post of a body to the shared inbox.
type inboxPost struct {
	n     *node
	from  int // which address it comes from
	keyID string
	by    *actor
	body  []byte
	// stream is what is sent of the body; nil is all of it.
	stream io.Reader
}

// request is signed beforehand: it takes longer than to send it.
func (p inboxPost) request(ctx context.Context) *http.Request {
	var body io.Reader = bytes.NewReader(p.body)
	if p.stream != nil {
		body = p.stream
	}
	r, err := http.NewRequestWithContext(ctx, "POST", p.n.url+"/inbox", body)
	if err != nil {
		p.by.t.Fatal(err)
	}
	r.ContentLength = int64(len(p.body))
	r.Header.Set("Content-Type", "application/activity+json")
	r.Header.Set("X-Forwarded-For", fmt.Sprintf("203.0.113.%d", p.from%250+1))
	if err := signature.Sign(r, p.body, p.keyID, p.by.key, time.Now()); err != nil {
		p.by.t.Fatal(err)
	}
	return r
}

// sendAll makes requests all at once, calls meanwhile, and then what ends them.
func sendAll(list []*http.Request, meanwhile, end func()) {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	var group sync.WaitGroup
	begun := make(chan struct{}, len(list))
	for _, r := range list {
		group.Go(func() {
			begun <- struct{}{}
			if resp, err := client.Do(r); err == nil {
				_, _ = io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
			}
		})
	}
	for range list {
		<-begun
	}
	meanwhile()
	end()
	group.Wait()
}

func megabyte(by *actor) []byte {
	doc := by.activity("Create", "large", by.note("large", strings.Repeat("x", 900<<10)))
	b, err := json.Marshal(doc)
	if err != nil {
		by.t.Fatal(err)
	}
	return b
}

// attackSlowKeyHost posts 600 megabytes whose keys are at hosts that never
// answer (24 MB became 617).
func attackSlowKeyHost(t testing.TB, n *node, meanwhile func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var hosts []*httptest.Server
	for range 8 {
		h := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			select {
			case <-ctx.Done():
			case <-r.Context().Done():
			}
		}))
		defer h.Close()
		hosts = append(hosts, h)
	}
	by := newRemote(t).actor("mallory")
	body := megabyte(by)
	var list []*http.Request
	for i := range 600 {
		p := inboxPost{n: n, from: i, by: by, body: body, keyID: fmt.Sprintf("%s/users/u%d#main-key", hosts[i%len(hosts)].URL, i)}
		list = append(list, p.request(ctx))
	}
	sendAll(list, meanwhile, cancel)
}

// attackInboxBodies begins 200 posts of a megabyte with keys that are known,
// of which all but the end arrives.
func attackInboxBodies(t testing.TB, n *node, meanwhile func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var list []*http.Request
	for h := range 4 {
		by := newRemote(t).actor("mallory")
		if status, body := by.send(n.url+"/inbox", by.activity("Like", "1", "https://nowhere.example/1")); status != 202 {
			t.Fatalf("%d %s", status, body)
		}
		body := megabyte(by)
		for i := range 50 {
			rest, end := io.Pipe()
			context.AfterFunc(ctx, func() { end.Close() })
			p := inboxPost{n: n, from: h*50 + i, by: by, body: body, keyID: by.uri + "#main-key"}
			p.stream = io.MultiReader(bytes.NewReader(body[:len(body)-1]), rest)
			list = append(list, p.request(ctx))
		}
	}
	sendAll(list, meanwhile, cancel)
}

// largeDocuments has 48 hosts mention the owner in answers to posts of a
// megabyte, each of which answers another.
func (m *memoryNode) largeDocuments(ctx context.Context) {
	const hosts, posts = 48, 40
	owner := m.url + "/users/alice"
	var by []*actor
	for range hosts {
		by = append(by, newRemote(m.t).actor("mallory"))
	}
	text := strings.Repeat("x", 900<<10)
	for i, a := range by {
		for n := range posts {
			path := fmt.Sprint("/notes/", n)
			a.handle(path, func(w http.ResponseWriter, _ *http.Request) {
				note := a.note(fmt.Sprint(n), text)
				note["inReplyTo"] = fmt.Sprint(by[(i+1)%hosts].URL, "/notes/", n+1)
				w.Header().Set("Content-Type", "application/activity+json")
				_ = json.NewEncoder(w).Encode(note)
			})
		}
	}
	m.flood(ctx, 16, func(i int) bool {
		a, n := by[i%hosts], i/hosts
		note := a.note(fmt.Sprint("answer", i), "look at this", owner)
		note["tag"] = []object{{"type": "Mention", "href": owner, "name": "@alice"}}
		note["inReplyTo"] = fmt.Sprint(by[(i+7)%hosts].URL, "/notes/", n%posts)
		if resp, err := m.client.Do(a.request(m.url+"/inbox", a.activity("Create", fmt.Sprint("answer", i), note))); err == nil {
			_, _ = io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
		}
		return i < hosts*60
	})
	<-ctx.Done()
}

// largeKeys has 128 posts at once name keys in documents of a megabyte.
func (m *memoryNode) largeKeys(ctx context.Context) {
	const hosts = 16
	var by []*actor
	text := strings.Repeat("x", 900<<10)
	for range hosts {
		r := newRemote(m.t)
		for n := range 100 {
			a := r.actor(fmt.Sprint("mallory", n))
			r.handle("/users/"+a.name, func(w http.ResponseWriter, _ *http.Request) {
				doc := a.document()
				doc["summary"] = text
				w.Header().Set("Content-Type", "application/activity+json")
				_ = json.NewEncoder(w).Encode(doc)
			})
			by = append(by, a)
		}
	}
	m.flood(ctx, 128, func(i int) bool {
		a := by[i*100%len(by)+i/hosts%100]
		r := a.request(m.url+"/inbox", a.activity("Like", fmt.Sprint(i), m.url+"/objects/none"))
		r.Header.Set("X-Forwarded-For", fmt.Sprintf("203.0.%d.%d", i>>8&255, i&255))
		if resp, err := m.client.Do(r.WithContext(ctx)); err == nil {
			_, _ = io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
		}
		return true
	})
}

// resident is the peak of a node's memory, in MB, 0 where the system does not
// say.
func (n *node) resident() int {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", n.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(b), "VmHWM:")
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		return 0
	}
	kb, _ := strconv.Atoi(fields[0])
	return kb >> 10
}

// Within each attack a known server's posts are taken and the owner is
// served, and memory stays far below what is sent.
func TestInboxWithinAttack(t *testing.T) {
	for _, c := range []struct {
		name   string
		attack func(t testing.TB, n *node, meanwhile func())
	}{{"slow key host", attackSlowKeyHost}, {"bodies", attackInboxBodies}} {
		t.Run(c.name, func(t *testing.T) {
			n := newNode(t, "")
			alice := n.person("alice")
			bob := newRemote(t).actor("bob")
			if status, body := bob.send(n.url+"/inbox", bob.activity("Follow", "1", alice.uri())); status != 202 {
				t.Fatal(status, body)
			}
			before := n.resident()
			c.attack(t, n, func() {
				for i := range 20 {
					text := fmt.Sprint("post ", i)
					note := bob.note(fmt.Sprint(i), text, alice.uri())
					q := bob.request(n.url+"/users/alice/inbox", bob.activity("Create", fmt.Sprint(i), note))
					q.Header.Set("X-Forwarded-For", "198.51.100.1")
					resp, err := http.DefaultClient.Do(q)
					if err != nil {
						t.Fatal(err)
					}
					resp.Body.Close()
					if resp.StatusCode != 202 {
						t.Fatalf("post %d of a known server is answered %d", i, resp.StatusCode)
					}
				}
				alice.finds("/api/v1/timelines/public", "post 19")
				alice.post("/api/v1/statuses", "status", "still here")
			})
			after := n.resident()
			t.Logf("%d MB before, %d MB at most", before, after)
			if after > before+60 {
				t.Errorf("memory grew from %d MB to %d", before, after)
			}
		})
	}
}
