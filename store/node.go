package store

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"
)

// HoldNode gives this process the name under which it claims jobs, until
// Close. On SQLite there is one node. On PostgreSQL a node holds an advisory
// lock of its name for as long as it lives, so that others can tell when it
// is dead and take its jobs back.
func (s *Store) HoldNode(ctx context.Context) (string, error) {
	if s.path != "" {
		return "here", nil
	}
	s.nodeMu.Lock()
	defer s.nodeMu.Unlock()
	s.nodeKey = rand.Int64()
	if err := s.lockNode(ctx); err != nil {
		return "", fmt.Errorf("hold a node's name: %w", err)
	}
	return strconv.FormatInt(s.nodeKey, 10), nil
}

// lockNode is called with nodeMu held.
func (s *Store) lockNode(ctx context.Context) error {
	c, err := s.db.Conn(ctx)
	if err != nil {
		return failed(ctx, err)
	}
	if _, err := c.ExecContext(ctx, `SELECT pg_advisory_lock($1)`, s.nodeKey); err != nil {
		discard(c)
		return failed(ctx, err)
	}
	if _, err := c.ExecContext(ctx, `SELECT pg_advisory_lock_shared($1)`, int64(serverLock)); err != nil {
		discard(c)
		return failed(ctx, err)
	}
	s.node = c
	return nil
}

// holdNodeAgain takes the name again that went with a lost connection: other
// nodes would think this one dead and do its jobs as well.
func (s *Store) holdNodeAgain(ctx context.Context) {
	s.nodeMu.Lock()
	defer s.nodeMu.Unlock()
	if s.node == nil || s.node.PingContext(ctx) == nil {
		return
	}
	discard(s.node)
	s.node = nil
	for wait := time.Second; s.lockNode(ctx) != nil; wait = min(2*wait, time.Minute) {
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

func (s *Store) releaseNode() {
	s.nodeMu.Lock()
	defer s.nodeMu.Unlock()
	if s.node != nil {
		discard(s.node) // ends the session, and with it the lock
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
