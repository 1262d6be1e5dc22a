package signature

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// maxHeader bounds the Signature header.
const maxHeader = 8 << 10

var errUnreadable = errors.New("invalid Signature header")

// parameters reads the one Signature header (or Authorization of that scheme)
// into its parameters, each there once.
func parameters(h http.Header) (map[string]string, error) {
	values := h.Values("Signature")
	for _, a := range h.Values("Authorization") {
		if scheme, s, ok := strings.Cut(a, " "); ok && strings.EqualFold(scheme, "Signature") {
			values = append(values[:len(values):len(values)], s)
		}
	}
	if len(values) == 0 {
		return nil, errors.New("the request is not signed")
	}
	if len(values) > 1 {
		return nil, errors.New("the request has more than one signature")
	}
	if len(values[0]) > maxHeader {
		return nil, errors.New("the signature header is too long")
	}
	p := map[string]string{}
	for rest := values[0]; rest != ""; {
		name, value, after, err := parameter(rest)
		if err != nil {
			return nil, err
		}
		if _, twice := p[name]; twice {
			return nil, fmt.Errorf("the signature has the parameter %q twice", name)
		}
		p[name], rest = value, after
	}
	return p, nil
}

// ClaimedKeyID is the key id that a request names, whether or not it is signed
// with that key, for the log. It is "" when it can't be read.
func ClaimedKeyID(h http.Header) string {
	p, err := parameters(h)
	if err != nil {
		return ""
	}
	return p["keyId"][:min(len(p["keyId"]), 300)]
}

// parameter reads the first of some parameters, name="value" or name=value,
// and gives the ones after it.
func parameter(s string) (name, value, rest string, err error) {
	name, after, ok := strings.Cut(s, "=")
	if name = strings.TrimSpace(name); !ok || name == "" || strings.ContainsAny(name, ",\" \t") {
		return "", "", "", errUnreadable
	}
	if quoted, ok := strings.CutPrefix(after, `"`); ok {
		if value, rest, ok = strings.Cut(quoted, `"`); !ok {
			return "", "", "", errUnreadable
		}
		if rest = strings.TrimSpace(rest); rest != "" && rest[0] != ',' {
			return "", "", "", errUnreadable
		}
		return name, value, strings.TrimPrefix(rest, ","), nil
	}
	value, rest, _ = strings.Cut(after, ",")
	if strings.Contains(value, `"`) {
		return "", "", "", errUnreadable
	}
	return name, strings.TrimSpace(value), rest, nil
}

// canonical writes what httpsig needs of the parameters in the one form that
// it reads rightly. It splits at each comma, quoted or not, so nothing of a
// stranger's is written that may have one: the key id, which it makes no use
// of, is ours, and the rest has been checked to be base64, names of headers
// and numbers.
func canonical(p map[string]string, covered map[string]bool) string {
	s := `keyId="k",algorithm="hs2019",headers="` + strings.Join(strings.Fields(strings.ToLower(p["headers"])), " ") + `",signature="` + p["signature"] + `"`
	for _, k := range []string{"created", "expires"} {
		if covered["("+k+")"] {
			s += "," + k + "=" + p[k]
		}
	}
	return s
}
