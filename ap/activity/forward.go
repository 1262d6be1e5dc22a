package activity

import (
	"cmp"
	"slices"
	"time"

	"kinglet/ap/proof"
	"kinglet/ap/signature"
	"kinglet/ap/vocab"
	"kinglet/store"
)

// Inbox forwarding (ActivityPub §7.1.2): who answers a post of an account here,
// and addresses that account's followers, does not know them. The activity is
// forwarded to them, byte for byte, once.

const (
	// maxForwarded is how many bytes a forwarded activity has.
	maxForwarded = 64 << 10
	// How many are forwarded in an hour, since each goes to all followers: of one
	// actor, of the actors of one host, and of all.
	forwardedOfActor, forwardedOfHost, forwardedInAnHour = 20, 60, 240
)

// forward forwards what was done to an answer to a post of an account here, if it
// is addressed to that account's followers and has something that proves to others
// whose it is: an integrity proof (FEP-8b32), or a linked data signature.
func forward(env *Env, tx *store.Tx, a *Activity, answer *store.Object) error {
	if !a.Origin.Unsolicited || a.ID == "" || answer.InReplyToAccountID == 0 || len(a.Raw) > maxForwarded || a.ByID || !isProven(env, tx.Now(), a) {
		return nil
	}
	author, err := tx.Account(answer.InReplyToAccountID)
	if err != nil {
		return ifNotFound(err)
	}
	note := a.Object.Object.Object
	if note == nil {
		note = &vocab.Object{}
	}
	if len(a.Bto)+len(a.Bcc)+len(note.Bto)+len(note.Bcc) > 0 {
		return nil // nobody is told of those (SECURITY-RULES 13), and its bytes can't be changed
	}
	all, _ := recipients(a, note)
	if !author.Local() || !author.Active() || !slices.Contains(all, author.FollowersURI) {
		return nil
	}
	if blocked, err := tx.Blocked(author.ID, a.Actor.ID); err != nil || blocked {
		return err
	}
	if much, err := forwardsMuch(tx, a.Actor.URI); err != nil || much {
		return err
	}
	inboxes, err := tx.FollowerInboxes(author.ID)
	if err != nil {
		return err
	}
	own := vocab.Host(a.Actor.URI) // which has it
	sent := &store.Object{URI: a.ID, Type: a.Type, Visibility: answer.Visibility}
	inboxes = slices.DeleteFunc(inboxes, func(inbox string) bool {
		host := vocab.Host(inbox)
		return host == own || env.Policy.AsksDeliveries() && Withheld(env, host, author, sent)
	})
	if len(inboxes) == 0 {
		return nil
	}
	id, err := tx.PutForward(store.Forward{Actor: a.Actor.URI, ActivityURI: a.ID, Status: answer.ID, Body: a.Raw})
	if err != nil || id == 0 {
		return err
	}
	return FanOutArgs{
		Forward: id, Sender: author.ID, Inboxes: once(inboxes), Order: []string{author.URI, answer.URI},
		First: a.Type == "Create", Replaces: a.Type == "Delete",
	}.enqueue(tx)
}

// forwardsMuch reports whether as much of an actor, its host or all was forwarded in
// this hour as may be: nobody uses up what others have.
func forwardsMuch(tx *store.Tx, actor string) (bool, error) {
	since := tx.Now().Add(-time.Hour)
	origin, err := vocab.Origin(actor)
	if err != nil {
		return true, err
	}
	for prefix, most := range map[string]int64{actor + " ": forwardedOfActor, origin + "/": forwardedOfHost, "": forwardedInAnHour} {
		if n, err := tx.CountForwards(prefix, since); err != nil || n >= most {
			return true, err
		}
	}
	return false, nil
}

// isProven reports whether an activity carries what others can verify without
// asking us: a proof (FEP-8b32) of now, or a linked data signature, by a key of the
// actor's origin. Whether it fits is theirs to find out: we know whose it is by its
// signature.
func isProven(env *Env, now time.Time, a *Activity) bool {
	skew := env.Config.SignatureSkew()
	proofs, err := proof.Rules{MaxAge: cmp.Or(skew, signature.MaxAge), Ahead: cmp.Or(skew, signature.MaxFuture)}.Read(a.Document, now)
	if err == nil && slices.ContainsFunc(proofs, func(p *proof.Proof) bool { return vocab.SameOrigin(p.KeyID, a.Actor.URI) }) {
		return true
	}
	signed, _ := a.Document["signature"].(map[string]any)
	creator, _ := signed["creator"].(string)
	value, _ := signed["signatureValue"].(string)
	return signed["type"] == "RsaSignature2017" && value != "" && vocab.SameOrigin(creator, a.Actor.URI) && !vocab.Time(signed["created"]).IsZero()
}
