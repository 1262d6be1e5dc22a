package vocab

import "fmt"

// coreTerms are the terms that decide who says what to whom. Kinglet reads them
// by their plain names, so a document may not redefine them.
var coreTerms = map[string]string{
	"id": "@id", "type": "@type",
	"actor": "actor", "object": "object", "target": "target", "attributedTo": "attributedTo",
	"to": "to", "cc": "cc", "bto": "bto", "bcc": "bcc", "inReplyTo": "inReplyTo",
	"inbox": "inbox", "outbox": "outbox", "followers": "followers", "preferredUsername": "preferredUsername",
	"publicKey": "publicKey", "owner": "owner", "publicKeyPem": "publicKeyPem",
	"assertionMethod": "assertionMethod", "controller": "controller", "publicKeyMultibase": "publicKeyMultibase", "proof": "proof",
}

var normalPrefixes = []string{
	"", "as:", "https://www.w3.org/ns/activitystreams#",
	"ldp:", "http://www.w3.org/ns/ldp#",
	"sec:", "https://w3id.org/security#", "https://w3id.org/security/v1#", "https://w3id.org/security/v1:",
}

// checkContext refuses a @context in which a core term means something else
// (SECURITY-RULES 9). Contexts that are only named are not fetched.
func checkContext(v any) error {
	for _, c := range list(v) {
		m, ok := c.(map[string]any)
		if !ok {
			continue
		}
		for term, def := range m {
			if normal, core := coreTerms[term]; core && !meansNormal(def, normal) {
				return fmt.Errorf("the @context redefines the term %q", term)
			}
		}
	}
	return nil
}

func meansNormal(def any, normal string) bool {
	s := text(def)
	if m, ok := def.(map[string]any); ok {
		s = text(m["@id"])
	}
	if normal == "inbox" && (s == "ldp:inbox" || s == "http://www.w3.org/ns/ldp#inbox") {
		return true
	}
	for _, p := range normalPrefixes {
		if s == p+normal {
			return true
		}
	}
	return false
}

// contextLanguage is the language that a @context gives to all texts.
func contextLanguage(v any) string {
	for _, c := range list(v) {
		if m, ok := c.(map[string]any); ok {
			if l := LanguageTag(text(m["@language"])); l != "" {
				return l
			}
		}
	}
	return ""
}
