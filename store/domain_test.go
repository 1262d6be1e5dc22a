package store_test

import (
	"strings"
	"testing"

	"kinglet/internal/fault"
	"kinglet/store"
	"kinglet/store/storetest"
)

func TestDomain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		check := func(domain, base string, claim bool, want string) {
			t.Helper()
			err := s.CheckDomain(t.Context(), domain, base, claim)
			if want == "" && err != nil || want != "" && (!fault.Is(err, fault.Conflict) || !strings.Contains(err.Error(), want)) {
				t.Errorf("%s at %s: %v", domain, base, err)
			}
		}
		check("a.test", "https://a.test", false, "")
		check("b.test", "https://b.test", false, "") // nobody has claimed it yet
		check("a.test", "https://a.test", true, "")
		check("a.test", "https://other.a.test", true, "") // the URL may change
		check("b.test", "https://a.test", true, "belongs to the domain a.test")
		check("b.test", "https://a.test", false, "belongs to the domain a.test")
		check("a.test:8080", "https://a.test", true, "belongs to the domain a.test")
	})
}

// A database of a version that kept no domain is known by its accounts.
func TestDomainOfTheFirstVersion(t *testing.T) {
	t.Parallel()
	s := storetest.SQLite(t)
	w := newWorld(t, s)
	w.remote("bob")
	w.local("alice") // at here.test
	for _, c := range []struct {
		domain, base string
		ok           bool
	}{
		{"evil.test", "https://evil.test", false},
		{"there.test", "https://there.test", false}, // a remote account's
		{"example.org", "https://here.test", true},  // a handle's domain of its own
		{"here.test", "https://social.here.test", true},
	} {
		if err := s.CheckDomain(t.Context(), c.domain, c.base, false); (err == nil) != c.ok || err != nil && !strings.Contains(err.Error(), "are at here.test") {
			t.Errorf("%s at %s: %v", c.domain, c.base, err)
		}
	}
	if err := s.CheckDomain(t.Context(), "here.test", "https://here.test", true); err != nil {
		t.Fatal(err)
	}
	if err := s.CheckDomain(t.Context(), "example.org", "https://here.test", true); !fault.Is(err, fault.Conflict) {
		t.Errorf("%v", err)
	}
}
