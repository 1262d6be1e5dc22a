package activity

import (
	"testing"
	"time"

	"kinglet/ap/vocab"
	"kinglet/internal/config"
	"kinglet/store"
)

// BenchmarkOutboxPage composes a page of an outbox, 20 Creates with their notes,
// from rows that were read.
func BenchmarkOutboxPage(b *testing.B) {
	c := &config.Config{Domain: "a.test", URL: "https://a.test"}
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	const alice = "https://a.test/users/alice"
	to, cc := []string{vocab.Public}, []string{alice + "/followers"}
	note := &store.Object{
		URI: "https://a.test/objects/1", Type: "Note", Local: true, IsStatus: true, Content: "<p>Hello <a href=\"https://a.test/tags/world\">#<span>world</span></a> and a text of usual length</p>",
		Language: "en", Tags: []string{"world"}, Context: "https://a.test/contexts/1", URL: "https://a.test/@alice/1", PublishedAt: at,
		Draft: store.Draft{Author: alice, Source: "Hello #world and a text of usual length", To: to, Cc: cc, Mentions: []store.MentionTag{{Href: "https://b.test/users/bob", Name: "@bob@b.test"}}},
	}
	create := &store.Object{URI: "https://a.test/activities/1", Type: "Create", Local: true, ObjectURI: note.URI, PublishedAt: at, Draft: store.Draft{Author: alice}}
	b.ReportAllocs()
	for b.Loop() {
		items := make([]any, 20)
		for i := range items {
			items[i] = Document(c, create, note)
		}
		vocab.BuildCollection(vocab.CollectionInput{ID: alice + "/outbox?page=true", PartOf: alice + "/outbox", TotalItems: 20, Items: items})
	}
}
