package engine_test

import (
	"database/sql"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"kinglet/internal/fault"
	"kinglet/store/engine"
	"kinglet/store/engine/enginetest"
)

func TestPendingMigrations(t *testing.T) {
	enginetest.EachDatabase(t, func(t *testing.T, database string) {
		e := open(t, engine.Options{Database: database})
		all, err := e.PendingMigrations(t.Context())
		if err != nil || len(all) != 2 || all[0].Version != 1 || all[0].Name != "settings" || all[1].Version != 3 {
			t.Fatalf("before: %v %v", all, err)
		}
		if again, err := e.PendingMigrations(t.Context()); err != nil || len(again) != len(all) {
			t.Errorf("asking wrote something: %v %v", again, err)
		}
		applied, err := e.Migrate(t.Context())
		if err != nil || len(applied) != len(all) {
			t.Fatal(applied, err)
		}
		if left, err := e.PendingMigrations(t.Context()); err != nil || len(left) != 0 {
			t.Errorf("after: %v %v", left, err)
		}
		update(t, e, run("DELETE FROM schema_migrations WHERE version = 3"))
		if left, err := e.PendingMigrations(t.Context()); err != nil || len(left) != 1 || left[0].Version != 3 {
			t.Errorf("without the last: %v %v", left, err)
		}
		update(t, e, run("INSERT INTO schema_migrations (version, applied_at) VALUES (9999, 1)"))
		if _, err := e.PendingMigrations(t.Context()); !fault.Is(err, fault.Unavailable) {
			t.Errorf("of a newer version: %v", err)
		}
	})
}

// Each step goes up and down by itself, and says when it was applied.
func TestMigrateUpAndDown(t *testing.T) {
	enginetest.EachDatabase(t, func(t *testing.T, database string) {
		clock := enginetest.NewClock()
		e := open(t, engine.Options{Database: database, Now: clock.Now})
		applied := func(want ...bool) {
			t.Helper()
			list, err := e.MigrationStatus(t.Context())
			if err != nil || len(list) != len(want) {
				t.Fatalf("%v %v", list, err)
			}
			for i, m := range list {
				if m.AppliedAt.Equal(clock.Now()) != want[i] || m.AppliedAt.IsZero() == want[i] {
					t.Errorf("%s: applied at %s", m.Name, m.AppliedAt)
				}
			}
		}
		applied(false, false)
		for range 2 {
			if up, err := e.Migrate(t.Context()); err != nil || len(up) != 2 {
				t.Fatalf("up: %v %v", up, err)
			}
			if up, err := e.Migrate(t.Context()); err != nil || len(up) != 0 {
				t.Errorf("up once more: %v %v", up, err)
			}
			applied(true, true)
			update(t, e, all(keep("k", "v"), insertThing("a")))
			for _, left := range []bool{true, false} {
				if _, err := e.MigrateDown(t.Context()); err != nil {
					t.Fatal(err)
				}
				applied(left, false)
			}
			if _, err := e.MigrateDown(t.Context()); !fault.Is(err, fault.NotFound) {
				t.Errorf("one more down: %v", err)
			}
		}
	})
}

// A step that fails leaves nothing of itself, and what came before it whole.
func TestMigrationThatFails(t *testing.T) {
	enginetest.EachDatabase(t, func(t *testing.T, database string) {
		e := open(t, engine.Options{Database: database, Schema: schema(
			"0001_first", `CREATE TABLE settings (key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL);`, ``,
			"0002_second", "CREATE TABLE half (id {ID});\nCREATE TABLE broken (no such syntax;", ``,
		)})
		for range 2 {
			applied, err := e.Migrate(t.Context())
			if err == nil || !strings.Contains(err.Error(), "migration 2 second") || !strings.Contains(err.Error(), "CREATE TABLE broken") {
				t.Errorf("%v %v", applied, err)
			}
			view(t, e, func(tx *engine.Tx) error {
				for table, want := range map[string]bool{"settings": true, "half": false, "broken": false} {
					if there, err := tx.HasTable(table); err != nil || there != want {
						t.Errorf("%s: %v %v", table, there, err)
					}
				}
				return nil
			})
		}
	})
}

// A binary whose migrations are not whole says so instead of applying some.
func TestMigrationsThatAreNotWhole(t *testing.T) {
	t.Parallel()
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	for name, fs := range map[string]fstest.MapFS{
		"no number":   {"migrations/first_one.up.sql": file("SELECT 1"), "migrations/first_one.down.sql": file("")},
		"no name":     {"migrations/0001.up.sql": file("SELECT 1"), "migrations/0001.down.sql": file("")},
		"no way back": {"migrations/0001_first.up.sql": file("SELECT 1")},
	} {
		t.Run(name, func(t *testing.T) {
			e := open(t, engine.Options{Database: enginetest.SQLitePath(t), Schema: fs})
			for what, do := range map[string]func() error{
				"pending": func() error { _, err := e.PendingMigrations(t.Context()); return err },
				"status":  func() error { _, err := e.MigrationStatus(t.Context()); return err },
				"up":      func() error { _, err := e.Migrate(t.Context()); return err },
				"down":    func() error { _, err := e.MigrateDown(t.Context()); return err },
			} {
				if err := do(); err == nil || fault.Is(err, fault.NotFound) {
					t.Errorf("%s: %v", what, err)
				}
			}
		})
	}
}

func TestServerRuns(t *testing.T) {
	each(t, func(t *testing.T, e *engine.Engine) {
		runs := func(want bool) {
			t.Helper()
			if got, err := e.ServerRuns(t.Context()); err != nil || got != want {
				t.Errorf("got %v, %v", got, err)
			}
		}
		// Commands that ask at the same time are no servers.
		var group sync.WaitGroup
		for range 20 {
			group.Go(func() {
				for range 20 {
					runs(false)
				}
			})
		}
		group.Wait()
		if e.Engine() == "sqlite" {
			if err := e.ListenForWakes(); err != nil {
				t.Fatal(err)
			}
		} else if _, err := e.HoldNode(t.Context()); err != nil {
			t.Fatal(err)
		}
		runs(true)
	})
}

func TestNewerSchemaIsRefused(t *testing.T) {
	each(t, func(t *testing.T, e *engine.Engine) {
		update(t, e, run(`INSERT INTO schema_migrations (version, applied_at) VALUES (9999, 1)`))
		if _, err := e.Migrate(t.Context()); !fault.Is(err, fault.Unavailable) || !strings.Contains(err.Error(), "9999") {
			t.Errorf("up: %v", err)
		}
		if _, err := e.MigrateDown(t.Context()); !fault.Is(err, fault.Unavailable) {
			t.Errorf("down: %v", err)
		}
	})
}

// Nodes that start at once migrate once.
func TestMigrateAtOnce(t *testing.T) {
	enginetest.EachDatabase(t, func(t *testing.T, database string) {
		var mu sync.Mutex
		applied := map[int]int{}
		var group sync.WaitGroup
		for range 6 {
			group.Go(func() {
				e, err := engine.Open(t.Context(), engine.Options{Database: database, Schema: things})
				if err != nil {
					t.Error(err)
					return
				}
				defer e.Close()
				done, err := e.Migrate(t.Context())
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				for _, m := range done {
					applied[m.Version]++
				}
			})
		}
		group.Wait()
		if len(applied) != 2 {
			t.Errorf("%d migrations were applied", len(applied))
		}
		for version, n := range applied {
			if n != 1 {
				t.Errorf("migration %d was applied %d times", version, n)
			}
		}
	})
}

// Of two nodes that find the same step not applied one applies it, and the
// other waits for it.
func TestOneNodeMigrates(t *testing.T) {
	t.Parallel()
	database := enginetest.PostgresURL(t)
	const held = 77
	first := []string{"0001_first", `CREATE TABLE settings (key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL);`, ``}
	observer := open(t, engine.Options{Database: database, Schema: schema(first...)})
	if _, err := observer.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	both := schema(append(first, "0002_second", "SELECT pg_advisory_xact_lock(77);\nCREATE TABLE things (id {ID});", ``)...)
	nodes := []*engine.Engine{open(t, engine.Options{Database: database, Schema: both}), open(t, engine.Options{Database: database, Schema: both})}
	applied, errs := make([][]engine.Migration, 2), make([]error, 2)
	var group sync.WaitGroup
	db, err := sql.Open("pgx", database)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	hold, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := hold.Exec(`SELECT pg_advisory_xact_lock($1)`, held); err != nil {
		t.Fatal(err)
	}
	for i, e := range nodes {
		group.Go(func() { applied[i], errs[i] = e.Migrate(t.Context()) })
	}
	for count(t, observer, waitingForLocks) < 2 && t.Context().Err() == nil {
	}
	if err := hold.Commit(); err != nil {
		t.Fatal(err)
	}
	group.Wait()
	if errs[0] != nil || errs[1] != nil || len(applied[0])+len(applied[1]) != 1 {
		t.Errorf("applied %v and %v, %v", applied[0], applied[1], errs)
	}
}

// A second process that writes for long has others wait, not fail.
func TestMigrateWaitsForAnotherProcess(t *testing.T) {
	t.Parallel()
	if os.Getenv("KINGLET_TEST_SLOW") == "" {
		t.Skip("takes longer than SQLite's busy timeout: KINGLET_TEST_SLOW=1 runs it")
	}
	database := enginetest.SQLitePath(t)
	e, other := open(t, engine.Options{Database: database}), open(t, engine.Options{Database: database})
	began, migrated := make(chan struct{}), make(chan error, 1)
	go func() {
		<-began
		_, err := other.Migrate(t.Context())
		migrated <- err
	}()
	if err := e.Update(t.Context(), func(*engine.Tx) error {
		close(began)
		select {
		case err := <-migrated:
			t.Errorf("it did not wait: %v", err)
		case <-time.After(15 * time.Second):
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if err := <-migrated; err != nil {
		t.Error(err)
	}
}

// A step in batches keeps those that are done when it is interrupted, and goes
// on after them; what follows them comes once, at its end.
func TestMigrationInBatches(t *testing.T) {
	enginetest.EachDatabase(t, func(t *testing.T, database string) {
		const batch = "SELECT id FROM things WHERE id > (SELECT CAST(value AS BIGINT) FROM settings WHERE key = 'filled') ORDER BY id LIMIT 2"
		steps := []string{
			"0001_first", "CREATE TABLE settings (key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL);\n" +
				"CREATE TABLE things (id {ID}, name TEXT NOT NULL, filled BIGINT NOT NULL DEFAULT 0);\n" +
				"INSERT INTO things (id, name) VALUES (1, 'a'), (2, 'b'), (3, 'c'), (4, 'd'), (5, 'broken');", ``,
			"0002_fill", "INSERT INTO settings (key, value) VALUES ('filled', '0') ON CONFLICT (key) DO NOTHING;\n" +
				"UPDATE things SET filled = filled + CASE name WHEN 'broken' THEN NULL ELSE 1 END WHERE id IN (" + batch + ");\n" +
				"{REPEAT} UPDATE settings SET value = CAST(b.last AS TEXT) FROM (SELECT MAX(id) AS last FROM (" + batch + ") AS i) AS b WHERE key = 'filled' AND b.last IS NOT NULL;\n" +
				"UPDATE settings SET key = 'end' WHERE key = 'filled';", ``,
		}
		e := open(t, engine.Options{Database: database, Schema: schema(steps...)})
		filled := func(want int64) {
			t.Helper()
			if n := count(t, e, `SELECT COUNT(*) FROM things WHERE filled = 1`); n != want {
				t.Errorf("%d rows are filled, want %d", n, want)
			}
			if n := count(t, e, `SELECT COUNT(*) FROM things WHERE filled > 1`); n != 0 {
				t.Errorf("%d rows were filled twice", n)
			}
		}
		applied, err := e.Migrate(t.Context())
		if err == nil || len(applied) != 1 || kept(t, e, "end") {
			t.Fatalf("with a row that fails: %v %v", applied, err)
		}
		filled(4)
		update(t, e, run(`UPDATE things SET name = 'e' WHERE id = 5`))
		applied, err = e.Migrate(t.Context())
		if err != nil || len(applied) != 1 || applied[0].Version != 2 || applied[0].AppliedAt.IsZero() || !kept(t, e, "end") {
			t.Fatalf("afterwards: %v %v", applied, err)
		}
		filled(5)
	})
}
