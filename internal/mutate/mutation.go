package main

import (
	"fmt"
	"strings"
)

// mutation is the removal of one check.
type mutation struct {
	table   string // file of the table
	name    string
	edits   []edit
	target  target
	altered map[string]string // the files' new text, by path
}

// edit replaces lines of a file.
type edit struct {
	path     string
	old, new []string
}

// target is the test that is expected to fail.
type target struct{ pkg, test string }

// parseTable parses a file of the table:
//
//	== name
//	file PATH
//	- old line
//	+ new line
//	test PACKAGE REGEXP
//
// A mutation may change several files, and a file in several places, each with
// a line "file" of its own.
func parseTable(table, text string) ([]mutation, error) {
	var all []mutation
	for i, line := range strings.Split(text, "\n") {
		fail := func(why string) error { return fmt.Errorf("%s:%d: %s: %q", table, i+1, why, line) }
		if name, ok := strings.CutPrefix(line, "== "); ok {
			all = append(all, mutation{table: table, name: name})
			continue
		}
		if strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if len(all) == 0 {
			return nil, fail("a line before the first ==")
		}
		m := &all[len(all)-1]
		if path, ok := strings.CutPrefix(line, "file "); ok {
			m.edits = append(m.edits, edit{path: path})
			continue
		}
		if rest, ok := strings.CutPrefix(line, "test "); ok {
			pkg, test, ok := strings.Cut(rest, " ")
			if !ok || m.target.pkg != "" {
				return nil, fail("want one line: test PACKAGE REGEXP")
			}
			m.target = target{pkg, test}
			continue
		}
		if len(m.edits) == 0 {
			return nil, fail("a line before its file")
		}
		e := &m.edits[len(m.edits)-1]
		switch old, isOld := cutMark(line, "-"); {
		case isOld:
			e.old = append(e.old, old)
		default:
			added, ok := cutMark(line, "+")
			if !ok {
				return nil, fail("neither ==, file, -, + nor test")
			}
			e.new = append(e.new, added)
		}
	}
	for _, m := range all {
		if len(m.edits) == 0 || m.target.pkg == "" {
			return nil, fmt.Errorf("%s: %s: has no file or no test", table, m.name)
		}
	}
	return all, nil
}

// cutMark removes the mark and the space after it from a line.
func cutMark(line, mark string) (string, bool) {
	if line == mark {
		return "", true
	}
	return strings.CutPrefix(line, mark+" ")
}

// mutate returns the altered text of each file; an error when the code does not
// match the table any more.
func (m mutation) mutate(read func(path string) ([]byte, error)) (map[string]string, error) {
	files := map[string]string{}
	for _, e := range m.edits {
		text, ok := files[e.path]
		if !ok {
			b, err := read(e.path)
			if err != nil {
				return nil, err
			}
			text = "\n" + string(b)
		}
		old, with := "\n"+strings.Join(e.old, "\n")+"\n", "\n"
		if len(e.new) > 0 {
			with = "\n" + strings.Join(e.new, "\n") + "\n"
		}
		if len(e.old) == 0 || strings.Count(text, old) != 1 {
			return nil, fmt.Errorf("%s has the old lines %d times, want once", e.path, strings.Count(text, old))
		}
		files[e.path] = strings.Replace(text, old, with, 1)
	}
	for path, text := range files {
		files[path] = text[1:]
	}
	return files, nil
}
