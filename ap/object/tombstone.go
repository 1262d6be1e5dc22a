package object

import (
	"time"

	"kinglet/ap/vocab"
)

// A Tombstone is what is left of an object that was deleted (ActivityPub §6.4).
func tombstone() Kind { return Kind{Type: "Tombstone", Write: writeTombstone} }

// TombstoneDraft is what is left of an object.
func TombstoneDraft(id, formerType string, deleted time.Time) *vocab.Object {
	return &vocab.Object{ID: id, Type: "Tombstone", FormerType: formerType, Updated: deleted}
}

func writeTombstone(o *vocab.Object) vocab.Document {
	d := vocab.Document{"id": o.ID, "type": o.Type, "deleted": vocab.Date(o.Updated)}
	if o.FormerType != "" {
		d["formerType"] = o.FormerType
	}
	return d
}
