package mastodon

import (
	"testing"

	"github.com/go-chi/chi/v5"
)

// A route that does not say who may call it can't be mounted.
func TestUndeclaredRoute(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("it is mounted")
		}
	}()
	(&API{}).mount(chi.NewRouter(), "GET", "/api/v1/new", access{}, (*call).emptyList)
}

// What a declaration allows: any of its scopes, and nothing without one.
func TestDeclarations(t *testing.T) {
	for _, c := range []struct {
		name    string
		access  access
		granted string
		want    bool
	}{
		{"anyone", anyone(), "read write", false},
		{"open, with the scope", orStranger("read:statuses"), "read", true},
		{"open, without it", orStranger("read:statuses"), "write profile push", false},
		{"one of two", only("profile", "read:accounts"), "profile", true},
		{"the other of two", only("profile", "read:accounts"), "read:accounts", true},
		{"none of two", only("profile", "read:accounts"), "read:statuses", false},
		{"follow", only("write:follows"), "follow", true},
		{"any token", only(), "push", true},
	} {
		if got := c.access.allows(c.granted); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}
