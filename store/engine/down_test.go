package engine_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"kinglet/internal/fault"
	"kinglet/store/engine"
	"kinglet/store/engine/enginetest"
)

// A database that is away is Unavailable, whatever is made of the error, and is
// found again when it is back.
func TestDatabaseDown(t *testing.T) {
	t.Parallel()
	through, proxy := enginetest.Proxied(t, template.PostgresURL(t))
	e := open(t, engine.Options{Database: through})
	var group sync.WaitGroup
	for range 16 { // so that there are connections to be lost
		group.Go(func() {
			_ = e.View(t.Context(), func(tx *engine.Tx) error { _, _, err := setting(tx, "k"); return err })
		})
	}
	group.Wait()
	for range 3 {
		proxy.Cut()
		for name, err := range map[string]error{
			"read":  e.View(t.Context(), func(tx *engine.Tx) error { _, _, err := setting(tx, "k"); return err }),
			"write": e.Update(t.Context(), set("k", "v")),
		} {
			refusal := fault.Errorf(fault.Unauthorized, "could not fetch the key: %w", err)
			if !fault.Is(err, fault.Unavailable) || !errors.Is(err, engine.ErrDatabaseDown) || !fault.Is(refusal, fault.Unavailable) {
				t.Errorf("%s: %v", name, err)
			}
		}
		proxy.Restore()
		for range 20 {
			if err := e.Update(t.Context(), set("k", "v")); err != nil {
				t.Fatalf("the database is back: %v", err)
			}
		}
	}
	// It was away while nobody asked: the connections from before are no use.
	proxy.Cut()
	proxy.Restore()
	if err := e.Update(t.Context(), set("k", "v")); err != nil {
		t.Errorf("after an absence that nobody saw: %v", err)
	}
	// In the middle of a transaction: it is not stored, and its caller gets an error.
	err := e.Update(t.Context(), func(tx *engine.Tx) error {
		if err := keep("lost", "v")(tx); err != nil {
			return err
		}
		proxy.Cut()
		return nil
	})
	if !fault.Is(err, fault.Unavailable) {
		t.Errorf("a commit without a database: %v", err)
	}
	proxy.Restore()
	if kept(t, e, "lost") {
		t.Error("what failed is kept")
	}
}

// What a caller's leaving ends is not the database's absence.
func TestLeavingIsNotDown(t *testing.T) {
	each(t, func(t *testing.T, e *engine.Engine) {
		ctx, cancel := context.WithCancel(t.Context())
		err := e.View(ctx, func(tx *engine.Tx) error {
			cancel()
			_, _, err := setting(tx, "k")
			return err
		})
		if errors.Is(err, engine.ErrDatabaseDown) || err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}

// The name of a node, by which others know that it lives, is held again when
// its connection was lost.
func TestNodeHoldsItsNameAgain(t *testing.T) {
	t.Parallel()
	database := template.PostgresURL(t)
	through, proxy := enginetest.Proxied(t, database)
	e, other := open(t, engine.Options{Database: through}), open(t, engine.Options{Database: database})
	woken := make(chan struct{}, 100)
	e.OnJobs(func() { woken <- struct{}{} })
	if err := e.ListenForWakes(); err != nil {
		t.Fatal(err)
	}
	name, err := e.HoldNode(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	<-woken // it listens
	held := fmt.Sprintf(`SELECT COUNT(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
		WHERE d.datname = current_database() AND locktype = 'advisory' AND granted AND (classid::BIGINT << 32 | objid::BIGINT) = %s`, name)
	if n := count(t, other, held); n != 1 {
		t.Fatalf("held %d times before", n)
	}
	proxy.Cut()
	for count(t, other, held) != 0 {
		if t.Context().Err() != nil {
			return
		}
	}
	proxy.Restore()
	<-woken
	for end := time.Now().Add(10 * time.Second); count(t, other, held) != 1; {
		if time.Now().After(end) {
			t.Fatal("the name is not held again")
		}
	}
}
