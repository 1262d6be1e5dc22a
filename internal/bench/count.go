package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"kinglet/internal/cmd"
	"kinglet/internal/outgoing"
	"kinglet/store"
	"kinglet/store/engine"
)

// Cost is what one request costs on every machine alike.
type Cost struct {
	Statements int         `json:"statements,omitempty"`
	Work       engine.Work `json:"work,omitzero"`
	Allocs     int         `json:"allocations,omitempty"`
	Bytes      int         `json:"bytes,omitempty"` // of the answer
}

// counter is the server on a database, in this process, where its statements can
// be watched.
type counter struct {
	facts  *Facts
	store  *store.Store
	server *cmd.Assembled
}

func newCounter(ctx context.Context, database string, facts *Facts) (*counter, error) {
	conf, err := load(database)
	if err != nil {
		return nil, err
	}
	c := &counter{facts: facts}
	if c.store, err = store.Open(ctx, store.Options{Database: database, MustExist: true}); err != nil {
		return nil, err
	}
	c.server, err = cmd.Assemble(ctx, cmd.Parts{Config: conf, Store: c.store, Log: slog.New(slog.DiscardHandler), Client: outgoing.Options{}, Copy: true})
	if err != nil {
		c.store.Close()
	}
	return c, err
}

func (c *counter) close() {
	c.server.Hub.Close()
	c.server.Client.Close()
	c.store.Close()
}

// endpoints are those of the database.
func (c *counter) endpoints(ctx context.Context) ([]endpoint, error) {
	older, err := store.Read(ctx, c.store, func(tx *store.Tx) (id store.ObjectID, err error) {
		list, err := tx.HomeTimeline(c.facts.OwnerID, store.Page{Limit: 400})
		if err == nil && len(list) > 0 {
			id = list[len(list)-1]
		}
		return id, err
	})
	return endpoints(c.facts, older), err
}

// cost asks an endpoint, and again until what is kept from the first requests is.
func (c *counter) cost(ctx context.Context, e endpoint) (Cost, error) {
	var cost Cost
	for range 3 {
		cost = Cost{}
		watched := engine.WithWork(ctx, func(_ string, w engine.Work) {
			cost.Statements++
			cost.Work.Steps, cost.Work.Scans, cost.Work.Sorts = cost.Work.Steps+w.Steps, cost.Work.Scans+w.Scans, cost.Work.Sorts+w.Sorts
		})
		rec, err := c.ask(watched, e)
		if err != nil {
			return cost, err
		}
		cost.Bytes = rec.Body.Len()
	}
	var err error
	cost.Allocs = int(testing.AllocsPerRun(5, func() { _, err = c.ask(ctx, e) }))
	return cost, err
}

func (c *counter) ask(ctx context.Context, e endpoint) (*httptest.ResponseRecorder, error) {
	r, err := e.request(ctx, listen, c.facts.Token)
	if err != nil {
		return nil, err
	}
	r.RequestURI, r.RemoteAddr = e.path, "127.0.0.1:1"
	rec := httptest.NewRecorder()
	c.server.Handler.ServeHTTP(rec, r)
	if rec.Code != http.StatusOK {
		return nil, fmt.Errorf("%s answers %d in this process: %.200s", e.path, rec.Code, rec.Body)
	}
	return rec, nil
}

// findEndpoints finds the endpoints that are wanted.
func (m *measurement) findEndpoints(ctx context.Context) error {
	c, err := newCounter(ctx, m.database, m.facts)
	if err != nil {
		return err
	}
	defer c.close()
	list, err := c.endpoints(ctx)
	for _, e := range list {
		if m.filter.MatchString(e.name) {
			m.gets = append(m.gets, e)
		}
	}
	return err
}

// count adds to the results of endpoints what does not depend on the machine.
func (m *measurement) count(ctx context.Context) error {
	c, err := newCounter(ctx, m.database, m.facts)
	if err != nil {
		return err
	}
	defer c.close()
	for i := range m.results {
		res := &m.results[i]
		if res.path.path == "" {
			continue
		}
		if res.Cost, err = c.cost(ctx, res.path); err != nil {
			return err
		}
	}
	return nil
}
