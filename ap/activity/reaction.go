package activity

import (
	"strings"

	"kinglet/ap/vocab"
	"kinglet/internal/fault"
	"kinglet/internal/markup"
	"kinglet/store"
)

// A reaction with an emoji comes as an EmojiReact (Pleroma, Akkoma), or as a Like
// with a content (Misskey and its forks), which others take for a favourite. It
// is one or the other, never both. Ours are Likes with a content, or EmojiReacts to
// who says by NodeInfo that it reads them (FEP-c0e0).

// maxEmoji limits the bytes of one emoji: sequences such as families are long.
const maxEmoji = 64

// EmojiName is the emoji that a text is, or the shortcode of a custom one, "" for
// none. Custom emojis of one name are one, whichever server's: ":blobcat@b.test:"
// is blobcat.
func EmojiName(text string) string {
	text = strings.TrimSpace(text)
	name, _, _ := strings.Cut(strings.Trim(text, ":"), "@")
	if vocab.IsShortcode(name) {
		return name
	}
	if len(text) > maxEmoji || !markup.IsEmoji(text) {
		return ""
	}
	return text
}

// emojiOf is the emoji of an activity: its content, or Misskey's copy of it.
func emojiOf(o *vocab.Object) string {
	if name := EmojiName(o.Content); name != "" {
		return name
	}
	misskey, _ := o.Document["_misskey_reaction"].(string)
	return EmojiName(misskey)
}

// reactionOf is the emoji of an activity with its picture; a custom one may have
// none.
func reactionOf(o *vocab.Object) store.Reaction {
	name := emojiOf(o)
	if !vocab.IsShortcode(name) {
		return store.Reaction{Name: name}
	}
	for _, t := range o.Tag {
		if t.Type == "Emoji" && EmojiName(t.Name) == name {
			if _, err := vocab.ParseURI(t.Icon); err == nil {
				return store.Reaction{Name: name, Image: t.Icon}
			}
		}
	}
	return store.Reaction{Name: name}
}

func prepareReaction(_ *Env, a *Activity) error {
	a.Prepared = &Prepared{Reaction: reactionOf(a.Object)}
	return nil
}

// reactionTo is what an activity reacts to a status with; its Name is "" for
// nothing. A custom emoji without a picture has to be one that others reacted
// with.
func reactionTo(a *Activity, status *store.Object) store.Reaction {
	r := reactionOf(a.Object)
	if a.Prepared != nil {
		r = a.Prepared.Reaction
	}
	if r.Image != "" || !vocab.IsShortcode(r.Name) {
		return r
	}
	for _, known := range status.Reactions {
		if known.Name == r.Name {
			return known
		}
	}
	return store.Reaction{}
}

// applyReaction records a reaction and notifies the author of the status.
func applyReaction(tx *store.Tx, a *Activity, status *store.Object, r store.Reaction) (Outcome, error) {
	created, err := tx.PutReaction(a.Actor.ID, status.ID, r, a.ID)
	if err != nil {
		return Outcome{}, err
	}
	if !created {
		if a.Actor.Local() {
			return Outcome{}, fault.Errorf(fault.Invalid, "Validation failed: You have reacted already, or there are too many reactions")
		}
		return Outcome{Object: status.ID}, nil
	}
	out, err := notifyAuthor(tx, a, status, store.ReactionNotification)
	if err != nil || out.Publish == nil {
		return out, err
	}
	// Its row is not a Like: the favourite of the same account is another.
	row := &store.Object{
		URI: a.ID, Type: "Reaction", AccountID: a.Actor.ID, Local: true, Visibility: store.Direct, ObjectURI: status.URI,
		PublishedAt: a.Published, JSON: a.Raw, Draft: store.Draft{To: a.To, Cc: a.Cc},
	}
	_, err = tx.InsertObject(row)
	out.Publish.Activity = row.ID
	return out, err
}

// undoReaction takes a reaction back: that of the id of what is undone or, when
// that is not known, that with its emoji.
func undoReaction(tx *store.Tx, undone *Activity) (inboxes []string, found bool, err error) {
	id, name, ok, err := tx.ReactionByURI(undone.Actor.ID, undone.ID)
	if err != nil {
		return nil, false, err
	}
	if !ok {
		if name = emojiOf(undone.Object); name == "" {
			return nil, false, nil
		}
		status, err := tx.ObjectByURI(undone.Object.Object.ID)
		if err != nil {
			return nil, false, ifNotFound(err)
		}
		id = status.ID
	}
	if found, err = tx.DeleteReaction(undone.Actor.ID, id, name); err != nil || !found {
		return nil, false, err
	}
	status, err := tx.Object(id)
	if err != nil {
		return nil, false, err
	}
	left, err := tx.HasReaction(undone.Actor.ID, id)
	if err != nil {
		return nil, false, err
	}
	if !left {
		if err := tx.RetractNotification(status.AccountID, store.ReactionNotification, undone.Actor.ID, id); err != nil {
			return nil, false, err
		}
	}
	author, err := tx.Account(status.AccountID)
	if err != nil {
		return nil, false, err
	}
	return inboxOf(author), true, nil
}
