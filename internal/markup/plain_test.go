package markup

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/net/html"
)

func TestPlainText(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"text", "a &amp; b", "a & b"},
		{"paragraphs and breaks", "<p>a<br>b</p><p>c</p>", "a\nb\n\nc"},
		{"newlines in the source", "<p>a\nb</p>\n\n<p>\n c </p>\n", "a b\n\nc"},
		{"text after a paragraph", "<p>a</p>b", "a\n\nb"},
		{"many breaks", "a<br><br><br><br>b", "a\n\nb"},
		{"list", "<ul><li>a</li><li>b</li></ul>c", "a\nb\n\nc"},
		{"table", "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"},
		{"code", "<pre>a\n  b</pre>", "a\n  b"},
		{"spaces kept", "a  b<b> </b>c", "a  b c"},
		{"picture", `a <img alt=":cat:"> b`, "a :cat: b"},
		{"hidden", "a<script>x</script><style>y</style><!-- z -->b", "ab"},
		{"link", Render("https://a.test/0123456789/0123456789/0123456789 @x", Options{}), "https://a.test/0123456789/0123456789/0123456789 @x"},
		{"decoded once", "&lt;b&gt; &amp;lt;", "<b> &lt;"},
		{"no markup", "1 < 2 <3", "1 < 2 <3"},
		{"control characters", "a\x00&#7;b", "ab"},
		{"unclosed", "<p>a<b", "a"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := PlainText(c.in); got != c.want {
				t.Errorf("PlainText(%q) = %q, want %q", c.in, got, c.want)
			}
		})
	}
}

// A name stands in a line beside the words of others, and does nothing to them.
func TestName(t *testing.T) {
	for in, want := range map[string]string{
		"Alice": "Alice", " <b>Alice</b> &amp; Bob ": "Alice & Bob", "a<br>b": "a b", "a\u2028b\u2029c": "a b c", "\u202eecila\u202c": "ecila", "\u2066a\u2067b\u2068c\u2069": "abc",
		"\u202a\u202b\u202d": "", "👩\u200d💻": "👩\u200d💻", "می\u200cخواهم": "می\u200cخواهم", "a\u200fb": "a\u200fb", "山田　太郎": "山田　太郎",
	} {
		if got := Name(in); got != want {
			t.Errorf("%q is %q, not %q", in, got, want)
		}
	}
}

func FuzzPlainText(f *testing.F) {
	f.Add("<p>a<br>b <b> c</p><ul><li>d<pre>\n e")
	f.Add("&lt;&amp;lt;<td>\x00\xff<img alt='x\n'>")
	f.Fuzz(func(t *testing.T, s string) {
		got := PlainText(s)
		if got != strings.TrimSpace(got) || strings.ContainsRune(got, 0) || !utf8.ValidString(got) {
			t.Fatalf("PlainText(%q) = %q", s, got)
		}
		if len(got) > 3*len(s) {
			t.Fatalf("%d bytes of %d", len(got), len(s))
		}
	})
}

// TestFixtures sanitises what other servers really send: every word that a
// browser would show is still there, and the HTML is safe.
func TestFixtures(t *testing.T) {
	root := filepath.Join("..", "..", "..", "shared", "fixtures", "payloads")
	for _, name := range []string{
		"threadiverse/mastodon/objects/note_1.json", "threadiverse/mastodon/objects/page.json",
		"threadiverse/lemmy/objects/comment.json", "threadiverse/lemmy/objects/page.json",
		"threadiverse/pleroma/objects/note.json", "threadiverse/wordpress/objects/page.json",
		"threadiverse/nodebb/objects/page.json", "threadiverse/mobilizon/objects/event.json",
		"threadiverse/friendica/activities/create_note.json", "threadiverse/mitra/activities/create_post.json",
		"microblogs/tesla_mock/misskey_poll_no_end_date.json", "microblogs/tesla_mock/status.emelie.json",
		"microblogs/tesla_mock/mayumayupost.json", "microblogs/mastodon-create-with-attachment.json",
	} {
		t.Run(name, func(t *testing.T) {
			bytes, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
			if err != nil {
				t.Skipf("fixture %s is not here", name)
			}
			var doc struct {
				Content string `json:"content"`
				Object  struct {
					Content string `json:"content"`
				} `json:"object"`
			}
			if err := json.Unmarshal(bytes, &doc); err != nil {
				t.Fatal(err)
			}
			content := doc.Content + doc.Object.Content
			if content == "" {
				t.Fatal("no content")
			}
			out := Sanitize(content)
			checkSafe(t, out)
			if got, want := browserWords(t, out), browserWords(t, content); got != want {
				t.Errorf("text\n got %q\nwant %q", got, want)
			}
			if got, want := strings.Join(strings.Fields(PlainText(out)), ""), strings.ReplaceAll(browserWords(t, content), " ", ""); got != want {
				t.Errorf("plain text\n got %q\nwant %q", got, want)
			}
		})
	}
}

// browserWords are the words of all text of a document, and of its pictures'
// descriptions, as an HTML5 parser finds them.
func browserWords(t *testing.T, s string) string {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(s))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for n := range doc.Descendants() {
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
		}
		for _, a := range n.Attr {
			if n.Data == "img" && a.Key == "alt" {
				b.WriteString(a.Val)
			}
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}
