package store_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"kinglet/internal/fault"
	"kinglet/store"
	"kinglet/store/storetest"

	"github.com/google/uuid"
)

func (w *world) app() *store.App {
	w.t.Helper()
	a := &store.App{
		ClientID: uuid.NewString(), SecretHash: "s", Name: "An app", Website: "https://app.test",
		RedirectURIs: []string{"app://back", "https://app.test/back"}, Scopes: "read write",
	}
	w.update(func(tx *store.Tx) error { return tx.InsertApp(a) })
	return a
}

func (w *world) token(app *store.App, account store.AccountID, with func(t *store.Token)) *store.Token {
	w.t.Helper()
	tok := &store.Token{Hash: uuid.NewString(), AppID: app.ID, AccountID: account, Scopes: "read"}
	if with != nil {
		with(tok)
	}
	w.update(func(tx *store.Tx) error { return tx.InsertToken(tok) })
	return tok
}

func (w *world) code(app *store.App, account store.AccountID) *store.Code {
	w.t.Helper()
	c := &store.Code{
		Hash: uuid.NewString(), AppID: app.ID, AccountID: account, RedirectURI: "app://back", Scopes: "read", Challenge: "c",
		ExpiresAt: w.Now().Add(10 * time.Minute),
	}
	w.update(func(tx *store.Tx) error { return tx.InsertCode(c) })
	return c
}

// stands reports whether a token may be used.
func (w *world) stands(t *store.Token) bool {
	w.t.Helper()
	_, err := w.readToken(t)
	if err != nil && !fault.Is(err, fault.NotFound) {
		w.t.Fatal(err)
	}
	return err == nil
}

func (w *world) readToken(t *store.Token) (got *store.Token, err error) {
	err = w.View(w.t.Context(), func(tx *store.Tx) error { got, err = tx.TokenByHash(t.Hash); return err })
	return got, err
}

func (w *world) suspend(a *store.Account) {
	w.t.Helper()
	a.SuspendedAt = w.Now()
	w.update(func(tx *store.Tx) error { return tx.PutAccount(a) })
}

func (w *world) remove(a *store.Account) {
	w.t.Helper()
	w.update(func(tx *store.Tx) error { return tx.DeleteAccount(a.ID) })
}

// spend commits whatever comes of it, as an exchange does.
func (w *world) spend(c *store.Code, token int64) (got *store.Code, spent error) {
	w.t.Helper()
	w.update(func(tx *store.Tx) error {
		got, spent = tx.RedeemCode(c.Hash, token)
		if fault.Is(spent, fault.NotFound) {
			return nil
		}
		return spent
	})
	return got, spent
}

func TestApps(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s)
		a, b := w.app(), w.app()
		w.view(func(tx *store.Tx) error {
			got, err := tx.AppByClientID(b.ClientID)
			if err != nil || got.ID != b.ID || len(got.RedirectURIs) != 2 || got.RedirectURIs[1] != b.RedirectURIs[1] || !got.CreatedAt.Equal(b.CreatedAt) {
				t.Errorf("%+v %v", got, err)
			}
			if _, err := tx.AppByClientID("nobody"); !fault.Is(err, fault.NotFound) {
				t.Errorf("nobody: %v", err)
			}
			list, err := tx.Apps([]int64{a.ID, b.ID, 77})
			if err != nil || len(list) != 2 || list[a.ID].ClientID != a.ClientID {
				t.Errorf("%v %v", list, err)
			}
			return nil
		})
	})
}

func TestTokensStayValid(t *testing.T) {
	storetest.EachWithClock(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		w := newWorld(t, s)
		app := w.app()
		for i, c := range []struct {
			name   string
			token  func(w *world, t *store.Token)
			then   func(w *world, clock *storetest.Clock, owner *store.Account)
			stands bool
		}{
			{"at once", nil, nil, true},
			{"a year later", nil, func(_ *world, clock *storetest.Clock, _ *store.Account) { clock.Advance(365 * 24 * time.Hour) }, true},
			{"of a client alone", func(_ *world, t *store.Token) { t.AccountID = 0 }, func(w *world, _ *storetest.Clock, a *store.Account) { w.suspend(a) }, true},
			{"not yet expired", func(w *world, t *store.Token) { t.ExpiresAt = w.Now().Add(time.Hour) }, func(_ *world, clock *storetest.Clock, _ *store.Account) { clock.Advance(59 * time.Minute) }, true},
			{"expired", func(w *world, t *store.Token) { t.ExpiresAt = w.Now().Add(time.Hour) }, func(_ *world, clock *storetest.Clock, _ *store.Account) { clock.Advance(time.Hour) }, false},
			{"owner suspended", nil, func(w *world, _ *storetest.Clock, a *store.Account) { w.suspend(a) }, false},
			{"owner gone", nil, func(w *world, _ *storetest.Clock, a *store.Account) { w.remove(a) }, false},
			{"access revoked", nil, func(w *world, _ *storetest.Clock, a *store.Account) {
				w.update(func(tx *store.Tx) error { return tx.RevokeAccess(a.ID) })
			}, false},
		} {
			owner, other := w.local(fmt.Sprint("owner", i)), w.local(fmt.Sprint("other", i))
			tok := w.token(app, owner.ID, func(t *store.Token) {
				if c.token != nil {
					c.token(w, t)
				}
			})
			others := w.token(app, other.ID, nil)
			if c.then != nil {
				c.then(w, clock, owner)
			}
			if got := w.stands(tok); got != c.stands {
				t.Errorf("%s: it stands: %v", c.name, got)
			}
			if !w.stands(others) {
				t.Errorf("%s: another's no longer stands", c.name)
			}
		}
	})
}

func TestCodesAreSpentOnce(t *testing.T) {
	storetest.EachWithClock(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		w := newWorld(t, s)
		owner := w.local("owner")
		app := w.app()
		code, late := w.code(app, owner.ID), w.code(app, owner.ID)
		made := w.token(app, owner.ID, nil)
		bystander := w.token(app, owner.ID, nil)
		got, err := w.spend(code, made.ID)
		if err != nil || got.AccountID != owner.ID || got.AppID != app.ID || got.Challenge != "c" || got.Scopes != "read" ||
			got.RedirectURI != "app://back" || got.TokenID != made.ID {
			t.Fatalf("%+v %v", got, err)
		}
		if !w.stands(made) {
			t.Error("the token does not stand")
		}
		if _, err := w.spend(code, 4711); !fault.Is(err, fault.NotFound) {
			t.Errorf("again: %v", err)
		}
		if w.stands(made) || !w.stands(bystander) {
			t.Error("not the one token made of a code spent twice was revoked (RFC 6749 §4.1.2)")
		}
		clock.Advance(10 * time.Minute)
		if _, err := w.spend(late, 4712); !fault.Is(err, fault.NotFound) {
			t.Errorf("an expired one: %v", err)
		}
		if _, err := w.spend(&store.Code{Hash: "none"}, 4713); !fault.Is(err, fault.NotFound) {
			t.Errorf("an unknown one: %v", err)
		}
	})
}

func TestCodeSpentByManyAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s)
		code := w.code(w.app(), w.local("owner").ID)
		won := make(chan int64, 20)
		var group sync.WaitGroup
		for i := range int64(20) {
			group.Go(func() {
				if _, err := w.spend(code, i+1); err == nil {
					won <- i
				}
			})
		}
		group.Wait()
		if len(won) != 1 {
			t.Errorf("%d spent the same code", len(won))
		}
	})
}

func TestRefresh(t *testing.T) {
	storetest.EachWithClock(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		w := newWorld(t, s)
		owner, bad := w.local("owner"), w.local("bad")
		app, other := w.app(), w.app()
		refreshable := func(r string, a *store.Account) *store.Token {
			return w.token(app, a.ID, func(t *store.Token) { t.RefreshHash, t.ExpiresAt = r, w.Now().Add(time.Hour) })
		}
		tok := refreshable("r1", owner)
		refreshable("r2", bad)
		clock.Advance(2 * time.Hour)
		w.suspend(bad)
		spend := func(hash string, app *store.App) (got *store.Token, err error) {
			err = s.Update(t.Context(), func(tx *store.Tx) error { got, err = tx.RedeemRefreshToken(hash, app.ID); return err })
			return got, err
		}
		for name, c := range map[string]struct {
			hash string
			app  *store.App
		}{"another's": {"r1", other}, "of a suspended account": {"r2", app}, "none": {"", app}} {
			if _, err := spend(c.hash, c.app); !fault.Is(err, fault.NotFound) {
				t.Errorf("%s: %v", name, err)
			}
		}
		got, err := spend("r1", app)
		if err != nil || got.ID != tok.ID || got.AccountID != owner.ID || got.Scopes != "read" {
			t.Fatalf("of an expired token: %+v %v", got, err)
		}
		if _, err := spend("r1", app); !fault.Is(err, fault.NotFound) {
			t.Errorf("again: %v", err)
		}
	})
}

func TestRevoke(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s)
		owner := w.local("owner")
		app, other := w.app(), w.app()
		revoke := func(hash string, app *store.App) {
			w.update(func(tx *store.Tx) error { return tx.RevokeToken(hash, app.ID) })
		}
		one := w.token(app, owner.ID, nil)
		two := w.token(app, owner.ID, func(t *store.Token) { t.RefreshHash = "r" })
		revoke(one.Hash, other)
		revoke("", app)
		if !w.stands(one) || !w.stands(two) {
			t.Error("another client's, or nothing, revoked it")
		}
		revoke(one.Hash, app)
		revoke("r", app)
		if w.stands(one) || w.stands(two) {
			t.Error("it still stands")
		}
	})
}

// A password that changes ends what was opened with the old one, of that
// account alone.
func TestRevokeAccess(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s)
		app := w.app()
		owners := []*store.Account{w.local("one"), w.local("two")}
		var codes []*store.Code
		for _, a := range owners {
			codes = append(codes, w.code(app, a.ID))
			w.update(func(tx *store.Tx) error { return tx.PutSession("of "+a.Username, a.ID, tx.Now().Add(time.Hour)) })
		}
		w.update(func(tx *store.Tx) error { return tx.RevokeAccess(owners[0].ID) })
		for i, a := range owners {
			if _, err := w.spend(codes[i], 1); (err == nil) != (i == 1) {
				t.Errorf("the code of %s: %v", a.Username, err)
			}
			if err := s.View(t.Context(), func(tx *store.Tx) error { _, err := tx.SessionAccount("of " + a.Username); return err }); (err == nil) != (i == 1) {
				t.Errorf("the session of %s: %v", a.Username, err)
			}
		}
	})
}

func TestTokenUseIsWrittenOnceAnHour(t *testing.T) {
	storetest.EachWithClock(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		w := newWorld(t, s)
		tok := w.token(w.app(), w.local("owner").ID, nil)
		touch := func() time.Time {
			w.update(func(tx *store.Tx) error { return tx.TouchToken(tok.ID) })
			got, err := w.readToken(tok)
			if err != nil {
				t.Fatal(err)
			}
			return got.LastUsedAt
		}
		first := s.Now()
		if !tok.TouchDue(first) || !touch().Equal(first) {
			t.Error("the first use is not noted")
		}
		clock.Advance(59 * time.Minute)
		if got, _ := w.readToken(tok); got.TouchDue(s.Now()) || !touch().Equal(first) {
			t.Error("the next is noted within the hour")
		}
		clock.Advance(time.Minute)
		if got, _ := w.readToken(tok); !got.TouchDue(s.Now()) || !touch().Equal(s.Now()) {
			t.Error("the use of the next hour is not noted")
		}
	})
}

func TestSessions(t *testing.T) {
	storetest.EachWithClock(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		w := newWorld(t, s)
		a, bad := w.local("a"), w.local("bad")
		w.update(func(tx *store.Tx) error {
			for hash, id := range map[string]store.AccountID{"one": a.ID, "two": a.ID, "bad": bad.ID} {
				if err := tx.PutSession(hash, id, tx.Now().Add(time.Hour)); err != nil {
					return err
				}
			}
			return nil
		})
		w.suspend(bad)
		check := func(when, hash string, want bool) {
			t.Helper()
			w.view(func(tx *store.Tx) error {
				got, err := tx.SessionAccount(hash)
				if want && (err != nil || got.ID != a.ID) || !want && !fault.Is(err, fault.NotFound) {
					t.Errorf("%s: session %s: %v", when, hash, err)
				}
				return nil
			})
		}
		check("at once", "one", true)
		check("at once", "none", false)
		check("of a suspended account", "bad", false)
		w.update(func(tx *store.Tx) error { return tx.DeleteSession("one") })
		check("signed out", "one", false)
		check("the other browser", "two", true)
		clock.Advance(time.Hour)
		check("expired", "two", false)
	})
}
