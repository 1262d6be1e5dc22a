package html

import (
	"strings"
	"testing"

	"golang.org/x/net/html"
)

func TestSanitize(t *testing.T) {
	rel := ` rel="nofollow noreferrer noopener" target="_blank"`
	for _, c := range []struct{ name, in, want string }{
		{"text", `hello`, `hello`},
		{"paragraphs", `<p>a<br>b</p>`, `<p>a<br/>b</p>`},
		{"script", `a<script>alert(1)</script>b`, `ab`},
		{"style", `a<style>*{}</style>b`, `ab`},
		{"handler", `<p onclick="x()">a</p>`, `<p>a</p>`},
		{"javascript link", `<a href="javascript:alert(1)">a</a>`, `a`},
		{"tabbed scheme", "<a href=\"jav&#x09;ascript:alert(1)\">a</a>", `a`},
		{"data link", `<a href="data:text/html,x">a</a>`, `a`},
		{"relative link", `<a href="/x">a</a>`, `a`},
		{"link", `<a href="https://a.test/">a</a>`, `<a href="https://a.test/"` + rel + `>a</a>`},
		{"heading", `<h1>a</h1>b`, `<p><strong>a</strong></p>b`},
		{"picture", `<img src=x onerror=y alt="a &lt;b">`, `a &lt;b`},
		{"unclosed link", `<a href="https://a.test/">a`, `<a href="https://a.test/"` + rel + `>a</a>`},
		{"unopened end", `a</div></blockquote>b`, `ab`},
		{"crossed", `<b><i>a</b>c</i>`, `<b><i>a</i></b>c`},
		{"foreign class", `<span class="fixed">a</span>`, `<span>a</span>`},
		{"svg", `<svg><script>x</script><a href="https://a.test">a</a></svg>b`, `b`},
		{"comment", `a<!-- <script> -->b`, `ab`},
		{"entities stay", `&lt;script&gt;`, `&lt;script&gt;`},
		{"noscript", `<noscript><p title="</noscript><img src=x onerror=alert(1)>">a`, `&#34;&gt;a`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Sanitize(c.in); got != c.want {
				t.Errorf("Sanitize(%q)\n got %q\nwant %q", c.in, got, c.want)
			}
		})
	}
}

func TestRender(t *testing.T) {
	o := Options{
		Mention: func(h string) (Target, bool) {
			return Target{URL: "https://b.test/@bob", Username: "bob"}, strings.HasPrefix(h, "bob")
		},
		HashtagURL: func(tag string) string { return "https://a.test/tags/" + strings.ToLower(tag) },
	}
	rel := ` rel="nofollow noreferrer noopener" target="_blank"`
	for _, c := range []struct{ name, in, want string }{
		{"text", "a < b", "<p>a &lt; b</p>"},
		{"break", "a\nb\n\nc", "<p>a<br/>b</p><p>c</p>"},
		{"mention", "hi @bob@b.test.", `<p>hi <span class="h-card" translate="no"><a href="https://b.test/@bob" class="u-url mention"` + rel + `>@<span>bob</span></a></span>.</p>`},
		{"mention with a port", "@bob@127.0.0.1:8081!", `<p><span class="h-card" translate="no"><a href="https://b.test/@bob" class="u-url mention"` + rel + `>@<span>bob</span></a></span>!</p>`},
		{"unknown mention", "@eve", "<p>@eve</p>"},
		{"e-mail", "a@bob", "<p>a@bob</p>"},
		{"hashtag", "#Go", `<p><a href="https://a.test/tags/go" class="mention hashtag" rel="tag nofollow noreferrer noopener" target="_blank">#<span>Go</span></a></p>`},
		{"number", "#1", "<p>#1</p>"},
		{"link", "see https://a.test/x(y).", `<p>see <a href="https://a.test/x(y)" translate="no"` + rel + `><span class="invisible">https://</span><span>a.test/x(y)</span><span class="invisible"></span></a>.</p>`},
		{"markup", "<b>x</b>", "<p>&lt;b&gt;x&lt;/b&gt;</p>"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := Render(c.in, o)
			if got != c.want {
				t.Errorf("Render(%q)\n got %s\nwant %s", c.in, got, c.want)
			}
			if again := Sanitize(got); again != got {
				t.Errorf("Sanitize changes what Render made:\n%s\n%s", got, again)
			}
		})
	}
}

func TestScanAndLength(t *testing.T) {
	s := Scan("@a @b@c.test #X #x https://a.test/@nobody#no")
	if got := strings.Join(s.Mentions, ",") + ";" + strings.Join(s.Hashtags, ","); got != "a,b@c.test;X" {
		t.Errorf("Scan gives %s", got)
	}
	for text, want := range map[string]int{
		"abc": 3, "👩‍👩‍👧": 1, "https://example.org/a/very/long/path/indeed": 23, "@bob@example.org hi": 7,
	} {
		if got := Length(text); got != want {
			t.Errorf("Length(%q) = %d, want %d", text, got, want)
		}
	}
}

func TestPlainText(t *testing.T) {
	if got := PlainText("<p>a &amp; b<br>c</p><p>d<script>x</script></p>"); got != "a & b\nc\n\nd" {
		t.Errorf("got %q", got)
	}
}

func FuzzSanitize(f *testing.F) {
	for _, s := range []string{`<a href="https://a.test/">x`, `<svg><style><img src=x onerror=1>`, `<p><b></p></b>`, `<math><mi//xlink:href="data:x,<script>">`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		out := Sanitize(s)
		if again := Sanitize(out); again != out {
			t.Fatalf("not stable: %q, %q", out, again)
		}
		z := html.NewTokenizer(strings.NewReader(out))
		for z.Next() != html.ErrorToken {
			tok := z.Token()
			if tok.Type != html.StartTagToken && tok.Type != html.SelfClosingTagToken {
				continue
			}
			if !isKept(tok.Data) && tok.Data != "br" {
				t.Fatalf("element %s in %q", tok.Data, out)
			}
			for _, a := range tok.Attr {
				if strings.HasPrefix(a.Key, "on") || a.Key == "style" || a.Key == "src" {
					t.Fatalf("attribute %s in %q", a.Key, out)
				}
				if a.Key == "href" && strings.HasPrefix(strings.ToLower(strings.TrimSpace(a.Val)), "javascript") {
					t.Fatalf("link %s in %q", a.Val, out)
				}
			}
		}
	})
}

func FuzzRender(f *testing.F) {
	f.Add("hi @a@b.c #tag https://x.y/(z)")
	f.Fuzz(func(t *testing.T, s string) {
		joined := ""
		for _, w := range words(s) {
			joined += w.raw
		}
		if joined != s {
			t.Fatalf("words lose text: %q, %q", s, joined)
		}
		out := Render(s, Options{HashtagURL: func(string) string { return "https://a.test/" }})
		if again := Sanitize(out); again != out {
			t.Fatalf("not stable: %q, %q", out, again)
		}
	})
}
