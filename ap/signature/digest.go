package signature

import (
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"strings"
)

// checkDigest compares a Digest header (RFC 3230) with the body. Every digest
// of a supported algorithm must match, and there must be one.
func checkDigest(header string, body []byte) error {
	known := 0
	for _, d := range strings.Split(header, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(d), "=")
		sum, ok := sumOf(strings.ToLower(name), body)
		if !ok {
			continue
		}
		known++
		if got, err := base64.StdEncoding.DecodeString(value); err != nil || subtle.ConstantTimeCompare(got, sum) != 1 {
			return errors.New("the digest does not match the body")
		}
	}
	if known == 0 {
		return errors.New("no supported digest")
	}
	return nil
}

// sumOf is the digest of a body by the name of a supported algorithm, in lower
// case.
func sumOf(algorithm string, body []byte) (sum []byte, known bool) {
	switch algorithm {
	case "sha-256":
		s := sha256.Sum256(body)
		return s[:], true
	case "sha-512":
		s := sha512.Sum512(body)
		return s[:], true
	}
	return nil, false
}

// hasKnownDigest reports whether a Digest header has a supported digest.
func hasKnownDigest(header string) bool {
	for _, d := range strings.Split(header, ",") {
		switch name, _, _ := strings.Cut(strings.TrimSpace(d), "="); strings.ToUpper(name) {
		case "SHA-256", "SHA-512":
			return true
		}
	}
	return false
}
