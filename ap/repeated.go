package ap

import (
	"crypto/sha256"
	"time"

	"kinglet/ap/activity"
	"kinglet/ap/signature"
	"kinglet/ap/vocab"
	"kinglet/store"
)

// A server that did not hear our 202 in time posts the same activity again, and
// some always do. What was taken lately is known again by its bytes, and costs no
// more than its signature: it is neither decoded nor brought before the writer.
// What this memory does not know (it is lost with the process, and bounded)
// changes nothing either: ids are unique in the database.

// repeatedFor is how long the bytes of an activity are remembered. Most are
// repeated within minutes; later ones cost a transaction.
const repeatedFor = time.Hour

// isRepeatable reports whether the same bytes can mean nothing new: of a Create
// that has its object with it, and of a Delete. A Follow or a Like may come again
// under its id after its Undo, and an edit be taken back by an earlier one.
func isRepeatable(doc *vocab.Object) bool {
	return doc.Type == "Create" && doc.Object.Object != nil || doc.Type == "Delete"
}

// repetition names the bytes of an activity: of its signer, in this inbox.
func repetition(signer *store.Account, recipient store.AccountID, body []byte) string {
	sum := sha256.Sum256(body)
	return signer.URI + "\n" + recipient.String() + "\n" + string(sum[:])
}

// isRepeated reports whether these bytes of this signer were taken lately.
func (l *limits) isRepeated(name string) bool {
	_, ok := l.repeated.Get(name)
	return ok
}

// remember remembers what was taken: what was not wanted may be later.
func (l *limits) remember(name string, doc *vocab.Object, out activity.Outcome) {
	if name != "" && out.NotWanted == "" && isRepeatable(doc) {
		l.repeated.Put(name, struct{}{}, repeatedFor)
	}
}

// readKnown reads the body of a post whose signer is known. It is nil when the
// same was taken before; name is what it will be known by.
func (s *Service) readKnown(q InboxRequest, sig *signature.Signature, signer *store.Account) (doc *vocab.Object, name string, err error) {
	body, err := readBody(q, sig)
	if err != nil {
		return nil, "", err
	}
	if name = repetition(signer, q.Recipient, body); s.limits.isRepeated(name) {
		return nil, name, nil
	}
	doc, err = s.parseActivity(body)
	q.seen.doc = doc
	return doc, name, err
}
