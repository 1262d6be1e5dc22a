package activity

import (
	"slices"
	"strings"

	"kinglet/ap/object"
	"kinglet/ap/vocab"
	"kinglet/internal/fault"
	"kinglet/store"
)

// Whom something is addressed to, and which inboxes that is: the two must
// agree, so they are in one file.

// Addressing returns the to and cc of a local account's post of a visibility,
// as Mastodon reads them.
func Addressing(author *store.Account, v store.Visibility, mentioned []*store.Account) (to, cc []string) {
	var them []string
	for _, m := range mentioned {
		them = append(them, m.URI)
	}
	switch v {
	case store.Public:
		return []string{vocab.Public}, append([]string{author.FollowersURI}, them...)
	case store.Unlisted:
		return []string{author.FollowersURI}, append([]string{vocab.Public}, them...)
	case store.Private:
		return []string{author.FollowersURI}, them
	}
	return them, nil
}

// visibilityOf reads Mastodon's visibility from the addressing of the object
// or, of what it does not say, of the activity. bto counts as to, bcc and
// audience as cc.
func visibilityOf(a *Activity, note *vocab.Object) store.Visibility {
	if object.IsMessage(note.Type) {
		return store.Direct
	}
	to, cc := slices.Concat(note.To, note.Bto), slices.Concat(note.Cc, note.Bcc, note.Audience)
	if len(to) == 0 && note.Document["to"] == nil {
		to = slices.Concat(a.To, a.Bto)
	}
	if len(cc) == 0 && note.Document["cc"] == nil {
		cc = slices.Concat(a.Cc, a.Bcc, a.Audience)
	}
	for _, uri := range to {
		if uri == vocab.Public {
			return store.Public
		}
	}
	for _, uri := range cc {
		if uri == vocab.Public {
			return store.Unlisted
		}
	}
	for _, uri := range append(append([]string{}, to...), cc...) {
		if uri != "" && uri == a.Actor.FollowersURI {
			return store.Private
		}
	}
	return store.Direct
}

// audience lists the inboxes that a local status is delivered to: those of the
// accounts that it mentions, replies to or boosts, and, unless it is direct, of
// the author's followers.
func audience(tx *store.Tx, status *store.Object) ([]string, error) {
	inboxes, err := tx.AddresseeInboxes(status.ID)
	if err != nil || status.Visibility == store.Direct {
		return inboxes, err
	}
	followers, err := tx.FollowerInboxes(status.AccountID)
	return append(inboxes, followers...), err
}

// toAudience publishes an activity about a status to everyone who gets the
// status.
func toAudience(tx *store.Tx, a *Activity, status *store.Object) (*Publication, error) {
	if !a.Origin.Publishes {
		return nil, nil
	}
	inboxes, err := audience(tx, status)
	return &Publication{Visibility: status.Visibility, Inboxes: inboxes}, err
}

// toCopies is toAudience for a Delete: the servers of those who boosted,
// favourited or answered the status, or voted in its poll, have a copy of it as
// well.
func toCopies(tx *store.Tx, a *Activity, status *store.Object) (*Publication, error) {
	p, err := toAudience(tx, a, status)
	if p == nil || err != nil {
		return nil, err
	}
	copies, err := copiesOf(tx, status)
	p.Inboxes = append(p.Inboxes, copies...)
	return p, err
}

// toReaders is toAudience for an Update: of what is public, those who boosted,
// favourited or answered it show it as well, whether or not they follow.
func toReaders(tx *store.Tx, a *Activity, status *store.Object) (*Publication, error) {
	p, err := toAudience(tx, a, status)
	if p == nil || err != nil || status.Visibility > store.Unlisted {
		return p, err
	}
	readers, err := tx.ReaderInboxes(status.ID, status.AccountID)
	p.Inboxes = append(p.Inboxes, readers...)
	return p, err
}

// readersOf is copiesOf without those whom the author blocks, or who block the
// author: an Update says what they have not read yet.
func readersOf(tx *store.Tx, status *store.Object) ([]string, error) {
	voters, err := tx.VotingReaderInboxes(status.ID, status.AccountID)
	if err != nil {
		return nil, err
	}
	readers, err := tx.ReaderInboxes(status.ID, status.AccountID)
	return append(voters, readers...), err
}

func copiesOf(tx *store.Tx, status *store.Object) ([]string, error) {
	copies, err := tx.InteractorInboxes(status.ID)
	if err != nil || status.Poll == nil {
		return copies, err
	}
	voters, err := tx.VoterInboxes(status.ID)
	return append(voters, copies...), err
}

// toAccount publishes what concerns only one other account.
func toAccount(a *Activity, account *store.Account) *Publication {
	if !a.Origin.Publishes {
		return nil
	}
	return &Publication{Visibility: store.Direct, Inboxes: inboxOf(account)}
}

// inboxOf is the inbox of a remote account; nil for a local one.
func inboxOf(account *store.Account) []string {
	if account.Local() {
		return nil
	}
	return []string{account.Inbox}
}

// recipients lists everyone an activity or its object is addressed to: those of
// whom all others are told first, then, from hidden, those of bto, bcc
// (SECURITY-RULES 13) and audience.
func recipients(a *Activity, note *vocab.Object) (all []string, hidden int) {
	told := slices.Concat(a.To, a.Cc, note.To, note.Cc)
	return slices.Concat(told, a.Bto, a.Bcc, a.Audience, note.Bto, note.Bcc, note.Audience), len(told)
}

// isAddressed reports whether an activity or its object is addressed to anyone,
// or came to somebody's own inbox, whose owner it is then for.
func isAddressed(a *Activity, note *vocab.Object) bool {
	all, _ := recipients(a, note)
	return a.Origin.Trusted || a.Recipient != 0 || len(all) > 0
}

// namesHere lists the names of the local accounts that it is addressed to, once
// each: those of whom all others are told, and from hidden those of whom nobody is.
func namesHere(env *Env, a *Activity, note *vocab.Object) (names []string, hidden int, err error) {
	seen := map[string]bool{}
	all, told := recipients(a, note)
	for i, uri := range all {
		if i == told {
			hidden = len(names)
		}
		name, ok := env.Config.ParseURL(uri).Username()
		if !ok || seen[strings.ToLower(name)] {
			continue
		}
		seen[strings.ToLower(name)] = true
		names = append(names, name)
	}
	if most := env.Config.Federation.Mentions; len(names) > most {
		return nil, 0, fault.Errorf(fault.Invalid, "addressed to %d accounts here, which exceeds the limit of %d", len(names), most)
	}
	if told == len(all) {
		hidden = len(names)
	}
	return names, hidden, nil
}
