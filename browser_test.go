package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// chrome is a page in a real Chromium, driven by the DevTools protocol. Each
// has its own cookies and cache, as in a private window.
type chrome struct {
	t       *testing.T
	conn    *websocket.Conn
	session string
	id      int
	events  []devtools
}

type devtools struct {
	ID        int                       `json:"id,omitempty"`
	Method    string                    `json:"method,omitempty"`
	SessionID string                    `json:"sessionId,omitempty"`
	Params    json.RawMessage           `json:"params,omitempty"`
	Result    json.RawMessage           `json:"result,omitempty"`
	Error     *struct{ Message string } `json:"error,omitempty"`
}

func newChrome(t *testing.T) *chrome {
	t.Helper()
	address, err := chromium.start()
	if errors.Is(err, exec.ErrNotFound) {
		if os.Getenv("KINGLET_TEST_REQUIRE_CHROMIUM") != "" {
			t.Fatal("Chromium is required: ", err)
		}
		t.Skip("no Chromium: ", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	conn, _, err := websocket.DefaultDialer.Dial(address, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	c := &chrome{t: t, conn: conn}
	var context struct{ BrowserContextID string }
	c.call("Target.createBrowserContext", map[string]any{"disposeOnDetach": true}, &context)
	var target struct{ TargetID string }
	c.call("Target.createTarget", map[string]any{"url": "about:blank", "browserContextId": context.BrowserContextID}, &target)
	var attached struct{ SessionID string }
	c.call("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached)
	c.session = attached.SessionID
	c.call("Page.enable", nil, nil)
	c.call("Log.enable", nil, nil)
	return c
}

// chromium is the one browser of all tests. Its start costs more than a test.
var chromium browserProcess

type browserProcess struct {
	mu      sync.Mutex
	cmd     *exec.Cmd
	profile string
	address string // of DevTools, once it runs
}

// start starts the browser at the first call.
func (p *browserProcess) start() (address string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	path, err := exec.LookPath("chromium")
	if err != nil {
		return "", err
	}
	for try := 0; p.address == "" && try < 3; try++ { // it sometimes dies at its start
		p.end()
		if err := p.try(path); err != nil {
			return "", err
		}
	}
	if p.address == "" {
		return "", errors.New("Chromium does not start")
	}
	return p.address, nil
}

func (p *browserProcess) try(path string) (err error) {
	if p.profile, err = os.MkdirTemp("", "kinglet-chrome-"); err != nil {
		return err
	}
	p.cmd = exec.Command(path, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--remote-debugging-port=0",
		"--user-data-dir="+p.profile, "about:blank")
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	stderr, err := p.cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := p.cmd.Start(); err != nil {
		return err
	}
	lines := bufio.NewScanner(stderr)
	for lines.Scan() {
		if u, ok := strings.CutPrefix(lines.Text(), "DevTools listening on "); ok {
			p.address = u
			go func() {
				for lines.Scan() { // what it says is not of interest, but must be read
				}
			}()
			return nil
		}
	}
	return nil
}

// end ends the browser, if it was started. Its other processes may write to the
// profile after the first has ended, and that is no failure of ours.
func (p *browserProcess) end() {
	if p.cmd != nil && p.cmd.Process != nil {
		_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
		_ = p.cmd.Wait()
	}
	if p.profile != "" {
		_ = os.RemoveAll(p.profile)
	}
	p.cmd, p.profile, p.address = nil, "", ""
}

func (c *chrome) call(method string, params, result any) {
	c.t.Helper()
	c.id++
	p, err := json.Marshal(params)
	if err != nil {
		c.t.Fatal(err)
	}
	if err := c.conn.WriteJSON(devtools{ID: c.id, Method: method, SessionID: c.session, Params: p}); err != nil {
		c.t.Fatal(err)
	}
	for {
		m := c.read()
		if m.ID != c.id {
			continue
		}
		if m.Error != nil {
			c.t.Fatalf("%s: %s", method, m.Error.Message)
		}
		if result != nil {
			if err := json.Unmarshal(m.Result, result); err != nil {
				c.t.Fatal(err)
			}
		}
		return
	}
}

func (c *chrome) read() devtools {
	c.t.Helper()
	var m devtools
	_ = c.conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	if err := c.conn.ReadJSON(&m); err != nil {
		c.t.Fatal("Chromium: ", err)
	}
	if m.Method != "" {
		c.events = append(c.events, m)
	}
	return m
}

// loaded waits for the page that do leads to.
func (c *chrome) loaded(do func()) {
	c.t.Helper()
	c.events = nil
	do()
	for n := 0; ; n++ {
		for _, e := range c.events[n:] {
			if e.Method == "Page.loadEventFired" {
				return
			}
		}
		n = len(c.events) - 1
		c.read()
	}
}

func (c *chrome) open(u string) {
	c.t.Helper()
	c.loaded(func() { c.call("Page.navigate", map[string]any{"url": u}, nil) })
}

// eval runs a script in the page and gives its value as text.
func (c *chrome) eval(script string) string {
	c.t.Helper()
	var out struct {
		Result           struct{ Value any }
		ExceptionDetails any
	}
	c.call("Runtime.evaluate", map[string]any{"expression": script, "returnByValue": true}, &out)
	if out.ExceptionDetails != nil {
		c.t.Fatalf("%s: %v", script, out.ExceptionDetails)
	}
	return fmt.Sprint(out.Result.Value)
}

// A person signs in and consents in a real browser, which holds the pages to
// their own Content-Security-Policy, and is sent back to a web client.
func TestBrowser(t *testing.T) {
	t.Parallel()
	n := newNode(t, "")
	alice := n.person("alice")
	alice.post("/api/v1/statuses", "status", "Hello #world, see https://example.org/a/very/long/address/to/look/at", "spoiler_text", "a greeting")
	c := newChrome(t)
	code := make(chan string, 1)
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if v := r.URL.Query().Get("code"); v != "" {
			code <- v
		}
		fmt.Fprint(w, "<p>back in the app")
	}))
	defer app.Close()
	var registered struct {
		ClientID string `json:"client_id"`
	}
	postJSON(t, n.url+"/api/v1/apps", `{"client_name":"A web client","redirect_uris":"`+app.URL+`/callback"}`, &registered)

	c.open(n.url + "/oauth/authorize?" + url.Values{
		"client_id": {registered.ClientID}, "redirect_uri": {app.URL + "/callback"}, "response_type": {"code"}, "scope": {"read"},
	}.Encode())
	c.loaded(func() {
		c.eval(`document.querySelector('[name=name]').value = 'alice'; document.querySelector('[name=password]').value = '` + password + `'; document.querySelector('main form').requestSubmit()`)
	})
	if text := c.eval(`document.body.innerText`); !strings.Contains(text, "A web client") || !strings.Contains(text, app.Listener.Addr().String()) {
		t.Fatalf("the consent page says %s", text)
	}
	c.loaded(func() { c.eval(`document.querySelector('button[value=allow]').click()`) })
	select {
	case v := <-code:
		if v == "" {
			t.Error("no code")
		}
	case <-time.After(patience):
		t.Fatalf("the app gets no code; the browser is at %s", c.eval(`location.href`))
	}

	grounds := map[string]string{}
	for _, scheme := range []string{"light", "dark"} {
		c.call("Emulation.setEmulatedMedia", map[string]any{"features": []map[string]string{{"name": "prefers-color-scheme", "value": scheme}}}, nil)
		c.open(n.url + "/@alice")
		grounds[scheme] = c.eval(`getComputedStyle(document.body).backgroundColor`)
		if got := c.eval(`getComputedStyle(document.querySelector('.content .invisible') || document.body).display`); got != "none" {
			t.Errorf("%s: what is to be hidden of a link is %s", scheme, got)
		}
		if wide := c.eval(`document.documentElement.scrollWidth <= innerWidth`); wide != "true" {
			t.Errorf("%s: the page is wider than the window", scheme)
		}
		for _, e := range c.events {
			if e.Method == "Log.entryAdded" {
				t.Errorf("%s: the browser complains: %s", scheme, e.Params)
			}
		}
	}
	if grounds["light"] == grounds["dark"] || grounds["light"] == "rgba(0, 0, 0, 0)" {
		t.Errorf("light and dark look alike: %v", grounds)
	}
}
