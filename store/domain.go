package store

import (
	"context"
	"net/url"
	"strings"

	"kinglet/internal/fault"
)

// domainSetting is the key under which a database stores its domain. Handles,
// ids and other servers' copies of them contain it.
const domainSetting = "domain"

// urlSetting is the key of the URL that its ids begin with.
const urlSetting = "url"

// CheckDomain refuses to use a database for another domain than its own
// (SECURITY-RULES 45). base is the server's URL. With claim, a database without
// a domain gets this one.
func (s *Store) CheckDomain(ctx context.Context, domain, base string, claim bool) error {
	var owner string
	err := s.View(ctx, func(tx *Tx) (err error) {
		if there, err := tx.engine.HasTable("settings"); err != nil || !there {
			return err // an empty database
		}
		if owner, _, err = tx.Setting(domainSetting); err != nil || owner != "" {
			return err
		}
		return tx.checkLocalHosts(domain, base)
	})
	if err == nil && owner == "" && claim {
		err = s.Update(ctx, func(tx *Tx) (err error) {
			began, err := tx.idBase()
			if err != nil {
				return err
			}
			if began == "" {
				began = base
			}
			if _, err := tx.SettingOnce(urlSetting, began); err != nil {
				return err
			}
			owner, err = tx.SettingOnce(domainSetting, domain)
			return err
		})
	}
	if err != nil || owner == "" || owner == domain {
		return err
	}
	return fault.Errorf(fault.Conflict, "the database belongs to the domain %s and can't be used for %s, its ids would be wrong: set KINGLET_DOMAIN=%s, or try a copy of it with `kinglet serve --as-copy`", owner, domain, owner)
}

// IDBase is the URL that the database's ids begin with, "" when it has none
// yet.
func (s *Store) IDBase(ctx context.Context) (base string, err error) {
	err = s.View(ctx, func(tx *Tx) error {
		base, err = tx.idBase()
		return err
	})
	return base, err
}

// idBase finds the URL of a database of a version that did not store it by the
// ids of the local accounts.
func (tx *Tx) idBase() (string, error) {
	base, ok, err := tx.Setting(urlSetting)
	if err != nil || ok {
		return base, err
	}
	uri, ok, err := one[string](tx, `SELECT a.uri FROM accounts a JOIN users u ON u.account_id = a.id ORDER BY a.id LIMIT 1`)
	if err != nil || !ok {
		return "", err
	}
	u, err := url.Parse(uri)
	if err != nil {
		return "", err
	}
	return u.Scheme + "://" + u.Host, nil
}

// checkLocalHosts is for a database of a version that did not store its domain:
// its accounts must be at the host that is served now.
func (tx *Tx) checkLocalHosts(domain, base string) error {
	began, err := tx.idBase()
	if err != nil || began == "" || began == base {
		return err
	}
	_, host, _ := strings.Cut(began, "://")
	_, served, _ := strings.Cut(base, "://")
	if host == domain || host == served {
		return nil
	}
	return fault.Errorf(fault.Conflict, "the accounts of the database are at %s, and it can't be used for the domain %s at %s: set KINGLET_DOMAIN and KINGLET_URL to what they were, or try a copy of it with `kinglet serve --as-copy`", host, domain, served)
}
