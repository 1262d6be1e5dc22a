package signature

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// member is one entry of a structured field that is a dictionary (RFC 9651
// §3.2), as far as signatures use them: an inner list of strings with
// parameters, or a byte sequence.
type member struct {
	label  string
	raw    string   // the value as it was sent, parameters included
	list   []string // of an inner list
	bytes  []byte   // of a byte sequence
	isList bool
	params map[string]string // strings, integers and tokens, as text
}

var errStructured = errors.New("invalid structured field")

// maxMembers limits a dictionary, maxComponents an inner list.
const (
	maxMembers    = 8
	maxComponents = 32
)

// dictionary parses the only header of a name as a dictionary. Members are
// unique: RFC 9651 lets the last one win, which is how a second one could stand
// for the one that was checked.
func dictionary(text string) ([]member, error) {
	if len(text) > maxHeader {
		return nil, errors.New("too long")
	}
	p := &structured{rest: strings.Trim(text, " ")}
	var list []member
	seen := map[string]bool{}
	for p.rest != "" {
		m := member{label: p.key()}
		if m.label == "" || !p.skip('=') {
			return nil, errStructured
		}
		before := p.rest
		if err := p.value(&m); err != nil {
			return nil, err
		}
		m.raw = before[:len(before)-len(p.rest)]
		if seen[m.label] || len(list) == maxMembers {
			return nil, fmt.Errorf("%w: %q is there twice, or there are too many", errStructured, m.label)
		}
		seen[m.label] = true
		list = append(list, m)
		p.rest = strings.TrimLeft(p.rest, " \t")
		if p.rest == "" {
			break
		}
		if !p.skip(',') {
			return nil, errStructured
		}
		if p.rest = strings.TrimLeft(p.rest, " \t"); p.rest == "" {
			return nil, errStructured // a comma at the end
		}
	}
	return list, nil
}

// structured reads a structured field from the front.
type structured struct{ rest string }

func (p *structured) skip(c byte) bool {
	if p.rest == "" || p.rest[0] != c {
		return false
	}
	p.rest = p.rest[1:]
	return true
}

// key reads a key (RFC 9651 §3.1.2); "" when there is none.
func (p *structured) key() string {
	n := 0
	for n < len(p.rest) && isKeyByte(p.rest[n], n == 0) {
		n++
	}
	k := p.rest[:n]
	p.rest = p.rest[n:]
	return k
}

func isKeyByte(c byte, first bool) bool {
	if c >= 'a' && c <= 'z' || c == '*' {
		return true
	}
	return !first && (c >= '0' && c <= '9' || c == '_' || c == '-' || c == '.')
}

func (p *structured) value(m *member) (err error) {
	switch {
	case p.skip('('):
		m.isList = true
		if m.list, err = p.innerList(); err != nil {
			return err
		}
	case strings.HasPrefix(p.rest, ":"):
		if m.bytes, err = p.byteSequence(); err != nil {
			return err
		}
	default:
		return errStructured
	}
	m.params, err = p.parameters()
	return err
}

// innerList reads the strings of a list up to its end. None of them may have
// parameters: those change what a component means (RFC 9421 §2.1), and no server
// of the fediverse uses them.
func (p *structured) innerList() ([]string, error) {
	var list []string
	for {
		p.rest = strings.TrimLeft(p.rest, " ")
		if p.skip(')') {
			return list, nil
		}
		s, err := p.quoted()
		if err != nil {
			return nil, err
		}
		if strings.HasPrefix(p.rest, ";") {
			return nil, fmt.Errorf("parameters of the component %q are not supported", s)
		}
		if p.rest == "" || p.rest[0] != ' ' && p.rest[0] != ')' || len(list) == maxComponents {
			return nil, errStructured
		}
		list = append(list, s)
	}
}

// quoted reads a string (RFC 9651 §3.3.3).
func (p *structured) quoted() (string, error) {
	if !p.skip('"') {
		return "", errStructured
	}
	var b strings.Builder
	for i := 0; i < len(p.rest); i++ {
		switch c := p.rest[i]; {
		case c == '"':
			p.rest = p.rest[i+1:]
			return b.String(), nil
		case c == '\\':
			i++
			if i == len(p.rest) || p.rest[i] != '"' && p.rest[i] != '\\' {
				return "", errStructured
			}
			b.WriteByte(p.rest[i])
		case c < ' ' || c > '~':
			return "", errStructured
		default:
			b.WriteByte(c)
		}
	}
	return "", errStructured
}

func (p *structured) byteSequence() ([]byte, error) {
	text, rest, ok := strings.Cut(p.rest[1:], ":")
	if !ok {
		return nil, errStructured
	}
	p.rest = rest
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("%w: not base64", errStructured)
	}
	return b, nil
}

func (p *structured) parameters() (map[string]string, error) {
	params := map[string]string{}
	for p.skip(';') {
		p.rest = strings.TrimLeft(p.rest, " ")
		name := p.key()
		if name == "" {
			return nil, errStructured
		}
		if _, twice := params[name]; twice {
			return nil, fmt.Errorf("the parameter %q is there twice", name)
		}
		if !p.skip('=') {
			params[name] = "?1" // true (RFC 9651 §3.1.2)
			continue
		}
		value, err := p.bareItem()
		if err != nil {
			return nil, err
		}
		params[name] = value
	}
	return params, nil
}

// bareItem reads a string, or an integer, token, boolean or byte sequence as its
// text.
func (p *structured) bareItem() (string, error) {
	if strings.HasPrefix(p.rest, `"`) {
		return p.quoted()
	}
	n := strings.IndexAny(p.rest, ";, \t")
	if n < 0 {
		n = len(p.rest)
	}
	text := p.rest[:n]
	p.rest = p.rest[n:]
	if text == "" || strings.ContainsAny(text, `"()`) {
		return "", errStructured
	}
	return text, nil
}

// integer reads a parameter that is an integer (RFC 9651 §3.3.1).
func integer(text string) (int64, error) {
	if len(text) > 16 || strings.HasPrefix(text, "+") {
		return 0, errStructured
	}
	return strconv.ParseInt(text, 10, 64)
}
