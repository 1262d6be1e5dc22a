// What is counted here is one goroutine's, and the same with and without -race: CI
// runs it without, in a tenth of the time.

//go:build !race

package store_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"kinglet/store"
	"kinglet/store/engine"
	"kinglet/store/storetest"
)

// cleanUpSteps is what one transaction of a clean-up may cost the writer.
const cleanUpSteps = 10_000

// The clean-up of a large database is many short transactions, and others write
// between them. One that is interrupted is gone on with by the next.
func TestCleanUpIsInShortSteps(t *testing.T) {
	t.Parallel()
	s := storetest.SQLite(t)
	w := newWorld(t, s)
	seedLarge(t, s, 30_000)
	// Whether a client was written with must not be looked up in every status.
	if err := store.Exec(t.Context(), s, `INSERT INTO oauth_apps (client_id, secret_hash, name, website, redirect_uris, scopes, created_at) VALUES ('old', '', '', '', '', '', 1)`); err != nil {
		t.Fatal(err)
	}
	rest := func() int64 { return w.count("SELECT COUNT(*) FROM home_feed") }
	before, most, updates := rest(), 0, 0
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	stopped := engine.WithWork(ctx, func(query string, k engine.Work) {
		if !strings.Contains(query, "DELETE") {
			return
		}
		if most = max(most, k.Steps); k.Steps > cleanUpSteps {
			t.Errorf("%d steps: %s", k.Steps, query)
		}
		if updates++; updates == 40 {
			stop()
		}
	})
	workOfUpdate(t, s) // what was before is not counted
	kept := store.Kept{HomeFeed: 400}
	if err := s.CleanUp(stopped, kept); !errors.Is(err, context.Canceled) {
		t.Fatalf("an interrupted one: %v", err)
	}
	if n := rest(); n >= before || n <= 400 {
		t.Errorf("of %d entries %d are left by one that was interrupted", before, n)
	}
	if err := s.CleanUp(t.Context(), kept); err != nil {
		t.Fatal(err)
	}
	if n := rest(); n != 400 {
		t.Errorf("%d entries are left", n)
	}
	if n := w.count("SELECT COUNT(*) FROM sqlite_master WHERE name = 'sqlite_stat1'"); n != 1 {
		t.Error("there are no statistics")
	}
	if n := w.count("SELECT COUNT(*) FROM oauth_apps"); n != 0 {
		t.Error("the client is still there")
	}
	t.Logf("%d steps at most", most)
}
