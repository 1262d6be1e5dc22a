package federation_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Posts that wait for a slow key host are bounded, in all, by client and by
// host, and hold no bodies; known servers are served meanwhile.
func TestSlowKeyHost(t *testing.T) {
	t.Parallel()
	s := newScene(t, "KINGLET_FEDERATION_INBOX_STRANGERS=16", "KINGLET_FEDERATION_KEY_FETCHES_PER_CLIENT=1000/1m", "KINGLET_FEDERATION_KEY_FETCHES_PER_HOST=1000/1m")
	bob, mallory := s.Stranger("bob@b.test"), s.Stranger("mallory@evil.test")
	if rec := s.post("198.51.100.1", bob, s.inbox, s.follow(bob, "1")); rec.Code != 202 {
		t.Fatal(rec.Code, rec.Body)
	}
	var gate atomic.Pointer[chan struct{}] // closed, it lets the slow hosts answer
	for i := range 5 {
		s.Host(fmt.Sprintf("slow%d.test", i)).Fallback(func(rw http.ResponseWriter, r *http.Request) {
			select {
			case <-*gate.Load():
			case <-r.Context().Done():
			}
		})
	}
	// attack sends posts of many clients, with keys of many hosts, and returns
	// when all but inside of them have been turned away. end lets the rest go.
	attacks := 0
	attack := func(t *testing.T, clients, hostCount, posts, inside int) (end func()) {
		attacks++
		release := make(chan struct{})
		gate.Store(&release)
		answers := make(chan *httptest.ResponseRecorder, posts)
		var bodies []*watched
		var requests []*http.Request // all are signed first, which takes a while
		for i := range posts {
			by := mallory.As(fmt.Sprintf("u%d-%d@slow%d.test", attacks, i, i%hostCount))
			r := s.request(address(i%clients), by, s.inbox, large(s.follow(by, "1")))
			bodies, requests = append(bodies, watch(r)), append(requests, r)
		}
		var group sync.WaitGroup
		for _, r := range requests {
			group.Go(func() { answers <- s.here.Do(r) })
		}
		for n := range posts - inside {
			select {
			case rec := <-answers:
				if rec.Code != 503 || rec.Header().Get("Retry-After") == "" {
					t.Errorf("turned away with %d, Retry-After %q", rec.Code, rec.Header().Get("Retry-After"))
				}
			case <-time.After(20 * time.Second):
				t.Errorf("%d posts wait, want %d", posts-n, inside)
				close(release)
				group.Wait()
				t.FailNow()
			}
		}
		return func() {
			close(release)
			group.Wait()
			for _, b := range bodies {
				if b.wasRead() {
					t.Error("a stranger's body was read")
				}
			}
		}
	}
	t.Run("many clients and one host", func(t *testing.T) {
		defer attack(t, 100, 1, 100, 4)()
		carol := s.Stranger("carol@b.test")
		if rec := s.post("198.51.100.2", carol, s.inbox, s.follow(carol, "1")); rec.Code != 202 {
			t.Errorf("a stranger of another host is answered %d %s", rec.Code, rec.Body)
		}
	})
	t.Run("one client and many hosts", func(t *testing.T) {
		defer attack(t, 1, 5, 100, 4)()
	})
	t.Run("many clients and many hosts", func(t *testing.T) {
		defer attack(t, 50, 5, 200, 16)()
		for i := range 20 { // the room of strangers is taken; bob is none
			if rec := s.post("198.51.100.1", bob, s.inbox, s.follow(bob, fmt.Sprint(i))); rec.Code != 202 {
				t.Fatalf("the known server is answered %d %s", rec.Code, rec.Body)
			}
		}
		if rec := s.post("198.51.100.3", s.Stranger("dave@b.test"), s.inbox, object{}); rec.Code != 503 {
			t.Errorf("a stranger is answered %d", rec.Code)
		}
		fred := s.Stranger("fred@b.test")
		if rec := s.post("198.51.100.1", fred, s.inbox, s.follow(fred, "1")); rec.Code != 202 {
			t.Errorf("a new account of the known server is answered %d", rec.Code)
		}
	})
	t.Run("a signed GET waits in the same room", func(t *testing.T) {
		defer attack(t, 50, 5, 200, 16)()
		erin := s.Stranger("erin@b.test")
		before := gets(erin.Host, "")
		if rec := s.here.Do(s.get("198.51.100.4", erin, s.alice.Post("hello", "visibility", "private").URI)); rec.Code != 404 || gets(erin.Host, "") != before {
			t.Errorf("%d, %d GETs", rec.Code, gets(erin.Host, "")-before)
		}
	})
}
