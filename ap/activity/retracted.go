package activity

import (
	"crypto/sha256"
	"encoding/binary"
	"time"

	"kinglet/ap/vocab"
	"kinglet/store"
)

// A Delete or an Undo may arrive before what it takes back, which its server
// failed to deliver and tries again. It is remembered for a while, so that the
// late activity does nothing. It counts for its own actor only: what is
// remembered is the id together with the actor that signed.

const (
	// retractedFor is how long servers go on trying to deliver, or longer.
	retractedFor = 72 * time.Hour
	// unfollowedFor is shorter: Misskey gives each Follow of one account by
	// another the same id.
	unfollowedFor = time.Hour
)

// Where retractions are kept: each actor that is followed here has slots of its
// own, the accounts of a host that nobody follows share some, and hosts share
// these in turn. A newer one takes the slot of an older one, so whatever
// strangers send fills no more than their slots.
const (
	slotsOfFollowed = 1024
	slotsOfHost     = 64
	slotsOfHosts    = 1024
)

// retract remembers that the actor has taken back an id that is not known here.
func retract(tx *store.Tx, a *Activity, id string, keep time.Duration) error {
	if a.Actor.Local() || id == "" || !vocab.SameOrigin(id, a.Actor.URI) {
		return nil
	}
	followed, err := isFollowed(tx, a)
	if err != nil {
		return err
	}
	return tx.PutRetraction(store.Retraction{
		Account: a.Actor.ID, Actor: a.Actor.URI, ID: id, Slot: slot(a.Actor.URI, id, followed), Until: tx.Now().Add(keep),
	})
}

// slot is where a retraction is kept. Those of followed actors are negative.
func slot(actor, id string, followed bool) int64 {
	of := func(s string) uint64 {
		sum := sha256.Sum256([]byte(s))
		return binary.BigEndian.Uint64(sum[:])
	}
	if followed {
		return -1 - int64(of(actor)>>24*slotsOfFollowed+of(actor+"\n"+id)%slotsOfFollowed)
	}
	return int64(of(vocab.Host(actor))%slotsOfHosts*slotsOfHost + of(actor+"\n"+id)%slotsOfHost)
}

// isRetractable reports whether an activity can be taken back before it comes:
// any that can be undone, and what makes a post.
func isRetractable(typ string) bool {
	switch typ {
	case "Create", "Update", "Follow", "Like", "EmojiReact", "Announce", "Block":
		return true
	}
	return false
}

// retractable are the keys under which an activity that arrives may have been
// taken back: its own id, and that of the post it brings.
func retractable(a *Activity) (key, post string) {
	if !isRetractable(a.Type) || a.Actor.Local() {
		return "", ""
	}
	if a.ID != "" {
		key = store.RetractionKey(a.Actor.URI, a.ID)
	}
	if id := a.Object.Object.ID; id != "" && (a.Type == "Create" || a.Type == "Update") {
		post = store.RetractionKey(a.Actor.URI, id)
	}
	return key, post
}

// lockRetractable has an activity and its Undo that arrive at the same time see
// each other, on PostgreSQL.
func lockRetractable(tx *store.Tx, a *Activity) error {
	if !isRetractable(a.Type) && a.Type != "Delete" && a.Type != "Undo" {
		return nil
	}
	return tx.LockRetractions(a.Actor.URI, a.ID, a.Object.Object.ID)
}

// What was undone may be brought once more by whoever kept it with its proof. It
// is remembered for longer than a proof is believed, by its id and by what it was,
// and counts for what is brought alone: who likes again says so itself, and Misskey
// gives each Follow the same id.

// undoneKeys are the ids under which it is remembered that an activity was undone.
func undoneKeys(o *vocab.Object) (keys []string) {
	if o.ID != "" {
		keys = append(keys, "undone "+o.ID)
	}
	if o.Type != "" && o.Object.ID != "" {
		keys = append(keys, "undone "+o.Type+" "+o.Object.ID)
	}
	return keys
}

func rememberUndone(tx *store.Tx, a, undone *Activity) error {
	if undone.Type == "Follow" || undone.Type == "Block" || undone.Type == "Accept" { // see MayBring
		return nil
	}
	followed, err := isFollowed(tx, a)
	if err != nil {
		return err
	}
	for _, key := range undoneKeys(undone.Object) {
		if err := tx.PutRetraction(store.Retraction{
			Account: a.Actor.ID, Actor: a.Actor.URI, ID: key, Slot: slot(a.Actor.URI, key, followed), Until: tx.Now().Add(retractedFor),
		}); err != nil {
			return err
		}
	}
	return nil
}

// isUndone reports whether what another brings was undone by its actor.
func isUndone(tx *store.Tx, a *Activity) (bool, error) {
	if !a.Brought {
		return false, nil
	}
	for _, key := range undoneKeys(a.Object) {
		if undone, err := tx.IsRetracted(a.Actor.URI, key); err != nil || undone {
			return undone, err
		}
	}
	return false, nil
}
