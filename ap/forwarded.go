package ap

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"slices"

	"kinglet/ap/activity"
	"kinglet/ap/proof"
	"kinglet/ap/signature"
	"kinglet/ap/vocab"
	"kinglet/internal/fault"
	"kinglet/store"
)

// An activity that another than its actor brings (ActivityPub §7.1.2) is believed
// by a proof that it carries (FEP-8b32), if that verifies by a key that the actor
// publishes in assertionMethod, and by nothing else (SECURITY-RULES 1, 10):
// LD signatures are not verified, and what has only one is fetched (unproven.go).

// provenActor returns the actor of an activity that by has brought and signed.
// What holds room while the body is read is left before anything is fetched.
func (s *Service) provenActor(ctx context.Context, client string, by *store.Account, doc *vocab.Object, leave func()) (*store.Account, error) {
	refused := func(err error) error {
		return fault.Errorf(fault.Forbidden, "the actor of the activity is %s, but it is signed by %s: %w", doc.Actor.ID, by.URI, err)
	}
	if err := activity.MayBring(doc.Type); err != nil {
		return nil, refused(err)
	}
	if doc.Document["proof"] == nil {
		return nil, refused(proof.ErrNone)
	}
	proofs, err := s.proofRules().Read(proof.Original(doc), s.Store.Now())
	if err != nil {
		return nil, refused(err)
	}
	if !by.Active() {
		return nil, refused(fault.Errorf(fault.Invalid, "it is suspended"))
	}
	proofs = slices.DeleteFunc(proofs, func(p *proof.Proof) bool { return !vocab.SameOrigin(p.KeyID, doc.Actor.ID) || s.Config.IsOwn(p.KeyID) })
	if len(proofs) == 0 {
		return nil, refused(fault.Errorf(fault.Invalid, "the proof is by a key of another origin"))
	}
	if not := s.refusedHost(doc.Actor.ID); not != "" {
		return nil, refused(fault.Errorf(fault.Invalid, "%s", not))
	}
	known := make([]bool, len(proofs))
	for i, p := range proofs {
		list, err := store.Read(ctx, s.Store, func(tx *store.Tx) ([]store.KeyOwner, error) { return tx.AccountsByKeyID(p.KeyID) })
		if err != nil {
			return nil, err
		}
		known[i] = len(list) > 0
		for _, owner := range list {
			if owner.URI == doc.Actor.ID && owner.Assertion && s.proves(owner.Key, p) {
				return owner.Account, nil
			}
		}
	}
	leave()
	// One is asked for: the others are of the same actor.
	owner, err := s.fetchProver(ctx, client, proofs[0], doc.Actor.ID, known[0])
	if err != nil {
		if isBusy(err) || fault.Is(err, fault.Internal) {
			return nil, err
		}
		return nil, refused(err)
	}
	return owner, nil
}

// fetchProver fetches the actor of a proof whose key is not known here, or has
// changed: within the limits of keys that requests name.
func (s *Service) fetchProver(ctx context.Context, client string, p *proof.Proof, actor string, known bool) (*store.Account, error) {
	enough, err := s.stranger(ctx, &signature.Signature{KeyID: p.KeyID}, client)
	if err != nil {
		return nil, err
	}
	defer enough()
	ctx, left := s.limits.documents.enter(ctx)
	defer left()
	owner, err := s.keys.do(ctx, p.KeyID, func() (*keyOwner, error) { return s.fetchKey(ctx, p.KeyID, client, known) })
	if err != nil {
		return nil, err
	}
	if owner.account.URI != actor {
		return nil, fault.Errorf(fault.Invalid, "the key %s is %s's", p.KeyID, owner.account.URI)
	}
	for _, k := range owner.keys {
		if k.ID == p.KeyID && k.Assertion && s.proves(k.PublicKey, p) {
			return s.owners.do(ctx, owner.account.URI, func() (*store.Account, error) {
				ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), keyTimeout)
				defer cancel()
				return s.takeKeyOwner(withCause(ctx, cause{host: vocab.Host(p.KeyID)}), owner)
			})
		}
	}
	return nil, fault.Errorf(fault.Invalid, "the proof does not match the key %s", p.KeyID)
}

// proves reports whether a key verifies a proof.
func (s *Service) proves(pem string, p *proof.Proof) bool {
	key, err := s.publicKeys.parse(pem)
	if err != nil {
		return false
	}
	edKey, ok := key.(ed25519.PublicKey)
	return ok && p.Verify(edKey) == nil
}

// proofRules are those of signatures: a proof is as old as the request that brings
// it, and no older.
func (s *Service) proofRules() proof.Rules {
	skew := s.Config.SignatureSkew()
	return proof.Rules{MaxAge: cmp.Or(skew, signature.MaxAge), Ahead: cmp.Or(skew, signature.MaxFuture)}
}
