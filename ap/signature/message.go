package signature

import (
	"cmp"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// HTTP message signatures (RFC 9421), as Mastodon, Fedify and Mitra use them:
// one signature of a request, of components without parameters. The parameters
// are signed as they were sent, so nothing is written again to be verified.

// The algorithms of RFC 9421 §3.3 that the fediverse uses.
const (
	algRSA     = "rsa-v1_5-sha256"
	algRSA512  = "rsa-v1_5-sha512"
	algRSAPSS  = "rsa-pss-sha512"
	algEd25519 = "ed25519"
)

// SignMessage signs a request with an RSA or Ed25519 key (RFC 9421): method and
// address, and, for a request with a body, its digest (RFC 9530).
func SignMessage(r *http.Request, body []byte, keyID string, key crypto.Signer, now time.Time) error {
	r.Header.Del("Signature")
	r.Header.Del("Digest")
	components := []string{"@method", "@target-uri"}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		sum := sha256.Sum256(body)
		r.Header.Set("Content-Digest", "sha-256=:"+base64.StdEncoding.EncodeToString(sum[:])+":")
		components = append(components, "content-digest")
	}
	if r.Header.Get("Collection-Synchronization") != "" {
		components = append(components, "collection-synchronization") // FEP-8fcf
	}
	var alg string
	switch key.(type) {
	case ed25519.PrivateKey:
		alg = algEd25519
	case *rsa.PrivateKey:
		alg = algRSA
	default:
		return fmt.Errorf("sign request: unsupported key %T", key)
	}
	params := `("` + strings.Join(components, `" "`) + `");created=` + strconv.FormatInt(now.Unix(), 10) + `;keyid="` + keyID + `";alg="` + alg + `"`
	base, err := messageBase(r, r.URL.Scheme, components, params)
	if err != nil {
		return err
	}
	var signed []byte
	if alg == algEd25519 {
		signed, err = key.Sign(rand.Reader, base, crypto.Hash(0))
	} else {
		sum := sha256.Sum256(base)
		signed, err = key.Sign(rand.Reader, sum[:], crypto.SHA256)
	}
	if err != nil {
		return fmt.Errorf("sign request: %w", err)
	}
	r.Header.Set("Signature-Input", "sig1="+params)
	r.Header.Set("Signature", "sig1=:"+base64.StdEncoding.EncodeToString(signed)+":")
	return nil
}

// messageBase is what a signature of RFC 9421 signs (§2.5). scheme is that of
// the address that the client asked: behind a proxy the request does not say.
func messageBase(r *http.Request, scheme string, components []string, params string) ([]byte, error) {
	var b strings.Builder
	for _, c := range components {
		value, err := component(r, scheme, c)
		if err != nil {
			return nil, err
		}
		b.WriteString(`"` + c + `": ` + value + "\n")
	}
	b.WriteString(`"@signature-params": ` + params)
	return []byte(b.String()), nil
}

// component is the value of a component of a request (RFC 9421 §2.1, §2.2).
func component(r *http.Request, scheme, name string) (string, error) {
	target := asSigned(r).URL.Path
	path, query, _ := strings.Cut(target, "?")
	switch name {
	case "@method":
		return r.Method, nil
	case "@scheme":
		return scheme, nil
	case "@authority":
		return authority(r, scheme), nil
	case "@target-uri":
		return scheme + "://" + authority(r, scheme) + target, nil
	case "@request-target":
		return target, nil
	case "@path":
		return path, nil
	case "@query":
		return "?" + query, nil
	case "host": // net/http takes it from the headers, and refuses two
		return host(r), nil
	}
	if name == "" || name[0] == '@' || name != strings.ToLower(name) {
		return "", fmt.Errorf("the component %q is not supported", name)
	}
	values := r.Header.Values(name)
	if len(values) != 1 {
		return "", fmt.Errorf("the signature covers %q, which is in the request %d times", name, len(values))
	}
	return strings.TrimSpace(values[0]), nil
}

func host(r *http.Request) string {
	if r.Host != "" {
		return r.Host
	}
	return r.URL.Host
}

// authority is the host in lower case, without the scheme's own port (§2.2.3).
func authority(r *http.Request, scheme string) string {
	h := strings.ToLower(host(r))
	switch scheme {
	case "https":
		return strings.TrimSuffix(h, ":443")
	case "http":
		return strings.TrimSuffix(h, ":80")
	}
	return h
}

// message is a signature of RFC 9421.
type message struct {
	base   []byte
	alg    string
	signed []byte
}

// parseMessage parses a signature of RFC 9421 and checks what it covers.
func (u Rules) parseMessage(r *http.Request, now time.Time) (*Signature, error) {
	input, err := messageSignature(r.Header)
	if err != nil {
		return nil, err
	}
	p, covered := input.params, map[string]bool{}
	for _, c := range input.list {
		if covered[c] {
			return nil, fmt.Errorf("the signature covers %q twice", c)
		}
		covered[c] = true
	}
	s := &Signature{KeyID: p["keyid"], covered: covered}
	if err := checkKeyID(s.KeyID); err != nil {
		return nil, err
	}
	switch p["alg"] {
	case "", algRSA, algRSA512, algRSAPSS, algEd25519:
	default:
		return nil, fmt.Errorf("unsupported algorithm %q", p["alg"])
	}
	if !covered["@method"] {
		return nil, errors.New("the signature does not cover @method")
	}
	whole := covered["@target-uri"]
	inParts := covered["@authority"] || covered["host"]
	inParts = inParts && (covered["@request-target"] || covered["@path"] && (covered["@query"] || !strings.Contains(asSigned(r).URL.Path, "?")))
	if !whole && !inParts {
		return nil, errors.New("the signature covers neither @target-uri nor @authority, @path and @query")
	}
	if err := u.checkHost(r.Host); err != nil {
		return nil, err
	}
	if err := u.checkMessageTime(r, p, covered, now); err != nil {
		return nil, err
	}
	if covered["content-digest"] {
		if s.contentDigest, err = contentDigest(r.Header); err != nil {
			return nil, err
		}
	} else if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return nil, errors.New("the signature does not cover the content-digest")
	}
	base, err := messageBase(r, cmp.Or(u.Scheme, "https"), input.list, input.raw)
	if err != nil {
		return nil, err
	}
	s.message = &message{base: base, alg: p["alg"], signed: input.bytes}
	return s, nil
}

// messageSignature is the one signature of a request whose key is a URL, with
// its bytes. Others may be a proxy's.
func messageSignature(h http.Header) (*member, error) {
	if len(h.Values("Signature-Input")) != 1 || len(h.Values("Signature")) != 1 {
		return nil, errors.New("the request has not one Signature-Input and one Signature header")
	}
	inputs, err := dictionary(h.Get("Signature-Input"))
	if err != nil {
		return nil, fmt.Errorf("invalid Signature-Input header: %w", err)
	}
	signatures, err := dictionary(h.Get("Signature"))
	if err != nil {
		return nil, fmt.Errorf("invalid Signature header: %w", err)
	}
	var found *member
	for _, in := range inputs {
		if !in.isList || checkKeyID(in.params["keyid"]) != nil {
			continue
		}
		at := slices.IndexFunc(signatures, func(s member) bool { return s.label == in.label && !s.isList })
		if at < 0 {
			continue
		}
		if found != nil {
			return nil, errors.New("the request has more than one signature")
		}
		in.bytes = signatures[at].bytes
		found = &in
	}
	if found == nil {
		return nil, errors.New("the request has no signature with the URL of a key")
	}
	return found, nil
}

// checkMessageTime requires a created that is close to now; where the rules are
// not strict, a covered date does.
func (u Rules) checkMessageTime(r *http.Request, p map[string]string, covered map[string]bool, now time.Time) error {
	created, there := p["created"]
	if !there && (u.Strict || !covered["date"]) {
		return errors.New("the signature does not say when it was created")
	}
	if there {
		at, err := integer(created)
		if err != nil {
			return errors.New("invalid created parameter")
		}
		if err := u.checkClockSkew(time.Unix(at, 0), now); err != nil {
			return err
		}
	}
	if covered["date"] {
		if err := u.checkDate(r, now); err != nil {
			return err
		}
	}
	if expires, there := p["expires"]; there {
		at, err := integer(expires)
		if err != nil {
			return errors.New("invalid expires parameter")
		}
		if now.After(time.Unix(at, 0)) {
			return errors.New("the signature has expired")
		}
	}
	return nil
}

// contentDigest parses the one Content-Digest header (RFC 9530), of which an
// algorithm must be known.
func contentDigest(h http.Header) ([]member, error) {
	if n := len(h.Values("Content-Digest")); n != 1 {
		return nil, fmt.Errorf("the signature covers \"content-digest\", which is in the request %d times", n)
	}
	list, err := dictionary(h.Get("Content-Digest"))
	if err != nil {
		return nil, fmt.Errorf("invalid Content-Digest header: %w", err)
	}
	for _, d := range list {
		if !d.isList && (d.label == "sha-256" || d.label == "sha-512") {
			return list, nil
		}
	}
	return nil, errors.New("the digest algorithm is not supported")
}

// checkContentDigest compares the digests of supported algorithms with a body:
// every one must match.
func checkContentDigest(list []member, body []byte) error {
	for _, d := range list {
		sum, known := sumOf(d.label, body)
		if !known {
			continue
		}
		if subtle.ConstantTimeCompare(d.bytes, sum) != 1 {
			return errors.New("the digest does not match the body")
		}
	}
	return nil
}

// verify checks the signature with a key of RSA or Ed25519. The key says which
// algorithms are possible, and the parameter alg, if there, which of them.
func (m *message) verify(key crypto.PublicKey) error {
	var ok bool
	switch key := key.(type) {
	case *rsa.PublicKey:
		if err := checkSize(key); err != nil {
			return err
		}
		ok = m.verifyRSA(key)
	case ed25519.PublicKey:
		ok = (m.alg == "" || m.alg == algEd25519) && len(key) == ed25519.PublicKeySize && ed25519.Verify(key, m.base, m.signed)
	default:
		return errors.New("the key is neither an RSA nor an Ed25519 key")
	}
	if !ok {
		return errors.New("the signature does not match the key")
	}
	return nil
}

func (m *message) verifyRSA(key *rsa.PublicKey) bool {
	switch m.alg {
	case "", algRSA:
		sum := sha256.Sum256(m.base)
		return rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], m.signed) == nil
	case algRSA512:
		sum := sha512.Sum512(m.base)
		return rsa.VerifyPKCS1v15(key, crypto.SHA512, sum[:], m.signed) == nil
	case algRSAPSS:
		sum := sha512.Sum512(m.base)
		return rsa.VerifyPSS(key, crypto.SHA512, sum[:], m.signed, &rsa.PSSOptions{SaltLength: 64}) == nil
	}
	return false
}
