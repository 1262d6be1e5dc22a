package markup

import "strings"

// Target is the link of a mention.
type Target struct {
	URL      string
	Username string // shown, without its host
}

// Options resolve the words of a text to links. Without a function, or with a
// URL that no link may have, the word stays text.
type Options struct {
	Mention    func(handle string) (target Target, ok bool) // handle is as in Scanned
	HashtagURL func(tag string) string
	// Me marks links as the writer's own pages (rel="me", microformats'
	// rel-me), by which other servers verify a profile. For profiles only.
	Me bool
}

// maxText is how many bytes of a text are rendered: any such text fits MaxHTML.
// Posts are far shorter.
const maxText = 64 << 10

// Render renders a local text as HTML, in the form that Mastodon's clients
// expect: paragraphs at empty lines, breaks at line ends, links, mentions and
// hashtags. The first 64 KiB of the text are rendered, and of those as many
// words as fit MaxHTML.
func Render(text string, o Options) string {
	r := renderer{o: o}
	for _, p := range paragraphs(cut(normal(text), maxText)) {
		r.add("<p>")
		r.words(p)
		r.b.WriteString("</p>")
	}
	// The same sanitiser as for all else. It changes nothing, as FuzzRender
	// checks.
	return sanitize(r.b.String(), o.Me)
}

// RenderLine is Render for a single line, such as a field of a profile: no
// paragraphs or breaks.
func RenderLine(text string, o Options) string {
	r := renderer{o: o}
	r.words(strings.Join(strings.Fields(cut(normal(text), maxText)), " "))
	return sanitize(r.b.String(), o.Me)
}

// normal normalizes a text: clean, and with one kind of newline.
func normal(s string) string {
	return clean(strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n"))
}

// paragraphs splits a text at blank lines.
func paragraphs(text string) []string {
	var out, lines []string
	for line := range strings.SplitSeq(text+"\n\n", "\n") {
		if strings.TrimSpace(line) != "" {
			lines = append(lines, line)
		} else if len(lines) > 0 {
			out = append(out, strings.TrimSpace(strings.Join(lines, "\n")))
			lines = nil
		}
	}
	return out
}

type renderer struct {
	b    strings.Builder
	o    Options
	full bool
}

// add writes HTML as a whole; when it doesn't fit, neither it nor anything
// after it.
func (r *renderer) add(s string) {
	r.full = r.full || r.b.Len()+len(s)+2*closingRoom > MaxHTML
	if !r.full {
		r.b.WriteString(s)
	}
}

func (r *renderer) words(text string) {
	for _, w := range words(text) {
		s := ""
		switch w.kind {
		case link:
			s = r.link(w.raw)
		case mention:
			s = r.mention(w.value)
		case hashtag:
			s = r.hashtag(w.value)
		}
		if s == "" {
			s = strings.ReplaceAll(EscapeText(w.raw), "\n", lineBreak)
		}
		r.add(s)
	}
}

func (r *renderer) mention(handle string) string {
	if r.o.Mention == nil {
		return ""
	}
	target, ok := r.o.Mention(handle)
	href, safe := safeURL(target.URL)
	if !ok || !safe {
		return ""
	}
	mark := "@"
	if strings.HasPrefix(handle, "!") {
		mark = "!"
	}
	return `<span class="h-card" translate="no"><a href="` + EscapeText(href) + `" class="u-url mention" target="_blank" rel="` +
		linkRel + `">` + mark + `<span>` + EscapeText(clean(target.Username)) + `</span></a></span>`
}

func (r *renderer) hashtag(tag string) string {
	if r.o.HashtagURL == nil {
		return ""
	}
	href, safe := safeURL(r.o.HashtagURL(tag))
	if !safe {
		return ""
	}
	return `<a href="` + EscapeText(href) + `" class="mention hashtag" target="_blank" rel="` + tagRel + `">#<span>` +
		EscapeText(tag) + `</span></a>`
}

// shownLink is how many characters of a link are visible.
const shownLink = 30

// link hides the scheme and the tail of a long link, as Mastodon does, but
// keeps all of it in the text for copying. "" for an invalid URL.
func (r *renderer) link(u string) string {
	href, safe := safeURL(u)
	if !safe {
		return ""
	}
	rel := linkRel
	if r.o.Me {
		rel = meRel
	}
	hidden := u[:strings.Index(u, "//")+2]
	if strings.HasPrefix(u[len(hidden):], "www.") {
		hidden += "www."
	}
	shown, tail, class := u[len(hidden):], "", ""
	if long := []rune(shown); len(long) > shownLink {
		shown, tail, class = string(long[:shownLink]), string(long[shownLink:]), ` class="ellipsis"`
	}
	return `<a href="` + EscapeText(href) + `" target="_blank" rel="` + rel + `" translate="no"><span class="invisible">` +
		EscapeText(hidden) + `</span><span` + class + `>` + EscapeText(shown) + `</span><span class="invisible">` +
		EscapeText(tail) + `</span></a>`
}
