package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kinglet/store"
)

var small = Shape{Accounts: 2, Remote: 40, Follows: 20, Days: 2, PerDay: 300, Notifications: 50, Seed: 7}

// The same flags give the same posts of the same people, and pages have what
// they are measured with.
func TestSeed(t *testing.T) {
	seeded := func(shape Shape) string {
		path := filepath.Join(t.TempDir(), "seeded.db")
		facts, err := seed(t.Context(), path, shape)
		if err != nil {
			t.Fatal(err)
		}
		return digest(t, path, facts)
	}
	other := small
	other.Seed++
	first := seeded(small)
	if again := seeded(small); again != first {
		t.Errorf("the same shape gives %s and %s", first, again)
	}
	if different := seeded(other); different == first {
		t.Errorf("another seed gives the same posts")
	}
}

// digest is what a database has: its pages, and the texts of home.
func digest(t *testing.T, path string, facts *Facts) string {
	s, err := store.Open(t.Context(), store.Options{Database: path, MustExist: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var out strings.Builder
	if err := s.View(t.Context(), func(tx *store.Tx) error {
		stats, err := tx.Stats()
		if err != nil {
			return err
		}
		list, err := tx.HomeTimeline(facts.OwnerID, store.Page{Limit: 40})
		if err != nil {
			return err
		}
		statuses, err := tx.Statuses(facts.OwnerID, list)
		if err != nil {
			return err
		}
		texts := sha256.New()
		for _, st := range statuses {
			fmt.Fprint(texts, st.Content, st.Account.Username)
		}
		notes, _, err := tx.Notifications(facts.OwnerID, store.NotificationQuery{}, store.Page{Limit: 40})
		if err != nil {
			return err
		}
		tagged, _, err := tx.TagTimeline(facts.OwnerID, store.TagQuery{Any: []string{"tag0"}}, store.Page{Limit: 40})
		if err != nil {
			return err
		}
		if len(statuses) != 40 || len(notes) < 40 || len(tagged) < 10 {
			t.Errorf("%d in home, %d notifications, %d tagged", len(statuses), len(notes), len(tagged))
		}
		fmt.Fprintf(&out, "%+v %d %d %x", stats, len(notes), len(tagged), texts.Sum(nil))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// A file that the command did not make is not touched, even where it would make
// one.
func TestLeavesOthersAlone(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, small.name())
	if err := os.WriteFile(path, []byte("somebody's"), 0o600); err != nil {
		t.Fatal(err)
	}
	m := &measurement{shape: small, scratch: t.TempDir()}
	if err := m.prepare(t.Context(), path); err == nil {
		t.Error("it was taken for a database of an earlier run")
	}
	if b, _ := os.ReadFile(path); string(b) != "somebody's" {
		t.Errorf("the file has %q now", b)
	}
}

func TestFlags(t *testing.T) {
	for name, args := range map[string][]string{
		"no number of days":     {"-days", "ten"},
		"days of nothing":       {"-days", "0"},
		"more follows than are": {"-remote", "10", "-follows", "11"},
		"no expression":         {"-filter", "("},
		"one file to compare":   {"-compare", "a.json"},
		"something more":        {"more"},
		"fewer than no servers": {"-fetch", "-1"},
		"a flood of a few":      {"-flood", "7"},
		"killed in no flood":    {"-kill"},
		"stages of no flood":    {"-stages"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := run(context.Background(), args); err == nil {
				t.Errorf("%v is taken", args)
			}
		})
	}
}

// Two reports of one shape stand beside each other, with how many times the
// later one is.
func TestCompare(t *testing.T) {
	var files [2]string
	for i, cpu := range []float64{2, 0.5} {
		files[i] = filepath.Join(t.TempDir(), "report.json")
		r := Report{Runs: []Run{{Shape: small, Statuses: 600, Start: 0.1, Results: []Result{{Name: "home of 20", P50: cpu, CPU: cpu}}}}}
		if err := r.write(files[i]); err != nil {
			t.Fatal(err)
		}
	}
	var out strings.Builder
	if err := compareFiles(&out, files[0], files[1]); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "home of 20") || !strings.Contains(out.String(), "0.25") {
		t.Errorf("compared:\n%s", &out)
	}
}

// What grows is named: in time, or in what a machine does not change; and what
// does not answer alike.
func TestGrowth(t *testing.T) {
	result := func(name string, p50 float64, statements, steps, bytes int) Result {
		c := Cost{Statements: statements, Bytes: bytes}
		c.Work.Steps = steps
		return Result{Name: name, P50: p50, Cost: c, path: endpoint{path: "/" + name}}
	}
	work := Result{Name: "a post", P50: 1}
	slower := work
	slower.P50 = 9
	r := Report{Runs: []Run{
		{Results: []Result{result("flat", 1, 3, 1000, 500), result("slow", 1, 3, 1000, 500), result("steep", 1, 3, 1000, 500), result("chatty", 1, 3, 1000, 500), result("longer", 1, 3, 1000, 500), work}},
		{Results: []Result{result("flat", 1.2, 3, 1200, 540), result("slow", 1.25, 3, 1000, 500), result("steep", 1, 3, 1250, 500), result("chatty", 1, 4, 1000, 500), result("longer", 1, 3, 1000, 560), slower}},
	}}
	const want = `1 of 5 GETs are more than 1.2 times as slow: slow 1.25
2 of 5 GETs take more statements, or more than 1.2 times as many steps: steep 1.25, chatty 1.00
1 of 5 GETs answer with another number of bytes, so that like is not compared with like: longer 1.12`
	if got := r.growth().summary(); got != want {
		t.Errorf("it says\n%s", got)
	}
	var out strings.Builder
	r.print(&out)
	if strings.Count(out.String(), "<--") != 3 || !strings.HasSuffix(out.String(), want+"\n") {
		t.Errorf("printed\n%s", &out)
	}
}
