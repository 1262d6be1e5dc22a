package cmd

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"kinglet/ap"
	"kinglet/ap/signature/signaturetest"
	"kinglet/api/apitest"
	"kinglet/internal/auth"
	"kinglet/internal/background"
	"kinglet/internal/config"
	"kinglet/internal/outgoing"
	"kinglet/store"
	"kinglet/store/storetest"
)

// site is the whole handler over a fresh database, with an account and its token.
type site struct {
	t       *testing.T
	service *ap.Service
	auth    *auth.Service
	handler http.Handler
	token   string
	app     string // a client's own token, without an account
}

func newSite(t *testing.T, s *store.Store, environ ...string) *site {
	t.Helper()
	conf, err := config.Load(config.Sources{File: os.DevNull, Environ: append(environ, "KINGLET_DOMAIN=here.test"), NeedDomain: true})
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	client := outgoing.New(outgoing.Options{UserAgent: "test"})
	t.Cleanup(client.Close)
	signaturetest.GiveInstanceKey(t, s, signaturetest.SomeKey(t))
	service, err := ap.New(t.Context(), ap.Options{Config: conf, Store: s, Client: client, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	authService, err := auth.New(t.Context(), s, conf)
	if err != nil {
		t.Fatal(err)
	}
	site := &site{t: t, service: service, auth: authService, token: auth.NewSecret(), app: auth.NewSecret()}
	h, err := handler(service, authService, log, nil, background.New(), nil)
	if err != nil {
		t.Fatal(err)
	}
	site.handler = apitest.Handler(t, h)
	alice, err := service.CreateAccount(t.Context(), ap.NewAccount{Username: "alice", Email: "alice@here.test", Password: "correct horse battery", Key: signaturetest.SomeKey(t)})
	if err != nil {
		t.Fatal(err)
	}
	app, _, err := authService.RegisterApp(t.Context(), auth.NewApp{Name: "test", RedirectURIs: []string{auth.OutOfBand}, Scopes: "read write"})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Update(t.Context(), func(tx *store.Tx) error {
		if err := tx.InsertToken(&store.Token{Hash: auth.HashSecret(site.app), AppID: app.ID, Scopes: "read write"}); err != nil {
			return err
		}
		return tx.InsertToken(&store.Token{Hash: auth.HashSecret(site.token), AppID: app.ID, AccountID: alice.ID, Scopes: "read write"})
	}); err != nil {
		t.Fatal(err)
	}
	return site
}

// get asks as a client of an address, within the time of ctx.
func (s *site) get(ctx context.Context, path, address string, header ...string) *httptest.ResponseRecorder {
	s.t.Helper()
	r := httptest.NewRequestWithContext(ctx, "GET", path, nil)
	r.RemoteAddr = address + ":1"
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	return w
}

func TestPagesDocumentsAndDiscoveryAreLimited(t *testing.T) {
	site := newSite(t, storetest.SQLite(t), "KINGLET_LIMITS_PAGES=2/1h", "KINGLET_LIMITS_DOCUMENTS=2/1h", "KINGLET_LIMITS_DISCOVERY=2/1h")
	const document = "application/activity+json"
	for name, paths := range map[string][][]string{
		"pages":     {{"/"}, {"/@alice"}, {"/tags/x"}, {"/@alice/1"}, {"/auth/sign_in"}, {"/nowhere"}},
		"documents": {{"/@alice", "Accept", document}, {"/users/alice", "Accept", document}, {"/users/alice/outbox"}, {"/users/alice/followers"}, {"/actor"}, {"/media/x"}},
		"discovery": {{"/.well-known/webfinger?resource=acct:alice@here.test"}, {"/nodeinfo/2.0"}, {"/.well-known/nodeinfo"}, {"/.well-known/host-meta"}},
	} {
		for i, path := range paths {
			address := fmt.Sprintf("192.0.2.%d", len(name)*10+i)
			for n := range 3 {
				w := site.get(t.Context(), path[0], address, path[1:]...)
				if refused := w.Code == http.StatusTooManyRequests; refused != (n == 2) || refused && w.Header().Get("Retry-After") == "" {
					t.Errorf("%s: request %d of %s: %d", name, n+1, path, w.Code)
				}
			}
			if w := site.get(t.Context(), path[0], "198.51.100.1", path[1:]...); i < 2 && w.Code == http.StatusTooManyRequests {
				t.Errorf("%s: another address is refused %s", name, path)
			}
		}
	}
	for range 5 { // the owner's client is counted by the account, what comes from memory not at all
		for _, path := range []string{"/api/v1/timelines/home", "/static/style.css"} {
			if w := site.get(t.Context(), path, "192.0.2.1", "Authorization", "Bearer "+site.token); w.Code != http.StatusOK {
				t.Errorf("%s: %d", path, w.Code)
			}
		}
	}
}

// Strangers hold every connection that they may: nobody unknown is served, and
// the owner is, page, API and sign-in.
func TestOwnerIsServedWhileStrangersRead(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		site := newSite(t, s)
		ctx, cancel := context.WithCancel(t.Context())
		held, ended := make(chan struct{}), make(chan error)
		places := 2 // of SQLite's four, or of PostgreSQL's sixteen
		if s.Engine() == "postgres" {
			places = 8
		}
		for i := range places {
			go func() {
				ended <- s.View(store.AsStranger(ctx, fmt.Sprint("203.0.113.", i)), func(*store.Tx) error {
					held <- struct{}{}
					<-ctx.Done()
					return nil
				})
			}()
			<-held
		}
		for name, header := range map[string][]string{"no token": nil, "a client's token": {"Authorization", "Bearer " + site.app}} {
			soon, stop := context.WithTimeout(t.Context(), 100*time.Millisecond)
			if w := site.get(soon, "/api/v1/timelines/public", "192.0.2.1", header...); w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
				t.Errorf("%s: %d %v", name, w.Code, w.Header())
			}
			stop()
		}
		for _, path := range []string{"/api/v1/timelines/home", "/api/v1/timelines/public", "/api/v1/notifications"} {
			soon, stop := context.WithTimeout(t.Context(), 3*time.Second)
			if w := site.get(soon, path, "192.0.2.1", "Authorization", "Bearer "+site.token); w.Code != http.StatusOK {
				t.Errorf("the owner's %s: %d %s", path, w.Code, w.Body)
			}
			stop()
		}
		session := auth.NewSecret()
		if err := s.Update(t.Context(), func(tx *store.Tx) error {
			return tx.PutSession(auth.HashSecret(session), site.account("alice"), tx.Now().Add(time.Hour))
		}); err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{"/", "/@alice", "/tags/birds"} {
			soon, stop := context.WithTimeout(t.Context(), 3*time.Second)
			if w := site.get(soon, path, "192.0.2.1", "Cookie", "__Host-kinglet_session="+session); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "</html>") {
				t.Errorf("the owner's page %s: %d %s", path, w.Code, w.Body)
			}
			stop()
		}
		soon, stop := context.WithTimeout(store.AsLookup(store.AsStranger(t.Context(), "192.0.2.1")), 3*time.Second)
		defer stop()
		if _, err := site.auth.SignIn(soon, auth.SignInAttempt{Name: "alice", Password: "correct horse battery", Address: "192.0.2.1"}); err != nil {
			t.Error("sign-in: ", err)
		}
		cancel()
		for range places {
			<-ended
		}
	})
}

func TestRepliesArePaged(t *testing.T) {
	site := newSite(t, storetest.SQLite(t), "KINGLET_MAX_POST_CHARACTERS=100")
	alice := site.account("alice")
	root, err := site.service.Post(t.Context(), alice, ap.PostRequest{Text: "root"})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 70 {
		if _, err := site.service.Post(t.Context(), alice, ap.PostRequest{Text: fmt.Sprint("reply ", i), InReplyTo: root}); err != nil {
			t.Fatal(err)
		}
	}
	path := "/@alice/" + root.String()
	first, second := site.get(t.Context(), path, "192.0.2.1").Body.String(), site.get(t.Context(), path+"?skip=60", "192.0.2.1").Body.String()
	for name, c := range map[string]struct {
		page    string
		replies int
		more    bool
	}{"first": {first, 60, true}, "second": {second, 10, false}} {
		if n := strings.Count(c.page, "<p>reply "); n != c.replies || strings.Contains(c.page, `href="?skip=60"`) != c.more {
			t.Errorf("the %s page has %d replies", name, n)
		}
	}
}

func (s *site) account(name string) (id store.AccountID) {
	s.t.Helper()
	if err := s.service.Store.View(s.t.Context(), func(tx *store.Tx) error {
		a, err := tx.AccountByHandle(name, "")
		if err == nil {
			id = a.ID
		}
		return err
	}); err != nil {
		s.t.Fatal(err)
	}
	return id
}
