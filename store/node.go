package store

import (
	"context"
	"database/sql/driver"
	"fmt"
	"math/rand/v2"
	"strconv"
)

// HoldNode gives this process the name under which it claims jobs, until
// Close. On SQLite there is one node. On PostgreSQL a node holds an advisory
// lock of its name for as long as it lives, so that others can tell when it
// is dead and take its jobs back.
func (s *Store) HoldNode(ctx context.Context) (string, error) {
	if s.path != "" {
		return "here", nil
	}
	c, err := s.db.Conn(ctx)
	if err != nil {
		return "", fmt.Errorf("hold a node's name: %w", err)
	}
	key := rand.Int64()
	if _, err := c.ExecContext(ctx, `SELECT pg_advisory_lock($1)`, key); err != nil {
		c.Close()
		return "", fmt.Errorf("hold a node's name: %w", err)
	}
	if _, err := c.ExecContext(ctx, `SELECT pg_advisory_lock_shared($1)`, int64(serverLock)); err != nil {
		c.Close()
		return "", fmt.Errorf("hold a node's name: %w", err)
	}
	s.node = c
	return strconv.FormatInt(key, 10), nil
}

func (s *Store) releaseNode() {
	if s.node != nil {
		// Ends the session, and with it the lock.
		_ = s.node.Raw(func(any) error { return driver.ErrBadConn })
		_ = s.node.Close()
	}
}

// ReleaseClaims makes due at once what dead nodes had claimed: on SQLite
// everything that is claimed when the one node starts; on PostgreSQL what is
// claimed under names that nobody holds.
func (tx *Tx) ReleaseClaims() error {
	nodes, err := tx.texts(`SELECT DISTINCT claimed_by FROM jobs WHERE claimed_by <> '' AND dead_at = 0`)
	if err != nil {
		return err
	}
	for _, node := range nodes {
		if key, err := strconv.ParseInt(node, 10, 64); err == nil && tx.store.path == "" {
			free, _, err := one[bool](tx, `SELECT pg_try_advisory_xact_lock($1)`, key)
			if err != nil {
				return err
			}
			if !free {
				continue
			}
		}
		if _, err := tx.exec(`UPDATE jobs SET run_at = $1, claimed_by = '' WHERE dead_at = 0 AND claimed_by = $2`, millis(tx.Now()), node); err != nil {
			return err
		}
	}
	return nil
}
