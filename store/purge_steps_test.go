package store_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"kinglet/store"
	"kinglet/store/storetest"
)

// A purge is short transactions. Wherever it is interrupted, what is counted is
// right and the next one goes on; in the end nothing of the account is left.
func TestPurgeIsInShortSteps(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s)
		gone, friend := w.local("gone"), w.local("friend")
		const crowd = 120 // more than one step ends the follows of
		w.update(func(tx *store.Tx) error {
			for i := range crowd {
				uri := fmt.Sprint("https://there.test/", i)
				a := &store.Account{URI: uri, Username: fmt.Sprint("u", i), Domain: "there.test", Type: "Person", Inbox: uri + "/inbox"}
				if err := tx.PutAccount(a); err != nil {
					return err
				}
				if err := errors.Join(follow(tx, a, gone), follow(tx, gone, a)); err != nil {
					return err
				}
				if _, err := tx.Notify(&store.Notification{AccountID: gone.ID, Type: "follow", From: a.ID}); err != nil {
					return err
				}
			}
			_, err := tx.Notify(&store.Notification{AccountID: friend.ID, Type: "follow", From: gone.ID})
			return err
		})
		for range 3 {
			o := w.status(gone, store.Public, nil)
			w.attach(0, gone.ID, w.blob(fmt.Append(nil, o.ID)))
		}
		w.update(func(tx *store.Tx) error { return tx.DeleteAccount(gone.ID) })
		left := func() (n int64) {
			for table, columns := range map[string]string{
				"follows": "%[1]d IN (account_id, target_id)", "notifications": "%[1]d IN (account_id, from_account_id)",
				"attachments": "account_id = %[1]d", "objects": "account_id = %[1]d AND deleted_at = 0",
			} {
				n += w.count(`SELECT COUNT(*) FROM ` + table + ` WHERE ` + fmt.Sprintf(columns, gone.ID))
			}
			return n
		}
		step := func(fails error) (done bool) {
			err := w.Update(t.Context(), func(tx *store.Tx) (err error) {
				done, err = tx.PurgeAccount(gone.ID)
				return errors.Join(err, fails)
			})
			if err != nil && !errors.Is(err, errKilled) {
				t.Fatal(err)
			}
			return done
		}
		steps := 0
		for done := false; !done; steps++ {
			before := left()
			step(errKilled)
			if n := left(); n != before {
				t.Fatalf("a step that did not end left %d rows of %d", n, before)
			}
			done = step(nil)
			if n := before - left(); n > 150 || n < 1 && !done {
				t.Errorf("a step deletes %d rows", n)
			}
			recount(t, s)
		}
		if steps < 7 || left() != 0 {
			t.Errorf("after %d steps %d rows are left", steps, left())
		}
	})
}

// Between the deletion of an account and the steps of its purge it is shown nowhere.
func TestDeletedIsNotListed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s)
		me, gone, stays := w.local("me"), w.remote("gone"), w.remote("stays")
		w.update(func(tx *store.Tx) error {
			for _, a := range []*store.Account{gone, stays} {
				_, err := tx.PutBlock(me.ID, a.ID, a.URI+"/block")
				if err = errors.Join(err, tx.PutMute(me.ID, a.ID, true, time.Time{})); err != nil {
					return err
				}
			}
			return tx.DeleteAccount(gone.ID)
		})
		w.view(func(tx *store.Tx) error {
			p := store.Page{Limit: 40}
			blocks, err := tx.Blocks(me.ID, p)
			if err != nil || len(blocks) != 1 || blocks[0].Item.ID != stays.ID {
				t.Errorf("%d blocked, %v", len(blocks), err)
			}
			mutes, err := tx.Mutes(me.ID, p)
			if err != nil || len(mutes) != 1 || mutes[0].Item.ID != stays.ID {
				t.Errorf("%d muted, %v", len(mutes), err)
			}
			return nil
		})
	})
}

var errKilled = errors.New("killed")
