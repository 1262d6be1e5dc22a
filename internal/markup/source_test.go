package markup

import (
	"strings"
	"testing"
	"time"
)

func TestRenderSource(t *testing.T) {
	link := func(href, text string) string {
		return `<a href="` + href + `" target="_blank" rel="nofollow noopener noreferrer">` + text + `</a>`
	}
	auto := func(rest string) string {
		return `<a href="https://` + rest + `" target="_blank" rel="nofollow noopener noreferrer" translate="no"><span class="invisible">https://</span><span>` + rest + `</span><span class="invisible"></span></a>`
	}
	for _, c := range []struct{ typ, in, want string }{
		{"text/plain", "a <b>\nc", "<p>a &lt;b&gt;<br />c</p>"},

		{"text/markdown", "one\ntwo\n\nthree", "<p>one<br />two</p><p>three</p>"},
		{"text/markdown; charset=utf-8", "*a* _b_ **c** __d__ ~~e~~ `f*` ***g***", "<p><em>a</em> <em>b</em> <strong>c</strong> <strong>d</strong> <del>e</del> <code>f*</code> <strong><em>g</em></strong></p>"},
		{"text/markdown", "a_b_c 2*3*4 * ** ~ ~~ `x", "<p>a_b_c 2<em>3</em>4 * ** ~ ~~ `x</p>"},
		{"text/markdown", `\*a\* &amp; &lt;b> 1 < 2`, "<p>*a* &amp; &lt;b&gt; 1 &lt; 2</p>"},
		{"text/markdown", "# Title #\n## *Second*\ntext\n\nThird\n---\n\n***\nend", "<p><strong>Title</strong></p><p><strong><em>Second</em></strong></p><p>text</p><p><strong>Third</strong></p><p>end</p>"},
		{"text/markdown", "> a\n> > b\nc", "<blockquote><p>a</p><blockquote><p>b</p></blockquote></blockquote><p>c</p>"},
		{"text/markdown", "- a\n- b\n  - c\n\n3. x\n4. y", `<ul><li>a</li><li>b<ul><li>c</li></ul></li></ul><ol start="3"><li>x</li><li>y</li></ol>`},
		{"text/markdown", "```go\na <b>\n\n*c*\n```\nd", "<pre><code>a &lt;b&gt;\n\n*c*</code></pre><p>d</p>"},
		{"text/markdown", "[*a*](https://b.test/c_d_e \"t\") ![alt](https://b.test/p.png) ![](https://b.test/q)", "<p>" + link("https://b.test/c_d_e", "<em>a</em>") + " " + link("https://b.test/p.png", "alt") + " " + link("https://b.test/q", "https://b.test/q") + "</p>"},
		{"text/markdown", "see https://b.test/c_d_e, <https://b.test/x> and [https://b.test](https://b.test)", "<p>see " + auto("b.test/c_d_e") + ", " + auto("b.test/x") + " and " + link("https://b.test", "https://b.test") + "</p>"},
		{"text/markdown", "[a](javascript:alert(1)) [b] (c) [d](e", "<p>a [b] (c) [d](e</p>"},
		{"text/markdown", `<script>alert(1)</script><b onclick="x">a</b> <img src=x onerror=y alt="p">`, "<p><b>a</b> p</p>"},

		{"text/x.misskeymarkdown", "$[x2 big **b**] <small>s</small> <u>u</u>\n> q\n\n[a](https://b.test/) ?[c](https://b.test/d)\n# no title\n- no list",
			"<p>big <strong>b</strong> <small>s</small> &lt;u&gt;u&lt;/u&gt;</p><blockquote><p>q</p></blockquote><p>" + link("https://b.test/", "a") + " " + link("https://b.test/d", "c") + "<br /># no title<br />- no list</p>"},
		{"text/x.misskeymarkdown", "$[spin.speed=2s $[tada a]] $[ b] &amp; ]", "<p>a $[ b] &amp;amp; ]</p>"},

		{"text/bbcode", "[b]a[/b] [i]b[/i] [s]c[/s]\n[quote]d[/quote][list][*]e[*]f[/list]", "<strong>"[:0] + "<b>a</b> <i>b</i> <s>c</s><br /><blockquote>d</blockquote><ul><li>e</li><li>f</li></ul>"},
		{"text/bbcode", "@[url=https://b.test/u]bob[/url] [url]https://b.test[/url] [url=https://b.test/][b]x[/b][/url] [img]https://b.test/p[/img] [img=https://b.test/p]alt[/img]",
			"@" + link("https://b.test/u", "bob") + " " + auto("b.test") + " " + link("https://b.test/", "<b>x</b>") + " " + auto("b.test/p") + " alt"},
		{"text/bbcode", "[code]<b>[b][/code] [size=12]a[/size] [B]x[/B] [unknown]y[/unknown] [b <i> [/u]", "<pre><code>&lt;b&gt;[b]</code></pre> a <b>x</b> [unknown]y[/unknown] [b &lt;i&gt; "},
		{"text/bbcode", "[url=javascript:alert(1)]a[/url]", "a"},
	} {
		got, ok := RenderSource(c.in, c.typ)
		if !ok || got != c.want {
			t.Errorf("%s %q is\n%s\nand not\n%s", c.typ, c.in, got, c.want)
		}
		checkSafe(t, got)
	}
	for _, typ := range []string{"text/html", "", "application/json", "text/markdown-ish"} {
		if _, ok := RenderSource("a", typ); ok {
			t.Errorf("%q is rendered", typ)
		}
	}
}

// What a stranger makes as hard as possible takes no longer than it has bytes.
func TestRenderSourceIsLinear(t *testing.T) {
	for _, piece := range []string{
		"[", "[a](", "![[]()", "*a_ ", "a**b*", "<", "`a``b", "> ", "- ", "- a\n  ", ">", "[a]: b\n", "<a ", "https://a.a", "~~a", "\\", "&a", "a](", "_a __b", ">\n", "1. ", "[[[[[[[[[[a]",
		"**", "[a](((", "[a](<b", "[[a](b)", "[a https://b.test/](c) ", "$[a ", "$[a b]", "$[a [", "?[a]", "[url]", "[url=a]", "[code]", "[b]", "[/b]", "[*]", "[img=a]", "[url=x][b]", "```\n", "`", "*", "_a", "``` `", "h", "[b", "a\n---\n", "<b>", "<b", "![](x)",
	} {
		in := strings.Repeat(piece, maxText/len(piece))
		for _, typ := range []string{"text/markdown", "text/x.misskeymarkdown", "text/bbcode"} {
			start := time.Now()
			RenderSource(in, typ)
			if took := time.Since(start); took > 3*time.Second {
				t.Errorf("64 KiB of %q as %s take %v", piece, typ, took)
			}
		}
	}
}

func FuzzRenderSource(f *testing.F) {
	for _, s := range []string{
		"**a** _b_ [c](https://d.test \"e\") `f`", "> - a\n>   1. b\n\n```\nc", "$[x2 a] ?[b](https://c.test) <small>d", "[url=https://a.test]b[/url][list][*]c[code]d[/code]", "\\[<b>&lt;&#0;\xff",
		"[url][img]https://a.test[/img]", "a\n===\n***b***", "![](https://a.test)[https://a.test](https://b.test)",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, typ := range []string{"text/markdown", "text/x.misskeymarkdown", "text/bbcode"} {
			out, _ := RenderSource(s, typ)
			checkSafe(t, out)
		}
	})
}
