package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// Ten times a server is killed in the midst of 1,000 signed inbox posts and
// 60 client posts. After each restart everything that was acknowledged is
// there, once; and in the end all of alice's posts have been delivered.
func TestKill(t *testing.T) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		killed(t, newNode(t, ""), 10)
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		killed(t, newNode(t, onPostgres(t)), 3)
	})
}

func killed(t *testing.T, n *node, rounds int) {
	alice := n.person("alice")
	alice.client = &http.Client{Transport: unchecked} // the answers' shape is another test's
	r := newRemote(t)
	bob := r.actor("bob")
	if status, body := bob.send(n.url+"/inbox", bob.activity("Follow", "follow", alice.uri())); status != 202 {
		t.Fatal(status, body)
	}
	// So many that their deliveries are enqueued by a job.
	inboxes := 9
	for i := 1; i < inboxes; i++ {
		who := r.actor(fmt.Sprint("bob", i))
		if status, body := who.send(n.url+"/inbox", who.activity("Follow", fmt.Sprint("follow", i), alice.uri())); status != 202 {
			t.Fatal(status, body)
		}
	}
	go func() {
		for range r.arrived { // read below, under the lock of received
		}
	}()
	k := &killing{t: t, alice: alice, bob: bob, acknowledged: map[string]bool{}, posted: map[string]bool{}}
	for round := range rounds {
		k.round(round)
		n.start()
		k.check()
	}
	if len(k.acknowledged) < rounds*10 || len(k.posted) < rounds*2 {
		t.Errorf("only %d and %d were acknowledged: the test tests little", len(k.acknowledged), len(k.posted))
	}
	// How long hundreds of deliveries take is the machine's: what matters is that
	// they go on.
	last := -1
	delivered, counted := map[string]int{}, 0
	missing := func() int {
		r.mu.Lock()
		defer r.mu.Unlock()
		for ; counted < len(r.received); counted++ {
			o := r.received[counted]
			if note, ok := o["object"].(object); ok && o["type"] == "Create" {
				delivered[note["id"].(string)]++
			}
		}
		n := 0
		for uri := range k.posted {
			n += max(inboxes-delivered[uri], 0)
		}
		return n
	}
	for last != 0 {
		eventually(t, "alice's posts are delivered", func() error {
			n := missing()
			if n == last {
				return fmt.Errorf("%d deliveries of %d posts are missing, and no more come", n, len(k.posted))
			}
			last = n
			return nil
		})
	}
	t.Logf("%d inbox posts and %d client posts were acknowledged", len(k.acknowledged), len(k.posted))
}

type killing struct {
	t            *testing.T
	alice        *person
	bob          *actor
	mu           sync.Mutex
	acknowledged map[string]bool // text of bob's posts
	posted       map[string]bool // URI of alice's posts
}

func (k *killing) round(round int) {
	var group sync.WaitGroup
	var dead atomic.Bool
	var acks atomic.Int64
	at := 20 + rand.Int64N(150)
	enough := make(chan struct{})
	ack := func() {
		if acks.Add(1) == at {
			close(enough)
		}
	}
	post := func(i int) bool {
		text := fmt.Sprintf("inbox-%d-%d-", round, i)
		id := strings.TrimSuffix(text, "-")
		resp, err := k.alice.client.Do(k.bob.request(k.alice.url+"/users/alice/inbox", k.bob.activity("Create", id, k.bob.note(id, text, k.alice.uri()))))
		if err != nil {
			return false
		}
		resp.Body.Close()
		if resp.StatusCode == http.StatusAccepted {
			k.mu.Lock()
			k.acknowledged[text] = true
			k.mu.Unlock()
			ack()
		}
		return true
	}
	write := func(i int) bool {
		var st object
		if _, err := k.alice.try("POST", "/api/v1/statuses", url.Values{"status": {fmt.Sprintf("client-%d-%d-", round, i)}}, &st); err != nil {
			return false
		}
		k.mu.Lock()
		k.posted[st["uri"].(string)] = true
		k.mu.Unlock()
		ack()
		return true
	}
	spread := func(workers, total int, do func(i int) bool) {
		var next atomic.Int64
		for range workers {
			group.Go(func() {
				for !dead.Load() {
					i := int(next.Add(1))
					if i > total || !do(i) {
						return
					}
				}
			})
		}
	}
	spread(8, 1000, post)
	spread(2, 60, write) // each is nine deliveries
	select {
	case <-enough:
	case <-time.After(patience):
		k.t.Fatalf("round %d: only %d were acknowledged", round, acks.Load())
	}
	k.alice.kill()
	dead.Store(true)
	group.Wait()
	k.alice.client.CloseIdleConnections()
}

// check reads everything by the API and compares.
func (k *killing) check() {
	k.t.Helper()
	seen := map[string]int{}
	max := ""
	for {
		query := []string{"limit", "40"}
		if max != "" {
			query = append(query, "max_id", max)
		}
		page := k.alice.list("/api/v1/timelines/public", query...)
		for _, st := range page {
			seen[strings.TrimSuffix(strings.TrimPrefix(st["content"].(string), "<p>"), "</p>")]++
			seen[st["uri"].(string)]++
			max = st["id"].(string)
		}
		if len(page) == 0 {
			break
		}
	}
	for _, list := range []map[string]bool{k.acknowledged, k.posted} {
		for what := range list {
			if seen[what] != 1 {
				k.t.Errorf("%s was acknowledged and is there %d times", what, seen[what])
			}
		}
	}
}

// A host that takes connections and never answers delays no delivery to others.
func TestSilentHost(t *testing.T) {
	n := newNode(t, "")
	alice := n.person("alice")
	silence := make(chan struct{})
	silent := newRemote(t)
	held := make(chan struct{}, 64)
	config := silent.Config.Handler
	silent.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == "POST" {
			held <- struct{}{}
			<-silence
			return
		}
		config.ServeHTTP(w, r)
	})
	t.Cleanup(func() { close(silence) })
	well := newRemote(t)
	for _, r := range []*remote{silent, well} {
		bob := r.actor("bob")
		if status, body := bob.send(n.url+"/inbox", bob.activity("Follow", "follow", alice.uri())); status != 202 {
			t.Fatal(status, body)
		}
	}
	<-held // the Accept hangs there
	if o := <-well.arrived; o["type"] != "Accept" {
		t.Errorf("got %v", o)
	}
	for i := range 20 {
		text := fmt.Sprint("post ", i)
		started := time.Now()
		alice.post("/api/v1/statuses", "status", text)
		o := <-well.arrived
		if note := o["object"].(object); !strings.Contains(note["content"].(string), text) {
			t.Errorf("got %v", note["content"])
		}
		if took := time.Since(started); took > 2*time.Second {
			t.Errorf("%s took %v", text, took)
		}
	}
}

// SIGTERM ends a server within 10 seconds although a delivery hangs, with
// status 0, and what it was doing is done by the next one.
func TestStop(t *testing.T) {
	t.Parallel()
	n := newNode(t, "")
	alice := n.person("alice")
	r := newRemote(t)
	bob := r.actor("bob")
	if status, body := bob.send(n.url+"/inbox", bob.activity("Follow", "follow", alice.uri())); status != 202 {
		t.Fatal(status, body)
	}
	<-r.arrived
	held, release := make(chan struct{}, 8), make(chan struct{})
	inner := r.Config.Handler
	var once sync.Once
	r.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		hang := false
		if q.Method == "POST" {
			once.Do(func() { hang = true })
		}
		if hang {
			held <- struct{}{}
			<-release
			return
		}
		inner.ServeHTTP(w, q)
	})
	defer close(release)
	st := alice.post("/api/v1/statuses", "status", "not lost")
	<-held
	started := time.Now()
	_ = n.cmd.Process.Signal(syscall.SIGTERM)
	if err := <-n.exited; err != nil {
		t.Errorf("it ended with %v\n%s", err, n.log.String())
	}
	n.cmd = nil
	if took := time.Since(started); took > 10*time.Second {
		t.Errorf("it took %v", took)
	}
	n.start()
	select {
	case o := <-r.arrived:
		if note := o["object"].(object); note["id"] != st["uri"] {
			t.Errorf("got %v", o)
		}
	case <-time.After(patience):
		t.Error("what was not delivered before is not delivered after")
	}
}
