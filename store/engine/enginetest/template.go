package enginetest

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Template is a database that is filled once in the life of a test process, on
// each engine, and copied for each test: a copy takes a fraction of the time of
// the migrations.
type Template struct {
	sqlite   func() ([]byte, error) // the file
	postgres func() (string, error) // the database's name
}

// NewTemplate makes a template that fill fills, leaving no connection open.
// fill is called with a new database at the first use.
func NewTemplate(fill func(database string) error) *Template {
	return &Template{
		sync.OnceValues(func() ([]byte, error) { return fillFile(fill) }),
		sync.OnceValues(func() (string, error) { return fillDatabase(fill) }),
	}
}

// SQLitePath is a copy on SQLite.
func (tpl *Template) SQLitePath(t testing.TB) string { return tpl.SQLiteFile(t, Folder(t)) }

// SQLiteFile copies the SQLite template into a folder and returns its path.
func (tpl *Template) SQLiteFile(t testing.TB, dir string) string {
	t.Helper()
	file, err := tpl.sqlite()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "kinglet.db")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// PostgresURL is a copy on PostgreSQL.
func (tpl *Template) PostgresURL(t testing.TB) string {
	t.Helper()
	if _, err := startServer(); err != nil {
		return create(t, "") // which says so
	}
	name, err := tpl.postgres()
	if err != nil {
		t.Fatal(err)
	}
	return create(t, name)
}

// Each runs a test in parallel on a copy on each engine. It must be the last
// call of a test.
func (tpl *Template) Each(t *testing.T, run func(t *testing.T, database string)) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) { t.Parallel(); run(t, tpl.SQLitePath(t)) })
	t.Run("postgres", func(t *testing.T) { t.Parallel(); run(t, tpl.PostgresURL(t)) })
}

func fillFile(fill func(database string) error) ([]byte, error) {
	dir, err := os.MkdirTemp("", "kinglet-template-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "kinglet.db")
	if err := fill(path); err != nil {
		return nil, fmt.Errorf("fill the template: %w", err)
	}
	if fi, err := os.Stat(path + "-wal"); err == nil && fi.Size() > 0 {
		return nil, fmt.Errorf("fill the template: it is still open")
	}
	return os.ReadFile(path)
}

func fillDatabase(fill func(database string) error) (string, error) {
	s, err := startServer()
	if err != nil {
		return "", err
	}
	s.dropOldTemplates()
	name, err := s.create("")
	if err != nil {
		return "", err
	}
	if err := fill(s.urlOf(name)); err != nil {
		_ = s.run("DROP DATABASE " + name + " WITH (FORCE)")
		return "", fmt.Errorf("fill the template: %w", err)
	}
	template := templatePrefix + strings.TrimPrefix(name, "kinglet_")
	return template, s.run("ALTER DATABASE " + name + " RENAME TO " + template)
}

const templatePrefix = "kinglet_template_"

// oldTemplate is longer than any test process runs.
const oldTemplate = 2 * time.Hour

// dropOldTemplates is for a server that outlives the test processes, which have
// no end at which they could drop their own.
func (s *server) dropOldTemplates() {
	rows, err := s.db.Query(`SELECT datname FROM pg_database WHERE datname LIKE 'kinglet\_template\_%'`)
	if err != nil {
		return
	}
	defer rows.Close()
	var old []string
	for rows.Next() {
		var name string
		if rows.Scan(&name) != nil {
			return
		}
		// The name ends with process, nanoseconds and number: see create.
		parts := strings.Split(strings.TrimPrefix(name, templatePrefix), "_")
		if len(parts) != 3 {
			continue
		}
		made, err := strconv.ParseInt(parts[1], 10, 64)
		if err == nil && time.Since(time.Unix(0, made)) > oldTemplate {
			old = append(old, name)
		}
	}
	for _, name := range old {
		_ = s.run("DROP DATABASE IF EXISTS " + name)
	}
}
