package signature

import (
	"crypto/ed25519"
	"errors"
	"math/big"
	"slices"
	"strings"
)

// An Ed25519 key as actors publish it in assertionMethod (FEP-521a): a Multikey,
// whose publicKeyMultibase is "z" and base58 of two bytes that say Ed25519 and
// the key.

const (
	base58        = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
	ed25519Prefix = "\xed\x01" // of the multicodec table
	maxMultibase  = 128        // an Ed25519 key has 48 characters
)

// MarshalMultikey writes a key as publicKeyMultibase.
func MarshalMultikey(key ed25519.PublicKey) string {
	return "z" + encodeBase58([]byte(ed25519Prefix+string(key)))
}

// ParseMultikey parses a publicKeyMultibase of an Ed25519 key.
func ParseMultikey(text string) (ed25519.PublicKey, error) {
	encoded, ok := strings.CutPrefix(text, "z")
	if !ok || len(text) > maxMultibase {
		return nil, errors.New("multikey: not base58")
	}
	b, err := decodeBase58(encoded)
	if err != nil {
		return nil, err
	}
	key, ok := strings.CutPrefix(string(b), ed25519Prefix)
	if !ok || len(key) != ed25519.PublicKeySize {
		return nil, errors.New("multikey: not an Ed25519 key")
	}
	return ed25519.PublicKey(key), nil
}

// encodeBase58 writes bytes in Bitcoin's base58: each zero byte at the front is
// a "1", the rest is one number.
func encodeBase58(b []byte) string {
	n, digit, fiftyEight := new(big.Int).SetBytes(b), new(big.Int), big.NewInt(58)
	var reversed []byte
	for n.Sign() > 0 {
		n.DivMod(n, fiftyEight, digit)
		reversed = append(reversed, base58[digit.Int64()])
	}
	for i := 0; i < len(b) && b[i] == 0; i++ {
		reversed = append(reversed, base58[0])
	}
	slices.Reverse(reversed)
	return string(reversed)
}

func decodeBase58(text string) ([]byte, error) {
	n, fiftyEight := new(big.Int), big.NewInt(58)
	for i := range len(text) {
		digit := strings.IndexByte(base58, text[i])
		if digit < 0 {
			return nil, errors.New("multikey: not base58")
		}
		n.Add(n.Mul(n, fiftyEight), big.NewInt(int64(digit)))
	}
	zeros := 0
	for zeros < len(text) && text[zeros] == base58[0] {
		zeros++
	}
	return append(make([]byte, zeros), n.Bytes()...), nil
}

// EncodeMultibase writes bytes as "z" and base58.
func EncodeMultibase(b []byte) string { return "z" + encodeBase58(b) }

// DecodeMultibase reads what EncodeMultibase writes, of up to 90 bytes.
func DecodeMultibase(text string) ([]byte, error) {
	encoded, ok := strings.CutPrefix(text, "z")
	if !ok || len(text) > maxMultibase {
		return nil, errors.New("multibase: not base58")
	}
	return decodeBase58(encoded)
}
