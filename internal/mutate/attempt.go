package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

type outcome string

const (
	killed   outcome = "killed"
	survived outcome = "SURVIVED"
	invalid  outcome = "INVALID"
)

type result struct {
	mutation
	outcome outcome
	why     string
}

// testTimeout is long enough for a mutation that makes a test wait in vain.
const testTimeout = "60s"

// attempt runs one mutation's test over the altered code. Tests that build the
// real binary build the altered one: the overlay is in GOFLAGS.
func attempt(ctx context.Context, m mutation) result {
	dir, err := os.MkdirTemp("", "kinglet-mutate-")
	if err != nil {
		return result{m, invalid, err.Error()}
	}
	defer os.RemoveAll(dir)
	overlay, err := writeOverlay(dir, m.altered)
	if err != nil {
		return result{m, invalid, err.Error()}
	}
	out, err := goTest(ctx, overlay, m.target.pkg, m.target.test)
	switch {
	case ctx.Err() != nil:
		return result{m, invalid, "interrupted"}
	case strings.Contains(out, "[build failed]") || strings.Contains(out, "[setup failed]"):
		return result{m, invalid, "does not compile: " + strings.Join(strings.Fields(out), " ")}
	case err == nil:
		return result{m, survived, "the test passes without the check"}
	}
	return result{m, killed, ""}
}

func writeOverlay(dir string, altered map[string]string) (string, error) {
	replace := map[string]string{}
	for path, text := range altered {
		full, err := filepath.Abs(path)
		if err != nil {
			return "", err
		}
		copied := filepath.Join(dir, strconv.Itoa(len(replace))+filepath.Ext(path))
		if err := os.WriteFile(copied, []byte(text), 0o600); err != nil {
			return "", err
		}
		replace[full] = copied
	}
	b, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "overlay.json")
	return path, os.WriteFile(path, b, 0o600)
}

func goTest(ctx context.Context, overlay, pkg, test string, flags ...string) (string, error) {
	args := append([]string{"test", "-count=1", "-vet=off", "-timeout=" + testTimeout, "-run=" + test}, flags...)
	c := exec.CommandContext(ctx, "go", append(args, pkg)...)
	c.Env = os.Environ()
	if overlay != "" {
		c.Env = append(c.Env, "GOFLAGS="+strings.TrimSpace(os.Getenv("GOFLAGS")+" -overlay="+overlay))
	}
	out, err := c.CombinedOutput()
	return string(out), err
}

// baseline runs every test that a mutation names over the unchanged code. It
// returns, for each, why it proves nothing: it fails already, does not exist,
// or is skipped here.
func baseline(ctx context.Context, all []mutation) (map[target]string, error) {
	byPackage := map[string][]string{}
	for _, m := range all {
		top, _, _ := strings.Cut(m.target.test, "/")
		byPackage[m.target.pkg] = append(byPackage[m.target.pkg], "("+top+")")
	}
	passed := map[string][]string{}
	failed := map[string][]string{}
	for pkg, tops := range byPackage {
		fmt.Printf("running the tests of %s without any mutation\n", pkg)
		out, _ := goTest(ctx, "", pkg, strings.Join(tops, "|"), "-v", "-timeout=10m")
		for _, line := range strings.Split(out, "\n") {
			name, ok := strings.CutPrefix(strings.TrimSpace(line), "--- PASS: ")
			if ok {
				passed[pkg] = append(passed[pkg], strings.Fields(name)[0])
			}
			if name, ok = strings.CutPrefix(strings.TrimSpace(line), "--- FAIL: "); ok {
				failed[pkg] = append(failed[pkg], strings.Fields(name)[0])
			}
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	why := map[target]string{}
	for _, m := range all {
		t := m.target
		switch {
		case anyMatch(t.test, failed[t.pkg]):
			why[t] = "the test fails without the mutation too"
		case !anyMatch(t.test, passed[t.pkg]):
			why[t] = "no test of that name ran"
		}
	}
	return why, nil
}

// anyMatch reports whether a -run expression, a list of names between slashes,
// matches one of the tests completely.
func anyMatch(run string, names []string) bool {
	parts := strings.Split(run, "/")
	for _, name := range names {
		levels := strings.Split(name, "/")
		if len(levels) < len(parts) {
			continue
		}
		matches := true
		for i, p := range parts {
			ok, err := regexp.MatchString(p, levels[i])
			matches = matches && ok && err == nil
		}
		if matches {
			return true
		}
	}
	return false
}
