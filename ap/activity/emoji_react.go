package activity

import "kinglet/store"

// An EmojiReact reacts to a status with one emoji, its content (FEP-c0e0): a
// character, or the shortcode of a custom emoji in its tags.
func emojiReactRule() Rule {
	return Rule{Type: "EmojiReact", Prepare: prepareReaction, Authorize: authorizeEmojiReact, Apply: applyEmojiReact, Undo: undoEmojiReact}
}

// authorizeEmojiReact allows what authorizeLike allows.
func authorizeEmojiReact(env *Env, tx *store.Tx, a *Activity) (Reason, error) {
	if emojiOf(a.Object) == "" {
		return unwanted("the reaction %s has no emoji", a.ID), nil
	}
	return authorizeLike(env, tx, a)
}

func applyEmojiReact(_ *Env, tx *store.Tx, a *Activity) (Outcome, error) {
	status, err := tx.ObjectByURI(a.Object.Object.ID)
	if err != nil {
		return Outcome{}, err
	}
	r := reactionTo(a, status)
	if r.Name == "" {
		return NotWanted(unwanted("the custom emoji of the reaction %s has no picture", a.ID)), nil
	}
	return applyReaction(tx, a, status, r)
}

func undoEmojiReact(_ *Env, tx *store.Tx, undone *Activity) ([]string, bool, error) {
	return undoReaction(tx, undone)
}
