package cmd_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"kinglet/internal/apptest"
	"kinglet/internal/cmd"
	"kinglet/internal/config"
)

// noFile keeps the settings of the machine that tests run on out of them.
const noFile = "KINGLET_CONFIG=" + os.DevNull

// shell calls commands in this process, on one database.
type shell struct {
	*testing.T
	environ []string
	in      string // what the next call reads
}

func newShell(t *testing.T, settings ...string) *shell {
	t.Helper()
	// A socket's path has to be short.
	dir, err := os.MkdirTemp("/tmp", "kcmd")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return &shell{T: t, environ: append([]string{
		"KINGLET_DOMAIN=a.test", "KINGLET_DATABASE=" + filepath.Join(dir, "k.db"), "KINGLET_LISTEN=unix:" + filepath.Join(dir, "http"), noFile,
	}, settings...)}
}

func (s *shell) call(ctx context.Context, out io.Writer, args ...string) error {
	return cmd.Dispatch(ctx, s.environ, strings.NewReader(s.in), out, fstest.MapFS{"main.go": {Data: []byte("package main\n")}}, args)
}

// try gives what a command says, and its error.
func (s *shell) try(args ...string) (string, error) {
	var out apptest.Log
	err := s.call(s.Context(), &out, args...)
	return out.String(), err
}

// run calls a command that has to succeed.
func (s *shell) run(args ...string) string {
	s.Helper()
	out, err := s.try(args...)
	if err != nil {
		s.Fatalf("%v: %v\n%s", args, err, out)
	}
	return out
}

// begin runs a command that goes on until it is stopped, up to when it has
// said something. stop ends it and gives its error.
func (s *shell) begin(until string, args ...string) (out *apptest.Log, stop func() error) {
	s.Helper()
	ctx, cancel := context.WithCancel(s.Context())
	out = &apptest.Log{}
	ended := make(chan error, 1)
	go func() { ended <- s.call(ctx, out, args...) }()
	stop = sync.OnceValue(func() error { cancel(); return <-ended })
	s.Cleanup(func() { _ = stop() })
	select {
	case <-out.Has(s, until, 1):
	case err := <-ended:
		ended <- err
		s.Fatalf("%v ended: %v\n%s", args, err, out)
	case <-time.After(30 * time.Second):
		s.Fatalf("%v does not say %q\n%s", args, until, out)
	}
	return out, stop
}

func TestAccountCommands(t *testing.T) {
	s := newShell(t)
	s.in = "from standard input\nand no more\n"
	for _, c := range []struct {
		name, call, says, fails string
	}{
		{"made", "account create bob --email bob@mail.test --password correct-horse --admin", "created @bob@a.test", ""},
		{"made again", "account create bob --email bob2@mail.test --password correct-horse", "", "taken|exists|there is"},
		{"a password of standard input", "account create carol --email carol@mail.test --password -", "created @carol@a.test", ""},
		{"a short password", "account create dave --email d@mail.test --password x", "", "at least 8"},
		{"a wrong address", "account create dave --email d --password 12345678", "", "you@example.org"},
		{"a reserved name", "account create actor --email d@mail.test --password 12345678", "", "reserved|letters"},
		{"no name", "account create --password 12345678", "", "usage:"},
		{"listed", "account list", `(?s)bob +bob@mail.test +true.*carol +carol@mail.test +false`, ""},
		{"no admin any more", "account admin bob --revoke", "", ""},
		{"listed so", "account list", "bob +bob@mail.test +false", ""},
		{"an admin", "account admin carol", "", ""},
		{"nobody an admin", "account admin nobody", "", "no account nobody"},
		{"a new password", "account passwd bob --password other-horse", "sign in again", ""},
		{"nobody's password", "account passwd nobody --password other-horse", "", "no account nobody"},
		{"a token", "token create bob --scopes read", "^[A-Za-z0-9_-]{43}\n$", ""},
		{"a token for nothing", "token create bob --scopes sing", "", "scope"},
		{"nobody's token", "token create nobody", "", "no account nobody"},
		{"deleted without yes", "account delete carol", "", "--yes"},
		{"deleted", "account delete carol --yes", "deleted", ""},
		{"deleted again", "account delete carol --yes", "", "no account carol|gone"},
		{"its name again", "account create carol --email c@mail.test --password 12345678", "", "taken|gone|exists|was"},
		{"what there is not", "account sing", "", "no command"},
		{"what it does not have", "account list --sing", "", "sing"},
		{"version", "version", "kinglet " + regexp.QuoteMeta(config.Version), ""},
	} {
		out, err := s.try(strings.Fields(c.call)...)
		switch {
		case c.fails == "" && err != nil:
			t.Errorf("%s: %v %s", c.name, err, out)
		case c.fails == "" && !regexp.MustCompile(c.says).MatchString(out):
			t.Errorf("%s: it says %q", c.name, out)
		case c.fails != "" && (err == nil || !regexp.MustCompile(c.fails).MatchString(err.Error())):
			t.Errorf("%s: it says %q and fails with %v, not %q", c.name, out, err, c.fails)
		}
	}
	s.in = "\n"
	if _, err := s.try("account", "passwd", "bob", "--password", "-"); err == nil || !strings.Contains(err.Error(), "standard input") {
		t.Errorf("an empty line is the password: %v", err)
	}
}

func TestMigrateCommands(t *testing.T) {
	s := newShell(t)
	if out := s.run("migrate", "status"); !strings.Contains(out, "0001 spine: not applied") {
		t.Errorf("status says %s", out)
	}
	s.environ = append(s.environ, "KINGLET_MIGRATE_AT_START=false")
	if _, err := s.try("account", "list"); err == nil || !strings.Contains(err.Error(), "migrate up") {
		t.Errorf("a command migrates though it may not: %v", err)
	}
	if _, err := s.try("serve"); err == nil || !strings.Contains(err.Error(), "migrate up") {
		t.Errorf("serve migrates though it may not: %v", err)
	}
	if out := s.run("migrate", "up"); !strings.Contains(out, "applied 0001 spine") {
		t.Errorf("up says %s", out)
	}
	if out := s.run("migrate", "up"); !strings.Contains(out, "nothing to do") {
		t.Errorf("up again says %s", out)
	}
	if out := s.run("migrate", "down"); !strings.HasPrefix(out, "reverted") {
		t.Errorf("down says %s", out)
	}
	if out := s.run("migrate", "status"); !strings.Contains(out, "0001 spine: applied 20") || !strings.Contains(out, "not applied") {
		t.Errorf("status says %s", out)
	}
	s.run("migrate", "up")

	s.environ = append(s.environ, "KINGLET_DOMAIN=a.test")
	s.run("account", "create", "bob", "--email", "b@mail.test", "--password", "12345678")
	s.environ = append(s.environ, "KINGLET_DOMAIN=other.test")
	if _, err := s.try("account", "create", "eve", "--email", "e@mail.test", "--password", "12345678"); err == nil || !strings.Contains(err.Error(), "a.test") {
		t.Errorf("a command of another domain works: %v", err)
	}
}

// A server answers, is asked for its health and is let alone by what may not
// run beside it; it ends when it is stopped, and its data is there.
func TestServe(t *testing.T) {
	s := newShell(t)
	if _, err := s.try("health"); err == nil {
		t.Error("a server that does not run is healthy")
	}
	out, stop := s.begin("kinglet is serving", "serve")
	if got := s.run("health"); got != "OK\n" {
		t.Errorf("its health is %q", got)
	}
	s.run("account", "create", "bob", "--email", "bob@mail.test", "--password", "correct-horse")
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", strings.TrimPrefix(s.environ[2], "KINGLET_LISTEN=unix:"))
	}}}
	defer client.CloseIdleConnections()
	for path, want := range map[string]int{"/users/bob": 200, "/users/nobody": 404, "/api/v1/nothing": 404, "/@bob": 200, "/%00": 400, "/source.tar.gz": 200} {
		r := &http.Request{Method: "GET", URL: &url.URL{Scheme: "http", Host: "a.test", Opaque: "//a.test" + path}, Host: "a.test", Header: http.Header{"Accept": {"application/activity+json"}}}
		if strings.HasPrefix(path, "/@") || strings.HasPrefix(path, "/source") {
			r.Header.Set("Accept", "text/html")
		}
		resp, err := client.Do(r)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%s is answered with %d, not %d", path, resp.StatusCode, want)
		}
	}
	if _, err := s.try("migrate", "down"); err == nil || !strings.Contains(err.Error(), "stop it first") {
		t.Errorf("the schema is changed under the server: %v", err)
	}
	if _, err := s.try("serve"); err == nil || !strings.Contains(err.Error(), "another server") {
		t.Errorf("a second server runs: %v", err)
	}
	other := *s
	other.environ = append(s.environ[:len(s.environ):len(s.environ)], "KINGLET_LISTEN=127.0.0.1:0")
	if _, err := other.try("serve"); err == nil {
		t.Error("a second server runs on the same database")
	}
	if err := stop(); err != nil {
		t.Errorf("it ends with %v", err)
	}
	if !strings.Contains(out.String(), "stopped") {
		t.Errorf("it says\n%s", out)
	}
	if _, err := s.try("health"); err == nil {
		t.Error("a server that was stopped is healthy")
	}
	out, stop = s.begin("this is a copy", "serve", "--as-copy", "--domain", "copy.test", "--log-format", "json")
	if err := stop(); err != nil {
		t.Errorf("a copy ends with %v\n%s", err, out)
	}
	if got := s.run("account", "list"); !strings.Contains(got, "bob@mail.test") {
		t.Errorf("the accounts are %s", got)
	}
}

func TestListen(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for name, listen := range map[string]string{
		"an address that is taken": taken.Addr().String(), "a file": "unix:" + file, "a folder that is not there": "unix:" + filepath.Join(dir, "no", "socket"),
	} {
		s := newShell(t, "KINGLET_LISTEN="+listen)
		if _, err := s.try("serve"); err == nil || !strings.Contains(err.Error(), "KINGLET_LISTEN") && !strings.Contains(err.Error(), "listen") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for listen, want := range map[string]string{
		":8080": "tcp 127.0.0.1:8080", "0.0.0.0:1": "tcp 127.0.0.1:1", "[::]:1": "tcp [::1]:1", "10.0.0.1:1": "tcp 10.0.0.1:1", "unix:/x": "unix /x",
	} {
		network, address := cmd.Dialable(listen)
		if got := network + " " + address; got != want {
			t.Errorf("%s is reached at %s, not %s", listen, got, want)
		}
	}
}

// The server to try needs no settings, and has an account and something to
// look at.
func TestLocal(t *testing.T) {
	s := newShell(t)
	s.environ = []string{noFile}
	out, stop := s.begin("/api/v1/statuses", "local", "--log-level", "error")
	address := regexp.MustCompile(`http://localhost:\d+`).FindString(out.String())
	token := regexp.MustCompile(`Bearer ([\w-]+)`).FindStringSubmatch(out.String())
	if address == "" || token == nil {
		t.Fatalf("it says\n%s", out)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address+"/api/v1/timelines/home", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token[1])
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(resp.Body)
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK || !strings.Contains(string(body), "My first post") {
		t.Errorf("home is answered with %d %s", resp.StatusCode, body)
	}
	http.DefaultClient.CloseIdleConnections()
	if err := stop(); err != nil {
		t.Errorf("it ends with %v", err)
	}
}

// The server to try is none of the servers that this machine has settings for.
func TestLocalIsNoServerOfThisMachine(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	database := filepath.Join(dir, "real.db")
	settings := fmt.Sprintf("domain = \"real.test\"\ndatabase = %q\n", database)
	if err := os.WriteFile("kinglet.toml", []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	s := newShell(t)
	s.environ = nil
	out, stop := s.begin("/api/v1/statuses", "local", "--log-level", "error")
	if err := stop(); err != nil && !errors.Is(err, context.Canceled) { // it is stopped before it serves
		t.Errorf("it ends with %v", err)
	}
	if _, err := os.Stat(database); err == nil || strings.Contains(out.String(), "real.test") {
		t.Errorf("it runs on the database of the server here (%v):\n%s", err, out)
	}
}
