package markup

import "strings"

// bbcode renders BBCode: tags become those of HTML, in any order, since the
// sanitiser closes what is open and drops what closes nothing. Tags that are
// not known are text.
func bbcode(text string) string {
	b := bbcodeText{r: &renderer{}, lower: strings.ToLower(text)}
	if len(b.lower) != len(text) {
		b.lower = text // a letter that has another length in lower case
	}
	start := 0
	for i := 0; i < len(text); {
		if text[i] != '[' {
			i++
			continue
		}
		name, value, n := bbcodeTag(text[i:])
		if n == 0 {
			i++
			continue
		}
		html, length, ok := b.element(text, i, strings.ToLower(name), value, n)
		if !ok {
			i += n
			continue
		}
		b.r.words(text[start:i])
		b.r.add(html)
		i += length
		start = i
	}
	b.r.words(text[start:])
	return b.r.b.String()
}

type bbcodeText struct {
	r     *renderer
	lower string          // the text in lower case
	none  map[string]bool // end tags that don't come any more
}

// bbcodeTag parses [name], [name=value], [name attributes] or [/name], and its
// length; 0 for none.
func bbcodeTag(s string) (name, value string, n int) {
	end := strings.IndexAny(cut(s[1:], maxTagLength), "]\n[") + 1
	if end < 2 || s[end] != ']' {
		return "", "", 0
	}
	name, value, _ = strings.Cut(s[1:end], "=")
	if before, after, ok := strings.Cut(name, " "); ok { // [share author='…' link='…']
		name, value = before, after+"="+value
	}
	return name, strings.Trim(value, `"'`), end + 1
}

// bbcodeTags are those that are tags of HTML, or nothing.
func bbcodeTags(name string) (tag string, ok bool) {
	switch name {
	case "b", "i", "u", "s", "sub", "sup", "ul", "ol", "li", "h1", "h2", "h3", "h4", "h5", "h6":
		return name, true
	case "strike", "del":
		return "del", true
	case "quote", "share":
		return "blockquote", true
	case "list":
		return "ul", true
	case "table", "tr", "td", "th", "center", "left", "right", "justify", "indent", "spoiler", "nsfw":
		return "div", true
	case "size", "color", "font", "bgcolor", "attachment", "abstract", "style", "class", "map":
		return "", true
	}
	return "", false
}

// element is the HTML for a tag at i, and how much of the text it is.
func (b *bbcodeText) element(text string, i int, name, value string, n int) (html string, length int, ok bool) {
	switch name {
	case "*":
		return "<li>", n, true
	case "hr":
		return "<hr>", n, true
	case "br":
		return lineBreak, n, true
	case "code", "pre", "noparse", "nobb":
		inside, whole, ok := b.until(text, i+n, name)
		if !ok {
			return "", 0, false
		}
		code := EscapeText(strings.Trim(inside, "\n"))
		if name == "noparse" || name == "nobb" {
			return strings.ReplaceAll(code, "\n", lineBreak), n + whole, true
		}
		return "<pre><code>" + code + "</code></pre>", n + whole, true
	case "url", "img", "zmg", "zrl", "video", "audio", "youtube", "embed", "bookmark":
		return b.address(text, i, name, value, n)
	case "/url", "/zrl", "/bookmark":
		return "</a>", n, true
	}
	bare, closing := strings.CutPrefix(name, "/")
	tag, ok := bbcodeTags(bare)
	switch {
	case !ok:
		return "", 0, false
	case tag == "":
		return "", n, true
	case closing:
		return "</" + tag + ">", n, true
	}
	return "<" + tag + ">", n, true
}

// address renders a link, or a picture or film as one.
func (b *bbcodeText) address(text string, i int, name, value string, n int) (html string, length int, ok bool) {
	picture := name != "url" && name != "zrl" && name != "bookmark"
	inside, whole, ok := b.until(text, i+n, name)
	if !ok {
		return "", 0, false
	}
	if value != "" && !picture {
		if strings.Contains(inside, "[") {
			return `<a href="` + EscapeText(value) + `">`, n, true
		}
		return `<a href="` + EscapeText(value) + `">` + EscapeText(inside) + `</a>`, n + whole, true
	}
	inside = strings.TrimSpace(inside)
	if value != "" && inside != "" { // [img=address]description[/img]
		return EscapeText(inside), n + whole, true
	}
	if value != "" {
		inside = value
	}
	if l := linkAt(inside); l.kind == link && l.raw == inside {
		return b.r.link(inside), n + whole, true
	}
	return EscapeText(inside), n + whole, true
}

// until is the text up to the tag's end, and its length with that. What is
// missing once is not looked for again.
func (b *bbcodeText) until(text string, from int, name string) (inside string, n int, ok bool) {
	end := "[/" + name + "]"
	if b.none[end] {
		return "", 0, false
	}
	at := strings.Index(b.lower[from:], end)
	if at < 0 {
		if b.none == nil {
			b.none = map[string]bool{}
		}
		b.none[end] = true
		return "", 0, false
	}
	return text[from : from+at], at + len(end), true
}
