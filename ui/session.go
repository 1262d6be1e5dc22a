package ui

import (
	"crypto/subtle"
	"net/http"
	"net/url"
	"strings"

	"kinglet/ap/ratelimit"
	"kinglet/store"
)

// Cookies: the session, and the token that forms carry as well, so that only
// our own pages can send them.
const (
	sessionCookie = "kinglet_session"
	csrfCookie    = "kinglet_csrf"
)

func (u *UI) setCookie(w http.ResponseWriter, name, value string, maxAge int) {
	http.SetCookie(w, &http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: maxAge, HttpOnly: true,
		Secure: strings.HasPrefix(u.Config.URL, "https://"), SameSite: http.SameSiteLaxMode,
	})
}

// viewer is who is signed in, nil for nobody.
func (u *UI) viewer(r *http.Request) *store.Account {
	c, err := r.Cookie(sessionCookie)
	if err != nil {
		return nil
	}
	var account *store.Account
	if err := u.Store.View(store.AsLookup(r.Context()), func(tx *store.Tx) (err error) {
		account, err = tx.SessionAccount(store.HashSecret(c.Value))
		return err
	}); err != nil {
		return nil
	}
	return account
}

// csrf is the token for a page's forms.
func (u *UI) csrf(w http.ResponseWriter, r *http.Request) string {
	if c, err := r.Cookie(csrfCookie); err == nil && len(c.Value) == 43 {
		return c.Value
	}
	token := store.NewSecret()
	u.setCookie(w, csrfCookie, token, 0)
	return token
}

// form reads a form that one of our own pages sent.
func (u *UI) form(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	if err := r.ParseForm(); err != nil {
		return nil, store.Errorf(store.Invalid, "The form can't be read")
	}
	c, err := r.Cookie(csrfCookie)
	if err != nil || subtle.ConstantTimeCompare([]byte(c.Value), []byte(r.PostForm.Get("csrf"))) != 1 {
		return nil, store.Errorf(store.Forbidden, "The page was open for too long, or your browser keeps no cookies. Go back, reload it, and try again.")
	}
	return r.PostForm, nil
}

// here is next if it is a path on this server, else "/".
func here(next string) string {
	p, err := url.Parse(next)
	if err != nil || p.IsAbs() || p.Host != "" || !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.ContainsAny(next, "\\\r\n\t") {
		return "/"
	}
	return next
}

type signInForm struct {
	Next, Name, Problem string
}

func (u *UI) signInPage(w http.ResponseWriter, r *http.Request) {
	u.showSignIn(w, r, http.StatusOK, signInForm{Next: here(r.URL.Query().Get("next"))})
}

func (u *UI) showSignIn(w http.ResponseWriter, r *http.Request, status int, f signInForm) {
	w.Header().Set("Cache-Control", "no-store")
	u.show(w, r, status, "sign_in.html", page{Title: "Sign in", Content: f, CSRF: u.csrf(w, r), Viewer: u.viewer(r)})
}

// signIn begins a new session: an old one's name is worth nothing afterwards.
func (u *UI) signIn(w http.ResponseWriter, r *http.Request) {
	form, err := u.form(w, r)
	if err != nil {
		u.fail(w, r, err)
		return
	}
	f := signInForm{Next: here(form.Get("next")), Name: form.Get("name")}
	byAddress, _, _ := u.Limits.Allow(ratelimit.SignIn, ratelimit.Client(r, u.Config.TrustedProxies))
	byName, _, _ := u.Limits.Allow(ratelimit.SignIn, "name "+strings.ToLower(f.Name))
	if !byAddress || !byName {
		u.fail(w, r, store.Errorf(store.RateLimited, "too many tries to sign in"))
		return
	}
	account, err := u.Service.SignIn(r.Context(), f.Name, form.Get("password"))
	if store.Is(err, store.Unauthorized) {
		f.Problem = "That name and password do not go together. Check both and try again."
		u.showSignIn(w, r, http.StatusUnauthorized, f)
		return
	}
	if err != nil {
		u.fail(w, r, err)
		return
	}
	secret, life := store.NewSecret(), u.Config.Retention.Sessions
	err = u.Store.Update(r.Context(), func(tx *store.Tx) error {
		if c, err := r.Cookie(sessionCookie); err == nil {
			if err := tx.DeleteSession(store.HashSecret(c.Value)); err != nil {
				return err
			}
		}
		return tx.PutSession(store.HashSecret(secret), account.ID, tx.Now().Add(life))
	})
	if err != nil {
		u.fail(w, r, err)
		return
	}
	u.setCookie(w, sessionCookie, secret, int(life.Seconds()))
	http.Redirect(w, r, f.Next, http.StatusSeeOther)
}

func (u *UI) signOut(w http.ResponseWriter, r *http.Request) {
	if _, err := u.form(w, r); err != nil {
		u.fail(w, r, err)
		return
	}
	if c, err := r.Cookie(sessionCookie); err == nil {
		if err := u.Store.Update(r.Context(), func(tx *store.Tx) error { return tx.DeleteSession(store.HashSecret(c.Value)) }); err != nil {
			u.fail(w, r, err)
			return
		}
	}
	u.setCookie(w, sessionCookie, "", -1)
	http.Redirect(w, r, "/", http.StatusSeeOther)
}
