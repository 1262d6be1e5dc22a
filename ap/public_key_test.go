package ap_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"kinglet/ap"
	"kinglet/ap/signature"
)

// A public key is found by its text alone: another text is another key, what is no
// key is none the second time either, and many don't fill the memory.
func TestPublicKeys(t *testing.T) {
	var texts []string
	for range 2 {
		key, err := signature.GenerateKey()
		if err != nil {
			t.Fatal(err)
		}
		text, err := signature.MarshalPublic(&key.PublicKey)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, text)
	}
	keys := &ap.PublicKeys{}
	for range 2 {
		for _, text := range texts {
			want, err := signature.ParsePublic(text)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := keys.Parse(text); err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%v %v", got, err)
			}
		}
		if _, err := keys.Parse("no key"); err == nil {
			t.Error("what is no key is one")
		}
	}
	if n := keys.Len(); n != 2 {
		t.Errorf("%d are in memory", n)
	}
	for i := range ap.MaxPublicKeys + 10 { // the same key in other texts
		if _, err := keys.Parse(fmt.Sprint(strings.TrimSpace(texts[0]), strings.Repeat("\n", i+2))); err != nil {
			t.Fatal(err)
		}
	}
	if n := keys.Len(); n < 1 || n > ap.MaxPublicKeys {
		t.Errorf("%d are in memory", n)
	}
}
