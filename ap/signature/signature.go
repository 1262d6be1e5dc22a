// Package signature signs requests and verifies those of others: HTTP
// signatures as the fediverse uses them (draft-cavage-http-signatures-12),
// with go-fed/httpsig for the cryptography.
//
// Verifying is in steps, since the key is fetched and the body read between
// them: ParseHeaders checks everything that needs neither (SECURITY-RULES 2,
// 37) and returns the key id, Verify needs the key, CheckBody the body. The
// package fetches nothing: whether the key is the actor's is for the caller to
// check (SECURITY-RULES 1). Read Sign, ParseHeaders and Signature.
package signature

import (
	"crypto"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-fed/httpsig"
)

// How far a signature's date may be from our clock. The past limit is large
// since deliveries are queued, and is the same as Mastodon's.
const (
	MaxAge    = 12 * time.Hour
	MaxFuture = time.Hour
)

// Sign signs a request with an actor's key: method and path, host, date and,
// for a request with a body, its digest and its Content-Type, which must be
// set. It sets Date, Host and Digest, and uses rsa-sha256, which every server
// supports.
func Sign(r *http.Request, body []byte, keyID string, key crypto.PrivateKey, now time.Time) error {
	headers := []string{httpsig.RequestTarget, "host", "date"}
	if r.Method != http.MethodGet {
		headers = append(headers, "digest", "content-type")
		if body == nil {
			body = []byte{} // httpsig makes no digest of nil
		}
	} else {
		body = nil
	}
	r.Header.Del("Digest")
	r.Header.Del("Signature")
	r.Header.Set("Date", now.UTC().Format(http.TimeFormat))
	// net/http sends the Host of the request and not of its headers, where
	// httpsig looks for it.
	r.Header.Set("Host", r.Host)
	if r.Host == "" {
		r.Header.Set("Host", r.URL.Host)
	}
	signer, _, err := httpsig.NewSigner([]httpsig.Algorithm{httpsig.RSA_SHA256}, httpsig.DigestSha256, headers, httpsig.Signature, 0)
	if err != nil {
		return err
	}
	signed := asSigned(r)
	if err := signer.SignRequest(key, keyID, signed, body); err != nil {
		return fmt.Errorf("sign request: %w", err)
	}
	// Older servers don't know hs2019, the name that httpsig writes.
	r.Header.Set("Signature", strings.Replace(signed.Header.Get("Signature"), `algorithm="hs2019"`, `algorithm="rsa-sha256"`, 1))
	return nil
}

// asSigned is the request as httpsig must see it: it signs URL.Path, which has
// to be what is in the request line, byte for byte. For a received request that
// is RequestURI, for one to be sent what net/http will write.
func asSigned(r *http.Request) *http.Request {
	target := r.RequestURI
	if !strings.HasPrefix(target, "/") { // to be sent, or asked as of a proxy
		target = r.URL.RequestURI()
	}
	return &http.Request{Method: r.Method, URL: &url.URL{Path: target}, Header: r.Header, Host: r.Host}
}

// Signature is a parsed signature whose key is still unknown. It is for one
// goroutine.
type Signature struct {
	KeyID   string
	request *http.Request // a copy with one clean Signature header
	alg     string
	digest  string // the Digest header if it is covered
}

// CheckBody compares the body with the signed digest. A body must have one.
func (s *Signature) CheckBody(body []byte) error {
	if s.digest == "" {
		if len(body) > 0 {
			return errors.New("the signature does not cover the digest")
		}
		return nil
	}
	return checkDigest(s.digest, body)
}

// ParseHeaders parses the signature of a request to this server and refuses it,
// with an error that says why, unless it covers method and path, host, date
// and, where there may be a body, a digest, each once; and the date is close to
// now. The body is not touched, so that strangers can be refused before it is
// read. hosts are the names of this server; none accepts any.
func ParseHeaders(r *http.Request, hosts []string, now time.Time) (*Signature, error) {
	p, err := parameters(r.Header)
	if p["keyId"] == "" && r.Header.Get("Signature-Input") != "" {
		return nil, errors.New("RFC 9421 signatures are not supported")
	}
	if err != nil {
		return nil, err
	}
	s := &Signature{KeyID: p["keyId"], alg: p["algorithm"]}
	if u, err := url.Parse(s.KeyID); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, fmt.Errorf("invalid key id %q", s.KeyID)
	}
	switch s.alg {
	case "", "rsa-sha256", "rsa-sha512", "hs2019":
	default:
		return nil, fmt.Errorf("unsupported algorithm %q", s.alg)
	}
	if _, err := base64.StdEncoding.DecodeString(p["signature"]); err != nil || p["signature"] == "" {
		return nil, errors.New("the signature is not base64")
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
	if r.Method != http.MethodGet && r.Method != http.MethodHead && !covered["digest"] {
		return nil, errors.New("the signature does not cover the digest")
	}
	if covered["digest"] {
		s.digest = r.Header.Get("Digest")
		if !hasKnownDigest(s.digest) {
			return nil, errors.New("the digest algorithm is not supported")
		}
	}
	s.request = asSigned(r)
	s.request.Header = r.Header.Clone()
	s.request.Header.Set("Host", r.Host)
	s.request.Header.Del("Authorization")
	s.request.Header.Set("Signature", canonical(p, covered))
	return s, nil
}

// Verify checks the signature with the key that its keyId names.
func (s *Signature) Verify(key crypto.PublicKey) error {
	pub, ok := key.(*rsa.PublicKey)
	if !ok {
		return errors.New("the key is not an RSA key")
	}
	if err := checkSize(pub); err != nil {
		return err
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
		return errors.New("the signature does not match the key")
	}
	return nil
}
