package ap

import "crypto"

type PublicKeys = publicKeys

const MaxPublicKeys = maxPublicKeys

func (p *publicKeys) Parse(text string) (crypto.PublicKey, error) { return p.parse(text) }

// Len is how many keys are in memory.
func (p *publicKeys) Len() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.parsed)
}
