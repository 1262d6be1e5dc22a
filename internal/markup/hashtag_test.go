package markup

import (
	"strings"
	"testing"
)

func TestIsHashtag(t *testing.T) {
	for name, want := range map[string]bool{
		"a": true, "Cats": true, "größe": true, "日本語": true, "c1": true, "1c": true, "2024_05": true, "a_b": true, "_a": true, "l·l": true, "می\u200cخواهم": true, "हिन्दी": true, strings.Repeat("x", maxHashtag): true,
		"": false, "1": false, "2024": false, "_": false, "a b": false, "a-b": false, "a#b": false, "a/b": false, "·a": false, "a·": false, "<b>": false, "a\x00": false, "a\xff": false, "😀": false, strings.Repeat("x", maxHashtag+1): false,
	} {
		if IsHashtag(name) != want {
			t.Errorf("IsHashtag(%q) is not %v", name, want)
		}
	}
	// What is a hashtag here is one there.
	for _, tag := range Scan("#Cats #日本語 #l·l #a1 #1a #größe_2").Hashtags {
		if !IsHashtag(tag) {
			t.Errorf("%q is none", tag)
		}
	}
}
