package markup

import (
	"strings"
	"testing"
)

func testOptions() Options {
	return Options{
		Mention: func(h string) (Target, bool) {
			return Target{URL: "https://b.test/@bob", Username: "bob"}, strings.HasPrefix(h, "bob")
		},
		HashtagURL: func(tag string) string { return "https://a.test/tags/" + strings.ToLower(tag) },
	}
}

func TestRender(t *testing.T) {
	bob := `<span class="h-card" translate="no"><a href="https://b.test/@bob" class="u-url mention"` + remoteRel + `>@<span>bob</span></a></span>`
	tag := func(lower, typed string) string {
		return `<a href="https://a.test/tags/` + lower + `" class="mention hashtag" target="_blank" rel="tag nofollow noopener noreferrer">#<span>` + typed + `</span></a>`
	}
	link := func(href, hidden, shown string) string {
		return `<a href="` + href + `"` + remoteRel + ` translate="no"><span class="invisible">` + hidden + `</span><span>` + shown + `</span><span class="invisible"></span></a>`
	}
	for _, c := range []struct{ name, in, want string }{
		{"nothing", " \n ", ""},
		{"text", "a < b & 'c'", "<p>a &lt; b &amp; &#39;c&#39;</p>"},
		{"markup", "<b>x</b>&lt;", "<p>&lt;b&gt;x&lt;/b&gt;&amp;lt;</p>"},
		{"break", "a\nb\n\nc", "<p>a<br />b</p><p>c</p>"},
		{"newlines of other systems", "a\r\nb\r\n\r\nc\rd", "<p>a<br />b</p><p>c<br />d</p>"},
		{"blank lines", "a\n \t\n\n\nb\n", "<p>a</p><p>b</p>"},
		{"indented", "a\n  b", "<p>a<br />  b</p>"},
		{"control characters", "a\x00b\u0007c\xff", "<p>abc\ufffd</p>"},
		{"mention", "hi @bob@b.test.", "<p>hi " + bob + ".</p>"},
		{"mention with a port", "@bob@127.0.0.1:8081!", "<p>" + bob + "!</p>"},
		{"unknown mention", "@eve", "<p>@eve</p>"},
		{"hashtags", "#Go,#日本語", "<p>" + tag("go", "Go") + "," + tag("%E6%97%A5%E6%9C%AC%E8%AA%9E", "日本語") + "</p>"},
		{"short link", "see https://a.test/x(y).", "<p>see " + link("https://a.test/x(y)", "https://", "a.test/x(y)") + ".</p>"},
		{"www", "http://www.a.test", "<p>" + link("http://www.a.test", "http://www.", "a.test") + "</p>"},
		{"query", "https://a.test/?a=1&b='", "<p>" + link("https://a.test/?a=1&amp;b=", "https://", "a.test/?a=1&amp;b=") + "&#39;</p>"},
		{"long link", "https://a.test/0123456789/0123456789/0123456789", `<p><a href="https://a.test/0123456789/0123456789/0123456789"` + remoteRel +
			` translate="no"><span class="invisible">https://</span><span class="ellipsis">a.test/0123456789/0123456789/0</span><span class="invisible">123456789</span></a></p>`},
		{"link of 30 characters", "https://a.test/01234567890123456789012", "<p>" + link("https://a.test/01234567890123456789012", "https://", "a.test/01234567890123456789012") + "</p>"},
		{"IDN", "https://bücher.example/ü", "<p>" + link("https://xn--bcher-kva.example/%C3%BC", "https://", "bücher.example/ü") + "</p>"},
		{"no host", "https://… http://@", "<p>https://… http://@</p>"},
		{"other schemes", "javascript:x data:x mailto:a@b.test a.test", "<p>javascript:x data:x mailto:a@b.test a.test</p>"},
		{"names in a link", "https://a.test/@bob#Go", "<p>" + link("https://a.test/@bob#Go", "https://", "a.test/@bob#Go") + "</p>"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := Render(c.in, testOptions())
			if got != c.want {
				t.Errorf("Render(%q)\n got %s\nwant %s", c.in, got, c.want)
			}
			checkSafe(t, got)
		})
	}
}

// What Options give is no more trusted than the text.
func TestRenderWithUnsafeOptions(t *testing.T) {
	o := Options{
		Mention:    func(h string) (Target, bool) { return Target{"https://b.test/\"><script>", "<b>" + h}, h != "no" },
		HashtagURL: func(string) string { return "javascript:alert(1)" },
	}
	want := `<p><span class="h-card" translate="no"><a href="https://b.test/%22%3E%3Cscript%3E" class="u-url mention"` + remoteRel +
		`>@<span>&lt;b&gt;x</span></a></span> @no #tag</p>`
	if got := Render("@x @no #tag", o); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	if got, want := Render("@x #tag", Options{}), "<p>@x #tag</p>"; got != want {
		t.Errorf("without options: got %s, want %s", got, want)
	}
}

func TestRenderLine(t *testing.T) {
	if got, want := RenderLine("a\n\n b <i>", Options{}), "a b &lt;i&gt;"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	want := `<a href="https://a.test/"` + remoteRel + ` translate="no"><span class="invisible">https://</span><span>a.test/</span><span class="invisible"></span></a>`
	if got := RenderLine(" https://a.test/ ", Options{}); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := RenderLine("@bob", testOptions()); !strings.Contains(got, `class="u-url mention"`) || strings.Contains(got, "<p>") {
		t.Errorf("mention: got %s", got)
	}
}

// Links of a profile say that they are its owner's own pages; mentions and
// hashtags don't, and of what anyone else wrote nothing does.
func TestRenderMe(t *testing.T) {
	o := testOptions()
	o.Me = true
	got := RenderLine("https://a.test/ @bob #Go", o)
	if !strings.Contains(got, `<a href="https://a.test/" target="_blank" rel="me nofollow noopener noreferrer" translate="no">`) || strings.Count(got, `rel="me `) != 1 {
		t.Errorf("got %s", got)
	}
	checkSafe(t, Sanitize(got))
	if got := Render("<a rel=me href=https://b.test/>", o); strings.Count(got, `rel="me `) != 1 || !strings.HasPrefix(got, "<p>&lt;a rel=me") {
		t.Errorf("markup gives %s", got)
	}
	for _, stranger := range []string{got, `<a rel="me" href="https://evil.test/@eve">x</a>`, `<a rel="ME nofollow" href="https://evil.test/@eve">x</a>`,
		`<a rel="me tag" href="https://evil.test/@eve">x</a>`, `<link rel="me" href="https://evil.test/@eve">`} {
		if got := Sanitize(stranger); strings.Contains(got, "me nofollow") {
			t.Errorf("%s keeps it: %s", stranger, got)
		}
	}
}

func TestRenderBounds(t *testing.T) {
	for name, unit := range map[string]string{
		"quotes": `"`, "newlines": "a\n", "paragraphs": "a\n\n", "hashtags": "#a ", "mentions": "@bob ", "links": "http://a ",
	} {
		t.Run(name, func(t *testing.T) {
			got := Render(strings.Repeat(unit, 2*maxText/len(unit)), testOptions())
			if len(got) == 0 || len(got) > MaxHTML {
				t.Errorf("%d bytes come out", len(got))
			}
			checkSafe(t, got)
		})
	}
}

func FuzzRender(f *testing.F) {
	for _, s := range []string{
		"hi @a@b.c #tag https://x.y/(z)", "@a@127.0.0.1:80:90 #1\ufe0f\u20e3 ##a·b·", "http://http://%zz http://[::1 https://ü.x/é?ö#%",
		"a\r\n\r\nb\x00\xff\n \nc", "(https://a.test/[x](y)),", "見てhttps://a.test/。#日本",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var joined strings.Builder
		for _, w := range words(s) {
			joined.WriteString(w.raw)
		}
		if joined.String() != s {
			t.Fatalf("words lose text: %q, %q", s, joined.String())
		}
		o := Options{
			Mention: func(h string) (Target, bool) {
				return Target{"https://b.test/" + h, strings.Split(h, "@")[0]}, len(h)%2 == 0 && !strings.Contains(h, "@")
			},
			HashtagURL: func(tag string) string { return "https://a.test/tags/" + tag },
		}
		out := Render(s, o)
		checkSafe(t, out)
		checkSafe(t, RenderLine(s, o))
		if len(s) < maxText/10 {
			if got, want := strings.Fields(PlainText(out)), strings.Fields(normal(s)); strings.Join(got, " ") != strings.Join(want, " ") {
				t.Fatalf("words of %q\n got %q\nwant %q", s, got, want)
			}
		}
	})
}

func BenchmarkRender(b *testing.B) {
	post := "Hello @bob@b.test, read https://a.test/0123456789/0123456789/0123456789 #Go\n\n" + strings.Repeat("some words & more, ", 20)
	for _, c := range []struct{ name, in string }{ // MB/s stays the same where time is linear
		{"post", post}, {"post x 50", strings.Repeat(post, 50)}, {"post x 100", strings.Repeat(post, 100)},
		{"schemes 32 KiB", strings.Repeat("http://-", 4<<10)}, {"schemes 64 KiB", strings.Repeat("http://-", 8<<10)},
		{"brackets 64 KiB", "http://a" + strings.Repeat(")", 64<<10)},
		{"at signs 64 KiB", strings.Repeat("@a", 32<<10)},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(c.in)))
			for b.Loop() {
				Render(c.in, testOptions())
			}
		})
	}
}
