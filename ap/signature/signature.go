// Package signature signs requests and verifies those of others: HTTP
// signatures as the fediverse uses them (draft-cavage-http-signatures-12, with
// go-fed/httpsig for the cryptography) and message signatures (RFC 9421).
//
// Verifying is in steps, since the key is fetched and the body read between
// them: Rules.Parse checks everything that needs neither (SECURITY-RULES 2, 37)
// and returns the key id, Verify needs the key, CheckBody the body. The package
// fetches nothing: whether the key is the actor's is for the caller to check
// (SECURITY-RULES 1). Read Sign, SignMessage, Rules and Signature.
package signature

import (
	"crypto"
	"crypto/ed25519"
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
	if r.Header.Get("Collection-Synchronization") != "" {
		headers = append(headers, "collection-synchronization") // FEP-8fcf
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
	KeyID string

	// One of the two: RFC 9421, or a copy of the request with one clean header
	// of draft-cavage.
	message *message
	request *http.Request
	alg     string

	covered       map[string]bool
	digest        string   // the Digest header if it is covered
	contentDigest []member // the Content-Digest header if it is covered
}

// Covers reports whether the signature covers a header, by its name in any case:
// one that it does not cover may be somebody else's.
func (s *Signature) Covers(header string) bool { return s.covered[strings.ToLower(header)] }

// CheckBody compares the body with the signed digest. A body must have one.
func (s *Signature) CheckBody(body []byte) error {
	switch {
	case s.contentDigest != nil:
		return checkContentDigest(s.contentDigest, body)
	case s.digest != "":
		return checkDigest(s.digest, body)
	case len(body) > 0:
		return errors.New("the signature does not cover the digest")
	}
	return nil
}

// Rules say what a signature has to satisfy.
type Rules struct {
	Hosts  []string      // the names of this server; none accepts any
	Scheme string        // of the addresses that are asked here; "" is https
	Strict bool          // demands what the default accepts others for: see FEDERATION.md
	MaxAge time.Duration // 0 is MaxAge
	Ahead  time.Duration // how far in the future; 0 is MaxFuture
}

// Parse parses the signature of a request to this server and refuses it, with
// an error that says why, unless it covers method and path, host, date and,
// where there may be a body, a digest, each once; and the date is close to now.
// The body is not touched, so that strangers can be refused before it is read.
// A request with a Signature-Input header is signed by RFC 9421, any other by
// draft-cavage.
func (u Rules) Parse(r *http.Request, now time.Time) (*Signature, error) {
	if len(r.Header.Values("Signature-Input")) > 0 {
		return u.parseMessage(r, now)
	}
	p, err := parameters(r.Header)
	if err != nil {
		return nil, err
	}
	p["algorithm"] = strings.ToLower(p["algorithm"])
	s := &Signature{KeyID: p["keyId"], alg: p["algorithm"]}
	if err := checkKeyID(s.KeyID); err != nil {
		return nil, err
	}
	switch s.alg {
	case "", "rsa-sha256", "rsa-sha512", "hs2019", "ed25519":
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
	s.covered = covered
	if err := u.checkHost(r.Host); err != nil {
		return nil, err
	}
	if err := u.checkTime(r, p, covered, now); err != nil {
		return nil, err
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		if !covered["digest"] {
			return nil, errors.New("the signature does not cover the digest")
		}
		if u.Strict && !covered["content-length"] {
			return nil, errors.New("the signature does not cover content-length")
		}
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

func checkKeyID(id string) error {
	if u, err := url.Parse(id); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return fmt.Errorf("invalid key id %q", id)
	}
	return nil
}

// Verify checks the signature with the key that its keyId names, of RSA or
// Ed25519.
func (s *Signature) Verify(key crypto.PublicKey) error {
	if s.message != nil {
		return s.message.verify(key)
	}
	err := s.verifyCavage(key)
	// Some sign the path without its query.
	if path, _, hasQuery := strings.Cut(s.request.URL.Path, "?"); err != nil && hasQuery {
		whole := s.request.URL.Path
		s.request.URL.Path = path
		err = s.verifyCavage(key)
		s.request.URL.Path = whole
	}
	return err
}

func (s *Signature) verifyCavage(key crypto.PublicKey) error {
	var algorithms []httpsig.Algorithm
	switch key := key.(type) {
	case *rsa.PublicKey:
		if err := checkSize(key); err != nil {
			return err
		}
		// hs2019, which is meant where nothing is named, was SHA-512 to some, and is
		// SHA-256 to most.
		if s.alg != "rsa-sha512" {
			algorithms = append(algorithms, httpsig.RSA_SHA256)
		}
		if s.alg == "rsa-sha512" || s.alg == "hs2019" || s.alg == "" {
			algorithms = append(algorithms, httpsig.RSA_SHA512)
		}
	case ed25519.PublicKey:
		if s.alg == "" || s.alg == "hs2019" || s.alg == "ed25519" {
			algorithms = append(algorithms, httpsig.ED25519)
		}
	default:
		return errors.New("the key is neither an RSA nor an Ed25519 key")
	}
	v, err := httpsig.NewVerifier(s.request)
	if err != nil {
		return fmt.Errorf("verify: %w", err)
	}
	for _, alg := range algorithms {
		if v.Verify(key, alg) == nil {
			return nil
		}
	}
	return errors.New("the signature does not match the key")
}
