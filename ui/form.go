package ui

import (
	"net/http"
	"net/url"
	"strings"

	"kinglet/internal/auth"
	"kinglet/internal/fault"
	"kinglet/internal/ratelimit"
)

// The cookies: the session, the secret of the sign-in form before there is a
// session, and the secret that identifies a known browser.
const (
	sessionCookie = "kinglet_session"
	signInCookie  = "kinglet_sign_in"
	deviceCookie  = "kinglet_device"
)

// cookieName gives a cookie the prefix __Host- on https: then neither a
// subdomain nor a plain http page can set it. Browsers refuse the prefix on
// http, which is served on loopback only.
func (u *UI) cookieName(name string) string {
	if u.secure() {
		return "__Host-" + name
	}
	return name
}

func (u *UI) secure() bool { return strings.HasPrefix(u.Config.URL, "https://") }

func (u *UI) setCookie(w http.ResponseWriter, name, value string, maxAge int) {
	http.SetCookie(w, &http.Cookie{
		Name: u.cookieName(name), Value: value, Path: "/", MaxAge: maxAge, HttpOnly: true, Secure: u.secure(), SameSite: http.SameSiteLaxMode,
	})
}

// cookie is the secret in a cookie, "" when there is none: it has the length of
// auth.NewSecret's.
func (u *UI) cookie(r *http.Request, name string) string {
	c, err := r.Cookie(u.cookieName(name))
	if err != nil || len(c.Value) != 43 {
		return ""
	}
	return c.Value
}

// The uses of form tokens: a token is only valid for one of them.
const (
	sessionForm = "session form"
	signInForms = "sign-in form"
)

// csrf is the token for the forms of the signed-in user. It is derived from the
// session, so that no other session's is valid, and only this server can make
// it, so that nobody can plant a valid pair in somebody's browser.
func (u *UI) csrf(r *http.Request) string {
	return u.Auth.Sign(sessionForm, u.cookie(r, sessionCookie))
}

// signInToken is the token for the sign-in form, derived from a cookie of its
// own.
func (u *UI) signInToken(w http.ResponseWriter, r *http.Request) string {
	secret := u.cookie(r, signInCookie)
	if secret == "" {
		secret = auth.NewSecret()
		u.setCookie(w, signInCookie, secret, 0)
	}
	return u.Auth.Sign(signInForms, secret)
}

// maxForm limits a form: a consent carries the client's state.
const maxForm = 32 << 10

// form reads a form that one of our own pages sent, in this browser: its token
// was made for the use, from the secret in the browser's cookie.
func (u *UI) form(w http.ResponseWriter, r *http.Request, use, secret string) (url.Values, error) {
	form, err := u.readForm(w, r)
	if err != nil {
		return nil, err
	}
	if secret == "" || !u.Auth.Verify(use, secret, form.Get("csrf")) {
		return nil, fault.Errorf(fault.Forbidden, "The page was open for too long, or your browser keeps no cookies. Go back, reload it, and try again.")
	}
	return form, nil
}

// readForm reads a form that changes nothing. Too many forms, forms of other
// sites and large ones are refused before anything is read.
func (u *UI) readForm(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	if !u.Limits.Count(ratelimit.Address, u.Config.ClientAddress(r)).Allowed {
		return nil, fault.Errorf(fault.RateLimited, "too many forms")
	}
	if err := u.origins.Check(r); err != nil {
		return nil, fault.Errorf(fault.Forbidden, "This form was sent from another site. If that was you, go back to this server's own page and try again.")
	}
	if r.ContentLength > maxForm {
		return nil, fault.Errorf(fault.TooLarge, "The form is too large")
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return nil, fault.Errorf(fault.Invalid, "The form is invalid")
	}
	return r.PostForm, nil
}
