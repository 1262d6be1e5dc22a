package vocab

import (
	"fmt"
	"strings"
	"testing"
)

// The forms in which keys come, and what an application implements.
func TestKeys(t *testing.T) {
	for in, want := range map[string]string{
		`{"publicKey":{"id":"k","owner":"o","publicKeyPem":"P"}}`:            "[{k o P  false}]",
		`{"publicKey":[{"id":"k","controller":"o","publicKeyPem":"P"},"l"]}`: "[{k o P  false} {l    false}]",
		`{"publicKey":"k"}`: "[{k    false}]",
		`{"publicKey":{"owner":"o","publicKeyPem":"P"}}`:                                             "[]",
		`{"assertionMethod":{"id":"k","type":"Multikey","controller":"o","publicKeyMultibase":"z"}}`: "[{k o  z true}]",
		`{"assertionMethod":["k"],"publicKey":null}`:                                                 "[{k    true}]",
		`{"assertionMethod":[1,{},[]]}`:                                                              "[]",
		`{"publicKey":[` + strings.Repeat(`"k",`, 20) + `"l"]}`:                                      "[" + strings.TrimSuffix(strings.Repeat("{k    false} ", MaxKeys), " ") + "]",
	} {
		o, err := Parse([]byte(in))
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(o.PublicKeys); got != want && !(want == "[]" && len(o.PublicKeys) == 0) {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
	for in, want := range map[string]string{
		`{"implements":[{"href":"a","name":"A"},{"id":"b"},"c",{}]}`: "[a b c]",
		`{"implements":{"href":"a"}}`:                                "[a]",
		`{"generator":{"type":"Application","implements":["a"]}}`:    "[a]",
		`{"generator":"https://a.test/"}`:                            "[]",
		`{"implements":[` + strings.Repeat(`"a",`, 200) + `"b"]}`:    "[" + strings.TrimSuffix(strings.Repeat("a ", maxImplements), " ") + "]",
	} {
		o, err := Parse([]byte(in))
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(o.Implements); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}
