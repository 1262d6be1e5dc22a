package ui

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"kinglet/internal/auth"
	"kinglet/internal/background"
	"kinglet/internal/fault"
	"kinglet/store"
)

// viewer is the signed-in account, nil for none.
func (u *UI) viewer(r *http.Request) *store.Account {
	secret := u.cookie(r, sessionCookie)
	if secret == "" {
		return nil
	}
	account, err := u.Auth.SessionAccount(r.Context(), secret)
	if err != nil {
		return nil
	}
	return account
}

// SignedIn reports whether a request has a valid session.
func (u *UI) SignedIn(r *http.Request) bool { return u.viewer(r) != nil }

// reader is the viewer, and the context for the page's reads: a signed-in user
// is served even when strangers hold all the connections that they may.
func (u *UI) reader(r *http.Request) (*store.Account, context.Context) {
	viewer := u.viewer(r)
	if viewer == nil {
		return nil, r.Context()
	}
	background.Known(r.Context())
	return viewer, store.AsKnown(r.Context())
}

// localRedirect is next if it is a path on this server, else "/".
func localRedirect(next string) string {
	p, err := url.Parse(next)
	if err != nil || p.IsAbs() || p.Host != "" || !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.ContainsAny(next, "\\\r\n\t") {
		return "/"
	}
	return next
}

type signInForm struct {
	Next, Name, Problem string
	CSRF                string
}

func (u *UI) signInPage(w http.ResponseWriter, r *http.Request) {
	u.showSignIn(w, r, http.StatusOK, signInForm{Next: localRedirect(r.URL.Query().Get("next"))})
}

func (u *UI) showSignIn(w http.ResponseWriter, r *http.Request, status int, f signInForm) {
	f.CSRF = u.signInToken(w, r)
	u.show(w, r, status, "sign_in.html", page{Title: "Sign in", Content: f, Viewer: u.viewer(r)})
}

// signIn starts a new session: the secret of an old one, whoever set it in the
// browser, becomes invalid.
func (u *UI) signIn(w http.ResponseWriter, r *http.Request) {
	form, err := u.form(w, r, signInForms, u.cookie(r, signInCookie))
	if err != nil {
		u.fail(w, r, err)
		return
	}
	f := signInForm{Next: localRedirect(form.Get("next")), Name: form.Get("name")}
	signedIn, err := u.Auth.SignIn(r.Context(), auth.SignInAttempt{
		Name: f.Name, Password: form.Get("password"), Address: u.Config.ClientAddress(r),
		Device: u.cookie(r, deviceCookie), Session: u.cookie(r, sessionCookie),
	})
	if fault.Is(err, fault.Unauthorized) {
		f.Problem = "That name and password do not go together. Check both and try again."
		u.showSignIn(w, r, http.StatusUnauthorized, f)
		return
	}
	if err != nil {
		u.fail(w, r, err)
		return
	}
	u.setCookie(w, sessionCookie, signedIn.Session, int(u.Config.Retention.Sessions.Seconds()))
	u.setCookie(w, deviceCookie, signedIn.Device, 365*24*60*60)
	u.setCookie(w, signInCookie, "", -1)
	http.Redirect(w, r, f.Next, http.StatusSeeOther)
}

func (u *UI) signOut(w http.ResponseWriter, r *http.Request) {
	secret := u.cookie(r, sessionCookie)
	if _, err := u.form(w, r, sessionForm, secret); err != nil {
		u.fail(w, r, err)
		return
	}
	if err := u.Auth.SignOut(r.Context(), secret); err != nil {
		u.fail(w, r, err)
		return
	}
	u.setCookie(w, sessionCookie, "", -1)
	http.Redirect(w, r, "/", http.StatusSeeOther)
}
