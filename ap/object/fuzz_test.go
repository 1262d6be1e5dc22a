package object

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"kinglet/ap/vocab"
	"kinglet/internal/config"
	"kinglet/internal/markup"
	"kinglet/store"
)

// FuzzRead reads whatever strangers send as far as it goes without a database:
// from bytes to the rows that would be written, whose texts are safe, bounded
// and fit any column.
func FuzzRead(f *testing.F) {
	names, _ := filepath.Glob("../interop/testdata/*.json")
	for _, name := range names {
		doc, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(doc)
	}
	if len(names) == 0 {
		f.Fatal("there are no documents to begin with")
	}
	c := &config.Config{Domain: "here.test", URL: "https://here.test"}
	f.Fuzz(func(t *testing.T, doc []byte) {
		o, err := vocab.Parse(doc)
		if err != nil {
			return
		}
		for _, o := range []*vocab.Object{o, o.Object.Object} {
			if o != nil {
				checkReading(t, c, o)
			}
		}
	})
}

func checkReading(t *testing.T, c *config.Config, o *vocab.Object) {
	r, err := Read(c, o, false)
	if err != nil || r == nil {
		return
	}
	text := func(what, s string, most int) {
		if !utf8.ValidString(s) || strings.IndexByte(s, 0) >= 0 || len(s) > most {
			t.Fatalf("%s is %q", what, s)
		}
	}
	html := func(what, s string) {
		if text(what, s, markup.MaxHTML); markup.Sanitize(s) != s {
			t.Fatalf("%s is not safe: %q", what, s)
		}
	}
	if a := r.Account; a != nil {
		html("the bio", a.Note)
		text("the name", a.DisplayName, maxName)
		text("the username", a.Username, 128)
		for _, f := range a.Fields {
			html("a field", f.Value)
		}
		return
	}
	st := r.Status
	vocab.AuthorizationOf(o)
	policy := ReadPolicy(c, o, &store.Account{URI: o.Author(), FollowersURI: o.Author() + "/followers"})
	for _, kind := range []string{store.QuoteOf, store.ReplyTo, store.LikeOf, store.AnnounceOf} {
		if p := policy.Of(kind); p != nil && len(p.Automatic)+len(p.Manual) > 2*(maxNamedHere+4) {
			t.Fatalf("%s is allowed to %v", kind, p)
		}
	}
	html("the content", st.Content)
	text("the warning", st.SpoilerText, maxSpoiler)
	text("the language", st.Language, 35)
	if len(st.Tags) > maxHashtags || len(r.Attachments) > vocab.MaxAttachments {
		t.Fatalf("%d tags, %d attachments", len(st.Tags), len(r.Attachments))
	}
	for _, tag := range st.Tags {
		if !markup.IsHashtag(tag) {
			t.Fatalf("the tag %q", tag)
		}
	}
	for _, m := range r.Attachments {
		text("a description", m.Description, maxDescription)
		if !isURI(m.URL) {
			t.Fatalf("an attachment at %q", m.URL)
		}
	}
}
