// The same with and without -race: CI runs it without.

//go:build !race

package store_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"kinglet/store"
	"kinglet/store/storetest"
)

// What PostgreSQL's plan says of a step that reads one of the tables that grow
// with the years, of what it looks up in an index, and of a subquery whose few
// results are read once and kept. objects_object is empty in this database.
var (
	scanStep  = regexp.MustCompile(`(Seq Scan|Index Scan|Index Only Scan|Bitmap Index Scan)\b.* on (?:\w+\.)?(objects|accounts|home_feed|status_tags|account_tags|attachments|follows|notifications|favourites|bookmarks)[_ ]`)
	indexCond = regexp.MustCompile(`^\s*Index Cond:`)
	kept      = regexp.MustCompile(`hashed (SubPlan \d+)`)
	otherwise = regexp.MustCompile(`using objects_object\b`)
)

// walks are what may read all: here it is a quarter of all rows, or more, that
// are looked for.
var walks = map[string]string{
	"backfilling home from who only replies": "of the author's posts, up to as many as a backfill looks at",
	"a step of a purge":                      "of the author's posts, up to a step's number",
	"context of what thousands answered":     "whether the viewer sees what is boosted, read once: no reply is a boost",
	"tag local":                              "of the posts of this server, when they are fewer than the tag's 1,000 candidates",
	"search accounts":                        "of whom the viewer follows, which are most of all follows here",
}

// On PostgreSQL, too, every hot read and write finds by an index what it wants:
// in no plan a table that grows is read whole, nor an index from end to end. In
// a small database it takes some settings for the planner to want them.
func TestPostgresUsesIndexes(t *testing.T) {
	t.Parallel()
	const n = 2000
	s := storetest.Postgres(t)
	seedLarge(t, s, n)
	if err := store.Exec(t.Context(), s, "ANALYZE"); err != nil {
		t.Fatal(err)
	}
	find := func(r hotRead, found func(step, query string, steps []string)) {
		plans, err := store.Plans(t.Context(), s, r.read)
		if err != nil {
			t.Errorf("%s: %v", r.name, err)
		}
		if len(plans) == 0 {
			t.Errorf("%s runs nothing", r.name)
		}
		for query, steps := range plans {
			for _, step := range readsWhole(steps) {
				found(strings.TrimSpace(step), query, steps)
			}
		}
	}
	for _, r := range append(hotReads(n), hotWrites(n)...) {
		find(r, func(step, query string, steps []string) {
			if walks[r.name] == "" {
				t.Errorf("%s: %s\n%s\n%s", r.name, step, query, strings.Join(steps, "\n"))
			}
		})
	}
	// Without its index a read is found.
	if err := store.Exec(t.Context(), s, "DROP INDEX accounts_key"); err != nil {
		t.Fatal(err)
	}
	missed := true
	for _, r := range hotReads(n) {
		if r.name == "a key" {
			find(r, func(string, string, []string) { missed = false })
		}
	}
	if missed {
		t.Error("a key is found without its index: this test finds nothing")
	}
}

// readsWhole are the steps of a plan that read a table that grows, or an index of
// it, from end to end.
func readsWhole(steps []string) (whole []string) {
	var once []string
	for _, m := range kept.FindAllStringSubmatch(strings.Join(steps, "\n"), -1) {
		once = append(once, m[1])
	}
	steps = slices.DeleteFunc(steps, func(step string) bool { return strings.HasPrefix(strings.TrimSpace(step), "Output:") })
	for i, step := range steps {
		m := scanStep.FindStringSubmatch(step + " ")
		switch {
		case m == nil || otherwise.MatchString(step):
		case m[1] != "Seq Scan" && i+1 < len(steps) && indexCond.MatchString(steps[i+1]):
		case slices.ContainsFunc(steps[max(i-2, 0):i], func(above string) bool { return slices.Contains(once, strings.TrimSpace(above)) }):
		default:
			whole = append(whole, step)
		}
	}
	return whole
}
