package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const secretURL = "postgres://kinglet:hunter2@db.test/kinglet"

// write makes a file and gives its path.
func write(t *testing.T, dir, name, content string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestSecretsFromFiles(t *testing.T) {
	dir := t.TempDir()
	good := write(t, dir, "db", secretURL+"\n", 0o600)
	credentials := t.TempDir()
	write(t, credentials, "kinglet.database", secretURL, 0o440) // as systemd's ACL shows
	other := write(t, credentials, "other", secretURL, 0o400)
	for _, c := range []struct {
		name string
		src  Sources
	}{
		{"environment", Sources{Environ: []string{"KINGLET_DATABASE_FILE=" + good}}},
		{"read-only", Sources{Environ: []string{"KINGLET_DATABASE_FILE=" + other}}},
		{"flag", Sources{Flags: map[string]string{"database-file": good}}},
		{"TOML", Sources{File: write(t, dir, "a.toml", "database_file = \""+good+"\"\n", 0o644)}},
		{"credential", Sources{Environ: []string{"CREDENTIALS_DIRECTORY=" + credentials}}},
		{"a credential's path", Sources{Environ: []string{"CREDENTIALS_DIRECTORY=" + credentials, "KINGLET_DATABASE_FILE=$CREDENTIALS_DIRECTORY/other"}}},
		{"flag over environment", Sources{Environ: []string{"KINGLET_DATABASE=x.db"}, Flags: map[string]string{"database-file": good}}},
		{"environment over file", Sources{File: write(t, dir, "b.toml", "database = \"x.db\"\n", 0o644), Environ: []string{"KINGLET_DATABASE_FILE=" + good}}},
		{"private TOML", Sources{File: write(t, dir, "c.toml", "database = \""+secretURL+"\"\n", 0o600)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if strings.HasPrefix(c.name, "a credential") { // both are there: only one may be meant
				os.Rename(filepath.Join(credentials, "kinglet.database"), filepath.Join(credentials, "gone"))
			}
			got, err := withoutDefaultFile(c.src)
			if err != nil || got.Database != secretURL {
				t.Errorf("%v, %+v", err, got)
			}
		})
	}
}

func TestSecretsThatOthersCanRead(t *testing.T) {
	dir := t.TempDir()
	credentials := t.TempDir()
	write(t, credentials, "kinglet.database", secretURL, 0o444)
	for _, c := range []struct {
		name, want string
		src        Sources
	}{
		{"world", "others can read the file (mode 0644)", Sources{Environ: []string{"KINGLET_DATABASE_FILE=" + write(t, dir, "1", secretURL, 0o644)}}},
		{"group", "others can read the file (mode 0640)", Sources{Environ: []string{"KINGLET_DATABASE_FILE=" + write(t, dir, "2", secretURL, 0o640)}}},
		{"others write", "(mode 0602)", Sources{Environ: []string{"KINGLET_DATABASE_FILE=" + write(t, dir, "3", secretURL, 0o602)}}},
		{"credential", "(mode 0444)", Sources{Environ: []string{"CREDENTIALS_DIRECTORY=" + credentials}}},
		{"config file", "others can read the file (mode 0644)", Sources{File: write(t, dir, "4.toml", "database = \""+secretURL+"\"\n", 0o644)}},
		{"absent", "no such file", Sources{Environ: []string{"KINGLET_DATABASE_FILE=" + dir + "/5"}}},
		{"empty", "want a file of 1", Sources{Environ: []string{"KINGLET_DATABASE_FILE=" + write(t, dir, "6", "\n", 0o600)}}},
		{"folder", "want a file", Sources{Environ: []string{"KINGLET_DATABASE_FILE=" + dir}}},
		{"both", "KINGLET_DATABASE", Sources{Environ: []string{"KINGLET_DATABASE=" + secretURL, "KINGLET_DATABASE_FILE=" + write(t, dir, "7", secretURL, 0o600)}}},
		{"wrong inside", "want a file path or postgres://", Sources{Environ: []string{"KINGLET_DATABASE_FILE=" + write(t, dir, "8", "mysql://a:hunter2@b", 0o600)}}},
		{"wrong URL", "mysql", Sources{Environ: []string{"KINGLET_DATABASE=mysql://a:hunter2@b"}}},
		{"misspelt", "there is no such setting", Sources{Environ: []string{"KINGLET_DATABSE=" + secretURL}}},
		{"password as parameter", "want a file path", Sources{Environ: []string{"KINGLET_DATABASE=mysql:///x?password=hunter2"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := withoutDefaultFile(c.src)
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "\n") {
				t.Errorf("%v", err)
			}
		})
	}
}
