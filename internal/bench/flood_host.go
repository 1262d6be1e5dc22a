package main

import (
	"context"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync"

	"kinglet/ap/signature"
	"kinglet/store"
)

// floodHosts is how many servers a flood comes from: each an address of loopback
// with one account and a key of its own.
const floodHosts = 500

// floodHost is one of them.
type floodHost struct {
	n      int
	actor  string
	keyID  string
	key    *rsa.PrivateKey
	public string
}

// acquaintance is what the server here knows of a host when the flood begins.
type acquaintance int

const (
	followed acquaintance = iota // its account is followed by the owner
	known                        // its account and its key are known
	unknown                      // nothing: its key has to be fetched
)

// acquaintance of a host: half are followed, every fifth is unknown.
func (h *floodHost) acquaintance() acquaintance {
	switch h.n % 10 {
	case 0, 1, 2, 3, 4:
		return followed
	case 5, 6, 7:
		return known
	}
	return unknown
}

// newFloodHosts makes so many hosts, with the keys that an earlier run kept in a
// file: making them takes a minute.
func newFloodHosts(count int, file string) ([]*floodHost, error) {
	keys, err := floodKeys(count, file)
	if err != nil {
		return nil, err
	}
	list := make([]*floodHost, count)
	for i := range list {
		h := &floodHost{n: i, actor: "https://" + hostOf(i) + "/users/flood"}
		h.keyID = h.actor + "#main-key"
		if h.key, err = signature.ParsePrivate(keys[i]); err != nil {
			return nil, err
		}
		if h.public, err = signature.MarshalPublic(&h.key.PublicKey); err != nil {
			return nil, err
		}
		list[i] = h
	}
	return list, nil
}

// floodKeys are private keys as PEM.
func floodKeys(count int, file string) ([]string, error) {
	var keys []string
	if b, err := os.ReadFile(file); err == nil {
		if err := json.Unmarshal(b, &keys); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
	}
	had := len(keys)
	if had >= count {
		return keys[:count], nil
	}
	keys = append(keys, make([]string, count-had)...)
	errs := make([]error, count)
	inParallel(count-had, func(i int) {
		key, err := signature.GenerateKey()
		if err == nil {
			keys[had+i], err = signature.MarshalPrivate(key)
		}
		errs[had+i] = err
	})
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	b, err := json.Marshal(keys)
	if err != nil {
		return nil, err
	}
	return keys, os.WriteFile(file, b, 0o600)
}

// inParallel calls fn for 0 to n-1, on all processors.
func inParallel(n int, fn func(i int)) {
	var group sync.WaitGroup
	next := make(chan int)
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() {
			for i := range next {
				fn(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	group.Wait()
}

// document is the host's actor.
func (h *floodHost) document() map[string]any {
	origin := "https://" + hostOf(h.n)
	return map[string]any{
		"@context": []string{"https://www.w3.org/ns/activitystreams", "https://w3id.org/security/v1"},
		"id":       h.actor, "type": "Person", "preferredUsername": "flood", "name": fmt.Sprint("Flood ", h.n), "url": origin + "/@flood", "inbox": h.actor + "/inbox", "outbox": h.actor + "/outbox",
		"followers": h.actor + "/followers", "endpoints": map[string]string{"sharedInbox": origin + "/inbox"},
		"publicKey": map[string]string{"id": h.keyID, "owner": h.actor, "publicKeyPem": h.public},
	}
}

// floodPages serves what the hosts have: their accounts, WebFinger, and posts
// that others of them boost.
func floodPages(list []*floodHost, posts map[string][]byte) http.Handler {
	byName := map[string]*floodHost{}
	for _, h := range list {
		byName[hostOf(h.n)] = h
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := byName[r.Host]
		switch {
		case h == nil:
			http.NotFound(w, r)
		case r.URL.Path == "/users/flood":
			w.Header().Set("Content-Type", "application/activity+json")
			_ = json.NewEncoder(w).Encode(h.document())
		case r.URL.Path == "/.well-known/webfinger":
			w.Header().Set("Content-Type", "application/jrd+json")
			_ = json.NewEncoder(w).Encode(map[string]any{
				"subject": "acct:flood@" + hostOf(h.n), "links": []map[string]string{{"rel": "self", "type": "application/activity+json", "href": h.actor}},
			})
		case posts["https://"+r.Host+r.URL.Path] != nil:
			w.Header().Set("Content-Type", "application/activity+json")
			_, _ = w.Write(posts["https://"+r.Host+r.URL.Path])
		default:
			http.NotFound(w, r)
		}
	})
}

// introduce writes the accounts that are known, and whom the owner follows, into
// a copy of the database that no server runs on.
func (m *measurement) introduce(ctx context.Context, list []*floodHost) error {
	s, err := store.Open(ctx, store.Options{Database: m.database, MustExist: true})
	if err != nil {
		return err
	}
	defer s.Close()
	if _, err := s.Migrate(ctx); err != nil { // the kept one may be of an earlier version
		return err
	}
	return s.Update(ctx, func(tx *store.Tx) error {
		for _, h := range list {
			if h.acquaintance() == unknown {
				continue
			}
			a := &store.Account{
				URI: h.actor, Username: "flood", Domain: hostOf(h.n), Type: "Person", DisplayName: fmt.Sprint("Flood ", h.n), URL: strings.Replace(h.actor, "/users/", "/@", 1),
				Inbox: h.actor + "/inbox", SharedInbox: "https://" + hostOf(h.n) + "/inbox", Outbox: h.actor + "/outbox", FollowersURI: h.actor + "/followers",
				KeyID: h.keyID, PublicKey: h.public, FetchedAt: s.Now(), HandleVerified: true,
			}
			if err := tx.PutAccount(a); err != nil {
				return err
			}
			if h.acquaintance() != followed {
				continue
			}
			f := &store.Follow{AccountID: m.facts.OwnerID, TargetID: a.ID, URI: fmt.Sprintf("https://%s/activities/flood-%d", domain, h.n), ShowReblogs: true}
			if _, err := tx.PutFollow(f); err != nil {
				return err
			}
			if _, err := tx.AcceptFollow(m.facts.OwnerID, a.ID); err != nil {
				return err
			}
		}
		return nil
	})
}
