package markup

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

const remoteRel = ` target="_blank" rel="nofollow noopener noreferrer"`

func TestSanitizeKeeps(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"nothing", ``, ``},
		{"text", `hello`, `hello`},
		{"paragraphs", `<p>a<br>b</p>`, `<p>a<br />b</p>`},
		{"break as an end tag", `a</br>b`, `a<br />b`},
		{"emphasis", `<b>a</b><strong>b</strong><i>c</i><em>d</em><u>e</u><del>f</del><s>g</s>`, `<b>a</b><strong>b</strong><i>c</i><em>d</em><u>e</u><del>f</del><s>g</s>`},
		{"code", "<pre><code>a\n  b</code></pre>", "<pre><code>a\n  b</code></pre>"},
		{"list", `<ol start="3" reversed><li value="-7">a<li>b</ol>`, `<ol start="3" reversed=""><li value="-7">a</li><li>b</li></ol>`},
		{"list in a list", `<ul><li>a<ul><li>b</ul><li>c</ul>`, `<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>`},
		{"wild numbers", `<ol start="99999999999"><li value="1e9">a</ol>`, `<ol><li>a</li></ol>`},
		{"ruby", `<ruby>漢<rp>(<rt>kan<rp>)</ruby>`, `<ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp></ruby>`},
		{"ruby text alone", `<rt>kan</rt>`, `kan`},
		{"language", `<p lang="pt-BR">a <span lang='"x'>b</span></p>`, `<p lang="pt-BR">a <span>b</span></p>`},
		{"heading", `<h1>a</h1>b`, `<p><strong>a</strong></p>b`},
		{"heading in a paragraph", `<p>a<h3>b</h3>c`, `<p>a</p><p><strong>b</strong></p>c`},
		{"picture", `<img src=x onerror=y alt="a &lt;b">`, `a &lt;b`},
		{"other blocks", `<div>a</div><div>b</div><section><p>c</p></section>d`, `a<br />b<p>c</p>d`},
		{"table", `<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>`, `a b<br />c`},
		{"whole page", `<html><head><title>t</title></head><body>a</body></html>`, `a`},
		{"fallback of a video", `<video src="x"><a href="https://a.test/">a</a></video>`, `<a href="https://a.test/"` + remoteRel + `>a</a>`},
		{"classes", `<span class="h-card fixed mention  p-name">a</span><span class="modal">b</span>`, `<span class="h-card mention p-name">a</span><span>b</span>`},
		{"quote", `<p class="quote-inline">RE: a</p>`, `<p class="quote-inline">RE: a</p>`},
		{"mention", `<span class="h-card" translate="no"><a href="https://b.test/@bob" class="u-url mention">@<span>bob</span></a></span>`,
			`<span class="h-card" translate="no"><a href="https://b.test/@bob" class="u-url mention"` + remoteRel + `>@<span>bob</span></a></span>`},
		{"hashtag", `<a href="https://b.test/tags/x" class="mention hashtag" rel="tag me">#<span>x</span></a>`,
			`<a href="https://b.test/tags/x" class="mention hashtag" target="_blank" rel="tag nofollow noopener noreferrer">#<span>x</span></a>`},
		{"entities", `&lt;script&gt; &amp;lt; &eacute;`, `&lt;script&gt; &amp;lt; é`},
		{"control characters", "a\x00b\x1bc&#x85;&#1;&#127;d\ufeff", "abc…d\ufeff"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Sanitize(c.in); got != c.want {
				t.Errorf("Sanitize(%q)\n got %q\nwant %q", c.in, got, c.want)
			}
		})
	}
}

// What an attack leaves is given in full: a rest of it would be seen.
func TestSanitizeRemoves(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"script", `a<script>alert(1)</script>b`, `ab`},
		{"script that closes itself", `a<script/>alert(1)</script>b`, `ab`},
		{"script without an end", `a<script>alert(1)`, `a`},
		{"script in pieces", `<scr<script>ipt>alert(1)</script>b`, `ipt&gt;alert(1)b`},
		{"script in capitals", `<SCRIPT SRC=//x.test>a</ScRiPt >b`, `b`},
		{"script after a slash", `<script/src="//x.test">a</script>b`, `b`},
		{"open tag", `a<img src=x onerror=alert(1)//`, `a`},
		{"doubled bracket", `<<script>a</script>b`, `&lt;b`},
		{"style", `a<style>@import 'x'</style>b`, `ab`},
		{"style attribute", `<p style="position:fixed">a</p>`, `<p>a</p>`},
		{"handler", `<p onclick="x()">a</p>`, `<p>a</p>`},
		{"handler after a slash", `<p/onclick=x()>a</p>`, `<p>a</p>`},
		{"handler after a null byte", "<p on\x00click=x()>a</p>", `<p>a</p>`},
		{"handler in a class", `<p class='"onclick="x()'>a</p>`, `<p>a</p>`},
		{"element with a null byte", "<scr\x00ipt>a</scr\x00ipt>", `a`},
		{"identity", `<p id="x" name="y" data-z="1" is="w">a</p>`, `<p>a</p>`},
		{"base", `<base href="https://x.test/">a`, `a`},
		{"refresh", `<meta http-equiv=refresh content="0;url=javascript:x">a`, `a`},
		{"style sheet", `<link rel=stylesheet href=x>a`, `a`},
		{"frame", `<iframe src="javascript:x" srcdoc="<script>x</script>">a</iframe>b`, `b`},
		{"embedded", `<object data="x"><embed src="x">a</object>b`, `ab`},
		{"form", `<form action="x"><input name=p><button formaction="javascript:x">a</button></form>b`, `a<br />b`},
		{"text area", `<textarea><script>x</script></textarea>b`, `b`},
		{"svg", `<svg><script>x</script><a href="https://a.test">a</a></svg>b`, `b`},
		{"svg in svg", `<svg><svg></svg>x</svg>b`, `b`},
		{"svg handler", `<svg/onload=alert(1) />b`, `b`},
		{"svg without an end", `a<svg/onload=alert(1)>b`, `a`},
		{"svg animation", `<svg><animate xlink:href=#x attributeName=href values=javascript:x /><a id=x></a></svg>b`, `b`},
		{"svg style", `<svg><style><img src=x onerror=alert(1)></style></svg>b`, `b`},
		{"math", `<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">`, ``},
		{"math link", `<math href="javascript:x">a</math>b`, `b`},
		{"mutation by form", `<form><math><mtext></form><form><mglyph><style></math><img src onerror=x>`, ``},
		{"comment", `a<!-- <script> -->b`, `ab`},
		{"comment with two ends", `a<!--> <img src=x onerror=x> -->b`, `a  --&gt;b`},
		{"comment closed with a bang", `a<!-- --!><img src=x onerror=x>b`, `ab`},
		{"conditional comment", `a<!--[if IE]><script>x</script><![endif]-->b`, `ab`},
		{"CDATA", `a<![CDATA[<script>x</script>]]>b`, `ax]]&gt;b`},
		{"processing instruction", `a<?xml-stylesheet href="x"?>b`, `ab`},
		{"template", `<template><script>x</script></template>b`, `b`},
		{"template in a template", `<template><template></template><p>x</p></template>b`, `b`},
		{"noscript", `<noscript><p title="</noscript><img src=x onerror=alert(1)>">a`, `&#34;&gt;a`},
		{"xmp", `<xmp><p title="</xmp><img src=x onerror=x>">a`, `&#34;&gt;a`},
		{"plaintext", `a<plaintext><script>`, `a`},
		{"title in an attribute", `<p title="<script>x</script>">a</p>`, `<p>a</p>`},
		{"unclosed link", `<a href="https://a.test/">a`, `<a href="https://a.test/"` + remoteRel + `>a</a>`},
		{"link in a link", `<a href="https://a.test/">a<a href="https://b.test/">b</a>`, `<a href="https://a.test/"` + remoteRel + `>a</a><a href="https://b.test/"` + remoteRel + `>b</a>`},
		{"unopened end", `a</p></blockquote></a>b`, `ab`},
		{"crossed", `<b><i>a</b>c</i>`, `<b><i>a</i></b>c`},
		{"paragraph in a paragraph", `<p>a<b><p>b`, `<p>a<b></b></p><p>b</p>`},
		{"own rel and target", `<a href="https://a.test/" rel="opener me" target="_top">a</a>`, `<a href="https://a.test/"` + remoteRel + `>a</a>`},
		{"second href", `<a href="https://a.test/" href="javascript:x" ping="https://p.test" download>a</a>`, `<a href="https://a.test/"` + remoteRel + `>a</a>`},
		{"decoded twice", `&amp;lt;script&amp;gt;x`, `&amp;lt;script&amp;gt;x`},
		{"entity without its end", `&ltscript&gtx`, `&lt;script&gt;x`},
		{"UTF-7", `+ADw-script+AD4-`, `+ADw-script+AD4-`},
		{"invalid UTF-8", "\xc0\xbcscript\xc0\xbe", "\ufffd\ufffdscript\ufffd\ufffd"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Sanitize(c.in); got != c.want {
				t.Errorf("Sanitize(%q)\n got %q\nwant %q", c.in, got, c.want)
			}
		})
	}
}

func TestSanitizeLinks(t *testing.T) {
	for _, c := range []struct{ name, href, want string }{ // want "" for no link
		{"https", `https://a.test/b?c=d&amp;e#f`, `https://a.test/b?c=d&amp;e#f`},
		{"port and user", `http://u@127.0.0.1:8081/@bob`, `http://u@127.0.0.1:8081/@bob`},
		{"IPv6", `http://[::1]:80/`, `http://[::1]:80/`},
		{"encoded", `https://a.test/a%2Fb%20c`, `https://a.test/a%2Fb%20c`},
		{"spaces around", ` https://a.test/ `, `https://a.test/`},
		{"space inside", `https://a.test/a b?c d`, `https://a.test/a%20b?c%20d`},
		{"stray percent sign", `https://a.test/100%?x=5%`, `https://a.test/100%25?x=5%25`},
		{"quotes", `https://a.test/?a=&quot;&lt;`, `https://a.test/?a=%22%3C`},
		{"IDN", `https://bücher.example/ü`, `https://xn--bcher-kva.example/%C3%BC`},
		{"capital scheme", `HTTPS://a.test/`, `https://a.test/`},
		{"mail", `mailto:a@b.test`, `mailto:a@b.test`},
		{"chat", `xmpp:a@b.test?message`, `xmpp:a@b.test?message`},
		{"matrix", `matrix:u/a:b.test`, `matrix:u/a:b.test`},
		{"magnet", `magnet:?xt=urn:btih:abc`, `magnet:?xt=urn:btih:abc`},
		{"gemini", `gemini://a.test/`, `gemini://a.test/`},
		{"none", ``, ``},
		{"relative", `/x`, ``},
		{"fragment", `#x`, ``},
		{"of the page's scheme", `//a.test/x`, ``},
		{"javascript", `javascript:alert(1)`, ``},
		{"javascript in capitals", `JaVaScRiPt:alert(1)`, ``},
		{"javascript with a tab", `jav&#x09;ascript:alert(1)`, ``},
		{"javascript with a newline", "java\nscript:alert(1)", ``},
		{"javascript as entities", `&#106&#97&#118&#97&#115&#99&#114&#105&#112&#116&#58alert(1)`, ``},
		{"javascript after a control character", `&#1;javascript:alert(1)`, ``},
		{"javascript after a null byte", "\x00javascript:alert(1)", ``},
		{"javascript after a no-break space", "\u00a0javascript:alert(1)", ``},
		{"javascript with a named colon", `javascript&colon;alert(1)`, ``},
		{"javascript in fullwidth", `ｊａｖａｓｃｒｉｐｔ:alert(1)`, ``},
		{"javascript percent-encoded", `javascript%3Aalert(1)`, ``},
		{"vbscript", `vbscript:x`, ``},
		{"data", `data:text/html,&lt;script>x&lt;/script>`, ``},
		{"blob", `blob:https://a.test/x`, ``},
		{"file", `file:///etc/passwd`, ``},
		{"telephone", `tel:+1234`, ``},
		{"intent", `intent://a#Intent;end`, ``},
		{"view-source", `view-source:https://a.test/`, ``},
		{"no host", `https:///x`, ``},
		{"one slash", `https:/a.test`, ``},
		{"backslashes", `https:\\a.test`, ``},
		{"backslash for the host", `https://a.test\@b.test/`, ``},
		{"newline inside", "https://a.test/\nb", ``},
		{"host of dots", `https://../`, ``},
		{"host with a bracket", `https://a&lt;b/`, ``},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := "a"
			if c.want != "" {
				want = `<a href="` + c.want + `"` + remoteRel + `>a</a>`
			}
			got := Sanitize(`<a href="` + c.href + `">a</a>`)
			if got != want {
				t.Errorf("href %q\n got %q\nwant %q", c.href, got, want)
			}
			if again := Sanitize(got); again != got {
				t.Errorf("not stable: %q, %q", got, again)
			}
		})
	}
}

// The limits of SECURITY-RULES 27.
func TestSanitizeBounds(t *testing.T) {
	many := func(s string) string { return strings.Repeat(s, (MaxHTML-100)/len(s)) }
	for _, c := range []struct{ name, in string }{
		{"deep quotes", many("<blockquote>")},
		{"deep emphasis", many("<b>") + "x"},
		{"deep lists", many("<ul><li>")},
		{"headings at the limit", strings.Repeat("<b>", maxNesting-1) + "<h1>x</h1>"},
		{"links that grow", many(`<a href=//><a href=http://a>`)},
		{"text that grows", many(`"`)},
		{"invalid text that grows", many("\xff")},
		{"over the limit", "<p>" + many(`"x`) + many("<b>y")},
		{"huge tag, then small ones", "<b " + strings.Repeat("a1 ", 1000) + many("<b c>")[:MaxHTML/2]},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := Sanitize(c.in)
			if len(got) > MaxHTML {
				t.Errorf("%d bytes come out", len(got))
			}
			checkSafe(t, got)
		})
	}
	t.Run("long input is text", func(t *testing.T) {
		got := Sanitize("<p>a</p><script>x</script><p>b &lt;i&gt;</p>" + strings.Repeat("<b>", MaxHTML/3))
		if want := "<p>a</p><p>b &lt;i&gt;</p>"; got != want {
			t.Errorf("got %.200q, want %q", got, want)
		}
	})
	t.Run("text over the nesting stays", func(t *testing.T) {
		if got := PlainText(Sanitize(strings.Repeat("<b>", 200) + "deep" + strings.Repeat("</b>", 200) + "!")); got != "deep!" {
			t.Errorf("got %q", got)
		}
	})
}

// checkSafe holds what is true of all that Sanitize gives: nothing but the
// allowed, in a form that a browser reads as it is written.
func checkSafe(t *testing.T, out string) {
	t.Helper()
	if again := Sanitize(out); again != out {
		t.Fatalf("not stable:\n%.500q\n%.500q", out, again)
	}
	spelt := strings.ReplaceAll(out, lineBreak, "<br/>")
	if gated := allowList().Sanitize(spelt); gated != spelt {
		t.Fatalf("the gate still changes it:\n%.500q\n%.500q", spelt, gated)
	}
	body := &html.Node{Type: html.ElementNode, Data: "body", DataAtom: atom.Body}
	nodes, err := html.ParseFragment(strings.NewReader(out), body)
	if err != nil {
		t.Fatalf("parse %.500q: %v", out, err)
	}
	var read strings.Builder
	for _, n := range nodes {
		checkNode(t, n)
		if err := html.Render(&read, n); err != nil {
			t.Fatal(err)
		}
	}
	// A browser drops the first newline of a <pre>, and Render puts one back
	// where there are more: the one difference.
	if !strings.Contains(out, "<pre") && read.String() != spelt {
		t.Fatalf("read otherwise than written:\n%.500q\n%.500q", spelt, read.String())
	}
}

func checkNode(t *testing.T, n *html.Node) {
	t.Helper()
	if n.Type != html.TextNode && n.Type != html.ElementNode || n.Namespace != "" {
		t.Fatalf("node %v %q", n.Type, n.Data)
	}
	elements := strings.Fields("p br span a del s pre blockquote code b strong u i em ul ol li ruby rt rp sub sup small")
	if n.Type == html.ElementNode && !slices.Contains(elements, n.Data) {
		t.Fatalf("element %s", n.Data)
	}
	rel := ""
	attributes := strings.Fields("href class target rel translate lang start reversed value")
	// The parser sorts the attributes of some elements; we have an order, too.
	slices.SortFunc(n.Attr, func(a, b html.Attribute) int {
		return slices.Index(attributes, a.Key) - slices.Index(attributes, b.Key)
	})
	for _, a := range n.Attr {
		if a.Namespace != "" || !slices.Contains(attributes, a.Key) {
			t.Fatalf("attribute %s of %s", a.Key, n.Data)
		}
		if strings.ContainsFunc(a.Val, isControlOrLine) {
			t.Fatalf("control character in %s=%q", a.Key, a.Val)
		}
		if scheme, _, _ := strings.Cut(a.Val, ":"); a.Key == "href" && !slices.Contains(linkSchemes(), scheme) {
			t.Fatalf("link to %q", a.Val)
		}
		if a.Key == "rel" {
			rel = a.Val
		}
	}
	if n.Data == "a" && n.Type == html.ElementNode && !strings.HasSuffix(rel, linkRel) {
		t.Fatalf("link with rel %q", rel)
	}
	for c := range n.ChildNodes() {
		checkNode(t, c)
	}
}

func FuzzSanitize(f *testing.F) {
	for _, s := range []string{
		`<a href="https://a.test/">x`, `<svg><style><img src=x onerror=1>`, `<p><b></p></b>`,
		`<math><mi//xlink:href="data:x,<script>">`, `<ul><li>a<ol start=2 reversed><li value=3>b</ul><rt>c`,
		`<ruby>a<rt>b<p>c<rp>d</ruby><h2>e<p>f</h2>`, `<a href="https://bü.test/%zz é?a b#c%">x</a>`,
		`<div>a<td>b<hr>c</div><img alt="&#1;&lt;d">`, "<pre>\n\na</pre>\x00\xff&#13;", `<blockquote><p>a<blockquote>b</p>c`,
		`<a href="mailto:a%20b@c?x=<>">m</a><a href="http://[::1%25a]/">n</a>`, `<script/x>a</script><template/>b`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { checkSafe(t, Sanitize(s)) })
}

func BenchmarkSanitize(b *testing.B) {
	note := `<p><span class="h-card" translate="no"><a href="https://b.test/@bob" class="u-url mention">@<span>bob</span></a></span> ` +
		strings.Repeat("some words &amp; more, ", 20) + `<br />and <a href="https://a.test/x">a link</a></p>`
	var crowded strings.Builder // a tag whose names the tokenizer would go on carrying
	for i := range 40_000 {
		crowded.WriteString(" " + strconv.FormatInt(int64(i), 36))
	}
	for _, c := range []struct{ name, in string }{ // each twice the one before: MB/s stays the same where time is linear
		{"note", note}, {"note x 64", strings.Repeat(note, 64)}, {"note x 128", strings.Repeat(note, 128)},
		{"open tags 128 KiB", strings.Repeat("<b><p>", 128<<10/6)}, {"open tags 256 KiB", strings.Repeat("<b><p>", 256<<10/6)},
		{"small tags 250 KiB", strings.Repeat("<x a>", 50_000)},
		{"small tags 250 KiB after a huge one", "<x" + crowded.String() + ">" + strings.Repeat("<x a>", 50_000)},
		{"brackets 256 KiB", strings.Repeat("<", 256<<10)},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(c.in)))
			for b.Loop() {
				Sanitize(c.in)
			}
		})
	}
}
