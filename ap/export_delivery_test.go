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
	o, leave := s.sending.join(args)
	defer leave()
	return s.outgoingActivity(ctx, o)
}

// Join is a delivery of an activity that runs until leave is called.
func (s *Service) Join(args activity.DeliverArgs) (leave func()) {
	_, leave = s.sending.join(args)
	return leave
}

// BeingSent counts the activities in memory that are being delivered.
func (s *Service) BeingSent() int { return len(s.sending.running) }
