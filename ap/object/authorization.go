package object

import "kinglet/ap/vocab"

// An authorization is what an author says of what another does with a post: of
// the quote of FEP-044f, and of GoToSocial's likes, replies and boosts. The object
// of its draft is what is done, the target the post.
func authorization(typ string) Kind {
	return Kind{Type: typ, Write: func(o *vocab.Object) vocab.Document {
		return vocab.Document{
			"id": o.ID, "type": o.Type, "attributedTo": o.AttributedTo[0].ID, "interactingObject": o.Object.ID, "interactionTarget": o.Target.ID,
		}
	}}
}
