package ui

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// tokens are the colours of one scheme, by name.
type tokens map[string]string

// stylesheet is the rules of style.css and its colours, light and dark.
func stylesheet(t *testing.T) (rules string, light, dark tokens) {
	t.Helper()
	b, err := files.ReadFile("static/style.css")
	if err != nil {
		t.Fatal(err)
	}
	css := string(b)
	blocks := regexp.MustCompile(`:root\{([^}]*)\}`).FindAllStringSubmatch(css, -1)
	if len(blocks) != 2 || !strings.Contains(css, "@media (prefers-color-scheme:dark){:root{") {
		t.Fatalf("%d blocks of tokens", len(blocks))
	}
	light, dark = tokens{}, tokens{}
	for i, block := range blocks {
		for _, m := range regexp.MustCompile(`--([a-z-]+):(#[0-9a-f]{6})(;|$)`).FindAllStringSubmatch(block[1], -1) {
			dark[m[1]] = m[2] // a colour that dark does not give is the same in both
			if i == 0 {
				light[m[1]] = m[2]
			}
		}
	}
	rules = css
	for _, block := range blocks {
		rules = strings.ReplaceAll(rules, block[0], "")
	}
	return rules, light, dark
}

// luminance is WCAG 2.2's relative luminance of #rrggbb.
func luminance(t *testing.T, color string) float64 {
	t.Helper()
	n, err := strconv.ParseUint(strings.TrimPrefix(color, "#"), 16, 32)
	if err != nil || len(color) != 7 {
		t.Fatalf("colour %q", color)
	}
	channel := func(shift int) float64 {
		c := float64(n>>shift&0xff) / 255
		if c <= 0.04045 {
			return c / 12.92
		}
		return math.Pow((c+0.055)/1.055, 2.4)
	}
	return 0.2126*channel(16) + 0.7152*channel(8) + 0.0722*channel(0)
}

func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	x, y := luminance(t, a), luminance(t, b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// Text has a contrast of 4.5 to all it stands on, the focus ring and the edges
// of fields one of 3 (WCAG 2.2, 1.4.3 and 1.4.11), in light and in dark.
func TestContrast(t *testing.T) {
	_, light, dark := stylesheet(t)
	for scheme, colors := range map[string]tokens{"light": light, "dark": dark} {
		for _, c := range []struct {
			color string
			on    string
			least float64
		}{
			{"ink", "ground card sunken", 4.5}, {"soft", "ground card sunken", 4.5}, {"link", "ground card sunken", 4.5},
			{"bad", "ground card sunken", 4.5}, {"on-strong", "strong", 4.5}, {"edge", "ground card", 3},
		} {
			for on := range strings.FieldsSeq(c.on) {
				if got := contrast(t, colors[c.color], colors[on]); got < c.least {
					t.Errorf("%s: %s on %s has a contrast of %.2f, not %.1f", scheme, c.color, on, got, c.least)
				}
			}
		}
	}
}

// The colours that were measured are those that are used.
func TestStylesheetUsesTokens(t *testing.T) {
	rules, light, _ := stylesheet(t)
	if m := regexp.MustCompile(`#[0-9a-fA-F]{3,8}\b|rgba?\(|hsla?\(`).FindString(rules); m != "" {
		t.Errorf("a colour that is no token: %s", m)
	}
	for _, m := range regexp.MustCompile(`var\(--([a-z-]+)\)`).FindAllStringSubmatch(rules, -1) {
		if name := m[1]; light[name] == "" && name != "radius" && name != "gap" && name != "banner" {
			t.Errorf("no token %s", name)
		}
	}
	for _, want := range []string{"a{color:var(--link)}", ":focus-visible{outline:3px solid var(--link);outline-offset:2px}"} {
		if !strings.Contains(rules, want) {
			t.Errorf("no %s", want)
		}
	}
	if strings.Contains(rules, "outline:none") || strings.Contains(rules, "outline:0") {
		t.Error("a focus ring is taken away")
	}
	for _, physical := range []string{"text-align:left", "padding-left", "border-left", "float:"} {
		if strings.Contains(rules, physical) {
			t.Errorf("%s does not turn with the direction of the text", physical)
		}
	}
}

// The numbers of WEB.md, which come from another computation.
func TestContrastIsComputedRight(t *testing.T) {
	for _, c := range []struct{ a, b, want string }{
		{"#000000", "#ffffff", "21.0"}, {"#7a5c00", "#f4f1ea", "5.5"}, {"#f5cc4a", "#14160f", "11.8"}, {"#f2b705", "#f4f1ea", "1.6"}, {"#8b8a7c", "#f4f1ea", "3.1"},
	} {
		if got := fmt.Sprintf("%.1f", contrast(t, c.a, c.b)); got != c.want {
			t.Errorf("%s on %s: %s, not %s", c.a, c.b, got, c.want)
		}
	}
}
