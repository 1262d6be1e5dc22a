package main

import (
	"errors"
	"testing"
)

func TestParseTable(t *testing.T) {
	all, err := parseTable("a.txt", "# a remark\n\n== one\nfile x.go\n- \tif bad {\n- \t}\n+ \tif false {\n+ \t}\ntest ./x ^TestX$/^a$\n\n== two\nfile y.go\n- gone\nfile z.go\n- old\n+ new\ntest . TestY\n")
	if err != nil || len(all) != 2 {
		t.Fatalf("%v, %v", all, err)
	}
	if m := all[0]; m.name != "one" || m.target != (target{"./x", "^TestX$/^a$"}) || m.edits[0].old[0] != "\tif bad {" || len(m.edits[0].new) != 2 {
		t.Errorf("read %+v", m)
	}
	if m := all[1]; len(m.edits) != 2 || m.edits[0].new != nil {
		t.Errorf("read %+v", m)
	}
	for _, bad := range []string{"file x.go\n", "== a\n- x\ntest . T\n", "== a\nfile x\n? y\ntest . T\n", "== a\nfile x\n- y\n", "== a\nfile x\n- y\ntest .\n"} {
		if _, err := parseTable("a.txt", bad); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}

func TestMutate(t *testing.T) {
	read := func(path string) ([]byte, error) {
		if path != "x.go" {
			return nil, errors.New("no such file")
		}
		return []byte("first\nsame\nsame\nlast\n"), nil
	}
	for _, c := range []struct {
		name, path string
		old, new   []string
		want       string
	}{
		{"a line", "x.go", []string{"first"}, []string{"1", "2"}, "1\n2\nsame\nsame\nlast\n"},
		{"taken away", "x.go", []string{"same", "last"}, nil, "first\nsame\n"},
		{"not there", "x.go", []string{"fir"}, nil, ""},
		{"nothing", "x.go", nil, []string{"more"}, ""},
		{"no file", "y.go", []string{"first"}, nil, ""},
	} {
		got, err := mutation{edits: []edit{{c.path, c.old, c.new}}}.mutate(read)
		if got["x.go"] != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s: %q, %v; want %q", c.name, got["x.go"], err, c.want)
		}
	}
}

func TestAnyMatch(t *testing.T) {
	names := []string{"TestA", "TestA/one", "TestB"}
	for run, want := range map[string]bool{"TestA": true, "^TestA$/^one$": true, "^TestA$/^on$": false, "^Test$": false, "TestB/x": false} {
		if anyMatch(run, names) != want {
			t.Errorf("anyMatch(%q) = %v", run, !want)
		}
	}
}
