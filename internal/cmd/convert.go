package cmd

import (
	"fmt"
	"log/slog"

	"kinglet/internal/config"
	"kinglet/store"
)

// convert rewrites, once, a SQLite file that does not return the space of
// deleted data to the disk. It closes the given store and returns the one to
// use afterwards.
func (c *call) convert(conf *config.Config, log *slog.Logger, s *store.Store) (*store.Store, error) {
	if gives, err := s.ReclaimsSpace(c.ctx); err != nil || gives {
		return s, err
	}
	if err := s.Close(); err != nil {
		return nil, err
	}
	err := store.ConvertFile(c.ctx, conf.Database, store.Conversion{Progress: func(done, total int64) {
		log.Info("rewriting the database file once, so that the space of deleted data is returned to the disk", "database", conf.Database, "megabytes", done>>20, "of", total>>20)
	}})
	if err == nil {
		log.Info("the database file was rewritten", "database", conf.Database)
	}
	s, openErr := c.openStore(conf, log)
	if openErr != nil {
		return nil, openErr
	}
	return s, err
}

// convertAtStart is convert for a server, which starts anyway when it can't be
// done now: nothing is lost, and it is retried at the next start.
func (s *server) convertAtStart(c *call) error {
	gives, err := s.store.ReclaimsSpace(c.ctx)
	if err != nil || gives {
		return err
	}
	if !s.conf.MigrateAtStart {
		s.log.Warn("the database file does not give the space of deleted data back, and migrate_at_start is false: run `kinglet migrate up`")
		return nil
	}
	var opened *store.Store
	err = s.notify.whileWorking("Rewriting the database file", func() (err error) {
		opened, err = c.convert(s.conf, s.log, s.store)
		return err
	})
	if opened == nil || c.ctx.Err() != nil {
		return err
	}
	s.store = opened
	if err != nil {
		s.log.Warn("the database file can't be rewritten now: it does not give the space of deleted data back until a later start has done it", "error", err)
	}
	return s.store.ListenForWakes()
}

// describeFile prints whether a database returns space.
func (c *call) describeFile(s *store.Store) error {
	gives, err := s.ReclaimsSpace(c.ctx)
	if err != nil {
		return err
	}
	state := "gives the space of deleted data back"
	if !gives {
		state = "to be rewritten once, to give the space of deleted data back: serve does so when it starts, or `kinglet migrate up`"
	}
	fmt.Fprintf(c.out, "database file: %s\n", state)
	return nil
}
