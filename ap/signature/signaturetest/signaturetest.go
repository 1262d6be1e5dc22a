// Package signaturetest has keys for tests. Generating keys, and using such as
// servers have, would be most of the cost of a test's actors. Read Key.
package signaturetest

import (
	"context"
	"crypto/rsa"
	_ "embed"
	"encoding/pem"
	"sync"
	"sync/atomic"
	"testing"

	"kinglet/ap/signature"
	"kinglet/store"
)

// premade are private keys for tests only. They have 1024 bits, the fewest that
// signatures accept.
//
//go:embed keys.pem
var premade []byte

// number is how many are premade.
const number = 24

var keys struct {
	sync.Mutex
	rest []byte
	made []*rsa.PrivateKey
}

// Key is the nth, always the same in a process.
func Key(n int) (*rsa.PrivateKey, error) {
	keys.Lock()
	defer keys.Unlock()
	if keys.made == nil {
		keys.rest = premade
	}
	for len(keys.made) <= n {
		k, err := nextKey()
		if err != nil {
			return nil, err
		}
		keys.made = append(keys.made, k)
	}
	return keys.made[n], nil
}

func nextKey() (*rsa.PrivateKey, error) {
	block, rest := pem.Decode(keys.rest)
	if block == nil {
		return signature.GenerateKey() // more actors than anyone thought of
	}
	keys.rest = rest
	return signature.ParsePrivate(string(pem.EncodeToMemory(block)))
}

var given atomic.Int64

// SomeKey is a premade key, different from the others of the same test.
func SomeKey(t testing.TB) *rsa.PrivateKey {
	t.Helper()
	k, err := Key(int(given.Add(1)) % number)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// GiveInstanceKey sets a key for the actor of a new server, which would
// otherwise generate one when its service is made.
func GiveInstanceKey(t testing.TB, s *store.Store, k *rsa.PrivateKey) {
	t.Helper()
	text, err := signature.MarshalPrivate(k)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Update(context.WithoutCancel(t.Context()), func(tx *store.Tx) error {
		_, err := tx.SettingOnce("instance_actor_key", text)
		return err
	}); err != nil {
		t.Fatal(err)
	}
}
