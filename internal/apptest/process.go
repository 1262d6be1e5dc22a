package apptest

import (
	"log/slog"
	"os"
	"strings"
	"testing"

	"kinglet/ap"
	"kinglet/ap/policy"
	"kinglet/ap/signature/signaturetest"
	"kinglet/internal/auth"
	"kinglet/internal/config"
	"kinglet/internal/outgoing"
	"kinglet/store"
)

// GiveInstanceKey sets a premade key in a migrated database, for a server of a
// process of its own, which would otherwise generate one.
func GiveInstanceKey(t testing.TB, database string) {
	t.Helper()
	inDatabase(t, database, func(s *store.Store) error {
		signaturetest.GiveInstanceKey(t, s, signaturetest.SomeKey(t))
		return nil
	})
}

// AddAccount does what `kinglet account create` and `kinglet token create` do,
// beside a server with these settings that may run in a process of its own. It
// takes a fraction of their time: nothing is generated or hashed. The password
// is Password.
func AddAccount(t testing.TB, environ []string, name string) (token string) {
	t.Helper()
	conf, err := config.Load(config.Sources{File: os.DevNull, Environ: lastOfEach(environ), NeedDomain: true})
	if err != nil {
		t.Fatal(err)
	}
	inDatabase(t, conf.Database, func(s *store.Store) error {
		client := outgoing.New(outgoing.Options{UserAgent: conf.UserAgent(), AllowNetworks: conf.AllowNetworks})
		service, err := ap.New(t.Context(), ap.Options{Config: conf, Store: s, Client: client, Log: slog.New(slog.DiscardHandler), Policy: policy.New()})
		if err != nil {
			return err
		}
		if _, err := service.CreateAccount(t.Context(), ap.NewAccount{
			Username: name, Email: name + "@example.org", PasswordHash: passwordHash, Key: signaturetest.SomeKey(t),
		}); err != nil {
			return err
		}
		tokens, err := auth.New(t.Context(), s, conf)
		if err != nil {
			return err
		}
		token, err = tokens.CreateToken(t.Context(), name, Scopes)
		return err
	})
	return token
}

// lastOfEach is what a process is given of an environment in which a name is
// there twice.
func lastOfEach(environ []string) (list []string) {
	at := map[string]int{}
	for _, setting := range environ {
		name, _, _ := strings.Cut(setting, "=")
		if i, ok := at[name]; ok {
			list[i] = setting
			continue
		}
		at[name] = len(list)
		list = append(list, setting)
	}
	return list
}

// inDatabase opens a database for a moment, as a command does.
func inDatabase(t testing.TB, database string, do func(s *store.Store) error) {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{Database: database, MustExist: true, Readers: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := do(s); err != nil {
		t.Fatal(err)
	}
}
