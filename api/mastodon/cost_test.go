// What is counted here is the same with -race, but for allocations, of which it
// has more (sync.Pool forgets at random): CI runs it without.

//go:build !race

package mastodon_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"kinglet/internal/apptest"
	"kinglet/store"
	"kinglet/store/engine"
)

// A timeline as a person has it: 25 authors with filled profiles; of 40 posts
// some have pictures, hashtags, mentions, emojis and reactions, and some are
// boosts.
type lived struct {
	*apptest.Server
	t     testing.TB
	token string
	post  store.ObjectID
}

func newLived(t testing.TB) *lived {
	t.Helper()
	const many = "1000000000/1m"
	s := apptest.NewWorld(t).Server("a.test", "KINGLET_LIMITS_ACCOUNT="+many, "KINGLET_LIMITS_ADDRESS="+many)
	me := s.Account("me")
	l := &lived{Server: s, t: t, token: me.Token("read write")}
	s.Update(func(tx *store.Tx) error { return l.fill(tx, me.ID) })
	return l
}

func (l *lived) fill(tx *store.Tx, me store.AccountID) error {
	var authors []*store.Account
	for i := range 25 {
		uri := fmt.Sprintf("https://h%d.test/users/u", i)
		a := &store.Account{
			URI: uri, Username: "u", Domain: fmt.Sprintf("h%d.test", i), Type: "Person", DisplayName: "A name :bird:", Note: "<p>" + strings.Repeat("what I do ", 20) + "</p>",
			URL: uri, Inbox: uri + "/inbox", SharedInbox: uri + "/s", Outbox: uri + "/outbox", KeyID: uri + "#main-key", PublicKey: strings.Repeat("k", 450),
			Avatar: uri + ".png", Header: uri + "-header.png", Discoverable: true, HandleVerified: true, FetchedAt: tx.Now(),
			Fields: []store.Field{{Name: "Pronouns", Value: "they"}, {Name: "Home", Value: `<a href="https://example.org">example.org</a>`}},
			Emojis: []store.Emoji{{Shortcode: "bird", URL: uri + "/bird.png"}},
		}
		if err := tx.PutAccount(a); err != nil {
			return err
		}
		if _, err := tx.PutFollow(&store.Follow{AccountID: me, TargetID: a.ID, URI: uri + "#f", ShowReblogs: true}); err != nil {
			return err
		}
		if _, err := tx.AcceptFollow(me, a.ID); err != nil {
			return err
		}
		authors = append(authors, a)
	}
	for i := range 60 {
		if err := l.write(tx, i, authors); err != nil {
			return err
		}
	}
	return nil
}

func (l *lived) write(tx *store.Tx, i int, authors []*store.Account) error {
	by := authors[i*7%len(authors)]
	o := &store.Object{
		URI: fmt.Sprintf("%s/%d", by.URI, i), Type: "Note", AccountID: by.ID, IsStatus: true, URL: by.URI, Context: by.URI + "/c", Language: "en",
		Content: "<p>" + strings.Repeat("words of a post, ", 15) + "</p>", JSON: []byte(`{"type":"Note"}`),
	}
	var mentions []store.Mention
	switch {
	case i%7 == 6 && l.post != 0:
		o.Type, o.Content, o.ReblogOfID = "Announce", "", l.post
	case i%4 == 0:
		o.Tags, o.Emojis = []string{"birds", "kinglets"}, []store.Emoji{{Shortcode: "bird", URL: by.URI + "/bird.png"}}
	case i%4 == 1:
		mentions = []store.Mention{{AccountID: authors[i%25].ID}}
	}
	if _, err := tx.InsertObject(o); err != nil {
		return err
	}
	if err := tx.PutMentions(o.ID, mentions); err != nil {
		return err
	}
	if i%5 == 0 {
		if err := tx.PutAttachments(o.ID, by.ID, []store.Attachment{{Kind: "image", URL: by.URI + "/x.png", RemoteURL: by.URI + "/x.png", Width: 10, Height: 10}}); err != nil {
			return err
		}
	}
	if o.ReblogOfID == 0 {
		l.post = o.ID
	}
	if err := tx.CountStatus(o); err != nil {
		return err
	}
	return tx.AddToHomeFeeds(o)
}

// get answers a GET, to a stranger unless with a token.
func (l *lived) get(path, token string, trace func(query string, w engine.Work)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Host = "a.test"
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if trace != nil {
		r = r.WithContext(engine.WithWork(r.Context(), trace))
	}
	w := l.Do(r)
	if w.Code != http.StatusOK {
		l.t.Fatal(path, w.Code, w.Body)
	}
	return w
}

// costs are the endpoints that are asked most, and what they may cost: figures
// of SQLite that are the same on every machine. The bounds are a little above
// what they are.
func (l *lived) costs() map[string]cost {
	return map[string]cost{
		"home":     {"/api/v1/timelines/home?limit=40", l.token, 4, 6500, 1350},
		"status":   {fmt.Sprintf("/api/v1/statuses/%d", l.post), l.token, 3, 240, 190},
		"instance": {"/api/v1/instance", "", 2, 150, 118},
	}
}

type cost struct {
	path, token               string
	statements, steps, allocs int
}

// What a request costs that does not depend on the machine.
func TestCost(t *testing.T) {
	l := newLived(t)
	for name, c := range l.costs() {
		t.Run(name, func(t *testing.T) {
			var statements, steps int
			for range 8 { // each connection has counted what it did before
				statements, steps = 0, 0
				l.get(c.path, c.token, func(_ string, w engine.Work) { statements, steps = statements+1, steps+w.Steps })
			}
			allocs := testing.AllocsPerRun(20, func() { l.get(c.path, c.token, nil) })
			t.Logf("%d statements, %d steps, %.0f allocations", statements, steps, allocs)
			if statements > c.statements || c.steps > 0 && steps > c.steps || allocs > float64(c.allocs) {
				t.Errorf("%d statements, %d steps, %.0f allocations, want at most %d, %d, %d", statements, steps, allocs, c.statements, c.steps, c.allocs)
			}
		})
	}
}

func BenchmarkHome(b *testing.B)     { benchmark(b, "home") }
func BenchmarkStatus(b *testing.B)   { benchmark(b, "status") }
func BenchmarkInstance(b *testing.B) { benchmark(b, "instance") }

func benchmark(b *testing.B, name string) {
	l := newLived(b)
	c := l.costs()[name]
	l.get(c.path, c.token, nil)
	b.ReportAllocs()
	for b.Loop() {
		l.get(c.path, c.token, nil)
	}
}
