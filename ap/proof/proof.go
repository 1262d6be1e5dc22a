// Package proof makes and verifies proofs that documents carry in themselves
// (FEP-8b32: W3C Data Integrity with the cryptosuite eddsa-jcs-2022). A proof
// holds whoever passes the document on.
//
// The package fetches nothing: whose key it is that verifies a proof is for the
// caller to check (SECURITY-RULES 1, 10). RFC 8785 is its own code: it is 150
// lines over the maps that documents are here already, and the libraries for it
// parse the bytes once more. Read Sign, Read and Proof.
package proof

import (
	"bytes"
	"cmp"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"kinglet/ap/signature"
	"kinglet/ap/vocab"
)

const (
	proofType   = "DataIntegrityProof"
	cryptosuite = "eddsa-jcs-2022"
	purpose     = "assertionMethod"

	// context is that of the term proof, which a document with one has.
	context = "https://w3id.org/security/data-integrity/v2"
)

// Sign adds a proof to a document of ours, which has none, by the key with the
// given id. The bytes of the document stay as they are but for the contexts and
// the proof.
func Sign(document json.RawMessage, keyID string, key ed25519.PrivateKey, at time.Time) (json.RawMessage, error) {
	var m map[string]any
	d := json.NewDecoder(bytes.NewReader(document))
	d.UseNumber()
	if err := d.Decode(&m); err != nil {
		return nil, fmt.Errorf("prove: %w", err)
	}
	if m["proof"] != nil {
		return nil, errors.New("prove: the document has a proof")
	}
	m["@context"] = withContext(m["@context"])
	p := map[string]any{
		"@context": m["@context"], "type": proofType, "cryptosuite": cryptosuite, "verificationMethod": keyID, "proofPurpose": purpose,
		"created": at.UTC().Format(time.RFC3339),
	}
	hash, err := hashOf(m, p)
	if err != nil {
		return nil, fmt.Errorf("prove: %w", err)
	}
	p["proofValue"] = signature.EncodeMultibase(ed25519.Sign(key, hash))
	m["proof"] = p
	return vocab.Encode(m), nil
}

// withContext adds the context of the term proof, before the terms that a
// document defines itself.
func withContext(c any) []any {
	list, ok := c.([]any)
	if !ok && c != nil {
		list = []any{c}
	}
	if slices.Contains(list, any(context)) {
		return list
	}
	at := slices.IndexFunc(list, func(v any) bool { _, named := v.(string); return !named })
	if at < 0 {
		at = len(list)
	}
	return slices.Insert(slices.Clone(list), at, any(context))
}

// hashOf is what is signed: the hash of the proof without its value, and that of
// the document without the proof.
func hashOf(document, proof map[string]any) ([]byte, error) {
	options, err := Canonical(proof)
	if err != nil {
		return nil, err
	}
	text, err := Canonical(document)
	if err != nil {
		return nil, err
	}
	a, b := sha256.Sum256(options), sha256.Sum256(text)
	return append(a[:], b[:]...), nil
}

// Proof is the proof that a document carries, not verified yet.
type Proof struct {
	KeyID   string // its verificationMethod
	Created time.Time

	document, options map[string]any
	signed            []byte
}

// maxProofs limits how many proofs of a document are looked at.
const maxProofs = 4

// ErrNone is the error for a document without a proof that we understand.
var ErrNone = errors.New("the document has no proof of a known kind")

// Rules say when a proof may have been made.
type Rules struct{ MaxAge, Ahead time.Duration }

// Read reads the proofs of a document that Parse has read, and checks of each all that
// needs no key: that it is made to assert what the document says, when, and that
// it has not expired. A proof says when it was made: without that, whoever has an
// old document could bring it again for ever.
// Of several, which their signers have made side by side, those that do are returned;
// without one, what is wrong with the first.
func (u Rules) Read(document vocab.Document, now time.Time) (proofs []*Proof, err error) {
	list, ok := document["proof"].([]any)
	if !ok {
		list = []any{document["proof"]}
	}
	if len(list) > maxProofs {
		return nil, fmt.Errorf("%d proofs exceed the limit of %d", len(list), maxProofs)
	}
	for _, v := range list {
		m, ok := v.(map[string]any)
		if !ok || m["type"] != proofType || m["cryptosuite"] != cryptosuite {
			continue
		}
		p, wrong := u.read(document, m, now)
		if wrong == nil {
			proofs = append(proofs, p)
		} else if err == nil {
			err = wrong
		}
	}
	if len(proofs) > 0 {
		return proofs, nil
	}
	return nil, cmp.Or(err, ErrNone)
}

// Original is a document with the terms as they came, which is what was signed:
// Parse has read those with a prefix (as:object, @id) by their plain names.
func Original(doc *vocab.Object) vocab.Document {
	var m vocab.Document
	d := json.NewDecoder(bytes.NewReader(doc.Raw))
	d.UseNumber()
	if len(doc.Raw) == 0 || d.Decode(&m) != nil {
		return doc.Document
	}
	return m
}

func (u Rules) read(document, m map[string]any, now time.Time) (*Proof, error) {
	if m["proofPurpose"] != purpose {
		return nil, errors.New("the proof has another purpose")
	}
	p := &Proof{options: maps.Clone(m), document: maps.Clone(document)}
	delete(p.options, "proofValue")
	delete(p.document, "proof")
	p.KeyID, _ = m["verificationMethod"].(string)
	if _, err := vocab.ParseURI(p.KeyID); err != nil {
		return nil, fmt.Errorf("verificationMethod: %w", err)
	}
	var err error
	value, _ := m["proofValue"].(string)
	if p.signed, err = signature.DecodeMultibase(value); err != nil || len(p.signed) != ed25519.SignatureSize {
		return nil, errors.New("the proof has no value that is a signature")
	}
	if p.Created = vocab.Time(m["created"]); p.Created.IsZero() {
		return nil, errors.New("the proof does not say when it was created")
	}
	if age := now.Sub(p.Created); age > u.MaxAge || age < -u.Ahead {
		return nil, fmt.Errorf("the proof was created at %s, which is too far from now", p.Created.Format(time.RFC3339))
	}
	if expires, there := m["expires"]; there {
		if at := vocab.Time(expires); at.IsZero() || now.After(at) {
			return nil, errors.New("the proof has expired")
		}
	}
	return p, nil
}

// Verify verifies a proof by a key, which must be that of its KeyID.
func (p *Proof) Verify(key ed25519.PublicKey) error {
	if len(key) != ed25519.PublicKeySize {
		return errors.New("the key is not an Ed25519 key")
	}
	options := p.options
	if own, there := options["@context"]; there {
		if !sameContexts(p.document["@context"], own) {
			return errors.New("the proof has other contexts than the document")
		}
		p.document["@context"] = own
	} else if p.verify(options, key) == nil {
		return nil
	} else if c, there := p.document["@context"]; there {
		// Some sign with the document's contexts, and leave them out.
		options = maps.Clone(options)
		options["@context"] = c
	}
	return p.verify(options, key)
}

func (p *Proof) verify(options map[string]any, key ed25519.PublicKey) error {
	hash, err := hashOf(p.document, options)
	if err != nil {
		return err
	}
	if !ed25519.Verify(key, hash, p.signed) {
		return errors.New("the proof does not match the key")
	}
	return nil
}

// sameContexts compares a document's contexts with those of its proof. The
// specification lets a document have more: what is added to it is not signed.
func sameContexts(document, proof any) bool {
	x, err := Canonical(contexts(document))
	if err != nil {
		return false
	}
	y, err := Canonical(contexts(proof))
	return err == nil && bytes.Equal(x, y)
}

func contexts(v any) []any {
	if list, ok := v.([]any); ok {
		return list
	}
	if v == nil {
		return []any{}
	}
	return []any{v}
}
