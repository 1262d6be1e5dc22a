package mastodon

import (
	"math"
	"time"

	"kinglet/ap"
	"kinglet/api/respond"
	"kinglet/internal/fault"
	"kinglet/store"
)

func (c *call) relationships() (any, error) {
	return show(c, c.serializer().relationships, func(tx *store.Tx) ([]*store.Relationship, error) {
		return tx.Relationships(c.viewer, accountIDs(c.params.Strings("id")))
	})
}

// familiarShown is how many followers in common are shown of each account.
const familiarShown = 20

func (c *call) familiarFollowers() (any, error) {
	type familiar struct {
		ID       string     `json:"id"`
		Accounts []*Account `json:"accounts"`
	}
	out := []familiar{}
	ids := accountIDs(c.params.Strings("id"))
	if len(ids) == 0 {
		return out, nil
	}
	return read(c, func(tx *store.Tx) ([]familiar, error) {
		for _, id := range ids {
			list, err := tx.FamiliarFollowers(c.viewer, id, familiarShown)
			if err != nil {
				return nil, err
			}
			out = append(out, familiar{id.String(), c.serializer().accounts(list)})
		}
		return out, nil
	})
}

// changeRelationship runs a command on the account of the path and answers with
// the resulting relationship.
func (c *call) changeRelationship(command func(target store.AccountID) error) (any, error) {
	if err := command(c.accountID()); err != nil {
		return nil, err
	}
	return show(c, c.serializer().Relationship, func(tx *store.Tx) (*store.Relationship, error) {
		list, err := tx.Relationships(c.viewer, []store.AccountID{c.accountID()})
		if err == nil && len(list) == 0 {
			err = respond.NotFound
		}
		if err != nil {
			return nil, err
		}
		return list[0], nil
	})
}

func (c *call) follow() (any, error) {
	f := ap.FollowSettings{ShowReblogs: c.params.BoolPtr("reblogs"), Notify: c.params.BoolPtr("notify")}
	if c.params.Has("languages") {
		f.Languages = c.params.Strings("languages")
	}
	return c.changeRelationship(func(target store.AccountID) error { return c.api.Service.Follow(c.ctx, c.viewer, target, f) })
}

func (c *call) unfollow() (any, error) {
	return c.changeRelationship(func(target store.AccountID) error { return c.api.Service.Unfollow(c.ctx, c.viewer, target) })
}

func (c *call) removeFollower() (any, error) {
	return c.changeRelationship(func(target store.AccountID) error {
		err := c.api.Service.RejectFollow(c.ctx, c.viewer, target)
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		return err
	})
}

func (c *call) block() (any, error) {
	return c.changeRelationship(func(target store.AccountID) error { return c.api.Service.Block(c.ctx, c.viewer, target) })
}

func (c *call) unblock() (any, error) {
	return c.changeRelationship(func(target store.AccountID) error { return c.api.Service.Unblock(c.ctx, c.viewer, target) })
}

func (c *call) mute() (any, error) {
	m := ap.MuteSettings{Notifications: true, For: seconds(c.params.Int("duration", 0))}
	if v, ok := c.params.Bool("notifications"); ok {
		m.Notifications = v
	}
	return c.changeRelationship(func(target store.AccountID) error { return c.api.Service.Mute(c.ctx, c.viewer, target, m) })
}

// seconds is a duration of n seconds, at most the longest Duration.
func seconds(n int64) time.Duration {
	const most = int64(math.MaxInt64 / time.Second)
	return time.Duration(min(max(n, -most), most)) * time.Second
}

func (c *call) unmute() (any, error) {
	return c.changeRelationship(func(target store.AccountID) error { return c.api.Service.Unmute(c.ctx, c.viewer, target) })
}

func (c *call) authorizeFollow() (any, error) {
	return c.changeRelationship(func(target store.AccountID) error { return c.api.Service.AuthorizeFollow(c.ctx, c.viewer, target) })
}

func (c *call) rejectFollow() (any, error) {
	return c.changeRelationship(func(target store.AccountID) error { return c.api.Service.RejectFollow(c.ctx, c.viewer, target) })
}
