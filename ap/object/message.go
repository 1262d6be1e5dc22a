package object

import (
	"encoding/json"

	"kinglet/ap/vocab"
	"kinglet/internal/markup"
	"kinglet/store"
)

// A ChatMessage is a message to one person (Pleroma, Lemmy), which here is a
// direct one like any other.
func chatMessage() Kind {
	return Kind{Type: "ChatMessage", Read: func(o *vocab.Object, status *store.Object) { status.Content = textOf(o) }}
}

// An EncryptedMessage is a direct message whose text only the people's own
// clients can read (Egregoros). It says where to open it, and keeps what is
// encrypted.
func encryptedMessage() Kind { return Kind{Type: "EncryptedMessage", Read: readEncrypted} }

// IsMessage reports whether objects of a type are for those alone whom they are
// addressed to, whatever else they are addressed to.
func IsMessage(typ string) bool { return typ == "ChatMessage" || typ == "EncryptedMessage" }

// maxEncrypted is how many bytes of an encrypted payload are kept. Of a longer
// one nothing is: a part could not be decrypted.
const maxEncrypted = 64 << 10

func readEncrypted(o *vocab.Object, status *store.Object) {
	status.Content = markup.Render("This message is encrypted, open it at its origin:", markup.Options{}) + pageLink(o)
	var terms struct {
		Prefixed json.RawMessage `json:"egregoros:e2ee_dm"`
		Plain    json.RawMessage `json:"e2ee_dm"`
	}
	if json.Unmarshal(o.Raw, &terms) != nil {
		return
	}
	for _, payload := range []json.RawMessage{terms.Prefixed, terms.Plain} {
		if len(payload) > 0 && len(payload) <= maxEncrypted && string(payload) != "null" {
			status.Encrypted = string(payload)
			return
		}
	}
}
