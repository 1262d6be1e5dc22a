package apptest

import (
	"context"
	"database/sql"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing/fstest"
	"time"

	"kinglet/ap/signature/signaturetest"
	"kinglet/internal/auth"
	"kinglet/internal/cmd"
	"kinglet/internal/config"
	"kinglet/internal/jobs"
	"kinglet/internal/memory"
	"kinglet/store"
	"kinglet/store/storetest"
)

// Server is a whole Kinglet. Tests may inspect its parts; they change it as an
// Account or a Stranger.
type Server struct {
	*cmd.Assembled
	World  *World
	Domain string
	Config *config.Config
	Store  *store.Store
	Host   *Host

	environ  []string
	accounts map[string]*Account
	log      *Log
}

func newServer(w *World, domain string, settings []string) *Server {
	w.T.Helper()
	dir := filepath.Join(w.dir, domain)
	if err := os.Mkdir(dir, 0o700); err != nil {
		w.T.Fatal(err)
	}
	s := &Server{
		World: w, Domain: domain, Host: w.Host(domain), accounts: map[string]*Account{}, log: &Log{},
		environ: []string{"KINGLET_DOMAIN=" + domain, "KINGLET_DATABASE=" + filepath.Join(dir, "kinglet.db")},
	}
	s.set(settings)
	s.load()
	if s.Config.Database == filepath.Join(dir, "kinglet.db") {
		storetest.SQLiteFile(w.T, dir)
	}
	s.open()
	w.T.Cleanup(func() {
		s.close()
		if w.T.Failed() {
			w.T.Logf("the log of %s:\n%s", domain, s.log)
		}
	})
	return s
}

// set replaces settings of the same name.
func (s *Server) set(settings []string) {
	for _, setting := range settings {
		name, _, _ := strings.Cut(setting, "=")
		s.environ = append(slices.DeleteFunc(s.environ, func(e string) bool { return strings.HasPrefix(e, name+"=") }), setting)
	}
}

func (s *Server) load() {
	s.World.T.Helper()
	conf, err := config.Load(config.Sources{File: os.DevNull, Environ: s.environ, NeedDomain: true})
	if err != nil {
		s.World.T.Fatal(err)
	}
	s.Config = conf
}

// open opens the database and assembles the server, as serve does.
func (s *Server) open() {
	w := s.World
	w.T.Helper()
	ctx := context.WithoutCancel(w.T.Context())
	s.Store = storetest.Open(w.T, store.Options{Database: s.Config.Database, Now: w.Clock.Now, ReadTimeout: s.Config.Limits.ReadTimeout, Readers: readers})
	if err := cmd.ClaimDomain(ctx, s.Store, s.Config); err != nil {
		w.T.Fatal(err)
	}
	signaturetest.GiveInstanceKey(w.T, s.Store, w.key())
	log := slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: level(s.Config.LogLevel), ReplaceAttr: s.inWorldTime}))
	var watch *memory.Watch
	if w.Memory != nil {
		watch = memory.New(log, w.Memory, w.Clock.Now)
	}
	var err error
	s.Assembled, err = cmd.Assemble(ctx, cmd.Parts{
		Config: s.Config, Store: s.Store, Policy: w.Policy, Log: log, Memory: watch,
		Client: w.client(s.Host), Jobs: jobs.Options{Backoff: backoff}, Source: fstest.MapFS{"main.go": {Data: []byte("package main\n")}},
	})
	if err != nil {
		w.T.Fatal(err)
	}
	s.Host.Fallback(s.Handler.ServeHTTP)
}

func level(name string) (l slog.Level) {
	_ = l.UnmarshalText([]byte(name))
	return l
}

// readers is how many reading connections SQLite has: each prepares its
// statements, which is most of the cost of a short test.
const readers = 2

// backoff is jobs.Backoff without its randomness.
func backoff(failures int) time.Duration {
	return min(30*time.Second<<min(failures-1, 12), 6*time.Hour)
}

func (s *Server) inWorldTime(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && a.Key == slog.TimeKey {
		a.Value = slog.TimeValue(s.World.Now())
	}
	return a
}

func (s *Server) close() {
	s.Hub.Close()
	s.Client.Close()
	_ = s.Store.Close()
}

// Restart stops a server and starts it on the same database, with optional
// further settings. Its memory is lost.
func (s *Server) Restart(settings ...string) {
	s.World.T.Helper()
	s.close()
	s.set(settings)
	s.load()
	s.open()
}

// step runs the jobs that are due.
func (s *Server) step() (done int, next time.Time) {
	s.World.T.Helper()
	done, err := s.Runner.RunDue(s.World.T.Context())
	if err == nil {
		next, _, err = s.Runner.NextDue(s.World.T.Context())
	}
	if err != nil {
		s.World.T.Fatal(err)
	}
	return done, next
}

// Do answers a request, from the address in its RemoteAddr.
func (s *Server) Do(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.Handler.ServeHTTP(w, r)
	return w
}

// Log is the server's log so far.
func (s *Server) Log() string { return s.log.String() }

// View reads the database.
func (s *Server) View(fn func(tx *store.Tx) error) {
	s.World.T.Helper()
	if err := s.Store.View(s.World.T.Context(), fn); err != nil {
		s.World.T.Fatal(err)
	}
}

// Update changes the database: for what no API does yet.
func (s *Server) Update(fn func(tx *store.Tx) error) {
	s.World.T.Helper()
	if err := s.Store.Update(s.World.T.Context(), fn); err != nil {
		s.World.T.Fatal(err)
	}
}

// Count asks the database, past the store, for a number: what nobody sees any
// more may still be there.
func (s *Server) Count(query string, args ...any) (n int64) {
	s.World.T.Helper()
	driver := "sqlite"
	if store.IsPostgres(s.Config.Database) {
		driver = "pgx"
	}
	db, err := sql.Open(driver, s.Config.Database)
	if err != nil {
		s.World.T.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRowContext(s.World.T.Context(), query, args...).Scan(&n); err != nil {
		s.World.T.Fatal(query, ": ", err)
	}
	return n
}

// Token makes an access token of an account with some scopes; of account 0, a
// client's own.
func (s *Server) Token(account store.AccountID, scopes string) string {
	s.World.T.Helper()
	app, _, err := s.Auth.RegisterApp(context.WithoutCancel(s.World.T.Context()), auth.NewApp{Name: "an app", Scopes: scopes, RedirectURIs: []string{auth.OutOfBand}})
	if err != nil {
		s.World.T.Fatal(err)
	}
	secret := auth.NewSecret()
	s.Update(func(tx *store.Tx) error {
		return tx.InsertToken(&store.Token{Hash: auth.HashSecret(secret), AppID: app.ID, AccountID: account, Scopes: app.Scopes})
	})
	return secret
}

// Jobs counts the jobs of a kind that wait.
func (s *Server) Jobs(kind string) (n int64) {
	s.World.T.Helper()
	s.View(func(tx *store.Tx) (err error) {
		n, err = tx.CountJobs(kind)
		return err
	})
	return n
}

// DeadJobs are the jobs that were given up, newest first.
func (s *Server) DeadJobs() (list []store.Job) {
	s.World.T.Helper()
	s.View(func(tx *store.Tx) (err error) {
		list, err = tx.DeadJobs(1000)
		return err
	})
	return list
}

// Lanes are the hosts that are set aside.
func (s *Server) Lanes() (list []store.Lane) {
	s.World.T.Helper()
	s.View(func(tx *store.Tx) (err error) {
		list, err = tx.Lanes()
		return err
	})
	return list
}
