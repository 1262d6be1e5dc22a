package config

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite docs/CONFIGURATION.md")

func TestDocument(t *testing.T) {
	path := "../../docs/CONFIGURATION.md"
	if *update {
		if err := os.WriteFile(path, []byte(Document()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(path)
	if err != nil || string(b) != Document() {
		t.Errorf("%s is not what the settings say (%v): go test ./internal/config -update", path, err)
	}
}

func TestSourcesByPrecedence(t *testing.T) {
	file := filepath.Join(t.TempDir(), "k.toml")
	os.WriteFile(file, []byte("domain = \"file.test\"\ntitle = \"file\"\nlisten = \":1\"\n[retention]\nsessions = \"2d\"\n"), 0o600)
	c, err := Load(Sources{
		File:       file,
		Environ:    []string{"KINGLET_DOMAIN=env.test", "KINGLET_TITLE=env", "OTHER=1", "KINGLET_ALLOW_NETWORKS=127.0.0.0/8 10.0.0.1"},
		Flags:      map[string]string{"title": "flag"},
		NeedDomain: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	if c.Domain != "env.test" || c.Title != "flag" || c.Listen != ":1" || c.Database != "kinglet.db" || c.URL != "https://env.test" ||
		c.Retention.Sessions.Hours() != 48 || len(c.AllowNetworks) != 2 || c.AllowNetworks[1].Bits() != 32 {
		t.Errorf("got %+v", c)
	}
}

func TestWrongSettingsNameKeyValueAndWhatIsRight(t *testing.T) {
	file := filepath.Join(t.TempDir(), "k.toml")
	os.WriteFile(file, []byte("domian = \"a.test\"\n"), 0o600)
	for _, c := range []struct {
		name string
		src  Sources
		want []string
	}{
		{"no domain", Sources{NeedDomain: true}, []string{"KINGLET_DOMAIN", "example.org"}},
		{"listen", Sources{Environ: []string{"KINGLET_LISTEN=foo"}}, []string{"KINGLET_LISTEN", `"foo"`, "host:port"}},
		{"flag", Sources{Flags: map[string]string{"listen": "unix:x"}}, []string{"--listen", `"unix:x"`, "unix:/path"}},
		{"http", Sources{Environ: []string{"KINGLET_URL=http://example.org"}}, []string{"KINGLET_URL", "https://"}},
		{"path", Sources{Environ: []string{"KINGLET_URL=https://example.org/x"}}, []string{"KINGLET_URL", "without a path"}},
		{"database", Sources{Environ: []string{"KINGLET_DATABASE=mysql://x"}}, []string{"KINGLET_DATABASE", "mysql", "postgres://"}},
		{"network", Sources{Environ: []string{"KINGLET_ALLOW_NETWORKS=localhost"}}, []string{"KINGLET_ALLOW_NETWORKS", "127.0.0.0/8"}},
		{"limit", Sources{Environ: []string{"KINGLET_LIMITS_PAGES=600"}}, []string{"KINGLET_LIMITS_PAGES", `"600"`, "600/5m"}},
		{"unknown environment", Sources{Environ: []string{"KINGLET_DOMIAN=x"}}, []string{"KINGLET_DOMIAN", "KINGLET_DOMAIN?"}},
		{"unknown key", Sources{File: file}, []string{"domian", "did you mean domain?"}},
		{"number", Sources{Environ: []string{"KINGLET_MAX_PINNED=-1"}}, []string{"KINGLET_MAX_PINNED", "-1", "over 0"}},
		{"time", Sources{Flags: map[string]string{"retention-sessions": "soon"}}, []string{"--retention-sessions", "soon", "30d"}},
		{"no file", Sources{File: "/nowhere/k.toml"}, []string{"/nowhere/k.toml", "no such file"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := withoutDefaultFile(c.src)
			if err == nil {
				t.Fatal("it was taken")
			}
			for _, w := range c.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("%q does not say %q", err, w)
				}
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("%q is more than a line", err)
			}
		})
	}
}

func TestIsOwn(t *testing.T) {
	c := &Config{Domain: "example.org", URL: "https://social.example.org"}
	loop := &Config{Domain: "127.0.0.1:8081", URL: "http://127.0.0.1:8081"}
	for _, x := range []struct {
		c    *Config
		uri  string
		want bool
	}{
		{c, "https://social.example.org/users/a", true},
		{c, "https://example.org/x", true},
		{c, "HTTPS://SOCIAL.Example.ORG:443/users/a", true},
		{c, "https://social.example.org.:8443/users/a", true},
		{c, "http://user:pw@social.example.org/", true},
		{c, "https://social%2Eexample.org/", true},
		{c, "https://ｓocial.example.org/", true},
		{c, "https://social.example.org.evil.test/", false},
		{c, "https://evil.test/?https://social.example.org/", false},
		{c, "acct:a@example.org", false},
		{loop, "http://127.0.0.1:8081/users/a", true},
		{loop, "http://127.0.0.1:8082/users/a", false},
	} {
		if got := x.c.IsOwn(x.uri); got != x.want {
			t.Errorf("IsOwn(%s) = %v", x.uri, got)
		}
	}
}

func FuzzIsOwn(f *testing.F) {
	c := &Config{Domain: "example.org", URL: "https://social.example.org"}
	f.Add("https://social.example.org")
	f.Fuzz(func(t *testing.T, s string) { c.IsOwn(s) })
}

// withoutDefaultFile is Load, without the settings of the machine that tests
// run on.
func withoutDefaultFile(src Sources) (*Config, error) {
	if src.File == "" {
		src.File = os.DevNull
	}
	return Load(src)
}
