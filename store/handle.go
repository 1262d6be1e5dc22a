package store

import (
	"net/url"
	"strings"

	"kinglet/internal/config"
)

// A handle belongs to one account. Another server's accounts have theirs for
// as long as WebFinger does not name somebody else; one that has none is shown
// by the path and host of its id, and is found by that id only.

// Handle makes the key of the column accounts.handle.
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

// Acct is the handle as the account spells its name: what the API shows. For
// an account without a handle it is the path and the host of its id.
func (a *Account) Acct() string {
	if a.Domain == "" {
		return a.Username
	}
	return a.Username + "@" + a.Domain
}

// DropHandle makes a remote account one without a handle.
func (a *Account) DropHandle() {
	if a.Local() {
		return
	}
	a.NoHandle, a.HandleVerified, a.Username = true, false, usernameOfURI(a.URI)
	if u, err := url.Parse(a.URI); err == nil && u.Host != "" {
		a.Domain = config.NormalHost(u.Host)
	}
}

// usernameOfURI is what stands for the name of an account without a handle:
// the path of its id, in ASCII and without @, so that what is before the @ of
// an acct is all of it. No handle has a slash, so none is like it.
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

// nullText is a text column that may be NULL.
func nullText(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// takeHandle gives the account that is written its handle. A verified one
// takes it from whoever had it (SECURITY-RULES 7), as does an account here;
// one that is not verified has it only where nobody else does.
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
