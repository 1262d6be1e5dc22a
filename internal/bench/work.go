package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"kinglet/ap/activity"
	"kinglet/ap/vocab"
	"kinglet/internal/jobs"
	"kinglet/store"
)

const (
	fanOuts = 20 // posts one after the other, each delivered before the next
	burst   = 50 // posts as fast as they are taken
	// patience is how long deliveries may take.
	patience = 5 * time.Minute
)

// work measures what is written: by other servers, by the owner, and to other
// servers.
func (m *measurement) work(ctx context.Context) error {
	for _, w := range []struct {
		name string
		do   func(ctx context.Context, name string) error
	}{
		{"inbox note", m.intake}, {"inbox note, 16 at once", m.intake}, {"post to nobody", m.posting}, {"post to nobody, 16 at once", m.posting}, {"post to 200 hosts", m.fanOut}, {"burst of 50 posts to 200 hosts", m.burst},
	} {
		if !m.filter.MatchString(w.name) {
			continue
		}
		if err := w.do(ctx, w.name); err != nil {
			return fmt.Errorf("%s: %w", w.name, err)
		}
	}
	return nil
}

func (m *measurement) intake(_ context.Context, name string) error {
	m.run++
	return m.writes(name, func(client *http.Client, n int) error {
		r, err := m.signedNote(n)
		if err == nil {
			err = do(client, r)
		}
		return err
	})
}

func (m *measurement) posting(ctx context.Context, name string) error {
	return m.writes(name, func(client *http.Client, n int) error { return m.post(ctx, client, n, "direct") })
}

// writes measures writes, one after the other or, as the name says, from 16
// clients at once, who share the flushes to the disk.
func (m *measurement) writes(name string, write func(client *http.Client, n int) error) error {
	clients := 1
	if strings.HasSuffix(name, "16 at once") {
		clients = 16
	}
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clients}}
	defer client.CloseIdleConnections()
	var mu sync.Mutex
	var all []time.Duration
	var failed error
	before, began := m.server.cpu(), time.Now()
	var group sync.WaitGroup
	for c := range clients {
		group.Go(func() {
			for i := 0; i < m.requests && (i < least || time.Since(began) < enough); i++ {
				at := time.Now()
				err := write(client, c*m.requests+i)
				mu.Lock()
				all = append(all, time.Since(at))
				failed = errors.Join(failed, err)
				stop := failed != nil
				mu.Unlock()
				if stop {
					return
				}
			}
		})
	}
	group.Wait()
	if failed != nil {
		return failed
	}
	res := Result{Name: name, CPU: ms(m.server.cpu()-before) / float64(len(all)), PerSecond: float64(len(all)) / time.Since(began).Seconds()}
	res.spread(all)
	m.results = append(m.results, res)
	return nil
}

// post writes a status as a phone does.
func (m *measurement) post(ctx context.Context, client *http.Client, n int, visibility string) error {
	form := url.Values{"status": {fmt.Sprintf("Post number %d, with a #tag%d and a link to https://example.org/page, and some words more as people write them.", n, n%7)}, "visibility": {visibility}}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+listen+"/api/v1/statuses", strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	r.Host = domain
	r.Header.Set("Authorization", "Bearer "+m.facts.Token)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return do(client, r)
}

// fanOut measures single posts: until the answer, until the last server has it,
// and the processor time of a delivery.
func (m *measurement) fanOut(ctx context.Context, name string) error {
	client := &http.Client{}
	var answered, delivered []time.Duration
	for i := range fanOuts + 1 {
		if i == 1 { // the first opened the connections
			answered, delivered = nil, nil
		}
		before, all, began := m.server.cpu(), m.remote.expect(hosts), time.Now()
		if err := m.post(ctx, client, i, "public"); err != nil {
			return err
		}
		answered = append(answered, time.Since(began))
		if err := wait(ctx, all); err != nil {
			return err
		}
		delivered = append(delivered, m.remote.last().Sub(began))
		if i == fanOuts {
			res := Result{Name: name, CPU: ms(m.server.cpu() - before)}
			res.spread(answered)
			m.results = append(m.results, res)
			last := Result{Name: name + ", the last there", CPU: res.CPU / hosts}
			last.spread(delivered)
			m.results = append(m.results, last)
		}
	}
	return nil
}

// burst measures posts as fast as they are answered, while home is read.
func (m *measurement) burst(ctx context.Context, name string) error {
	client := &http.Client{}
	before, all, began := m.server.cpu(), m.remote.expect(burst*hosts), time.Now()
	var reading sync.WaitGroup
	var homes []time.Duration
	var readErr error
	reading.Go(func() {
		reader, home := &http.Client{}, endpoint{path: "/api/v1/timelines/home?limit=20"}
		for readErr == nil {
			r, err := home.request(ctx, m.listen, m.facts.Token)
			if readErr = err; err != nil {
				return
			}
			at := time.Now()
			if readErr = do(reader, r); readErr == nil {
				homes = append(homes, time.Since(at))
			}
			select {
			case <-all:
				return
			case <-ctx.Done():
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	})
	var answered []time.Duration
	for i := range burst {
		at := time.Now()
		if err := m.post(ctx, client, i, "public"); err != nil {
			return err
		}
		answered = append(answered, time.Since(at))
	}
	if err := wait(ctx, all); err != nil {
		return err
	}
	reading.Wait()
	if readErr != nil {
		return readErr
	}
	took, cpu := m.remote.last().Sub(began), m.server.cpu()-before
	posts := Result{Name: name, CPU: ms(cpu) / (burst * hosts), PerSecond: burst * hosts / took.Seconds()}
	posts.spread(answered)
	home := Result{Name: name + ", home meanwhile"}
	home.spread(homes)
	m.results = append(m.results, posts, home)
	return nil
}

func wait(ctx context.Context, all <-chan struct{}) error {
	select {
	case <-all:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(patience):
		return fmt.Errorf("not everything was delivered within %s", patience)
	}
}

// backlogs measures deliveries that have waited for their hosts: few and many.
func (m *measurement) backlogs(ctx context.Context, kept string) error {
	for _, posts := range []int{10, 184} {
		name := fmt.Sprintf("backlog of %d deliveries", posts*hosts)
		if !m.filter.MatchString(name) {
			continue
		}
		if err := m.backlog(ctx, kept, name, posts); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func (m *measurement) backlog(ctx context.Context, kept, name string, posts int) (err error) {
	if err := copyDatabase(kept, m.database); err != nil {
		return err
	}
	if err := m.enqueue(ctx, posts); err != nil {
		return err
	}
	all := m.remote.expect(posts * hosts)
	if m.server, err = m.startServer(ctx); err != nil {
		return err
	}
	began := time.Now()
	defer func() {
		if stopped := m.server.stop(); err == nil {
			err = stopped
		}
	}()
	if err := wait(ctx, all); err != nil {
		return err
	}
	took := m.remote.last().Sub(began)
	m.results = append(m.results, Result{Name: name, CPU: ms(m.server.cpu()) / float64(posts*hosts), PerSecond: float64(posts*hosts) / took.Seconds()})
	return nil
}

// enqueue writes deliveries of the owner's newest posts to every host, due now.
func (m *measurement) enqueue(ctx context.Context, posts int) error {
	s, err := store.Open(ctx, store.Options{Database: m.database, MustExist: true})
	if err != nil {
		return err
	}
	defer s.Close()
	return s.Update(ctx, func(tx *store.Tx) error {
		owner, err := tx.Account(m.facts.OwnerID)
		if err != nil {
			return err
		}
		for i := range posts {
			uri := fmt.Sprintf("%s/backlog/%d", owner.URI, i)
			doc := vocab.Encode(vocab.Document{"@context": "https://www.w3.org/ns/activitystreams", "id": uri, "type": "Like", "actor": owner.URI, "object": m.facts.Actor + "/posts/1"})
			like := &store.Object{URI: uri, Type: "Like", AccountID: owner.ID, Local: true, JSON: doc}
			if _, err := tx.InsertObject(like); err != nil {
				return err
			}
			for host := range hosts {
				args := activity.DeliverArgs{Activity: like.ID, Sender: owner.ID, Inbox: "https://" + hostOf(host) + "/inbox"}
				if err := activity.DeliverJob.Enqueue(tx, args, jobs.Unique(fmt.Sprint(i, " ", host))); err != nil {
					return err
				}
			}
		}
		return nil
	})
}
