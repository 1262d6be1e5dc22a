package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"text/tabwriter"
	"time"
)

// Report is what was measured.
type Report struct {
	Binary int64 `json:"binary"` // bytes
	Runs   []Run `json:"runs"`
}

// Run is what was measured on one database.
type Run struct {
	Shape          Shape    `json:"shape"`
	Statuses       int      `json:"statuses"`
	Bytes          int64    `json:"bytes"`
	BytesPerStatus float64  `json:"bytes_per_status"`
	Start          float64  `json:"start"` // seconds
	Idle           int64    `json:"idle"`  // bytes
	Peak           int64    `json:"peak"`
	Results        []Result `json:"results"`
}

// Result is what was measured of one endpoint, or kind of work. Times are in
// milliseconds, of a request; of deliveries the processor time is that of one.
type Result struct {
	Name      string  `json:"name"`
	P50       float64 `json:"p50,omitempty"`
	P95       float64 `json:"p95,omitempty"`
	P99       float64 `json:"p99,omitempty"`
	PerSecond float64 `json:"per_second,omitempty"`
	CPU       float64 `json:"cpu,omitempty"`
	Cost

	path endpoint // of a GET
}

func (r *Result) spread(times []time.Duration) {
	r.P50, r.P95, r.P99 = percentile(times, 50), percentile(times, 95), percentile(times, 99)
}

func (r *Report) print(w io.Writer) {
	for _, run := range r.Runs {
		fmt.Fprintf(w, "\n%d statuses, %d accounts known, %d followed: %.0f MB, %.2f kB a status\n",
			run.Statuses, run.Shape.Remote, run.Shape.Follows, float64(run.Bytes)/1e6, run.BytesPerStatus/1e3)
		timed := run.Start > 0
		if timed {
			fmt.Fprintf(w, "binary %.1f MB; start %.3f s, idle %.1f MiB, peak %.1f MiB\n", float64(r.Binary)/1e6, run.Start, mib(run.Idle), mib(run.Peak))
		}
		t := newTable(w, timed, "p50 ms\tp95\tp99\ta second\tCPU ms\t", "statements\tsteps\tscanned\tsorted\tallocations\tbytes\t")
		for _, x := range run.Results {
			t.row(x.Name, fmt.Sprintf("%.2f\t%.2f\t%.2f\t%.0f\t%.3f\t", x.P50, x.P95, x.P99, x.PerSecond, x.CPU),
				fmt.Sprintf("%d\t%d\t%d\t%d\t%d\t%d\t", x.Statements, x.Work.Steps, x.Work.Scans, x.Work.Sorts, x.Allocs, x.Bytes))
		}
		t.Flush()
	}
	if len(r.Runs) > 1 {
		small, large := r.Runs[0], r.Runs[len(r.Runs)-1]
		fmt.Fprintf(w, "\nfrom %d to %d statuses\n", small.Statuses, large.Statuses)
		printBeside(w, small, large)
		fmt.Fprintln(w, r.growth().summary())
	}
}

// printBeside prints the results of two runs beside each other, and marks what
// takes more than flat times as long or as many steps in the second.
func printBeside(w io.Writer, before, after Run) {
	t := newTable(w, before.Start > 0 && after.Start > 0, "p50 ms\t\ttimes\tCPU ms\t\ttimes\t", "statements\t\tsteps\t\ttimes\tallocations\t\tbytes\t\t\t")
	for _, b := range before.Results {
		i := slices.IndexFunc(after.Results, func(a Result) bool { return a.Name == b.Name })
		if i < 0 {
			continue
		}
		a, mark := after.Results[i], ""
		slower, steeper := ratio(b.P50, a.P50), ratio(b.Work.Steps, a.Work.Steps)
		if slower > flat || steeper > flat {
			mark = "<--"
		}
		t.row(b.Name, fmt.Sprintf("%.2f\t%.2f\t%.2f\t%.3f\t%.3f\t%.2f\t", b.P50, a.P50, slower, b.CPU, a.CPU, ratio(b.CPU, a.CPU)),
			fmt.Sprintf("%d\t%d\t%d\t%d\t%.2f\t%d\t%d\t%d\t%d\t%s\t", b.Statements, a.Statements, b.Work.Steps, a.Work.Steps, steeper, b.Allocs, a.Allocs, b.Bytes, a.Bytes, mark))
	}
	t.Flush()
}

// table is a table with a row for each result: its times, if there was a server
// to measure, and what was counted.
type table struct {
	*tabwriter.Writer
	timed bool
}

func newTable(w io.Writer, timed bool, times, counts string) table {
	t := table{tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight), timed}
	t.row("", times, counts)
	return t
}

func (t table) row(name, times, counts string) {
	if !t.timed {
		times = ""
	}
	fmt.Fprintf(t, "%s\t%s%s\n", name, times, counts)
}

func ratio[N int | float64](before, after N) float64 {
	if before == 0 {
		return 1
	}
	return float64(after) / float64(before)
}

func mib(bytes int64) float64 { return float64(bytes) / (1 << 20) }

func (r *Report) write(path string) error {
	b, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(b, '\n'), 0o644)
}

// compareFiles prints two reports beside each other, database by database.
func compareFiles(w io.Writer, before, after string) error {
	var reports [2]Report
	for i, path := range []string{before, after} {
		b, err := os.ReadFile(path)
		if err == nil {
			err = json.Unmarshal(b, &reports[i])
		}
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	for _, b := range reports[0].Runs {
		i := slices.IndexFunc(reports[1].Runs, func(a Run) bool { return a.Shape == b.Shape })
		if i < 0 {
			continue
		}
		a := reports[1].Runs[i]
		fmt.Fprintf(w, "\n%d statuses: %.2f and %.2f kB a status, start %.3f and %.3f s, idle %.1f and %.1f MiB\n",
			b.Statuses, b.BytesPerStatus/1e3, a.BytesPerStatus/1e3, b.Start, a.Start, mib(b.Idle), mib(a.Idle))
		printBeside(w, b, a)
	}
	return nil
}
