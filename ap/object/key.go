package object

import (
	"errors"
	"strings"

	"kinglet/ap/signature"
	"kinglet/ap/vocab"
	"kinglet/store"
)

const (
	maxFirstPEM = 16 << 10
	maxPEM      = 4 << 10 // of further keys: one of 8,192 bits has 1.5 kB
)

// keysOf reads the actor's keys: the first of publicKey is the account's own, the
// others and those of assertionMethod are its Keys. Each names the actor as its
// owner, has the actor's origin, and, when its id has a fragment, is in the
// actor's own document and not in that of another account on the host
// (SECURITY-RULES 1).
func keysOf(account *store.Account, doc *vocab.Object) error {
	for _, k := range doc.PublicKeys {
		page := vocab.WithoutFragment(k.ID)
		if page != k.ID && page != doc.ID && withSingleSlashes(page) != doc.ID {
			continue
		}
		if !vocab.SameOrigin(k.ID, doc.ID) {
			continue
		}
		key := store.AccountKey{ID: k.ID, PublicKey: pemOf(k), Assertion: k.Assertion}
		switch {
		case k.Owner != doc.ID && !isNamed(k):
		case key.PublicKey == "" && !isNamed(k): // unreadable
		case account.KeyID == "" && !k.Assertion && key.PublicKey != "" && len(key.PublicKey) < maxFirstPEM:
			account.KeyID, account.PublicKey = key.ID, key.PublicKey
		case len(key.PublicKey) < maxPEM && len(account.Keys) < store.MaxAccountKeys && !hasKey(account, key):
			account.Keys = append(account.Keys, key)
		}
	}
	if account.KeyID == "" { // of an actor that has Multikeys only
		for _, k := range account.Keys {
			if k.PublicKey != "" {
				account.KeyID, account.PublicKey = k.ID, k.PublicKey
				return nil
			}
		}
		return errors.New("it has no public key of its own")
	}
	return nil
}

// withSingleSlashes is a URL whose path has no empty parts: lotide's key of
// /users/1 is //users/1#main-key.
func withSingleSlashes(uri string) string {
	scheme, rest, ok := strings.Cut(uri, "://")
	if !ok {
		return uri
	}
	for strings.Contains(rest, "//") {
		rest = strings.ReplaceAll(rest, "//", "/")
	}
	return scheme + "://" + rest
}

// isNamed reports whether only the id of a key is there, which is a document of its
// own.
func isNamed(k vocab.PublicKey) bool { return k.Owner == "" && k.PEM == "" && k.Multibase == "" }

// hasKey reports whether an account has a key of that id already. The first of
// publicKey does not stand for the same id in assertionMethod.
func hasKey(account *store.Account, key store.AccountKey) bool {
	for _, k := range account.Keys {
		if k.ID == key.ID {
			return true
		}
	}
	return account.KeyID == key.ID && !key.Assertion
}

// pemOf is the text of a key in PEM; "" when it has none, or it is no key that we
// can use.
func pemOf(k vocab.PublicKey) string {
	if k.PEM != "" || k.Multibase == "" {
		return k.PEM
	}
	key, err := signature.ParseMultikey(k.Multibase)
	if err != nil {
		return ""
	}
	text, err := signature.MarshalPublic(key)
	if err != nil {
		return ""
	}
	return text
}

// writeKeys writes an actor's keys: the first as publicKey, which all servers
// read, Multikeys in assertionMethod.
func writeKeys(d vocab.Document, o *vocab.Object) {
	var multikeys []any
	for _, k := range o.PublicKeys {
		switch {
		case k.Assertion:
			multikeys = append(multikeys, vocab.Document{"id": k.ID, "type": "Multikey", "controller": k.Owner, "publicKeyMultibase": k.Multibase})
		case d["publicKey"] == nil:
			d["publicKey"] = vocab.Document{"id": k.ID, "owner": k.Owner, "publicKeyPem": k.PEM}
		}
	}
	if multikeys != nil {
		d["assertionMethod"] = multikeys
	}
}

// The specifications that are declared (FEP-844e): those of its registry that
// are kept here.
const (
	ImplementsMessages = "https://datatracker.ietf.org/doc/html/rfc9421"
	ImplementsEd25519  = ImplementsMessages + "#name-eddsa-using-curve-edwards25"
)

// writeImplemented declares them: of the application that is an actor itself, or
// of the one that made the actor.
func writeImplemented(d vocab.Document, o *vocab.Object) {
	if len(o.Implements) > 0 {
		d["implements"] = implemented()
	}
	if o.Generator != "" {
		d["generator"] = vocab.Document{"type": "Application", "id": o.Generator, "implements": implemented()}
	}
}

func implemented() []any {
	return []any{
		vocab.Document{"type": "Link", "href": ImplementsMessages, "name": "RFC-9421: HTTP Message Signatures"},
		vocab.Document{"type": "Link", "href": ImplementsEd25519, "name": "RFC-9421 signatures using the Ed25519 algorithm"},
	}
}
