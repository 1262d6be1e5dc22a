package ap

import (
	"crypto/rsa"
	"sync"

	"kinglet/ap/signature"
	"kinglet/store"
)

// privateKeys are the parsed keys of accounts that sent something lately:
// parsing one costs a sixth of what signing does. The row stays the truth: each
// delivery reads it, and a key is used only for the text that it was parsed
// from. So a key that was changed or deleted, here or by another process, is
// never used again.
type privateKeys struct {
	mu     sync.Mutex
	parsed map[store.AccountID]privateKey
}

type privateKey struct {
	text string // PEM
	key  *rsa.PrivateKey
}

// maxPrivateKeys limits how many keys are kept in memory, of 4 kB each.
const maxPrivateKeys = 64

// parse parses the private key of an account, unless it did so before.
func (p *privateKeys) parse(account store.AccountID, text string) (*rsa.PrivateKey, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if known, ok := p.parsed[account]; ok && known.text == text {
		return known.key, nil
	}
	delete(p.parsed, account)
	key, err := signature.ParsePrivate(text)
	if err != nil {
		return nil, err
	}
	if p.parsed == nil || len(p.parsed) >= maxPrivateKeys {
		p.parsed = map[store.AccountID]privateKey{}
	}
	p.parsed[account] = privateKey{text, key}
	return key, nil
}

// forget removes the key of an account from memory: it was deleted.
func (p *privateKeys) forget(account store.AccountID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.parsed, account)
}
