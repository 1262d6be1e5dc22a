// Package aptest gives tests a service with people in it, over a fresh
// database, without a process or a network. Read World.
package aptest

import (
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"kinglet/ap"
	"kinglet/internal/auth"
	"kinglet/internal/config"
	"kinglet/internal/outgoing"
	"kinglet/store"
	"kinglet/store/storetest"
)

// Password is everyone's.
const Password = "correct horse battery"

// World is a service whose time the test decides.
type World struct {
	*ap.Service
	Auth  *auth.Service
	Clock *storetest.Clock
	t     testing.TB
}

// New makes one that is reached at url: "https://kinglet.test" is a good one.
// It can reach no other server.
func New(t testing.TB, url string) *World {
	t.Helper()
	conf, err := config.Load(config.Sources{File: os.DevNull, NeedDomain: true, Environ: []string{"KINGLET_DOMAIN=kinglet.test", "KINGLET_URL=" + url}})
	if err != nil {
		t.Fatal(err)
	}
	clock := storetest.NewClock()
	db, err := store.Open(t.Context(), store.Options{Database: filepath.Join(t.TempDir(), "kinglet.db"), Now: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if _, err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	client := outgoing.New(outgoing.Options{})
	t.Cleanup(client.Close)
	s, err := ap.New(t.Context(), ap.Options{Config: conf, Store: db, Client: client, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		t.Fatal(err)
	}
	who, err := auth.New(t.Context(), db, conf)
	if err != nil {
		t.Fatal(err)
	}
	return &World{s, who, clock, t}
}

// Account makes a person.
func (w *World) Account(name string) *store.Account {
	w.t.Helper()
	a, err := w.CreateAccount(w.t.Context(), ap.NewAccount{Username: name, Email: name + "@mail.test", Password: Password})
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

// Token makes an access token of an account's, or of a client alone.
func (w *World) Token(account store.AccountID, scopes string) string {
	w.t.Helper()
	app, _, err := w.Auth.RegisterApp(w.t.Context(), auth.NewApp{Name: "an app", Scopes: scopes, RedirectURIs: []string{auth.OutOfBand}})
	if err != nil {
		w.t.Fatal(err)
	}
	secret := auth.NewSecret()
	err = w.Store.Update(w.t.Context(), func(tx *store.Tx) error {
		return tx.InsertToken(&store.Token{Hash: auth.HashSecret(secret), AppID: app.ID, AccountID: account, Scopes: app.Scopes})
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return secret
}

// Post has an account write a status.
func (w *World) Post(author *store.Account, text string, v store.Visibility) *store.Status {
	w.t.Helper()
	id, err := w.Service.Post(w.t.Context(), author.ID, ap.PostRequest{Text: text, Visibility: v})
	if err != nil {
		w.t.Fatal(err)
	}
	var st *store.Status
	if err := w.Store.View(w.t.Context(), func(tx *store.Tx) (err error) {
		st, err = tx.Status(author.ID, id)
		return err
	}); err != nil {
		w.t.Fatal(err)
	}
	return st
}
