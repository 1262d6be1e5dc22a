package ap

import (
	"context"
	"time"

	"kinglet/ap/activity"
	"kinglet/ap/vocab"
	"kinglet/internal/fault"
	"kinglet/store"
)

// DeleteAccount deletes a local account and all it had, and notifies every
// server that may have a copy. Its name is not given out again.
func (s *Service) DeleteAccount(ctx context.Context, name string) error {
	var account *store.Account
	err := s.Store.View(ctx, func(tx *store.Tx) (err error) {
		account, err = tx.AccountByHandle(name, "")
		return err
	})
	if err != nil || !account.Active() {
		if err == nil || fault.Is(err, fault.NotFound) {
			err = fault.Errorf(fault.NotFound, "there is no account %s", name)
		}
		return err
	}
	_, err = s.local(ctx, account, s.draft(account, "Delete", vocab.Ref{ID: account.URI}, []string{vocab.Public}, nil), activity.Command{})
	return err
}

// purgeAccount erases what a deleted account left, in small transactions. A
// local account's key is deleted last, when its Delete is no longer being
// delivered.
func (s *Service) purgeAccount(ctx context.Context, args activity.PurgeArgs) error {
	for done := false; !done; {
		if err := s.Store.Update(ctx, func(tx *store.Tx) (err error) {
			done, err = tx.PurgeAccount(args.Account)
			return err
		}); err != nil {
			return err
		}
	}
	return s.Store.Update(ctx, func(tx *store.Tx) error {
		return activity.ForgetKeyAt(tx, activity.ForgetKeyArgs{Account: args.Account}, s.Store.Now().Add(firstForget))
	})
}

// A deleted account's key is deleted when its Delete was delivered to everyone:
// checked soon, and then every hour. Deliveries fail permanently in the end, so
// the key is deleted in the end.
const (
	firstForget = time.Minute
	forgetEvery = time.Hour
)

// forgetKey deletes the private key of a deleted account, or checks again later
// when something must still be signed with it.
func (s *Service) forgetKey(ctx context.Context, args activity.ForgetKeyArgs) error {
	// Most of it not on the writer.
	for {
		found, err := store.Read(ctx, s.Store, func(tx *store.Tx) (store.Sending, error) { return tx.Sending(args.Account, args.After) })
		if err != nil {
			return err
		}
		args.After = found.Next
		if found.Waits || found.All {
			break
		}
	}
	return s.Store.Update(ctx, func(tx *store.Tx) error {
		found, err := tx.Sending(args.Account, args.After)
		if err != nil {
			return err
		}
		if found.Waits || !found.All {
			args.After = found.Next
			return activity.ForgetKeyAt(tx, args, s.Store.Now().Add(forgetEvery))
		}
		tx.AfterCommit(func() { s.privateKeys.forget(args.Account) })
		return tx.ForgetKey(args.Account)
	})
}
