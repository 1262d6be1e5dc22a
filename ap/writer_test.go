package ap_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"kinglet/ap"
	"kinglet/ap/activity"
	"kinglet/ap/vocab"
	"kinglet/internal/apptest"
	"kinglet/store"
	"kinglet/store/engine"
)

// hostile are activities of up to a megabyte by somebody who is followed here,
// each made to keep the one writer as long as it can.
type hostile struct {
	*apptest.Server
	t       testing.TB
	context context.Context // of what is sent
	mallory *store.Account
	eve     *store.Account // whom nobody follows
	known   []string       // URIs of accounts elsewhere that are known here
	n       int
	tags    []map[string]any // of the activity itself
}

func newHostile(t testing.TB) *hostile {
	h := &hostile{Server: apptest.NewWorld(t).Server("kinglet.test"), t: t, context: t.Context()}
	alice := h.Account("alice")
	h.Update(func(tx *store.Tx) error {
		for i := range 500 {
			uri := fmt.Sprintf("https://evil.test/users/%d", i)
			a := &store.Account{URI: uri, Username: fmt.Sprint("u", i), Domain: "evil.test", Type: "Person", Inbox: uri + "/inbox", FollowersURI: uri + "/followers", CreatedAt: tx.Now()}
			if err := tx.PutAccount(a); err != nil {
				return err
			}
			switch h.known = append(h.known, uri); i {
			case 0:
				h.mallory = a
			case 1:
				h.eve = a
			}
		}
		f := &store.Follow{AccountID: alice.ID, TargetID: h.mallory.ID, URI: "https://kinglet.test/activities/f"}
		if _, err := tx.PutFollow(f); err != nil {
			return err
		}
		_, err := tx.AcceptFollow(alice.ID, h.mallory.ID)
		return err
	})
	return h
}

// note is as large as a document may be: 480 kB of HTML, 8,000 recipients, and
// as many mentions and hashtags as are read.
func (h *hostile) note(change func(note map[string]any)) map[string]any {
	h.n++
	html := strings.Repeat(`<p>x <a href="https://evil.test/`+strings.Repeat("y", 40)+`">z</a> &amp; <b>w</b></p>`, 480<<10/100)
	lists := map[string][]string{}
	for i := range 8000 {
		term := []string{"to", "cc", "bto", "bcc", "audience"}[i%5]
		to := fmt.Sprintf("https://a%d.test/", i)
		if i < 400 {
			to = fmt.Sprintf("https://kinglet.test/users/n%d", i)
		}
		if len(lists[term]) < vocab.MaxRecipients {
			lists[term] = append(lists[term], to)
		}
	}
	var tags []map[string]any
	for i := range vocab.MaxTags {
		if i%2 == 0 {
			tags = append(tags, map[string]any{"type": "Hashtag", "name": fmt.Sprintf("#tag%dof%d", i, h.n)})
		} else {
			tags = append(tags, map[string]any{"type": "Mention", "href": h.known[i]})
		}
	}
	id := fmt.Sprintf("https://evil.test/notes/%d", h.n)
	note := map[string]any{"type": "Note", "id": id, "attributedTo": h.mallory.URI, "content": html, "tag": tags, "published": "2026-01-02T03:04:05Z", "inReplyTo": id + "/parent"}
	for term, list := range lists {
		note[term] = list
	}
	if change != nil {
		change(note)
	}
	return note
}

// keeps gives how long the writer is kept by an activity.
func (h *hostile) keeps(typ string, object any) time.Duration {
	h.t.Helper()
	return h.keepsBy(h.mallory, typ, object)
}

func (h *hostile) keepsBy(actor *store.Account, typ string, object any) time.Duration {
	h.t.Helper()
	h.n++
	raw, err := json.Marshal(map[string]any{"type": typ, "id": fmt.Sprintf("https://evil.test/activities/%d", h.n), "actor": actor.URI, "object": object, "to": []string{vocab.Public}, "content": ":xx:", "tag": h.tags})
	if err != nil {
		h.t.Fatal(err)
	}
	o, err := vocab.Parse(raw)
	if err != nil {
		h.t.Fatalf("%d bytes: %v", len(raw), err)
	}
	kept, err := ap.WriterTime(h.context, h.Service, &activity.Activity{Object: o, Origin: activity.Inbox, Actor: actor})
	if err != nil {
		h.t.Fatal(err)
	}
	return kept
}

func (h *hostile) each(b func(what string, kept time.Duration)) {
	onlyTags := func(typ string) func(map[string]any) {
		return func(note map[string]any) {
			var tags []map[string]any
			for i := range vocab.MaxTags {
				tags = append(tags, map[string]any{"type": typ, "href": h.known[i], "name": fmt.Sprintf("#t%dof%d", i, h.n)})
			}
			note["tag"] = tags
		}
	}
	note := h.note(nil)
	b("a Create", h.keeps("Create", note))
	note["content"], note["updated"] = note["content"].(string)+"<p>more</p>", "2026-02-02T03:04:05Z"
	b("an Update", h.keeps("Update", note))
	b("a Delete", h.keeps("Delete", note["id"]))
	tagged := h.note(onlyTags("Hashtag"))
	b("a Create with hashtags only", h.keeps("Create", tagged))
	h.n++
	onlyTags("Hashtag")(tagged)
	tagged["updated"] = "2026-02-02T03:04:05Z"
	b("an Update with other hashtags only", h.keeps("Update", tagged))
	b("a Create with mentions only", h.keeps("Create", h.note(onlyTags("Mention"))))
	b("a Create by one whom nobody follows", h.keepsBy(h.eve, "Create", h.note(func(note map[string]any) {
		note["attributedTo"] = h.eve.URI
		note["to"] = append([]string{"https://kinglet.test/users/alice"}, note["to"].([]string)[1:]...)
	})))
	reacted := h.note(func(note map[string]any) { note["content"] = "x" })
	h.keeps("Create", reacted)
	for range vocab.MaxTags { // one emoji, and none has a picture
		h.tags = append(h.tags, map[string]any{"type": "Emoji", "name": ":xx:", "icon": map[string]any{"type": "Image", "url": "https://" + strings.Repeat("ü.", 600) + "%zz"}})
	}
	h.tags[vocab.MaxTags-1]["icon"] = map[string]any{"type": "Image", "url": "https://evil.test/x.png"}
	b("a reaction", h.keeps("EmojiReact", reacted["id"]))
	h.tags = nil
	b("an actor", h.keeps("Update", map[string]any{
		"type": "Person", "id": h.mallory.URI, "preferredUsername": "u0", "inbox": h.mallory.Inbox, "summary": note["content"],
		"publicKey": map[string]any{"id": h.mallory.URI + "#k", "owner": h.mallory.URI, "publicKeyPem": "x"},
	}))
}

// Nothing that is sent has the single writer do much: what a transaction costs
// is its statements and the bytes that they write. How long that takes is the
// benchmark's to say.
func TestHostileActivitiesHoldTheWriterBriefly(t *testing.T) {
	h := newHostile(t)
	var statements, written, steps int
	h.context = engine.WithTrace(t.Context(), func(_ string, args []any) {
		statements++
		for _, a := range args {
			if s, ok := a.(string); ok {
				written += len(s)
			}
		}
	})
	h.context = engine.WithWork(h.context, func(_ string, w engine.Work) { steps += w.Steps })
	if err := h.Store.Update(h.context, func(tx *store.Tx) error { _, err := tx.Account(h.eve.ID); return err }); err != nil { // until here it was the scene
		t.Fatal(err)
	}
	statements, steps = 0, 0
	h.each(func(what string, _ time.Duration) {
		if statements > 35 || written > 300_000 || steps > 30_000 {
			t.Errorf("%s: %d statements of %d steps write %d bytes", what, statements, steps, written)
		}
		t.Logf("%s: %d statements of %d steps, %d bytes", what, statements, steps, written)
		statements, written, steps = 0, 0, 0
	})
}

// BenchmarkHostileActivities gives the longest time that one activity keeps
// the writer, of each kind: it is to stay under 5 ms.
func BenchmarkHostileActivities(b *testing.B) {
	h := newHostile(b)
	h.each(func(string, time.Duration) {})
	sum := map[string]time.Duration{}
	for b.Loop() {
		h.each(func(what string, kept time.Duration) { sum[what] += kept })
	}
	for what, kept := range sum {
		b.ReportMetric(float64(kept.Microseconds())/1000/float64(b.N), strings.ReplaceAll(what, " ", "_")+"_ms")
	}
}
