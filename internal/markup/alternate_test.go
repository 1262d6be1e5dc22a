package markup

import "testing"

func isDocument(mediaType string) bool { return mediaType == "application/activity+json" }

// FuzzAlternateLink: whatever a page is, the link is one that stands in it.
func FuzzAlternateLink(f *testing.F) {
	for _, page := range []string{
		`<link rel=alternate type=application/activity+json href=/1>`, `<base href="/x/"><link rel="alternate" type="application/activity+json" href="1">`,
		`<html><head><script><link rel=alternate type=application/activity+json href=/1></script></head><body>`, "<", "<!--", "<title>", "",
	} {
		f.Add([]byte(page))
	}
	f.Fuzz(func(t *testing.T, page []byte) {
		href, base := AlternateLink(page, isDocument)
		if len(href) > 3*len(page)+3 || len(base) > 3*len(page)+3 {
			t.Errorf("%q has %q at %q", page, href, base)
		}
	})
}

func TestAlternateLink(t *testing.T) {
	const link = `<link rel=alternate type=application/activity+json href=/1>`
	for page, want := range map[string]string{
		link: "/1", "<!doctype html><html lang=en><head><meta charset=utf-8><title><link></title>" + link: "/1",
		"<noscript><link rel=x></noscript>" + link: "/1", `<link rel="me alternate" type="application/activity+json" href=" /2 ">`: "/2",
		"<body>" + link: "", "<script>" + link + "</script>": "", "<title>" + link + "</title>": "", "<style>" + link + "</style>": "", "<textarea>" + link: "", "<svg>" + link: "",
		`<link rel=alternates type=application/activity+json href=/1>`: "", `<link rel=alternate href=/1>`: "", "text " + link: "/1",
	} {
		if got, _ := AlternateLink([]byte(page), isDocument); got != want {
			t.Errorf("%s: %q", page, got)
		}
	}
}
