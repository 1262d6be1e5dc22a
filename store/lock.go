package store

import "fmt"

// lockAccounts locks accounts against other transactions that count or change
// them until this one ends. Objects are always locked before accounts, and
// accounts in the order of their ids, which prevents deadlocks.
func (tx *Tx) lockAccounts(ids ...AccountID) error {
	return tx.lock("accounts", setOf(ids))
}

// LockAccount locks an account and its private side for a transaction that
// reads them to change them.
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

// lockURIs locks the URIs of statuses for this transaction, those that it will
// write and those that they reply to, known here or not: of a reply and its
// parent that arrive concurrently, one sees the other.
func (tx *Tx) lockURIs(uris ...string) error { return tx.engine.LockTexts(textSet(uris)) }
