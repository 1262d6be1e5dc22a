// Command mutate removes Kinglet's checks, one at a time, and reports which of
// them no test misses. The changes are in _table/*.txt, one file for each area
// of the code; docs/SECURITY.md explains the format. The tree is never changed:
// the altered files are passed to the go command as an overlay.
//
//	go run ./internal/mutate [-only REGEXP] [-jobs N] [-list]
//
// It exits with 1 when a mutation survives, or can't be tried. It is a tool for
// developers and not part of Kinglet's binary. Read mutation and run.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"sync"
	"time"
)

func main() {
	only := flag.String("only", "", "try only the mutations whose name or file of the table matches this regular expression")
	jobs := flag.Int("jobs", 2, "how many to try at once")
	list := flag.Bool("list", false, "list them and check that they fit the code, without running a test")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	bad, err := run(ctx, *only, *jobs, *list)
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutate:", err)
		os.Exit(2)
	}
	if bad > 0 {
		os.Exit(1)
	}
}

// run tries the mutations and returns how many survived or could not be tried.
func run(ctx context.Context, only string, jobs int, list bool) (bad int, err error) {
	match, err := regexp.Compile(only)
	if err != nil {
		return 0, err
	}
	tables, err := filepath.Glob("internal/mutate/_table/*.txt")
	if err != nil || len(tables) == 0 {
		return 0, fmt.Errorf("no internal/mutate/_table/*.txt here: run it in the root of the project")
	}
	var all []mutation
	for _, path := range tables {
		text, err := os.ReadFile(path)
		if err != nil {
			return 0, err
		}
		found, err := parseTable(filepath.Base(path), string(text))
		if err != nil {
			return 0, err
		}
		for _, m := range found {
			if match.MatchString(m.table + ": " + m.name) {
				all = append(all, m)
			}
		}
	}
	var results []result
	ready := all[:0:0]
	for _, m := range all {
		if files, err := m.mutate(os.ReadFile); err != nil {
			results = append(results, result{m, invalid, err.Error()})
		} else {
			m.altered = files
			ready = append(ready, m)
		}
	}
	if !list {
		tested, err := baseline(ctx, ready)
		if err != nil {
			return 0, err
		}
		results = append(results, try(ctx, ready, tested, jobs)...)
	}
	return report(results, len(all), list), ctx.Err()
}

// try runs each mutation's test over the altered code.
func try(ctx context.Context, all []mutation, tested map[target]string, jobs int) []result {
	results := make([]result, len(all))
	next := make(chan int)
	var workers sync.WaitGroup
	for range jobs {
		workers.Go(func() {
			for i := range next {
				m := all[i]
				started := time.Now()
				if why := tested[m.target]; why != "" {
					results[i] = result{m, invalid, why}
				} else {
					results[i] = attempt(ctx, m)
				}
				fmt.Printf("%-8s %5.1fs  %s: %s\n", results[i].outcome, time.Since(started).Seconds(), m.table, m.name)
			}
		})
	}
	for i := range all {
		if ctx.Err() != nil {
			break
		}
		next <- i
	}
	close(next)
	workers.Wait()
	return results
}

func report(results []result, total int, list bool) (bad int) {
	counts := map[outcome]int{}
	for _, r := range results {
		counts[r.outcome]++
	}
	for _, want := range []outcome{invalid, survived} {
		for _, r := range results {
			if r.outcome == want {
				bad++
				fmt.Printf("\n%s  %s: %s\n  %s\n  expected to fail: go test -run '%s' %s\n", want, r.table, r.name, r.why, r.target.test, r.target.pkg)
			}
		}
	}
	if list {
		fmt.Printf("\n%d mutations, %d of which do not fit the code\n", total, bad)
		return bad
	}
	fmt.Printf("\n%d mutations: %d killed, %d survived, %d could not be tried\n", total, counts[killed], counts[survived], counts[invalid])
	return bad
}
