package federation_test

import (
	"bytes"
	"fmt"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"kinglet/ap"
	"kinglet/media"
	"kinglet/store"
	"kinglet/store/engine"
)

// keep has alice show bytes as her picture, and gives their path.
func (s *scene) keep(data []byte, mediaType string) (path string, b *store.Blob) {
	s.T.Helper()
	u := s.here.Store.NewUpload(s.T.Context(), 1<<30)
	if _, err := u.Write(data); err != nil {
		s.T.Fatal(err)
	}
	b, err := u.Keep(mediaType)
	if err != nil {
		s.T.Fatal(err)
	}
	if err := s.here.Service.UpdateProfile(s.T.Context(), s.alice.ID, ap.ProfileChange{Avatar: &media.Picture{Blob: b.Hash, Ext: ".jpg"}}); err != nil {
		s.T.Fatal(err)
	}
	return strings.TrimPrefix(s.account(s.alice.URI).Avatar, s.here.Config.URL), b
}

// Media are served in parts, and a part costs the chunks that it touches.
func TestMediaInParts(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	data := bytes.Repeat([]byte("0123456789abcdef"), 8<<16) // 32 chunks of 256 KiB
	path, _ := s.keep(data, "image/jpeg")
	for name, c := range map[string]struct {
		header, value string
		status        int
		body          []byte
		chunks        int64
	}{
		"all":          {"", "", 200, data, 32},
		"the first":    {"Range", "bytes=0-9", 206, data[:10], 1},
		"in the midst": {"Range", "bytes=3000000-3000099", 206, data[3000000:3000100], 1},
		"over an edge": {"Range", fmt.Sprintf("bytes=%d-%d", 4*(256<<10)-5, 4*(256<<10)+4), 206, data[4*(256<<10)-5 : 4*(256<<10)+5], 2},
		"the end":      {"Range", "bytes=-3", 206, data[len(data)-3:], 1},
		"several":      {"Range", "bytes=0-0,3000000-3000000,0-0,3000000-3000000", 200, data, 32},
		"beyond":       {"Range", fmt.Sprintf("bytes=%d-", len(data)), 416, nil, 0},
		"known":        {"If-None-Match", `"` + strings.Split(path, "/")[2] + `"`, 304, nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			var statements atomic.Int64
			r := httptest.NewRequestWithContext(engine.WithTrace(t.Context(), func(string, []any) { statements.Add(1) }), "GET", path, nil)
			if c.header != "" {
				r.Header.Set(c.header, c.value)
			}
			got := s.here.Do(r)
			if got.Code != c.status || c.body != nil && !bytes.Equal(got.Body.Bytes(), c.body) {
				t.Errorf("%d, %d bytes", got.Code, got.Body.Len())
			}
			if n := statements.Load(); n != 1+c.chunks { // 1 finds it
				t.Errorf("%d statements", n)
			}
		})
	}
}

// An address is not made of what it shows, and leads to nothing else; what is
// served can't run.
func TestMediaAddresses(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	path, b := s.keep([]byte("picture"), "image/jpeg")
	key := strings.Split(path, "/")[2]
	if len(key) != 32 || strings.Contains(b.Hash, key) || !strings.HasSuffix(path, "/avatar.jpg") {
		t.Errorf("the address is %s", path)
	}
	for address, want := range map[string]int{
		path: 200, "/media/" + key + "/any.html": 200, "/media/" + key: 404, "/media/" + b.Hash + ".jpg": 404, "/media/" + b.Hash + "/avatar.jpg": 404,
		"/media/" + b.Hash: 404, "/media/" + key[:31] + "/avatar.jpg": 404, "/media/%00/x": 400, "/media/" + strings.Repeat("0", 32) + "/x": 404,
	} {
		got := s.here.Do(httptest.NewRequest("GET", address, nil))
		if got.Code != want {
			t.Errorf("%s: %d, want %d", address, got.Code, want)
		}
		if h := got.Header(); want == 200 && (h.Get("Content-Type") != "image/jpeg" || h.Get("Content-Security-Policy") != "default-src 'none'; sandbox" || strings.Contains(h.Get("ETag"), b.Hash)) {
			t.Errorf("%s: %v", address, h)
		}
	}
	again, _ := s.keep([]byte("picture"), "image/jpeg")
	if again == path {
		t.Error("the same picture again has the same address")
	}
	if got := s.here.Do(httptest.NewRequest("GET", path, nil)); got.Code != 404 {
		t.Errorf("the address of the picture before: %d", got.Code)
	}
}
