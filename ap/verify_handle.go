package ap

import (
	"context"
	"strings"
	"time"

	"kinglet/ap/activity"
	"kinglet/ap/vocab"
	"kinglet/internal/fault"
	"kinglet/store"
)

// askHandleAgain is the delay of the first retry when WebFinger failed.
const askHandleAgain = time.Minute

// foundHandle is the result of looking up the handle that an actor claims.
type foundHandle struct {
	domain   string
	verified bool // it leads to the actor
	denied   bool // it leads to another
	down     bool // it does not answer: what was known stays
	askAgain bool
	err      error // why, when it must be looked up again
}

// handleOf is findHandle for an actor that says itself what its handle is
// (FEP-2c59): on another domain than its id's, it is the actor's if that domain's
// WebFinger leads to the actor. Otherwise the host of its id decides.
func (s *Service) handleOf(ctx context.Context, account *store.Account, claimed string) foundHandle {
	h, ok := s.Config.ParseHandle(claimed)
	domain := vocab.Host("https://" + h.Domain)
	if !ok || h.Own || domain == "" || domain == vocab.Host(account.URI) || !strings.EqualFold(h.Name, account.Username) {
		return s.findHandle(ctx, account)
	}
	there, err := s.webFinger(ctx, h.Name, domain)
	if err == nil && sameDocument(there.actor, account.URI) {
		return foundHandle{domain: domain, verified: true}
	}
	found := s.findHandle(ctx, account)
	if fault.Is(err, fault.Unavailable) && !found.denied {
		found.askAgain, found.err = true, err
	}
	return found
}

// findHandle verifies the handle that an actor claims (SECURITY-RULES 7). Its
// own host vouches for name@host. Another domain (@you@example.org, served from
// social.example.org) is accepted only when the host names it and the domain's
// WebFinger leads back to the actor. A host without WebFinger denies nothing.
func (s *Service) findHandle(ctx context.Context, account *store.Account) foundHandle {
	host := vocab.Host(account.URI)
	found, err := s.webFinger(ctx, account.Username, host)
	if err != nil {
		down := fault.Is(err, fault.Unavailable)
		return foundHandle{domain: host, down: down, askAgain: down, err: err}
	}
	if !sameDocument(found.actor, account.URI) {
		return foundHandle{domain: host, denied: true}
	}
	h, ok := s.Config.ParseHandle(found.subject)
	domain := vocab.Host("https://" + h.Domain)
	if !ok || domain == "" || domain == host || !strings.EqualFold(h.Name, account.Username) {
		return foundHandle{domain: host, verified: true}
	}
	back, err := s.webFinger(ctx, h.Name, domain)
	if err != nil || !sameDocument(back.actor, account.URI) {
		return foundHandle{domain: host, verified: true, askAgain: fault.Is(err, fault.Unavailable), err: err}
	}
	return foundHandle{domain: domain, verified: true}
}

// apply sets the handle that was found; known is the account as stored, nil for
// a new one. A WebFinger failure removes nothing.
func (f foundHandle) apply(account, known *store.Account) {
	account.Domain, account.HandleVerified = f.domain, f.verified
	if f.denied || f.down && known != nil && known.NoHandle {
		account.DropHandle()
	}
	if known == nil || !known.HandleVerified || !strings.EqualFold(known.Username, account.Username) {
		return
	}
	if f.down || f.askAgain {
		account.Domain, account.HandleVerified = known.Domain, true
	}
}

// verifyHandle retries the lookup of an actor's handle until its host answers.
func (s *Service) verifyHandle(ctx context.Context, args activity.RefreshArgs) error {
	ctx, err := s.causedBy(ctx, args.URI)
	if err != nil {
		return err
	}
	doc, err := s.document(ctx, args.URI)
	if err != nil {
		return s.fetchOutcome("verify handle", args.URI, activity.Outcome{}, err)
	}
	_, found, err := s.storeActor(ctx, doc)
	if err != nil {
		return s.fetchOutcome("verify handle", args.URI, activity.Outcome{}, err)
	}
	if found.askAgain {
		return found.err
	}
	return nil
}
