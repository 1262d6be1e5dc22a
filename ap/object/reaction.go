package object

import "kinglet/ap/vocab"

// putReaction puts the emoji of a reaction into the document of a Like, for those
// who read its content and for Misskey. To others it is a favourite.
func putReaction(o *vocab.Object, d vocab.Document) {
	if o.Type != "Like" || o.Content == "" {
		return
	}
	d["content"], d["_misskey_reaction"] = o.Content, o.Content
	tags := []any{}
	for _, t := range o.Tag {
		tags = append(tags, vocab.Document{"type": t.Type, "name": t.Name, "icon": vocab.Document{"type": "Image", "url": t.Icon}})
	}
	if len(tags) > 0 {
		d["tag"] = tags
	}
}
