package ap_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"kinglet/internal/apptest"
)

// What a hostile host can have us do, all of its tricks in one table. Each has a
// bound: how many requests it causes within two days, how long what it sends
// keeps a request here, how many rows stay; and it gains nothing.
//
// What is not in it has a table elsewhere. Of connections (bodies and headers
// that trickle or do not end, gzip bombs, addresses that are private, names that
// change them, redirects): internal/outgoing TestHostileServers,
// TestRefusedBeforeConnecting, TestRebinding, TestRedirects. Of documents that are
// not their host's: TestRedirectsForgeNothing, TestContentTypeOfDocuments,
// api/federation TestForgedActivities. Of threads and their collections:
// TestHostileThreads, TestThreadsEnd. Of keys at a victim: api/federation
// TestUnknownKeysAtVictim and its neighbours. Of what holds the writer:
// TestHostileActivitiesHoldTheWriterBriefly. Of memory: TestMemory.

// trick is one of them.
type trick struct {
	name     string
	followed bool // alice follows mallory
	do       func(s *trickery)
	requests int // at most, at all of its hosts together
	rows     int // at most: accounts and objects of its hosts
	gained   func(s *trickery) string
}

// trickery is a trick while it is played: mallory is on a host of its own, and
// what it gained is asked when everything that it caused was done.
type trickery struct {
	*testing.T
	world   *apptest.World
	here    *apptest.Server
	alice   *apptest.Account
	post    *apptest.Status // of alice's
	mallory *apptest.Stranger
	suffix  string // of the names of its hosts
	hosts   map[string]*apptest.Host
}

// host is one of the trick's own.
func (s *trickery) host(name string) *apptest.Host {
	h := s.world.Host(name + s.suffix)
	s.hosts[h.Name] = h
	return h
}

// other is another actor of the trick's, on one of its hosts.
func (s *trickery) other(name, host string) *apptest.Stranger {
	s.host(host)
	return s.world.Stranger(name + "@" + host + s.suffix)
}

// send sends an activity, which may be refused or not wanted, but is answered as
// it should be: never with an error of ours.
func (s *trickery) send(by *apptest.Stranger, doc object) int {
	s.Helper()
	code := by.Send(s.here, doc)
	if code == http.StatusInternalServerError {
		s.Errorf("%v is answered with %d", doc["type"], code)
	}
	return code
}

// mention has mallory mention alice, so that it is wanted.
func (s *trickery) mention(pairs ...any) object {
	s.Helper()
	note := s.mallory.To(s.alice, "look at this", append([]any{"cc", []string{apptest.Public}}, pairs...)...)
	s.send(s.mallory, s.mallory.Activity("Create", note))
	return note
}

// open has alice open a post, and the profile of its author.
func (s *trickery) open(uri string) {
	s.Helper()
	if st := s.alice.Status(uri); st != nil {
		s.alice.Call("GET", "/api/v1/statuses/"+st.ID+"/context")
		s.alice.Call("GET", "/api/v1/accounts/"+st.Entity["account"].(object)["id"].(string))
		s.alice.Call("GET", "/api/v1/accounts/"+st.Entity["account"].(object)["id"].(string)+"/statuses")
	}
}

// document answers every path of a host with a document made of its URL.
func document(h *apptest.Host, make func(uri string, n int) object) {
	n := 0
	h.Fallback(func(w http.ResponseWriter, r *http.Request) {
		n++
		w.Header().Set("Content-Type", "application/activity+json")
		_ = json.NewEncoder(w).Encode(make("https://"+h.Name+r.URL.RequestURI(), n))
	})
}

// isHere says that a URI is known here, if it is.
func (s *trickery) isHere(uri string) string {
	if st := s.alice.Status(uri); st != nil {
		return uri + " is here: " + st.Text()
	}
	return ""
}

// turnsText reports whether a character changes how others are shown, or does
// what no text does.
func turnsText(r rune) bool {
	return r < ' ' || r >= 0x7f && r <= 0x9f || r == '\u2028' || r == '\u2029' || r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069'
}

func followsAlice(s *trickery) string {
	for _, a := range s.alice.List("/api/v1/accounts/"+s.alice.ID.String()+"/followers", "limit", "80") {
		if a["uri"] == s.mallory.URI {
			return "it follows alice"
		}
	}
	return ""
}

func TestHostileHosts(t *testing.T) {
	t.Parallel()
	for i, c := range tricks() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := apptest.NewWorld(t)
			here := w.Server("a.test", "KINGLET_THREADS_MAX_ANCESTORS=40", "KINGLET_THREADS_MAX_REPLIES=40")
			s := &trickery{T: t, world: w, here: here, alice: here.Account("alice"), suffix: fmt.Sprintf(".x%d.test", i), hosts: map[string]*apptest.Host{}}
			s.post = s.alice.Post("Hello")
			s.mallory = s.other("mallory", "evil")
			if c.followed {
				s.mallory.FollowedBy(s.alice)
				w.Run()
			}
			before, jobs := attempts(s), 0
			c.do(s)
			w.Advance(2 * day)
			if n := attempts(s) - before; n > c.requests {
				t.Errorf("it causes %d requests, more than %d", n, c.requests)
			} else {
				t.Logf("%d requests", n)
			}
			rows := here.Count(`SELECT (SELECT COUNT(*) FROM accounts WHERE uri LIKE '%'||$1||'/%') + (SELECT COUNT(*) FROM objects WHERE uri LIKE '%'||$1||'/%')`, s.suffix)
			if rows > int64(c.rows) {
				t.Errorf("it leaves %d rows, more than %d", rows, c.rows)
			} else {
				t.Logf("%d rows", rows)
			}
			for _, kind := range []string{"ingest", "thread", "mentions", "quote", "crawl", "handle", "refresh", "followers", "check_actor", "forwarded", "relayed"} {
				jobs += int(here.Jobs(kind))
			}
			if jobs > 2 {
				t.Errorf("%d jobs are left after two days", jobs)
			}
			if c.gained != nil {
				if what := c.gained(s); what != "" {
					t.Errorf("it gains: %s", what)
				}
			}
			// Others are served as before.
			if st := s.alice.Post("still here"); s.alice.Status(st.URI) == nil {
				t.Error("alice's post is not there")
			}
			bob := w.Stranger("bob@honest.test")
			if code := bob.Send(here, bob.Activity("Like", s.post.URI)); code != http.StatusAccepted {
				t.Errorf("an honest stranger is answered with %d", code)
			}
		})
	}
}

// attempts are the requests at all hosts of a trick.
func attempts(s *trickery) (n int) {
	for _, h := range s.hosts {
		n += h.Attempts()
	}
	return n
}
