package vocab

import (
	"bytes"
	"encoding/json"
)

// ownActivity is one of our own activities, read to change its object only.
type ownActivity struct {
	Context   json.RawMessage `json:"@context"`
	ID        string          `json:"id"`
	Type      string          `json:"type"`
	Actor     string          `json:"actor"`
	Published string          `json:"published,omitempty"`
	To        []string        `json:"to,omitempty"`
	Cc        []string        `json:"cc,omitempty"`
	Object    json.RawMessage `json:"object"`
}

// WithObject gives an activity that BuildActivity made the document of its
// object, in the place of its id or of what the object once was.
func WithObject(activity, object json.RawMessage) json.RawMessage {
	return replaceObject(activity, withoutContext(object))
}

// WithObjectID has an activity that BuildActivity made name its object by its
// id, without the document.
func WithObjectID(activity json.RawMessage) json.RawMessage {
	var a struct {
		Object json.RawMessage `json:"object"`
	}
	var o struct {
		ID string `json:"id"`
	}
	if json.Unmarshal(activity, &a) != nil || !bytes.HasPrefix(a.Object, []byte("{")) || json.Unmarshal(a.Object, &o) != nil || o.ID == "" {
		return activity
	}
	return replaceObject(activity, encode(o.ID))
}

func replaceObject(activity, object json.RawMessage) json.RawMessage {
	var a ownActivity
	if err := json.Unmarshal(activity, &a); err != nil {
		return activity
	}
	a.Object = object
	return encode(a)
}
