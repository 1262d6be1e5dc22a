package vocab

// Keys of actors: publicKey, of the security vocabulary, and assertionMethod with
// Multikeys (FEP-521a). Both may be one or several, embedded or named by their
// ids.

// readKeys reads an actor's keys, and what a key is that is a document of its own.
func readKeys(o *Object, m map[string]any) {
	for _, term := range []string{"publicKey", "assertionMethod"} {
		for _, v := range list(m[term]) {
			k := keyOf(v)
			if m, ok := v.(map[string]any); ok && k.PEM+k.Multibase != "" && m["owner"] == nil && m["controller"] == nil {
				k.Owner = o.ID // of old Bridgy Fed's, which is embedded in its actor, it goes without saying
			}
			if k.ID != "" && len(o.PublicKeys) < MaxKeys {
				k.Assertion = term == "assertionMethod"
				o.PublicKeys = append(o.PublicKeys, k)
			}
		}
	}
	k := keyOf(m)
	o.Owner, o.PublicKeyPEM, o.PublicKeyMultibase = k.Owner, k.PEM, k.Multibase
}

func keyOf(v any) PublicKey {
	m, ok := v.(map[string]any)
	if !ok {
		return PublicKey{ID: text(v)}
	}
	k := PublicKey{ID: text(m["id"]), Owner: id(m["owner"]), PEM: text(m["publicKeyPem"]), Multibase: text(m["publicKeyMultibase"])}
	if k.Owner == "" {
		k.Owner = id(m["controller"])
	}
	return k
}

// maxImplements limits how many specifications are read.
const maxImplements = 64

// implements are the ids of what an application implements, or of what the
// application that generated an object does (FEP-844e).
func implements(m map[string]any) (out []string) {
	terms := list(m["implements"])
	for _, g := range list(m["generator"]) {
		if generator, ok := g.(map[string]any); ok {
			terms = append(terms[:len(terms):len(terms)], list(generator["implements"])...)
		}
	}
	for _, v := range terms {
		href := text(v)
		if link, ok := v.(map[string]any); ok {
			if href = text(link["href"]); href == "" {
				href = text(link["id"])
			}
		}
		if href != "" && len(out) < maxImplements {
			out = append(out, href)
		}
	}
	return out
}
