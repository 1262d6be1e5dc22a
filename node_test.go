package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"kinglet/api/apitest"
	"kinglet/internal/apptest"
	"kinglet/store/storetest"
)

// binary builds the real Kinglet once for all tests.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "kinglet-test-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "kinglet")
	// KINGLET_TEST_TAGS=runtwice tests a binary whose transactions all run twice.
	c := exec.Command("go", "build", "-ldflags=-s -w", "-tags", os.Getenv("KINGLET_TEST_TAGS"), "-o", path, ".")
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build: %w: %s", err, out)
	}
	return path, nil
})

// unchecked is for a test of other things than the form of thousands of
// responses.
var unchecked = http.DefaultTransport

// TestMain has every response that a test of this package sees checked against
// the schema of the API, whichever client it uses.
func TestMain(m *testing.M) {
	var wrong apiErrors
	http.DefaultTransport = apitest.Transport(&wrong, unchecked)
	code := m.Run()
	chromium.end()
	if wrong.list != nil {
		fmt.Println(strings.Join(wrong.list, "\n"))
		code = 1
	}
	if path, err := binary(); err == nil {
		os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

// apiErrors are the responses that are not as the schema says.
type apiErrors struct {
	mu   sync.Mutex
	list []string
}

func (e *apiErrors) Helper() {}

func (e *apiErrors) Errorf(format string, args ...any) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.list = append(e.list, fmt.Sprintf(format, args...))
}

// node is a real Kinglet on loopback.
type node struct {
	t        testing.TB
	bin      string
	url      string
	domain   string
	database string
	env      []string
	cmd      *exec.Cmd
	exited   chan error
	log      *apptest.Log
	awaited  map[string]int // by what was awaited of the log
}

// noFile keeps the settings of the machine that tests run on out of them.
const noFile = "KINGLET_CONFIG=" + os.DevNull

// onPostgres is a new database for a node.
func onPostgres(t testing.TB) (database string) {
	database = storetest.MigratedPostgresURL(t)
	apptest.GiveInstanceKey(t, database)
	return database
}

// newNode chooses an address for a node on a database, "" for a new one on
// SQLite, and starts it. It migrates the database if that is empty.
func newNode(t testing.TB, database string) *node {
	t.Helper()
	bin, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	domain := freeAddress(t)
	if database == "" {
		database = storetest.SQLiteFile(t, storetest.Folder(t))
		apptest.GiveInstanceKey(t, database)
	}
	n := &node{t: t, bin: bin, url: "http://" + domain, domain: domain, database: database, log: &apptest.Log{}, awaited: map[string]int{}}
	n.env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "KINGLET_DOMAIN=" + domain, "KINGLET_URL=" + n.url, "KINGLET_LISTEN=" + domain,
		"KINGLET_DATABASE=" + database, "KINGLET_ALLOW_NETWORKS=127.0.0.0/8", "KINGLET_LOG_LEVEL=debug", noFile,
	}
	n.start()
	t.Cleanup(func() {
		n.kill()
		if t.Failed() && os.Getenv("KINGLET_TEST_LOG") != "" {
			t.Log(n.log.String())
		}
	})
	return n
}

func (n *node) start() {
	n.t.Helper()
	n.cmd = exec.Command(n.bin, "serve")
	n.cmd.Env, n.cmd.Dir = n.env, n.t.TempDir()
	n.cmd.Stdout, n.cmd.Stderr = n.log, n.log
	if err := n.cmd.Start(); err != nil {
		n.t.Fatal(err)
	}
	n.exited = make(chan error, 1)
	go func(c *exec.Cmd, exited chan error) { exited <- c.Wait() }(n.cmd, n.exited)
	eventually(n.t, "the server answers", func() error {
		select {
		case err := <-n.exited:
			n.exited <- err
			n.t.Fatalf("the server ended: %v\n%s", err, n.log.String())
		default:
		}
		resp, err := http.Get(n.url + "/health")
		if err == nil {
			resp.Body.Close()
		}
		return err
	})
}

func (n *node) kill() {
	if n.cmd != nil {
		_ = n.cmd.Process.Signal(syscall.SIGKILL)
		<-n.exited
		n.cmd = nil
	}
}

// command runs another kinglet command on the node's database.
func (n *node) command(args ...string) (string, error) {
	c := exec.CommandContext(n.t.Context(), n.bin, args...)
	c.Env, c.Dir = n.env, n.t.TempDir()
	out, err := c.CombinedOutput()
	return string(out), err
}

// person is an account of a node with a token.
type person struct {
	*node
	name, token string
	client      *http.Client
}

const password = apptest.Password

// person creates an account with a token, which takes less time than commands.
func (n *node) person(name string) *person {
	n.t.Helper()
	return &person{n, name, apptest.AddAccount(n.t, n.env, name), http.DefaultClient}
}

// personByCommand does that as an operator does.
func (n *node) personByCommand(name string) *person {
	n.t.Helper()
	if out, err := n.command("account", "create", name, "--email", name+"@example.org", "--password", password); err != nil {
		n.t.Fatal(err, out)
	}
	out, err := n.command("token", "create", name, "--scopes", apptest.Scopes)
	if err != nil {
		n.t.Fatal(err, out)
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	return &person{n, name, lines[len(lines)-1], http.DefaultClient}
}

func (p *person) handle() string { return p.name + "@" + p.domain }
func (p *person) uri() string    { return p.url + "/users/" + p.name }

type object = map[string]any

// try calls the API; parameters are a form.
func (p *person) try(method, path string, form url.Values, into any) (*http.Response, error) {
	return p.send(method, path, form, nil, into)
}

func (p *person) send(method, path string, form url.Values, header http.Header, into any) (*http.Response, error) {
	target := p.url + path
	var body io.Reader
	if method == "GET" {
		if len(form) > 0 {
			target += "?" + form.Encode()
		}
	} else {
		body = strings.NewReader(form.Encode())
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, target, body)
	if err != nil {
		return nil, err
	}
	for k, v := range header {
		r.Header[k] = v
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.Header.Set("Authorization", "Bearer "+p.token)
	resp, err := p.client.Do(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode >= 300 {
		return resp, fmt.Errorf("%s %s: %d %s", method, path, resp.StatusCode, b)
	}
	if into != nil {
		return resp, json.Unmarshal(b, into)
	}
	return resp, nil
}

func (p *person) get(path string, into any, query ...string) {
	p.t.Helper()
	if _, err := p.try("GET", path, pairs(query), into); err != nil {
		p.t.Fatal(err)
	}
}

func (p *person) post(path string, form ...string) object {
	p.t.Helper()
	var out object
	if _, err := p.try("POST", path, pairs(form), &out); err != nil {
		p.t.Fatal(err)
	}
	return out
}

func pairs(list []string) url.Values {
	form := url.Values{}
	for i := 0; i+1 < len(list); i += 2 {
		form.Add(list[i], list[i+1])
	}
	return form
}

// find resolves a handle or an address and gives the account's id.
func (p *person) find(handle string) string {
	p.t.Helper()
	var out struct{ Accounts []object }
	p.get("/api/v2/search", &out, "q", handle, "resolve", "true", "type", "accounts")
	if len(out.Accounts) != 1 {
		p.t.Fatalf("%d accounts for %s", len(out.Accounts), handle)
	}
	return out.Accounts[0]["id"].(string)
}

// list reads a list.
func (p *person) list(path string, query ...string) []object {
	p.t.Helper()
	var out []object
	p.get(path, &out, query...)
	return out
}

func (p *person) relationship(id string) object {
	p.t.Helper()
	return p.list("/api/v1/accounts/relationships", "id[]", id)[0]
}

// patience bounds how long something may take to arrive.
const patience = 10 * time.Second

// eventually asks again until there is no error. It is for what happens in
// another process, which does not tell; where its log does, wait for that, as
// applies does.
func eventually(t testing.TB, what string, check func() error) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for wait := 2 * time.Millisecond; ; wait = min(wait*2, 60*time.Millisecond) {
		err := check()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: %v", what, err)
		}
		select {
		case <-t.Context().Done():
			t.Fatalf("%s: %v", what, err)
		case <-time.After(wait):
		}
	}
}

// applies waits until the server has applied one more activity of a type that
// came to an inbox.
func (n *node) applies(typ string) {
	n.t.Helper()
	n.awaited[typ]++
	n.log.Await(n.t, `msg="activity applied" type=`+typ+" origin=inbox", n.awaited[typ])
}

// finds is the status in a list that has a text.
func (p *person) finds(path, text string, query ...string) object {
	p.t.Helper()
	for _, st := range p.list(path, query...) {
		if strings.Contains(st["content"].(string), text) {
			return st
		}
	}
	p.t.Fatalf("%q is not in %s of %s", text, path, p.name)
	return nil
}

// notified is the newest notification of a type.
func (p *person) notified(typ string) object {
	p.t.Helper()
	list := p.list("/api/v1/notifications", "types[]", typ)
	if len(list) == 0 {
		p.t.Fatalf("%s has no notification of a %s", p.name, typ)
	}
	return list[0]
}
