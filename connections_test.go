package main

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"kinglet/internal/apptest"
)

// Clients that leave in the midst of their requests, or of the answers, are
// nobody's fault.
func TestClientsThatHangUp(t *testing.T) {
	t.Parallel()
	n := newNode(t, "")
	alice := n.person("alice")
	for i := range 30 {
		c, err := net.Dial("tcp", n.domain)
		if err != nil {
			t.Fatal(err)
		}
		switch i % 3 {
		case 0:
			fmt.Fprintf(c, "POST /api/v1/statuses HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"status\":", alice.token)
		case 1:
			fmt.Fprintf(c, "GET /api/v1/timelines/home HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n", alice.token)
		case 2:
			fmt.Fprintf(c, "POST /inbox HTTP/1.1\r\nHost: x\r\nContent-Type: application/activity+json\r\nTransfer-Encoding: chunked\r\n\r\n40\r\n{")
		}
		_ = c.(*net.TCPConn).SetLinger(0) // a reset, not an end
		c.Close()
	}
	alice.post("/api/v1/statuses", "status", "still here")
	_ = n.cmd.Process.Signal(syscall.SIGTERM) // after that all is answered
	err := <-n.exited
	n.exited <- err
	for line := range strings.Lines(n.log.String()) {
		if strings.Contains(line, "level=ERROR") || strings.Contains(line, "level=WARN") && !strings.Contains(line, "did not exist") {
			t.Error(line)
		}
	}
}

// With few files and many connections that do nothing the server lives, and
// its owner writes and reads.
func TestFewFiles(t *testing.T) {
	t.Parallel()
	const files, connections = 256, 1000
	bin, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	n := &node{t: t, bin: filepath.Join(t.TempDir(), "limited"), domain: freeAddress(t), database: filepath.Join(t.TempDir(), "k.db"), log: &apptest.Log{}}
	n.url = "http://" + n.domain
	// Soft and hard: Go raises the soft limit.
	script := fmt.Sprintf("#!/bin/sh\nulimit -n %d && exec %s \"$@\"\n", files, bin)
	if err := os.WriteFile(n.bin, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	n.env = []string{"PATH=" + os.Getenv("PATH"), "HOME=/", noFile, "KINGLET_DOMAIN=" + n.domain, "KINGLET_URL=" + n.url, "KINGLET_LISTEN=" + n.domain, "KINGLET_DATABASE=" + n.database, "KINGLET_ALLOW_NETWORKS=127.0.0.0/8"}
	n.start()
	t.Cleanup(n.kill)
	alice := n.person("alice")
	r := newRemote(t)
	bob := r.actor("bob")
	if status, body := bob.send(n.url+"/inbox", bob.activity("Follow", "follow", alice.uri())); status != 202 {
		t.Fatal(status, body)
	}
	var mu sync.Mutex
	var open []net.Conn
	var group sync.WaitGroup
	t.Cleanup(func() {
		for _, c := range open {
			c.Close()
		}
	})
	for i := range 10 {
		group.Go(func() {
			for j := range connections / 10 {
				c, err := net.Dial("tcp", n.domain)
				if err != nil {
					t.Error(err)
					return
				}
				if (i+j)%3 == 0 { // one that is answered, and kept open
					fmt.Fprintf(c, "GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
				} else if (i+j)%3 == 1 { // half a request
					fmt.Fprintf(c, "GET /health HT")
				}
				mu.Lock()
				open = append(open, c)
				mu.Unlock()
			}
		})
	}
	group.Wait()
	alice.client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for i := range 20 {
		if _, err := alice.try("POST", "/api/v1/statuses", url.Values{"status": {fmt.Sprint("post ", i)}}, nil); err != nil {
			t.Fatalf("post %d: %v\n%s", i, err, n.log.String())
		}
	}
	if got := alice.list("/api/v1/timelines/home", "limit", "40"); len(got) != 20 {
		t.Errorf("%d posts at home", len(got))
	}
	eventually(t, "the posts are delivered", func() error {
		r.mu.Lock()
		defer r.mu.Unlock()
		got := 0
		for _, o := range r.received {
			if o["type"] == "Create" {
				got++
			}
		}
		if got < 20 {
			return fmt.Errorf("%d are", got)
		}
		return nil
	})
	limits, err := os.ReadFile(fmt.Sprintf("/proc/%d/limits", n.cmd.Process.Pid))
	if err == nil && !strings.Contains(strings.Join(strings.Fields(string(limits)), " "), fmt.Sprintf("Max open files %d %d", files, files)) {
		t.Error("the server ran with more files: the test tests little")
	}
	if log := n.log.String(); strings.Contains(log, "level=ERROR") || strings.Contains(log, "too many open files") {
		t.Errorf("it said %s", log)
	}
	// Go raises a soft limit to the hard one.
	fds, _ := os.ReadDir(fmt.Sprintf("/proc/%d/fd", n.cmd.Process.Pid))
	t.Logf("%d files are open", len(fds))
}
