package vocab

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
)

// EncodeWithID writes a document with its object named by its id, whatever is
// embedded.
func EncodeWithID(o *Object) json.RawMessage {
	if o.Object.ID == "" {
		return Encode(o.Document)
	}
	d := maps.Clone(o.Document)
	d["object"] = o.Object.ID
	return Encode(d)
}

// WithObject gives an activity of ours the document of its object, in the
// place of its id or of what the object once was. All other bytes stay.
func WithObject(activity, object json.RawMessage) json.RawMessage {
	return replaceObject(activity, withoutContext(object))
}

// WithObjectID has an activity of ours name its object by its id, without the
// document.
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

// replaceObject puts another value in the place of the term object.
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
