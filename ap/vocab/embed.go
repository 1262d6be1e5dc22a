package vocab

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
)

// EncodeWithID encodes a document with its object replaced by its id, whatever
// is embedded.
func EncodeWithID(o *Object) json.RawMessage {
	if o.Object.ID == "" {
		return Encode(o.Document)
	}
	d := maps.Clone(o.Document)
	d["object"] = o.Object.ID
	return Encode(d)
}

// WithObject replaces the object of an activity of ours, an id or an earlier
// version, by a document. All other bytes are unchanged.
func WithObject(activity, object json.RawMessage) json.RawMessage {
	return replaceObject(activity, withoutContext(object))
}

// WithObjectID replaces the object of an activity of ours by its id.
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

// replaceObject replaces the value of the term object.
func replaceObject(activity, object json.RawMessage) json.RawMessage {
	d := json.NewDecoder(bytes.NewReader(activity))
	if _, err := d.Token(); err != nil {
		return activity
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return activity
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return activity
		}
		if key == "object" {
			end := int(d.InputOffset())
			return slices.Concat(activity[:end-len(value)], object, activity[end:])
		}
	}
	return activity
}

// Clone copies a document, with all that is in it.
func Clone(m Document) Document { return clone(m).(Document) }

func clone(v any) any {
	switch x := v.(type) {
	case Document:
		m := make(Document, len(x))
		for k, v := range x {
			m[k] = clone(v)
		}
		return m
	case []any:
		list := make([]any, len(x))
		for i, v := range x {
			list[i] = clone(v)
		}
		return list
	}
	return v
}
