package signature

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// maxHeader limits the Signature header.
const maxHeader = 8 << 10

var errUnreadable = errors.New("invalid Signature header")

// parameters parses the one Signature header (or Authorization of that scheme)
// into its parameters, each of them once. Some send both, or write the scheme in
// the one as well: what is the same is one signature.
func parameters(h http.Header) (map[string]string, error) {
	var values []string
	for _, v := range h.Values("Signature") {
		if scheme, s, ok := strings.Cut(v, " "); ok && strings.EqualFold(scheme, "Signature") {
			v = s
		}
		values = append(values, v)
	}
	for _, a := range h.Values("Authorization") {
		if scheme, s, ok := strings.Cut(a, " "); ok && strings.EqualFold(scheme, "Signature") {
			values = append(values, s)
		}
	}
	if values = slices.Compact(values); len(values) == 0 {
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

// IsSigned reports whether a request has a signature, in either of the two headers
// that may carry one.
func IsSigned(h http.Header) bool {
	if h.Get("Signature") != "" {
		return true
	}
	for _, a := range h.Values("Authorization") {
		if scheme, _, _ := strings.Cut(a, " "); strings.EqualFold(scheme, "Signature") {
			return true
		}
	}
	return false
}

// ClaimedKeyID is the key id in a request, verified or not, for the log. It is
// "" when it is invalid.
func ClaimedKeyID(h http.Header) string {
	id := ""
	if p, err := parameters(h); err == nil {
		id = p["keyId"]
	}
	if m, err := messageSignature(h); err == nil {
		id = m.params["keyid"]
	}
	return id[:min(len(id), 300)]
}

// parameter parses the first parameter, name="value" or name=value, and returns
// the rest.
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

// canonical writes the parameters in a form that httpsig parses correctly. It
// splits at each comma, quoted or not, so no value of a stranger's that may
// have one is written: the key id, which it does not use, is replaced, and the
// rest has been checked to be base64, header names and numbers.
func canonical(p map[string]string, covered map[string]bool) string {
	s := `keyId="k",algorithm="hs2019",headers="` + strings.Join(strings.Fields(strings.ToLower(p["headers"])), " ") + `",signature="` + p["signature"] + `"`
	for _, k := range []string{"created", "expires"} {
		if covered["("+k+")"] {
			s += "," + k + "=" + p[k]
		}
	}
	return s
}
