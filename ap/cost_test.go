// What is counted here is one goroutine's, and the same with and without -race: CI
// runs it without, in a tenth of the time.

//go:build !race

package ap_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"kinglet/ap"
	"kinglet/ap/vocab"
	"kinglet/internal/apptest"
	"kinglet/store/engine"
)

// postText is of the length of most posts.
func postText(n int) string {
	return fmt.Sprintf("Post %d.", n) + strings.Repeat(" Of a bird in the garden, and the rain.", 4+n%5)
}

// mastodonNote is a reply as Mastodon sends it: half of it is addressing and
// @context.
func mastodonNote(bob *apptest.Stranger, n int, at time.Time) apptest.Object {
	const host = "https://mastodon.example"
	id := fmt.Sprintf("%s/users/bob/statuses/%d", host, 116169163997220821+int64(n))
	content := "<p>" + postText(n) + "</p>"
	return apptest.Object{
		"@context": []any{
			"https://www.w3.org/ns/activitystreams",
			apptest.Object{"ostatus": "http://ostatus.org#", "atomUri": "ostatus:atomUri", "inReplyToAtomUri": "ostatus:inReplyToAtomUri", "conversation": "ostatus:conversation", "sensitive": "as:sensitive", "toot": "http://joinmastodon.org/ns#", "votersCount": "toot:votersCount", "Hashtag": "as:Hashtag"},
		},
		"id": id + "/activity", "type": "Create", "actor": bob.URI, "published": at.Format(time.RFC3339), "to": []string{vocab.Public}, "cc": []string{bob.URI + "/followers"},
		"object": apptest.Object{
			"id": id, "type": "Note", "summary": nil, "inReplyTo": nil, "published": at.Format(time.RFC3339), "url": fmt.Sprintf("%s/@bob/%d", host, 116169163997220821+int64(n)),
			"attributedTo": bob.URI, "to": []string{vocab.Public}, "cc": []string{bob.URI + "/followers"}, "sensitive": false, "atomUri": id, "inReplyToAtomUri": nil,
			"conversation": fmt.Sprintf("tag:mastodon.example,2026-03-04:objectId=%d:objectType=Conversation", 91827364+n), "content": content, "contentMap": apptest.Object{"en": content},
			"attachment": []any{}, "tag": []any{apptest.Object{"type": "Hashtag", "href": host + "/tags/birds", "name": "#birds"}},
			"replies": apptest.Object{"id": id + "/replies", "type": "Collection", "first": apptest.Object{"type": "CollectionPage", "next": id + "/replies?only_other_accounts=true&page=true", "partOf": id + "/replies", "items": []any{}}},
		},
	}
}

func scene(t testing.TB) (*apptest.World, *apptest.Server, *apptest.Account, *apptest.Stranger) {
	w := apptest.NewWorld(t)
	s := w.Server("own.example.com")
	alice, bob := s.Account("alice"), w.Stranger("bob@mastodon.example")
	bob.FollowedBy(alice)
	return w, s, alice, bob
}

// What a post takes of the file, with its part of every table and index.
func TestBytesOfAPost(t *testing.T) {
	w, s, alice, bob := scene(t)
	const n = 800
	size := func() int64 {
		return s.Count(`SELECT (p.page_count - f.freelist_count) * z.page_size FROM pragma_page_count p, pragma_freelist_count f, pragma_page_size z`)
	}
	for _, c := range []struct {
		name string
		most int64
		post func(i int)
	}{
		{"written here", 1600, func(i int) {
			if _, err := s.Service.Post(t.Context(), alice.ID, ap.PostRequest{Text: postText(i), Language: "en"}); err != nil {
				t.Fatal(err)
			}
		}},
		{"of another server", 1100, func(i int) {
			if status := bob.Send(s, mastodonNote(bob, i, w.Clock.Now())); status != 202 {
				t.Fatal(status)
			}
		}},
	} {
		before := size()
		for i := range n {
			c.post(i)
			w.Clock.Advance(time.Minute)
		}
		if each := (size() - before) / n; each > c.most {
			t.Errorf("a post %s takes %d bytes, more than %d", c.name, each, c.most)
		} else {
			t.Logf("a post %s takes %d bytes", c.name, each)
		}
	}
}

// What a post with a hashtag costs, from an account that is followed here. The
// statements: the sender, and whether it is followed, in the view that verifies the
// signature; in the transaction both again, the post, its hashtags (two), the
// author's count, the replies that wait for it, the home feeds, and who wants to be
// notified.
func TestCostOfAnInboxNote(t *testing.T) {
	w, s, _, bob := scene(t)
	body, err := json.Marshal(mastodonNote(bob, 1, w.Clock.Now()))
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	r := bob.Request("POST", s.Config.SharedInboxURI(), body)
	r = r.WithContext(engine.WithTrace(r.Context(), func(query string, _ []any) { list = append(list, query) }))
	if got := s.Do(r); got.Code != 202 {
		t.Fatal(got.Code, got.Body)
	}
	if len(list) > 9 {
		t.Errorf("it takes %d statements:\n%s", len(list), strings.Join(list, "\n"))
	}
	requests := make([]*http.Request, 40)
	for i := range requests {
		w.Clock.Advance(time.Second)
		if body, err = json.Marshal(mastodonNote(bob, 2+i, w.Clock.Now())); err != nil {
			t.Fatal(err)
		}
		requests[i] = bob.Request("POST", s.Config.SharedInboxURI(), body)
	}
	send := func(r *http.Request) {
		if got := s.Do(r); got.Code != 202 {
			t.Fatal(got.Code, got.Body)
		}
	}
	n, steps := 0, 0
	for range 6 { // the first on each connection tell of all that was before
		steps = 0
		send(requests[n].WithContext(engine.WithWork(t.Context(), func(_ string, w engine.Work) { steps += w.Steps })))
		n++
	}
	allocations := testing.AllocsPerRun(len(requests)-n-1, func() { send(requests[n]); n++ })
	t.Logf("%d statements of %d steps, %v allocations", len(list), steps, allocations)
	if steps > 680 {
		t.Errorf("it takes %d steps", steps)
	}
	if allocations > 505 {
		t.Errorf("it takes %v allocations", allocations)
	}
}

func BenchmarkInboxNote(b *testing.B) {
	w, s, _, bob := scene(b)
	for i := range b.N {
		b.StopTimer()
		w.Clock.Advance(time.Second)
		body, err := json.Marshal(mastodonNote(bob, i, w.Clock.Now()))
		if err != nil {
			b.Fatal(err)
		}
		r := bob.Request("POST", s.Config.SharedInboxURI(), body)
		b.StartTimer()
		if got := s.Do(r); got.Code != 202 {
			b.Fatal(got.Code, got.Body)
		}
	}
}
