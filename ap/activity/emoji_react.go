package activity

import (
	"strings"

	"kinglet/ap/vocab"
	"kinglet/internal/markup"
	"kinglet/store"
)

// An EmojiReact reacts to a status with one emoji, its content (FEP-c0e0): a
// character, or the shortcode of a custom emoji in its tags.
func emojiReactRule() Rule {
	return Rule{Type: "EmojiReact", Authorize: authorizeEmojiReact, Apply: applyEmojiReact, Undo: undoEmojiReact}
}

// authorizeEmojiReact allows what authorizeLike allows.
func authorizeEmojiReact(env *Env, tx *store.Tx, a *Activity) (Reason, error) {
	if reactionOf(a.Object).Name == "" {
		return unwanted("the reaction %s has no emoji", a.ID), nil
	}
	return authorizeLike(env, tx, a)
}

func applyEmojiReact(_ *Env, tx *store.Tx, a *Activity) (Outcome, error) {
	status, err := tx.ObjectByURI(a.Object.Object.ID)
	if err != nil {
		return Outcome{}, err
	}
	out := Outcome{Object: status.ID}
	created, err := tx.PutReaction(a.Actor.ID, status.ID, reactionOf(a.Object), a.ID)
	if err != nil || !created || !a.Origin.Publishes {
		return out, err
	}
	author, err := tx.Account(status.AccountID)
	out.Publish = toAccount(a, author)
	return out, err
}

func undoEmojiReact(_ *Env, tx *store.Tx, undone *Activity) ([]string, bool, error) {
	id, name, ok, err := tx.ReactionByURI(undone.Actor.ID, undone.ID)
	if err != nil {
		return nil, false, err
	}
	if !ok {
		status, err := tx.ObjectByURI(undone.Object.Object.ID)
		if err != nil {
			return nil, false, ifNotFound(err)
		}
		id, name = status.ID, reactionOf(undone.Object).Name
	}
	if found, err := tx.DeleteReaction(undone.Actor.ID, id, name); err != nil || !found {
		return nil, false, err
	}
	status, err := tx.Object(id)
	if err != nil {
		return nil, false, err
	}
	author, err := tx.Account(status.AccountID)
	if err != nil {
		return nil, false, err
	}
	return inboxOf(author), true, nil
}

// maxEmoji limits the bytes of one emoji: sequences such as families are long.
const maxEmoji = 64

// reactionOf is the emoji of a reaction; its Name is "" when it has none.
func reactionOf(o *vocab.Object) store.Reaction {
	content := strings.TrimSpace(o.Content)
	if name := strings.Trim(content, ":"); vocab.IsShortcode(name) {
		for _, t := range o.Tag {
			if _, err := vocab.ParseURI(t.Icon); err == nil && t.Type == "Emoji" && strings.Trim(t.Name, ":") == name {
				return store.Reaction{Name: name, Image: t.Icon}
			}
		}
		return store.Reaction{}
	}
	if len(content) > maxEmoji || !markup.IsEmoji(content) {
		return store.Reaction{}
	}
	return store.Reaction{Name: content}
}
