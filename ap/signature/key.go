package signature

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
)

// keyBits is the size of the keys made here: what every server understands.
const keyBits = 2048

// GenerateKey makes an actor's key. It takes a few tenths of a second.
func GenerateKey() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, keyBits) }

// MarshalPrivate writes a key as PKCS #8 PEM.
func MarshalPrivate(key *rsa.PrivateKey) (string, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return "", err
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), nil
}

// ParsePrivate reads a private key of PKCS #8 or #1.
func ParsePrivate(text string) (*rsa.PrivateKey, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, errors.New("private key: no PEM")
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
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
func MarshalPublic(key *rsa.PublicKey) (string, error) {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return "", err
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})), nil
}

// ParsePublic reads an actor's publicKeyPem, of PKIX or PKCS #1.
func ParsePublic(text string) (*rsa.PublicKey, error) {
	if len(text) > 16<<10 {
		return nil, errors.New("public key: too long")
	}
	block, _ := pem.Decode([]byte(strings.TrimSpace(strings.ReplaceAll(text, "\r", "")) + "\n"))
	if block == nil {
		return nil, errors.New("public key: no PEM")
	}
	if key, err := x509.ParsePKCS1PublicKey(block.Bytes); err == nil {
		return key, nil
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("public key: %w", err)
	}
	rsaKey, ok := key.(*rsa.PublicKey)
	if !ok {
		return nil, errors.New("public key: not an RSA key")
	}
	return rsaKey, nil
}
