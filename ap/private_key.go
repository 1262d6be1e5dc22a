package ap

import (
	"crypto"
	"crypto/ed25519"
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
	parsed map[privateKeyID]privateKey
}

type privateKeyID struct {
	account store.AccountID // 0 is the instance actor
	ed25519 bool
}

type privateKey struct {
	text string // PEM
	key  crypto.Signer
}

// maxPrivateKeys limits how many keys are kept in memory, of 4 kB each.
const maxPrivateKeys = 64

// parse parses the RSA key of an account, unless it did so before.
func (p *privateKeys) parse(account store.AccountID, text string) (*rsa.PrivateKey, error) {
	key, err := p.signer(privateKeyID{account, false}, text, func(text string) (crypto.Signer, error) { return signature.ParsePrivate(text) })
	if err != nil {
		return nil, err
	}
	return key.(*rsa.PrivateKey), nil
}

// parseEd25519 is parse for its Ed25519 key.
func (p *privateKeys) parseEd25519(account store.AccountID, text string) (ed25519.PrivateKey, error) {
	key, err := p.signer(privateKeyID{account, true}, text, func(text string) (crypto.Signer, error) { return signature.ParseEd25519(text) })
	if err != nil {
		return nil, err
	}
	return key.(ed25519.PrivateKey), nil
}

func (p *privateKeys) signer(id privateKeyID, text string, parse func(string) (crypto.Signer, error)) (crypto.Signer, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if known, ok := p.parsed[id]; ok && known.text == text {
		return known.key, nil
	}
	delete(p.parsed, id)
	key, err := parse(text)
	if err != nil {
		return nil, err
	}
	if p.parsed == nil || len(p.parsed) >= maxPrivateKeys {
		p.parsed = map[privateKeyID]privateKey{}
	}
	p.parsed[id] = privateKey{text, key}
	return key, nil
}

// forget removes the keys of an account from memory: it was deleted.
func (p *privateKeys) forget(account store.AccountID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.parsed, privateKeyID{account, false})
	delete(p.parsed, privateKeyID{account, true})
}
