package federation_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"kinglet/internal/config"
)

// stalled is a body of which a megabyte is promised and nothing comes.
type stalled struct {
	ctx     context.Context
	started chan struct{}
	once    sync.Once
}

func (s *stalled) Read([]byte) (int, error) {
	s.once.Do(func() { close(s.started) })
	<-s.ctx.Done()
	return 0, io.ErrUnexpectedEOF
}
func (s *stalled) Close() error { return nil }

// Bodies in memory are bounded in bytes, also of those whose key is known and
// of those that do not say how long they are.
func TestBodiesAreBounded(t *testing.T) {
	for _, length := range []int64{1 << 20, -1} {
		t.Run(fmt.Sprint("length ", length), func(t *testing.T) {
			w, h := newWorld(t, func(c *config.Config) { c.Federation.InboxMemory = 4 << 20 }), newHost(t)
			bob := h.actor(t, "bob")
			if rec := w.post("192.0.2.1", bob, inbox, w.follow(bob, "1")); rec.Code != 202 {
				t.Fatal(rec.Code)
			}
			var group sync.WaitGroup
			defer group.Wait()
			stall := func(client string, patience time.Duration) (started chan struct{}, answer chan int, cancel func()) {
				r := bob.request(w, client, inbox, w.follow(bob, "2"))
				ctx, cancel := context.WithTimeout(t.Context(), patience)
				body := &stalled{ctx: ctx, started: make(chan struct{})}
				r = r.WithContext(ctx)
				r.Body, r.ContentLength = body, length
				answer = make(chan int, 1)
				group.Go(func() { answer <- w.do(r).Code })
				return body.started, answer, cancel
			}
			var cancels []func()
			for i := range 4 {
				started, _, cancel := stall(address(i), time.Minute)
				cancels = append(cancels, cancel)
				<-started
			}
			started, answer, cancel := stall(address(5), time.Second) // then it leaves
			defer cancel()
			if code := <-answer; code != 503 {
				t.Errorf("the fifth is answered %d", code)
			}
			select {
			case <-started:
				t.Error("the fifth is read")
			default:
			}
			cancels[0]()
			started, _, cancel = stall(address(6), time.Minute)
			select {
			case <-started:
			case <-time.After(5 * time.Second):
				t.Error("room is not given back")
			}
			cancel()
			for _, cancel := range cancels {
				cancel()
			}
		})
	}
}

// A body that does not come in time is not waited for.
func TestSlowBody(t *testing.T) {
	w, h := newWorld(t), newHost(t)
	bob := h.actor(t, "bob")
	if rec := w.post("192.0.2.1", bob, inbox, w.follow(bob, "1")); rec.Code != 202 {
		t.Fatal(rec.Code)
	}
	server := httptest.NewServer(w.handler)
	defer server.Close()
	q := bob.request(w, "192.0.2.1", inbox, large(w.follow(bob, "2")))
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n", inbox, domain, q.ContentLength)
	_ = q.Header.WriteSubset(conn, map[string]bool{"Host": true})
	io.WriteString(conn, "\r\n{")
	_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	answer, err := io.ReadAll(conn)
	if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 400") {
		t.Errorf("%v %.200s", err, answer)
	}
}

// Posts are counted by address before anything else is done for them.
func TestInboxPerAddress(t *testing.T) {
	w := newWorld(t, func(c *config.Config) { c.Federation.InboxPerAddress.Most = 5 })
	h := newHost(t)
	bob := h.actor(t, "bob")
	for i, want := range []int{202, 202, 202, 202, 202, 429} {
		rec := w.post("192.0.2.1", bob, inbox, w.follow(bob, fmt.Sprint(i)))
		if rec.Code != want || want == 429 && rec.Header().Get("Retry-After") == "" {
			t.Errorf("post %d: %d %v", i, rec.Code, rec.Header())
		}
	}
	for _, path := range []string{"/inbox", "/actor/inbox", "/users/nobody/inbox"} {
		if rec := w.post("192.0.2.1", bob, path, object{}); rec.Code != 429 {
			t.Errorf("%s: %d", path, rec.Code)
		}
	}
	if rec := w.post("192.0.2.2", bob, inbox, w.follow(bob, "x")); rec.Code != 202 {
		t.Errorf("another address: %d", rec.Code)
	}
}
