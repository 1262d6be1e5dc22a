package cmd

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"kinglet/ap/policy"
	"kinglet/api/respond"
	"kinglet/internal/config"
	"kinglet/internal/jobs"
	"kinglet/internal/memory"
	"kinglet/internal/outgoing"
	"kinglet/store"
)

func serveFlags(fs *flag.FlagSet) {
	fs.Bool("as-copy", false, "try a copy of a database elsewhere, under any domain: nothing is delivered, nothing is fetched and no jobs run")
}

func serve(c *call) error {
	conf, err := c.config(true)
	if err != nil {
		return err
	}
	srv, err := c.start(conf, c.flag("as-copy") == "true")
	if err != nil {
		return err
	}
	if srv.copy {
		srv.log.Warn("this is a copy: nothing is delivered or fetched, and jobs wait", "domain", conf.Domain)
	}
	srv.log.Info("kinglet is serving", "version", config.Version, "domain", conf.Domain, "url", conf.URL, "listen", srv.listener.Addr().String(), "database", srv.store.Engine())
	return srv.run(c.ctx)
}

// server is a running Kinglet.
type server struct {
	log      *slog.Logger
	conf     *config.Config
	copy     bool // see --as-copy
	notify   *notifier
	store    *store.Store
	listener net.Listener
	share    budget // of the files that the process may have open
	*Assembled
}

// start opens and checks everything, and listens; no request is answered yet.
func (c *call) start(conf *config.Config, asCopy bool) (*server, error) {
	log := logger(conf, c.err)
	srv := &server{log: log, conf: conf, copy: asCopy, notify: newNotifier(c.environ, os.Getpid(), log)}
	if err := srv.open(c); err != nil {
		if srv.listener != nil {
			srv.listener.Close()
		}
		if srv.store != nil {
			srv.store.Close()
		}
		return nil, err
	}
	return srv, nil
}

func (s *server) open(c *call) (err error) {
	files := fileLimit()
	limit, from := memory.SetLimit(memory.Machine(), c.environ)
	s.share = newBudget(files, memory.Limit())
	if files < minFiles {
		s.log.Warn("the limit of open files is very low, raise it (ulimit -n, LimitNOFILE=)", "limit", files, "want", minFiles)
	}
	// The address first: a second server must not touch the first one's
	// data.
	if s.listener, err = listen(s.conf); err != nil {
		return err
	}
	if err := s.openStore(c); err != nil {
		return err
	}
	s.log.Debug("memory limit", "bytes", limit, "from", from)
	dial := newDialer(s.share)
	parts := Parts{
		Config: s.conf, Store: s.store, Log: s.log, Source: c.source, Copy: s.copy, Policy: policy.New(),
		Client: outgoing.Options{Resolver: dial, DialContext: dial.DialContext, KeepOpen: s.share.dials},
		Jobs:   jobs.Options{Workers: s.share.workers, Drain: drainTime},
		Memory: memory.New(s.log, memory.System(memory.Machine()), time.Now),
	}
	if s.copy {
		parts.Client = outgoing.Options{Resolver: noNetwork{}, DialContext: noNetwork{}.DialContext}
	}
	if s.Assembled, err = Assemble(c.ctx, parts); err != nil {
		return err
	}
	dial.full = s.Client.CloseIdle
	s.listener = outOfFiles{s.listener, s.Client.CloseIdle}
	return nil
}

// openStore opens the database, migrates it to this version's schema, and
// checks its domain.
func (s *server) openStore(c *call) (err error) {
	if s.store, err = c.openStore(s.conf, s.log); err != nil {
		return err
	}
	// Before the schema is changed: the database may be another server's.
	if err := s.store.ListenForWakes(); err != nil {
		return err
	}
	pending, err := s.store.PendingMigrations(c.ctx)
	if err != nil {
		return err
	}
	if !s.copy {
		if err := c.checkDomain(s.store, s.conf); err != nil {
			return err
		}
	}
	if err := c.mayMigrate(s.conf, pending); err != nil {
		return err
	}
	if len(pending) > 0 {
		s.log.Info("migrating the database", "pending", describe(pending))
		err := s.notify.whileWorking("Migrating the database", func() error {
			_, err := s.store.Migrate(c.ctx)
			return err
		})
		if err != nil {
			return err
		}
	}
	if s.copy {
		return c.keepIDs(s.store, s.conf)
	}
	if err := s.convertAtStart(c); err != nil {
		return err
	}
	return c.identify(s.store, s.conf, true)
}

// listen opens host:port or unix:/path. A socket that a killed server left is
// replaced; one that is in use is an error.
func listen(conf *config.Config) (net.Listener, error) {
	address := conf.Listen
	path, isSocket := strings.CutPrefix(address, "unix:")
	if !isSocket {
		l, err := net.Listen("tcp", address)
		if err != nil {
			return nil, &config.Error{Key: "listen", Value: address, Want: err.Error()}
		}
		return l, nil
	}
	if conn, err := net.DialTimeout("unix", path, time.Second); err == nil {
		conn.Close()
		return nil, &config.Error{Key: "listen", Value: address, Want: "another server listens there"}
	}
	if fi, err := os.Lstat(path); err == nil && fi.Mode()&os.ModeSocket != 0 {
		os.Remove(path)
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, &config.Error{Key: "listen", Value: address, Want: err.Error()}
	}
	if err := os.Chmod(path, conf.ListenMode); err != nil {
		l.Close()
		return nil, &config.Error{Key: "listen_mode", Value: conf.ListenMode.String(), Want: err.Error()}
	}
	return l, nil
}

// A server that is stopped answers the requests in progress and lets its jobs
// end, within 10 seconds in all.
const (
	answerTime = 4 * time.Second
	drainTime  = 4 * time.Second
	logTime    = time.Second // for the last rows of the federation log
)

// newWeb makes the HTTP server. How long a body and an answer may take is the
// route's to say (respond.Deadlines); its own times are for what net/http
// answers without any handler of ours: an OPTIONS of *.
func newWeb(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: respond.ReadTime, WriteTimeout: respond.WriteTime,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}

// run answers until ctx ends, then drains and closes everything.
func (s *server) run(ctx context.Context) error {
	web := newWeb(s.Handler, s.log)
	limitConnections(web, min(s.conf.Limits.Connections, s.share.clients))
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var group sync.WaitGroup
	var workErr, webErr error
	if s.Runner != nil {
		group.Go(func() {
			if workErr = s.Runner.Run(ctx); workErr != nil {
				stop()
			}
		})
	}
	if !s.copy {
		group.Go(func() { s.store.Tidy(ctx, s.log) })
		group.Go(func() { s.Service.KeepFederationLog(ctx) })
	}
	group.Go(func() { s.notify.watch(ctx, s.alive) })
	group.Go(func() {
		<-ctx.Done()
		s.log.Info("stopping")
		s.notify.send("STOPPING=1", "STATUS=Stopping")
		s.Hub.Close() // stream clients get an error that makes them reconnect
		end, cancel := context.WithTimeout(context.Background(), answerTime)
		defer cancel()
		if err := web.Shutdown(end); err != nil {
			web.Close()
		}
	})
	s.notify.send("READY=1", "STATUS=Serving "+s.conf.Domain)
	if webErr = web.Serve(s.listener); errors.Is(webErr, http.ErrServerClosed) {
		webErr = nil
	}
	stop()
	group.Wait()
	if !s.copy {
		end, cancel := context.WithTimeout(context.Background(), logTime)
		s.Service.WriteFederationLog(end)
		cancel()
	}
	s.Client.Close()
	if err := errors.Join(webErr, workErr, s.store.Close()); err != nil {
		return fmt.Errorf("serve: %w", err)
	}
	s.log.Info("stopped")
	return nil
}

// alive reports whether the server still works: a transaction ends in time,
// whatever its result. A full disk is no reason to restart; /health reports
// that.
func (s *server) alive(ctx context.Context) error {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = s.store.Update(ctx, func(*store.Tx) error { return nil })
	}()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
