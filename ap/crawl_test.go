package ap_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"kinglet/internal/apptest"
	"kinglet/store"
)

// crawlScene is a server with a person who opens what others elsewhere wrote.
type crawlScene struct {
	*testing.T
	world *apptest.World
	here  *apptest.Server
	alice *apptest.Account
}

func newCrawlScene(t *testing.T, settings ...string) *crawlScene {
	t.Helper()
	w := apptest.NewWorld(t)
	here := w.Server("a.test", settings...)
	return &crawlScene{t, w, here, here.Account("alice")}
}

// collection serves a collection of one host, with its items on pages of two.
func (s *crawlScene) collection(h *apptest.Host, uri string, items ...any) object {
	const size = 2
	for i := 0; i < len(items) || i == 0; i += size {
		page := object{"id": fmt.Sprint(uri, "/page/", i), "type": "CollectionPage", "partOf": uri, "items": items[i:min(i+size, len(items))]}
		if i+size < len(items) {
			page["next"] = fmt.Sprint(uri, "/page/", i+size)
		}
		h.Serve(page["id"].(string), page)
	}
	c := object{"id": uri, "type": "Collection", "totalItems": len(items), "first": uri + "/page/0"}
	h.Serve(uri, c)
	return c
}

// open opens a post, and returns the URIs of what is below it then, and the header
// of the answer.
func (s *crawlScene) open(uri string) (below []string, refresh string) {
	s.Helper()
	r, err := http.NewRequestWithContext(s.Context(), "GET", s.here.Config.URL+"/api/v1/statuses/"+s.alice.Resolve(uri).ID+"/context", nil)
	if err != nil {
		s.Fatal(err)
	}
	resp, err := s.alice.Client.Do(r)
	if err != nil {
		s.Fatal(err)
	}
	resp.Body.Close()
	for _, st := range s.alice.Do("GET", "/api/v1/statuses/"+s.alice.Resolve(uri).ID+"/context")["descendants"].([]any) {
		below = append(below, st.(map[string]any)["uri"].(string))
	}
	return below, resp.Header.Get("Mastodon-Async-Refresh")
}

// completed is what is below a post once it was opened and all was done.
func (s *crawlScene) completed(uri string) []string {
	s.Helper()
	s.open(uri)
	s.world.Advance(10 * time.Minute)
	below, refresh := s.open(uri)
	if refresh != "" {
		s.Errorf("it is still being completed: %s", refresh)
	}
	return below
}

func (s *crawlScene) want(below []string, want ...any) {
	s.Helper()
	got := map[string]bool{}
	for _, uri := range below {
		got[uri] = true
	}
	for _, n := range want {
		if uri := n.(object)["id"].(string); !got[uri] {
			s.Errorf("%s is not below it", uri)
		}
	}
	if len(below) != len(want) {
		s.Errorf("%d posts are below it instead of %d: %v", len(below), len(want), below)
	}
}

func id(n object) string { return n["id"].(string) }

// A thread that somebody opens is completed, however its origin lists the replies.
func TestOpenedThreadIsCompleted(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		list func(s *crawlScene, author *apptest.Stranger, replies []any) (pairs []any)
	}{
		{"replies by id", func(s *crawlScene, author *apptest.Stranger, replies []any) []any {
			uri := author.URI + "/replies"
			s.collection(author.Host, uri, replies...)
			return []any{"replies", uri}
		}},
		{"replies with an inline first page", func(s *crawlScene, author *apptest.Stranger, replies []any) []any {
			uri := author.URI + "/replies"
			s.collection(author.Host, uri, replies...)
			return []any{"replies", object{"id": uri, "type": "Collection", "first": object{
				"type": "CollectionPage", "partOf": uri, "next": uri + "/page/2", "items": replies[:2],
			}}}
		}},
		{"replies inline", func(_ *crawlScene, author *apptest.Stranger, replies []any) []any {
			return []any{"replies", object{"id": author.URI + "/replies", "type": "OrderedCollection", "orderedItems": replies}}
		}},
		{"a collection without items inline", func(s *crawlScene, author *apptest.Stranger, replies []any) []any {
			uri := author.URI + "/replies"
			author.Host.Serve(uri, object{"id": uri, "type": "Collection", "items": replies})
			return []any{"replies", object{"id": uri, "type": "Collection", "totalItems": len(replies)}}
		}},
		{"context", func(s *crawlScene, author *apptest.Stranger, replies []any) []any {
			uri := author.URI + "/context"
			s.collection(author.Host, uri, replies...)
			return []any{"context", uri}
		}},
		{"the public API", func(s *crawlScene, author *apptest.Stranger, replies []any) []any {
			author.Host.Handle("/api/v1/statuses/7/context", func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				fmt.Fprint(w, `{"ancestors":[],"descendants":[`)
				for i, uri := range replies {
					if i > 0 {
						fmt.Fprint(w, ",")
					}
					fmt.Fprintf(w, `{"uri":%q,"content":"a lie"}`, uri)
				}
				fmt.Fprint(w, `]}`)
			})
			return []any{"url", "https://" + author.Host.Name + "/@" + author.Name + "/7"}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newCrawlScene(t)
			author, carol, dan := s.world.Stranger("author@b.test"), s.world.Stranger("carol@c.test"), s.world.Stranger("dan@d.test")
			root := author.URI + "/notes/root"
			one := carol.Note("one", "inReplyTo", root)
			two := dan.Note("two", "inReplyTo", id(one))
			three := author.Note("three", "inReplyTo", id(two))
			author.Note("root", append([]any{"id", root}, c.list(s, author, []any{id(one), id(two), id(three)})...)...)
			s.want(s.completed(root), one, two, three)
			if st := s.alice.Status(id(one)); st == nil || !strings.Contains(st.Text(), "one") {
				t.Errorf("the reply is not what its origin says: %v", st)
			}
			if list := s.alice.Notifications(); len(list) > 0 {
				t.Errorf("alice is notified of %v", list)
			}
			if n := s.here.Jobs("crawl"); n != 0 {
				t.Errorf("%d jobs are left", n)
			}
		})
	}
}

// The header tells how far a refresh is, as does its address.
func TestAsyncRefresh(t *testing.T) {
	t.Parallel()
	s := newCrawlScene(t)
	author := s.world.Stranger("author@b.test")
	root := author.URI + "/notes/root"
	reply := author.Note("one", "inReplyTo", root)
	author.Note("root", "id", root, "replies", object{"type": "Collection", "items": []string{id(reply)}})
	_, header := s.open(root)
	var refresh string
	if _, err := fmt.Sscanf(header, "id=%q, retry=3, result_count=0", &refresh); err != nil {
		t.Fatalf("the header is %q", header)
	}
	look := func() object {
		return s.alice.Do("GET", "/api/v1_alpha/async_refreshes/"+refresh)["async_refresh"].(object)
	}
	if got := look(); got["status"] != "running" || got["id"] != refresh {
		t.Errorf("%v", got)
	}
	if status, _ := s.alice.Call("GET", "/api/v1_alpha/async_refreshes/7"); status != 404 {
		t.Errorf("another is answered with %d", status)
	}
	s.world.Advance(time.Minute)
	if got := look(); got["status"] != "finished" || got["result_count"] != 1.0 {
		t.Errorf("%v", got)
	}
	// It rests.
	if _, header = s.open(root); header != "" {
		t.Errorf("it is completed again at once: %s", header)
	}
	s.world.Advance(15 * time.Minute)
	if _, header = s.open(root); header == "" {
		t.Error("it is not completed again after its rest")
	}
	// A stranger causes nothing.
	s.world.Advance(20 * time.Minute)
	asked := len(author.Host.Asked("GET", ""))
	r, _ := http.NewRequestWithContext(t.Context(), "GET", s.here.Config.URL+"/api/v1/statuses/"+s.alice.Resolve(root).ID+"/context", nil)
	if rec := s.here.Do(withAddress(r)); rec.Code != 200 || rec.Header().Get("Mastodon-Async-Refresh") != "" {
		t.Errorf("a stranger is answered %d, %v", rec.Code, rec.Header())
	}
	s.world.Run()
	if n := len(author.Host.Asked("GET", "")); n != asked {
		t.Errorf("a stranger causes %d requests", n-asked)
	}
}

func withAddress(r *http.Request) *http.Request {
	r.RemoteAddr, r.RequestURI = "198.51.100.7:1", r.URL.RequestURI()
	return r
}

// A hostile thread costs a bounded number of requests, and brings nothing that
// does not belong to it.
func TestHostileThreads(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		most  int // requests at the hostile host
		build func(s *crawlScene, mallory *apptest.Stranger, root string) (pairs []any)
	}{
		{"a collection of itself", 12, func(s *crawlScene, m *apptest.Stranger, root string) []any {
			uri := m.URI + "/replies"
			m.Host.Serve(uri, object{"id": uri, "type": "Collection", "items": []string{root}, "first": uri, "next": uri})
			return []any{"replies", uri, "context", uri}
		}},
		{"endless pages", 70, func(s *crawlScene, m *apptest.Stranger, root string) []any {
			n := 0
			m.Host.Handle("/endless", func(w http.ResponseWriter, r *http.Request) {
				n++
				w.Header().Set("Content-Type", "application/activity+json")
				fmt.Fprintf(w, `{"id":"https://evil.test%s","type":"CollectionPage","items":[],"next":"https://evil.test/endless?p=%d"}`, r.URL.RequestURI(), n)
			})
			return []any{"replies", "https://evil.test/endless?p=0"}
		}},
		{"endless replies", 90, func(s *crawlScene, m *apptest.Stranger, root string) []any {
			m.Host.Fallback(func(w http.ResponseWriter, r *http.Request) {
				if !strings.HasPrefix(r.URL.Path, "/deep/") {
					http.NotFound(w, r)
					return
				}
				uri := "https://evil.test" + r.URL.Path
				w.Header().Set("Content-Type", "application/activity+json")
				fmt.Fprintf(w, `{"id":%q,"type":"Note","attributedTo":%q,"content":"x","to":[%q],"inReplyTo":%q,"replies":{"type":"Collection","items":[%q]}}`,
					uri, m.URI, apptest.Public, root, uri+"x")
			})
			return []any{"replies", object{"type": "Collection", "items": []string{"https://evil.test/deep/x"}}}
		}},
		{"a collection on another host", 8, func(s *crawlScene, m *apptest.Stranger, root string) []any {
			victim := s.world.Stranger("victim@victim.test")
			n := victim.Note("hello", "inReplyTo", root)
			uri := "https://victim.test/list"
			victim.Host.Serve(uri, object{"id": uri, "type": "Collection", "items": []string{id(n)}})
			return []any{"replies", uri, "context", uri}
		}},
		{"a collection that leads to another host", 8, func(s *crawlScene, m *apptest.Stranger, root string) []any {
			victim := s.world.Stranger("victim@victim.test")
			list := "https://victim.test/list"
			victim.Host.Serve(list, object{"id": list, "type": "Collection", "items": []string{id(victim.Note("hello", "inReplyTo", root))}})
			m.Host.Handle("/list", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, list, http.StatusFound) })
			page := object{"type": "CollectionPage", "items": []string{}, "next": list}
			return []any{"context", "https://evil.test/list", "replies", object{"type": "Collection", "first": page}}
		}},
		{"others' posts that are not replies", 12, func(s *crawlScene, m *apptest.Stranger, root string) []any {
			victim := s.world.Stranger("victim@victim.test")
			list := []string{id(victim.Note("hello")), id(victim.Note("hello", "inReplyTo", "https://victim.test/unknown"))}
			return []any{"replies", object{"type": "Collection", "items": list}}
		}},
		{"what is not public", 8, func(s *crawlScene, m *apptest.Stranger, root string) []any {
			n := m.Note("psst", "inReplyTo", root, "to", []string{s.alice.URI}, "cc", []string{})
			return []any{"replies", object{"type": "Collection", "items": []string{id(n)}}}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newCrawlScene(t, "KINGLET_THREADS_MAX_REPLIES=20")
			mallory := s.world.Stranger("mallory@evil.test")
			root := mallory.URI + "/notes/root"
			mallory.Note("root", append([]any{"id", root}, c.build(s, mallory, root)...)...)
			s.open(root)
			s.world.Advance(14 * time.Minute)
			if n := len(mallory.Host.Asked("GET", "")); n > c.most {
				t.Errorf("%d requests", n)
			}
			var posts []string
			s.here.View(func(tx *store.Tx) error {
				for _, uri := range []string{"https://victim.test/users/victim/notes/1", "https://victim.test/users/victim/notes/2", mallory.URI + "/notes/1"} {
					if known, _ := tx.KnownURIs(uri); known[uri] {
						posts = append(posts, uri)
					}
				}
				return nil
			})
			if len(posts) > 0 {
				t.Errorf("%v are here", posts)
			}
			if n := s.here.Jobs("crawl"); n != 0 {
				t.Errorf("%d jobs are left", n)
			}
		})
	}
}

// One host gets two requests a second, whatever is opened.
func TestCrawlIsPolite(t *testing.T) {
	t.Parallel()
	s := newCrawlScene(t)
	author := s.world.Stranger("author@b.test")
	for i := range 3 {
		root := fmt.Sprint(author.URI, "/notes/root", i)
		var list []string
		for range 20 {
			list = append(list, id(author.Note("x", "inReplyTo", root)))
		}
		author.Note("root", "id", root, "replies", object{"type": "Collection", "items": list})
		s.alice.Resolve(root)
	}
	for i := range 3 {
		s.open(fmt.Sprint(author.URI, "/notes/root", i))
	}
	asked := func() int { return len(author.Host.Asked("GET", "")) }
	s.world.Run()
	for range 5 {
		before := asked()
		s.world.Advance(5 * time.Second)
		if n := asked() - before; n > 11 {
			t.Errorf("%d requests in five seconds", n)
		}
	}
	s.world.Advance(time.Minute)
	for i := range 3 {
		if below, _ := s.open(fmt.Sprint(author.URI, "/notes/root", i)); len(below) != 20 {
			t.Errorf("%d replies", len(below))
		}
	}
}

// threads.fetch says what is fetched at all.
func TestThreadsFetch(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		fetch            string
		arriving, opened bool
	}{{"on", true, true}, {"opened", false, true}, {"off", false, false}} {
		t.Run(c.fetch, func(t *testing.T) {
			t.Parallel()
			s := newCrawlScene(t, "KINGLET_THREADS_FETCH="+c.fetch)
			bob, carol := s.world.Stranger("bob@b.test"), s.world.Stranger("carol@c.test")
			bob.FollowedBy(s.alice)
			top := carol.Note("top")
			middle := carol.Note("middle", "inReplyTo", id(top))
			reply := bob.Note("reply", "inReplyTo", id(middle))
			bob.Send(s.here, bob.Activity("Create", reply))
			s.world.Run()
			if got := s.alice.Status(id(top)) != nil; got != c.arriving {
				t.Errorf("what it answers came: %v", got)
			}
			_, header := s.open(id(reply))
			s.world.Advance(time.Minute)
			if got := s.alice.Status(id(top)) != nil; got != c.opened {
				t.Errorf("what it answers came when it was opened: %v", got)
			}
			if (header != "") != c.opened {
				t.Errorf("the header is %q", header)
			}
		})
	}
}

// No more of what is above a post is fetched than threads.max_ancestors.
func TestAncestorsAreBounded(t *testing.T) {
	t.Parallel()
	s := newCrawlScene(t, "KINGLET_THREADS_MAX_ANCESTORS=5")
	bob := s.world.Stranger("bob@b.test")
	bob.FollowedBy(s.alice)
	above := func(i int) string { return fmt.Sprint(bob.URI, "/notes/n", i) }
	for i := range 30 {
		bob.Note("x", "id", above(i), "inReplyTo", above(i+1))
	}
	bob.Send(s.here, bob.Activity("Create", bob.Note("x", "id", above(0), "inReplyTo", above(1))))
	s.world.Run()
	if s.alice.Status(above(5)) == nil || s.alice.Status(above(6)) != nil {
		t.Errorf("5 above: %v, 6 above: %v", s.alice.Status(above(5)), s.alice.Status(above(6)))
	}
	s.open(above(0))
	s.world.Advance(time.Minute)
	if s.alice.Status(above(10)) == nil || s.alice.Status(above(11)) != nil {
		t.Errorf("when opened, 10 above: %v, 11 above: %v", s.alice.Status(above(10)), s.alice.Status(above(11)))
	}
}

// A host that is overloaded is not asked again for the same thread.
func TestCrawlSparesHostsThatAreDown(t *testing.T) {
	t.Parallel()
	s := newCrawlScene(t)
	author, far := s.world.Stranger("author@b.test"), s.world.Host("far.test")
	far.Fallback(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	root := author.URI + "/notes/root"
	near := author.Note("near", "inReplyTo", root)
	list := []string{}
	for i := range 20 {
		list = append(list, fmt.Sprint("https://far.test/", i))
	}
	author.Note("root", "id", root, "replies", object{"type": "Collection", "items": append(list, id(near))})
	s.want(s.completed(root), near)
	if n := len(far.Asked("GET", "")); n != 1 {
		t.Errorf("%d requests", n)
	}
}

// A thread goes on being completed after a restart.
func TestCrawlOutlivesARestart(t *testing.T) {
	t.Parallel()
	s := newCrawlScene(t)
	author := s.world.Stranger("author@b.test")
	root := author.URI + "/notes/root"
	var list []string
	for range 5 {
		list = append(list, id(author.Note("x", "inReplyTo", root)))
	}
	author.Note("root", "id", root, "replies", object{"type": "Collection", "items": list})
	s.open(root)
	s.world.Run()
	s.here.Restart()
	s.world.Advance(time.Minute)
	if below, _ := s.open(root); len(below) != 5 {
		t.Errorf("%d replies", len(below))
	}
}
