package vocab

import "strings"

// Where something can be looked at: links, attachments and pictures, in all the
// forms that are sent.

const (
	maxLinks  = 128
	maxImages = 16
	maxPixels = 1 << 16 // of a side
)

// links reads a URL, a Link, or a list of them. Links in the tags of a Link are
// further forms of it (PeerTube's files of an HLS playlist) and follow it.
func links(v any) []Link {
	var out []Link
	add := func(l Link) {
		if l.Href != "" && len(out) < maxLinks {
			out = append(out, l)
		}
	}
	for _, x := range list(v) {
		add(link(x))
		m, _ := x.(map[string]any)
		for _, y := range list(m["tag"]) {
			if l := link(y); l.MediaType != "" {
				add(l)
			}
		}
	}
	return out
}

func link(v any) Link {
	m, ok := v.(map[string]any)
	if !ok {
		return Link{Href: text(v)}
	}
	l := Link{Href: text(m["href"]), MediaType: mediaType(m), Width: pixels(m["width"]), Height: pixels(m["height"])}
	if l.Href == "" {
		l.Href = text(m["url"])
	}
	return l
}

// mediaType is that of an object; older ones of PeerTube and Prismo call it
// mimeType.
func mediaType(m map[string]any) string {
	if s := text(m["mediaType"]); s != "" {
		return s
	}
	return text(m["mimeType"])
}

// pixels is the length of a side, 0 for what is none.
func pixels(v any) int {
	if n := number(v); n >= 1 && n <= maxPixels {
		return int(n)
	}
	return 0
}

func attachments(v any) []Attachment {
	var out []Attachment
	for _, x := range list(v) {
		m, ok := x.(map[string]any)
		if !ok || len(out) == MaxAttachments {
			continue
		}
		a := Attachment{
			Type: firstText(m["type"]), MediaType: mediaType(m), Value: text(m["value"]),
			Blurhash: text(m["blurhash"]), Width: pixels(m["width"]), Height: pixels(m["height"]),
			Links: append(links(m["url"]), links(m["href"])...),
		}
		if a.Name, _ = mapped(m, "name", "nameMap"); a.Name == "" {
			a.Name, _ = mapped(m, "summary", "summaryMap")
		}
		if len(a.Links) > 0 {
			for i := range a.Links {
				a.Links[i].Href = unescaped(a.Links[i].Href)
			}
			a.URL = a.Links[0].Href
			if a.MediaType == "" {
				a.MediaType = a.Links[0].MediaType
			}
			if l := a.Links[0]; a.Width == 0 && a.Height == 0 {
				a.Width, a.Height = l.Width, l.Height
			}
		}
		if m["icon"] != nil || m["preview"] != nil {
			a.Previews = append(Images(m["icon"]), Images(m["preview"])...)
		}
		if f := list(m["focalPoint"]); len(f) == 2 {
			a.FocalPoint, a.HasFocal = [2]float64{number(f[0]), number(f[1])}, true
		}
		out = append(out, a)
	}
	return out
}

// Images reads pictures: an Image, a URL, or a list of them.
func Images(v any) []Image {
	var out []Image
	for _, x := range list(v) {
		i := Image{URL: text(x)}
		if m, ok := x.(map[string]any); ok {
			i = Image{MediaType: mediaType(m), Width: pixels(m["width"]), Height: pixels(m["height"])}
			if l := append(links(m["url"]), links(m["href"])...); len(l) > 0 {
				i.URL = unescaped(l[0].Href)
				if i.MediaType == "" {
					i.MediaType = l[0].MediaType
				}
			}
		}
		if i.URL != "" && len(out) < maxImages {
			out = append(out, i)
		}
	}
	return out
}

// image is the first picture that a browser can show.
func image(v any) *Image {
	for _, i := range Images(v) {
		if isURI(i.URL) {
			return &i
		}
	}
	return nil
}

// unescaped is a media address without the escapes of HTML that WordPress leaves
// in it: behind its # everything would be lost.
func unescaped(u string) string { return strings.ReplaceAll(u, "&#038;", "&") }
