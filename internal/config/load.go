package config

import (
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"reflect"
	"sort"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/BurntSushi/toml"
)

// Sources are where settings are read from. The zero value of a field leaves
// that source out.
type Sources struct {
	// Flags are values given on the command line, by flag name (see Keys).
	Flags map[string]string
	// Environ is the environment, as os.Environ gives it.
	Environ []string
	// File is a TOML file to read; "" looks for kinglet.toml here and then
	// in /etc/kinglet, both optional.
	File string
	// OnlyNamed looks nowhere: a file is read only if it is named.
	OnlyNamed bool
	// Defaults replace the settings' own defaults, by TOML name.
	Defaults map[string]string
	// NeedDomain makes a missing domain an error.
	NeedDomain bool
}

// Key is one setting: toml name (with its section), and where it is set.
type Key struct {
	TOML, Env, Flag string
	Default, Doc    string
	field           []int
	secret          bool   // it can hold a secret, or names a file that does
	fileOf          string // the setting whose value is in the file that this one names
}

// Keys lists every setting in the order of the struct.
func Keys() []Key { return keysOf(reflect.TypeFor[Config](), "", nil) }

func keysOf(t reflect.Type, section string, at []int) []Key {
	var out []Key
	for i := range t.NumField() {
		f := t.Field(i)
		if !f.IsExported() {
			continue
		}
		name := f.Tag.Get("toml")
		index := append(append([]int{}, at...), i)
		if f.Type.Kind() == reflect.Struct && f.Tag.Get("doc") == "" {
			out = append(out, keysOf(f.Type, section+name+".", index)...)
			continue
		}
		full := section + name
		k := Key{
			TOML:    full,
			Env:     "KINGLET_" + strings.ToUpper(strings.ReplaceAll(full, ".", "_")),
			Flag:    strings.NewReplacer("_", "-", ".", "-").Replace(full),
			Default: f.Tag.Get("default"), Doc: f.Tag.Get("doc"), field: index, secret: isSecret(f),
		}
		out = append(out, k)
		if k.secret {
			out = append(out, fileKey(k))
		}
	}
	return out
}

// Error is a wrong setting: its name as it was written, the value, and what is
// expected. It is one line.
type Error struct{ Key, Value, Want string }

func (e *Error) Error() string { return fmt.Sprintf("%s %q: %s", e.Key, e.Value, e.Want) }

// Load reads the settings: defaults, then the file, then the environment, then
// the flags, later ones overriding earlier ones; then checks them. An unknown
// key anywhere is an error, as is an invalid value.
func Load(src Sources) (*Config, error) {
	c := &Config{}
	names := map[string]string{} // toml name → as the user wrote it
	l := loader{config: c, names: names, byTOML: map[string]Key{}, byEnv: map[string]Key{}, byFlag: map[string]Key{}}
	for _, e := range src.Environ {
		if v, ok := strings.CutPrefix(e, "CREDENTIALS_DIRECTORY="); ok {
			l.credentialFolder = v
		}
	}
	l.given = map[string]string{}
	for _, k := range Keys() {
		l.byTOML[k.TOML], l.byEnv[k.Env], l.byFlag[k.Flag] = k, k, k
		names[k.TOML] = k.TOML
		def := k.Default
		if d, ok := src.Defaults[k.TOML]; ok {
			def = d
		}
		l.given = map[string]string{}
		if def != "" {
			if err := l.set(k, "the default of "+k.TOML, def); err != nil {
				return nil, err
			}
		}
	}
	for k := range names {
		names[k] = k
	}
	for _, step := range []func(Sources) error{l.file, l.environ, l.flags} {
		l.given = map[string]string{}
		if err := step(src); err != nil {
			return nil, err
		}
	}
	return c, c.check(names, src.NeedDomain)
}

type loader struct {
	config                *Config
	names                 map[string]string
	byTOML, byEnv, byFlag map[string]Key
	given                 map[string]string // what one source has set of secret settings, and how it is written there
	credentialFolder      string            // systemd's
}

func (l *loader) file(src Sources) error {
	path := src.File
	for _, e := range src.Environ {
		if v, ok := strings.CutPrefix(e, "KINGLET_CONFIG="); ok && path == "" {
			path = v
		}
	}
	if path == "" && !src.OnlyNamed {
		for _, p := range []string{"kinglet.toml", "/etc/kinglet/kinglet.toml"} {
			if _, err := os.Stat(p); err == nil {
				path = p
				break
			}
		}
	}
	if path == "" {
		return nil
	}
	b, err := os.ReadFile(path)
	if err != nil {
		if pe, ok := err.(*fs.PathError); ok {
			err = pe.Err
		}
		return &Error{"config file", path, err.Error()}
	}
	var m map[string]any
	if err := toml.Unmarshal(b, &m); err != nil {
		return &Error{"config file", path, strings.ReplaceAll(err.Error(), "\n", " ")}
	}
	if err := l.table(path, "", m); err != nil {
		return err
	}
	return l.checkFileMode(path)
}

func (l *loader) table(path, section string, m map[string]any) error {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		full := section + name
		if sub, ok := m[name].(map[string]any); ok && section == "" && l.isSection(name) {
			if err := l.table(path, name+".", sub); err != nil {
				return err
			}
			continue
		}
		k, ok := l.byTOML[full]
		if !ok {
			return &Error{full + " in " + path, withoutPassword(fmt.Sprint(m[name])), unknown(full, l.byTOML)}
		}
		text := tomlText(m[name])
		if n, ok := m[name].(int64); ok && reflect.TypeFor[Config]().FieldByIndex(k.field).Type == reflect.TypeFor[fs.FileMode]() {
			text = strconv.FormatInt(n, 8) // 0o660 is a number in TOML
		}
		if err := l.set(k, full+" in "+path, text); err != nil {
			return err
		}
	}
	return nil
}

// isSection reports whether there are settings under [name].
func (l *loader) isSection(name string) bool {
	for k := range l.byTOML {
		if strings.HasPrefix(k, name+".") {
			return true
		}
	}
	return false
}

func tomlText(v any) string {
	if list, ok := v.([]any); ok {
		parts := make([]string, len(list))
		for i, x := range list {
			parts[i] = fmt.Sprint(x)
		}
		return strings.Join(parts, ",")
	}
	return fmt.Sprint(v)
}

func (l *loader) environ(src Sources) error {
	for _, e := range src.Environ {
		name, value, _ := strings.Cut(e, "=")
		if !strings.HasPrefix(name, "KINGLET_") || name == "KINGLET_CONFIG" || strings.HasPrefix(name, "KINGLET_TEST_") {
			continue
		}
		k, ok := l.byEnv[name]
		if !ok {
			return &Error{name, withoutPassword(value), unknown(name, l.byEnv)}
		}
		if err := l.set(k, name, value); err != nil {
			return err
		}
	}
	return l.credentials()
}

func (l *loader) flags(src Sources) error {
	for name, value := range src.Flags {
		k, ok := l.byFlag[name]
		if !ok {
			return &Error{"--" + name, value, unknown(name, l.byFlag)}
		}
		if err := l.set(k, "--"+name, value); err != nil {
			return err
		}
	}
	return nil
}

// unknown is the error of an unknown key, with the key that was probably meant.
func unknown(name string, known map[string]Key) string {
	best, least := "", 4
	for k := range known {
		if d := distance(name, k); d < least || d == least && k < best {
			best, least = k, d
		}
	}
	if best == "" {
		return "there is no such setting, see docs/CONFIGURATION.md"
	}
	return "there is no such setting, did you mean " + best + "?"
}

// distance is the Levenshtein distance.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}

// set parses the text of a value into its field.
func (l *loader) set(k Key, as, value string) error {
	k, value, err := l.target(k, as, value)
	if err != nil {
		return err
	}
	l.names[k.TOML] = as
	value = strings.TrimSpace(value)
	f := reflect.ValueOf(l.config).Elem().FieldByIndex(k.field)
	wrong := func(want string) error { return &Error{as, k.masked(value), want} }
	if !validText(value) {
		return wrong("want text of at most 10000 bytes, without control characters")
	}
	switch dest := f.Addr().Interface().(type) {
	case *string:
		*dest = value
	case *[]string:
		*dest = splitList(value)
	case *[]netip.Prefix:
		*dest = nil
		for _, s := range splitList(value) {
			p, err := parsePrefix(s)
			if err != nil {
				return wrong("want networks like 127.0.0.0/8, separated by commas")
			}
			*dest = append(*dest, p)
		}
	case *bool:
		b, err := strconv.ParseBool(value)
		if err != nil {
			return wrong("want true or false")
		}
		*dest = b
	case *fs.FileMode:
		mode, err := strconv.ParseUint(strings.TrimPrefix(value, "0o"), 8, 32)
		if err != nil || mode > 0o777 {
			return wrong("want a mode like 0660")
		}
		*dest = fs.FileMode(mode)
	case *time.Duration:
		d, err := parseDuration(value)
		if err != nil || d <= 0 {
			return wrong("want a time like 30d or 12h")
		}
		*dest = d
	case *RateLimit:
		most, window, _ := strings.Cut(value, "/")
		n, err := strconv.Atoi(most)
		d, derr := parseDuration(window)
		if err != nil || derr != nil || n <= 0 || d <= 0 {
			return wrong("want a number in a time, like 600/5m")
		}
		*dest = RateLimit{n, d}
	case *int:
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil || n <= 0 || n > maxInt {
			return wrong("want a whole number over 0, and not over 1000000000")
		}
		*dest = int(n)
	case *int64:
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil || n <= 0 || n > maxInt64 {
			return wrong("want a whole number over 0, and not over 1000000000000000")
		}
		*dest = n
	default:
		panic("config: no way to read a " + f.Type().String())
	}
	return nil
}

// maxInt and maxInt64 are far above any useful value, and far below where sums
// of them overflow, also on 32-bit machines.
const (
	maxInt   = 1_000_000_000
	maxInt64 = 1_000_000_000_000_000
)

// validText refuses what no setting's value has: a NUL ends a path early, an
// escape sequence is for a terminal. Descriptions may have several lines.
func validText(s string) bool {
	return len(s) <= 10_000 && utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) && r != '\n' && r != '\t'
	})
}

func splitList(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' || r == '\n' })
}

func parsePrefix(s string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(s); err == nil {
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	p, err := netip.ParsePrefix(s)
	return p.Masked(), err
}

// parseDuration is time.ParseDuration, with d for days.
func parseDuration(s string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(s, "d"); ok {
		n, err := strconv.ParseFloat(days, 64)
		if err == nil && !(n > 0 && n <= maxDays) { // also refuses what is not a number
			err = strconv.ErrRange
		}
		return time.Duration(n * float64(24*time.Hour)), err
	}
	d, err := time.ParseDuration(s)
	if err == nil && d > maxDays*24*time.Hour {
		err = strconv.ErrRange
	}
	return d, err
}

// maxDays is a hundred years. A time.Duration holds 292.
const maxDays = 36525
