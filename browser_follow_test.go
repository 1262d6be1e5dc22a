package main

import (
	"net/url"
	"strings"
	"testing"
)

// A "follow" button of another server, in a real browser: one signs in, comes
// back to whom it was about, and follows with one click. A visitor of a profile
// is shown the way to their own server.
func TestFollowInBrowser(t *testing.T) {
	t.Parallel()
	n := newNode(t, "")
	n.person("alice")
	n.person("bob")
	c := newChrome(t)
	fits := func(at string) {
		t.Helper()
		if c.eval(`document.documentElement.scrollWidth <= innerWidth`) != "true" {
			t.Errorf("%s is wider than the window", at)
		}
		if low := c.eval(`{const contrast = ` + contrastScript + `;
			[...document.querySelectorAll('a,p,h1,strong,span,button,label,code')].filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()))
				.filter(e => contrast(e, 'color') < 4.5).map(e => e.outerHTML.slice(0, 80)).join(' | ')}`); low != "" {
			t.Errorf("%s: text of too little contrast: %s", at, low)
		}
		c.screenshot(at)
	}
	main := func() string { return c.eval(`document.querySelector('main').innerText`) }

	c.window(320, "dark")
	c.open(n.url + "/@bob")
	fits("follow-form")
	c.loaded(func() {
		c.eval(`document.querySelector('[name=visitor]').value = '@alice@' + location.host; document.querySelector('form.follow').requestSubmit()`)
	})
	if got := c.eval(`location.href`); !strings.HasPrefix(got, n.url+"/auth/remote_follow") {
		t.Fatalf("the form leads to %s", got)
	}
	fits("follow-elsewhere")
	link := c.eval(`document.querySelector('main a.quiet').href`)
	if link != n.url+"/authorize_interaction?uri="+url.QueryEscape(n.url+"/users/bob") {
		t.Fatalf("the link leads to %s: %s", link, main())
	}

	c.loaded(func() { c.eval(`document.querySelector('main a.quiet').click()`) })
	if got := c.eval(`location.pathname`); got != "/auth/sign_in" {
		t.Fatalf("who is not signed in is led to %s", got)
	}
	c.loaded(func() {
		c.eval(`document.querySelector('[name=name]').value = 'alice'; document.querySelector('[name=password]').value = '` + password + `'; document.querySelector('main form').requestSubmit()`)
	})
	if got := c.eval(`location.pathname`); got != "/authorize_interaction" || !strings.Contains(main(), "bob") {
		t.Fatalf("signing in leads to %s: %s", got, main())
	}
	fits("follow-narrow")
	c.loaded(func() { c.eval(`document.querySelector('button[value=follow]').click()`) })
	if !strings.Contains(main(), "You follow this account") {
		t.Errorf("after the click: %s", main())
	}
	c.loaded(func() { c.eval(`document.querySelector('button[value=unfollow]').click()`) })
	if strings.Contains(main(), "You follow this account") {
		t.Errorf("after another: %s", main())
	}
	c.window(1200, "light")
	c.open(n.url + "/authorize_interaction?uri=" + url.QueryEscape("just words"))
	if !strings.Contains(main(), "Nothing was found") {
		t.Errorf("%s", main())
	}
	fits("nothing-found")
}
