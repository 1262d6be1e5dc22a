package stream_test

import (
	"context"
	"net/http"
	"slices"
	"testing"
	"time"

	"kinglet/internal/apptest"
	"kinglet/internal/stream"
)

// What happens on one server is on the stream of another's account as soon as
// it has arrived there, and on the author's own.
func TestStreamsOfTwoServers(t *testing.T) {
	w := apptest.NewWorld(t)
	alice, bob := w.Server("a.test").Account("alice"), w.Server("b.test").Account("bob")
	alice.Follow("@bob@b.test")
	w.Run()
	watch := func(a *apptest.Account) func() []string {
		s, err := a.Server.Hub.Subscribe(t.Context(), stream.Reader{Viewer: a.ID}, stream.Topic{Stream: stream.User})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Close)
		return func() (got []string) {
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			a.Do(http.MethodPost, "/api/v1/markers", "home[last_read_id]", "1") // the last to come
			for !slices.Contains(got, "marker") {
				messages, err := s.Next(ctx)
				if err != nil {
					t.Fatalf("got %q: %v", got, err)
				}
				for _, m := range messages {
					line := string(m.Event)
					switch {
					case m.Status != nil:
						line += " " + m.Status.URI
					case m.Notification != nil:
						line += " " + m.Notification.Type
					}
					got = append(got, line)
				}
			}
			return got[:len(got)-1]
		}
	}
	ofAlice, ofBob := watch(alice), watch(bob)
	wants := func(name string, got []string, want ...string) {
		t.Helper()
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	post := bob.Post("Hello")
	w.Run()
	wants("a post, at the follower's", ofAlice(), "update "+post.URI)
	wants("a post, at the author's", ofBob(), "update "+post.URI)
	alice.Act("favourite", post)
	w.Run()
	wants("a favourite", ofBob(), "notification favourite")
	w.Clock.Advance(time.Minute)
	bob.Edit(post, "Hello again")
	w.Run()
	wants("an edit", ofAlice(), "status.update "+post.URI)
	bob.Delete(post)
	w.Run()
	wants("a deletion, at the follower's", ofAlice(), "delete")
	wants("an edit and a deletion, at the author's", ofBob(), "delete")
}
