package store

import "fmt"

// lockAccounts keeps other transactions from counting or changing accounts
// until this one ends. Everybody locks objects before accounts, and accounts
// in the order of their ids, so that nobody waits in a circle.
func (tx *Tx) lockAccounts(ids ...AccountID) error {
	return tx.lock("accounts", setOf(ids))
}

// LockAccount keeps an account and its private side from being changed by
// others while a transaction reads them to write them.
func (tx *Tx) LockAccount(id AccountID) error { return tx.lockAccounts(id) }

func (tx *Tx) lockObjects(ids ...ObjectID) error { return tx.lock("objects", setOf(ids)) }

func (tx *Tx) lock(table, set string) error {
	if tx.engine.ForUpdate() == "" {
		return nil // there is one writer
	}
	_, err := tx.exec(`SELECT id FROM `+table+` WHERE `+tx.in("id", "$1")+` ORDER BY id `+tx.engine.ForUpdate(), set)
	if err != nil {
		return fmt.Errorf("lock %s: %w", table, err)
	}
	return nil
}

// lockURIs keeps the URIs of statuses for this transaction, those that it is
// about to write and those that they answer, whether they are known here or
// not: of a reply and its parent that arrive at once, one sees the other.
func (tx *Tx) lockURIs(uris ...string) error { return tx.engine.LockTexts(textSet(uris)) }
