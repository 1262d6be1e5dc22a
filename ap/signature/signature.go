// Package signature signs requests and verifies those of others: HTTP
// signatures as the fediverse uses them (draft-cavage-http-signatures-12),
// with go-fed/httpsig for the cryptography.
//
// Verifying is in two steps, since the key is fetched between them: Parse
// judges everything that needs no key (SECURITY-RULES 2, 37) and names the
// key, Verify does the rest. The package fetches nothing.
package signature

import (
	"crypto"
	"crypto/rsa"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-fed/httpsig"
)

// How far a signature's date may be from our clock. The past one is wide
// since deliveries are queued, and is what Mastodon allows.
const (
	MaxAge    = 12 * time.Hour
	MaxFuture = time.Hour
)

// Sign signs a request with an actor's key: method and path, host, date and,
// for what has a body, its digest. It sets Date, Host and Digest.
func Sign(r *http.Request, body []byte, keyID string, key crypto.PrivateKey, now time.Time) error {
	headers := []string{httpsig.RequestTarget, "host", "date"}
	if r.Method != http.MethodGet {
		headers = append(headers, "digest", "content-type")
	} else {
		body = nil
	}
	r.Header.Del("Digest")
	r.Header.Del("Signature")
	r.Header.Set("Date", now.UTC().Format(http.TimeFormat))
	r.Header.Set("Host", r.URL.Host)
	signer, _, err := httpsig.NewSigner([]httpsig.Algorithm{httpsig.RSA_SHA256}, httpsig.DigestSha256, headers, httpsig.Signature, 0)
	if err != nil {
		return err
	}
	signed := asSigned(r)
	if err := signer.SignRequest(key, keyID, signed, body); err != nil {
		return fmt.Errorf("sign request: %w", err)
	}
	// Older servers know no hs2019, the name httpsig gives.
	r.Header.Set("Signature", strings.Replace(signed.Header.Get("Signature"), `algorithm="hs2019"`, `algorithm="rsa-sha256"`, 1))
	return nil
}

// asSigned is the request as httpsig must see it: it writes URL.Path into the
// signed text, which has to be the path as it goes over the wire.
func asSigned(r *http.Request) *http.Request {
	u := &url.URL{Scheme: r.URL.Scheme, Host: r.URL.Host, Path: r.URL.EscapedPath(), RawQuery: r.URL.RawQuery}
	return &http.Request{Method: r.Method, URL: u, Header: r.Header, Host: r.Host}
}

// Signature is a signature whose form is right and whose key is to be found.
type Signature struct {
	KeyID   string
	request *http.Request // a copy with one clean Signature header
	alg     string
}

// Parse reads the signature of a request to this server and refuses it, with
// an error that says why, unless it covers method and path, host, date and,
// with a body, a digest, each once; the date is about now; and the digest is
// the body's. hosts are the names this server goes by.
func Parse(r *http.Request, body []byte, hosts []string, now time.Time) (*Signature, error) {
	p, err := parameters(r.Header)
	if err != nil {
		return nil, err
	}
	s := &Signature{KeyID: p["keyId"], alg: p["algorithm"]}
	if u, err := url.Parse(s.KeyID); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, fmt.Errorf("the key id %q is no URI", s.KeyID)
	}
	switch s.alg {
	case "", "rsa-sha256", "rsa-sha512", "hs2019":
	default:
		return nil, fmt.Errorf("the algorithm %q is not one we know", s.alg)
	}
	covered, err := coveredHeaders(r, p["headers"])
	if err != nil {
		return nil, err
	}
	if err := checkHost(r.Host, hosts); err != nil {
		return nil, err
	}
	if err := checkTime(r, p, covered, now); err != nil {
		return nil, err
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		if !covered["digest"] {
			return nil, errors.New("the signature does not cover the digest")
		}
		if err := checkDigest(r.Header.Get("Digest"), body); err != nil {
			return nil, err
		}
	}
	s.request = asSigned(r)
	s.request.Header = r.Header.Clone()
	s.request.Header.Set("Host", r.Host)
	s.request.Header.Del("Authorization")
	s.request.Header.Set("Signature", canonical(p))
	return s, nil
}

// maxHeader bounds the Signature header.
const maxHeader = 8 << 10

// parameters reads the one Signature header (or Authorization of that scheme)
// into its parameters, each there once.
func parameters(h http.Header) (map[string]string, error) {
	values := h.Values("Signature")
	for _, a := range h.Values("Authorization") {
		if s, ok := strings.CutPrefix(a, "Signature "); ok {
			values = append(values, s)
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
		name, after, ok := strings.Cut(rest, "=")
		if !ok {
			return nil, errors.New("the signature header can't be read")
		}
		name = strings.TrimSpace(name)
		var value string
		if after, quoted := strings.CutPrefix(after, `"`); quoted {
			if value, rest, ok = strings.Cut(after, `"`); !ok {
				return nil, errors.New("the signature header can't be read")
			}
			rest = strings.TrimSpace(rest)
			if rest != "" && rest[0] != ',' {
				return nil, errors.New("the signature header can't be read")
			}
			rest = strings.TrimPrefix(rest, ",")
		} else {
			value, rest, _ = strings.Cut(after, ",")
			value = strings.TrimSpace(value)
		}
		if _, twice := p[name]; twice {
			return nil, fmt.Errorf("the signature has the parameter %q twice", name)
		}
		p[name] = value
	}
	if p["signature"] == "" {
		return nil, errors.New("the signature is empty")
	}
	return p, nil
}

// canonical writes parameters in the one form that httpsig reads rightly.
func canonical(p map[string]string) string {
	s := `keyId="` + p["keyId"] + `",algorithm="hs2019",headers="` + strings.ToLower(p["headers"]) + `",signature="` + p["signature"] + `"`
	for _, k := range []string{"created", "expires"} {
		if p[k] != "" {
			s += "," + k + "=" + p[k]
		}
	}
	return s
}

// coveredHeaders is the set that the signature covers, each in the request
// once.
func coveredHeaders(r *http.Request, list string) (map[string]bool, error) {
	covered := map[string]bool{}
	for _, h := range strings.Fields(strings.ToLower(list)) {
		if covered[h] {
			return nil, fmt.Errorf("the signature covers %q twice", h)
		}
		covered[h] = true
		if strings.HasPrefix(h, "(") || h == "host" {
			continue
		}
		if n := len(r.Header.Values(h)); n != 1 {
			return nil, fmt.Errorf("the signature covers %q, which is in the request %d times", h, n)
		}
	}
	if len(covered) == 0 {
		return nil, errors.New("the signature covers nothing")
	}
	for _, must := range []string{"(request-target)", "host"} {
		if !covered[must] {
			return nil, fmt.Errorf("the signature does not cover %s", must)
		}
	}
	return covered, nil
}

func checkHost(host string, own []string) error {
	if len(own) == 0 {
		return nil
	}
	for _, h := range own {
		if strings.EqualFold(host, h) {
			return nil
		}
	}
	return fmt.Errorf("the request is signed for the host %q, not for this one", host)
}

// checkTime wants a date, or a (created), that is covered and about now.
func checkTime(r *http.Request, p map[string]string, covered map[string]bool, now time.Time) error {
	var at time.Time
	switch {
	case covered["date"]:
		t, err := http.ParseTime(r.Header.Get("Date"))
		if err != nil {
			return errors.New("the date can't be read")
		}
		at = t
	case covered["(created)"]:
		n, err := strconv.ParseInt(p["created"], 10, 64)
		if err != nil {
			return errors.New("created can't be read")
		}
		at = time.Unix(n, 0)
	default:
		return errors.New("the signature covers no date")
	}
	if age := now.Sub(at); age > MaxAge || age < -MaxFuture {
		return fmt.Errorf("the date %s is too far from now", at.UTC().Format(time.RFC3339))
	}
	if e, err := strconv.ParseInt(p["expires"], 10, 64); err == nil && now.Unix() > e {
		return errors.New("the signature has expired")
	}
	return nil
}

// Verify checks the signature with the key that its keyId names.
func (s *Signature) Verify(key crypto.PublicKey) error {
	pub, ok := key.(*rsa.PublicKey)
	if !ok {
		return errors.New("the key is no RSA key")
	}
	if bits := pub.N.BitLen(); bits < 1024 || bits > 8192 {
		return fmt.Errorf("the key has %d bits, want 1024 to 8192", bits)
	}
	v, err := httpsig.NewVerifier(s.request)
	if err != nil {
		return fmt.Errorf("verify: %w", err)
	}
	if s.alg != "rsa-sha512" {
		if err = v.Verify(pub, httpsig.RSA_SHA256); err == nil {
			return nil
		}
	}
	if s.alg == "rsa-sha512" || s.alg == "hs2019" {
		err = v.Verify(pub, httpsig.RSA_SHA512)
	}
	if err != nil {
		return errors.New("the signature is not the key's")
	}
	return nil
}
