package ui

import (
	"strings"
	"testing"

	"kinglet/store"
)

// Of a post of another server the page says where it leads, if that is another
// host than its id's, and shows what it quotes.
func TestPostsOfOthersOnPage(t *testing.T) {
	w := newWorld(t)
	first := w.post("first", "", 0)
	var quoted *store.Object
	reply := func(name string, change func(o *store.Object)) {
		if err := w.ui.Store.Update(t.Context(), func(tx *store.Tx) error {
			bob, err := tx.AccountByURI("https://b.test/users/bob")
			if err != nil {
				bob = &store.Account{URI: "https://b.test/users/bob", Username: "bob", Domain: "b.test", Type: "Person", URL: "https://b.test/@bob"}
				if err := tx.PutAccount(bob); err != nil {
					return err
				}
			}
			parent, err := tx.Object(first)
			if err != nil {
				return err
			}
			o := &store.Object{URI: "https://b.test/" + name, Type: "Note", AccountID: bob.ID, IsStatus: true, URL: "https://b.test/" + name, Content: "<p>" + name + "</p>",
				InReplyToURI: parent.URI, InReplyToID: first, InReplyToAccountID: parent.AccountID}
			change(o)
			_, err = tx.InsertObject(o)
			quoted = o
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	page := func() string { return w.get("/@alice/" + first.String()).Body.String() }
	reply("plain", func(*store.Object) {})
	if strings.Contains(page(), "· on <bdi>") {
		t.Error("the host of an ordinary post is named")
	}
	reply("elsewhere", func(o *store.Object) { o.URL = "https://www.b.test/elsewhere" })
	if !strings.Contains(page(), "· on <bdi>www.b.test</bdi>") {
		t.Error("the page of a post is on another host, which is not named")
	}
	uri := quoted.URI
	reply("quoting", func(o *store.Object) { o.QuoteURI = uri })
	if got := page(); !strings.Contains(got, `<blockquote class="h-cite">`) || strings.Count(got, "<p>elsewhere</p>") != 2 {
		t.Error("what is quoted is not shown")
	}
	reply("waiting", func(o *store.Object) { o.QuoteURI = "https://c.test/1" })
	if !strings.Contains(page(), `RE: <a href="https://c.test/1"`) {
		t.Error("what is quoted is not linked")
	}
	// Two that quote each other.
	reply("one", func(o *store.Object) { o.QuoteURI = "https://b.test/two" })
	reply("two", func(o *store.Object) { o.QuoteURI = "https://b.test/one" })
	if err := w.ui.Store.Update(t.Context(), func(tx *store.Tx) error { return tx.LinkReplies(quoted) }); err != nil {
		t.Fatal(err)
	}
	if got := page(); !strings.Contains(got, "<p>one</p>") || !strings.HasSuffix(strings.TrimSpace(got), "</html>") {
		t.Error("two that quote each other are not shown")
	}
}
