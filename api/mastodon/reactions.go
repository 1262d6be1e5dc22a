package mastodon

import (
	"net/url"
	"slices"

	"kinglet/ap/activity"
	"kinglet/store"

	"github.com/go-chi/chi/v5"
)

// emoji is the {emoji} of the path: a character, or the name of a custom one.
func (c *call) emoji() string {
	text := chi.URLParam(c.r, "emoji")
	if plain, err := url.PathUnescape(text); err == nil {
		text = plain
	}
	return text
}

func (c *call) react() (any, error) {
	return c.updateStatus(func(id store.ObjectID) error { return c.api.Service.React(c.ctx, c.viewer, id, c.emoji()) })
}

func (c *call) unreact() (any, error) {
	return c.undo(func(id store.ObjectID) error { return c.api.Service.Unreact(c.ctx, c.viewer, id, c.emoji()) })
}

// reactedBy lists the reactions to a status, of one emoji or of all, with the
// accounts, as Pleroma does.
func (c *call) reactedBy() (any, error) {
	return read(c, func(tx *store.Tx) ([]ReactionAccounts, error) {
		st, err := tx.Status(c.viewer, c.statusID())
		if err != nil {
			return nil, err
		}
		if st.Reblog != nil {
			st = st.Reblog
		}
		accounts, err := tx.Reactors(c.viewer, st.ID)
		list := each(c.serializer().reactions(st), func(r Reaction) ReactionAccounts {
			return ReactionAccounts{r, each(accounts[r.Name], c.serializer().Account)}
		})
		if text := c.emoji(); text != "" {
			list = slices.DeleteFunc(list, func(r ReactionAccounts) bool { return r.Name != activity.EmojiName(text) })
		}
		return list, err
	})
}
