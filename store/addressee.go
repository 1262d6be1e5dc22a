package store

import "strings"

// Addressee identifies an account: a local one by its name in lower case, a
// remote one by the URI of its actor.
type Addressee struct{ URI, Name string }

// NewAddressee returns the Addressee of an account; name is "" unless it is
// local.
func NewAddressee(uri, name string) Addressee {
	if name != "" {
		return Addressee{Name: strings.ToLower(name)}
	}
	return Addressee{URI: uri}
}

// Addressees finds the accounts of URIs, and the local ones of names, in one
// statement; unknown ones are left out.
func (tx *Tx) Addressees(uris, names []string) (map[Addressee]AccountID, error) {
	out := make(map[Addressee]AccountID, len(uris)+len(names))
	if len(uris)+len(names) == 0 {
		return out, nil
	}
	handles := make([]string, len(names))
	for i, name := range names {
		handles[i] = Handle(name, "")
	}
	err := tx.query(func(row scanner) error {
		var id AccountID
		var a Addressee
		err := row.Scan(&id, &a.URI, &a.Name)
		out[a] = id
		return err
	}, `
		SELECT a.id, a.uri, '' FROM accounts a WHERE `+tx.inText("a.uri", "$1")+`
		UNION ALL
		SELECT a.id, '', a.handle FROM accounts a WHERE `+tx.inText("a.handle", "$2"), textSet(uris), textSet(handles))
	return out, err
}
