package activity

import (
	"encoding/json"

	"kinglet/ap/vocab"
	"kinglet/internal/config"
)

// KeepSmall reduces an activity whose object is only named by id to what is
// read of it: its ids and the local accounts it is addressed to. A stranger's
// could be a megabyte, and it is stored until its object is fetched.
func (a *Activity) KeepSmall(c *config.Config) {
	if a.Origin.Publishes || a.Object.Object.Object != nil && a.Type != "Announce" && a.Type != "Move" {
		return
	}
	inner := announced(a.Object)
	a.Object.Object.Object = nil
	relevant := func(uris []string) (out []string) {
		for _, u := range uris {
			if u == vocab.Public || u == a.Actor.FollowersURI || c.IsOwn(u) {
				out = append(out, u)
			}
		}
		return out
	}
	doc := map[string]any{"@context": "https://www.w3.org/ns/activitystreams", "type": a.Type, "actor": a.Object.Actor.ID, "object": a.Object.Object.ID}
	for name, uris := range map[string][]string{"to": a.To, "cc": a.Cc, "bto": a.Bto, "bcc": a.Bcc, "audience": a.Audience} {
		if list := relevant(uris); len(list) > 0 {
			doc[name] = list
		}
	}
	if a.Target.ID != "" {
		doc["target"] = a.Target.ID
	}
	if a.ID != "" {
		doc["id"] = a.ID
	}
	if a.Target.ID != "" {
		doc["target"] = a.Target.ID
	}
	if !a.Published.IsZero() {
		doc["published"] = a.Published
	}
	if instrument := InstrumentOf(a.Object); instrument != "" && requestKinds[a.Type] != "" {
		doc["instrument"] = instrument
	}
	if inner != nil {
		a.Object.Object.ID = inner.Object.ID // its own id is read by nobody
		about := map[string]any{"id": inner.Object.ID}
		if parent := replyTo(inner); parent != "" {
			about["type"], about["inReplyTo"] = inner.Object.Object.Type, parent
		}
		doc["object"] = map[string]any{"type": inner.Type, "actor": inner.Actor.ID, "object": about}
	}
	raw, err := json.Marshal(doc)
	if err != nil {
		panic(err) // only strings and a time come here
	}
	a.Raw = raw
}
