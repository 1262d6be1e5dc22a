package auth

import (
	"strings"
	"testing"
)

func TestPasswords(t *testing.T) {
	hash := hashPassword("correct horse")
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("the hash is %s", hash)
	}
	if hash == hashPassword("correct horse") {
		t.Error("two hashes have the same salt")
	}
	for _, c := range []struct {
		name, hash, password string
		want                 bool
	}{
		{"right", hash, "correct horse", true},
		{"wrong", hash, "correct house", false},
		{"empty", hash, "", false},
		{"no hash", "", "", false},
		{"no hash of a deleted account", "", "correct horse", false},
		{"another kind", "$2b$12$abcdefghijklmnopqrstuv", "correct horse", false},
		{"cut off", hash[:len(hash)-2], "correct horse", false},
		{"without a key", hash[:strings.LastIndex(hash, "$")+1], "", false},
		{"of another version", strings.Replace(hash, "v=19", "v=16", 1), "correct horse", false},
		{"with too much memory", strings.Replace(hash, "m=19456", "m=99999999", 1), "correct horse", false},
		{"with other parameters", strings.Replace(hash, "t=2", "t=3", 1), "correct horse", false},
	} {
		if got := verifyPassword(c.hash, c.password); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

func TestSecrets(t *testing.T) {
	a, b := NewSecret(), NewSecret()
	if a == b || len(a) != 43 {
		t.Errorf("%s %s", a, b)
	}
	// SHA-256 of "abc" (FIPS 180-2, B.1) in base64url.
	if got := HashSecret("abc"); got != "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0" {
		t.Errorf("the hash is %s", got)
	}
}
