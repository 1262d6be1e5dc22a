package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/pprof"
	"slices"
	"strings"
	"testing/fstest"
	"time"

	"kinglet/internal/cmd"
)

// Where the processor time of a Note from an inbox goes: the server runs with a
// profiler, as this binary, which has all of its code.

// profileTo is the variable of the environment that makes this command the
// server, and names the file for its profile.
const profileTo = "KINGLET_BENCH_PROFILE"

// serveProfiled is `kinglet serve` with a profile of its processor time.
func serveProfiled(file string) int {
	out, err := os.Create(file)
	if err == nil {
		err = pprof.StartCPUProfile(out)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		return 1
	}
	environ := slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, profileTo+"=") })
	code := cmd.Main([]string{"serve"}, environ, os.Stdout, os.Stderr, fstest.MapFS{"main.go": {Data: []byte("package main\n")}})
	pprof.StopCPUProfile()
	if err := out.Close(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		return 1
	}
	return code
}

// stage is a part of the work: what runs in some functions, and in all that these
// call but what is a stage of its own.
type stage struct {
	name string
	in   []string // names of functions, as far as the profile's begin so
}

const pkgAP = "kinglet/ap.(*Service)."

// inboxStages are in the order of a Note's way. The last has what no other has.
var inboxStages = []stage{
	{"HTTP: connection, headers, answer", []string{"net/http.(*conn).", "net/http.(*connReader)."}},
	{"routes, address and its limit", []string{"net/http.serverHandler.ServeHTTP", "net/http.HandlerFunc.ServeHTTP", "kinglet/api/federation.(*API)."}},
	{"signature: form, date, digest header", []string{pkgAP + "readSignature"}},
	{"signature: whose key (1 view)", []string{pkgAP + "knownSigner"}},
	{"signature: RSA", []string{pkgAP + "verifyBy"}},
	{"body and its digest, room for it", []string{pkgAP + "readKnown", "kinglet/internal/semaphore."}},
	{"decode", []string{pkgAP + "parseActivity"}},
	{"admit: id, policies, what is missing", []string{pkgAP + "Inbox", pkgAP + "admit", pkgAP + "unmet"}},
	{"prepare: HTML, texts, rows", []string{pkgAP + "prepare"}},
	{"transaction: rules and SQL", []string{pkgAP + "transact"}},
	{"transaction: begin, commit, flush", []string{"kinglet/store/engine.(*writer)."}},
	{"live events, jobs", []string{"kinglet/internal/stream.", "kinglet/internal/jobs."}},
	{"collector", []string{"runtime.gcBgMarkWorker", "runtime.gcAssistAlloc", "runtime.bgsweep", "runtime.bgscavenge"}},
	{"Go's scheduler, and all else", nil},
}

// starting is what runs before the server answers, and is no part of any Note.
const starting = "kinglet/internal/cmd.Main"

// measureStages posts Notes of followed accounts to a server with a profiler.
func (f *flood) measureStages(ctx context.Context, list []*floodMessage) (err error) {
	f.m.profile = filepath.Join(f.m.scratch, "cpu.pprof")
	if f.m.server, err = f.m.startServer(ctx); err != nil {
		return err
	}
	cpu, err := f.alone(ctx, list)
	if err := errors.Join(err, f.m.server.stop()); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	out, err := exec.CommandContext(ctx, "go", "tool", "pprof", "-traces", "-unit=ms", self, f.m.profile).Output()
	if err != nil {
		return fmt.Errorf("go tool pprof: %w", err)
	}
	spent, whole := shareOut(string(out))
	if whole == 0 {
		return errors.New("the profile is empty")
	}
	for i, s := range inboxStages {
		share := float64(spent[i]) / float64(whole)
		fmt.Printf("%-38s %5.1f %%  %.3f ms\n", s.name, 100*share, share*ms(cpu))
	}
	return nil
}

// shareOut adds up pprof's list of samples, each a time and the functions that
// ran, the innermost first, by the stage of the innermost function that has one.
func shareOut(traces string) (spent []time.Duration, whole time.Duration) {
	spent = make([]time.Duration, len(inboxStages))
	took, at, begun := time.Duration(0), -1, false
	end := func() {
		if at < 0 {
			at = len(inboxStages) - 1
		}
		if took > 0 && !begun {
			spent[at] += took
			whole += took
		}
		took, at, begun = 0, -1, false
	}
	for line := range strings.Lines(traces) {
		if strings.HasPrefix(line, "-----") {
			end()
			continue
		}
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		name := fields[0]
		if d, err := time.ParseDuration(name); err == nil && len(fields) > 1 {
			took, name = d, fields[1]
		}
		begun = begun || strings.HasPrefix(name, starting)
		if at < 0 {
			at = slices.IndexFunc(inboxStages, func(s stage) bool {
				return slices.ContainsFunc(s.in, func(f string) bool { return strings.HasPrefix(name, f) })
			})
		}
	}
	end()
	return spent, whole
}
