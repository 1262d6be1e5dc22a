package store_test

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"kinglet/store"
	"kinglet/store/storetest"
)

// An older Kinglet serves only what is stored: for it the documents are written
// again.
func TestDocumentsAreWrittenAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s)
		alice, bob := w.local("alice"), w.remote("bob")
		at := time.Date(2026, 1, 2, 3, 4, 5, 67e6, time.UTC)
		const base = "https://here.test"
		post := w.status(alice, store.Public, func(o *store.Object) {
			o.URI, o.URL, o.JSON, o.PublishedAt, o.EditedAt = base+"/objects/1", base+"/@alice/1", nil, at, at.Add(time.Second)
			o.SpoilerText, o.Sensitive, o.Language, o.Content, o.Tags, o.InReplyToURI = "a & <b>", true, "de", `<p>"ü"</p>`, []string{"Tag"}, "https://b.test/1"
			o.Draft = store.Draft{Source: "\"ü\"\n", To: []string{"https://a.test/"}, Mentions: []store.MentionTag{{Href: bob.URI, Name: "@bob@there.test"}}}
		})
		create := w.status(alice, store.Public, func(o *store.Object) {
			o.URI, o.Type, o.IsStatus, o.ObjectURI, o.JSON, o.PublishedAt = base+"/activities/1", "Create", false, post.URI, nil, at
		})
		deleted, theirs := w.status(alice, store.Public, nil), w.status(bob, store.Public, func(o *store.Object) { o.JSON = nil })
		w.update(func(tx *store.Tx) error { return tx.DeleteObject(deleted, nil) })
		for version := 0; version != 17; {
			m, err := s.MigrateDown(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			version = m.Version
		}
		if _, err := s.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		type object = map[string]any
		list := func(of ...any) []any { return of }
		want := map[store.ObjectID]object{
			post.ID: {
				"id": post.URI, "type": "Note", "attributedTo": alice.URI, "content": `<p>"ü"</p>`, "contentMap": object{"de": `<p>"ü"</p>`}, "summary": "a &amp; &lt;b&gt;",
				"sensitive": true, "published": "2026-01-02T03:04:05.067Z", "updated": "2026-01-02T03:04:06.067Z", "to": list("https://a.test/"), "cc": []any{}, "attachment": []any{},
				"inReplyTo": "https://b.test/1", "url": post.URL, "context": post.Context, "conversation": post.Context, "source": object{"content": "\"ü\"\n", "mediaType": "text/plain"},
				"tag": list(object{"type": "Mention", "href": bob.URI, "name": "@bob@there.test"}, object{"type": "Hashtag", "href": base + "/tags/tag", "name": "#Tag"}),
			},
			create.ID: {
				"id": create.URI, "type": "Create", "actor": alice.URI, "object": post.URI, "published": "2026-01-02T03:04:05.067Z", "to": list("https://a.test/"),
			},
			deleted.ID: nil,
			theirs.ID:  nil,
		}
		w.update(func(tx *store.Tx) error {
			for id, want := range want {
				rows, err := tx.Documents([]store.ObjectID{id})
				if err != nil {
					return err
				}
				var got object
				if doc := rows[id].JSON; len(doc) > 0 {
					if err := json.Unmarshal(doc, &got); err != nil {
						return err
					}
				}
				delete(got, "@context")
				if !reflect.DeepEqual(got, want) {
					t.Errorf("%s\n%v, want\n%v", rows[id].URI, got, want)
				}
			}
			return nil
		})
	})
}
