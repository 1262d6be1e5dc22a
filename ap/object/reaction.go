package object

import "kinglet/ap/vocab"

// putReaction puts the emoji of a reaction into its document: of a Like for those
// who read its content and for Misskey (to others it is a favourite), or of an
// EmojiReact.
func putReaction(o *vocab.Object, d vocab.Document) {
	switch {
	case o.Content == "":
		return
	case o.Type == "Like":
		d["_misskey_reaction"] = o.Content
	case o.Type != "EmojiReact":
		return
	}
	d["content"] = o.Content
	tags := []any{}
	for _, t := range o.Tag {
		tags = append(tags, vocab.Document{"type": t.Type, "name": t.Name, "icon": vocab.Document{"type": "Image", "url": t.Icon}})
	}
	if len(tags) > 0 {
		d["tag"] = tags
	}
}
