// Package ui serves the web pages: rendered on the server, readable without
// JavaScript, in light and dark. It reads views from the store and calls
// commands of ap; it has no social rules. Remote HTML was sanitised when it was
// written (internal/markup), so templates show it as it is; everything else is
// text, which html/template escapes. Read UI and page.
package ui

import (
	"embed"
	"errors"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"kinglet/ap"
	"kinglet/internal/auth"
	"kinglet/internal/config"
	"kinglet/internal/fault"
	"kinglet/internal/markup"
	"kinglet/internal/ratelimit"
	"kinglet/store"

	"github.com/go-chi/chi/v5"
)

//go:embed templates/*.html static/*
var files embed.FS

// UI serves the pages.
type UI struct {
	Service *ap.Service
	Auth    *auth.Service
	Store   *store.Store
	Config  *config.Config
	Limits  ratelimit.Counter
	Log     *slog.Logger
	Source  fs.FS // the source code of the program that runs

	pages   *template.Template
	origins *http.CrossOriginProtection // of forms
}

// New parses the templates.
func New(u UI) (*UI, error) {
	t, err := template.New("").Funcs(template.FuncMap{
		"html":      func(s string) template.HTML { return template.HTML(s) }, // internal/markup made it
		"date":      func(t time.Time) string { return t.Format("2 January 2006, 15:04 MST") },
		"iso":       func(t time.Time) string { return t.Format(time.RFC3339) },
		"name":      displayName,
		"otherHost": otherHost,
		"quoteLink": func(url string) template.HTML { return template.HTML(markup.QuoteLink(url)) },
		"count": func(n int64, one, many string) string {
			if n == 1 {
				return "1 " + one
			}
			return strconv.FormatInt(n, 10) + " " + many
		},
	}).ParseFS(files, "templates/*.html")
	if err != nil {
		return nil, err
	}
	u.pages = t
	u.origins = http.NewCrossOriginProtection()
	if err := u.origins.AddTrustedOrigin(u.Config.URL); err != nil { // a proxy may name another host
		return nil, err
	}
	return &u, nil
}

func displayName(a *store.Account) string {
	if a.DisplayName != "" {
		return a.DisplayName
	}
	return a.Username
}

// Routes mounts what only browsers request.
func (u *UI) Routes(r chi.Router) {
	r.Get("/", u.home)
	r.Get(config.TagURL.Path(), u.tag)
	r.Get("/auth/sign_in", u.signInPage)
	r.Post("/auth/sign_in", u.signIn)
	r.Post("/auth/sign_out", u.signOut)
	r.Get("/oauth/authorize", u.authorizePage)
	r.Post("/oauth/authorize", u.authorize)
	r.Get(config.InteractionPath, u.interaction)
	r.Post(config.InteractionPath, u.interact)
	r.Post("/auth/remote_follow", u.remoteFollow)
	static, err := fs.Sub(files, "static")
	if err != nil {
		panic(err) // the folder is embedded above
	}
	r.Get("/static/*", func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/") {
			u.NotFound(w, r) // a folder's list is nobody's business
			return
		}
		w.Header().Set("Cache-Control", "public, max-age=86400")
		http.StripPrefix("/static/", http.FileServerFS(static)).ServeHTTP(w, r)
	})
	u.machineRoutes(r)
}

// page is the data of every template.
type page struct {
	Title       string
	Description string
	Server      *config.Config
	Viewer      *store.Account // the signed-in account, nil for none
	Card        *card          // what a link to the page shows, nil for what nobody links to
	Index       bool           // whether search engines may keep it
	Document    string
	Content     any
	CSRF        string
	Version     string
}

// show renders a page. formTargets are where its forms may redirect to besides
// this server.
func (u *UI) show(w http.ResponseWriter, r *http.Request, status int, name string, p page, formTargets ...string) {
	p.Server, p.Version = u.Config, config.Version
	if p.Viewer != nil && p.CSRF == "" {
		p.CSRF = u.csrf(r) // to sign out; strangers are given no cookie
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src * data:; media-src *; base-uri 'none'; frame-ancestors 'none'; form-action "+
		strings.Join(append([]string{"'self'"}, formTargets...), " "))
	h.Set("X-Frame-Options", "DENY")
	h.Add("Vary", "Accept, Cookie")
	cache(w, status, name, p.Viewer)
	var b strings.Builder
	if err := u.pages.ExecuteTemplate(&b, name, p); err != nil {
		u.Log.Error("could not render page", "page", name, "error", err)
		http.Error(w, "Something went wrong here. It has been logged.", http.StatusInternalServerError)
		return
	}
	w.WriteHeader(status)
	_, _ = w.Write([]byte(b.String()))
}

// statusOf is the status of an error's page.
func statusOf(err error) int {
	switch fault.KindOf(err) {
	case fault.NotFound:
		return http.StatusNotFound
	case fault.Gone:
		return http.StatusGone
	case fault.Malformed:
		return http.StatusBadRequest
	case fault.Invalid:
		return http.StatusUnprocessableEntity
	case fault.TooLarge:
		return http.StatusRequestEntityTooLarge
	case fault.Unauthorized:
		return http.StatusUnauthorized
	case fault.Forbidden:
		return http.StatusForbidden
	case fault.Conflict:
		return http.StatusConflict
	case fault.RateLimited:
		return http.StatusTooManyRequests
	case fault.Unavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

type problem struct {
	Status  int
	Heading string
	Text    string
}

// fail shows an error as a page that says what to do next.
func (u *UI) fail(w http.ResponseWriter, r *http.Request, err error) {
	status := statusOf(err)
	var e *fault.Error
	if errors.As(err, &e) && e.Code != "" { // OAuth's, of the application
		u.problem(w, r, problem{http.StatusBadRequest, "The application can't be authorized", e.Message + ". Go back to the application and try again, or tell its developers."})
		return
	}
	switch status {
	case http.StatusNotFound:
		u.problem(w, r, problem{status, "Nothing here", "This page does not exist, or is not for everyone to see. Perhaps you have to sign in in your app."})
	case http.StatusGone:
		u.problem(w, r, problem{status, "Gone", "This was here once, and was deleted."})
	case http.StatusTooManyRequests:
		if errors.As(err, &e) && e.RetryAfter > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(int(e.RetryAfter.Seconds())))
		}
		u.problem(w, r, problem{status, "Too many tries", "Please wait a few minutes and try again."})
	case http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", "5")
		u.problem(w, r, problem{status, "Busy", "The server has too much to do just now. Try again in a moment."})
	case http.StatusForbidden, http.StatusBadRequest, http.StatusUnprocessableEntity, http.StatusRequestEntityTooLarge:
		u.problem(w, r, problem{status, "That did not work", err.Error()})
	default:
		if r.Context().Err() != nil {
			u.Log.Info("page not sent, the client has disconnected", "path", r.URL.Path, "error", err)
			return
		}
		u.Log.Error("page failed", "path", r.URL.Path, "error", err)
		u.problem(w, r, problem{http.StatusInternalServerError, "Something went wrong", "It is not your fault, and it has been logged. Try again in a moment."})
	}
}

func (u *UI) problem(w http.ResponseWriter, r *http.Request, p problem) {
	u.show(w, r, p.Status, "error.html", page{Title: p.Heading, Content: p, Viewer: u.viewer(r)})
}

// TooMany is the page for a client over the limit of pages.
func (u *UI) TooMany(w http.ResponseWriter, r *http.Request) {
	u.fail(w, r, fault.Errorf(fault.RateLimited, "too many pages"))
}

// NotFound is the page for an unknown URL.
func (u *UI) NotFound(w http.ResponseWriter, r *http.Request) {
	u.fail(w, r, fault.Errorf(fault.NotFound, "no such page"))
}
