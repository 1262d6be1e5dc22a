package object

import (
	"encoding/json"

	"kinglet/ap/vocab"
	"kinglet/store"
)

// WithApproval is the document of an answer, a boost or a like of ours with what
// the author of the other post has given for it, in both spellings of GoToSocial's:
// up to 0.20 it reads approvedBy, and takes there an authorization or an Accept.
func WithApproval(doc json.RawMessage, row *store.Object) json.RawMessage {
	changed := reopen(doc)
	if changed == nil {
		return doc
	}
	changed["approvedBy"] = row.Approval
	if !row.ApprovedByAccept {
		changed[authorizationKey(row.Type)] = row.Approval
	}
	return vocab.Encode(changed)
}

func authorizationKey(typ string) string {
	switch typ {
	case "Like":
		return "likeAuthorization"
	case "Announce":
		return "announceAuthorization"
	}
	return "replyAuthorization"
}
