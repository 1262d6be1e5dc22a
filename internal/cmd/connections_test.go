package cmd

import (
	"bufio"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"
)

// A server that lets 10 be connected answers while 50 say nothing, 50 begin a
// request and end it not, and 10 don't read their answers.
func TestConnectionsAreBounded(t *testing.T) {
	inside, leave := make(chan struct{}), make(chan struct{})
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			inside <- struct{}{}
			<-leave
		}
	}))
	limitConnections(s.Config, 10).patience = 0
	s.Start()
	t.Cleanup(s.Close)
	dial := func(text string) net.Conn {
		c, err := net.Dial("tcp", s.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		c.SetDeadline(time.Now().Add(10 * time.Second))
		if _, err := c.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		return c
	}
	served := func(when string) {
		t.Helper()
		resp, err := http.ReadResponse(bufio.NewReader(dial("GET / HTTP/1.1\r\nHost: x\r\n\r\n")), nil)
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("%s: %v, %v", when, resp, err)
		}
	}
	first := dial("")
	known := dial("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	answers := bufio.NewReader(known)
	if _, err := http.ReadResponse(answers, nil); err != nil {
		t.Fatal(err)
	}
	for range 50 {
		dial("")
		dial("GET / HTTP/1.1\r\nX: ")
	}
	served("among silent ones")
	if _, err := first.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error("the connection that was silent for longest is open: ", err)
	}
	if _, err := known.Write([]byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n")); err != nil {
		t.Error(err)
	}
	if _, err := http.ReadResponse(answers, nil); err != nil {
		t.Error("one that has asked before is closed for silent ones: ", err)
	}
	busy := dial("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
	<-inside
	for range 20 {
		dial("")
	}
	busy.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	if _, err := busy.Read(make([]byte, 1)); err == nil || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error("one that is being served is closed for silent ones: ", err)
	}
	for range 12 {
		dial("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
		<-inside
	}
	served("among slow ones")
	close(leave)
	served("afterwards")
}

// A burst of requests that take a while waits its turn: none is cut off, and
// none of those that come meanwhile.
func TestBurstWaits(t *testing.T) {
	const most, burst = 4, 40
	leave := make(chan struct{})
	inside := make(chan struct{}, burst)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		inside <- struct{}{}
		<-leave
	}))
	limitConnections(s.Config, most).crowded = time.Minute // the machine may be slow
	s.Start()
	t.Cleanup(s.Close)
	answers := make(chan error, burst)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for range burst {
		go func() {
			resp, err := client.Get(s.URL)
			if err == nil {
				err = resp.Body.Close()
			}
			answers <- err
		}()
	}
	for range most {
		<-inside
	}
	close(leave)
	for range burst {
		if err := <-answers; err != nil {
			t.Error(err)
		}
	}
}

// Those that send a body that nobody reads, and linger, give way before one
// that asks often.
func TestLingeringConnectionsAreClosed(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	l := limitConnections(s.Config, 4)
	l.grace, l.crowded = time.Minute, time.Minute // the machine may be slow
	s.Start()
	t.Cleanup(s.Close)
	owner, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer owner.Close()
	answers := bufio.NewReader(owner)
	for range 20 {
		if _, err := owner.Write([]byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n")); err != nil {
			t.Fatal(err)
		}
		if _, err := http.ReadResponse(answers, nil); err != nil {
			t.Fatalf("the owner is cut off: %v", err)
		}
		c, err := net.Dial("tcp", s.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := c.Write([]byte("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 16000000\r\n\r\nx")); err != nil {
			t.Fatal(err)
		}
		if resp, err := http.ReadResponse(bufio.NewReader(c), nil); err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("an upload is answered %v %v", resp, err)
		}
	}
}
