package main

import (
	"bytes"
	"context"
	"errors"
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

// A flood is what a small server gets when it is talked about: thousands of signed
// activities of hundreds of servers within a minute, of which many come again and
// some are false, while its owner reads and writes.

// flood is the measuring of one.
type flood struct {
	m        *measurement
	messages []*floodMessage

	mu     sync.Mutex
	times  []time.Duration
	acked  []*floodMessage // in the order in which they were answered
	busy   int             // answers that asked to come again
	broken int             // requests without an answer
	wrong  map[string]int  // answers that should be others

	owner map[string][]time.Duration // what the owner's requests took
	spent time.Duration              // processor time of servers that were killed
}

// measureFlood starts the server on a database and has the flood arrive.
func measureFlood(ctx context.Context, o *options) (err error) {
	m, kept, end, err := o.prepareOne(ctx)
	if err != nil {
		return err
	}
	defer end()
	if m.key, err = signature.ParsePrivate(m.facts.Key); err != nil {
		return err
	}
	hosts, err := newFloodHosts(min(floodHosts, o.flood), filepath.Join(kept, "flood-keys.json"))
	if err != nil {
		return err
	}
	if err := m.introduce(ctx, hosts); err != nil {
		return fmt.Errorf("introduce the hosts: %w", err)
	}
	f := &flood{m: m, wrong: map[string]int{}, owner: map[string][]time.Duration{}}
	owner := "https://" + domain + "/users/person0"
	plan := newFloodPlan(hosts, o.shape.Seed, time.Now(), owner, "https://"+domain+m.facts.Object)
	// Notes alone come before: what they cost is compared with the benchmark of
	// one sender.
	if o.stages {
		return f.measureStages(ctx, plan.alone(o.flood))
	}
	alone := plan.alone(o.flood / 10)
	f.messages = plan.messages(o.flood)
	m.remote.pages = floodPages(hosts, plan.posts)
	if m.server, err = m.startServer(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, m.server.stop()) }()
	fmt.Printf("%d activities of %d servers within %v, %d repeated, %d invalid; %d statuses\n", len(f.messages), len(hosts), o.within,
		count(f.messages, func(m *floodMessage) bool { return m.repeated }), count(f.messages, func(m *floodMessage) bool { return m.refused }), m.shape.Statuses())
	fmt.Printf("at rest: %.1f MB\n", mb(m.server.memory("VmRSS")))
	if _, err := f.alone(ctx, alone); err != nil {
		return err
	}
	if err := f.run(ctx); err != nil {
		return err
	}
	return f.check(ctx, append(alone, f.acked...))
}

func count[T any](list []T, of func(T) bool) (n int) {
	for _, x := range list {
		if of(x) {
			n++
		}
	}
	return n
}

// alone measures Notes of followed accounts: 16 at once, as fast as they are
// answered.
func (f *flood) alone(ctx context.Context, list []*floodMessage) (cpu time.Duration, err error) {
	before, began := f.m.server.cpu(), time.Now()
	times, err := f.sendAll(ctx, list)
	if err != nil {
		return 0, err
	}
	cpu = (f.m.server.cpu() - before) / time.Duration(len(list))
	fmt.Printf("Notes alone, 16 at once: %d, %.0f a second, p50 %.2f ms, p95 %.2f ms, %.3f ms of processor each\n",
		len(list), float64(len(list))/time.Since(began).Seconds(), percentile(times, 50), percentile(times, 95), ms(cpu))
	return cpu, nil
}

// sendAll sends messages that have to be taken.
func (f *flood) sendAll(ctx context.Context, list []*floodMessage) (times []time.Duration, err error) {
	const clients = 16
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clients}}
	defer client.CloseIdleConnections()
	var mu sync.Mutex
	var group sync.WaitGroup
	for c := range clients {
		group.Go(func() {
			for i := c; i < len(list); i += clients {
				at := time.Now()
				status, serr := list[i].send(ctx, client)
				if serr == nil && status != http.StatusAccepted {
					serr = fmt.Errorf("a Note is answered with %d", status)
				}
				mu.Lock()
				times, err = append(times, time.Since(at)), errors.Join(err, serr)
				stop := err != nil
				mu.Unlock()
				if stop {
					return
				}
			}
		})
	}
	group.Wait()
	return times, err
}

// send posts a message.
func (msg *floodMessage) send(ctx context.Context, client *http.Client) (code int, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+listen+"/inbox", bytes.NewReader(msg.body))
	if err != nil {
		return 0, err
	}
	r.Host, r.Header = domain, msg.header
	resp, err := client.Do(r)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, nil
}

// run has the flood arrive, evenly over the time, each host's messages one after
// the other, while the owner reads and writes.
func (f *flood) run(ctx context.Context) error {
	// As a proxy before the server has it: fewer connections than senders.
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64, MaxConnsPerHost: 128}}
	defer client.CloseIdleConnections()
	before, began := f.m.server.cpu(), time.Now()
	flooded, end := context.WithCancel(ctx)
	defer end()
	var owner, senders sync.WaitGroup
	var ownerErr error
	owner.Go(func() { ownerErr = f.asOwner(flooded) })
	queues := map[*floodHost][]*floodMessage{}
	due := map[*floodMessage]time.Time{}
	for i, msg := range f.messages {
		queues[msg.host] = append(queues[msg.host], msg)
		due[msg] = began.Add(f.m.within * time.Duration(i) / time.Duration(len(f.messages)))
	}
	for _, queue := range queues {
		senders.Go(func() {
			for _, msg := range queue {
				if sleep(ctx, time.Until(due[msg])) != nil {
					return
				}
				f.deliver(ctx, client, msg)
			}
		})
	}
	var killErr error
	if f.m.kill {
		killErr = f.kill(ctx, began.Add(f.m.within/2), &before)
	}
	senders.Wait()
	took := time.Since(began)
	end()
	owner.Wait()
	if err := errors.Join(ctx.Err(), killErr, f.settle(ctx)); err != nil {
		return err
	}
	cpu := f.spent + f.m.server.cpu() - before
	fmt.Printf("flood: %d answered in %.1f s, p50 %.2f ms, p95 %.2f ms, p99 %.2f ms; %.3f ms of processor each, with all that they cause and what the owner asks; peak %.1f MB\n",
		len(f.times), took.Seconds(), percentile(f.times, 50), percentile(f.times, 95), percentile(f.times, 99), ms(cpu)/float64(len(f.times)), mb(f.m.server.memory("VmHWM")))
	fmt.Printf("flood: %d answered 202, %d refused, %d asked to come again, %d without an answer\n", len(f.acked), len(f.times)-len(f.acked)-f.busy, f.busy, f.broken)
	for _, what := range []string{"home", "notifications", "post"} {
		times := f.owner[what]
		fmt.Printf("the owner meanwhile, %s: %d, p50 %.2f ms, p95 %.2f ms, max %.2f ms\n", what, len(times), percentile(times, 50), percentile(times, 95), percentile(times, 100))
	}
	if ownerErr != nil {
		return fmt.Errorf("the owner: %w", ownerErr)
	}
	return nil
}

// patient is how often a message is sent that is not answered, or asked to come
// again: a second later.
const patient = 120

// deliver sends a message until it is answered.
func (f *flood) deliver(ctx context.Context, client *http.Client, msg *floodMessage) {
	for range patient {
		at := time.Now()
		code, err := msg.send(ctx, client)
		again := f.answered(msg, code, err, time.Since(at))
		if !again || sleep(ctx, time.Second) != nil {
			return
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.wrong[msg.kind+" is never answered"]++
}

// answered notes an answer, and says whether to send the message again.
func (f *flood) answered(msg *floodMessage, code int, err error, took time.Duration) (again bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err != nil {
		f.broken++
		return !msg.refused // of what is too large the connection is closed while it is sent
	}
	f.times = append(f.times, took)
	switch {
	case code == http.StatusAccepted && !msg.refused:
		f.acked = append(f.acked, msg)
	case !msg.refused && (code == http.StatusTooManyRequests || code == http.StatusServiceUnavailable):
		f.busy++
		return true
	case !msg.refused || code < 400 || code == http.StatusInternalServerError:
		f.wrong[fmt.Sprintf("%s is answered with %d", msg.kind, code)]++
	}
	return false
}

// kill kills the server in the midst of it, and starts it again.
func (f *flood) kill(ctx context.Context, at time.Time, before *time.Duration) error {
	if err := sleep(ctx, time.Until(at)); err != nil {
		return err
	}
	f.spent = f.m.server.cpu() - *before
	if err := f.m.server.cmd.Process.Kill(); err != nil {
		return err
	}
	_ = f.m.server.cmd.Wait()
	f.mu.Lock()
	fmt.Printf("killed after %d answers\n", len(f.times))
	f.mu.Unlock()
	server, err := f.m.startServer(ctx)
	if err != nil {
		return err
	}
	f.m.server, *before = server, 0
	return nil
}

// asOwner reads home and notifications and writes posts, one after the other, as
// long as the flood lasts. A server that was killed is no failure of theirs.
func (f *flood) asOwner(ctx context.Context) error {
	client := &http.Client{}
	defer client.CloseIdleConnections()
	for n := 0; ; n++ {
		if sleep(ctx, 25*time.Millisecond) != nil {
			return nil
		}
		what := []string{"home", "notifications", "post"}[n%3]
		at := time.Now()
		var err error
		switch what {
		case "post":
			err = f.m.post(context.WithoutCancel(ctx), client, n, "direct")
		default:
			var r *http.Request
			path := map[string]string{"home": "/api/v1/timelines/home?limit=20", "notifications": "/api/v1/notifications?limit=20"}[what]
			if r, err = (endpoint{path: path}).request(context.WithoutCancel(ctx), f.m.listen, f.m.facts.Token); err == nil {
				err = do(client, r)
			}
		}
		if err == nil {
			f.owner[what] = append(f.owner[what], time.Since(at))
		} else if !f.m.kill {
			return fmt.Errorf("%s: %w", what, err)
		}
	}
}

// prepareOne makes the first of the databases and what a server on a copy of it
// needs; end removes it.
func (o *options) prepareOne(ctx context.Context) (m *measurement, kept string, end func(), err error) {
	scratch, err := os.MkdirTemp(o.dir, "kinglet-bench")
	if err != nil {
		return nil, "", nil, err
	}
	end = func() { os.RemoveAll(scratch) }
	defer func() {
		if err != nil {
			end()
		}
	}()
	if kept = o.dir; kept == "" {
		kept = scratch
	}
	if _, err := build(ctx, filepath.Join(scratch, "kinglet")); err != nil {
		return nil, "", nil, err
	}
	shape := o.shape
	shape.Days = o.days[0]
	m = &measurement{options: o, shape: shape, scratch: scratch, certs: filepath.Join(scratch, "certificates.pem"), database: filepath.Join(scratch, "measured.db"), listen: listen}
	if err := m.prepare(ctx, filepath.Join(kept, shape.name())); err != nil {
		return nil, "", nil, err
	}
	if err := copyDatabase(filepath.Join(kept, shape.name()), m.database); err != nil {
		return nil, "", nil, err
	}
	if m.remote, err = startRemote(m.certs); err != nil {
		return nil, "", nil, err
	}
	return m, kept, func() {
		m.remote.server.Close()
		os.RemoveAll(scratch)
	}, nil
}

// kinds are how many messages there are of each kind, the most first.
func kinds(list []*floodMessage) []string {
	counts := map[string]int{}
	for _, msg := range list {
		counts[msg.kind]++
	}
	var out []string
	for kind := range counts {
		out = append(out, kind)
	}
	slices.SortFunc(out, func(a, b string) int { return counts[b] - counts[a] })
	for i, kind := range out {
		out[i] = fmt.Sprintf("%d %s", counts[kind], kind)
	}
	return out
}
