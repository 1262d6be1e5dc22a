package object

import (
	"fmt"
	"strings"
	"testing"

	"kinglet/ap/vocab"
	"kinglet/store"
)

// Which of an actor's keys are its own, and which is its first.
func TestKeysOf(t *testing.T) {
	const (
		bob   = "https://b.test/users/bob"
		multi = "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"
	)
	first := vocab.PublicKey{ID: bob + "#main-key", Owner: bob, PEM: "PEM"}
	for _, c := range []struct {
		name string
		keys []vocab.PublicKey
		want string // the first, and the others: those that are named only in brackets
	}{
		{"none", nil, ""},
		{"one", []vocab.PublicKey{first}, "#main-key"},
		{"two", []vocab.PublicKey{first, {ID: bob + "#2", Owner: bob, PEM: "2"}}, "#main-key #2"},
		{"one twice", []vocab.PublicKey{first, first}, "#main-key"},
		{"a Multikey first", []vocab.PublicKey{{ID: bob + "#ed", Owner: bob, Multibase: multi, Assertion: true}, first}, "#main-key #ed"},
		{"Multikeys only", []vocab.PublicKey{{ID: bob + "#ed", Owner: bob, Multibase: multi, Assertion: true}}, "#ed #ed"},
		{"one that is none", []vocab.PublicKey{first, {ID: bob + "#ed", Owner: bob, Multibase: "z1", Assertion: true}}, "#main-key"},
		{"one for both", []vocab.PublicKey{first, {ID: first.ID, Owner: bob, Multibase: multi, Assertion: true}}, "#main-key #main-key"},
		{"named only", []vocab.PublicKey{first, {ID: "https://b.test/keys/1"}}, "#main-key (https://b.test/keys/1)"},
		{"named, of another host", []vocab.PublicKey{first, {ID: "https://c.test/keys/1"}}, "#main-key"},
		{"another's", []vocab.PublicKey{first, {ID: bob + "#2", Owner: bob + "2", PEM: "2"}}, "#main-key"},
		{"nobody's", []vocab.PublicKey{first, {ID: bob + "#2", PEM: "2"}}, "#main-key"},
		{"in a neighbour's document", []vocab.PublicKey{{ID: bob + "2#main-key", Owner: bob, PEM: "2"}}, ""},
		{"too long", []vocab.PublicKey{first, {ID: bob + "#2", Owner: bob, PEM: strings.Repeat("x", maxPEM)}}, "#main-key"},
		{"a first one too long", []vocab.PublicKey{{ID: bob + "#2", Owner: bob, PEM: strings.Repeat("x", maxFirstPEM)}, first}, "#main-key"},
	} {
		var account store.Account
		err := keysOf(&account, &vocab.Object{ID: bob, PublicKeys: c.keys})
		got := strings.TrimPrefix(account.KeyID, bob)
		for _, k := range account.Keys {
			if k.PublicKey == "" {
				got += fmt.Sprintf(" (%s)", k.ID)
			} else {
				got += " " + strings.TrimPrefix(k.ID, bob)
			}
		}
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s: %q, %v, want %q", c.name, got, err, c.want)
		}
	}
}
