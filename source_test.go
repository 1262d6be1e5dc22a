package main

import (
	"archive/tar"
	"compress/gzip"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The source code that a server hands out is the whole module: everything in
// the tree that Go reads, and nothing of a folder that may hold settings.
func TestSourceCode(t *testing.T) {
	t.Parallel()
	n := newNode(t, "")
	resp, err := http.Get(n.url + "/source.tar.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	z, err := gzip.NewReader(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		_, name, _ := strings.Cut(h.Name, "/")
		if strings.HasPrefix(name, "deploy/") || strings.HasPrefix(name, ".") || strings.HasSuffix(name, ".db") {
			t.Errorf("it has %s", name)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	err = filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if hidden := strings.HasPrefix(path, ".") && path != "."; d.IsDir() && hidden {
			return filepath.SkipDir
		}
		if !d.IsDir() && strings.HasSuffix(path, ".go") {
			if _, err := os.Stat(filepath.Join(dir, path)); err != nil {
				t.Errorf("it lacks %s", path)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	// What is embedded (templates, migrations) is there as well, or this fails.
	list := exec.CommandContext(t.Context(), "go", "list", "-test", "./...")
	list.Dir = dir
	if out, err := list.CombinedOutput(); err != nil {
		t.Errorf("Go does not read it: %v: %s", err, out)
	}
}
