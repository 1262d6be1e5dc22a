package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"

	"kinglet/internal/cmd"
	"kinglet/internal/outgoing"
	"kinglet/store"
	"kinglet/store/engine"
)

// count asks each endpoint once in this process, where the statements can be
// watched: their number and work are the same on every machine.
func (m *measurement) count(ctx context.Context) error {
	conf, err := load(m.database)
	if err != nil {
		return err
	}
	s, err := store.Open(ctx, store.Options{Database: m.database, MustExist: true})
	if err != nil {
		return err
	}
	defer s.Close()
	server, err := cmd.Assemble(ctx, cmd.Parts{Config: conf, Store: s, Log: slog.New(slog.DiscardHandler), Client: outgoing.Options{}, Copy: true})
	if err != nil {
		return err
	}
	defer server.Client.Close()
	defer server.Hub.Close()
	for i := range m.results {
		res := &m.results[i]
		if res.path.path == "" {
			continue
		}
		for range 2 { // the first request of a kind may write when it was seen
			res.Statements, res.Work = 0, engine.Work{}
			ctx := engine.WithWork(ctx, func(_ string, w engine.Work) {
				res.Statements++
				res.Work.Steps, res.Work.Scans, res.Work.Sorts = res.Work.Steps+w.Steps, res.Work.Scans+w.Scans, res.Work.Sorts+w.Sorts
			})
			r, err := res.path.request(ctx, m.facts.Token)
			if err != nil {
				return err
			}
			r.RequestURI, r.RemoteAddr = res.path.path, "127.0.0.1:1"
			rec := httptest.NewRecorder()
			server.Handler.ServeHTTP(rec, r)
			if rec.Code != http.StatusOK {
				return fmt.Errorf("%s answers %d in this process", res.path.path, rec.Code)
			}
		}
	}
	return nil
}
