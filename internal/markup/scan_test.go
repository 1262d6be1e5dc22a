package markup

import (
	"strings"
	"testing"
)

func TestScan(t *testing.T) {
	for _, c := range []struct{ name, in, mentions, hashtags string }{
		{"both", "@a @b@c.test #X #y", "a b@c.test", "X y"},
		{"each once", "@a @A @a@b.test @a #X #x #Straße #STRAßE #ΣΑΣ #σας", "a a@b.test", "X Straße ΣΑΣ"},
		{"a community", "!a@b.test (!c@d.test:80) !!e@f.test !a@B.test", "!a@b.test !c@d.test:80 !e@f.test", ""},
		{"no community", "!a a!b@c.test !important! x.!a@b.test !a@", "", ""},
		{"in brackets", "(@a) [@b@c.test], \"#x\"", "a b@c.test", "x"},
		{"punctuation after", "@a. @b@c.test. @d- #x. #y! @e@f.test: @g,", "a b@c.test d e@f.test g", "x y"},
		{"dots and hyphens inside", "@a.b-c_d@e-f.g_h.test", "a.b-c_d@e-f.g_h.test", ""},
		{"dots after a host", "@a@b.test...and more", "a@b.test", ""},
		{"loopback", "@bob@127.0.0.1:8081 @bob@localhost:80, @bob@localhost", "bob@127.0.0.1:8081 bob@localhost:80 bob@localhost", ""},
		{"no port", "@a@b.test:x @a@c.test:123456 @a@d.test:", "a@b.test a@c.test a@d.test", ""},
		{"IDN", "@a@bücher.example @b@例え.テスト", "a@bücher.example b@例え.テスト", ""},
		{"e-mail address", "a@b.test ü@b.test x.@b /@b =@b", "", ""},
		{"no name", "@ @@ @é @-a a@", "", ""},
		{"no host", "@a@ @a@- @a@.b", "", ""},
		{"newlines between", "@a\n@b\r@c\r\n#x", "a b c", "x"},
		{"in a link", "https://a.test/@b#c http://a.test/?q=@d&#e", "", ""},
		{"scripts", "#日本語 #हिन्दी #العربية #tag1_2 #ก็", "", "日本語 हिन्दी العربية tag1_2 ก็"},
		{"joiners", "#col·lecció #ラブ・ライブ #می\u200cخواهم #a· #·b", "", "col·lecció ラブ・ライブ می\u200cخواهم a"},
		{"no letter", "#1 #2026 #_ #1_2 #١٢", "", ""},
		{"number of emoji", "#️⃣ #1️⃣ #tag❤️", "", "tag"},
		{"not before", "a#b &#38; /#c é#d &#x26;", "", ""},
		{"doubled sign", "##a", "", "a"},
		{"too long", "@" + strings.Repeat("a", maxName+1) + " @a@" + strings.Repeat("b", maxHost+1) + " #" + strings.Repeat("c", maxHashtag), "", ""},
		{"control character", "@bo\x01b", "bob", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := Scan(c.in)
			if got := strings.Join(s.Mentions, " "); got != c.mentions {
				t.Errorf("mentions of %q: %q, want %q", c.in, got, c.mentions)
			}
			if got := strings.Join(s.Hashtags, " "); got != c.hashtags {
				t.Errorf("hashtags of %q: %q, want %q", c.in, got, c.hashtags)
			}
		})
	}
}

func TestLinksInText(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"two", "http://a.test https://b.test/c", "http://a.test https://b.test/c"},
		{"capitals", "HTTP://A.test/B", "HTTP://A.test/B"},
		{"punctuation after", "https://a.test/. https://b.test?! 'https://c.test/x', https://d.test/y…", "https://a.test/ https://b.test https://c.test/x https://d.test/y"},
		{"brackets around", "(https://a.test/x), [https://b.test]. <https://c.test> \"https://d.test\"", "https://a.test/x https://b.test https://c.test https://d.test"},
		{"brackets inside", "https://a.test/x_(y)_[z] (https://b.test/x_(y))", "https://a.test/x_(y)_[z] https://b.test/x_(y)"},
		{"bracket left open", "https://a.test/(", "https://a.test/"},
		{"Markdown", "[x](https://a.test/y)z", "https://a.test/y"},
		{"signs at the end", "https://a.test/x_ https://a.test/~ https://a.test/-/", "https://a.test/x_ https://a.test/~ https://a.test/-/"},
		{"IPv6", "http://[::1]:8080/x", "http://[::1]:8080/x"},
		{"Japanese around", "見てhttps://a.test/日本。", "https://a.test/日本"},
		{"in a word", "xhttp://a.test 1http://a.test @http://a.test", ""},
		{"nothing after", "http:// https://. http://) http:///x", ""},
		{"no URL", "http://a.test:port/ http://%zz/", ""},
		{"other schemes", "ftp://a.test mailto:a@b.test a.test www.a.test", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var links []string
			for _, w := range words(c.in) {
				if w.kind == link {
					links = append(links, w.raw)
				}
			}
			if got := strings.Join(links, " "); got != c.want {
				t.Errorf("links of %q: %q, want %q", c.in, got, c.want)
			}
		})
	}
}

func TestLength(t *testing.T) {
	for _, c := range []struct {
		name, in string
		want     int
	}{
		{"nothing", "", 0},
		{"text", "abc", 3},
		{"family", "👩\u200d👩\u200d👧", 1},
		{"flag and accent", "🇩🇪e\u0301", 2},
		{"newlines", "a\r\nb\n", 4},
		{"long link", "https://example.org/a/very/long/path/indeed", URLLength},
		{"short link", "http://a.b", URLLength},
		{"link and full stop", "(http://a.b).", URLLength + 3},
		{"remote mention", "@bob@example.org hi", 7},
		{"mention with a port", "@bob@127.0.0.1:8081", 4},
		{"local mention", "@bob", 4},
		{"e-mail address", "bob@example.org", 15},
		{"hashtag", "#日本", 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Length(c.in); got != c.want {
				t.Errorf("Length(%q) = %d, want %d", c.in, got, c.want)
			}
		})
	}
}

// Scanning allocates for what it finds alone: text that looks like links,
// mentions and hashtags and holds none costs no more when there is more of it.
func TestScanningAllocatesLittle(t *testing.T) {
	for name, unit := range map[string]string{
		"mentions": "@é@", "hashtags": "#1·", "hosts": "@a@-",
	} {
		t.Run(name, func(t *testing.T) {
			allocs := func(n int) float64 {
				s := strings.Repeat(unit, n)
				return testing.AllocsPerRun(5, func() { Scan(s) })
			}
			if few, many := allocs(10), allocs(10_000); many > few {
				t.Errorf("%v allocations for 10, %v for 10000", few, many)
			}
		})
	}
}
