package mastodon_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"kinglet/internal/apptest"
	"kinglet/store/engine"
)

// The lists of who quotes a post, and of what waits for an author's decision, take
// as many statements for many as for few.
func TestPagesOfInteractions(t *testing.T) {
	w := apptest.NewWorld(t)
	s := w.Server("a.test")
	alice := s.Account("alice")
	token := alice.Token("read")
	post := alice.Post("quote me, like me", "interaction_policy[can_favourite][manual_approval][]", "public")
	id := alice.Status(post.URI).ID
	page := func(path string, want int) (statements int) {
		t.Helper()
		r := httptest.NewRequestWithContext(engine.WithWork(t.Context(), func(string, engine.Work) { statements++ }), http.MethodGet, "https://a.test"+path, nil)
		r.Header.Set("Authorization", "Bearer "+token)
		got := s.Do(r)
		var list []any
		if err := json.Unmarshal(got.Body.Bytes(), &list); err != nil || len(list) != want {
			t.Fatalf("%s: %d, %d entries, want %d: %v\n%s", path, got.Code, len(list), want, err, got.Body)
		}
		return statements
	}
	lists := []string{"/api/v1/statuses/" + id + "/quotes", "/api/v1/interaction_requests"}
	var few []int
	for n := range 8 {
		who := w.Stranger(fmt.Sprintf("u%d@h%d.test", n, n))
		quote := who.Note("look", "quote", post.URI, "cc", []string{alice.URI})
		who.Send(s, who.Activity("Create", quote))
		who.Send(s, who.Activity("Like", post.URI))
		w.Run()
		for i, path := range lists {
			switch statements := page(path, n+1); {
			case n == 1:
				few = append(few, statements)
			case n == 7 && statements > few[i]:
				t.Errorf("%s: %d statements for 8, %d for 2", path, statements, few[i])
			}
		}
	}
}
