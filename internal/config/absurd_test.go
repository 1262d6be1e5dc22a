package config

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"time"
)

// Every setting, given every absurd value by every way, is refused in one line
// or gives settings that can be used.
func TestAbsurdValues(t *testing.T) {
	values := []string{"", " ", ",", "-1", "0", "1", "00", "99999999999999999999", "1e400", "NaN", "NaNd", "infd", "-1d", "1e300d", "300000d", "::", "://", "/", ".", "..",
		"@", "a\x00b", "\x1b[31m", "\xff", "%", "%zz", "💥", "true", "yes", "9999", "0o777777", "unix:", "unix:/", ":", ":0", ":99999", "*", "postgres://", "http://", "https://", "https://[", "0/0s", "1/0s",
		strings.Repeat("x", 100_000), strings.Repeat("en,", 3_000)}
	for _, k := range Keys() {
		for _, v := range values {
			for way, src := range map[string]Sources{
				"environment": {Environ: []string{"KINGLET_DOMAIN=example.org", k.Env + "=" + v}},
				"flag":        {Environ: []string{"KINGLET_DOMAIN=example.org"}, Flags: map[string]string{k.Flag: v}},
			} {
				src.NeedDomain = true
				c, err := withoutDefaultFile(src)
				if err != nil {
					var e *Error
					if !errors.As(err, &e) || strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), k.Env) && !strings.Contains(err.Error(), "--"+k.Flag) && k.Env != "KINGLET_DOMAIN" {
						t.Errorf("%s=%.20q by %s: %.200q", k.TOML, v, way, err)
					}
					continue
				}
				if what := unusable(c); what != "" {
					t.Errorf("%s=%.20q by %s was taken: %s", k.TOML, v, way, what)
				}
			}
		}
	}
}

// unusable says what is wrong with settings that were taken.
func unusable(c *Config) string {
	switch {
	case c.Domain == "" || strings.ContainsAny(c.Domain, " /@\x00") || strings.HasPrefix(c.Domain, ":"):
		return "domain " + c.Domain
	case !strings.HasPrefix(c.URL, "http") || c.Host() == "" || c.Title == "" || c.Database == "":
		return "url, title or database"
	case len(c.Languages) == 0 || len(c.Languages[0]) < 2:
		return "languages"
	case c.ListenMode&^fs.FileMode(0o777) != 0:
		return "listen_mode"
	case c.MaxPostCharacters <= 0 || c.MaxPinned <= 0 || c.MaxMediaBytes <= 0 || c.MaxMediaBytes+1<<20 < 0 || c.Retention.HomeFeed <= 0 || c.Retention.FederationLogRows <= 0 || c.MinFreeBytes <= 0:
		return "a number"
	}
	for _, d := range []time.Duration{c.Retention.IdempotencyKeys, c.Retention.Sessions, c.Retention.Deliveries, c.Retention.DeadJobs, c.Retention.FederationLog} {
		if d <= 0 || d > 101*365*24*time.Hour {
			return "a time " + d.String()
		}
	}
	return ""
}

func TestRefusedValues(t *testing.T) {
	for _, set := range []string{
		"KINGLET_LANGUAGES=", "KINGLET_LANGUAGES= , ", "KINGLET_LANGUAGES=e", "KINGLET_LANGUAGES=en,javascript:", "KINGLET_LISTEN=", "KINGLET_DATABASE=",
		"KINGLET_LISTEN_MODE=rw", "KINGLET_LISTEN_MODE=1777", "KINGLET_LISTEN_MODE=888", "KINGLET_CREATE=", "KINGLET_CREATE=maybe", "KINGLET_RETENTION_SESSIONS=infd",
		"KINGLET_RETENTION_SESSIONS=1e300d", "KINGLET_RETENTION_SESSIONS=NaNd", "KINGLET_RETENTION_SESSIONS=100000d", "KINGLET_RETENTION_SESSIONS=2000000h", "KINGLET_MAX_PINNED=9999999999", "KINGLET_MAX_MEDIA_BYTES=9223372036854775807",
		"KINGLET_SOURCE_URL=javascript:alert(1)", "KINGLET_CONTACT_EMAIL=me", "KINGLET_TITLE=a\x00b", "KINGLET_DOMAIN=.", "KINGLET_DOMAIN=:80", "KINGLET_DOMAIN=a b.test",
	} {
		if _, err := withoutDefaultFile(Sources{Environ: []string{"KINGLET_URL=https://example.org", set}}); err == nil || !strings.Contains(err.Error(), strings.SplitN(set, "=", 2)[0]) {
			t.Errorf("%q: %v", set, err)
		}
	}
}

func TestModesAndSwitches(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		src  Sources
		mode fs.FileMode
	}{
		{Sources{}, 0o660},
		{Sources{Environ: []string{"KINGLET_LISTEN_MODE=0600"}}, 0o600},
		{Sources{Flags: map[string]string{"listen-mode": "666"}}, 0o666},
		{Sources{File: write(t, dir, "a.toml", "listen_mode = \"0666\"\n", 0o644)}, 0o666},
		{Sources{File: write(t, dir, "b.toml", "listen_mode = 0o666\n", 0o644)}, 0o666},
	} {
		got, err := withoutDefaultFile(c.src)
		if err != nil || got.ListenMode != c.mode || !got.Create || !got.MigrateAtStart || !got.TrustSocket {
			t.Errorf("%v %+v", err, got)
		}
	}
	got, err := Load(Sources{File: write(t, dir, "c.toml", "create = false\nmigrate_at_start = false\n", 0o644), Flags: map[string]string{"trust-socket": "false"}})
	if err != nil || got.Create || got.MigrateAtStart || got.TrustSocket {
		t.Errorf("%v %+v", err, got)
	}
}
