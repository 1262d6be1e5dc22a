package ap

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"kinglet/ap/activity"
	"kinglet/ap/proof"
	"kinglet/internal/fault"
	"kinglet/store"
)

// outgoingActivities are the activities that are being delivered at the moment.
// A post goes to hundreds of inboxes: the deliveries of it that run at the same
// time read it once, and compose its document once. It is forgotten with the
// last of them.
//
// What was read is used while it is what the rows say: until anything but jobs
// was changed in this process (store.Changes), and no longer than sharedFor, for
// what other processes change.
type outgoingActivities struct {
	mu      sync.Mutex
	running map[outgoingKey]*outgoingActivity
}

const sharedFor = 100 * time.Millisecond

type outgoingKey struct {
	activity store.ObjectID
	sender   store.AccountID
	forward  int64 // another's activity, see activity.DeliverArgs
}

// outgoingActivity is one of them.
type outgoingActivity struct {
	outgoingKey
	deliveries int // that run; guarded by the mu of all

	mu      sync.Mutex
	read    time.Time // zero for not yet
	changes int64     // as they were before
	out     *store.Delivery
	doc     json.RawMessage
}

// join returns the activity of a delivery that begins, which calls leave at its
// end.
func (a *outgoingActivities) join(args activity.DeliverArgs) (o *outgoingActivity, leave func()) {
	key := outgoingKey{args.Activity, args.Sender, args.Forward}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.running == nil {
		a.running = map[outgoingKey]*outgoingActivity{}
	}
	o = a.running[key]
	if o == nil {
		o = &outgoingActivity{outgoingKey: key}
		a.running[key] = o
	}
	o.deliveries++
	return o, func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		if o.deliveries--; o.deliveries == 0 {
			delete(a.running, key)
		}
	}
}

// outgoingActivity reads what a delivery sends, with the object in its document;
// nil when there is nothing to send any more.
func (s *Service) outgoingActivity(ctx context.Context, o *outgoingActivity) (*store.Delivery, json.RawMessage, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	now, changes := s.Store.Now(), s.Store.Changes()
	if !o.read.IsZero() && changes == o.changes && now.Sub(o.read) < sharedFor {
		return o.out, o.doc, nil
	}
	out, doc, err := s.readOutgoing(ctx, o.outgoingKey)
	if err != nil {
		return nil, nil, err
	}
	o.read, o.changes, o.out, o.doc = now, changes, out, doc
	return out, doc, nil
}

func (s *Service) readOutgoing(ctx context.Context, key outgoingKey) (out *store.Delivery, doc json.RawMessage, err error) {
	err = s.Store.View(ctx, func(tx *store.Tx) error {
		if key.forward != 0 {
			out, doc, err = tx.Forward(key.forward, key.sender)
			if err == nil && isRetracted(out) {
				doc = nil
			}
			return err
		}
		if out, err = tx.Delivery(key.activity, key.sender); err != nil || isRetracted(out) {
			return err
		}
		doc, err = s.Document(tx, &store.Object{ID: key.activity, Type: out.Type, Local: true})
		return err
	})
	if err == nil && out != nil && len(doc) > 0 {
		doc, err = s.prove(key.sender, out, doc)
	}
	if fault.Is(err, fault.NotFound) || err == nil && len(doc) == 0 {
		return nil, nil, nil
	}
	return out, doc, err
}

// prove adds the sender's proof to an activity that is public (FEP-8b32): whoever
// gets it can pass it on. What is for some only gets none: it would let any of them
// prove to everybody what was said to them. It is made once for all inboxes, and is
// the same each time.
func (s *Service) prove(sender store.AccountID, out *store.Delivery, doc json.RawMessage) (json.RawMessage, error) {
	if out.Visibility > store.Unlisted || out.SenderEd25519Key == "" {
		return doc, nil
	}
	key, err := s.privateKeys.parseEd25519(sender, out.SenderEd25519Key)
	if err != nil {
		return nil, err
	}
	return proof.Sign(doc, s.Config.Ed25519KeyID(out.Username), key, out.CreatedAt)
}

// isRetracted reports whether an activity is not delivered any more. Of a
// deleted account only its Delete is.
func isRetracted(d *store.Delivery) bool {
	return !d.DeletedAt.IsZero() || !d.SenderDeletedAt.IsZero() && d.Type != "Delete"
}
