package apptest

import (
	"crypto/rsa"
	_ "embed"
	"encoding/pem"
	"sync"

	"kinglet/ap/signature"
)

// premade are public keys for tests only. They have 1024 bits, the fewest that
// signatures accept, since generating and using them is most of the cost of a
// test's actors.
//
//go:embed keys.pem
var premade []byte

// premadeKeys is how many there are.
const premadeKeys = 24

var keys struct {
	sync.Mutex
	rest []byte
	made []*rsa.PrivateKey
}

// key is the nth, the same in every world of a process.
func key(n int) (*rsa.PrivateKey, error) {
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
