package auth_test

import (
	"encoding/base64"
	"fmt"
	"os"
	"testing"

	"kinglet/internal/auth"
	"kinglet/internal/config"
	"kinglet/store"
	"kinglet/store/storetest"

	"golang.org/x/crypto/argon2"
)

// password is everyone's.
const password = "correct horse battery"

// passwordHash is password's, at almost no cost.
var passwordHash = func() string {
	salt := []byte("sixteen bytes of")
	sum := argon2.IDKey([]byte(password), salt, 1, 8, 1, 32)
	return fmt.Sprintf("$argon2id$v=%d$m=8,t=1,p=1$%s$%s", argon2.Version, base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(sum))
}()

// world is the service over a fresh database, whose time the test decides.
type world struct {
	*auth.Service
	Store  *store.Store
	Config *config.Config
	Clock  *storetest.Clock
	t      testing.TB
}

func newWorld(t testing.TB) *world {
	t.Helper()
	clock := storetest.NewClock()
	return worldOn(t, storetest.Open(t, store.Options{Database: storetest.SQLiteFile(t, storetest.Folder(t)), Now: clock.Now}), clock)
}

// worldOn is a world on a database, which others may be on as well.
func worldOn(t testing.TB, db *store.Store, clock *storetest.Clock) *world {
	t.Helper()
	conf, err := config.Load(config.Sources{File: os.DevNull, NeedDomain: true, Environ: []string{"KINGLET_DOMAIN=kinglet.test"}})
	if err != nil {
		t.Fatal(err)
	}
	s, err := auth.New(t.Context(), db, conf)
	if err != nil {
		t.Fatal(err)
	}
	return &world{s, db, conf, clock, t}
}

// Account makes a person.
func (w *world) Account(name string) *store.Account {
	w.t.Helper()
	a := &store.Account{URI: w.Config.ActorURI(name), Username: name, Type: "Person"}
	w.update(func(tx *store.Tx) error {
		if err := tx.InsertAccount(a); err != nil {
			return err
		}
		return tx.InsertUser(&store.User{AccountID: a.ID, Email: name + "@mail.test", PasswordHash: passwordHash})
	})
	return a
}

// Token makes an access token of an account's.
func (w *world) Token(account store.AccountID, scopes string) string {
	w.t.Helper()
	secret := auth.NewSecret()
	w.update(func(tx *store.Tx) error {
		return tx.InsertToken(&store.Token{Hash: auth.HashSecret(secret), AccountID: account, Scopes: scopes})
	})
	return secret
}

func (w *world) update(fn func(tx *store.Tx) error) {
	w.t.Helper()
	if err := w.Store.Update(w.t.Context(), fn); err != nil {
		w.t.Fatal(err)
	}
}
