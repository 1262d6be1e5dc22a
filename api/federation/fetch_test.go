package federation_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// Posts that name keys of a victim cause few GETs there, from one address or
// from many, and a wrong key no more than one in a while.
func TestUnknownKeysAtVictim(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name          string
		clients, keys int
		want          int
	}{
		{"one client", 1, 300, 10},
		{"many clients", 100, 300, 25},
		{"one key, many clients", 100, 1, 1},
		{"one document, many keys", 100, -300, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, "KINGLET_FEDERATION_KEY_FETCHES_PER_CLIENT=10/1m", "KINGLET_FEDERATION_KEY_FETCHES_PER_HOST=25/1m")
			victim, mallory := s.Host("victim.test"), s.Stranger("mallory@evil.test")
			attack := func() {
				for i := range 300 {
					by := mallory.As(fmt.Sprintf("u%d@victim.test", i%max(c.keys, 1)))
					if c.keys < 0 {
						by.KeyID += fmt.Sprint(i)
					}
					if rec := s.post(address(i%c.clients), by, s.inbox, s.follow(by, "1")); rec.Code != 401 && rec.Code != 429 {
						t.Fatalf("%d %s", rec.Code, rec.Body)
					}
				}
			}
			attack()
			if n := gets(victim, ""); n != c.want {
				t.Errorf("%d GETs, want %d", n, c.want)
			}
			// A client that is over its limit does not use up the host's.
			other := s.Stranger("honest@victim.test")
			rec := s.post("198.51.100.1", other, s.inbox, s.follow(other, "1"))
			if c.clients == 1 && rec.Code != 202 {
				t.Errorf("an honest stranger is answered %d", rec.Code)
			}
			if rec.Code == 429 && rec.Header().Get("Retry-After") == "" {
				t.Error("no Retry-After")
			}
			s.Clock.Advance(6 * time.Minute)
			if rec := s.post("198.51.100.1", other, s.inbox, s.follow(other, "1")); rec.Code != 202 {
				t.Errorf("later an honest one is answered %d %s", rec.Code, rec.Body)
			}
			before := gets(victim, "")
			attack()
			if n := gets(victim, "") - before; n == 0 {
				t.Error("what failed is never asked again")
			}
		})
	}
}

// What did not answer is asked again sooner than what is not there.
func TestFailedFetchIsRememberedForATime(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status int
		after  time.Duration
	}{{http.StatusNotFound, 5 * time.Minute}, {http.StatusGone, 5 * time.Minute}, {http.StatusServiceUnavailable, time.Minute}} {
		t.Run(fmt.Sprint(c.status), func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			bob := s.Stranger("bob@b.test")
			h := bob.Host.Failing(c.status)
			post := func() { s.post("192.0.2.1", bob, s.inbox, s.follow(bob, "1")) }
			for range 3 {
				post()
			}
			s.Clock.Advance(c.after - time.Second)
			post()
			if n := gets(h, ""); n != 1 {
				t.Errorf("%d GETs", n)
			}
			s.Clock.Advance(time.Second)
			post()
			if n := gets(h, ""); n != 2 {
				t.Errorf("%d GETs after the time", n)
			}
		})
	}
}

// A key whose document is there and does not own it is asked for once, and an
// owner elsewhere not at all.
func TestUnbelievableKeyIsAskedOnce(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	bob := s.Stranger("bob@b.test")
	bob.KeyID = unowned(bob)
	for i := range 5 {
		if rec := s.post(address(i), bob, s.inbox, s.follow(bob, "1")); rec.Code != 401 {
			t.Errorf("%d", rec.Code)
		}
	}
	if n := gets(bob.Host, ""); n != 2 { // the key and its owner
		t.Errorf("%d GETs", n)
	}
}

func TestForeignKeyOwner(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	bob, victim := s.Stranger("bob@b.test"), s.Stranger("victim@victim.test")
	bob.Host.Serve(bob.URI, object{"@context": "https://www.w3.org/ns/activitystreams", "id": bob.URI, "type": "Key", "owner": victim.URI})
	if rec := s.post("192.0.2.1", bob, s.inbox, s.follow(bob, "1")); rec.Code != 401 || gets(victim.Host, "") != 0 {
		t.Errorf("%d, %d GETs", rec.Code, gets(victim.Host, ""))
	}
}

// Those who wait for one key wait for one GET.
func TestKeyIsFetchedOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		bob := s.Stranger("bob@b.test")
		release := make(chan struct{})
		bob.Host.Handle("/users/bob", func(rw http.ResponseWriter, r *http.Request) {
			<-release
			serve(bob.Document)(rw, r)
		})
		var group sync.WaitGroup
		for i := range 21 {
			r := s.request(address(i), bob, s.inbox, s.follow(bob, "1"))
			group.Go(func() {
				if rec := s.here.Do(r); rec.Code != 202 {
					t.Errorf("%d %s", rec.Code, rec.Body)
				}
			})
			if i == 0 {
				synctest.Wait() // for the first to fetch it
			}
		}
		// All of them wait for the one fetch: one that came to it later would find
		// it ended and its key not written yet.
		synctest.Wait()
		close(release)
		group.Wait()
		if n := gets(bob.Host, "/users/bob"); n != 1 {
			t.Errorf("%d GETs", n)
		}
	})
}

// A server that changes its key is believed at once, while a stranger does
// all to use up the fetches of its key, its host and unknown keys.
func TestChangedKeyWithinAttack(t *testing.T) {
	t.Parallel()
	s := newScene(t, "KINGLET_FEDERATION_KEY_FETCHES_PER_HOST=20/1m")
	bob, mallory := s.Stranger("bob@b.test"), s.Stranger("mallory@evil.test")
	if rec := s.post("198.51.100.1", bob, s.inbox, s.follow(bob, "1")); rec.Code != 202 {
		t.Fatal(rec.Code)
	}
	before := gets(bob.Host, "/users/bob")
	liar := mallory.As("bob@b.test")
	attack := func(clients int) {
		for i := range 200 {
			from := address(i % clients)
			if rec := s.post(from, liar, s.inbox, s.follow(bob, "2")); rec.Code < 400 {
				t.Fatal(rec.Code)
			}
			unknown := mallory.As(fmt.Sprintf("u%d@b.test", i))
			s.post(from, unknown, s.inbox, s.follow(unknown, "2"))
		}
	}
	attack(1)
	if n := gets(bob.Host, "/users/bob") - before; n != 1 {
		t.Errorf("one anonymous causes %d fetches of a key that is known", n)
	}
	attack(100)
	if n := gets(bob.Host, "/users/bob") - before; n > 6 {
		t.Errorf("a hundred cause %d", n)
	}
	bob.NewKey()
	if rec := s.post("198.51.100.1", bob, s.inbox, s.follow(bob, "3")); rec.Code != 202 {
		t.Errorf("the changed key is answered %d %s", rec.Code, rec.Body)
	}
	// A new account of that server comes in by the same way.
	carol := s.Stranger("carol@b.test")
	if rec := s.post("198.51.100.1", carol, s.inbox, s.follow(carol, "1")); rec.Code != 202 {
		t.Errorf("a new account of the known server is answered %d %s", rec.Code, rec.Body)
	}
}

// Fetches of keys that are known here are bounded by client and by host.
func TestKnownKeysAtVictim(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name          string
		clients, want int
	}{{"one client", 1, 10}, {"many clients", 100, 60}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			honest, mallory := s.Stranger("honest@victim.test"), s.Stranger("mallory@evil.test")
			victim := honest.Host
			for i := range 70 {
				by := honest.As(fmt.Sprintf("u%d@victim.test", i))
				by.Publish()
				if rec := s.post("198.51.100.1", by, s.inbox, s.follow(by, "1")); rec.Code != 202 {
					t.Fatal(rec.Code)
				}
			}
			before := gets(victim, "")
			for i := range 70 {
				liar := mallory.As(fmt.Sprintf("u%d@victim.test", i))
				s.post(address(i%c.clients), liar, s.inbox, s.follow(liar, "2"))
			}
			if n := gets(victim, "") - before; n != c.want {
				t.Errorf("%d GETs", n)
			}
		})
	}
}

// What a host redirects to is counted where it leads.
func TestRedirectsToVictim(t *testing.T) {
	t.Parallel()
	s := newScene(t, "KINGLET_FEDERATION_FETCHES_PER_HOST=20/5m")
	victim, mallory := s.Host("victim.test"), s.Stranger("mallory@evil.test")
	for i := range 5 { // none of them over the limit of one host
		s.Host(fmt.Sprintf("evil%d.test", i)).Fallback(redirectTo(victim))
	}
	for i := range 75 {
		by := mallory.As(fmt.Sprintf("u%d@evil%d.test", i, i%5))
		s.post(address(i), by, s.inbox, s.follow(by, "1"))
	}
	if n := gets(victim, ""); n != 20 {
		t.Errorf("%d GETs at the victim", n)
	}
}
