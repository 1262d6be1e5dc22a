package object

import (
	"fmt"
	"strings"
	"testing"

	"kinglet/ap/vocab"
	"kinglet/internal/config"
)

// What strangers have us write is bounded; what is written here is not cut.
func TestBounds(t *testing.T) {
	c := &config.Config{Domain: "here.test", URL: "https://here.test"}
	o := &vocab.Object{Type: "Note", ID: "https://a.test/1", Content: strings.Repeat("<p>x</p>", maxContent/4)}
	for i := range maxHashtags + 1 {
		o.Tag = append(o.Tag, vocab.Tag{Type: "Hashtag", Name: fmt.Sprint("#t", i)})
	}
	theirs, err := Read(c, o, false)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(theirs.Status.Content); n > maxContent || n < maxContent-8 {
		t.Errorf("%d bytes", n)
	}
	if n := len(theirs.Status.Tags); n != maxHashtags {
		t.Errorf("%d hashtags", n)
	}
	ours, err := Read(c, o, true)
	if err != nil {
		t.Fatal(err)
	}
	if len(ours.Status.Content) != len(o.Content) || len(ours.Status.Tags) != len(o.Tag) {
		t.Error("what is ours is cut")
	}
}

// Whether an object has a text is asked of the first bytes of each alone, since the
// database's one writer is held meanwhile.
func TestNamesAreReadInPart(t *testing.T) {
	t.Parallel()
	long := strings.Repeat(" ", 700_000) + "late"
	for _, term := range []string{"name", "summary", "content"} {
		o, err := vocab.Read(vocab.Document{"id": "https://a.test/1", "type": "Flight", "attributedTo": "https://a.test/u", term: long})
		if err != nil {
			t.Fatal(err)
		}
		if IsShown(o) {
			t.Errorf("all of a %s of %d bytes is read", term, len(long))
		}
	}
}
