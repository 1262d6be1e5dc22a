// What is counted here is the same with -race, which takes much longer for it, but
// for allocations: CI runs it without.

//go:build !race

package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"text/tabwriter"
)

var update = flag.Bool("update", false, "write what the GETs cost now to testdata/costs.txt")

// sorts are the GETs whose statements may sort what they found (SQLite's
// temporary b-trees), and why.
var sorts = map[string]string{
	"blocks":             "in the order in which they were made, of one person, who makes them one by one",
	"mutes":              "in the order in which they were made, of one person, who makes them one by one",
	"boosted by":         "the boosts of one post, whose index is in the order of who boosted",
	"familiar followers": "of the accounts that are asked for",
}

// What each GET of the benchmark costs on any machine, and is held to:
// statements, steps of SQLite's machine, rows that a walk over a whole table or
// index visits, and allocations. A small database is enough: a walk over its
// posts takes ten times as many steps as a page. When something got cheaper, or
// has to be dearer, -update writes the table, and its diff says what changed.
func TestCosts(t *testing.T) {
	const table = "testdata/costs.txt"
	shape := Shape{Accounts: 1, Remote: 2000, Follows: 300, Days: 3, PerDay: 1000, Notifications: 600, Seed: 1}
	database := filepath.Join(t.TempDir(), "seeded.db")
	facts, err := seed(t.Context(), database, shape)
	if err != nil {
		t.Fatal(err)
	}
	c, err := newCounter(t.Context(), database, facts)
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	list, err := c.endpoints(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	held, err := readCosts(table)
	if err != nil && !*update {
		t.Fatal(err)
	}
	var now bytes.Buffer
	columns := tabwriter.NewWriter(&now, 0, 0, 2, ' ', 0)
	fmt.Fprintln(columns, "# GET\tstatements\tsteps\tscanned\tallocations")
	for _, e := range list {
		cost, err := c.cost(t.Context(), e)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(columns, "%s\t%d\t%d\t%d\t%d\n", e.name, cost.Statements, cost.Work.Steps, cost.Work.Scans, cost.Allocs)
		if cost.Work.Sorts > 0 && sorts[e.name] == "" {
			t.Errorf("%s sorts what it found", e.name)
		}
		most, ok := held[e.name]
		delete(held, e.name)
		switch {
		case *update:
		case !ok:
			t.Errorf("%s is not in %s", e.name, table)
		case cost.Statements > most.Statements || over(cost.Work.Steps, most.Work.Steps) || over(cost.Work.Scans, most.Work.Scans) || over(cost.Allocs, most.Allocs):
			t.Errorf("%s: %d statements, %d steps, %d scanned, %d allocations; held to %d, %d, %d, %d",
				e.name, cost.Statements, cost.Work.Steps, cost.Work.Scans, cost.Allocs, most.Statements, most.Work.Steps, most.Work.Scans, most.Allocs)
		}
	}
	columns.Flush()
	for name := range held {
		if !*update {
			t.Errorf("%s is in %s, and not measured", name, table)
		}
	}
	if *update {
		if err := os.WriteFile(table, now.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// over reports whether a number is clearly above what it is held to: keys and
// ids of each seeded database differ, and so a step or an allocation now and then.
func over(n, held int) bool { return n > held+held/20+15 }

// readCosts reads a table of costs.
func readCosts(path string) (map[string]Cost, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	out := map[string]Cost{}
	for line := range strings.Lines(string(b)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		name, rest, _ := strings.Cut(line, "  ")
		var c Cost
		if _, err := fmt.Sscan(rest, &c.Statements, &c.Work.Steps, &c.Work.Scans, &c.Allocs); err != nil {
			return nil, fmt.Errorf("%s: %s: %w", path, name, err)
		}
		out[name] = c
	}
	return out, nil
}
