package activity

import (
	"slices"
	"time"

	"kinglet/ap/vocab"
	"kinglet/store"
)

// Inbox forwarding (ActivityPub §7.1.2): who answers a post of an account here,
// and addresses that account's followers, does not know them. The activity is
// forwarded to them, byte for byte, once.

const (
	// maxForwarded is how many bytes a forwarded activity has, forwardedInAnHour
	// how many are forwarded: each goes to all followers.
	maxForwarded      = 64 << 10
	forwardedInAnHour = 60
)

// forward forwards what was done to an answer to a post of an account here, if it
// is addressed to that account's followers and has something that proves to others
// whose it is: an integrity proof (FEP-8b32), or a linked data signature.
func forward(env *Env, tx *store.Tx, a *Activity, answer *store.Object) error {
	if !a.Origin.Unsolicited || a.ID == "" || answer.InReplyToAccountID == 0 || len(a.Raw) > maxForwarded || a.ByID || !isProven(a) {
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
	if n, err := tx.CountForwards(tx.Now().Add(-time.Hour), forwardedInAnHour); err != nil || n >= forwardedInAnHour {
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

// isProven reports whether an activity carries what others can verify without
// asking anybody. Whether it fits is theirs to find out: we know whose it is by
// its signature.
func isProven(a *Activity) bool {
	return a.Document["proof"] != nil || a.Document["signature"] != nil
}
