package ap

import (
	"context"
	"encoding/json"

	"kinglet/ap/activity"
	"kinglet/ap/vocab"
	"kinglet/internal/fault"
	"kinglet/store"
)

// React has an account react to a status that it can see with an emoji, or with a
// custom one that others reacted with. Once more changes nothing.
func (s *Service) React(ctx context.Context, account store.AccountID, id store.ObjectID, emoji string) error {
	name := activity.EmojiName(emoji)
	if name == "" {
		return noEmoji(emoji)
	}
	actor, st, err := s.visibleTo(ctx, account, id)
	if err != nil {
		return err
	}
	reaction := store.Reaction{Name: name}
	for _, r := range st.Reactions {
		if r.Name == name {
			reaction.Image = r.Image
		}
	}
	if vocab.IsShortcode(name) && reaction.Image == "" {
		return noEmoji(emoji)
	}
	for _, given := range st.Reacted {
		if given == name {
			return nil
		}
	}
	typ := "Like"
	if !st.Account.Local() && s.reacts(ctx, st.Account.URI) {
		typ = "EmojiReact"
	}
	like := s.draft(actor, typ, vocab.Ref{ID: st.URI}, []string{st.Account.URI}, nil)
	setReaction(like, reaction)
	_, err = s.local(ctx, actor, like, activity.Command{})
	return err
}

// Unreact reverts it, even when the author has blocked the account.
func (s *Service) Unreact(ctx context.Context, account store.AccountID, id store.ObjectID, emoji string) error {
	name := activity.EmojiName(emoji)
	var uri, typ string
	var reaction store.Reaction
	own, err := s.ownInteraction(ctx, account, id, func(tx *store.Tx, account store.AccountID, status store.ObjectID) (ok bool, err error) {
		if reaction, uri, ok, err = tx.ReactionOf(account, status, name); err != nil || !ok {
			return ok, err
		}
		typ, err = sentAs(tx, uri)
		return ok, err
	})
	if err != nil || own == nil {
		return err
	}
	like := &vocab.Object{ID: uri, Type: typ, Actor: vocab.Ref{ID: own.actor.URI}, Object: vocab.Ref{ID: own.status.URI}, To: []string{own.author.URI}}
	setReaction(like, reaction)
	_, err = s.local(ctx, own.actor, s.draft(own.actor, "Undo", embed(like), like.To, nil), activity.Command{})
	return err
}

// sentAs is the type of the activity with which a reaction was sent: the Undo
// embeds the same.
func sentAs(tx *store.Tx, uri string) (string, error) {
	row, err := tx.DocumentByURI(uri)
	if err != nil && !fault.Is(err, fault.NotFound) { // an import brought only its effect
		return "", err
	}
	if err == nil {
		var sent struct {
			Type string `json:"type"`
		}
		if json.Unmarshal(row.JSON, &sent) == nil && sent.Type == "EmojiReact" {
			return sent.Type, nil
		}
	}
	return "Like", nil
}

// setReaction gives a Like or an EmojiReact its emoji.
func setReaction(like *vocab.Object, r store.Reaction) {
	like.Content = r.Name
	if vocab.IsShortcode(r.Name) {
		like.Content = ":" + r.Name + ":"
		like.Tag = []vocab.Tag{{Type: "Emoji", Name: like.Content, Icon: r.Image}}
	}
}

func noEmoji(text string) error {
	return fault.Errorf(fault.Invalid, "Validation failed: %q is not an emoji that you can react with", clip(text))
}
