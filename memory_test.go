package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kinglet/internal/memory/limited"
)

// ownersBound is how long the owner waits at most.
const ownersBound = 5 * time.Second

// TestMemory runs the attacks that strangers, or a person with a token, can
// launch, one after the other and then all at once, against the real binary
// under a hard limit of 128 MB: a cgroup, in which it is killed when it takes
// more, or, where none can be made, a look at its peak afterwards. Meanwhile
// its owner reads home and writes a post, each of which has to be answered in
// time. It prints the table of docs/BENCHMARKS.md:
//
//	KINGLET_TEST_MEMORY=1 go test -run 'TestMemory$' -v -timeout 20m .
//
// KINGLET_TEST_MEMORY may also be how long an attack goes on, 30s say.
func TestMemory(t *testing.T) { testMemory(t, 128<<20) }

// TestMemoryOfASmallMachine is the same under 64 MB, where strangers are refused
// and crawls and pictures wait for the owner's sake.
func TestMemoryOfASmallMachine(t *testing.T) { testMemory(t, 64<<20) }

func testMemory(t *testing.T, limit int64) {
	long := os.Getenv("KINGLET_TEST_MEMORY")
	if long == "" {
		t.Skip("takes minutes: set KINGLET_TEST_MEMORY=1")
	}
	// Attacks that are left out, by a part of their names.
	without := os.Getenv("KINGLET_TEST_MEMORY_WITHOUT")
	duration, err := time.ParseDuration(long)
	if err != nil {
		duration = 10 * time.Second
	}
	m := newMemoryNode(t, limit)
	var table strings.Builder
	fmt.Fprintf(&table, "Limit: %s.\n\n| attack, %s each | peak RSS | owner served | failed | slowest |\n| --- | --- | --- | --- | --- |\n", m.limit, duration)
	run := func(name string, attacks ...func(context.Context)) {
		t.Run(name, func(t *testing.T) {
			m.kill()
			m.start() // so that no attack is blamed for what the one before has left
			ctx, cancel := context.WithTimeout(t.Context(), duration)
			defer cancel()
			var group sync.WaitGroup
			for _, attack := range attacks {
				group.Go(func() { attack(ctx) })
			}
			owner := m.serveOwner(ctx)
			group.Wait()
			peak := m.peak()
			size := fmt.Sprint(peak>>20, " MB")
			if peak == 0 {
				size = "killed"
			}
			fmt.Fprintf(&table, "| %s | %s | %d | %d | %s |\n", name, size, owner.served, len(owner.failed), owner.slowest.Round(time.Millisecond))
			if err := m.died(); err != nil {
				t.Errorf("the server died: %v", err)
				return
			}
			if !m.inGroup && peak > limit { // in one it would have been killed
				t.Errorf("it took %d MB", peak>>20)
			}
			if owner.served == 0 || len(owner.failed) > 0 {
				t.Errorf("the owner was served %d times and not %d times: %v", owner.served, len(owner.failed), owner.failed[:min(3, len(owner.failed))])
			}
		})
	}
	run("nothing")
	var all []func(context.Context)
	for _, a := range m.attacks() {
		if without != "" && regexp.MustCompile(without).MatchString(a.name) {
			continue
		}
		run(a.name, a.run)
		all = append(all, a.run)
	}
	run("all at once", all...)
	t.Log("\n" + table.String())
}

// memoryNode is a server under the limit, with an owner, a person with a token
// who means harm, a post with 1,500 replies and a large table.
type memoryNode struct {
	*node
	owner, mallory *person
	thread         string // id of the post with the replies
	bytes          int64  // of the limit
	limit          string // in words
	inGroup        bool   // that kills it, or nothing does
	client         *http.Client
	address        atomic.Int64
}

func newMemoryNode(t *testing.T, limit int64) *memoryNode {
	m := &memoryNode{node: newNode(t, ""), bytes: limit, client: &http.Client{
		Transport:     &http.Transport{MaxIdleConnsPerHost: 64},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	t.Cleanup(m.client.CloseIdleConnections)
	m.owner, m.mallory = m.person("alice"), m.person("mallory")
	m.owner.client, m.mallory.client = m.client, m.client
	m.kill()
	// The owner and mallory are not to be stopped by how often they ask.
	m.env = append(m.env, "KINGLET_LIMITS_ACCOUNT=1000000/5m", "KINGLET_LOG_LEVEL=error")
	m.start()
	m.thread = m.owner.post("/api/v1/statuses", "status", "the root of it all")["id"].(string)
	m.flood(t.Context(), 16, func(i int) bool {
		if i < 1500 {
			m.mallory.post("/api/v1/statuses", "status", fmt.Sprintf("Reply %d. %s", i, strings.Repeat("Lorem ipsum dolor sit amet. ", 10)), "in_reply_to_id", m.thread)
		}
		return i < 1500
	})
	m.kill()
	m.fill(300_000)
	m.putUnderLimit()
	m.start()
	return m
}

// putUnderLimit has the server run in a cgroup of its own, where one can be made.
func (m *memoryNode) putUnderLimit() {
	group, err := limited.NewGroup(m.bytes)
	if err != nil {
		m.limit = fmt.Sprintf("%d MB, by the peak of its resident memory (%v)", m.bytes>>20, err)
		return
	}
	m.inGroup, m.limit = true, fmt.Sprintf("%d MB, by a cgroup (%s)", m.bytes>>20, group.Name)
	script := filepath.Join(m.t.TempDir(), "kinglet")
	var text strings.Builder
	text.WriteString("#!/bin/sh\nexec")
	for _, word := range group.Command(m.bin) {
		fmt.Fprintf(&text, " '%s'", word)
	}
	text.WriteString(" \"$@\"\n")
	if err := os.WriteFile(script, []byte(text.String()), 0o755); err != nil {
		m.t.Fatal(err)
	}
	m.bin = script
	m.t.Cleanup(func() {
		m.kill()
		_ = group.Remove()
	})
}

// peak is the most resident memory since the start.
func (m *memoryNode) peak() int64 {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", m.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(b)) {
		if v, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kb, _ := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(v), "kB")), 10, 64)
			return kb << 10
		}
	}
	return 0
}

func (m *memoryNode) died() error {
	select {
	case err := <-m.exited:
		m.exited <- err
		return fmt.Errorf("%v", err)
	default:
		return nil
	}
}

// service is what the owner saw.
type service struct {
	served  int
	failed  []error
	slowest time.Duration
}

// serveOwner reads and writes as the owner's client does, until ctx ends.
func (m *memoryNode) serveOwner(ctx context.Context) (s service) {
	client := &http.Client{Timeout: ownersBound, Transport: &http.Transport{}} // its own connections
	defer client.CloseIdleConnections()
	ask := func(method, path string, form url.Values) {
		r, err := http.NewRequest(method, m.url+path, strings.NewReader(form.Encode()))
		if err != nil {
			m.t.Error(err)
			return
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Authorization", "Bearer "+m.owner.token)
		r.Header.Set("X-Forwarded-For", "192.0.2.1")
		began := time.Now()
		resp, err := client.Do(r)
		if err == nil {
			_, err = io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
			if resp.StatusCode != http.StatusOK {
				err = fmt.Errorf("%s %s: %d", method, path, resp.StatusCode)
			}
		}
		s.slowest = max(s.slowest, time.Since(began))
		if err != nil {
			s.failed = append(s.failed, err)
			return
		}
		s.served++
	}
	for tick := time.NewTicker(100 * time.Millisecond); ctx.Err() == nil; <-tick.C {
		ask("GET", "/api/v1/timelines/home", nil)
		ask("POST", "/api/v1/statuses", url.Values{"status": {"I am still here"}})
	}
	return s
}

// flood has workers call fn with 0, 1, 2 … until it gives false or ctx ends.
func (m *memoryNode) flood(ctx context.Context, workers int, fn func(i int) bool) {
	var group sync.WaitGroup
	var next atomic.Int64
	for range workers {
		group.Go(func() {
			for ctx.Err() == nil && fn(int(next.Add(1)-1)) {
			}
		})
	}
	group.Wait()
}

// request sends one from an address that nobody has used before.
func (m *memoryNode) request(ctx context.Context, method, path string, body io.Reader, header ...string) bool {
	return m.requestAs(ctx, m.client, method, path, body, header...)
}

func (m *memoryNode) requestAs(ctx context.Context, client *http.Client, method, path string, body io.Reader, header ...string) bool {
	r, err := http.NewRequestWithContext(ctx, method, m.url+path, body)
	if err != nil {
		m.t.Error(err)
		return false
	}
	n := m.address.Add(1)
	r.Header.Set("X-Forwarded-For", fmt.Sprintf("198.%d.%d.%d", 20+n>>16&63, n>>8&255, n&255))
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	if resp, err := client.Do(r); err == nil {
		_, _ = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
	}
	return true
}

type memoryAttack struct {
	name string
	run  func(context.Context)
}

func (m *memoryNode) attacks() []memoryAttack {
	return []memoryAttack{
		{"sign-in names of 60 kB", m.signIns(32, strings.Repeat("x", 60<<10))},
		{"argon2 at will", m.signIns(64, "alice")},
		{"uploads without a token", m.uploads},
		{"inbox posts waiting for a slow key host", func(ctx context.Context) { attackSlowKeyHost(m.t, m.node, func() { <-ctx.Done() }) }},
		{"bodies of inbox posts that never end", func(ctx context.Context) { attackInboxBodies(m.t, m.node, func() { <-ctx.Done() }) }},
		{"twelve pictures with a token", m.pictures},
		{"uploads of 40 MB with a token", m.largeUploads},
		{"eight readers of only_media", m.readers},
		{"a page with 1,500 replies", m.replies},
		{"registrations of apps", m.apps},
		{"documents of a megabyte to fetch", m.largeDocuments},
		{"keys in documents of a megabyte", m.largeKeys},
		{"5,000 silent and slow connections", m.connections},
	}
}

var csrfField = regexp.MustCompile(`name="csrf" value="([^"]*)"`)

// signIns tries names that begin alike, with the page's own form.
func (m *memoryNode) signIns(workers int, name string) func(context.Context) {
	return func(ctx context.Context) {
		jar, err := cookiejar.New(nil)
		if err != nil {
			m.t.Error(err)
			return
		}
		client := &http.Client{Transport: m.client.Transport, Jar: jar, CheckRedirect: m.client.CheckRedirect}
		resp, err := client.Get(m.url + "/auth/sign_in")
		if err != nil {
			m.t.Error(err)
			return
		}
		defer resp.Body.Close()
		page, _ := io.ReadAll(resp.Body)
		field := csrfField.FindSubmatch(page)
		if field == nil {
			m.t.Errorf("the sign-in page has no form: %s", page)
			return
		}
		m.flood(ctx, workers, func(i int) bool {
			form := url.Values{"csrf": {string(field[1])}, "name": {fmt.Sprint(name, i)}, "password": {"guess"}}
			return m.requestAs(ctx, client, "POST", "/auth/sign_in", strings.NewReader(form.Encode()),
				"Content-Type", "application/x-www-form-urlencoded", "Origin", m.url, "Sec-Fetch-Site", "same-origin")
		})
	}
}

// uploads sends 16 MB to where nobody may, and to where they may not.
func (m *memoryNode) uploads(ctx context.Context) {
	m.flood(ctx, 16, func(i int) bool {
		head := "--b\r\nContent-Disposition: form-data; name=\"avatar\"; filename=\"a.png\"\r\nContent-Type: image/png\r\n\r\n"
		body := io.MultiReader(strings.NewReader(head), io.LimitReader(noughts{}, 15<<20), strings.NewReader("\r\n--b--\r\n"))
		method, path, token := "POST", "/api/v1/statuses", "Bearer wrong"
		if i%2 == 0 {
			method, path, token = "PATCH", "/api/v1/accounts/update_credentials", ""
		}
		return m.request(ctx, method, path, body, "Content-Type", "multipart/form-data; boundary=b", "Authorization", token)
	})
}

type noughts struct{}

func (noughts) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// readers has eight strangers read what the database takes long to find.
func (m *memoryNode) readers(ctx context.Context) {
	m.flood(ctx, 8, func(int) bool {
		return m.request(ctx, "GET", "/api/v1/timelines/public?only_media=true", nil)
	})
}

// replies has 16 strangers read the thread, as a page and as a client does.
func (m *memoryNode) replies(ctx context.Context) {
	m.flood(ctx, 16, func(i int) bool {
		path := "/@alice/" + m.thread
		if i%2 == 0 {
			path = "/api/v1/statuses/" + m.thread + "/context"
		}
		return m.request(ctx, "GET", path, nil)
	})
}

// apps registers as many clients as can be, each as large as it may be.
func (m *memoryNode) apps(ctx context.Context) {
	m.flood(ctx, 16, func(i int) bool {
		form := url.Values{"client_name": {fmt.Sprint("app ", i)}, "website": {"https://app.test/" + strings.Repeat("w", 1900)}, "scopes": {"read"}}
		for n := range 16 {
			form.Add("redirect_uris", fmt.Sprint("https://app.test/", n, strings.Repeat("r", 90)))
		}
		return m.request(ctx, "POST", "/api/v1/apps", strings.NewReader(form.Encode()), "Content-Type", "application/x-www-form-urlencoded")
	})
}

// connections opens 5,000 and says nothing, or begins a long header.
func (m *memoryNode) connections(ctx context.Context) {
	header := "GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + strings.Repeat("x", 12<<10)
	var group sync.WaitGroup
	for i := range 5000 {
		if ctx.Err() != nil {
			break
		}
		c, err := net.DialTimeout("tcp", m.domain, time.Second)
		if err != nil {
			continue // the server's queue is full: so be it
		}
		group.Go(func() {
			defer c.Close()
			if i%2 == 0 {
				_, _ = c.Write([]byte(header))
			}
			<-ctx.Done()
		})
	}
	group.Wait()
}
