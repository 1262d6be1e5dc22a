package store

import (
	"slices"
	"strings"
)

// AccountKey is a key of an account of another server, beside the one in
// Account.KeyID: an actor may publish several (FEP-521a).
type AccountKey struct {
	ID        string // as requests and proofs name it
	PublicKey string // PEM; "" in Account.Keys for one whose document was not fetched
	Assertion bool   // in assertionMethod: it may prove documents (FEP-8b32)
}

// MaxAccountKeys limits how many keys of an account are kept beside its first: those
// that are read of its document, and one under the id by which its requests name it.
const MaxAccountKeys = 10

// AccountKeys reads the further keys of an account, in the order of their ids.
func (tx *Tx) AccountKeys(id AccountID) (list []AccountKey, err error) {
	err = tx.query(func(row scanner) error {
		var k AccountKey
		err := row.Scan(&k.ID, &k.PublicKey, &k.Assertion)
		list = append(list, k)
		return err
	}, `SELECT key_id, public_key, assertion FROM account_keys WHERE account_id = $1 ORDER BY key_id`, id)
	return list, err
}

// PutAccountKeys replaces the further keys of an account. What it has is not
// written again.
func (tx *Tx) PutAccountKeys(id AccountID, keys []AccountKey) error {
	known, err := tx.AccountKeys(id)
	if err != nil {
		return err
	}
	keys = slices.Clone(keys[:min(len(keys), MaxAccountKeys)])
	for i, k := range keys {
		at := slices.IndexFunc(known, func(had AccountKey) bool { return had.ID == k.ID })
		if k.PublicKey == "" && at >= 0 {
			keys[i].PublicKey = known[at].PublicKey // its document was not fetched this time
		}
	}
	keys = slices.DeleteFunc(keys, func(k AccountKey) bool { return k.PublicKey == "" })
	slices.SortFunc(keys, func(a, b AccountKey) int { return strings.Compare(a.ID, b.ID) })
	keys = slices.CompactFunc(keys, func(a, b AccountKey) bool { return a.ID == b.ID })
	if slices.Equal(keys, known) {
		return nil
	}
	if _, err := tx.exec(`DELETE FROM account_keys WHERE account_id = $1`, id); err != nil {
		return err
	}
	for _, k := range keys {
		if _, err := tx.exec(`INSERT INTO account_keys (account_id, key_id, public_key, assertion) VALUES ($1, $2, $3, $4)`, id, k.ID, k.PublicKey, k.Assertion); err != nil {
			return err
		}
	}
	return nil
}

// KeyOwner is an account that says a key is its own.
type KeyOwner struct {
	*Account
	Key       string // PEM
	Assertion bool   // the key may prove documents
	Followed  bool   // by a local account
}

// AccountsByKeyID reads the accounts that have a key of the id, one entry a key.
// There may be several accounts: one may claim the key id of another one on its host. The
// account whose id the key id begins with comes first, so that others can't
// crowd it out. The caller verifies the signature with each.
func (tx *Tx) AccountsByKeyID(keyID string) (list []KeyOwner, err error) {
	err = tx.query(func(row scanner) error {
		o := KeyOwner{Account: new(Account)}
		err := row.Scan(append(o.dest(), &o.Key, &o.Assertion, &o.Followed)...)
		list = append(list, o)
		return err
	}, `
		SELECT `+accountColumns+`, k.public_key, k.assertion, `+followedHere("a.id")+`
		FROM (
		  SELECT id AS account_id, key_id, public_key, FALSE AS assertion FROM accounts WHERE key_id = $1
		  UNION ALL
		  SELECT account_id, key_id, public_key, assertion FROM account_keys WHERE key_id = $1) AS k
		CROSS JOIN accounts a
		WHERE a.id = k.account_id
		ORDER BY CASE WHEN SUBSTR(k.key_id, 1, LENGTH(a.uri)) = a.uri THEN LENGTH(a.uri) ELSE 0 END DESC, a.id, k.assertion
		LIMIT 8`, keyID)
	return list, err
}

// AccountsWithoutEd25519 lists some local accounts that have no Ed25519 key yet,
// and are not deleted.
func (tx *Tx) AccountsWithoutEd25519(limit int) ([]AccountID, error) {
	return ids[AccountID](tx, `SELECT account_id FROM users WHERE ed25519_key = '' AND private_key <> '' ORDER BY account_id LIMIT $1`, limit)
}

// SetEd25519Key gives a local account its Ed25519 key, PEM, unless it has one or
// was deleted.
func (tx *Tx) SetEd25519Key(id AccountID, key string) error {
	_, err := tx.exec(`UPDATE users SET ed25519_key = $2 WHERE account_id = $1 AND ed25519_key = '' AND private_key <> ''`, id, key)
	return err
}
