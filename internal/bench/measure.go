package main

import (
	"context"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"kinglet/ap/signature"
)

// measurement is the measuring of one database.
type measurement struct {
	*options
	shape    Shape
	facts    *Facts
	key      *rsa.PrivateKey
	scratch  string // a folder
	database string // a copy, which is written to
	certs    string
	remote   *remote
	gets     []endpoint
	server   *process
	listen   string // the server's address
	results  []Result
	run      int
	profile  string // the file for a profile of the server, "" for none
}

// measure makes the database in dir, unless an earlier run did, and measures the
// server on a copy of it. The folder scratch is the run's own.
func measure(ctx context.Context, o *options, shape Shape, dir, scratch string) (*Run, error) {
	m := &measurement{options: o, shape: shape, scratch: scratch, certs: filepath.Join(scratch, "certificates.pem"), database: filepath.Join(scratch, "measured.db"), listen: listen}
	kept := filepath.Join(dir, shape.name())
	if err := m.prepare(ctx, kept); err != nil {
		return nil, err
	}
	if err := copyDatabase(kept, m.database); err != nil {
		return nil, err
	}
	if err := m.findEndpoints(ctx); err != nil {
		return nil, err
	}
	run := &Run{Shape: shape, Statuses: shape.Statuses(), BytesPerStatus: float64(m.facts.Bytes) / float64(shape.Statuses()), Bytes: m.facts.Bytes}
	if o.counts {
		for _, e := range m.gets {
			m.results = append(m.results, Result{Name: e.name, path: e})
		}
		err := m.count(ctx)
		run.Results = m.results
		return run, err
	}
	var err error
	if m.key, err = signature.ParsePrivate(m.facts.Key); err != nil {
		return nil, err
	}
	if m.remote, err = startRemote(m.certs); err != nil {
		return nil, err
	}
	defer m.remote.server.Close()
	if err := m.served(ctx, run); err != nil {
		return nil, err
	}
	if err := m.count(ctx); err != nil {
		return nil, err
	}
	if err := m.backlogs(ctx, kept); err != nil {
		return nil, err
	}
	run.Results = m.results
	return run, nil
}

// prepare seeds the database, unless an earlier run kept it. A file that is no
// database of an earlier run is left alone: it may be somebody's.
func (m *measurement) prepare(ctx context.Context, kept string) error {
	facts := kept + ".json"
	if b, err := os.ReadFile(facts); err == nil {
		m.facts = new(Facts)
		return json.Unmarshal(b, m.facts)
	}
	if _, err := os.Lstat(kept); err == nil {
		return fmt.Errorf("%s exists, and was not made by this command: there is no %s", kept, facts)
	}
	seeding := filepath.Join(m.scratch, "seeding.db")
	var err error
	if m.facts, err = seed(ctx, seeding, m.shape); err != nil {
		return fmt.Errorf("seed: %w", err)
	}
	fmt.Fprintf(os.Stderr, "bench: wrote %d statuses in %.0f s\n", m.shape.Statuses(), m.facts.Seconds)
	b, err := json.Marshal(m.facts)
	if err != nil {
		return err
	}
	if err := os.Rename(seeding, kept); err != nil {
		return err
	}
	return os.WriteFile(facts, b, 0o600)
}

// served measures what needs the running server.
func (m *measurement) served(ctx context.Context, run *Run) (err error) {
	if m.server, err = m.startServer(ctx); err != nil {
		return err
	}
	defer func() {
		if stopped := m.server.stop(); err == nil {
			err = stopped
		}
	}()
	run.Start = m.server.start.Seconds()
	if err := sleep(ctx, 5*time.Second); err != nil { // until it is at rest
		return err
	}
	run.Idle = m.server.memory("VmRSS")
	for _, e := range m.gets {
		if err := m.get(ctx, e); err != nil {
			return fmt.Errorf("%s: %w", e.name, err)
		}
	}
	if err := m.work(ctx); err != nil {
		return err
	}
	run.Peak = m.server.memory("VmHWM")
	return nil
}

// enough is how long one endpoint is measured at most, or as many times as
// few says.
const (
	enough = 3 * time.Second
	least  = 5
)

// get measures an endpoint: first one request after the other, then two
// clients at once.
func (m *measurement) get(ctx context.Context, e endpoint) error {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 4}}
	defer client.CloseIdleConnections()
	ask := func() error {
		r, err := e.request(ctx, m.listen, m.facts.Token)
		if err == nil {
			err = do(client, r)
		}
		return err
	}
	for range least {
		if err := ask(); err != nil {
			return err
		}
	}
	times, cpu, err := m.repeat(m.requests, ask)
	if err != nil {
		return err
	}
	res := Result{Name: e.name, CPU: ms(cpu), path: e}
	res.spread(times)
	began := time.Now()
	var done [2]int
	var errs [2]error
	var group sync.WaitGroup
	for i := range done {
		group.Go(func() {
			for time.Since(began) < enough/3 && errs[i] == nil && done[i] < 10*m.requests {
				var r *http.Request
				if r, errs[i] = e.request(ctx, m.listen, m.facts.Token); errs[i] == nil {
					errs[i] = do(client, r)
				}
				done[i]++
			}
		})
	}
	group.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	res.PerSecond = float64(done[0]+done[1]) / time.Since(began).Seconds()
	m.results = append(m.results, res)
	return nil
}

// repeat calls fn n times, or as often as there is time for, and returns how
// long each took, and the processor time of the server for one.
func (m *measurement) repeat(n int, fn func() error) (times []time.Duration, cpu time.Duration, err error) {
	began, before := time.Now(), m.server.cpu()
	for i := 0; i < n && (i < least || time.Since(began) < enough); i++ {
		at := time.Now()
		if err := fn(); err != nil {
			return nil, 0, err
		}
		times = append(times, time.Since(at))
	}
	return times, (m.server.cpu() - before) / time.Duration(len(times)), nil
}

func (e endpoint) request(ctx context.Context, address, token string) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+e.path, nil)
	if err != nil {
		return nil, err
	}
	r.Host = domain
	if !e.stranger {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if e.accept != "" {
		r.Header.Set("Accept", e.accept)
	}
	return r, nil
}

// do sends a request, which has to succeed.
func do(client *http.Client, r *http.Request) error {
	resp, err := client.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode/100 != 2 {
		err = fmt.Errorf("%s %s answers %d: %.200s", r.Method, r.URL.Path, resp.StatusCode, b)
	}
	return err
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// percentile is the time that so many percent took at most.
func percentile(times []time.Duration, percent int) float64 {
	if len(times) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(times))
	return ms(sorted[(len(sorted)-1)*percent/100])
}

func copyDatabase(from, to string) error {
	for _, end := range []string{"", "-wal", "-shm"} {
		os.Remove(to + end)
	}
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}
