package ap

import (
	"crypto"
	"crypto/sha256"
	"sync"

	"kinglet/ap/signature"
)

// publicKeys are the parsed keys of accounts that sent something lately: parsing
// one costs as much as verifying with it. They are found by the text that they
// were parsed from, which is read from the account's row each time. So none can
// be out of date.
type publicKeys struct {
	mu     sync.Mutex
	parsed map[[sha256.Size]byte]crypto.PublicKey
}

// maxPublicKeys limits how many keys are kept in memory, of 1 kB at most.
const maxPublicKeys = 1024

// parse parses a public key, unless it did so before.
func (p *publicKeys) parse(text string) (crypto.PublicKey, error) {
	digest := sha256.Sum256([]byte(text))
	p.mu.Lock()
	key, ok := p.parsed[digest]
	p.mu.Unlock()
	if ok {
		return key, nil
	}
	key, err := signature.ParsePublic(text)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.parsed == nil || len(p.parsed) >= maxPublicKeys {
		p.parsed = map[[sha256.Size]byte]crypto.PublicKey{}
	}
	p.parsed[digest] = key
	return key, nil
}
