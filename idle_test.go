package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// The binary stays as small as it is promised to be: without symbols, as it is
// released.
func TestBinarySize(t *testing.T) {
	t.Parallel()
	const most = 30_000_000
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	fi, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%.1f MB", float64(fi.Size())/1e6)
	if fi.Size() > most {
		t.Errorf("the binary has %.1f MB, more than %.1f", float64(fi.Size())/1e6, most/1e6)
	}
}

// A server at rest has few goroutines, however much it did before: one for each
// request would be a leak, and each that stays is memory for nothing.
func TestGoroutinesAtRest(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("the open files of a process are read from /proc")
	}
	const most = 14
	n := newNode(t, "")
	alice := n.person("alice")
	alice.client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	http.DefaultClient.CloseIdleConnections()
	before := n.sockets()
	r := newRemote(t)
	for i := range 40 {
		bob := r.actor(fmt.Sprint("bob", i))
		request := bob.request(n.url+"/inbox", bob.activity("Follow", fmt.Sprint("follow", i), alice.uri()))
		get := func(path string) *http.Request {
			q, err := http.NewRequest("GET", n.url+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			return q
		}
		for _, q := range []*http.Request{request, get("/@alice"), get("/api/v1/timelines/public"), get("/users/alice/outbox?page=true")} {
			resp, err := alice.client.Do(q)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
			if resp.StatusCode/100 != 2 {
				t.Fatal(q.URL, resp.Status)
			}
		}
		if o := <-r.arrived; o["type"] != "Accept" {
			t.Errorf("got %v", o)
		}
		alice.post("/api/v1/statuses", "status", fmt.Sprint("post ", i), "visibility", "direct")
	}
	r.CloseClientConnections()
	eventually(t, "all connections are closed", func() error {
		if now := n.sockets(); now > before {
			return fmt.Errorf("%d sockets are open, %d at first", now, before)
		}
		return nil
	})
	// Go writes down all goroutines and ends.
	if err := n.cmd.Process.Signal(syscall.SIGQUIT); err != nil {
		t.Fatal(err)
	}
	<-n.exited
	n.cmd = nil
	_, dump, _ := strings.Cut(n.log.String(), "SIGQUIT: quit")
	started := regexp.MustCompile(`(?m)^\s*created by (\S+)`).FindAllStringSubmatch(dump, -1)
	// Go's own do not count, nor do those of connections to others, which may be
	// about to end: their sockets were counted.
	started = slices.DeleteFunc(started, func(by []string) bool {
		return strings.HasPrefix(by[1], "runtime.") || by[1] == "net/http.(*Transport).dialConn"
	})
	if len(started) < 5 || len(started) > most {
		t.Errorf("%d goroutines, want at most %d:\n%s", len(started), most, dump)
	}
	t.Logf("%d goroutines", len(started))
}

// sockets is how many sockets the server has open.
func (n *node) sockets() (open int) {
	links, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", n.cmd.Process.Pid))
	for _, l := range links {
		if to, _ := os.Readlink(l); strings.HasPrefix(to, "socket:") {
			open++
		}
	}
	return open
}
