package store

import (
	"net/url"
	"strings"

	"kinglet/internal/config"
)

// A handle belongs to one account. A remote account has its handle until
// WebFinger names another account; one without a handle is displayed with the
// path and host of its id, and is found by that id only.

// Handle returns the key of the column accounts.handle.
func Handle(username, domain string) string {
	h := strings.ToLower(username)
	if domain != "" {
		h += "@" + strings.ToLower(domain)
	}
	return h
}

// Handle is the lower-case name or name@domain that finds the account, "" when
// it has none.
func (a *Account) Handle() string {
	if a.NoHandle {
		return ""
	}
	return Handle(a.Username, a.Domain)
}

// Acct is the handle in the account's own case: what the API shows. For an
// account without a handle it is the path and the host of its id.
func (a *Account) Acct() string {
	if a.Domain == "" {
		return a.Username
	}
	return a.Username + "@" + a.Domain
}

// DropHandle removes the handle of a remote account.
func (a *Account) DropHandle() {
	if a.Local() {
		return
	}
	a.NoHandle, a.HandleVerified, a.Username = true, false, usernameOfURI(a.URI)
	if u, err := url.Parse(a.URI); err == nil && u.Host != "" {
		a.Domain = config.NormalHost(u.Host)
	}
}

// usernameOfURI replaces the name of an account without a handle: the path of
// its id, in ASCII and without @, so that what is before the @ of an acct is
// all of it. No handle has a slash, so it can't be mistaken for one.
func usernameOfURI(uri string) string {
	u, err := url.Parse(uri)
	if err != nil {
		return "/" + url.PathEscape(uri)
	}
	path := u.EscapedPath()
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	if u.RawQuery != "" {
		path += "?" + u.RawQuery
	}
	if u.Fragment != "" {
		path += "#" + u.EscapedFragment()
	}
	var b strings.Builder
	for i := range len(path) {
		if c := path[i]; c <= ' ' || c >= 0x7f || c == '@' {
			b.WriteString("%" + string("0123456789ABCDEF"[c>>4]) + string("0123456789ABCDEF"[c&15]))
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// handleScanner reads the column handle, after uri, username and domain.
type handleScanner struct{ a *Account }

func (s handleScanner) Scan(src any) error {
	if src == nil {
		s.a.DropHandle()
	}
	return nil
}

// ScanText takes a handle, which is made of name and domain.
func (s handleScanner) ScanText([]byte) error { return nil }

// nullText is a text column that may be NULL.
func nullText(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// takeHandle gives an account its handle when it is written. A verified handle
// is taken from the account that had it (SECURITY-RULES 7), as is a local one;
// an unverified one is only used when it is free.
func (tx *Tx) takeHandle(a *Account) error {
	if a.NoHandle {
		a.DropHandle()
		return nil
	}
	if a.HandleVerified || a.Local() {
		_, err := tx.exec(`UPDATE accounts SET handle = NULL, handle_verified = FALSE WHERE handle = $1 AND uri <> $2 AND domain <> ''`, a.Handle(), a.URI)
		return err
	}
	_, taken, err := one[int64](tx, `SELECT id FROM accounts WHERE handle = $1 AND uri <> $2`, a.Handle(), a.URI)
	if taken {
		a.DropHandle()
	}
	return err
}
