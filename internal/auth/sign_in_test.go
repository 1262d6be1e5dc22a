package auth_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kinglet/internal/auth"
	"kinglet/internal/fault"
	"kinglet/store"
)

// signIn is one attempt and what came of it: "in", "wrong" or "limited".
func signIn(w *world, t *testing.T, a auth.SignInAttempt) (string, *auth.SignedIn) {
	t.Helper()
	in, err := w.SignIn(t.Context(), a)
	switch {
	case err == nil:
		return "in", in
	case fault.Is(err, fault.Unauthorized):
		return "wrong", nil
	case fault.Is(err, fault.RateLimited):
		return "limited", nil
	}
	t.Fatal(err)
	return "", nil
}

func guess(name, address string) auth.SignInAttempt {
	return auth.SignInAttempt{Name: name, Password: "a guess", Address: address}
}

func right(name, address string) auth.SignInAttempt {
	return auth.SignInAttempt{Name: name, Password: password, Address: address}
}

// Of 60 guesses from 60 addresses at the same time only a few are evaluated,
// and the right password is not found among the others.
func TestParallelGuesses(t *testing.T) {
	w := newWorld(t)
	w.Account("alice")
	var evaluated atomic.Int64
	var group sync.WaitGroup
	for i := range 60 {
		group.Go(func() {
			if got, _ := signIn(w, t, guess("alice", fmt.Sprint("192.0.2.", i))); got != "limited" {
				evaluated.Add(1)
			}
		})
	}
	group.Wait()
	if n := evaluated.Load(); n != 10 {
		t.Errorf("%d of 60 guesses are evaluated, want 10", n)
	}
	if got, _ := signIn(w, t, right("alice", "198.51.100.1")); got != "limited" {
		t.Errorf("the 61st guess, a right one, is %s", got)
	}
	w.Clock.Advance(15 * time.Minute)
	if got, _ := signIn(w, t, right("alice", "198.51.100.1")); got != "in" {
		t.Errorf("a quarter of an hour later the right password is %s", got)
	}
}

// However the account is named, its failures are counted together.
func TestSpellingsOfAnAccount(t *testing.T) {
	w := newWorld(t)
	w.Account("kim")
	for i, name := range []string{
		"kim", "KIM", " kim ", "@kim", "kim@kinglet.test", "@Kim@KINGLET.test", "kim@mail.test", "KIM@Mail.Test", "\tkim\n", "\u212aim", // the Kelvin sign
	} {
		if got, _ := signIn(w, t, guess(name, fmt.Sprint("192.0.2.", i))); got != "wrong" {
			t.Errorf("guess %d, %q: %s", i, name, got)
		}
	}
	for _, name := range []string{"kim", "kim@mail.test", "kim@kinglet.test"} {
		if got, _ := signIn(w, t, right(name, "198.51.100.1")); got != "limited" {
			t.Errorf("after ten guesses %q is %s", name, got)
		}
	}
	w.Account("bob")
	if got, _ := signIn(w, t, right("bob", "198.51.100.1")); got != "in" {
		t.Errorf("another account is %s", got)
	}
}

// A name that nobody has is refused after as many guesses as one that
// somebody has: the limit does not disclose which exist.
func TestNamesAreNotDisclosed(t *testing.T) {
	w := newWorld(t)
	w.Account("alice")
	for _, name := range []string{"alice", "nobody", "nobody@mail.test"} {
		for i := range 11 {
			want := "wrong"
			if i == 10 {
				want = "limited"
			}
			if got, _ := signIn(w, t, guess(name, fmt.Sprintf("192.0.2.%d", i))); got != want {
				t.Errorf("guess %d of %s is %s, want %s", i, name, got, want)
			}
		}
		w.Clock.Advance(time.Hour)
	}
	if got, _ := signIn(w, t, guess("no\x00body\xff", "192.0.2.1")); got != "wrong" {
		t.Errorf("a name that is no text is %s", got)
	}
}

// One address guesses at many accounts.
func TestGuessesByAddress(t *testing.T) {
	w := newWorld(t)
	w.Account("alice")
	for i := range 20 {
		if got, _ := signIn(w, t, guess(fmt.Sprint("name", i), "192.0.2.1")); got != "wrong" {
			t.Fatalf("guess %d is %s", i, got)
		}
	}
	if got, _ := signIn(w, t, right("alice", "192.0.2.1")); got != "limited" {
		t.Errorf("the 21st, a right one, is %s", got)
	}
	if got, _ := signIn(w, t, right("alice", "192.0.2.2")); got != "in" {
		t.Errorf("from elsewhere it is %s", got)
	}
}

// Strangers' failures lock neither a known browser nor a known address out;
// and both have a number of their own, so that they are no way to guess.
func TestOwnerIsNotLockedOut(t *testing.T) {
	w := newWorld(t)
	w.Account("alice")
	got, in := signIn(w, t, right("alice", "198.51.100.1"))
	if got != "in" || in.Device == "" {
		t.Fatalf("%s %+v", got, in)
	}
	attack := func() {
		for i := range 60 {
			signIn(w, t, guess("alice", fmt.Sprint("192.0.2.", i)))
		}
	}
	attack()
	travelling := right("alice", "203.0.113.9")
	if got, _ := signIn(w, t, travelling); got != "limited" {
		t.Fatalf("a stranger is %s", got)
	}
	travelling.Device = in.Device
	got, again := signIn(w, t, travelling)
	if got != "in" || again.Device != in.Device {
		t.Errorf("the known browser at a new address is %s with %v", got, again)
	}
	if got, _ := signIn(w, t, right("alice", "198.51.100.1")); got != "in" {
		t.Errorf("another browser at the known address is %s", got)
	}
	for i := range 20 { // at accounts of others, from a known address
		signIn(w, t, guess(fmt.Sprint("name", i), "198.51.100.1"))
	}
	if got, _ := signIn(w, t, right("alice", "198.51.100.1")); got != "in" {
		t.Errorf("at a known address that others guess from: %s", got)
	}
	for known, a := range map[string]auth.SignInAttempt{
		"browser": {Name: "alice", Password: "a guess", Address: "203.0.113.77", Device: in.Device}, "address": guess("alice", "198.51.100.1"),
	} {
		for i := range 10 {
			if got, _ := signIn(w, t, a); got != "wrong" {
				t.Errorf("guess %d from a known %s is %s", i, known, got)
			}
		}
		a.Password = password
		if got, _ := signIn(w, t, a); got != "limited" {
			t.Errorf("after ten guesses from a known %s the right password is %s", known, got)
		}
	}
}

// A browser is known to the accounts that signed in with it, by a secret that
// the server made, until the password changes.
func TestKnownBrowsers(t *testing.T) {
	w := newWorld(t)
	w.Account("alice")
	w.Account("bob")
	planted := auth.NewSecret() // another put it into alice's browser, and knows it
	a := right("alice", "198.51.100.1")
	a.Device = planted
	_, in := signIn(w, t, a)
	if in.Device == planted || in.Device == "" {
		t.Errorf("the browser is known by a secret that came with it")
	}
	lock := func() {
		for i := range 12 {
			signIn(w, t, guess("alice", fmt.Sprint("192.0.2.", i)))
			signIn(w, t, guess("bob", fmt.Sprint("192.0.3.", i)))
		}
	}
	lock()
	for name, a := range map[string]auth.SignInAttempt{
		"a planted secret":                {Name: "alice", Password: password, Address: "203.0.113.1", Device: planted},
		"alice's browser for bob":         {Name: "bob", Password: password, Address: "203.0.113.1", Device: in.Device},
		"no secret, from no address":      {Name: "alice", Password: password},
		"the hash of a secret for itself": {Name: "alice", Password: password, Address: "203.0.113.1", Device: w.Sign("device", in.Device)},
	} {
		if got, _ := signIn(w, t, a); got != "limited" {
			t.Errorf("%s: %s", name, got)
		}
	}
	if err := w.SetPassword(t.Context(), "alice", password); err != nil {
		t.Fatal(err)
	}
	if got, _ := signIn(w, t, auth.SignInAttempt{Name: "alice", Password: password, Address: "198.51.100.1", Device: in.Device}); got != "limited" {
		t.Errorf("after a new password the old browser is %s", got)
	}
}

// An e-mail address signs in although an account elsewhere has it for its handle.
func TestEmailThatIsAHandleElsewhere(t *testing.T) {
	w := newWorld(t)
	alice := w.Account("alice")
	if err := w.Store.Update(t.Context(), func(tx *store.Tx) error {
		return tx.PutAccount(&store.Account{URI: "https://mail.test/users/alice", Username: "alice", Domain: "mail.test", Type: "Person"})
	}); err != nil {
		t.Fatal(err)
	}
	if got, in := signIn(w, t, right("alice@mail.test", "198.51.100.1")); got != "in" || in.Account.ID != alice.ID {
		t.Errorf("%s %v", got, in)
	}
}

// A name that nobody has costs as much time as a wrong password. The fastest
// of several attempts, made in turn, are compared: others share the machine.
func TestSignInTakesTheSameTime(t *testing.T) {
	w := newWorld(t)
	w.Account("alice")
	if err := w.SetPassword(t.Context(), "alice", password); err != nil { // hashed at its full cost
		t.Fatal(err)
	}
	fastest := map[string]time.Duration{"alice": time.Hour, "nobody": time.Hour}
	for i := range 8 {
		for name, best := range fastest {
			started := time.Now()
			if got, _ := signIn(w, t, guess(name, fmt.Sprint("192.0.2.", i))); got != "wrong" {
				t.Fatal(got)
			}
			fastest[name] = min(best, time.Since(started))
		}
	}
	if known, unknown := fastest["alice"], fastest["nobody"]; unknown < known/4 || known < unknown/4 {
		t.Errorf("a wrong password takes %s, a name that nobody has %s", known, unknown)
	}
}

// What was right is not counted as wrong, from however many places.
func TestRightPasswordsAreNotCounted(t *testing.T) {
	w := newWorld(t)
	w.Account("alice")
	for i := range 12 {
		if got, _ := signIn(w, t, right("alice", fmt.Sprint("192.0.2.", i))); got != "in" {
			t.Fatalf("attempt %d is %s", i, got)
		}
	}
}

// What one server signs, another does not take; nor does it for another use.
func TestSecretIsTheServersOwn(t *testing.T) {
	a, b := newWorld(t), newWorld(t)
	s := a.Sign("use", "value")
	for name, got := range map[string]bool{
		"another server": b.Verify("use", "value", s), "another use": a.Verify("another", "value", s), "another value": a.Verify("use", "other", s),
		"nothing": a.Verify("use", "value", ""), "what runs together": a.Verify("us", "evalue", s),
	} {
		if got {
			t.Errorf("%s is taken", name)
		}
	}
	again, err := auth.New(t.Context(), a.Store, a.Config)
	if err != nil || !a.Verify("use", "value", s) || !again.Verify("use", "value", s) {
		t.Errorf("another node on the same database does not take it: %v", err)
	}
}
