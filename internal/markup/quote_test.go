package markup

import (
	"strings"
	"testing"
)

func TestWithoutQuoteLink(t *testing.T) {
	const a = `<a href="https://a.test/1">it</a>`
	for html, want := range map[string]string{
		`<p class="quote-inline">RE: ` + a + `</p><p>x</p>`:                  `<p>x</p>`,
		`<p>x<span class="quote-inline"><br>RE: ` + a + `</span></p>`:        `<p>x</p>`,
		`<p>x<span class="quote-inline"><span>y</span>z</span></p>`:          `<p>x</p>`,
		`<p>x<br>RE: ` + a + `</p>`:                                          `<p>x</p>`,
		`<p>x<br><br>RE: ` + a + ` </p>`:                                     `<p>x</p>`,
		`<p>x</p><p>RE: ` + a + `</p>`:                                       `<p>x</p>`,
		`x<br>RE: ` + a:                                                      `x`,
		`<p>SHARE: ` + a + `</p>`:                                            `<p>SHARE: ` + a + `</p>`,
		`<p>RE: ` + a + ` and more</p>`:                                      `<p>RE: ` + a + ` and more</p>`,
		`<p>RE: <a href="https://a.test/2">other</a></p>`:                    `<p>RE: <a href="https://a.test/2">other</a></p>`,
		`<p>RE: ` + a + `<br>` + a + `</p>`:                                  `<p>RE: ` + a + `<br>` + a + `</p>`,
		`<p>RE: x ` + a + `</p>`:                                             `<p>RE: x ` + a + `</p>`,
		`<p>&lt;b&gt; RE: ` + a + `</p>`:                                     `<p>&lt;b&gt; </p>`,
		`<ul><li>RE: ` + a + `</li></ul>`:                                    `<ul><li>RE: ` + a + `</li></ul>`,
		`<p>x</p><p class="quote-inline">never closed`:                       `<p>x</p>`,
		`<p class="quote-inline mention">RE: ` + a + `</p><p>x` + a + `</p>`: `<p>x` + a + `</p>`,
	} {
		if got := WithoutQuoteLink(Sanitize(html), []string{"https://a.test/1"}); got != Sanitize(want) {
			t.Errorf("%s\nbecomes\n%s\nnot\n%s", html, got, Sanitize(want))
		}
	}
}

// What is left is safe HTML, and nothing is there that was not before.
func FuzzWithoutQuoteLink(f *testing.F) {
	f.Add(`<p>x<br>RE: <a href="https://a.test/1">it</a></p>`)
	f.Add(`<p>x<span class="quote-inline"><br><br>RE: <a href="https://a.test/1">it</a></span></p>`)
	f.Add(`<blockquote><p class="quote-inline">a<p>b</blockquote>RE: <a href="https://a.test/1"><b>it</a>`)
	f.Fuzz(func(t *testing.T, s string) {
		before := Sanitize(s)
		after := WithoutQuoteLink(before, []string{"https://a.test/1"})
		if again := Sanitize(after); again != after {
			t.Errorf("the sanitiser makes\n%s\nof\n%s", again, after)
		}
		if len(PlainText(after)) > len(PlainText(before))+strings.Count(before, "<") {
			t.Errorf("%q becomes %q", before, after)
		}
	})
}

func TestQuoteLink(t *testing.T) {
	for _, c := range []struct{ url, want string }{
		{"https://a.test/1", `<p class="quote-inline">RE: <a href="https://a.test/1"`}, {"javascript:x", ""}, {`https://a.test/"><b>`, `<p class="quote-inline">RE: <a href="https://a.test/%22%3E%3Cb%3E"`},
	} {
		got := QuoteLink(c.url)
		if !strings.HasPrefix(got, c.want) || (got == "") != (c.want == "") || Sanitize(got) != got {
			t.Errorf("%s becomes %s", c.url, got)
		}
	}
}
