package signature

import (
	"net/http"
	"strings"
)

// AcceptSignature is what an answer of ours says of the signatures that it takes
// (RFC 9421 §5.1): for one that was refused.
const AcceptSignature = `sig1=("@method" "@target-uri" "content-digest");created;keyid;alg="ed25519"`

// AcceptsEd25519 reports whether an answer asks for signatures of RFC 9421 that
// SignMessage makes with an Ed25519 key.
func AcceptsEd25519(h http.Header) bool {
	list, err := dictionary(strings.Join(h.Values("Accept-Signature"), ", "))
	if err != nil {
		return false
	}
	for _, m := range list {
		if !m.isList || m.params["alg"] != "" && m.params["alg"] != algEd25519 {
			continue
		}
		made := true
		for _, c := range m.list {
			made = made && (c == "@method" || c == "@target-uri" || c == "content-digest")
		}
		if made {
			return true
		}
	}
	return false
}
