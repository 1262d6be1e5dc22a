package main

import (
	"bufio"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"kinglet/internal/apptest"

	_ "modernc.org/sqlite"
)

// oneLine reports whether a command said exactly one line that has a text.
func oneLine(out, want string) bool {
	return strings.Count(out, "\n") == 1 && strings.Contains(out, want)
}

// A closed terminal stops the server as SIGTERM does: what was begun is
// answered, and the database is closed.
func TestHangUp(t *testing.T) {
	n := newNode(t, "")
	alice := n.person("alice")
	alice.post("/api/v1/statuses", "status", "before the end")
	if err := n.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-n.exited:
		n.exited <- err
		if err != nil {
			t.Errorf("it ended with %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("it did not end")
	}
	if log := n.log.String(); !strings.Contains(log, "msg=stopped") {
		t.Error("it did not end in good order")
	}
	if _, err := os.Stat(n.database + "-wal"); err == nil {
		t.Error("the database was not closed")
	}
}

// serving runs `kinglet serve` until the test ends, and gives its log.
func serving(t *testing.T, env []string, args ...string) (*exec.Cmd, *apptest.Log) {
	t.Helper()
	bin, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	log := &apptest.Log{}
	c := exec.Command(bin, append([]string{"serve"}, args...)...)
	c.Dir = t.TempDir()
	c.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + c.Dir, noFile}, env...)
	c.Stdout, c.Stderr = log, log
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Process.Kill()
		_ = c.Wait()
		if t.Failed() && os.Getenv("KINGLET_TEST_LOG") != "" {
			t.Log(log.String())
		}
	})
	return c, log
}

// portsTried counts the ports that freeAddress looked at.
var portsTried atomic.Int32

// freeAddress is an address that nobody listens at, and that no other test of
// this process gets. It is none of those that the kernel gives to connections
// (from 32768 on): a server that ends and starts again finds it free.
func freeAddress(t testing.TB) string {
	t.Helper()
	for range 1000 {
		port := 10000 + (os.Getpid()*97+int(portsTried.Add(1)))%20000 // another process begins elsewhere
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			continue
		}
		l.Close()
		return l.Addr().String()
	}
	t.Fatal("no port is free")
	return ""
}

func TestSystemd(t *testing.T) {
	t.Parallel()
	name := fmt.Sprintf("@kinglet-%d-%d", os.Getpid(), time.Now().UnixNano())
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	said := func(want string) {
		t.Helper()
		b := make([]byte, 4096)
		for {
			_ = socket.SetReadDeadline(time.Now().Add(patience))
			n, err := socket.Read(b)
			if err != nil {
				t.Fatalf("%s was not said: %v", want, err)
			}
			if strings.HasPrefix(string(b[:n]), want) {
				return
			}
		}
	}
	listen := freeAddress(t)
	c, _ := serving(t, []string{"NOTIFY_SOCKET=" + name, "WATCHDOG_USEC=200000", "KINGLET_DOMAIN=example.org", "KINGLET_LISTEN=" + listen, "KINGLET_DATABASE=" + filepath.Join(t.TempDir(), "k.db")})
	said("EXTEND_TIMEOUT_USEC=")
	said("READY=1")
	resp, err := http.Get("http://" + listen + "/health")
	if err != nil || resp.StatusCode != 200 {
		t.Errorf("ready, and %v", err)
	}
	said("WATCHDOG=1")
	said("WATCHDOG=1")
	_ = c.Process.Signal(syscall.SIGTERM)
	said("STOPPING=1")
}

func TestHealthCommand(t *testing.T) {
	t.Parallel()
	n := newNode(t, "")
	if code, out := run(t, n.env, "health"); code != 0 || !oneLine(out, "OK") {
		t.Errorf("%d %q", code, out)
	}
	n.kill()
	if code, out := run(t, n.env, "health"); code != 1 || !oneLine(out, "does not answer") {
		t.Errorf("%d %q", code, out)
	}
	// A server that is not well is not well here either.
	n.env = append(n.env, "KINGLET_MIN_FREE_BYTES=900000000000000")
	n.start()
	resp, err := http.Get(n.url + "/health")
	if err != nil || resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("%v %v", resp, err)
	}
	if code, out := run(t, n.env, "health"); code != 1 || !oneLine(out, "503") {
		t.Errorf("%d %q", code, out)
	}
}

func TestSocketOfServe(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "k") // socket names are short
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	for _, c := range []struct {
		env  string
		mode os.FileMode
	}{{"HOME=/", 0o660}, {"KINGLET_LISTEN_MODE=0600", 0o600}, {"KINGLET_LISTEN_MODE=666", 0o666}} {
		path := filepath.Join(dir, fmt.Sprintf("%o", c.mode))
		env := []string{"KINGLET_DOMAIN=example.org", "KINGLET_LISTEN=unix:" + path, "KINGLET_DATABASE=" + path + ".db", c.env}
		serving(t, env)
		eventually(t, "kinglet health says OK", func() error {
			if code, out := run(t, env, "health"); code != 0 {
				return errors.New(out)
			}
			return nil
		})
		if fi, err := os.Stat(path); err != nil || fi.Mode().Perm() != c.mode {
			t.Errorf("%v %v, want %v", fi.Mode(), err, c.mode)
		}
	}
}

func TestNewDatabaseIsAnnounced(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "k.db")
	env := []string{"KINGLET_DOMAIN=example.org", "KINGLET_DATABASE=" + path}
	for _, args := range [][]string{{"serve"}, {"account", "list"}, {"migrate", "status"}} {
		if code, out := run(t, append(env, "KINGLET_CREATE=false", "KINGLET_LISTEN="+freeAddress(t)), args...); code != 1 || !oneLine(out, "KINGLET_CREATE") {
			t.Errorf("%v: %d %q", args, code, out)
		}
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("it was made all the same")
	}
	if code, out := run(t, env, "account", "list"); code != 0 || strings.Count(out, "level=WARN") != 1 || !strings.Contains(out, path) {
		t.Errorf("%d %q", code, out)
	}
	if code, out := run(t, append(env, "KINGLET_CREATE=false"), "account", "list"); code != 0 || strings.Contains(out, "WARN") {
		t.Errorf("%d %q", code, out)
	}
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	if code, out := run(t, append(env, "KINGLET_LISTEN="+freeAddress(t)), "serve"); code != 1 || !oneLine(out, "0 bytes") {
		t.Errorf("%d %q", code, out)
	}
}

// backDate takes away the newest step of the schema, as far as the table of
// them knows.
func backDate(t *testing.T, path string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("DELETE FROM schema_migrations WHERE version = (SELECT MAX(version) FROM schema_migrations)"); err != nil {
		t.Fatal(err)
	}
}

// The schema is never changed under a running server.
func TestCommandsOfANewerVersion(t *testing.T) {
	t.Parallel()
	n := newNode(t, "")
	if out, err := n.command("migrate", "up"); err != nil || !strings.Contains(out, "nothing to do") {
		t.Errorf("%v %s", err, out)
	}
	if code, out := run(t, n.env, "migrate", "down"); code != 1 || !oneLine(out, "a server is running") {
		t.Errorf("down: %d %q", code, out)
	}
	backDate(t, n.database) // now this binary is of a newer version than the database
	for _, args := range [][]string{{"account", "list"}, {"token", "create", "bob"}, {"account", "create", "bob", "--email", "b@example.org", "--password", "12345678"}} {
		if code, out := run(t, n.env, args...); code != 1 || !oneLine(out, "a server of another version is running") {
			t.Errorf("%v: %d %q", args, code, out)
		}
	}
	if code, out := run(t, n.env, "migrate", "up"); code != 1 || !oneLine(out, "a server is running") {
		t.Errorf("up: %d %q", code, out)
	}
	if code, out := run(t, n.env, "serve", "--listen", freeAddress(t)); code != 1 || !oneLine(out, "another server is running") {
		t.Errorf("serve: %d %q", code, out)
	}
}

func TestMigrateAtStart(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "k.db")
	env := []string{"KINGLET_DOMAIN=example.org", "KINGLET_DATABASE=" + path, "KINGLET_MIGRATE_AT_START=false", "KINGLET_LISTEN=" + freeAddress(t)}
	if code, out := run(t, env, "migrate", "status"); code != 0 {
		t.Fatal(out)
	}
	for _, args := range [][]string{{"serve"}, {"account", "list"}} {
		if code, out := run(t, env, args...); code != 1 || !oneLine(out, "kinglet migrate up") {
			t.Errorf("%v: %d %q", args, code, out)
		}
	}
	if code, out := run(t, env, "migrate", "up"); code != 0 {
		t.Fatal(out)
	}
	if code, out := run(t, env, "account", "list"); code != 0 {
		t.Errorf("%d %q", code, out)
	}
}

// A server under another domain does not bring the schema of a database up to
// date before it finds out whose it is.
func TestDomainIsAskedBeforeMigrating(t *testing.T) {
	t.Parallel()
	env := func(domain string) []string {
		return []string{"KINGLET_DOMAIN=" + domain, "KINGLET_LISTEN=" + freeAddress(t)}
	}
	database := "KINGLET_DATABASE=" + filepath.Join(t.TempDir(), "kinglet.db")
	if code, out := run(t, append(env("one.example"), database), "account", "create", "alice", "--email", "a@example.org", "--password", "12345678"); code != 0 {
		t.Fatal(out)
	}
	if code, out := run(t, []string{database}, "migrate", "down"); code != 0 {
		t.Fatal(out)
	}
	_, before := run(t, []string{database}, "migrate", "status")
	for _, args := range [][]string{{"serve"}, {"account", "create", "carol", "--email", "c@example.org", "--password", "12345678"}} {
		if code, out := run(t, append(env("two.example"), database), args...); code != 1 || !oneLine(out, "belongs to the domain one.example") {
			t.Errorf("%v: %d %q", args, code, out)
		}
		if _, after := run(t, []string{database}, "migrate", "status"); after != before {
			t.Errorf("%v: the schema is now\n%s", args, after)
		}
	}
}

func TestDatabaseKnowsItsDomain(t *testing.T) {
	t.Parallel()
	n := newNode(t, "")
	alice := n.person("alice")
	r := newRemote(t)
	bob := r.actor("bob")
	if status, body := bob.send(n.url+"/inbox", bob.activity("Follow", "follow", alice.uri())); status != 202 {
		t.Fatal(status, body)
	}
	eventually(t, "the Accept arrives", func() error {
		if len(r.all()) == 0 {
			return errors.New("it did not")
		}
		return nil
	})
	_ = n.cmd.Process.Signal(syscall.SIGTERM) // its job comes to an end
	if err := <-n.exited; err != nil {
		t.Fatal(err)
	}
	n.cmd = nil
	var asked atomic.Int64
	stranger := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { asked.Add(1); w.WriteHeader(404) }))
	defer stranger.Close()
	moved := func(set ...string) []string { return append(append([]string{}, n.env...), set...) }
	other := freeAddress(t)
	elsewhere := moved("KINGLET_DOMAIN="+other, "KINGLET_URL=http://"+other, "KINGLET_LISTEN="+other)
	for _, args := range [][]string{{"serve"}, {"account", "create", "carol", "--email", "c@example.org", "--password", "12345678"}, {"account", "delete", "alice", "--yes"}, {"account", "list"}} {
		if code, out := run(t, elsewhere, args...); code != 1 || !oneLine(out, "belongs to the domain "+n.domain) || !strings.Contains(out, "KINGLET_DOMAIN="+n.domain) {
			t.Errorf("%v: %d %q", args, code, out)
		}
	}
	// A copy runs under any domain, and sends no requests.
	before := len(r.all())
	copyOf, log := serving(t, elsewhere, "--as-copy")
	copied := &person{&node{t: t, url: "http://" + other, domain: other}, "alice", alice.token, http.DefaultClient}
	eventually(t, "the copy answers", func() error {
		_, err := copied.try("GET", "/api/v1/accounts/verify_credentials", nil, nil)
		return err
	})
	if said := log.String(); strings.Count(said, "level=WARN") != 1 || !strings.Contains(said, "nothing is delivered or fetched") {
		t.Errorf("it said %s", said)
	}
	copied.post("/api/v1/statuses", "status", "to my follower, and @stranger@"+strings.TrimPrefix(stranger.URL, "http://"))
	var found struct{ Accounts []object }
	copied.get("/api/v2/search", &found, "q", stranger.URL+"/users/stranger", "resolve", "true")
	if _, err := copied.try("GET", "/health", nil, nil); err != nil {
		t.Error(err)
	}
	_ = copyOf.Process.Signal(syscall.SIGTERM)
	_ = copyOf.Wait()
	if after := r.all(); len(after) != before || asked.Load() > 0 {
		t.Errorf("the copy asked %d times and delivered %v", asked.Load(), after[before:])
	}
	db, err := sql.Open("sqlite", "file:"+n.database)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var waiting, tried, lanes int
	if err := db.QueryRow(`
		SELECT (SELECT COUNT(*) FROM jobs WHERE kind = 'deliver' AND attempts = 0 AND dead_at = 0 AND claimed_by = ''),
		       (SELECT COUNT(*) FROM jobs WHERE attempts > 0 OR dead_at <> 0 OR error <> ''),
		       (SELECT COUNT(*) FROM lanes)`).Scan(&waiting, &tried, &lanes); err != nil || waiting == 0 || tried > 0 || lanes > 0 {
		t.Errorf("%d deliveries wait, %d jobs were tried, %d lanes failed, %v", waiting, tried, lanes, err)
	}
	db.Close()
	// The URL may change, the domain not; the copy left no mark.
	n.env = moved()
	n.start()
	n.kill()
	port := n.domain[strings.LastIndex(n.domain, ":")+1:]
	_, _ = serving(t, moved("KINGLET_URL=http://localhost:"+port))
	eventually(t, "it serves at another URL", func() error {
		_, err := alice.try("GET", "/api/v1/accounts/verify_credentials", nil, nil)
		return err
	})
	alice.client = http.DefaultClient
	post := alice.post("/api/v1/statuses", "status", "from another URL")
	if uri := post["uri"].(string); !strings.HasPrefix(uri, n.url+"/objects/") {
		t.Errorf("the id is %s", uri)
	}
	eventually(t, "it is delivered, by the same actor", func() error {
		for _, o := range r.all() {
			if note, ok := o["object"].(object); ok && note["id"] == post["uri"] && o["actor"] == alice.uri() {
				return nil
			}
		}
		return errors.New("it is not")
	})
}

// all is what has arrived in the inboxes.
func (r *remote) all() []object {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]object(nil), r.received...)
}

func TestPasswordFromStandardInput(t *testing.T) {
	t.Parallel()
	bin, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	env := []string{"KINGLET_DOMAIN=example.org", "KINGLET_DATABASE=" + filepath.Join(t.TempDir(), "k.db"), "KINGLET_LOG_LEVEL=error", noFile}
	with := func(in string, args ...string) (string, error) {
		c := exec.CommandContext(t.Context(), bin, args...)
		c.Dir, c.Env, c.Stdin = t.TempDir(), env, strings.NewReader(in)
		out, err := c.CombinedOutput()
		return string(out), err
	}
	if out, err := with("\n", "account", "create", "bob", "--email", "b@example.org", "--password", "-"); err == nil || !oneLine(out, "standard input") {
		t.Errorf("an empty line: %v %s", err, out)
	}
	if out, err := with("short\r\n12345678", "account", "create", "bob", "--email", "b@example.org", "--password", "-"); err == nil || !oneLine(out, "at least 8") {
		t.Errorf("the second line: %v %s", err, out)
	}
	if out, err := with("correct horse\nmore", "account", "create", "bob", "--email", "b@example.org", "--password", "-"); err != nil {
		t.Fatal(err, out)
	}
	if out, err := with("battery staple", "account", "passwd", "bob", "--password", "-"); err != nil {
		t.Error(err, out)
	}
}

// Each setting, given empty, is refused in a line or does no harm.
func TestEmptySettings(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "k.db")
	if code, out := run(t, []string{"KINGLET_DATABASE=" + path}, "migrate", "up"); code != 0 {
		t.Fatal(out)
	}
	doc, err := os.ReadFile("docs/CONFIGURATION.md")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(doc)) {
		cells := strings.Split(line, "|")
		if len(cells) < 3 || !strings.Contains(cells[2], "KINGLET_") {
			continue
		}
		n++
		name := strings.Trim(cells[2], " `")
		env := []string{"KINGLET_DOMAIN=example.org", "KINGLET_DATABASE=" + path, name + "="}
		code, out := run(t, env, "account", "create", fmt.Sprint("user", n), "--email", fmt.Sprint(n, "@example.org"), "--password", "12345678")
		if code != 0 && (code != 2 || !oneLine(out, name)) {
			t.Errorf("%s=: %d %s", name, code, out)
		}
	}
	if n < 15 {
		t.Errorf("only %d settings were found", n)
	}
}

func TestDatabaseAwayAtStart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	secret := filepath.Join(dir, "url")
	os.WriteFile(secret, []byte("postgres://kinglet:hunter2@127.0.0.1:1/kinglet?sslmode=disable\n"), 0o600)
	env := []string{"KINGLET_DOMAIN=example.org", "KINGLET_DATABASE_FILE=" + secret, "KINGLET_LISTEN=" + freeAddress(t)}
	for _, args := range [][]string{{"serve"}, {"account", "list"}} {
		if code, out := run(t, env, args...); code != 1 || !oneLine(out, "open database") || strings.Contains(out, "hunter2") {
			t.Errorf("%v: %d %q", args, code, out)
		}
	}
	os.Chmod(secret, 0o644)
	if code, out := run(t, env, "serve"); code != 2 || !oneLine(out, "others can read") {
		t.Errorf("%d %q", code, out)
	}
}

func TestStaticHasNoListing(t *testing.T) {
	t.Parallel()
	n := newNode(t, "")
	for path, want := range map[string]int{"/static/": 404, "/static/style.css": 200} {
		resp, err := http.Get(n.url + path)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != want || strings.Contains(string(b), `href="style.css"`) {
			t.Errorf("%s: %d", path, resp.StatusCode)
		}
	}
}

// local ends with a line that works as it is.
func TestLocalPrintsAFirstPost(t *testing.T) {
	t.Parallel()
	bin, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), bin, "local")
	c.Dir, c.Env = t.TempDir(), []string{"TMPDIR=" + t.TempDir(), noFile}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Process.Signal(os.Interrupt); _ = c.Wait() }()
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if line := strings.TrimSpace(lines.Text()); strings.HasPrefix(line, "curl ") {
			curl := exec.CommandContext(t.Context(), "sh", "-c", line+" -sS --retry 5 --retry-connrefused --fail")
			said, err := curl.CombinedOutput()
			if err != nil || !strings.Contains(string(said), "Hello, world") {
				t.Errorf("%s: %v %s", line, err, said)
			}
			return
		}
	}
	t.Error("there is no line")
}
