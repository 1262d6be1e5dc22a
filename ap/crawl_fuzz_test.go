package ap

import (
	"testing"

	"kinglet/ap/vocab"
)

// Whatever a collection or a post says, we go on only on its own host, and with
// addresses that are some.
func FuzzCollection(f *testing.F) {
	for _, seed := range []string{
		`{"id":"https://b.test/c","type":"Collection","first":"https://b.test/c?page=1"}`,
		`{"type":"CollectionPage","items":["https://c.test/1",{"id":"https://c.test/2"}],"next":"https://evil.test/"}`,
		`{"type":["OrderedCollection"],"orderedItems":"https://c.test/1","totalItems":"many","first":{"type":"CollectionPage","items":[[]],"next":{"id":"https://b.test/2"}}}`,
		`{"id":"https://b.test/users/a/statuses/12","type":"Note","url":["https://b.test/@a/12","javascript:1"],"replies":{"type":"Collection","first":{"type":"CollectionPage"}}}`,
		`{"id":"https://b.test/@a/../../x","type":"Note","url":{"href":"https://b.test/notice/A?b=/notice/7"},"replies":[{"href":"x"}]}`,
	} {
		f.Add([]byte(seed))
	}
	const at = "https://b.test/c"
	f.Fuzz(func(t *testing.T, b []byte) {
		doc, err := vocab.Parse(b)
		if err != nil {
			return
		}
		if p, err := readCollection(doc, at); err == nil && p.next != "" && !vocab.SameOrigin(p.next, at) {
			t.Errorf("it goes on at %s", p.next)
		}
		if api := threadAPI(doc); api != "" && !vocab.SameOrigin(api, doc.ID) {
			t.Errorf("the API is at %s", api)
		}
		if ref := doc.Linked("replies"); ref.Object != nil {
			_, _ = readCollection(ref.Object, at)
		}
		for _, item := range doc.Items {
			_ = postOf(item)
		}
	})
}
