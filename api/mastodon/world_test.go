package mastodon_test

import (
	"bytes"
	"encoding/json"
	"image"
	"image/png"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"kinglet/internal/apptest"
)

// town is a server with alice and bob, who follow each other, and one with
// carol, whom alice follows.
type town struct {
	*apptest.World
	alice, bob, carol *apptest.Account
}

func newTown(t *testing.T, settings ...string) *town {
	t.Helper()
	w := apptest.NewWorld(t)
	a := w.Server("a.test", settings...)
	n := &town{World: w, alice: a.Account("alice"), bob: a.Account("bob"), carol: w.Server("b.test").Account("carol")}
	n.alice.Follow(n.bob.Handle)
	n.bob.Follow(n.alice.Handle)
	n.alice.Follow(n.carol.Handle)
	w.Run()
	return n
}

// refused checks what a call that fails is answered with: the status, and a
// part of the error.
func refused(t *testing.T, a *apptest.Account, want int, says, method, path string, params ...string) {
	t.Helper()
	status, body := a.Call(method, path, params...)
	if status != want || !strings.Contains(string(body), says) {
		t.Errorf("%s %s %q is answered with %d %s, want %d and %q", method, path, params, status, body, want, says)
	}
}

// send is a request with any body and headers, as an account's client sends it.
func send(t *testing.T, a *apptest.Account, method, path, contentType, body string, headers ...string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, a.Server.Config.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	resp, err := a.Client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(b)
}

// stranger asks a server without a token.
func stranger(t *testing.T, s *apptest.Server, path string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", s.Config.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.RemoteAddr = "198.51.100.7:1"
	w := s.Do(r)
	return w.Code, w.Body.String()
}

func parse[T any](t *testing.T, body string) (v T) {
	t.Helper()
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	return v
}

// upload is a multipart body with one picture and further fields in pairs.
func upload(t *testing.T, name string, fields ...string) (contentType, body string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for i := 0; i+1 < len(fields); i += 2 {
		if err := w.WriteField(fields[i], fields[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	f, err := w.CreateFormFile(name, "photo.png")
	if err == nil {
		err = png.Encode(f, image.NewRGBA(image.Rect(0, 0, 8, 8)))
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return w.FormDataContentType(), b.String()
}

// values are what is under a key in each object of a list.
func values(list []apptest.Object, key string) []string {
	out := []string{}
	for _, o := range list {
		out = append(out, o[key].(string))
	}
	return out
}
