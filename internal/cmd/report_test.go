package cmd_test

import (
	"strings"
	"testing"

	"kinglet/store"
	"kinglet/store/storetest"
)

// Reports are listed, shown and resolved on the command line, without what a
// terminal would obey.
func TestReportCommands(t *testing.T) {
	s := newShell(t)
	s.in = "correct horse battery\n"
	s.run("account", "create", "alice", "--email", "a@a.test", "--password", "-")
	database := ""
	for _, e := range s.environ {
		if v, ok := strings.CutPrefix(e, "KINGLET_DATABASE="); ok {
			database = v
		}
	}
	db := storetest.Open(t, store.Options{Database: database})
	if err := db.Update(t.Context(), func(tx *store.Tx) error {
		alice, err := tx.AccountByHandle("alice", "")
		if err != nil {
			return err
		}
		_, err = tx.InsertReport(&store.Report{URI: "https://b.test/1", AccountID: alice.ID, TargetID: alice.ID, Host: "b.test", Category: "other", Comment: "spam\x1b[2J!\nmore"})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	db.Close()
	list := s.run("report", "list")
	lines := strings.Split(strings.TrimSpace(list), "\n")
	if len(lines) != 2 || !strings.Contains(lines[1], "spam[2J!") || strings.Contains(list, "\x1b") {
		t.Fatalf("%q", list)
	}
	id := strings.Fields(lines[1])[0]
	if out := s.run("report", "show", id); !strings.Contains(out, "about @alice") || !strings.Contains(out, "more") || strings.Contains(out, "\x1b") {
		t.Errorf("%q", out)
	}
	s.run("report", "resolve", id)
	if out, err := s.try("report", "resolve", id); err == nil {
		t.Errorf("it is resolved twice: %q", out)
	}
	if out := s.run("report", "list"); strings.Contains(out, "spam") {
		t.Errorf("%q", out)
	}
	if out := s.run("report", "list", "--all"); !strings.Contains(out, "resolved") {
		t.Errorf("%q", out)
	}
	for _, args := range [][]string{{"report", "show"}, {"report", "show", "x"}} {
		if _, err := s.try(args...); err == nil {
			t.Errorf("%v has no error", args)
		}
	}
}
