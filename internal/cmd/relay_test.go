package cmd_test

import (
	"strings"
	"testing"

	"kinglet/store"
	"kinglet/store/storetest"
)

// Relays as they are typed; what they do is tested where it is done.
func TestRelayCommands(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.run("account", "create", "alice", "--email", "alice@mail.test", "--password", "correct horse battery")
	if out := s.run("relay", "list"); strings.Count(out, "\n") != 1 || !strings.HasPrefix(out, "RELAY ") {
		t.Errorf("%q", out)
	}
	for _, c := range []struct{ call, want string }{
		{"relay add", "usage: kinglet relay add URL [--receive-only] [--tag a,b] [--budget N]"},
		{"relay add relay.test", "is not an http URI"},
		{"relay add https://a.test/inbox", "is this server"},
		{"relay add https://relay.test/inbox --budget many", "want a number of posts in an hour"},
		{"relay add https://relay.test/inbox --budget 0", "want a number of posts in an hour"},
		{"relay remove https://relay.test/inbox", "relay https://relay.test/inbox not found"},
		{"relay remove", "usage: kinglet relay remove URL"},
	} {
		if _, err := s.try(strings.Fields(c.call)...); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, which does not say %q", c.call, err, c.want)
		}
	}
	// Its actor can't be asked for: it is who answers.
	out := s.run("relay", "add", "https://127.0.0.1/inbox", "--tag", "#Cats,dogs", "--budget", "20/h", "--receive-only")
	if !strings.Contains(out, "A person may have to approve it there") {
		t.Errorf("%q", out)
	}
	out = s.run("relay", "list")
	for _, want := range []string{"https://127.0.0.1/inbox", "waits for its approval", "#cats #dogs", "no", "20 of 20"} {
		if !strings.Contains(out, want) {
			t.Errorf("the list does not say %q:\n%s", want, out)
		}
	}
	if out := s.run("relay", "remove", "https://127.0.0.1/inbox"); !strings.Contains(out, "unsubscribed") {
		t.Errorf("%q", out)
	}
	if out := s.run("relay", "list"); strings.Count(out, "\n") != 1 {
		t.Errorf("%q", out)
	}

	// What became of one that has accepted.
	s.run("relay", "add", "https://127.0.0.1/inbox")
	database := ""
	for _, e := range s.environ {
		if path, ok := strings.CutPrefix(e, "KINGLET_DATABASE="); ok {
			database = path
		}
	}
	db := storetest.Open(t, store.Options{Database: database})
	if err := db.Update(t.Context(), func(tx *store.Tx) error {
		r, err := tx.RelayByInbox("https://127.0.0.1/inbox")
		if err != nil {
			return err
		}
		if _, err := tx.AnswerRelay(r.ID, store.RelayAccepted, "https://127.0.0.1/actor"); err != nil {
			return err
		}
		if err := tx.RelayRefused(r.ID, 12, "the budget is spent\x1b[31m"); err != nil {
			return err
		}
		return tx.RelayFailed(r.ID, "it answers 500")
	}); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	out = s.run("relay", "list")
	for _, want := range []string{"accepted", "12", "300 of 300", "all", "yes", "refused last: the budget is spent[31m\n", "last error: it answers 500\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("the list does not say %q:\n%s", want, out)
		}
	}
	if out := s.run("relay", "add", "https://127.0.0.1/inbox", "--budget", "7"); !strings.Contains(out, "changed what is taken of the relay") {
		t.Errorf("%q", out)
	}
}
