package cmd

import (
	"errors"
	"fmt"
	"time"

	"kinglet/store"
)

// onSchema opens the database without migrating it.
func (c *call) onSchema(do func(s *store.Store) error) error {
	conf, err := c.config(false)
	if err != nil {
		return err
	}
	s, err := c.openStore(conf, logger(conf, c.err))
	if err != nil {
		return err
	}
	defer s.Close()
	return do(s)
}

// convertOnly rewrites the database file, if needed; did reports that it was.
func (c *call) convertOnly() (did bool, err error) {
	conf, err := c.config(false)
	if err != nil {
		return false, err
	}
	log := logger(conf, c.err)
	s, err := c.openStore(conf, log)
	if err != nil {
		return false, err
	}
	gives, err := s.ReclaimsSpace(c.ctx)
	if err == nil && !gives {
		if err = c.withoutServer(s); err == nil {
			opened, convertErr := c.convert(conf, log, s)
			if opened != nil {
				s = opened
			}
			did, err = convertErr == nil, convertErr
		}
	}
	return did, errors.Join(err, s.Close())
}

// withoutServer refuses to change the schema under a running server, whose
// statements need the schema that it started with.
func (c *call) withoutServer(s *store.Store) error {
	runs, err := s.ServerRuns(c.ctx)
	if err == nil && runs {
		err = errors.New("a server is running on the database: stop it first (serve migrates by itself when it starts)")
	}
	return err
}

func migrateUp(c *call) error {
	var applied []store.Migration
	err := c.onSchema(func(s *store.Store) error {
		pending, err := s.PendingMigrations(c.ctx)
		if err != nil {
			return err
		}
		if len(pending) > 0 {
			if err := c.withoutServer(s); err != nil {
				return err
			}
		}
		applied, err = s.Migrate(c.ctx)
		for _, m := range applied {
			fmt.Fprintf(c.out, "applied %04d %s\n", m.Version, m.Name)
		}
		return err
	})
	if err != nil {
		return err
	}
	converted, err := c.convertOnly()
	switch {
	case converted:
		fmt.Fprintln(c.out, "rewrote the database file: it gives the space of deleted data back")
	case err == nil && len(applied) == 0:
		fmt.Fprintln(c.out, "nothing to do")
	}
	return err
}

func migrateDown(c *call) error {
	return c.onSchema(func(s *store.Store) error {
		if err := c.withoutServer(s); err != nil {
			return err
		}
		m, err := s.MigrateDown(c.ctx)
		if err == nil {
			fmt.Fprintf(c.out, "reverted %04d %s\n", m.Version, m.Name)
		}
		return err
	})
}

func migrateStatus(c *call) error {
	return c.onSchema(func(s *store.Store) error {
		list, err := s.MigrationStatus(c.ctx)
		for _, m := range list {
			state := "not applied"
			if !m.AppliedAt.IsZero() {
				state = "applied " + m.AppliedAt.Format(time.RFC3339)
			}
			fmt.Fprintf(c.out, "%04d %s: %s\n", m.Version, m.Name, state)
		}
		if err != nil {
			return err
		}
		return c.describeFile(s)
	})
}
