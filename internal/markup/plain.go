package markup

import (
	"strings"

	"golang.org/x/net/html"
)

// PlainText is the text of HTML that a reader sees, for titles, previews,
// notifications and search: paragraphs are separated by an empty line, breaks,
// items and other blocks by a newline, pictures become their descriptions. It
// reads the first MaxHTML bytes. Entities are decoded once; the result is text,
// and must be escaped like any other.
func PlainText(s string) string {
	var p plainText
	for t := range visible(cut(s, MaxHTML)) {
		if t.Type == html.TextToken {
			p.write(t.Data)
			continue
		}
		switch k := kindOf(t.Data); k {
		case lineEnd:
			p.newLines(p.breaks + 1)
		case block, heading:
			if t.Data == "pre" {
				p.pre = t.Type == html.StartTagToken
			}
			p.newLines(2)
		case item, boundary:
			p.newLines(1)
		case cell:
			if t.Type == html.StartTagToken {
				p.write(" ")
			}
		case picture:
			p.write(attribute(t, "alt"))
		}
	}
	return strings.TrimSpace(p.b.String())
}

// Name is PlainText of what stands in a line beside the words of others: it has no
// line breaks, and nothing that turns the direction of what comes after it
// (Unicode's embeddings, overrides and isolates).
func Name(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\r', r == '\t', r == '\u2028', r == '\u2029':
			return ' '
		case r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069':
			return -1
		}
		return r
	}, PlainText(s)))
}

type plainText struct {
	b      strings.Builder
	breaks int // newlines due before the next text
	spaces int // spaces due before the next text, unless a newline is
	pre    bool
}

func (p *plainText) newLines(n int) { p.breaks, p.spaces = max(p.breaks, min(n, 2)), 0 }

func (p *plainText) write(s string) {
	s = clean(s)
	if !p.pre { // a newline in the source of HTML is a space
		s = strings.Map(spaceOf, s)
	}
	text := strings.TrimLeft(s, " ")
	p.spaces += len(s) - len(text)
	if text == "" {
		return
	}
	if p.b.Len() > 0 {
		p.b.WriteString(strings.Repeat("\n", p.breaks))
	}
	if p.breaks == 0 || p.pre {
		p.b.WriteString(strings.Repeat(" ", p.spaces))
	}
	body := strings.TrimRight(text, " ")
	p.b.WriteString(body)
	p.breaks, p.spaces = 0, len(text)-len(body)
}

func spaceOf(r rune) rune {
	if r == '\n' || r == '\t' {
		return ' '
	}
	return r
}

// cut returns at most n bytes of s, and never half a character.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:max(n, 0)], "")
}
