package ap_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"kinglet/ap"
	"kinglet/ap/signature/signaturetest"
	"kinglet/internal/config"
	"kinglet/internal/jobs"
	"kinglet/internal/outgoing"
	"kinglet/store"
	"kinglet/store/storetest"
)

// house is a service with its jobs, on a clock that the test moves.
type house struct {
	*ap.Service
	t      *testing.T
	clock  *storetest.Clock
	runner *jobs.Runner
}

func newHouse(t *testing.T) *house {
	clock := storetest.NewClock()
	s, err := store.Open(t.Context(), store.Options{Database: filepath.Join(t.TempDir(), "kinglet.db"), Now: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	if _, err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	conf, err := config.Load(config.Sources{File: os.DevNull, Flags: map[string]string{"domain": "here.test", "allow-networks": "127.0.0.0/8"}, NeedDomain: true})
	if err != nil {
		t.Fatal(err)
	}
	client := outgoing.New(outgoing.Options{UserAgent: "test", AllowNetworks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	t.Cleanup(client.Close)
	log := slog.New(slog.DiscardHandler)
	signaturetest.GiveInstanceKey(t, s, signaturetest.SomeKey(t))
	service, err := ap.New(t.Context(), ap.Options{Config: conf, Store: s, Client: client, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	h := &house{Service: service, t: t, clock: clock, runner: jobs.New(jobs.Options{Store: s, Log: log, Drain: time.Second})}
	service.RegisterJobs(h.runner)
	return h
}

// run has the jobs done that are due, and those that they cause.
func (h *house) run() {
	h.t.Helper()
	h.runner.Wake()
	ctx, cancel := context.WithTimeout(h.t.Context(), 10*time.Second)
	defer cancel()
	if err := h.runner.Idle(ctx); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) account(name string) *store.Account {
	h.t.Helper()
	a, err := h.CreateAccount(h.t.Context(), ap.NewAccount{Username: name, Email: name + "@example.org", Password: "12345678", Key: signaturetest.SomeKey(h.t)})
	if err != nil {
		h.t.Fatal(err)
	}
	return a
}

func (h *house) key(id store.AccountID) (key string) {
	h.t.Helper()
	if err := h.Store.View(h.t.Context(), func(tx *store.Tx) error {
		u, err := tx.User(id)
		if err == nil {
			key = u.PrivateKey
		}
		return err
	}); err != nil {
		h.t.Fatal(err)
	}
	return key
}

// A deleted account's key is there while its Delete is still to be delivered,
// and goes when that is done.
func TestKeyGoesWithTheLastDelivery(t *testing.T) {
	h := newHouse(t)
	var down atomic.Bool
	var took atomic.Int32
	down.Store(true)
	peer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if down.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		took.Add(1)
		w.WriteHeader(http.StatusAccepted)
	}))
	defer peer.Close()
	alice := h.account("alice")
	if err := h.Store.Update(t.Context(), func(tx *store.Tx) error {
		return tx.PutAccount(&store.Account{
			URI: peer.URL + "/users/bob", Username: "bob", Domain: strings.TrimPrefix(peer.URL, "http://"), Type: "Person", Inbox: peer.URL + "/inbox",
		})
	}); err != nil {
		t.Fatal(err)
	}
	if err := h.DeleteAccount(t.Context(), "alice"); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- h.runner.Run(ctx) }()
	defer func() { stop(); <-ended }()
	for range 3 {
		h.run()
		if h.key(alice.ID) == "" {
			t.Fatal("the key is gone before the Delete was delivered")
		}
		h.clock.Advance(90 * time.Minute)
	}
	down.Store(false)
	for range 8 { // the host is probed, the key asked about, each at its time
		h.clock.Advance(7 * time.Hour)
		h.run()
	}
	if took.Load() != 1 || h.key(alice.ID) != "" {
		t.Errorf("delivered %d times; the key is gone: %v", took.Load(), h.key(alice.ID) == "")
	}
	if n := h.KeysInMemory(); n != 0 {
		t.Errorf("%d parsed keys are still in memory", n)
	}
}

// What an older Kinglet kept of a text in its activities goes with the next
// edit, and what is delivered and served says what the post says today.
func TestOldTexts(t *testing.T) {
	h := newHouse(t)
	alice := h.account("alice")
	id, err := h.Post(t.Context(), alice.ID, ap.PostRequest{Text: "OLDTEXT"})
	if err != nil {
		t.Fatal(err)
	}
	var post *store.Object
	err = h.Store.Update(t.Context(), func(tx *store.Tx) (err error) {
		if post, err = tx.Object(id); err != nil {
			return err
		}
		creates, err := tx.ActivitiesOn("Create", []string{post.URI})
		if err != nil {
			return err
		}
		create := creates[post.URI]
		whole, err := h.Document(tx, create)
		if err != nil {
			return err
		}
		if !strings.Contains(string(whole), "OLDTEXT") || len(create.JSON) > 0 {
			t.Errorf("the document is %s, of which %s is kept", whole, create.JSON)
		}
		return tx.SetDocument(create.ID, whole)
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := h.EditPost(t.Context(), alice.ID, id, ap.EditRequest{Text: "NEWTEXT"}); err != nil {
		t.Fatal(err)
	}
	if err := h.Store.View(t.Context(), func(tx *store.Tx) error {
		for typ, kept := range map[string]bool{"Create": true, "Update": false} {
			found, err := tx.ActivitiesOn(typ, []string{post.URI})
			if err != nil {
				return err
			}
			o := found[post.URI]
			if strings.Contains(string(o.JSON), "TEXT") || len(o.JSON) > 0 != kept {
				t.Errorf("its %s keeps %s", typ, o.JSON)
			}
			full, err := h.Document(tx, o)
			if err != nil || !strings.Contains(string(full), "NEWTEXT") || !strings.HasPrefix(string(full), `{"@context":`) {
				t.Errorf("it is served as %s: %v", full, err)
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}
