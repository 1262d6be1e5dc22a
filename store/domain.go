package store

import (
	"context"
	"net/url"
)

// domainSetting is the key under which a database keeps the domain it belongs
// to. Handles, ids and other servers' memory of them are made of it.
const domainSetting = "domain"

// CheckDomain refuses to use a database for another domain than the one it
// belongs to (SECURITY-RULES 45). base is the server's URL. With claim, a
// database that belongs to none yet belongs to this one from now on.
func (s *Store) CheckDomain(ctx context.Context, domain, base string, claim bool) error {
	var owner string
	err := s.View(ctx, func(tx *Tx) (err error) {
		if owner, _, err = tx.Setting(domainSetting); err != nil || owner != "" {
			return err
		}
		return tx.checkLocalHosts(domain, base)
	})
	if err == nil && owner == "" && claim {
		err = s.Update(ctx, func(tx *Tx) (err error) {
			owner, err = tx.SettingOnce(domainSetting, domain)
			return err
		})
	}
	if err != nil || owner == "" || owner == domain {
		return err
	}
	return Errorf(Conflict, "the database belongs to the domain %s and can't be used for %s, its ids would be wrong: set KINGLET_DOMAIN=%s, or try a copy of it with `kinglet serve --as-copy`", owner, domain, owner)
}

// checkLocalHosts is for a database of a version that did not keep its domain:
// the ids of the accounts here have the host of the URL they were made under.
func (tx *Tx) checkLocalHosts(domain, base string) error {
	uri, ok, err := one[string](tx, `SELECT a.uri FROM accounts a JOIN users u ON u.account_id = a.id ORDER BY a.id LIMIT 1`)
	if err != nil || !ok {
		return err
	}
	account, err := url.Parse(uri)
	if err != nil {
		return err
	}
	served, err := url.Parse(base)
	if err != nil {
		return err
	}
	if account.Host == domain || account.Host == served.Host {
		return nil
	}
	return Errorf(Conflict, "the accounts of the database are at %s, and it can't be used for the domain %s at %s: set KINGLET_DOMAIN and KINGLET_URL to what they were, or try a copy of it with `kinglet serve --as-copy`", account.Host, domain, served.Host)
}
