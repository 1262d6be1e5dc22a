package ap

import (
	"context"
	"crypto/rsa"
	"encoding/json"

	"kinglet/ap/activity"
	"kinglet/store"
)

// PrivateKeys are the parsed keys in memory.
type PrivateKeys = privateKeys

func (p *PrivateKeys) Parse(account store.AccountID, text string) (*rsa.PrivateKey, error) {
	return p.parse(account, text)
}

func (p *PrivateKeys) Len() int { return len(p.parsed) }

// KeysInMemory is how many parsed keys a service keeps.
func (s *Service) KeysInMemory() int { return s.privateKeys.Len() }

// OutgoingActivity is what a delivery sends, and for whom.
func (s *Service) OutgoingActivity(ctx context.Context, args activity.DeliverArgs) (*store.Delivery, json.RawMessage, error) {
	return s.outgoingActivity(ctx, args)
}
