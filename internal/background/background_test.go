package background

import (
	"context"
	"errors"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// Work begins when no recent request is being answered, or when its patience is
// over.
func TestWorkMakesWay(t *testing.T) {
	for _, c := range []struct {
		name   string
		scene  func(begin, end func())
		after  func(begin, end func()) // 1 ms after the work wants to begin
		waited time.Duration           // for requests of somebody signed in
	}{
		{"nobody asks", func(_, _ func()) {}, nil, 0},
		{"who asked was answered", func(begin, end func()) { begin(); end() }, nil, 0},
		{"a request is answered", func(begin, _ func()) { begin() }, func(_, end func()) { end() }, time.Millisecond},
		{"one of two is answered", func(begin, _ func()) { begin(); begin() }, func(_, end func()) { end() }, patience},
		{"two are", func(begin, _ func()) { begin(); begin() }, func(_, end func()) { end(); end() }, time.Millisecond},
		{"another begins", func(begin, _ func()) { begin() }, func(begin, end func()) { begin(); end() }, patience},
		{"it takes long", func(begin, _ func()) { begin() }, nil, patience},
		{"a stream is open", func(begin, _ func()) { begin(); time.Sleep(recent) }, nil, 0},
		{"a request beside a stream", func(begin, _ func()) { begin(); time.Sleep(recent); begin() }, nil, patience},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLimit(1)
				var requests []*request
				begin := func() {
					r := l.began()
					Known(context.WithValue(t.Context(), requestKey{}, r))
					requests = append(requests, r)
				}
				end := func() { requests[0].move(nil); requests = requests[1:] }
				c.scene(begin, end)
				if c.after != nil {
					go func() { time.Sleep(time.Millisecond); c.after(begin, end) }()
				}
				at := time.Now()
				done, err := l.Begin(t.Context())
				if waited := time.Since(at); err != nil || waited != c.waited {
					t.Errorf("it begins after %s, %v, want %s", waited, err, c.waited)
				}
				done()
			})
		})
	}
}

// A request of which it is not known whose it is counts for as long as that may
// take to find out, and a stranger's no longer.
func TestWorkMakesLittleWayForStrangers(t *testing.T) {
	for _, c := range []struct {
		name   string
		age    time.Duration // of the request, when the work wants to begin
		then   func(r *request)
		at     time.Duration // when that happens
		waited time.Duration
	}{
		{"it just came", 0, nil, 0, patienceWithUnknown},
		{"it is answered", 0, func(r *request) { r.move(nil) }, patienceWithUnknown / 2, patienceWithUnknown / 2},
		{"it turns out to be the owner's", 0, func(r *request) { r.move(&r.limit.known) }, patienceWithUnknown / 2, patience},
		{"it came a while ago", unknown, nil, 0, 0},
		{"it counts no longer, and is then known", 0, func(r *request) { r.move(nil); r.move(&r.limit.known) }, patienceWithUnknown / 2, patienceWithUnknown / 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLimit(1)
				r := l.began()
				time.Sleep(c.age)
				if c.then != nil {
					go func() { time.Sleep(c.at); c.then(r) }()
				}
				at := time.Now()
				done, err := l.Begin(t.Context())
				if waited := time.Since(at); err != nil || waited != c.waited {
					t.Errorf("it begins after %s, %v, want %s", waited, err, c.waited)
				}
				done()
			})
		})
	}
}

// What a request does itself does not wait for that request; work in the middle
// makes way for others.
func TestWorkOfARequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimit(1)
		took := map[string]time.Duration{}
		measure := func(name string, fn func()) {
			at := time.Now()
			fn()
			took[name] = time.Since(at)
		}
		l.Requests(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			Known(r.Context())
			held, err := l.Begin(t.Context()) // of another, which waits for this request
			if err != nil {
				t.Fatal(err)
			}
			measure("fetching", func() {
				done, err := l.BeginJob(r.Context())
				if err != nil {
					t.Fatal(err)
				}
				done()
			})
			held()
			var done func()
			measure("decoding", func() {
				if done, err = l.Begin(r.Context()); err != nil {
					t.Fatal(err)
				}
			})
			measure("decoding alone", func() { l.MakeWay(r.Context()) })
			other := l.began()
			other.move(&l.known)
			measure("decoding beside the owner", func() { l.MakeWay(r.Context()) })
			other.move(nil)
			done()
		})).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("POST", "/", nil))
		want := map[string]time.Duration{"fetching": 0, "decoding": 0, "decoding alone": 0, "decoding beside the owner": patience}
		if !maps.Equal(took, want) {
			t.Errorf("%v, want %v", took, want)
		}
		if l.known.Len()+l.unknown.Len() != 0 {
			t.Error("a request is left")
		}
	})
}

// A job's work has a slot.
func TestBeginJob(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimit(1)
		done, err := l.BeginJob(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		short, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		if _, err := l.BeginJob(short); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
		done()
	})
}

// However many requests there are, work goes on; and only as much at once as
// there are slots.
func TestWorkIsNeverStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimit(2)
		h := l.Requests(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { Known(r.Context()); time.Sleep(recent / 2) }))
		ctx, stop := context.WithCancel(t.Context())
		for i := range 8 { // at any time several are being answered
			go func() {
				time.Sleep(time.Duration(i) * recent / 8)
				for ctx.Err() == nil {
					h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
				}
			}()
		}
		time.Sleep(recent)
		began := time.Now()
		var most, now atomic.Int32
		const pieces = 100
		left := make(chan struct{}, pieces)
		for range pieces {
			go func() {
				end, err := l.Begin(ctx)
				if err != nil {
					t.Error(err)
				}
				most.Store(max(most.Load(), now.Add(1)))
				time.Sleep(time.Millisecond)
				now.Add(-1)
				end()
				end()
				left <- struct{}{}
			}()
		}
		for range pieces {
			<-left
		}
		if took := time.Since(began); took > pieces/2*(patience+time.Millisecond) {
			t.Errorf("it took %s", took)
		}
		if most.Load() != 2 {
			t.Errorf("%d at once", most.Load())
		}
		stop()
		time.Sleep(recent) // they end
	})
}

// Who leaves gives the slot back.
func TestWorkThatIsCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimit(1)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for range 3 {
			if end, err := l.Begin(ctx); !errors.Is(err, context.Canceled) {
				t.Errorf("%v", err)
				end()
			}
		}
		end, err := l.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		short, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		if _, err := l.Begin(short); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
		end()
	})
}

// On a machine with one processor that is never idle a request is seen after a
// few pieces of work, whatever is ready to go on.
func TestRequestsAreSeen(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	l := newLimit(1)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var done atomic.Int64
	for range 64 {
		go func() {
			for ctx.Err() == nil {
				if end, err := l.Begin(ctx); err == nil {
					for at := time.Now(); time.Since(at) < time.Millisecond; {
					}
					done.Add(1)
					end()
				}
			}
		}()
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	client, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	server, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	seen := make(chan int64, 1)
	go func() {
		for {
			if _, err := server.Read(make([]byte, 1)); err != nil {
				return
			}
			seen <- done.Load()
		}
	}()
	var between []int64
	for range 21 {
		before := done.Load()
		if _, err := client.Write([]byte{1}); err != nil {
			t.Fatal(err)
		}
		between = append(between, <-seen-before)
	}
	slices.Sort(between)
	if middle := between[len(between)/2]; middle > 3 {
		t.Errorf("a request is seen after %d pieces of work, mostly", middle)
	}
}
