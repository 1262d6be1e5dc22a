package signature

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
)

const (
	keyBits    = 2048 // of the keys made here: what every server understands
	minKeyBits = 1024 // of others' keys: some old accounts have no more
	maxKeyBits = 8192 // what verifying costs grows with the square of it
	maxPEM     = 16 << 10
)

// GenerateKey generates an actor's key. It takes a few tenths of a second.
func GenerateKey() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, keyBits) }

// MarshalPrivate writes a key as PKCS #8 PEM.
func MarshalPrivate(key *rsa.PrivateKey) (string, error) { return marshalPrivate(key) }

func marshalPrivate(key crypto.Signer) (string, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return "", err
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), nil
}

// GenerateEd25519 generates an actor's second key, and writes it as PKCS #8 PEM.
func GenerateEd25519() (string, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return "", err
	}
	return marshalPrivate(key)
}

// ParseEd25519 reads a private key that GenerateEd25519 made.
func ParseEd25519(text string) (ed25519.PrivateKey, error) {
	der, err := decode(text)
	if err != nil {
		return nil, fmt.Errorf("private key: %w", err)
	}
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, fmt.Errorf("private key: %w", err)
	}
	edKey, ok := key.(ed25519.PrivateKey)
	if !ok {
		return nil, errors.New("private key: not an Ed25519 key")
	}
	return edKey, nil
}

// ParsePrivate reads a private key of PKCS #8 or #1.
func ParsePrivate(text string) (*rsa.PrivateKey, error) {
	der, err := decode(text)
	if err != nil {
		return nil, fmt.Errorf("private key: %w", err)
	}
	if key, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return key, nil
	}
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, fmt.Errorf("private key: %w", err)
	}
	rsaKey, ok := key.(*rsa.PrivateKey)
	if !ok {
		return nil, errors.New("private key: not an RSA key")
	}
	return rsaKey, nil
}

// MarshalPublic writes a public key as PKIX PEM, as actors publish it.
func MarshalPublic(key crypto.PublicKey) (string, error) {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return "", err
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})), nil
}

// ParsePublic parses an actor's publicKeyPem: RSA of PKIX or PKCS #1, of a size
// that Verify accepts, or Ed25519 of PKIX.
func ParsePublic(text string) (crypto.PublicKey, error) {
	der, err := decode(text)
	if err != nil {
		return nil, fmt.Errorf("public key: %w", err)
	}
	if key, err := x509.ParsePKCS1PublicKey(der); err == nil {
		return sized(key)
	}
	key, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil, fmt.Errorf("public key: %w", err)
	}
	switch key := key.(type) {
	case *rsa.PublicKey:
		return sized(key)
	case ed25519.PublicKey:
		return key, nil
	}
	return nil, errors.New("public key: neither an RSA nor an Ed25519 key")
}

func sized(key *rsa.PublicKey) (crypto.PublicKey, error) {
	if err := checkSize(key); err != nil {
		return nil, fmt.Errorf("public key: %w", err)
	}
	return key, nil
}

func checkSize(key *rsa.PublicKey) error {
	if bits := key.N.BitLen(); bits < minKeyBits || bits > maxKeyBits {
		return fmt.Errorf("the key has %d bits, want %d to %d", bits, minKeyBits, maxKeyBits)
	}
	return nil
}

// decode returns the content of the only PEM block in a text, which other
// servers indent, end with CRLF, or don't end at all.
func decode(text string) ([]byte, error) {
	if len(text) > maxPEM {
		return nil, errors.New("too long")
	}
	var lines strings.Builder
	for line := range strings.Lines(text) {
		lines.WriteString(strings.TrimSpace(line) + "\n")
	}
	clean := strings.TrimSpace(lines.String()) + "\n"
	if !strings.HasPrefix(clean, "-----BEGIN ") {
		return nil, errors.New("no PEM")
	}
	block, rest := pem.Decode([]byte(clean))
	if block == nil {
		return nil, errors.New("no PEM")
	}
	if len(strings.TrimSpace(string(rest))) > 0 {
		return nil, errors.New("more than one PEM block")
	}
	return block.Bytes, nil
}
