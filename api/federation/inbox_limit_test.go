package federation_test

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
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
	t.Parallel()
	for _, length := range []int64{1 << 20, -1} {
		t.Run(fmt.Sprint("length ", length), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newScene(t, "KINGLET_FEDERATION_INBOX_MEMORY=4194304")
				bob := s.Stranger("bob@b.test")
				if rec := s.post("192.0.2.1", bob, s.inbox, s.follow(bob, "1")); rec.Code != 202 {
					t.Fatal(rec.Code)
				}
				var group sync.WaitGroup
				defer group.Wait()
				// stall sends a post whose body does not come, and returns when it is
				// read or waits to be.
				stall := func(client string) (body *stalled, answer chan int, cancel func()) {
					r := s.request(client, bob, s.inbox, s.follow(bob, "2"))
					ctx, cancel := context.WithCancel(t.Context())
					body = &stalled{ctx: ctx, started: make(chan struct{})}
					r = r.WithContext(ctx)
					r.Body, r.ContentLength = body, length
					answer = make(chan int, 1)
					group.Go(func() { answer <- s.here.Do(r).Code })
					synctest.Wait()
					return body, answer, cancel
				}
				var cancels []func()
				for i := range 4 {
					body, _, cancel := stall(address(i))
					defer cancel()
					cancels = append(cancels, cancel)
					if !isClosed(body.started) {
						t.Errorf("number %d is not read", i)
					}
				}
				body, answer, cancel := stall(address(5))
				select {
				case code := <-answer:
					t.Errorf("the fifth does not wait, and is answered %d", code)
				default:
				}
				cancel() // it leaves
				if code := <-answer; code != 503 {
					t.Errorf("the fifth is answered %d", code)
				}
				if isClosed(body.started) {
					t.Error("the fifth is read")
				}
				cancels[0]()
				synctest.Wait()
				body, _, cancel = stall(address(6))
				defer cancel()
				if !isClosed(body.started) {
					t.Error("room is not given back")
				}
			})
		})
	}
}

// A body that does not come in time is not waited for.
func TestSlowBody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { // has a clock for connections as well
		s := newScene(t)
		bob := s.Stranger("bob@b.test")
		if rec := s.post("192.0.2.1", bob, s.inbox, s.follow(bob, "1")); rec.Code != 202 {
			t.Fatal(rec.Code)
		}
		q := s.request("192.0.2.1", bob, s.inbox, large(s.follow(bob, "2")))
		conn := s.here.Connect()
		fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n", q.URL.Path, q.Host, q.ContentLength)
		_ = q.Header.WriteSubset(conn, map[string]bool{"Host": true})
		io.WriteString(conn, "\r\n{")
		start := time.Now()
		answer, err := io.ReadAll(conn)
		if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 400") {
			t.Errorf("%v %.200s", err, answer)
		}
		if took := time.Since(start); took > 15*time.Second {
			t.Errorf("it is waited for %s", took)
		}
	})
}

// Posts are counted by address before anything else is done for them.
func TestInboxPerAddress(t *testing.T) {
	t.Parallel()
	s := newScene(t, "KINGLET_FEDERATION_INBOX_PER_ADDRESS=5/5m")
	bob := s.Stranger("bob@b.test")
	for i, want := range []int{202, 202, 202, 202, 202, 429} {
		rec := s.post("192.0.2.1", bob, s.inbox, s.follow(bob, fmt.Sprint(i)))
		if rec.Code != want || want == 429 && rec.Header().Get("Retry-After") == "" {
			t.Errorf("post %d: %d %v", i, rec.Code, rec.Header())
		}
	}
	for _, path := range []string{"/inbox", "/actor/inbox", "/users/nobody/inbox"} {
		if rec := s.post("192.0.2.1", bob, s.here.Config.URL+path, object{}); rec.Code != 429 {
			t.Errorf("%s: %d", path, rec.Code)
		}
	}
	if rec := s.post("192.0.2.2", bob, s.inbox, s.follow(bob, "x")); rec.Code != 202 {
		t.Errorf("another address: %d", rec.Code)
	}
}
