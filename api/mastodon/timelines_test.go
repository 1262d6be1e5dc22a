package mastodon_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"kinglet/store"
)

// A page of an account that mostly replies ends before it is full: its link, and
// that of the profile, lead on to what is below the replies.
func TestLinkOfAPageThatEndsEarly(t *testing.T) {
	n := newTown(t)
	n.alice.Post("before the replies")
	n.Clock.Advance(time.Second) // ids of one millisecond are in no order
	question := n.bob.Post("a question")
	n.alice.Server.Update(func(tx *store.Tx) error {
		me, err := tx.AccountByHandle("alice", "")
		if err != nil {
			return err
		}
		parent, err := tx.ObjectByURI(question.URI)
		if err != nil {
			return err
		}
		for i := range 1100 {
			if _, err := tx.InsertObject(&store.Object{
				URI: fmt.Sprint(me.URI, "/replies/", i), Type: "Note", AccountID: me.ID, Local: true, IsStatus: true, Content: "a reply",
				InReplyToURI: parent.URI, InReplyToID: parent.ID, InReplyToAccountID: parent.AccountID,
			}); err != nil {
				return err
			}
		}
		return nil
	})
	for begin, next := range map[string]func(resp *http.Response, body string) string{
		"/api/v1/accounts/" + n.alice.ID.String() + "/statuses?exclude_replies=true": func(resp *http.Response, _ string) string {
			link, _, _ := strings.Cut(resp.Header.Get("Link"), `>; rel="next"`)
			return strings.TrimPrefix(link, "<"+n.alice.Server.Config.URL)
		},
		"/@alice": func(_ *http.Response, body string) string {
			_, rest, _ := strings.Cut(body, `href="?max_id=`)
			id, _, _ := strings.Cut(rest, `"`)
			return "/@alice?max_id=" + id
		},
	} {
		resp, body := send(t, n.alice, "GET", begin, "", "")
		if strings.Contains(body, "before the replies") {
			t.Errorf("%s looks at every reply", begin)
		}
		if _, body = send(t, n.alice, "GET", next(resp, body), "", ""); !strings.Contains(body, "before the replies") {
			t.Errorf("%s leads to %s: %s", begin, next(resp, body), body)
		}
	}
}
