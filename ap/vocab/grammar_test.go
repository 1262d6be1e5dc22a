package vocab

import (
	"fmt"
	"strings"
	"testing"
)

func TestLanguageTags(t *testing.T) {
	for tag, want := range map[string]string{
		"en": "en", "de-AT": "de-AT", "zh-Hant-TW": "zh-Hant-TW", "sl-rozaj-biske-1994": "sl-rozaj-biske-1994", "de-x-low": "de-x-low", "gsw": "gsw",
		"und": "", "UND": "", "": "", "e": "", "english": "", "en_US": "", "en-": "", "-en": "", "e1": "", `en"`: "", "en-<b>": "", "en-abcdefghi": "", "ен": "",
		"en" + strings.Repeat("-abcdefg", 5): "", "i-klingon": "",
	} {
		if got := LanguageTag(tag); got != want {
			t.Errorf("LanguageTag(%q) = %q", tag, got)
		}
		for _, doc := range []string{`{"content": "x", "contentMap": {%q: "x"}}`, `{"@context": {"@language": %q}, "content": "x"}`} {
			o, err := Parse(fmt.Appendf(nil, doc, tag))
			if err != nil || o.Language != want || o.Content != "x" {
				t.Errorf(doc+": %+v, %v", tag, o, err)
			}
		}
	}
}

func TestShortcodes(t *testing.T) {
	for name, want := range map[string]bool{
		"blob_cat": true, "ab": true, "A1": true, strings.Repeat("a", maxShortcode): true, strings.Repeat("a", maxShortcode+1): false,
		"": false, "a": false, "a-b": false, "a b": false, "é1": false, "a:b": false, `a"b`: false, "<b>": false, "a\x00b": false,
	} {
		if IsShortcode(name) != want {
			t.Errorf("IsShortcode(%q) is not %v", name, want)
		}
	}
}

// The bounds of a document are where they are said to be, and no nearer.
func TestBoundsOfDocuments(t *testing.T) {
	repeat := func(n int, s string) string { return strings.TrimSuffix(strings.Repeat(s+",", n), ",") }
	nested := func(n int) string { return strings.Repeat(`{"x":`, n-1) + "{}" + strings.Repeat("}", n-1) }
	for name, c := range map[string]struct {
		doc string
		ok  bool
	}{
		"bytes at the limit":         {`{"a":"` + strings.Repeat("x", MaxBytes-8) + `"}`, true},
		"bytes over it":              {`{"a":"` + strings.Repeat("x", MaxBytes-7) + `"}`, false},
		"depth at the limit":         {nested(MaxDepth), true},
		"depth over it":              {nested(MaxDepth + 1), false},
		"depth of lists over it":     {`{"a":` + strings.Repeat("[", MaxDepth) + strings.Repeat("]", MaxDepth) + "}", false},
		"brackets in a string":       {`{"a":"` + strings.Repeat(`[\"`, 100) + `"}`, true},
		"values at the limit":        {`{"a":[` + repeat(MaxValues-2, "1") + `]}`, true},
		"values over it":             {`{"a":[` + repeat(MaxValues-1, "1") + `]}`, false},
		"recipients at the limit":    {`{"cc":[` + repeat(MaxRecipients, `"a"`) + `]}`, true},
		"recipients over it":         {`{"cc":[` + repeat(MaxRecipients+1, `"a"`) + `]}`, false},
		"blind recipients over it":   {`{"bcc":[` + repeat(MaxRecipients+1, `"a"`) + `]}`, false},
		"authors at the limit":       {`{"attributedTo":[` + repeat(maxAuthors, `"a"`) + `]}`, true},
		"authors over it":            {`{"attributedTo":[` + repeat(maxAuthors+1, `"a"`) + `]}`, false},
		"a key twice, of no meaning": {`{"x":1,"x":2}`, true},
		"a core key twice":           {`{"to":"a","to":"b"}`, false},
		"a core key twice, escaped":  {`{"id":"a","\u0069d":"b"}`, false},
		"a core key twice, in a tag": {`{"tag":[{"type":"Mention","type":"Hashtag"}]}`, false},
		"more behind it":             {`{}1`, false},
		"two ids":                    {`{"id":["a","b"]}`, false},
		"two actors":                 {`{"actor":["a","b"]}`, false},
		"an actor with two ids":      {`{"actor":{"id":"a","href":"b"}}`, false},
		"an object with two ids":     {`{"object":{"id":"a","href":"b"}}`, false},
		"an author with two ids":     {`{"attributedTo":{"id":"a","href":"b"}}`, false},
		"a recipient with two ids":   {`{"to":[{"id":"a","href":"b"}]}`, false},
		"a term redefined":           {`{"@context":{"to":"https://evil.test/"}}`, false},
		"a term redefined in a list": {`{"@context":["x",{"publicKey":{"@id":"as:owner"}}]}`, false},
		"terms as they are":          {`{"@context":["x",{"publicKey":{"@id":"sec:publicKey"},"inbox":"ldp:inbox","id":"@id","sensitive":"as:sensitive"}]}`, true},
	} {
		if _, err := Parse([]byte(c.doc)); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
	o, err := Parse([]byte(`{"tag":[` + repeat(MaxTags+1, `{"type":"Hashtag","name":"x"}`) + `],"attachment":[` + repeat(MaxAttachments+1, `{"type":"Image"}`) + `],"items":[` + repeat(MaxItems+1, `"a"`) + `]}`))
	if err != nil || len(o.Tag) != MaxTags || len(o.Attachment) != MaxAttachments || len(o.Items) != MaxItems {
		t.Errorf("%d tags, %d attachments, %d items, %v", len(o.Tag), len(o.Attachment), len(o.Items), err)
	}
}

// What an object names is one thing, however it is written.
func TestReferenceIDs(t *testing.T) {
	for doc, want := range map[string]string{
		`"a"`: "a", `["a"]`: "a", `{"id":"a"}`: "a", `{"id":["a"]}`: "a", `{"id":"a","type":"Note"}`: "a", `{"id":"a","href":"a"}`: "a",
		`{"href":"a"}`: "a", `{"type":"Link","href":"a"}`: "a", `{"type":["Link","x:y"],"href":"a"}`: "a", `{"type":"Note","href":"a"}`: "", `{"type":"Note"}`: "",
	} {
		o, err := Parse([]byte(`{"object":` + doc + `}`))
		if err != nil || o.Object.ID != want || o.Object.Object != nil && o.Object.Object.ID != want {
			t.Errorf("%s: %+v, %v", doc, o, err)
		}
	}
	for host, want := range map[string]string{
		"https://a.test。/x": "a.test", "https://a。test/x": "a.test", "https://a.test:0443/x": "a.test", "https://a.test:08443/x": "a.test:8443", "https://a.test..。/": "a.test", "https://。/": "", "https://a.test/a b": "", `https://a.test/a\b`: "",
	} {
		if got := Host(host); got != want {
			t.Errorf("Host(%q) = %q", host, got)
		}
	}
}
