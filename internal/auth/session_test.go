package auth_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"kinglet/internal/auth"
	"kinglet/internal/fault"
	"kinglet/store"
	"kinglet/store/storetest"
)

// who is the account of a session's secret, "" for none.
func (w *world) who(secret string) string {
	w.t.Helper()
	a, err := w.SessionAccount(w.t.Context(), secret)
	if fault.Is(err, fault.NotFound) {
		return ""
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return a.Username
}

// A session begins with signing in, which ends the browser's former one, and
// ends with signing out, its time, a new password, a suspension or a deletion.
func TestSessions(t *testing.T) {
	w := newWorld(t)
	alice := w.Account("alice")
	begin := func(former string) string {
		t.Helper()
		a := right("alice", "192.0.2.1")
		a.Session = former
		got, in := signIn(w, t, a)
		if got != "in" || w.who(in.Session) != "alice" || in.Account.ID != alice.ID {
			t.Fatalf("%s %+v", got, in)
		}
		return in.Session
	}
	first := begin("")
	second := begin(first)
	if first == second || w.who(first) != "" {
		t.Error("the browser's former session goes on")
	}
	other := begin("")
	if w.who(second) != "alice" {
		t.Error("another browser's session ended")
	}
	if w.who(auth.NewSecret()) != "" || w.who("") != "" || w.who(auth.HashSecret(second)) != "" {
		t.Error("a session that nobody has")
	}
	if err := w.SignOut(t.Context(), second); err != nil || w.who(second) != "" || w.who(other) != "alice" {
		t.Error("signing out: ", err)
	}
	if err := w.SignOut(t.Context(), second); err != nil {
		t.Error("signing out a second time: ", err)
	}
	w.Clock.Advance(w.Config.Retention.Sessions - time.Second)
	if w.who(other) != "alice" {
		t.Error("a session ends before its time")
	}
	w.Clock.Advance(time.Second)
	if w.who(other) != "" {
		t.Error("a session has no end")
	}
	ends := begin("")
	if err := w.SetPassword(t.Context(), "alice", password); err != nil || w.who(ends) != "" {
		t.Error("a new password does not end sessions: ", err)
	}
	ends = begin("")
	w.suspend(alice.ID)
	if w.who(ends) != "" {
		t.Error("a suspension does not end sessions")
	}
	if got, _ := signIn(w, t, right("alice", "192.0.2.1")); got != "wrong" {
		t.Errorf("who is suspended is %s", got)
	}
}

func (w *world) suspend(id store.AccountID) {
	w.t.Helper()
	w.update(func(tx *store.Tx) error {
		a, err := tx.Account(id)
		if err != nil {
			return err
		}
		a.SuspendedByUs = true
		return tx.PutAccount(a)
	})
}

// A password that was verified before a new one was set begins no session
// after it. An account that was deleted meanwhile has none either.
func TestSignInWhileThePasswordChanges(t *testing.T) {
	for name, change := range map[string]func(w *world, tx *store.Tx, u *store.User) error{
		"a new password": func(w *world, tx *store.Tx, u *store.User) error {
			u.PasswordHash = "$argon2id$another"
			if err := tx.UpdateUser(u); err != nil {
				return err
			}
			return tx.RevokeAccess(u.AccountID)
		},
		"a deletion": func(w *world, tx *store.Tx, u *store.User) error { return tx.DeleteAccount(u.AccountID) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			alice := w.Account("alice")
			release, err := w.Store.Memory().Acquire(t.Context(), "another") // passwords wait to be verified
			if err != nil {
				t.Fatal(err)
			}
			result := make(chan string)
			go func() {
				in, err := w.SignIn(t.Context(), right("alice", "192.0.2.1"))
				result <- fmt.Sprint(fault.KindOf(err), " ", in)
			}()
			for w.Store.Memory().Waiting() == 0 { // there is no event for it
			}
			w.update(func(tx *store.Tx) error {
				u, err := tx.User(alice.ID)
				if err != nil {
					return err
				}
				return change(w, tx, u)
			})
			release()
			if got := <-result; got != "unauthorized <nil>" {
				t.Errorf("signing in gives %s", got)
			}
		})
	}
}

// However signing in with the old password and setting a new one overlap, on
// either engine, no session of the old password is left.
func TestSignInRacesNewPassword(t *testing.T) {
	storetest.EachWithClock(t, func(t *testing.T, db *store.Store, clock *storetest.Clock) {
		w := worldOn(t, db, clock)
		w.Account("alice")
		old := password
		for i := range 8 {
			var group sync.WaitGroup
			var sessions [2]string
			for j := range sessions {
				group.Go(func() {
					in, err := w.SignIn(t.Context(), auth.SignInAttempt{Name: "alice", Password: old, Address: "192.0.2.1"})
					if err == nil {
						sessions[j] = in.Session
					} else if !fault.Is(err, fault.Unauthorized) {
						t.Error(err)
					}
				})
			}
			next := fmt.Sprint("password number ", i)
			group.Go(func() {
				if err := w.SetPassword(t.Context(), "alice", next); err != nil {
					t.Error(err)
				}
			})
			group.Wait()
			for _, s := range sessions {
				if s != "" && w.who(s) != "" {
					t.Errorf("round %d: a session of the old password is left", i)
				}
			}
			old = next
			clock.Advance(time.Hour) // for the wrong passwords not to become too many
		}
	})
}
