// Command bench measures Kinglet as a person's server is after years of use. It
// makes a database of the size that is asked for (the same flags give the same
// rows), starts the real server on it as a separate process, and measures what
// phones and other servers ask of it: time, processor time, statements, steps of
// SQLite's machine and bytes, for each endpoint and each kind of work.
//
//	go run ./internal/bench [-days 10,100,1000] [-filter REGEXP] [-json FILE]
//	go run ./internal/bench -count [-days 10,100]
//	go run ./internal/bench -turns -days 10,1000
//	go run ./internal/bench -fetch 5000 -days 100
//	go run ./internal/bench -flood 20000 -days 10 [-kill | -stages]
//	go run ./internal/bench -compare BEFORE.json AFTER.json
//
// Everything is on this machine: the servers that it delivers to are one
// listener on loopback. It never touches an existing database. It is a tool for
// developers and not part of Kinglet's binary. Read Shape, process and work.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"kinglet/internal/memory/limited"
)

// options are what the flags say.
type options struct {
	shape    Shape
	days     []int // a database for each
	filter   *regexp.Regexp
	requests int
	counts   bool // no server, and no times
	json     string
	dir      string
	procs    int            // GOMAXPROCS of the server, 0 for Go's choice
	fsync    time.Duration  // how much longer a flush to the disk takes
	fetchers int            // how many servers fetch one post; 0 to measure all else
	within   time.Duration  // in which they begin
	turns    bool           // only the GETs, of all databases in turns
	flood    int            // how many activities of other servers arrive; 0 to measure all else
	kill     bool           // the server is killed in the midst of them
	stages   bool           // measure what each stage of a Note takes
	group    *limited.Group // that the server runs in, nil for none
}

func main() {
	if file := os.Getenv(profileTo); file != "" {
		os.Exit(serveProfiled(file))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	o := options{}
	flags.IntVar(&o.shape.Accounts, "accounts", 1, "people of the server; the first is the owner who is measured")
	flags.IntVar(&o.shape.Remote, "remote", 2000, "accounts of other servers that are known")
	flags.IntVar(&o.shape.Follows, "follows", 300, "accounts that the owner follows")
	flags.IntVar(&o.shape.PerDay, "posts-per-day", 1000, "posts that arrive in a day")
	flags.IntVar(&o.shape.Notifications, "notifications", 20000, "notifications of the owner, at most one for each five posts")
	flags.Uint64Var(&o.shape.Seed, "seed", 1, "of the random numbers")
	flags.IntVar(&o.requests, "requests", 300, "how often each endpoint is asked")
	flags.BoolVar(&o.counts, "count", false, "only count statements, steps, allocations and bytes of the GETs, which no other work on the machine disturbs; an error if one grows")
	flags.StringVar(&o.json, "json", "", "file to write the results to")
	flags.StringVar(&o.dir, "dir", "", "folder to keep the databases in, to be used again; a temporary one when empty")
	flags.IntVar(&o.procs, "procs", 0, "GOMAXPROCS of the server")
	flags.DurationVar(&o.fsync, "fsync", 0, "how much longer than here a flush to the disk takes, such as 10ms for an SD card; needs strace")
	flags.IntVar(&o.fetchers, "fetch", 0, "measure instead that so many servers fetch one post, its author and the author's WebFinger: time, memory and bytes; on the first of -days")
	flags.IntVar(&o.flood, "flood", 0, "measure instead that so many signed activities of 500 servers arrive, a third of them again and a tenth invalid, while the owner reads and writes: time, memory, processor time, and that nothing acknowledged is lost; on the first of -days")
	flags.BoolVar(&o.kill, "kill", false, "kill the server (SIGKILL) in the midst of -flood and start it again")
	flags.BoolVar(&o.stages, "stages", false, "with -flood, only post so many Notes of followed accounts, and show what each stage of their way takes of the processor time")
	flags.DurationVar(&o.within, "within", time.Minute, "the time in which the servers of -fetch begin, or the activities of -flood arrive")
	flags.BoolVar(&o.turns, "turns", false, "measure only the GETs, a server for each of -days, asked in turns: what else the machine does falls on all alike")
	memory := flags.Int64("memory", 0, "MB that the server may take, such as 64, in a cgroup that kills it when it takes more; needs root")
	days := flags.String("days", "10,100", "days of posts, a database for each number")
	filter := flags.String("filter", "", "measure only what matches this regular expression")
	compare := flags.Bool("compare", false, "compare two files of -json")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *compare {
		if flags.NArg() != 2 {
			return fmt.Errorf("-compare wants two files")
		}
		return compareFiles(os.Stdout, flags.Arg(0), flags.Arg(1))
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	var err error
	if o.filter, err = regexp.Compile(*filter); err != nil {
		return err
	}
	for _, s := range strings.Split(*days, ",") {
		n, err := strconv.Atoi(s)
		if err != nil || n <= 0 {
			return fmt.Errorf("-days: want numbers of days such as 10,100, have %q", *days)
		}
		o.days = append(o.days, n)
	}
	if err := o.shape.check(); err != nil {
		return err
	}
	if o.fetchers < 0 || o.within < 0 {
		return fmt.Errorf("-fetch and -within can't be negative")
	}
	if o.flood != 0 && o.flood < 100 {
		return fmt.Errorf("-flood: want 100 activities or more")
	}
	if (o.kill || o.stages) && o.flood == 0 || o.kill && o.stages {
		return fmt.Errorf("-kill and -stages are one way or another of -flood")
	}
	if *memory > 0 {
		if o.group, err = limited.NewGroup(*memory << 20); err != nil {
			return err
		}
		defer func() { _ = o.group.Remove() }()
	}
	if o.fetchers > 0 {
		return measureFetch(ctx, &o)
	}
	if o.flood > 0 {
		return measureFlood(ctx, &o)
	}
	return measureAll(ctx, &o)
}

// measureAll builds the server and measures it on each database.
func measureAll(ctx context.Context, o *options) error {
	scratch, err := os.MkdirTemp(o.dir, "kinglet-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	kept := o.dir
	if kept == "" {
		kept = scratch
	}
	var report Report
	if !o.counts {
		if report.Binary, err = build(ctx, filepath.Join(scratch, "kinglet")); err != nil {
			return err
		}
	}
	if o.turns {
		report.Runs, err = measureTurns(ctx, o, kept, scratch)
	} else {
		report.Runs, err = measureEach(ctx, o, kept, scratch)
	}
	if err != nil {
		return err
	}
	report.print(os.Stdout)
	if o.json != "" {
		if err := report.write(o.json); err != nil {
			return err
		}
	}
	if grown := report.growth(); o.counts && len(grown.steeper) > 0 {
		return fmt.Errorf("%s", grown.summary())
	}
	return nil
}

// measureEach measures one database after the other.
func measureEach(ctx context.Context, o *options, kept, scratch string) (runs []Run, err error) {
	for _, days := range o.days {
		shape := o.shape
		shape.Days = days
		run, err := measure(ctx, o, shape, kept, scratch)
		if err != nil {
			return nil, err
		}
		runs = append(runs, *run)
	}
	return runs, nil
}
