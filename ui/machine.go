package ui

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io/fs"
	"net/http"
	"sync"

	"kinglet/internal/config"

	"github.com/go-chi/chi/v5"
)

// machineRoutes serves what browsers and crawlers request of every site, and
// the source code of this one.
func (u *UI) machineRoutes(r chi.Router) {
	r.Get("/robots.txt", func(w http.ResponseWriter, _ *http.Request) {
		serveFile(w, "text/plain; charset=utf-8", []byte(robots))
	})
	r.Get("/favicon.ico", func(w http.ResponseWriter, r *http.Request) {
		icon, err := files.ReadFile("static/favicon.ico")
		if err != nil {
			u.fail(w, r, err)
			return
		}
		serveFile(w, "image/vnd.microsoft.icon", icon)
	})
	archive := sync.OnceValues(func() ([]byte, error) { return archiveOf(u.Source) })
	r.Get("/source.tar.gz", func(w http.ResponseWriter, r *http.Request) {
		b, err := archive()
		if err != nil {
			u.fail(w, r, err)
			return
		}
		w.Header().Set("Content-Disposition", `attachment; filename="kinglet-`+config.Version+`.tar.gz"`)
		serveFile(w, "application/gzip", b)
	})
}

func serveFile(w http.ResponseWriter, contentType string, b []byte) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Cache-Control", "public, max-age=86400")
	_, _ = w.Write(b)
}

// robots limits search engines to the pages; a profile that does not want to be
// indexed says so itself. Crawlers that collect texts for training models are
// excluded.
const robots = `User-agent: GPTBot
User-agent: ClaudeBot
User-agent: anthropic-ai
User-agent: Google-Extended
User-agent: Applebot-Extended
User-agent: CCBot
User-agent: Bytespider
User-agent: Amazonbot
User-agent: meta-externalagent
User-agent: FacebookBot
User-agent: cohere-ai
User-agent: Diffbot
User-agent: omgili
Disallow: /

User-agent: *
Disallow: /api/
Disallow: /auth/
Disallow: /oauth/
Disallow: /users/
Disallow: /objects/
Disallow: /activities/
Disallow: /contexts/
Disallow: /source.tar.gz
`

// archiveOf packs the source code. It is small and always the same, so it is
// packed once, at the first request.
func archiveOf(source fs.FS) ([]byte, error) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	t := tar.NewWriter(z)
	err := fs.WalkDir(source, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(source, path)
		if err != nil {
			return err
		}
		if err := t.WriteHeader(&tar.Header{Name: "kinglet-" + config.Version + "/" + path, Mode: 0o644, Size: int64(len(text))}); err != nil {
			return err
		}
		_, err = t.Write(text)
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := t.Close(); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
