package cmd

import (
	"errors"
	"fmt"
	"log/slog"

	"kinglet/internal/config"
	"kinglet/store"
)

// openStore opens the database without migrating it.
func (c *call) openStore(conf *config.Config, log *slog.Logger) (*store.Store, error) {
	s, err := store.Open(c.ctx, store.Options{Database: conf.Database, MustExist: !conf.Create, ReadTimeout: conf.Limits.ReadTimeout})
	if err == nil && s.Created() && !c.fresh {
		log.Warn("the database did not exist, a new one is created", "database", conf.Database)
	}
	return s, err
}

// open opens the database for a command beside the server: with this version's
// schema, and for its own domain only. With claim a database without a domain
// gets this one.
func (c *call) open(conf *config.Config, log *slog.Logger, claim bool) (*store.Store, error) {
	s, err := c.openStore(conf, log)
	if err != nil {
		return nil, err
	}
	if err := c.prepare(s, conf, claim); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (c *call) prepare(s *store.Store, conf *config.Config, claim bool) error {
	pending, err := s.PendingMigrations(c.ctx)
	if err != nil {
		return err
	}
	if err := c.checkDomain(s, conf); err != nil {
		return err
	}
	if len(pending) > 0 {
		runs, err := s.ServerRuns(c.ctx)
		if err != nil {
			return err
		}
		if runs {
			return fmt.Errorf("the database lacks %s of this version, and a server of another version is running on it: restart the server with this version first", describe(pending))
		}
		if err := c.mayMigrate(conf, pending); err != nil {
			return err
		}
		if _, err := s.Migrate(c.ctx); err != nil {
			return err
		}
	}
	if conf.Domain == "" {
		return nil
	}
	return c.identify(s, conf, claim)
}

// checkDomain refuses a database of another domain, before its schema is
// changed.
func (c *call) checkDomain(s *store.Store, conf *config.Config) error {
	if conf.Domain == "" {
		return nil
	}
	return s.CheckDomain(c.ctx, conf.Domain, conf.URL, false)
}

// identify checks the database's domain, and keeps the URL of its ids.
func (c *call) identify(s *store.Store, conf *config.Config, claim bool) error {
	if err := s.CheckDomain(c.ctx, conf.Domain, conf.URL, claim); err != nil {
		return err
	}
	return c.keepIDs(s, conf)
}

func (c *call) keepIDs(s *store.Store, conf *config.Config) error {
	base, err := s.IDBase(c.ctx)
	if err == nil && base != "" {
		conf.KeepIDs(base)
	}
	return err
}

// mayMigrate refuses a migration when migrate_at_start is false.
func (c *call) mayMigrate(conf *config.Config, pending []store.Migration) error {
	if conf.MigrateAtStart || len(pending) == 0 {
		return nil
	}
	return fmt.Errorf("the database lacks %s of this version, and migrate_at_start is false: run `kinglet migrate up`", describe(pending))
}

// describe names migrations, as in "migration 0002 authority".
func describe(pending []store.Migration) string {
	first := fmt.Sprintf("migration %04d %s", pending[0].Version, pending[0].Name)
	if n := len(pending) - 1; n > 0 {
		return fmt.Sprintf("%s and %d more", first, n)
	}
	return first
}
