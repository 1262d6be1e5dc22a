package main

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// screenshot keeps a picture of the page in the folder that
// KINGLET_TEST_SCREENSHOTS names, for people to look at.
func (c *chrome) screenshot(name string) {
	c.t.Helper()
	dir := os.Getenv("KINGLET_TEST_SCREENSHOTS")
	if dir == "" {
		return
	}
	var out struct{ Data string }
	c.call("Page.captureScreenshot", map[string]any{"captureBeyondViewport": true}, &out)
	b, err := base64.StdEncoding.DecodeString(out.Data)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name+".png"), b, 0o644)
	}
	if err != nil {
		c.t.Fatal(err)
	}
}

// window sets its size and the colour scheme that its person prefers.
func (c *chrome) window(width int, scheme string) {
	c.t.Helper()
	c.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false}, nil)
	c.call("Emulation.setEmulatedMedia", map[string]any{"features": []map[string]string{{"name": "prefers-color-scheme", "value": scheme}}}, nil)
}

// press presses the tab key.
func (c *chrome) press() {
	c.t.Helper()
	for _, typ := range []string{"keyDown", "keyUp"} {
		c.call("Input.dispatchKeyEvent", map[string]any{"type": typ, "key": "Tab", "code": "Tab", "windowsVirtualKeyCode": 9}, nil)
	}
}

// contrastScript computes the contrast (WCAG 2.2) of a colour of an element
// with what is painted behind it.
const contrastScript = `(element, property) => {
	const numbers = s => s.match(/[\d.]+/g).map(Number);
	const light = s => numbers(s).slice(0, 3).map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
		.reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
	let behind = property === 'outlineColor' ? element.parentElement : element;
	while (behind.parentElement && numbers(getComputedStyle(behind).backgroundColor)[3] === 0) behind = behind.parentElement;
	const a = light(getComputedStyle(element)[property]), b = light(getComputedStyle(behind).backgroundColor);
	return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}`

// The pages in a real browser: directions, threads, contrast and focus in
// light and dark, wide and as narrow as 320 pixels (WCAG 2.2, 1.4.10).
func TestPagesInBrowser(t *testing.T) {
	t.Parallel()
	n := newNode(t, "")
	alice := n.person("alice")
	if _, err := alice.try("PATCH", "/api/v1/accounts/update_credentials", pairs([]string{
		"display_name", "أليس", "note", "مرحبا بكم\n\nand in English, with @alice and https://example.org/",
		"fields_attributes[0][name]", "موقع", "fields_attributes[0][value]", "https://example.org/a/very/long/address/that/does/not/fit/in/any/line",
	}), nil); err != nil {
		t.Fatal(err)
	}
	first := alice.post("/api/v1/statuses", "status", "The first, in English. #birds")
	second := alice.post("/api/v1/statuses", "status", "שלום לכולם! זה טקסט בעברית.\n\nAnd a paragraph in English.", "in_reply_to_id", first["id"].(string))
	third := alice.post("/api/v1/statuses", "status", "with a warning "+strings.Repeat("longword", 20), "spoiler_text", "אזהרה", "in_reply_to_id", second["id"].(string))
	// The direction of a reply is that of its words, not of the name it begins with.
	alice.post("/api/v1/statuses", "status", "@alice https://example.org/ תודה רבה", "in_reply_to_id", first["id"].(string))
	page := "/@alice/" + second["id"].(string)
	c := newChrome(t)
	for _, scheme := range []string{"light", "dark"} {
		for _, width := range []int{1200, 320} {
			c.window(width, scheme)
			name := map[int]string{1200: "wide", 320: "narrow"}[width] + "-" + scheme
			for at, path := range map[string]string{"home": "/", "profile": "/@alice", "status": page, "tag": "/tags/birds", "missing": "/@nobody", "sign-in": "/auth/sign_in"} {
				c.open(n.url + path)
				if fits := c.eval(`document.documentElement.scrollWidth <= innerWidth`); fits != "true" {
					t.Errorf("%s, %s: it is wider than the window", at, name)
				}
				if low := c.eval(`{const contrast = ` + contrastScript + `;
					[...document.querySelectorAll('a,p,h1,h2,span,time,summary,dt,dd,button,label')].filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()))
						.filter(e => contrast(e, 'color') < 4.5).map(e => e.outerHTML.slice(0, 80)).join(' | ')}`); low != "" {
					t.Errorf("%s, %s: text of too little contrast: %s", at, name, low)
				}
				c.screenshot(at + "-" + name)
			}
			focusIsVisible(t, c, n.url+page, name)
		}
	}

	c.window(1200, "light")
	c.open(n.url + "/@alice")
	for what, selector := range map[string]string{"the name": "h1", "the first paragraph": ".p-note p", "the field": "dt"} {
		if got := c.eval(`getComputedStyle(document.querySelector('` + selector + `')).direction`); what != "the first paragraph" && got != "rtl" {
			t.Errorf("%s reads from %s", what, got)
		}
	}
	// Of a text in two directions, each paragraph begins at its own side.
	sides := func(selector string) string {
		return c.eval(`[...document.querySelectorAll('` + selector + `')].map(p => {
			const r = document.createRange(); r.selectNodeContents(p);
			const box = p.getBoundingClientRect(), words = r.getBoundingClientRect();
			return words.left - box.left < 2 ? 'left' : box.right - words.right < 2 ? 'right' : 'neither';
		}).join(' ')`)
	}
	if got := sides(".p-note p"); got != "right left" {
		t.Errorf("the paragraphs of the biography stand %s", got)
	}
	if got := sides(".h-entry .content p"); !strings.HasPrefix(got, "right ") {
		t.Errorf("the reply, and what is older, stand %s", got)
	}
	if got := c.eval(`document.querySelector('link[rel=canonical]').href`); got != n.url+"/@alice" {
		t.Errorf("the one address is %s", got)
	}

	c.open(n.url + page + "/")
	if got := c.eval(`document.querySelector('link[rel=canonical]').href`); got != n.url+page {
		t.Errorf("the one address is %s", got)
	}
	if got := c.eval(`JSON.stringify([...document.querySelectorAll('.thread > .card')].map(e => e.getBoundingClientRect()).map((r, i, all) =>
		r.left === all[1].left ? 'at' : r.left > all[1].left ? 'in' : 'out'))`); got != `["at","at","in"]` {
		t.Errorf("before, the post, after: %s", got)
	}
	if got := c.eval(`getComputedStyle(document.querySelector('.below summary')).direction + getComputedStyle(document.querySelector('.below .content')).direction`); got != "rtlltr" || third == nil {
		t.Errorf("the warning and the text read from %s", got)
	}
}

// focusIsVisible goes over all that can be focused, by keyboard.
func focusIsVisible(t *testing.T, c *chrome, page, name string) {
	t.Helper()
	c.open(page)
	seen := 0
	for range 60 {
		c.press()
		if c.eval(`document.activeElement === document.body || document.activeElement.dataset.seen === '1'`) == "true" {
			break
		}
		if seen++; seen == 5 {
			c.screenshot("focus-" + name)
		}
		if got := c.eval(`{const e = document.activeElement, s = getComputedStyle(e); e.dataset.seen = '1';
			s.outlineStyle === 'solid' && parseFloat(s.outlineWidth) >= 2 && (` + contrastScript + `)(e, 'outlineColor') >= 3 ? '' :
				e.outerHTML.slice(0, 80) + ' ' + s.outline}`); got != "" {
			t.Errorf("%s: the focus is not to be seen on %s", name, got)
		}
	}
	if seen < 8 {
		t.Errorf("%s: only %d things can be focused", name, seen)
	}
}

// The page of the code shows all of it, wraps it in a narrow window, and one
// click selects it.
func TestCodePageInBrowser(t *testing.T) {
	t.Parallel()
	n := newNode(t, "")
	n.person("alice")
	const oob = "urn:ietf:wg:oauth:2.0:oob"
	var app struct {
		ClientID string `json:"client_id"`
	}
	postJSON(t, n.url+"/api/v1/apps", `{"client_name":"toot","redirect_uris":"`+oob+`"}`, &app)
	c := newChrome(t)
	c.window(320, "light")
	c.open(n.url + "/oauth/authorize?" + url.Values{"client_id": {app.ClientID}, "redirect_uri": {oob}, "response_type": {"code"}, "scope": {"read"}}.Encode())
	c.screenshot("sign-in-code")
	c.loaded(func() {
		c.eval(`document.querySelector('[name=name]').value = 'alice'; document.querySelector('[name=password]').value = '` + password + `'; document.querySelector('main form').requestSubmit()`)
	})
	c.screenshot("consent-narrow")
	c.loaded(func() { c.eval(`document.querySelector('button[value=allow]').click()`) })
	code := c.eval(`document.querySelector('.code').textContent`)
	if len(code) < 32 {
		t.Fatalf("the code is %q", code)
	}
	if fits := c.eval(`{const e = document.querySelector('.code'); const box = e.getBoundingClientRect();
		e.scrollWidth <= e.clientWidth && box.left >= 0 && box.right <= innerWidth && document.documentElement.scrollWidth <= innerWidth}`); fits != "true" {
		t.Error("a part of the code is cut off")
	}
	var at struct{ X, Y float64 }
	if err := json.Unmarshal([]byte(c.eval(`{const r = document.querySelector('.code').getBoundingClientRect(); JSON.stringify({X: r.left + r.width / 2, Y: r.top + r.height / 2})}`)), &at); err != nil {
		t.Fatal(err)
	}
	for _, typ := range []string{"mousePressed", "mouseReleased"} {
		c.call("Input.dispatchMouseEvent", map[string]any{"type": typ, "x": at.X, "y": at.Y, "button": "left", "clickCount": 1}, nil)
	}
	if selected := c.eval(`getSelection().toString()`); selected != code {
		t.Errorf("a click selects %q", selected)
	}
	c.screenshot("code-narrow")
	c.window(320, "dark")
	c.screenshot("code-narrow-dark")
}
