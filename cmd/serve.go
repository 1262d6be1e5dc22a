package cmd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"kinglet/ap"
	"kinglet/ap/jobs"
	"kinglet/ap/outgoing"
	"kinglet/config"
	"kinglet/store"
)

func serve(c *call) error {
	conf, err := c.config(true)
	if err != nil {
		return err
	}
	srv, err := c.start(conf)
	if err != nil {
		return err
	}
	srv.log.Info("kinglet is serving", "version", config.Version, "domain", conf.Domain, "url", conf.URL, "listen", srv.listener.Addr().String(), "database", srv.store.Engine())
	return srv.run(c.ctx)
}

// server is a running Kinglet.
type server struct {
	log      *slog.Logger
	conf     *config.Config
	store    *store.Store
	client   *outgoing.Client
	service  *ap.Service
	runner   *jobs.Runner
	listener net.Listener
	handler  http.Handler
}

// start opens and checks everything, and listens; nothing is answered yet.
func (c *call) start(conf *config.Config) (*server, error) {
	srv := &server{log: logger(conf, c.err), conf: conf}
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
	// The address first: a second server must not touch the first one's data.
	if s.listener, err = listen(s.conf.Listen); err != nil {
		return err
	}
	if s.store, err = c.open(s.conf); err != nil {
		return err
	}
	if err := s.store.ListenForWakes(); err != nil {
		return err
	}
	s.client = outgoing.New(outgoing.Options{UserAgent: s.conf.UserAgent(), AllowNetworks: s.conf.AllowNetworks})
	if s.service, err = ap.New(c.ctx, ap.Options{Config: s.conf, Store: s.store, Client: s.client, Log: s.log}); err != nil {
		return err
	}
	if err := s.service.ScheduleCleanUp(c.ctx); err != nil {
		return err
	}
	s.runner = jobs.New(jobs.Options{Store: s.store, Log: s.log, GiveUp: s.conf.Retention.Deliveries, Drain: drainTime})
	s.service.RegisterJobs(s.runner)
	s.handler, err = handler(s.service, s.log, c.source)
	return err
}

// listen opens host:port or unix:/path. A socket that a killed server left is
// replaced; one that is alive is an error.
func listen(address string) (net.Listener, error) {
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
	// The proxy runs as somebody else; the folder says who may come.
	return l, os.Chmod(path, 0o666)
}

// A server that is told to stop answers what it has begun and lets its jobs
// end, within 10 seconds in all.
const (
	answerTime = 4 * time.Second
	drainTime  = 4 * time.Second
)

// run answers until ctx ends, then drains and closes everything.
func (s *server) run(ctx context.Context) error {
	web := &http.Server{
		Handler: s.handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, WriteTimeout: 2 * time.Minute,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10, ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	limitConnections(web, s.conf.Limits.Connections)
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var group sync.WaitGroup
	var workErr, webErr error
	group.Go(func() {
		if workErr = s.runner.Run(ctx); workErr != nil {
			stop()
		}
	})
	group.Go(func() {
		<-ctx.Done()
		s.log.Info("stopping")
		end, cancel := context.WithTimeout(context.Background(), answerTime)
		defer cancel()
		if err := web.Shutdown(end); err != nil {
			web.Close()
		}
	})
	if webErr = web.Serve(s.listener); errors.Is(webErr, http.ErrServerClosed) {
		webErr = nil
	}
	stop()
	group.Wait()
	s.client.Close()
	if err := errors.Join(webErr, workErr, s.store.Close()); err != nil {
		return fmt.Errorf("serve: %w", err)
	}
	s.log.Info("stopped")
	return nil
}
