package markup

import (
	"strconv"
	"strings"
)

// blocks reads the lines of Markdown and MFM: paragraphs, quotes, lists,
// headings and code.
type blocks struct {
	dialect
	depth int
}

// maxBlocks is how deep quotes and lists are nested; deeper ones are text.
const maxBlocks = 8

func (b blocks) render(text string) string {
	var out strings.Builder
	b.lines(&out, strings.Split(text, "\n"), false)
	return out.String()
}

// lines writes the blocks of some lines. The paragraphs of a tight list item
// are lines.
func (b blocks) lines(out *strings.Builder, lines []string, tight bool) {
	var paragraph []string
	flush := func() {
		if len(paragraph) == 0 {
			return
		}
		text := renderInline(strings.TrimSpace(strings.Join(paragraph, "\n")), b.dialect)
		if paragraph = nil; tight {
			out.WriteString(text)
			return
		}
		out.WriteString("<p>" + text + "</p>")
	}
	for i := 0; i < len(lines); {
		line := lines[i]
		n, write := 0, func() {}
		trimmed := strings.TrimSpace(line)
		switch {
		case trimmed == "":
			n = 1
		case fence(trimmed) != "":
			n, write = b.code(out, lines[i:])
		case b.depth >= maxBlocks:
		case trimmed[0] == '>':
			n, write = b.quote(out, lines[i:])
		case b.headings && isUnderline(trimmed) && len(paragraph) > 0:
			title := strings.Join(paragraph, " ")
			paragraph, n = nil, 1
			write = func() { out.WriteString("<h2>" + renderInline(title, b.dialect) + "</h2>") }
		case b.headings && isRule(trimmed):
			n, write = 1, func() { out.WriteString("<hr>") }
		case b.headings && headingOf(trimmed) != "":
			n, write = 1, func() { out.WriteString("<h2>" + renderInline(headingOf(trimmed), b.dialect) + "</h2>") }
		case b.lists && markerOf(line) > 0:
			n, write = b.list(out, lines[i:])
		}
		if n == 0 {
			paragraph = append(paragraph, line)
			i++
			continue
		}
		flush()
		write()
		i += n
	}
	flush()
}

// fence is the mark at a line's beginning that begins or ends code.
func fence(line string) string {
	for _, mark := range []string{"```", "~~~"} {
		if strings.HasPrefix(line, mark) {
			return mark
		}
	}
	return ""
}

func (b blocks) code(out *strings.Builder, lines []string) (n int, write func()) {
	first := strings.TrimSpace(lines[0])
	mark := fence(first)
	if strings.Contains(first[len(mark):], mark) {
		return 0, nil // code in a line
	}
	end := 1
	for end < len(lines) && !strings.HasPrefix(strings.TrimSpace(lines[end]), mark) {
		end++
	}
	code := strings.Join(lines[1:end], "\n")
	return min(end+1, len(lines)), func() { out.WriteString("<pre><code>" + EscapeText(code) + "</code></pre>") }
}

func (b blocks) quote(out *strings.Builder, lines []string) (n int, write func()) {
	var inside []string
	for n < len(lines) {
		rest, ok := strings.CutPrefix(strings.TrimLeft(lines[n], " "), ">")
		if !ok {
			break
		}
		inside = append(inside, strings.TrimPrefix(rest, " "))
		n++
	}
	return n, func() {
		out.WriteString("<blockquote>")
		blocks{b.dialect, b.depth + 1}.lines(out, inside, false)
		out.WriteString("</blockquote>")
	}
}

// isUnderline reports whether a line makes a heading of the one above it.
func isUnderline(line string) bool {
	return len(line) >= 3 && (strings.Trim(line, "=") == "" || strings.Trim(line, "-") == "")
}

func isRule(line string) bool {
	bare := strings.ReplaceAll(line, " ", "")
	return len(bare) >= 3 && (strings.Trim(bare, "-") == "" || strings.Trim(bare, "*") == "" || strings.Trim(bare, "_") == "")
}

func headingOf(line string) string {
	rest := strings.TrimLeft(line, "#")
	if n := len(line) - len(rest); n == 0 || n > 6 || !strings.HasPrefix(rest, " ") {
		return ""
	}
	return strings.TrimSpace(strings.TrimRight(rest, "# "))
}

// markerOf is the length of a list item's mark, with the spaces around it; 0 for
// none.
func markerOf(line string) int {
	bare := strings.TrimLeft(line, " ")
	indent := len(line) - len(bare)
	n := 0
	switch {
	case strings.HasPrefix(bare, "- "), strings.HasPrefix(bare, "* "), strings.HasPrefix(bare, "+ "):
		n = 1
	default:
		for n < len(bare) && n < 9 && isDigitByte(bare[n]) {
			n++
		}
		if n == 0 || n+1 >= len(bare) || bare[n] != '.' && bare[n] != ')' || bare[n+1] != ' ' {
			return 0
		}
		n++
	}
	if strings.TrimSpace(bare[n:]) == "" {
		return 0
	}
	return indent + n + 1
}

func isDigitByte(c byte) bool { return c >= '0' && c <= '9' }

func (b blocks) list(out *strings.Builder, lines []string) (n int, write func()) {
	bullet := func(line string) string { // "" for a number
		return strings.Trim(strings.TrimLeft(line, " ")[:1], "0123456789")
	}
	indent := func(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }
	kind, base := bullet(lines[0]), indent(lines[0])
	var items [][]string
	for n < len(lines) {
		line := lines[n]
		mark := markerOf(line)
		switch {
		case mark > 0 && indent(line) < base+2 && bullet(line) == kind:
			items = append(items, []string{line[mark:]})
		case strings.TrimSpace(line) != "" && indent(line) >= base+2:
			items[len(items)-1] = append(items[len(items)-1], strings.TrimPrefix(line[base+2:], " "))
		case strings.TrimSpace(line) == "" && n+1 < len(lines) && (indent(lines[n+1]) >= base+2 || markerOf(lines[n+1]) > 0):
			items[len(items)-1] = append(items[len(items)-1], "")
		default:
			kind = "end"
		}
		if kind == "end" {
			break
		}
		n++
	}
	tag, start := "ul", ""
	if bullet(lines[0]) == "" {
		tag = "ol"
		number := strings.TrimLeft(lines[0], " ")
		if first, err := strconv.Atoi(number[:strings.IndexAny(number, ".)")]); err == nil && first != 1 {
			start = ` start="` + strconv.Itoa(first) + `"`
		}
	}
	return n, func() {
		out.WriteString("<" + tag + start + ">")
		for _, item := range items {
			for len(item) > 1 && item[len(item)-1] == "" {
				item = item[:len(item)-1]
			}
			tight := true
			for _, line := range item {
				tight = tight && line != ""
			}
			out.WriteString("<li>")
			blocks{b.dialect, b.depth + 1}.lines(out, item, tight)
			out.WriteString("</li>")
		}
		out.WriteString("</" + tag + ">")
	}
}
