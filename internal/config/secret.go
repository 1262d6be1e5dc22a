package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strings"
)

// A setting that can hold a secret (the tag secret:"true") can be given as a
// file instead: NAME_file in TOML, KINGLET_NAME_FILE, --NAME-file, or systemd's
// credential kinglet.NAME. Then the secret is not visible in the environment,
// the unit or the list of processes.

// maxSecretFile limits a secret's file, in bytes.
const maxSecretFile = 64 << 10

// fileKey is the setting that names a file with another one's value.
func fileKey(k Key) Key {
	k.TOML, k.Env, k.Flag, k.fileOf = k.TOML+"_file", k.Env+"_FILE", k.Flag+"-file", k.TOML
	k.Default = ""
	k.Doc = "A file that holds `" + k.fileOf + "`, which only its owner may read (mode 0600). systemd's credential `kinglet." + k.fileOf + "` is found by itself."
	return k
}

func isSecret(f reflect.StructField) bool { return f.Tag.Get("secret") == "true" }

// target returns the setting that a key sets, and its value: the content of its
// file, if it names one. One source must not give both.
func (l *loader) target(k Key, as, value string) (Key, string, error) {
	if !k.secret {
		return k, value, nil
	}
	name := k.TOML
	if k.fileOf != "" {
		name = k.fileOf
	}
	if other, ok := l.given[name]; ok {
		return k, "", &Error{as, k.masked(value), "it is given by " + other + " already: keep one of them"}
	}
	l.given[name] = as
	if k.fileOf == "" {
		return k, value, nil
	}
	secret, err := l.readSecret(strings.TrimSpace(value))
	if err != nil {
		return k, "", &Error{as, value, err.Error()}
	}
	return l.byTOML[name], secret, nil
}

// credentials reads the secrets of systemd's LoadCredential=.
func (l *loader) credentials() error {
	if l.credentialFolder == "" {
		return nil
	}
	for _, k := range Keys() {
		if k.fileOf == "" {
			continue
		}
		path := filepath.Join(l.credentialFolder, "kinglet."+k.fileOf)
		if _, err := os.Stat(path); err != nil {
			continue
		}
		if err := l.set(k, "credential kinglet."+k.fileOf, path); err != nil {
			return err
		}
	}
	return nil
}

// readSecret reads a secret's file. One that others can read is no longer
// secret, and stops the start.
func (l *loader) readSecret(path string) (string, error) {
	for _, variable := range []string{"$CREDENTIALS_DIRECTORY/", "${CREDENTIALS_DIRECTORY}/", "%d/"} {
		if rest, ok := strings.CutPrefix(path, variable); ok && l.credentialFolder != "" {
			path = filepath.Join(l.credentialFolder, rest)
		}
	}
	f, err := os.Open(path)
	if err != nil {
		var pe *fs.PathError
		if errors.As(err, &pe) {
			err = pe.Err
		}
		return "", err
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil {
		return "", err
	}
	if !fi.Mode().IsRegular() {
		return "", errors.New("want a file")
	}
	// systemd stores credentials in a folder of the service's own, and
	// gives the service access with an ACL, which appears as the group's
	// right to read.
	others := fs.FileMode(0o077)
	if l.credentialFolder != "" && filepath.Dir(filepath.Clean(path)) == filepath.Clean(l.credentialFolder) {
		others = 0o037
	}
	if fi.Mode().Perm()&others != 0 {
		return "", fmt.Errorf("others can read the file (mode %04o): chmod 600 it, and change the secret if they may have read it", fi.Mode().Perm())
	}
	b, err := io.ReadAll(io.LimitReader(f, maxSecretFile+1))
	if err != nil {
		return "", err
	}
	secret := strings.TrimSpace(string(b))
	if secret == "" || len(b) > maxSecretFile {
		return "", fmt.Errorf("want a file of 1 to %d bytes", maxSecretFile)
	}
	return secret, nil
}

// checkFileMode refuses a configuration file that holds a secret and that
// others can read.
func (l *loader) checkFileMode(path string) error {
	for _, k := range Keys() {
		if !k.secret || k.fileOf != "" || l.names[k.TOML] != k.TOML+" in "+path {
			continue
		}
		value := reflect.ValueOf(l.config).Elem().FieldByIndex(k.field).String()
		fi, err := os.Stat(path)
		if err == nil && withoutPassword(value) != value && fi.Mode().Perm()&0o077 != 0 {
			return &Error{k.TOML + " in " + path, withoutPassword(value), fmt.Sprintf("it has a password, and others can read the file (mode %04o): chmod 600 it, or use %s_file", fi.Mode().Perm(), k.TOML)}
		}
	}
	return nil
}

// masked is a value as an error may show it.
func (k Key) masked(value string) string {
	if k.secret && k.fileOf == "" {
		return withoutPassword(value)
	}
	return value
}

// withoutPassword is a database URL without its password.
func withoutPassword(value string) string {
	scheme, _, isURL := strings.Cut(value, "://")
	if !isURL {
		return value
	}
	if u, err := url.Parse(value); err == nil && !u.Query().Has("password") && !u.Query().Has("sslpassword") {
		return u.Redacted()
	}
	return scheme + "://…"
}
