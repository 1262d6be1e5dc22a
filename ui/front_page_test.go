package ui_test

import (
	"strings"
	"testing"

	"kinglet/internal/apptest"
)

// A page of a signed-in user is cached by nobody else.
func TestPagesOfTheSignedInArePrivate(t *testing.T) {
	eachScheme(t, func(t *testing.T, s *site, _ string) {
		b := s.browser().signIn()
		for _, path := range []string{"/", "/@alice"} {
			w := b.do("GET", path, nil)
			if got := w.Header().Get("Cache-Control"); got != "private, no-cache" || !strings.Contains(w.Body.String(), "Sign out") {
				t.Errorf("%s: %q", path, got)
			}
		}
		if got := visit(t, s.Server, "/auth/sign_in").Header().Get("Cache-Control"); !strings.Contains(got, "no-store") {
			t.Errorf("the sign-in page is kept: %q", got)
		}
	})
}

// The front page lists those who want to be found.
func TestFrontPageLists(t *testing.T) {
	s := apptest.NewWorld(t).Server("a.test")
	if got := visit(t, s, "/").Body.String(); !strings.Contains(got, "Nobody lives here yet") {
		t.Errorf("an empty house: %s", got)
	}
	alice := s.Account("alice")
	shown := func(want bool) {
		t.Helper()
		if got := visit(t, s, "/").Body.String(); strings.Contains(got, "/@alice") != want || strings.Contains(got, "Nobody lives here yet") {
			t.Errorf("alice is listed: %v", !want)
		}
	}
	shown(true)
	alice.Do("PATCH", "/api/v1/accounts/update_credentials", "discoverable", "false")
	shown(false)
}
