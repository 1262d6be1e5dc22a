package cmd

import (
	"io/fs"
	"log/slog"
	"net/http"
	"strings"

	"kinglet/ap"
	"kinglet/ap/vocab"
	"kinglet/api/federation"
	"kinglet/api/limit"
	"kinglet/api/mastodon"
	"kinglet/api/oauth"
	"kinglet/api/respond"
	"kinglet/internal/auth"
	"kinglet/internal/background"
	"kinglet/internal/config"
	"kinglet/internal/memory"
	"kinglet/internal/ratelimit"
	"kinglet/media"
	"kinglet/ui"

	"github.com/go-chi/chi/v5"
)

// handler combines the APIs and the pages. For URLs that both servers and
// browsers request, the Accept header decides which of them answers.
func handler(s *ap.Service, authService *auth.Service, log *slog.Logger, source fs.FS, work *background.Limit, watch *memory.Watch) (chi.Router, error) {
	limits := ratelimit.New(s.Store.Now, ratelimit.Settings(s.Config.Limits)...)
	pages, err := ui.New(ui.UI{Service: s, Auth: authService, Store: s.Store, Config: s.Config, Limits: limits, Log: log, Source: source})
	if err != nil {
		return nil, err
	}
	blobs := media.InStore(s.Store)
	fed := &federation.API{Service: s, Store: s.Store, Blobs: blobs, Config: s.Config, Limits: limits, Log: log}
	r := chi.NewRouter()
	tooMany := func(w http.ResponseWriter, r *http.Request) {
		if isAPI(r.URL.Path) || vocab.WantsActivityPub(r.Header.Get("Accept")) {
			respond.Error(w, r, log, respond.TooMany)
			return
		}
		pages.TooMany(w, r)
	}
	notText := func(w http.ResponseWriter, r *http.Request) { notText(w, r, pages, log) }
	shortage := &shortage{memory: watch, auth: authService, session: pages.SignedIn, config: s.Config, seen: ratelimit.NewRecent[struct{}](s.Store.Now, mostSeen)}
	r.Use(respond.Guard(log), respond.Deadlines, respond.Uncached, normalPath, limit.Requests(limits, s.Config, tooMany), allowAnyOrigin, shortage.refuseStrangers, onlyText(notText), headAsGet, oneAccept, respond.Conditional)
	pictures := media.NewKeeper(blobs, media.Limits{
		Bytes: min(s.Config.Limits.PictureMemory, memory.Limit()/2), Memory: s.Store.Memory(), Watch: watch, Background: work,
	})
	(&mastodon.API{Service: s, Auth: authService, Store: s.Store, Config: s.Config, Limits: limits, Log: log, Blobs: blobs, Pictures: pictures}).Routes(r)
	(&oauth.API{Auth: authService, Store: s.Store, Config: s.Config, Limits: limits, Log: log}).Routes(r)
	fed.Routes(r)
	pages.Routes(r)
	both := func(path string, document, page http.HandlerFunc) {
		r.Get(path, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Add("Vary", "Accept")
			if vocab.WantsActivityPub(r.Header.Get("Accept")) {
				document(w, r)
				return
			}
			page(w, r)
		})
	}
	both(config.ActorURL.Path(), fed.Actor, pages.ToProfile)
	both(config.ProfileURL.Path(), fed.Actor, pages.Profile)
	both(config.StatusURL.Path(), fed.Status, pages.Status)
	both(config.ObjectURL.Path(), fed.Object, pages.ToStatus(s.Config.ObjectURI))
	both(config.ActivityURL.Path(), fed.Activity, pages.ToStatus(s.Config.ActivityURI))
	both(config.ContextURL.Path(), fed.Context, pages.ToThread)
	r.NotFound(func(w http.ResponseWriter, r *http.Request) {
		if isAPI(r.URL.Path) || vocab.WantsActivityPub(r.Header.Get("Accept")) {
			respond.Error(w, r, log, respond.NoSuchEndpoint)
			return
		}
		pages.NotFound(w, r)
	})
	r.MethodNotAllowed(otherMethod(r, log))
	return r, nil
}

// notText answers a request that onlyText refuses.
func notText(w http.ResponseWriter, r *http.Request, pages *ui.UI, log *slog.Logger) {
	if isAPI(r.URL.Path) || vocab.WantsActivityPub(r.Header.Get("Accept")) || r.Method != http.MethodGet {
		respond.Error(w, r, log, respond.NotText)
		return
	}
	pages.NotFound(w, r)
}

func isAPI(path string) bool {
	for _, p := range []string{"/api/", "/oauth/", "/.well-known/", "/nodeinfo/", "/media/", "/static/", "/health"} {
		if strings.HasPrefix(path, p) {
			return path != "/oauth/authorize"
		}
	}
	return false
}

// allowAnyOrigin lets web clients of any origin use the APIs.
func allowAnyOrigin(next http.Handler) http.Handler {
	cors := respond.CORS(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if isAPI(r.URL.Path) {
			cors.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// oneAccept makes one Accept header of several, which mean the same (RFC 9110
// §5.3).
func oneAccept(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if list := r.Header.Values("Accept"); len(list) > 1 {
			r.Header.Set("Accept", strings.Join(list, ", "))
		}
		next.ServeHTTP(w, r)
	})
}

// headAsGet answers a HEAD like the corresponding GET; net/http drops the body.
func headAsGet(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead {
			chi.RouteContext(r.Context()).RouteMethod = http.MethodGet
		}
		next.ServeHTTP(w, r)
	})
}
