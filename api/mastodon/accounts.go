package mastodon

import (
	"kinglet/api/respond"
	"kinglet/store"
)

// visibleAccount reads an account that may be shown to everyone, or NotFound.
func visibleAccount(tx *store.Tx, id store.AccountID) (*store.Account, error) {
	return shown(tx)(tx.Account(id))
}

// shown adds to an account that was read where it has moved to; one that is
// deleted is NotFound.
func shown(tx *store.Tx) func(a *store.Account, err error) (*store.Account, error) {
	return func(a *store.Account, err error) (*store.Account, error) {
		if err == nil && !a.DeletedAt.IsZero() {
			err = respond.NotFound
		}
		if err != nil {
			return nil, err
		}
		return a, tx.FillMoved(a)
	}
}

func (c *call) account() (any, error) {
	a, err := read(c, func(tx *store.Tx) (*store.Account, error) { return visibleAccount(tx, c.accountID()) })
	if err != nil {
		return nil, err
	}
	c.openProfile(a)
	return c.serializer().Account(a), nil
}

// accounts reads several by id, those that are known, in the order asked.
func (c *call) accounts() (any, error) {
	return show(c, c.serializer().accounts, func(tx *store.Tx) ([]*store.Account, error) {
		ids := accountIDs(c.params.Strings("id"))
		known, err := tx.Accounts(ids)
		list := []*store.Account{}
		for _, id := range ids {
			if a := known[id]; a != nil && a.DeletedAt.IsZero() {
				list = append(list, a)
			}
		}
		if err != nil {
			return nil, err
		}
		return list, tx.FillMoved(list...)
	})
}

// maxIDs bounds how many ids one request may name.
const maxIDs = 100

func accountIDs(list []string) []store.AccountID {
	var out []store.AccountID
	for _, s := range list {
		if id, ok := store.ParseID(s); ok && len(out) < maxIDs {
			out = append(out, store.AccountID(id))
		}
	}
	return out
}

// lookup finds an account by handle among those known here.
func (c *call) lookup() (any, error) {
	h, _ := c.api.Config.ParseHandle(c.params.String("acct"))
	a, err := read(c, func(tx *store.Tx) (*store.Account, error) {
		return shown(tx)(tx.AccountByHandle(h.Name, h.Domain))
	})
	if err != nil {
		return nil, err
	}
	c.openProfile(a)
	return c.serializer().Account(a), nil
}

// accountList is a list of accounts, paged by an id of its own.
type accountList func(tx *store.Tx, p store.Page) ([]store.Paged[*store.Account], error)

func (c *call) showAccounts(fn accountList) (any, error) {
	return showPage(c, pageOfAccounts, c.serializer().accounts, fn)
}

// showAccountsOf answers with an accountList of the account of the path.
func (c *call) showAccountsOf(fn accountList) (any, error) {
	return c.showAccounts(func(tx *store.Tx, p store.Page) ([]store.Paged[*store.Account], error) {
		if _, err := visibleAccount(tx, c.accountID()); err != nil {
			return nil, err
		}
		return fn(tx, p)
	})
}

func (c *call) followers() (any, error) {
	return c.showAccountsOf(func(tx *store.Tx, p store.Page) ([]store.Paged[*store.Account], error) {
		return tx.Followers(c.viewer, c.accountID(), p)
	})
}

func (c *call) following() (any, error) {
	return c.showAccountsOf(func(tx *store.Tx, p store.Page) ([]store.Paged[*store.Account], error) {
		return tx.Following(c.viewer, c.accountID(), p)
	})
}

func (c *call) followRequests() (any, error) {
	return c.showAccounts(func(tx *store.Tx, p store.Page) ([]store.Paged[*store.Account], error) {
		return tx.FollowRequests(c.viewer, p)
	})
}

func (c *call) blocks() (any, error) {
	return c.showAccounts(func(tx *store.Tx, p store.Page) ([]store.Paged[*store.Account], error) {
		return tx.Blocks(c.viewer, p)
	})
}

func (c *call) mutes() (any, error) {
	return showPage(c, pageOfAccounts, c.serializer().mutedAccounts, func(tx *store.Tx, p store.Page) ([]store.Paged[store.Muted], error) {
		return tx.Mutes(c.viewer, p)
	})
}
