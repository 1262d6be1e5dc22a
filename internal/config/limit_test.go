package config

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestLimitsAreSettings(t *testing.T) {
	file := filepath.Join(t.TempDir(), "k.toml")
	os.WriteFile(file, []byte("[limits]\npages = \"10/1m\"\n"), 0o600)
	c, err := Load(Sources{File: file, Environ: []string{"KINGLET_LIMITS_SIGN_IN=5/1d"}})
	if err != nil {
		t.Fatal(err)
	}
	if c.Limits.Pages != (RateLimit{10, time.Minute}) || c.Limits.SignIn != (RateLimit{5, 24 * time.Hour}) || c.Limits.Account != (RateLimit{1500, 5 * time.Minute}) {
		t.Errorf("got %+v", c.Limits)
	}
}
