package ui_test

import (
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"kinglet/internal/apptest"
	"kinglet/internal/auth"
)

const callback = "phoneapp://callback"

// site is a server where alice lives, and a client that asks for consent.
type site struct {
	*apptest.Server
	t        *testing.T
	clientID string
}

// newSite makes one that is reached at base.
func newSite(t *testing.T, base string, settings ...string) *site {
	s := apptest.NewWorld(t).Server("kinglet.test", append(settings, "KINGLET_URL="+base)...)
	app, _, err := s.Auth.RegisterApp(t.Context(), auth.NewApp{Name: "an app", RedirectURIs: []string{callback}})
	if err != nil {
		t.Fatal(err)
	}
	s.Account("alice")
	return &site{s, t, app.ClientID}
}

// browser keeps cookies as one does, of one address.
type browser struct {
	*site
	cookies map[string]string
	address string
	header  http.Header // sent along
	set     []*http.Cookie
}

func (s *site) browser() *browser {
	return &browser{site: s, cookies: map[string]string{}, address: "198.51.100.1", header: http.Header{}}
}

func (b *browser) do(method, path string, form url.Values) *httptest.ResponseRecorder {
	b.t.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r := httptest.NewRequest(method, b.Config.URL+path, body)
	r.RemoteAddr = b.address + ":1234"
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	for k, v := range b.header {
		r.Header[k] = v
	}
	w := b.Do(r)
	b.set = w.Result().Cookies()
	for _, c := range b.set {
		if b.cookies[c.Name] = c.Value; c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		}
	}
	return w
}

var tokenField = regexp.MustCompile(`action="([^"]+)">\s*<input type="hidden" name="csrf" value="([^"]*)"`)

// token is the one of a page's form that leads to action.
func (b *browser) token(path, action string) string {
	b.t.Helper()
	for _, m := range tokenField.FindAllStringSubmatch(b.do("GET", path, nil).Body.String(), -1) {
		if m[1] == action {
			return html.UnescapeString(m[2])
		}
	}
	b.t.Fatalf("no form to %s at %s", action, path)
	return ""
}

func (b *browser) signIn() *browser {
	b.t.Helper()
	form := url.Values{"csrf": {b.token("/auth/sign_in", "/auth/sign_in")}, "name": {"alice"}, "password": {apptest.Password}, "next": {"/"}}
	if w := b.do("POST", "/auth/sign_in", form); w.Code != http.StatusSeeOther {
		b.t.Fatalf("sign in: %d %s", w.Code, w.Body)
	}
	return b
}

// consent is the form by which alice allows the client everything it asks.
func (s *site) consent(token string) url.Values {
	return url.Values{
		"client_id": {s.clientID}, "redirect_uri": {callback}, "response_type": {"code"}, "scope": {"read"}, "decision": {"allow"}, "csrf": {token},
	}
}

func (s *site) consentPage() string { return "/oauth/authorize?" + s.consent("").Encode() }

// gaveCode reports whether an answer sends a code to the client.
func gaveCode(w *httptest.ResponseRecorder) bool {
	return strings.Contains(w.Header().Get("Location"), "code=")
}

// eachScheme runs a test on https, and on http as on loopback.
func eachScheme(t *testing.T, run func(t *testing.T, s *site, prefix string)) {
	t.Run("https", func(t *testing.T) { run(t, newSite(t, "https://kinglet.test"), "__Host-") })
	t.Run("http", func(t *testing.T) { run(t, newSite(t, "http://localhost:8080"), "") })
}

// A consent is taken from the session's own page only: not with an empty
// token or cookie, not with a pair that somebody put into the browser, not
// with the token of another session or of another form.
func TestForgedConsent(t *testing.T) {
	eachScheme(t, func(t *testing.T, s *site, prefix string) {
		alice := s.browser().signIn()
		session := alice.cookies[prefix+"kinglet_session"]
		attacker := s.browser()
		signInToken := attacker.token("/auth/sign_in", "/auth/sign_in")
		planted := attacker.cookies[prefix+"kinglet_sign_in"]
		same := s.browser() // whose sign-in form is made of the session's secret
		same.cookies[prefix+"kinglet_sign_in"] = session
		otherForm := same.token("/auth/sign_in", "/auth/sign_in")
		other := s.browser().signIn()
		others := other.token(s.consentPage(), "/oauth/authorize")
		for name, c := range map[string]struct {
			token   string
			cookies map[string]string
		}{
			"an empty token": {"", nil}, "an empty pair": {"", map[string]string{"kinglet_csrf": "", prefix + "kinglet_csrf": ""}},
			"a pair of the old kind":   {strings.Repeat("A", 43), map[string]string{"kinglet_csrf": strings.Repeat("A", 43), prefix + "kinglet_csrf": strings.Repeat("A", 43)}},
			"the session itself":       {session, nil},
			"its hash":                 {auth.HashSecret(session), nil},
			"another session's":        {others, nil},
			"the sign-in form's":       {signInToken, map[string]string{prefix + "kinglet_sign_in": planted}},
			"the session's other form": {otherForm, map[string]string{prefix + "kinglet_sign_in": session}},
		} {
			b := s.browser()
			b.cookies[prefix+"kinglet_session"] = session
			for k, v := range c.cookies {
				b.cookies[k] = v
			}
			if w := b.do("POST", "/oauth/authorize", s.consent(c.token)); w.Code != http.StatusForbidden || gaveCode(w) {
				t.Errorf("%s: %d to %q", name, w.Code, w.Header().Get("Location"))
			}
			if w := b.do("POST", "/auth/sign_out", url.Values{"csrf": {c.token}}); w.Code != http.StatusForbidden {
				t.Errorf("%s signs out: %d", name, w.Code)
			}
		}
		for name, cookies := range map[string]map[string]string{
			"no session": {}, "an empty session": {prefix + "kinglet_session": ""}, "one that is none": {prefix + "kinglet_session": strings.Repeat("A", 43)},
		} {
			b := s.browser()
			b.cookies = cookies
			for _, token := range []string{"", others, signInToken, s.Auth.Sign("session form", "")} {
				if w := b.do("POST", "/oauth/authorize", s.consent(token)); gaveCode(w) || w.Code == http.StatusOK {
					t.Errorf("%s: %d to %q", name, w.Code, w.Header().Get("Location"))
				}
			}
		}
		if w := alice.do("POST", "/oauth/authorize", s.consent(alice.token(s.consentPage(), "/oauth/authorize"))); !gaveCode(w) {
			t.Errorf("her own consent: %d %s", w.Code, w.Body)
		}
	})
}

// What another site sends is refused whatever it carries, also by a neighbour
// under the same domain; what our own pages send is taken behind a proxy that
// names another host.
func TestFormsOfOtherSites(t *testing.T) {
	eachScheme(t, func(t *testing.T, s *site, _ string) {
		alice := s.browser().signIn()
		token := alice.token(s.consentPage(), "/oauth/authorize")
		for name, c := range map[string]struct {
			header, value string
			taken         bool
		}{
			"another site":           {"Sec-Fetch-Site", "cross-site", false},
			"a subdomain":            {"Sec-Fetch-Site", "same-site", false},
			"another origin":         {"Origin", "https://evil.test", false},
			"a subdomain's origin":   {"Origin", "https://evil.kinglet.test", false},
			"an origin without name": {"Origin", "null", false},
			"our own page":           {"Sec-Fetch-Site", "same-origin", true},
			"our own origin":         {"Origin", s.Config.URL, true},
		} {
			alice.header = http.Header{c.header: {c.value}}
			if w := alice.do("POST", "/oauth/authorize", s.consent(token)); gaveCode(w) != c.taken {
				t.Errorf("consent of %s: %d", name, w.Code)
			}
			b := s.browser()
			form := url.Values{"csrf": {b.token("/auth/sign_in", "/auth/sign_in")}, "name": {"alice"}, "password": {apptest.Password}}
			b.header = alice.header
			if w := b.do("POST", "/auth/sign_in", form); (w.Code == http.StatusSeeOther) != c.taken {
				t.Errorf("sign-in of %s: %d", name, w.Code)
			}
			s.World.Clock.Advance(time.Hour)
		}
		alice.header = http.Header{"Sec-Fetch-Site": {"cross-site"}}
		if w := alice.do("POST", "/auth/sign_out", url.Values{"csrf": {token}}); w.Code != http.StatusForbidden {
			t.Errorf("another site signs out: %d", w.Code)
		}
	})
}

// Behind a proxy that names another host in its requests, our own origin is
// still our own, for browsers that say nothing but the origin.
func TestProxyNamesAnotherHost(t *testing.T) {
	s := newSite(t, "https://kinglet.test")
	alice := s.browser().signIn()
	form := s.consent(alice.token(s.consentPage(), "/oauth/authorize"))
	for origin, want := range map[string]int{"https://kinglet.test": http.StatusSeeOther, "https://evil.test": http.StatusForbidden, "http://kinglet.test": http.StatusForbidden} {
		r := httptest.NewRequest("POST", "http://backend:8080/oauth/authorize", strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", origin)
		for name, value := range alice.cookies {
			r.AddCookie(&http.Cookie{Name: name, Value: value})
		}
		w := s.Do(r)
		if w.Code != want {
			t.Errorf("%s: %d", origin, w.Code)
		}
	}
}

// A client that sends too many forms gets an error, whatever is in them.
func TestFormsAreCounted(t *testing.T) {
	s := newSite(t, "https://kinglet.test", "KINGLET_LIMITS_PAGES=100000/5m") // forms have a limit of their own
	b := s.browser()
	for range 600 {
		b.do("POST", "/auth/sign_out", url.Values{})
	}
	for _, path := range []string{"/auth/sign_in", "/auth/sign_out", "/oauth/authorize"} {
		if w := b.do("POST", path, url.Values{}); w.Code != http.StatusTooManyRequests {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

// Signing in needs the page's own token: nobody is signed in as somebody else
// by another's form.
func TestForgedSignIn(t *testing.T) {
	eachScheme(t, func(t *testing.T, s *site, prefix string) {
		attacker := s.browser()
		token := attacker.token("/auth/sign_in", "/auth/sign_in")
		signedIn := s.browser().signIn()
		sessionToken := signedIn.token("/", "/auth/sign_out")
		for name, c := range map[string]struct{ token, cookie string }{
			"nothing": {"", ""}, "an empty pair": {"", ""}, "a made-up pair": {strings.Repeat("A", 43), strings.Repeat("A", 43)},
			"another browser's token": {token, auth.NewSecret()}, "a token and no cookie": {token, ""},
			"a session's token": {sessionToken, signedIn.cookies[prefix+"kinglet_session"]},
			"a short cookie":    {s.Auth.Sign("sign-in form", "x"), "x"}, "an empty cookie's token": {s.Auth.Sign("sign-in form", ""), ""},
		} {
			b := s.browser()
			b.cookies[prefix+"kinglet_sign_in"] = c.cookie
			w := b.do("POST", "/auth/sign_in", url.Values{"csrf": {c.token}, "name": {"alice"}, "password": {apptest.Password}})
			if w.Code != http.StatusForbidden || b.cookies[prefix+"kinglet_session"] != "" {
				t.Errorf("%s: %d", name, w.Code)
			}
		}
	})
}

// Cookies can't be set by a subdomain or a page on http (__Host-), are not
// read by scripts, and are not sent along by other sites.
func TestCookies(t *testing.T) {
	eachScheme(t, func(t *testing.T, s *site, prefix string) {
		b := s.browser()
		b.do("GET", "/auth/sign_in", nil)
		all := b.set
		b.signIn()
		all = append(all, b.set...)
		names := map[string]bool{}
		for _, c := range all {
			names[c.Name] = true
			if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" || c.Secure != (prefix != "") {
				t.Errorf("%s", c.Raw)
			}
		}
		for _, name := range []string{"kinglet_session", "kinglet_sign_in", "kinglet_device"} {
			if !names[prefix+name] {
				t.Errorf("no cookie %s%s among %v", prefix, name, names)
			}
		}
		if prefix != "" { // the plain name is anybody's to set
			plain := s.browser()
			plain.cookies["kinglet_session"] = b.cookies[prefix+"kinglet_session"]
			if w := plain.do("GET", s.consentPage(), nil); w.Code != http.StatusSeeOther {
				t.Errorf("a session of the plain name: %d", w.Code)
			}
		}
	})
}

// Signing in begins a new session, and the one before it ends, whoever knows
// it; signing out ends it on the server.
func TestSessionsAreRenewed(t *testing.T) {
	eachScheme(t, func(t *testing.T, s *site, prefix string) {
		b := s.browser().signIn()
		first, device := b.cookies[prefix+"kinglet_session"], b.cookies[prefix+"kinglet_device"]
		b.signIn()
		second := b.cookies[prefix+"kinglet_session"]
		stands := func(session string) bool {
			b := s.browser()
			b.cookies[prefix+"kinglet_session"] = session
			return b.do("GET", s.consentPage(), nil).Code == http.StatusOK
		}
		if first == second || stands(first) || !stands(second) {
			t.Errorf("the session is not renewed: first stands %v, second %v", stands(first), stands(second))
		}
		if b.cookies[prefix+"kinglet_device"] != device {
			t.Error("the browser is not known again")
		}
		fixed := s.browser()
		fixed.cookies[prefix+"kinglet_session"] = strings.Repeat("A", 43)
		fixed.signIn()
		if stands(strings.Repeat("A", 43)) {
			t.Error("a session that was put into the browser is signed in")
		}
		if w := b.do("POST", "/auth/sign_out", url.Values{"csrf": {b.token("/", "/auth/sign_out")}}); w.Code != http.StatusSeeOther || stands(second) {
			t.Errorf("signed out, it stands: %d", w.Code)
		}
		kept := s.browser().signIn().cookies[prefix+"kinglet_session"]
		s.World.Clock.Advance(s.Config.Retention.Sessions)
		if stands(kept) {
			t.Error("a session has no end")
		}
	})
}

// The limits of signing in hold at the page: wrong passwords lock strangers
// out, not the browser that signed in before.
func TestSignInLimits(t *testing.T) {
	s := newSite(t, "https://kinglet.test")
	owner := s.browser().signIn()
	try := func(b *browser, password string) int {
		form := url.Values{"csrf": {b.token("/auth/sign_in", "/auth/sign_in")}, "name": {"alice"}, "password": {password}}
		return b.do("POST", "/auth/sign_in", form).Code
	}
	codes := map[int]int{}
	for i := range 60 {
		b := s.browser()
		b.address = fmt.Sprintf("192.0.2.%d", i+1)
		codes[try(b, "a guess")]++
	}
	if codes[http.StatusUnauthorized] != 10 || codes[http.StatusTooManyRequests] != 50 {
		t.Errorf("of 60 guesses: %v", codes)
	}
	stranger := s.browser()
	stranger.address = "203.0.113.1"
	form := url.Values{"csrf": {stranger.token("/auth/sign_in", "/auth/sign_in")}, "name": {"alice"}, "password": {apptest.Password}}
	if w := stranger.do("POST", "/auth/sign_in", form); w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") == "" {
		t.Errorf("a stranger with the right password: %d %v", w.Code, w.Header())
	}
	owner.address = "203.0.113.2"
	if code := try(owner, apptest.Password); code != http.StatusSeeOther {
		t.Errorf("the owner's browser elsewhere: %d", code)
	}
}

// One stays on this site after signing in.
func TestRedirectsAfterSignIn(t *testing.T) {
	s := newSite(t, "https://kinglet.test")
	for next, want := range map[string]string{
		"/": "/", "/@alice": "/@alice", "/oauth/authorize?a=b&c=d": "/oauth/authorize?a=b&c=d", "": "/",
		"https://evil.test/": "/", "//evil.test": "/", "///evil.test": "/", `/\evil.test`: "/", `\\evil.test`: "/", "/\t/evil.test": "/", "/\n/evil.test": "/",
		"javascript:alert(1)": "/", "evil.test": "/", "http:evil.test": "/", "/ /evil.test": "/ /evil.test",
	} {
		b := s.browser()
		form := url.Values{"csrf": {b.token("/auth/sign_in", "/auth/sign_in")}, "name": {"alice"}, "password": {apptest.Password}, "next": {next}}
		w := b.do("POST", "/auth/sign_in", form)
		got, err := url.PathUnescape(w.Header().Get("Location"))
		if w.Code != http.StatusSeeOther || err != nil || got != want {
			t.Errorf("%q leads to %q: %d", next, w.Header().Get("Location"), w.Code)
		}
	}
}
