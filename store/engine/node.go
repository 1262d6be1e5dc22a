package engine

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"
)

// HoldNode returns the name under which this process claims jobs, until Close.
// On SQLite there is one node. On PostgreSQL a node holds an advisory lock of
// its name while it lives, so that others can detect that it is dead and
// release its jobs.
func (e *Engine) HoldNode(ctx context.Context) (string, error) {
	if e.path != "" {
		return "here", nil
	}
	e.nodeMu.Lock()
	defer e.nodeMu.Unlock()
	e.nodeKey = rand.Int64()
	if err := e.lockNode(ctx); err != nil {
		return "", fmt.Errorf("lock the node's name: %w", err)
	}
	return strconv.FormatInt(e.nodeKey, 10), nil
}

// lockNode is called with nodeMu held.
func (e *Engine) lockNode(ctx context.Context) error {
	c, err := e.db.Conn(ctx)
	if err != nil {
		return failed(ctx, err)
	}
	if _, err := c.ExecContext(ctx, `SELECT pg_advisory_lock($1)`, e.nodeKey); err != nil {
		discard(c)
		return failed(ctx, err)
	}
	if _, err := c.ExecContext(ctx, `SELECT pg_advisory_lock_shared($1)`, int64(serverLock)); err != nil {
		discard(c)
		return failed(ctx, err)
	}
	e.node = c
	return nil
}

// holdNodeAgain locks the name again after a lost connection: other nodes would
// take this one for dead and run its jobs as well.
func (e *Engine) holdNodeAgain(ctx context.Context) {
	e.nodeMu.Lock()
	defer e.nodeMu.Unlock()
	if e.node == nil || e.node.PingContext(ctx) == nil {
		return
	}
	discard(e.node)
	e.node = nil
	for wait := time.Second; e.lockNode(ctx) != nil; wait = min(2*wait, time.Minute) {
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

func (e *Engine) releaseNode() {
	e.nodeMu.Lock()
	defer e.nodeMu.Unlock()
	if e.node != nil {
		discard(e.node) // ends the session, and with it the lock
	}
}

// NodeLives reports whether a node holds its name: on PostgreSQL while it is
// connected; on SQLite there is one, and what an earlier one claimed is free.
func (tx *Tx) NodeLives(name string) (bool, error) {
	key, err := strconv.ParseInt(name, 10, 64)
	if err != nil || !tx.IsPostgres() {
		return false, nil
	}
	free, _, err := One[bool](tx, `SELECT pg_try_advisory_xact_lock($1)`, key)
	return !free, err
}
