package mastodon

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"
)

var rewrite = flag.Bool("update", false, "rewrite the list in docs/API.md")

// docs/API.md lists what answers 501: a line a path, with its verbs.
func TestDocumentOfUnimplemented(t *testing.T) {
	verbs := map[string][]string{}
	var paths []string
	for _, e := range Unimplemented {
		if verbs[e.Path] == nil {
			paths = append(paths, e.Path)
		}
		if slices.Contains(verbs[e.Path], e.Method) {
			t.Errorf("%s %s is listed twice", e.Method, e.Path)
		}
		verbs[e.Path] = append(verbs[e.Path], e.Method)
	}
	slices.Sort(paths)
	var list strings.Builder
	for _, p := range paths {
		list.WriteString("| `" + p + "` | " + strings.Join(verbs[p], ", ") + " |\n")
	}
	const file, begin, end = "../../docs/API.md", "| path | verbs |\n| --- | --- |\n", "\n<!-- end of the list -->"
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(b), begin)
	old, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatalf("%s has no list of what is not there yet", file)
	}
	if *rewrite {
		err = os.WriteFile(file, []byte(before+begin+list.String()+end+after), 0o644)
	} else if old != list.String() {
		t.Errorf("%s does not list what is unimplemented: go test ./api/mastodon -update", file)
	}
	if err != nil {
		t.Fatal(err)
	}
}
