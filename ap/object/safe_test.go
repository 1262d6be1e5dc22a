package object

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"kinglet/ap/vocab"
	"kinglet/internal/config"
	"kinglet/internal/markup"
)

// everywhere is an object of a type with a text in every term that is shown.
func everywhere(typ, text string) vocab.Document {
	image := vocab.Document{"type": "Image", "url": text, "name": text, "mediaType": text, "blurhash": text}
	links := []any{text, vocab.Document{"type": "Link", "href": text, "mediaType": text}, vocab.Document{"type": "Link", "href": "https://a.test/" + text, "name": text}}
	return vocab.Document{
		"id": "https://a.test/1", "type": typ, "attributedTo": "https://a.test/u", "name": text, "summary": text, "content": text, "quote": text, "quoteUrl": "https://a.test/" + text,
		"inReplyToBook": text, "rating": json.Number("4"), "url": links, "icon": image, "image": []any{image, text}, "preview": vocab.Document{"type": "Note", "content": text},
		"startTime": text, "endTime": text, "ical:status": text,
		"location":   []any{text, vocab.Document{"name": text, "url": text, "address": vocab.Document{"streetAddress": text, "postalCode": text}}},
		"attachment": []any{image, vocab.Document{"type": "Link", "href": "https://a.test/" + text, "name": text}, vocab.Document{"type": "Document", "url": "https://a.test/x.png", "name": text}},
	}
}

func shownTypes() []string {
	list := []string{"Flight"}
	for typ, k := range kinds {
		if k.Read != nil {
			list = append(list, typ)
		}
	}
	slices.Sort(list)
	return list
}

// checkSafe checks what is stored of an object: HTML that the sanitiser would
// not change, and addresses that a browser may open.
func checkSafe(t *testing.T, d vocab.Document) {
	t.Helper()
	o, err := vocab.Parse(vocab.Encode(d))
	if err != nil {
		return
	}
	r, err := Read(&config.Config{Domain: "here.test", URL: "https://here.test"}, o, false)
	if err != nil || r == nil {
		return
	}
	st := r.Status
	if again := markup.Sanitize(st.Content); again != st.Content {
		t.Errorf("%s: the sanitiser makes\n%s\nof\n%s", o.Type, again, st.Content)
	}
	addresses := []string{st.URL}
	if st.QuoteURI != "" {
		addresses = append(addresses, st.QuoteURI)
	}
	for _, m := range r.Attachments {
		addresses = append(addresses, m.URL, m.RemoteURL)
		if m.PreviewURL != "" {
			addresses = append(addresses, m.PreviewURL)
		}
	}
	for _, a := range addresses {
		if !strings.HasPrefix(a, "https://") && !strings.HasPrefix(a, "http://") {
			t.Errorf("%s: the address %q", o.Type, a)
		}
	}
	if len(r.Attachments) > maxAttachments {
		t.Errorf("%s: %d attachments", o.Type, len(r.Attachments))
	}
}

func TestTextsAreSafe(t *testing.T) {
	for _, typ := range shownTypes() {
		for _, text := range []string{
			`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `javascript:alert(1)`, `&lt;script&gt;`, "<b>a", "</p></blockquote>", "https://c.test/ <x", strings.Repeat("<p>x", 100),
		} {
			checkSafe(t, everywhere(typ, text))
		}
	}
}

func FuzzText(f *testing.F) {
	for i, typ := range shownTypes() {
		f.Add(typ, fmt.Sprintf(`<p class="quote-inline">RE: <a href="https://a.test/">x</a>%d</p>`, i))
	}
	f.Fuzz(func(t *testing.T, typ, text string) { checkSafe(t, everywhere(typ, text)) })
}

// The best of the files that lead to one video.
func TestFirstPlayable(t *testing.T) {
	video := func(heights ...int) (list []vocab.Link) {
		for _, h := range heights {
			list = append(list, vocab.Link{Href: fmt.Sprintf("https://a.test/%d.mp4", h), MediaType: "video/mp4", Height: h})
		}
		return list
	}
	for _, c := range []struct {
		links []vocab.Link
		want  string
	}{
		{video(1080, 720, 480), "720"}, {video(240, 480, 1080), "480"}, {video(2160, 1080, 1440), "1080"}, {video(0, 360), "360"},
		{append([]vocab.Link{{Href: "javascript:x", MediaType: "video/mp4", Height: 700}}, video(240)...), "240"},
	} {
		if got, ok := firstPlayable(c.links, "video"); !ok || got.Href != "https://a.test/"+c.want+".mp4" {
			t.Errorf("of %v it is %v", c.links, got)
		}
	}
	if _, ok := firstPlayable([]vocab.Link{{Href: "magnet:x"}}, "video"); ok {
		t.Error("a magnet link is playable")
	}
}
