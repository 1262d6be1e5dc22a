package ui

import (
	"net/http"
	"net/url"
	"strings"

	"kinglet/internal/auth"
	"kinglet/store"
)

// consent is the question to the user: which client requests which scopes, and
// where the answer is redirected to.
type consent struct {
	App     *store.App
	Host    string // where the redirect leads
	Scopes  []string
	Request url.Values // what the form carries on
}

// requestKeys are the parameters of an authorization request.
var requestKeys = []string{"client_id", "redirect_uri", "response_type", "scope", "state", "code_challenge", "code_challenge_method"}

func authorization(q url.Values) *auth.Authorization {
	return &auth.Authorization{
		ClientID: q.Get("client_id"), RedirectURI: q.Get("redirect_uri"), ResponseType: q.Get("response_type"), Scopes: q.Get("scope"),
		Challenge: q.Get("code_challenge"), ChallengeMethod: q.Get("code_challenge_method"),
	}
}

// authorizePage asks the signed-in user whether a client may act for them;
// others are sent to sign in first, and with force_login everyone is.
func (u *UI) authorizePage(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	a := authorization(q)
	app, err := u.Auth.CheckAuthorization(r.Context(), a)
	if err != nil {
		u.fail(w, r, err)
		return
	}
	viewer := u.viewer(r)
	if viewer == nil || q.Get("force_login") == "true" {
		q.Del("force_login")
		http.Redirect(w, r, "/auth/sign_in?next="+url.QueryEscape("/oauth/authorize?"+q.Encode()), http.StatusSeeOther)
		return
	}
	c := consent{App: app, Host: redirectHost(a.RedirectURI), Scopes: describe(a.Scopes), Request: url.Values{}}
	for _, k := range requestKeys {
		if q.Has(k) {
			c.Request.Set(k, q.Get(k))
		}
	}
	u.show(w, r, http.StatusOK, "authorize.html", page{Title: "Allow " + app.Name + "?", Content: c, CSRF: u.csrf(r), Viewer: viewer}, formTarget(a.RedirectURI)...)
}

func (u *UI) authorize(w http.ResponseWriter, r *http.Request) {
	form, err := u.form(w, r, sessionForm, u.cookie(r, sessionCookie))
	if err != nil {
		u.fail(w, r, err)
		return
	}
	viewer := u.viewer(r)
	if viewer == nil { // the session has ended since
		http.Redirect(w, r, "/auth/sign_in", http.StatusSeeOther)
		return
	}
	a := authorization(form)
	if _, err := u.Auth.CheckAuthorization(r.Context(), a); err != nil {
		u.fail(w, r, err)
		return
	}
	answer := url.Values{}
	if form.Has("state") {
		answer.Set("state", form.Get("state"))
	}
	if form.Get("decision") != "allow" {
		answer.Set("error", "access_denied")
		answer.Set("error_description", "The resource owner or authorization server denied the request.")
	} else {
		code, err := u.Auth.IssueCode(r.Context(), viewer.ID, a)
		if err != nil {
			u.fail(w, r, err)
			return
		}
		answer.Set("code", code)
	}
	if a.RedirectURI == auth.OutOfBand {
		u.show(w, r, http.StatusOK, "code.html", page{Title: "Your code", Content: answer.Get("code"), Viewer: viewer})
		return
	}
	sep := "?"
	if strings.Contains(a.RedirectURI, "?") {
		sep = "&"
	}
	w.Header().Set("Location", a.RedirectURI+sep+answer.Encode())
	w.WriteHeader(http.StatusSeeOther)
}

func redirectHost(uri string) string {
	if uri == auth.OutOfBand {
		return ""
	}
	p, err := url.Parse(uri)
	if err != nil {
		return uri
	}
	if p.Host != "" && (p.Scheme == "https" || p.Scheme == "http") {
		return p.Host
	}
	return p.Scheme + ":"
}

// formTarget lets the consent form be redirected to the client: browsers apply
// form-action to redirects as well.
func formTarget(uri string) []string {
	p, err := url.Parse(uri)
	if err != nil || uri == auth.OutOfBand {
		return nil
	}
	if p.Scheme == "https" || p.Scheme == "http" {
		return []string{p.Scheme + "://" + p.Host}
	}
	return []string{p.Scheme + ":"}
}

// describe explains scopes in words.
func describe(scopes string) []string {
	var out []string
	for _, s := range strings.Fields(scopes) {
		top, part, divided := strings.Cut(s, ":")
		text := map[string]string{
			"read": "read everything of your account", "write": "post, edit and delete in your name", "follow": "follow, mute and block",
			"push": "send you push notifications", "profile": "see who you are", "offline_access": "stay connected until you end it", "admin": "administer this server",
		}[top]
		if divided && top != "admin" {
			text = top + " your " + strings.ReplaceAll(part, "_", " ")
		}
		out = append(out, text)
	}
	return out
}
