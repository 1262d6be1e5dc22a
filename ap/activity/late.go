package activity

import (
	"maps"
	"slices"

	"kinglet/ap/vocab"
	"kinglet/store"
)

// sendLate does for a status that was fetched before what its author's Create
// would have done: it reaches home and notifies, once.
func sendLate(tx *store.Tx, a *Activity, status *store.Object) error {
	if !a.Origin.Feeds || !a.Origin.Notifies || a.Actor.Local() {
		return nil
	}
	late, err := tx.EndQuiet(status.ID, a.Actor.ID)
	if err != nil || !late {
		return err
	}
	if err := tx.KeepRelayed(status.ID); err != nil {
		return err
	}
	known, err := tx.Object(status.ID)
	if err != nil {
		return err
	}
	if err := tx.AddToHomeFeeds(known); err != nil {
		return err
	}
	mentioned, err := tx.MentionedLocally(status.ID)
	if err != nil {
		return err
	}
	return notifyOfStatus(tx, a, known, slices.Sorted(maps.Keys(mentioned)))
}

// TotalOf is the size that a document gives of one of its collections, which it
// embeds.
func TotalOf(o *vocab.Object, term string) store.OriginTotal {
	m, ok := o.Document[term].(map[string]any)
	if !ok || m["totalItems"] == nil {
		return store.OriginTotal{}
	}
	return store.OriginTotal{N: vocab.Count(m["totalItems"]), Known: true}
}

// putTotals sets how often a status of another server was favourited and boosted,
// as its origin says, if it was: what has just been published was not.
func putTotals(tx *store.Tx, a *Activity, status *store.Object) error {
	if status.Local {
		return nil
	}
	note := a.Object.Object.Object
	likes, shares := TotalOf(note, "likes"), TotalOf(note, "shares")
	if likes.N == 0 && shares.N == 0 {
		return nil
	}
	return tx.PutStatusTotals(status.ID, likes, shares)
}
