// Package vocabtest compares documents that we send with files that are
// reviewed like code.
package vocabtest

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"kinglet/ap/vocab"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// Golden checks that each document is one that we could read, and is byte for
// byte testdata/NAME.json of the package under test; `go test -update` rewrites
// those.
func Golden(t *testing.T, documents map[string]json.RawMessage) {
	t.Helper()
	for name, doc := range documents {
		path := filepath.Join("testdata", name+".json")
		if _, err := vocab.Parse(doc); err != nil {
			t.Errorf("%s: we could not read it ourselves: %v", name, err)
		}
		if *update {
			if err := os.WriteFile(path, append(doc, '\n'), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil || string(want) != string(doc)+"\n" {
			t.Errorf("%s is not as %s says (%v):\n%s", name, path, err, doc)
		}
	}
}
