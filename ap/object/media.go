package object

import (
	"cmp"
	"net/url"
	"path"
	"slices"
	"strings"

	"kinglet/ap/vocab"
	"kinglet/internal/markup"
	"kinglet/store"
)

// What is shown with a text: pictures, videos and sounds, attached to a note or
// the object itself; and links, which become part of the text.

// maxAttachments is how many attachments of a post are shown as such; more are
// links.
const maxAttachments = 16

// link is a link that is shown at the end of a text.
type link struct{ title, href string }

// attachmentsOf reads what is attached to an object, and what the object itself
// is (a Video's files).
func attachmentsOf(o *vocab.Object) (media []store.Attachment, links []link) {
	seen := map[string]bool{}
	add := func(m store.Attachment) {
		switch {
		case seen[m.URL]:
		case len(media) < maxAttachments:
			media = append(media, m)
		default:
			links = append(links, link{m.Description, m.URL})
		}
		seen[m.URL] = true
	}
	if own, ok := ownMedia(o); ok {
		add(own)
	}
	for _, m := range o.Attachment {
		if m.Type == "PropertyValue" {
			continue
		}
		at, ok := attachmentOf(o, m)
		switch {
		case !ok:
		case at.Kind != "":
			add(at)
		case !seen[at.URL]:
			seen[at.URL] = true
			links = append(links, link{at.Description, at.URL})
		}
	}
	if len(media) == 0 && isTitled(o.Type) {
		// A blog's picture, or the preview of a link.
		if p, ok := poster(vocab.Images(o.Document["image"])); ok {
			add(store.Attachment{Kind: "image", MediaType: p.MediaType, URL: p.URL, RemoteURL: p.URL, PreviewURL: p.URL, Width: int64(p.Width), Height: int64(p.Height)})
		}
	}
	return media, links
}

// attachmentOf reads one attachment; its Kind is "" if it is a link. ok is false
// for what can't be opened.
func attachmentOf(o *vocab.Object, m vocab.Attachment) (at store.Attachment, ok bool) {
	at = store.Attachment{Description: clip(m.Name, maxDescription), MediaType: clip(m.MediaType, maxTag), Width: int64(m.Width), Height: int64(m.Height)}
	l, ok := firstPlayable(m.Links, majorOf(m.Type, m.MediaType))
	if !ok {
		return at, false
	}
	at.URL, at.RemoteURL = l.Href, l.Href
	if at.MediaType == "" || isGeneric(at.MediaType) {
		at.MediaType = cmp.Or(clip(l.MediaType, maxTag), typeOfName(l.Href), at.MediaType)
	}
	at.Kind = kindOfMedia(o.Type, m.Type, at.MediaType)
	switch p, has := poster(m.Previews); {
	case has:
		at.PreviewURL = p.URL
	case at.Kind == "image":
		at.PreviewURL = at.URL
	}
	if isBlurhash(m.Blurhash) {
		at.Blurhash = m.Blurhash
	}
	if m.HasFocal {
		at.FocusX, at.FocusY = min(max(m.FocalPoint[0], -1), 1), min(max(m.FocalPoint[1], -1), 1)
	}
	return at, true
}

// kindOfMedia is Mastodon's kind of an attachment, "" for a link: of a
// Document, Image, Video or Audio, and of a Link to a picture (Lemmy). Covers of
// books have no media type (BookWyrm).
func kindOfMedia(of, typ, mediaType string) string {
	switch major := majorOf(typ, mediaType); {
	case major != "":
		return major
	case typ == "Document" && isAboutBook(of) && mediaType == "":
		return "image"
	case typ == "Document" || typ == "":
		return "unknown"
	}
	return ""
}

// majorOf is image, video or audio, by the media type or else the object's.
func majorOf(typ, mediaType string) string {
	switch major, _, _ := strings.Cut(mediaType, "/"); major {
	case "image", "video", "audio":
		if mediaType != "image/svg+xml" { // a document that browsers run
			return major
		}
		return ""
	}
	switch typ {
	case "Image", "Video", "Audio":
		return strings.ToLower(typ)
	}
	return ""
}

func isGeneric(mediaType string) bool { return mediaType == "application/octet-stream" }

// typeOfName is the media type of a file by its name, "" for others than
// pictures, videos and sounds.
func typeOfName(href string) string {
	u, err := url.Parse(href)
	if err != nil {
		return ""
	}
	switch strings.ToLower(path.Ext(u.Path)) {
	case ".jpg", ".jpeg":
		return "image/jpeg"
	case ".png":
		return "image/png"
	case ".gif":
		return "image/gif"
	case ".webp":
		return "image/webp"
	case ".avif":
		return "image/avif"
	case ".mp4", ".m4v":
		return "video/mp4"
	case ".webm":
		return "video/webm"
	case ".mov":
		return "video/quicktime"
	case ".ogv":
		return "video/ogg"
	case ".mp3":
		return "audio/mpeg"
	case ".ogg", ".oga":
		return "audio/ogg"
	case ".opus":
		return "audio/opus"
	case ".flac":
		return "audio/flac"
	case ".wav":
		return "audio/wav"
	case ".m4a", ".aac":
		return "audio/mp4"
	}
	return ""
}

// firstPlayable is the link to use of those that lead to one thing: of several
// videos the largest that is no higher than most screens, else the smallest. For
// anything else it is the first that can be opened.
func firstPlayable(links []vocab.Link, major string) (vocab.Link, bool) {
	const screen = 720
	var best vocab.Link
	for _, l := range links {
		if !isURI(l.Href) {
			continue
		}
		switch {
		case best.Href == "":
		case major != "video" || majorOf("", l.MediaType) != "video":
			continue
		case majorOf("", best.MediaType) != "video":
		case best.Height > screen && l.Height < best.Height:
		case best.Height < l.Height && l.Height <= screen:
		default:
			continue
		}
		best = l
	}
	return best, best.Href != ""
}

// ownMedia is what a Video, an Audio or an Image is itself: the best of its
// files, with its picture. Of one that can only be looked at on its page (a live
// stream, a playlist) it is the picture.
func ownMedia(o *vocab.Object) (store.Attachment, bool) {
	if o.Type != "Video" && o.Type != "Audio" && o.Type != "Image" {
		return store.Attachment{}, false
	}
	major := strings.ToLower(o.Type)
	files := slices.DeleteFunc(slices.Clone(o.URL), func(l vocab.Link) bool {
		return majorOf("", cmp.Or(l.MediaType, typeOfName(l.Href))) != major
	})
	pictures := append(vocab.Images(o.Document["icon"]), vocab.Images(o.Document["preview"])...)
	p, hasPicture := poster(append(pictures, vocab.Images(o.Document["image"])...))
	l, ok := firstPlayable(files, major)
	if !ok {
		if !hasPicture {
			return store.Attachment{}, false
		}
		l, major = vocab.Link{Href: p.URL, MediaType: p.MediaType, Width: p.Width, Height: p.Height}, "image"
	}
	at := store.Attachment{Kind: major, URL: l.Href, RemoteURL: l.Href, MediaType: cmp.Or(clip(l.MediaType, maxTag), typeOfName(l.Href))}
	if l.Width > 0 && l.Height > 0 {
		at.Width, at.Height = int64(l.Width), int64(l.Height)
	}
	switch blurhash, _ := o.Document["blurhash"].(string); {
	case major != "image":
		if hasPicture {
			at.PreviewURL = p.URL
		}
	case isBlurhash(blurhash):
		at.Blurhash = blurhash
		fallthrough
	default:
		at.PreviewURL, at.Description = at.URL, clip(markup.PlainText(o.Name), maxDescription)
	}
	return at, true
}

// poster is the widest of the pictures that can be opened.
func poster(pictures []vocab.Image) (best vocab.Image, ok bool) {
	for _, p := range pictures {
		if isURI(p.URL) && majorOf("Image", p.MediaType) == "image" && (!ok || p.Width > best.Width) {
			best, ok = p, true
		}
	}
	best.MediaType = clip(best.MediaType, maxTag)
	return best, ok
}

// isBlurhash reports whether a text is a blurhash: how many components it has is
// its first character. Clients fail on others.
func isBlurhash(s string) bool {
	const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~"
	if len(s) < 6 || strings.Trim(s, digits) != "" {
		return false
	}
	n := strings.IndexByte(digits, s[0])
	return len(s) == 4+2*(n%9+1)*(n/9+1)
}

// withLinks is a text with links after it, unless it has them already.
func withLinks(html string, links []link) string {
	var b strings.Builder
	b.WriteString(html)
	for _, l := range links {
		if strings.Contains(html, `href="`+markup.EscapeText(l.href)+`"`) || !isURI(l.href) {
			continue
		}
		b.WriteString(markup.Render(strings.TrimSpace(strings.Join(strings.Fields(clip(l.title, maxTag)), " ")+"\n"+l.href), markup.Options{}))
	}
	return b.String()
}
