package main

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"kinglet/internal/apptest"
)

// run runs the binary with an environment of its own and gives what it said.
func run(t *testing.T, env []string, args ...string) (code int, out string) {
	t.Helper()
	bin, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), bin, args...)
	c.Dir = t.TempDir()
	c.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + c.Dir, noFile}, env...)
	b, err := c.CombinedOutput()
	if _, isExit := err.(*exec.ExitError); err != nil && !isExit {
		t.Fatal(err)
	}
	return c.ProcessState.ExitCode(), string(b)
}

// What is wrong stops a command with one line that says what would be right.
func TestWrongCalls(t *testing.T) {
	t.Parallel()
	database := "KINGLET_DATABASE=" + filepath.Join(t.TempDir(), "k.db")
	domain := "KINGLET_DOMAIN=example.org"
	if code, out := run(t, []string{database}, "migrate", "up"); code != 0 { // making it is a line of its own
		t.Fatal(out)
	}
	for _, c := range []struct {
		name string
		env  []string
		args []string
		code int
		want string
	}{
		{"no such command", nil, []string{"sing"}, 2, "kinglet help"},
		{"no such flag", nil, []string{"serve", "--sing"}, 2, "sing"},
		{"serve without a domain", nil, []string{"serve"}, 2, "KINGLET_DOMAIN"},
		{"unknown variable", []string{"KINGLET_DOMIAN=x"}, []string{"serve"}, 2, "did you mean KINGLET_DOMAIN?"},
		{"wrong listen", []string{domain, "KINGLET_LISTEN=foo"}, []string{"serve"}, 2, `KINGLET_LISTEN "foo": want host:port or unix:/path`},
		{"http outside", []string{domain, "KINGLET_URL=http://example.org"}, []string{"serve"}, 2, "https://"},
		{"database that can't be", []string{domain, "KINGLET_DATABASE=/nowhere/k.db", "KINGLET_LISTEN=127.0.0.1:0"}, []string{"serve"}, 1, "/nowhere/k.db"},
		{"short password", []string{domain, database}, []string{"account", "create", "bob", "--email", "b@example.org", "--password", "x"}, 1, "at least 8"},
		{"wrong name", []string{domain, database}, []string{"account", "create", "b ob", "--email", "b@example.org", "--password", "12345678"}, 1, "letters"},
		{"wrong e-mail", []string{domain, database}, []string{"account", "create", "bob", "--email", "bob", "--password", "12345678"}, 1, "you@example.org"},
		{"no name", []string{domain, database}, []string{"account", "create"}, 2, "usage:"},
		{"nobody", []string{domain, database}, []string{"account", "passwd", "bob", "--password", "12345678"}, 1, "no account bob"},
		{"nobody's token", []string{domain, database}, []string{"token", "create", "bob"}, 1, "no account bob"},
		{"delete without yes", []string{domain, database}, []string{"account", "delete", "bob"}, 2, "--yes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, out := run(t, c.env, c.args...)
			if code != c.code || !strings.Contains(out, c.want) || strings.Count(out, "\n") != 1 {
				t.Errorf("%d %q", code, out)
			}
		})
	}
}

func TestCommands(t *testing.T) {
	t.Parallel()
	env := []string{"KINGLET_DOMAIN=example.org", "KINGLET_DATABASE=" + filepath.Join(t.TempDir(), "k.db")}
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"version"}, 0, "kinglet 0."},
		{[]string{"help"}, 0, "account create"},
		{[]string{"migrate", "status"}, 0, "0001 spine: not applied"},
		{[]string{"migrate", "up"}, 0, "applied 0001 spine"},
		{[]string{"account", "create", "Bob", "--email", "b@example.org", "--password", "12345678", "--admin"}, 0, "@Bob@example.org"},
		{[]string{"account", "create", "bob", "--email", "c@example.org", "--password", "12345678"}, 1, "is taken"},
		{[]string{"account", "create", "carol", "--email", "B@example.org", "--password", "12345678"}, 1, "already in use"},
		{[]string{"account", "create", "admin", "--email", "d@example.org", "--password", "12345678"}, 1, "reserved"},
		{[]string{"account", "list"}, 0, "b@example.org"},
		{[]string{"account", "admin", "bob", "--revoke"}, 0, ""},
		{[]string{"token", "create", "bob", "--scopes", "read sing"}, 1, "sing"},
		{[]string{"account", "delete", "bob", "--yes"}, 0, "deleted"},
		{[]string{"account", "create", "bob", "--email", "e@example.org", "--password", "12345678"}, 1, "is taken"},
		{[]string{"migrate", "down"}, 0, "reverted 00"},
	} {
		if code, out := run(t, env, c.args...); code != c.code || !strings.Contains(out, c.want) {
			t.Errorf("%v: %d %q", c.args, code, out)
		}
	}
}

// kinglet local is up at once, with an account that can sign in and posts to
// read; it takes no settings.
func TestLocal(t *testing.T) {
	t.Parallel()
	bin, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	var out apptest.Log
	c := exec.CommandContext(t.Context(), bin, "local")
	c.Dir, c.Env, c.Stdout, c.Stderr = t.TempDir(), []string{"TMPDIR=" + t.TempDir(), noFile}, &out, &out
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Process.Signal(os.Interrupt); _ = c.Wait() }()
	field := func(name string) (value string) {
		eventually(t, "it prints its "+name, func() error {
			_, rest, ok := strings.Cut(out.String(), name+" ")
			if !ok {
				return os.ErrNotExist
			}
			value = strings.Fields(rest)[0]
			return nil
		})
		return value
	}
	address, secret := field("address"), field("password")
	b := newBrowser(t).open(address + "/@you")
	if text := b.text(); !strings.Contains(text, "My first post") || !strings.Contains(text, "boosted") {
		t.Errorf("the profile says %s", text)
	}
	b.open(address+"/auth/sign_in").submit("/auth/sign_in", "name", "you", "password", secret)
	if !strings.Contains(b.text(), "Sign out") {
		t.Errorf("not signed in: %s", b.text())
	}
	if strings.Contains(out.String(), "level=") {
		t.Errorf("nothing is to be warned of, and it says\n%s", out.String())
	}
}

// Two servers on one SQLite file would do all work twice: the second is refused.
func TestSecondServer(t *testing.T) {
	t.Parallel()
	n := newNode(t, "")
	c := exec.CommandContext(t.Context(), n.bin, "serve", "--listen", freeAddress(t))
	c.Env, c.Dir = n.env, t.TempDir()
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	if err := c.Run(); err == nil || !strings.Contains(out.String(), "another server is running on the database") {
		t.Errorf("%v %s", err, out.String())
	}
}

// The server listens on a unix socket as well, and replaces one that was left.
func TestUnixSocket(t *testing.T) {
	t.Parallel()
	bin, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "k") // socket names are short
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "s")
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", path)
	}}}
	for range 2 {
		c := exec.CommandContext(t.Context(), bin, "serve")
		c.Dir = t.TempDir()
		c.Env = []string{"KINGLET_DOMAIN=example.org", "KINGLET_LISTEN=unix:" + path, "KINGLET_DATABASE=" + filepath.Join(dir, "k.db"), noFile}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		eventually(t, "it answers", func() error {
			resp, err := client.Get("http://example.org/health")
			if err == nil {
				resp.Body.Close()
			}
			return err
		})
		_ = c.Process.Kill()
		_ = c.Wait()
	}
}
