package cmd_test

import (
	"strings"
	"testing"
)

// Aliases and moves as they are typed; what they do is tested where it is done.
func TestMoveCommands(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.run("account", "create", "alice", "--email", "alice@mail.test", "--password", "correct horse battery")
	if out := s.run("account", "alias", "list", "alice"); out != "" {
		t.Errorf("alice's aliases are %q", out)
	}
	for _, c := range []struct{ call, want string }{
		{"account alias add alice", "usage: kinglet account alias add NAME ACTOR"},
		{"account alias add alice @alice@a.test", "is the account itself"},
		{"account alias add nobody @alice@a.test", "there is no account nobody"},
		{"account alias remove alice https://b.test/users/bob", "is no alias of alice"},
		{"account move alice", "usage: kinglet account move NAME TARGET"},
		{"account move alice @alice@a.test", "can't move to itself"},
		{"account move alice @nobody@a.test", "no account"},
		{"account unmove alice", "alice has not moved"},
	} {
		if _, err := s.try(strings.Fields(c.call)...); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, which does not say %q", c.call, err, c.want)
		}
	}
}
