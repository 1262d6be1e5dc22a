package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

// A post that somebody famous boosts is fetched by thousands of servers within a
// minute: each asks for the post, its author and the author's WebFinger, as one
// that has seen neither before.

// fetched is what the servers were answered.
type fetched struct {
	times     []time.Duration // of each GET
	bytes     int64
	unchanged int // answered with 304
	tags      map[string]string
}

// measureFetch starts the server on a database and has so many servers fetch one
// post, evenly over a time; then once more, as those who ask again what they
// know.
func measureFetch(ctx context.Context, o *options) error {
	m, _, end, err := o.prepareOne(ctx)
	if err != nil {
		return err
	}
	defer end()
	if m.server, err = m.startServer(ctx); err != nil {
		return err
	}
	fmt.Printf("%d servers in %v, %d GETs each, %d statuses\n", o.fetchers, o.within, len(m.fetches()), m.shape.Statuses())
	fmt.Printf("at rest: %.1f MB\n", mb(m.server.memory("VmRSS")))
	var first *fetched
	for _, name := range []string{"first", "again, with the tags"} {
		before, began := m.server.cpu(), time.Now()
		got, err := m.fetchAll(ctx, first)
		if err != nil {
			return errors.Join(err, m.server.stop())
		}
		cpu := m.server.cpu() - before
		fmt.Printf("%s: %d GETs in %.1f s, p50 %.2f ms, p99 %.2f ms, max %.2f ms, %.3f ms of processor each, %.1f MB sent (%.0f bytes each), %d unchanged, peak %.1f MB\n",
			name, len(got.times), time.Since(began).Seconds(), percentile(got.times, 50), percentile(got.times, 99), percentile(got.times, 100),
			ms(cpu)/float64(len(got.times)), mb(got.bytes), float64(got.bytes)/float64(len(got.times)), got.unchanged, mb(m.server.memory("VmHWM")))
		first = got
	}
	return m.server.stop()
}

func mb(n int64) float64 { return float64(n) / 1e6 }

// fetches are the paths that each server asks for.
func (m *measurement) fetches() []endpoint {
	const document = "application/activity+json"
	return []endpoint{
		{name: "post", path: m.facts.Object, stranger: true, accept: document},
		{name: "author", path: "/users/person0", stranger: true, accept: document},
		{name: "webfinger", path: "/.well-known/webfinger?resource=acct:person0@" + domain, stranger: true, accept: "application/jrd+json"},
	}
}

// fetchAll has the servers fetch, each from an address of its own and begun when
// its turn is, however long others take.
func (m *measurement) fetchAll(ctx context.Context, known *fetched) (*fetched, error) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64, MaxConnsPerHost: 128}}
	defer client.CloseIdleConnections()
	out := &fetched{tags: map[string]string{}}
	var mu sync.Mutex
	var group sync.WaitGroup
	var failed error
	began := time.Now()
	for i := range m.fetchers {
		if err := sleep(ctx, time.Until(began.Add(m.within*time.Duration(i)/time.Duration(m.fetchers)))); err != nil {
			return nil, err
		}
		group.Go(func() {
			address := fmt.Sprintf("198.18.%d.%d", i/250%250, i%250+1)
			for _, e := range m.fetches() {
				at := time.Now()
				status, tag, size, err := m.fetch(ctx, client, e, address, known)
				mu.Lock()
				out.times, out.bytes, out.tags[e.name] = append(out.times, time.Since(at)), out.bytes+size, tag
				if status == http.StatusNotModified {
					out.unchanged++
				}
				failed = errors.Join(failed, err)
				mu.Unlock()
				if err != nil {
					return
				}
			}
		})
	}
	group.Wait()
	return out, failed
}

// fetch is one GET, from an address, as a proxy passes it on.
func (m *measurement) fetch(ctx context.Context, client *http.Client, e endpoint, address string, known *fetched) (status int, tag string, size int64, err error) {
	r, err := e.request(ctx, m.listen, "")
	if err != nil {
		return 0, "", 0, err
	}
	r.Header.Set("X-Forwarded-For", address)
	r.Header.Set("X-Forwarded-Proto", "https")
	if known != nil && known.tags[e.name] != "" {
		r.Header.Set("If-None-Match", known.tags[e.name])
	}
	resp, err := client.Do(r)
	if err != nil {
		return 0, "", 0, err
	}
	defer resp.Body.Close()
	size, err = io.Copy(io.Discard, resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusNotModified {
		err = fmt.Errorf("%s answers %d", e.path, resp.StatusCode)
	}
	return resp.StatusCode, resp.Header.Get("ETag"), size, err
}
