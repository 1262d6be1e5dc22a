package object

import (
	"kinglet/ap/vocab"
	"kinglet/internal/markup"
	"kinglet/store"
)

// A Page is a link with a title: what Lemmy and its like post. The link is
// attached, or it is the url (Friendica, and Lemmy once); the page that people
// talk about it on is the id then.
func page() Kind { return Kind{Type: "Page", Read: readPage} }

func readPage(o *vocab.Object, status *store.Object) {
	readExcerpt(o, status)
	status.Content = markup.Sanitize(titleOf(o) + textInPlace(o, status))
	if linked := pageOf(o); vocab.Host(linked) != vocab.Host(o.ID) {
		status.Content = withLinks(status.Content, []link{{href: linked}})
		status.URL = o.ID
		return
	}
	if _, links := attachmentsOf(o); len(links) == 0 {
		status.Content += pageLink(o)
	}
}
