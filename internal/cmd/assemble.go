package cmd

import (
	"context"
	"io/fs"
	"log/slog"
	"net/http"

	"kinglet/ap"
	"kinglet/ap/activity"
	"kinglet/ap/policy"
	"kinglet/internal/auth"
	"kinglet/internal/background"
	"kinglet/internal/config"
	"kinglet/internal/jobs"
	"kinglet/internal/memory"
	"kinglet/internal/outgoing"
	"kinglet/internal/stream"
	"kinglet/store"

	"github.com/go-chi/chi/v5"
)

// Parts are the parts of a server that the machine, or a test, decides.
type Parts struct {
	Config *config.Config
	Store  *store.Store // open, with this version's schema; its clock is the whole server's
	Log    *slog.Logger
	Policy policy.Chain     // of this server; none filters nothing
	Client outgoing.Options // how others are reached; who asks and where it may is the Config's
	Jobs   jobs.Options     // how many at once and the like; the store, the log and when to give up are set here
	Source fs.FS            // the program's own
	Memory *memory.Watch    // what waits while memory is short; nil knows of no limit
	// Copy leaves out the runner: a copy of a database does no jobs.
	Copy bool
}

// Assembled is an assembled server. It answers nobody and runs no job until its
// owner starts it.
type Assembled struct {
	Auth    *auth.Service
	Service *ap.Service
	Client  *outgoing.Client
	Hub     *stream.Hub
	Runner  *jobs.Runner // nil in a copy
	Handler http.Handler
	Routes  chi.Routes // of the handler, for tests that ask each of them
}

// Assemble assembles a server, for `kinglet serve` and for the servers of
// tests. Its owner closes the hub, the client and the store.
func Assemble(ctx context.Context, p Parts) (*Assembled, error) {
	p.Client.UserAgent, p.Client.AllowNetworks = p.Config.UserAgent(), p.Config.AllowNetworks
	p.Client.Host = p.Policy.AllowHost
	a := &Assembled{Client: outgoing.New(p.Client)}
	work := background.New()
	var err error
	if a.Auth, err = auth.New(ctx, p.Store, p.Config); err != nil {
		a.Client.Close()
		return nil, err
	}
	if a.Service, err = ap.New(ctx, ap.Options{Config: p.Config, Store: p.Store, Client: a.Client, Log: p.Log, Policy: p.Policy, Background: work}); err != nil {
		a.Client.Close()
		return nil, err
	}
	if !p.Copy {
		if err := a.Service.ScheduleCleanUp(ctx); err != nil {
			a.Client.Close()
			return nil, err
		}
		p.Jobs.Store, p.Jobs.Log, p.Jobs.GiveUp, p.Jobs.Memory = p.Store, p.Log, p.Config.Retention.Deliveries, p.Memory
		p.Jobs.DeadAfter, p.Jobs.Died = p.Config.Federation.DeadAfter, activity.ProbeHost
		a.Runner = jobs.New(p.Jobs)
		a.Service.RegisterJobs(a.Runner)
	}
	h, err := handler(a.Service, a.Auth, p.Log, p.Source, work, p.Memory)
	if err != nil {
		a.Client.Close()
		return nil, err
	}
	a.Handler, a.Routes = work.Requests(forwarded(p.Config, p.Log, h)), h
	a.Hub = stream.New(stream.Options{Store: p.Store, Log: p.Log})
	return a, nil
}

// ClaimDomain checks that a migrated database has the settings' domain, and
// keeps the URL of its ids. A database without a domain gets this one.
func ClaimDomain(ctx context.Context, s *store.Store, conf *config.Config) error {
	return (&call{ctx: ctx}).identify(s, conf, true)
}
