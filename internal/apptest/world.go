// Package apptest is a world to test in: whole servers in one process, put
// together as `kinglet serve` does, on a network in memory, with one clock
// that the test moves and jobs that are done when the test says so. A test
// speaks as people do (an Account calls the Mastodon API, and every answer is
// checked against its schema) and as other servers do (a Stranger signs,
// serves and receives documents), and looks at what comes out:
//
//	w := apptest.NewWorld(t)
//	alice, bob := w.Server("a.test").Account("alice"), w.Server("b.test").Account("bob")
//	alice.Follow("@bob@b.test")
//	w.Run()
//	post := bob.Post("Hello")
//	w.Run()
//	alice.Home() // has it
//
// No test needs a socket, a sleep or a real second. The package is for tests
// only and linked into no binary. Read World, Account, Stranger and Host.
package apptest

import (
	"crypto/rsa"
	"net/http"
	"slices"
	"testing"
	"time"

	"kinglet/ap/policy"
	"kinglet/ap/signature/signaturetest"
	"kinglet/internal/memory"
	"kinglet/store/storetest"
)

// Object is a JSON object.
type Object = map[string]any

// World is everything that there is. It is for one goroutine: the test's.
type World struct {
	T     testing.TB
	Clock *storetest.Clock
	// Policy is that of servers that are made from now on.
	Policy policy.Chain
	// Memory is the gauge of servers that are made from now on; nil has no limit.
	Memory memory.Gauge

	dir     string
	servers []*Server
	network *network
	actors  int // that have a key so far
}

// NewWorld is a world in which there is nothing yet. It ends with the test.
func NewWorld(t testing.TB) *World {
	t.Helper()
	return &World{T: t, Clock: storetest.NewClock(), dir: storetest.Folder(t), network: newNetwork()}
}

// Now is the time in this world.
func (w *World) Now() time.Time { return w.Clock.Now() }

// key is that of the next actor.
func (w *World) key() *rsa.PrivateKey {
	w.T.Helper()
	w.actors++
	k, err := signaturetest.Key(w.actors - 1)
	if err != nil {
		w.T.Fatal(err)
	}
	return k
}

// tooMany is more jobs than a test may cause before it is taken for a loop.
const tooMany = 20_000

// Run does everything that is due now on every server, and what that causes,
// in the order in which servers were made and jobs became due.
func (w *World) Run() {
	w.T.Helper()
	w.run()
}

// run is Run, and returns when something is due next; zero for never.
func (w *World) run() time.Time {
	w.T.Helper()
	for total := 0; ; {
		did := 0
		var next time.Time
		for _, s := range w.servers {
			n, due := s.step()
			did += n
			if next.IsZero() || !due.IsZero() && due.Before(next) {
				next = due
			}
		}
		if did == 0 {
			return next
		}
		if total += did; total > tooMany {
			w.T.Fatal("the jobs do not come to an end")
		}
	}
}

// Advance lets time pass. What becomes due on the way is done when it is.
func (w *World) Advance(d time.Duration) {
	w.T.Helper()
	end := w.Now().Add(d)
	for {
		next := w.run()
		now := w.Now()
		if next.IsZero() || next.After(end) {
			if now.Before(end) {
				w.Clock.Advance(end.Sub(now))
				w.run()
			}
			return
		}
		w.Clock.Advance(max(next.Sub(now), time.Millisecond))
	}
}

// Server is the one of a domain, which is made when it is first asked for.
// settings are as in the environment: "KINGLET_MAX_PINNED=2".
func (w *World) Server(domain string, settings ...string) *Server {
	w.T.Helper()
	i := slices.IndexFunc(w.servers, func(s *Server) bool { return s.Domain == domain })
	if i >= 0 {
		if len(settings) > 0 {
			w.T.Fatalf("the server %s is there already", domain)
		}
		return w.servers[i]
	}
	s := newServer(w, domain, settings)
	w.servers = append(w.servers, s)
	return s
}

// Host is the machine of a name on the network, which is made when it is
// first asked for: a server's, or one that the test writes.
func (w *World) Host(name string) *Host { return w.network.host(name) }

// Everywhere answers at every name that nothing else was said of, and at hosts
// that are made from now on.
func (w *World) Everywhere(f http.HandlerFunc) {
	w.network.mu.Lock()
	defer w.network.mu.Unlock()
	w.network.everywhere = f
}
