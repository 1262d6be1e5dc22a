package cmd_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"kinglet/internal/auth"
)

// endless is a body that never ends and counts what is read of it.
type endless struct {
	begin io.Reader
	read  int
}

func (e *endless) Read(p []byte) (int, error) {
	n := 0
	if e.begin != nil {
		if n, _ = e.begin.Read(p); n == 0 {
			e.begin = nil
		}
	}
	for i := n; i < len(p); i++ {
		p[i] = 'x'
	}
	e.read += len(p)
	if e.read > 64<<20 {
		return 0, io.ErrUnexpectedEOF // nobody should come this far
	}
	return len(p), nil
}

const boundary = "b0undary"

// kinds are the forms of body, each with how an endless one begins.
var kinds = map[string]string{
	"application/x-www-form-urlencoded": "status=", "application/json": `{"status":"`, "text/plain": "", "": "",
	"multipart/form-data; boundary=" + boundary: "--" + boundary + "\r\nContent-Disposition: form-data; name=\"avatar\"; filename=\"a.png\"\r\n\r\n",
}

// flood sends an endless body of a kind; length is what it declares, -1 for
// nothing.
func (s *secrets) flood(method, path, token, kind string, length int64) (*httptest.ResponseRecorder, int) {
	body := &endless{begin: strings.NewReader(kinds[kind])}
	r := httptest.NewRequest(method, "https://kinglet.test"+path, body)
	r.ContentLength = length
	r.Header.Set("Content-Type", kind)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	return w, body.read
}

// A stranger's body, or that of a token without the scope, is read little or
// not at all, on every route of the APIs and of the forms; so is any that
// declares to be too long.
func TestStrangersBodies(t *testing.T) {
	s := newSecrets(t)
	const little = 80 << 10 // 64 KiB and a buffer
	tokens := []string{"", s.Token(s.alice.ID, "profile write:media")}
	s.forEachRoute(t, func(method, pattern, path string) {
		if !strings.HasPrefix(pattern, "/api/") && !strings.HasPrefix(pattern, "/oauth/") && !strings.HasPrefix(pattern, "/auth/") {
			return
		}
		for kind := range kinds {
			for _, token := range tokens {
				if got, n := s.flood(method, path, token, kind, -1); n > little || got.Code == http.StatusInternalServerError {
					t.Errorf("%s %s, %q: %d bytes are read, %d %s", method, path, kind, n, got.Code, got.Body)
				}
				if got, n := s.flood(method, path, token, kind, 30<<20); n > 0 || got.Code == http.StatusInternalServerError {
					t.Errorf("%s %s, %q, declared: %d bytes are read, %d %s", method, path, kind, n, got.Code, got.Body)
				}
			}
		}
		s.World.Clock.Advance(3600e9) // so that these are not over the limit
	})
}

// A call that is not allowed is refused without a byte of the body being read.
func TestRefusedUnread(t *testing.T) {
	s := newSecrets(t)
	for token, want := range map[string]int{"": 401, auth.NewSecret(): 401, s.Token(0, "write"): 422, s.Token(s.alice.ID, "profile write:media"): 403} {
		for kind := range kinds {
			for path, method := range map[string]string{"/api/v1/statuses": "POST", "/api/v1/accounts/update_credentials": "PATCH"} {
				if got, n := s.flood(method, path, token, kind, -1); got.Code != want || n > 0 {
					t.Errorf("%s, %q: %d, want %d, %d bytes are read", path, kind, got.Code, want, n)
				}
			}
		}
	}
}

// What may be sent with a fitting token is bounded too, and files are read
// only where the route takes them.
func TestBodiesWithToken(t *testing.T) {
	s := newSecrets(t)
	token := s.Token(s.alice.ID, "write")
	const mp = "multipart/form-data; boundary=" + boundary
	for _, c := range []struct {
		method, path, kind string
		length             int64
		status, most       int
	}{
		{"POST", "/api/v1/statuses", "application/json", -1, 413, 2 << 20},
		{"POST", "/api/v1/statuses", "application/x-www-form-urlencoded", -1, 413, 2 << 20},
		{"POST", "/api/v1/statuses", mp, -1, 413, 2 << 20},
		{"POST", "/api/v1/statuses", "application/json", 1<<20 + 1, 413, 0},
		{"POST", "/api/v1/statuses", mp, 1<<20 + 1, 413, 0},
		{"PATCH", "/api/v1/accounts/update_credentials", "application/json", -1, 413, 2 << 20},
		{"PATCH", "/api/v1/accounts/update_credentials", mp, -1, 413, 42 << 20},
		{"PATCH", "/api/v1/accounts/update_credentials", mp, 42 << 20, 413, 0},
		{"POST", "/api/v2/media", mp, -1, 501, 0},
	} {
		got, n := s.flood(c.method, c.path, token, c.kind, c.length)
		if got.Code != c.status || n > c.most {
			t.Errorf("%s %s, %s, %d: %d %s, %d bytes are read", c.method, c.path, c.kind, c.length, got.Code, got.Body, n)
		}
	}
	// A file is not kept on a route that does not take it.
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	f, _ := w.CreateFormFile("avatar", "a.png")
	f.Write(make([]byte, 500<<10))
	w.WriteField("status", "with a file")
	w.Close()
	r := httptest.NewRequest("POST", "https://kinglet.test/api/v1/statuses", &body)
	r.Header.Set("Content-Type", w.FormDataContentType())
	r.Header.Set("Authorization", "Bearer "+token)
	rec := httptest.NewRecorder()
	s.handler.ServeHTTP(rec, r)
	if rec.Code != 200 || !strings.Contains(rec.Body.String(), "with a file") {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
}

// Requests over the limit are refused from the headers alone.
func TestCountedBeforeTheBody(t *testing.T) {
	s := newSecrets(t)
	for _, path := range []string{"/api/v1/statuses/1", "/api/v1/apps", "/oauth/token", "/oauth/revoke", "/auth/sign_in", "/oauth/authorize"} {
		method := "POST"
		if path == "/api/v1/statuses/1" {
			method = "GET"
		}
		s.World.Clock.Advance(3600e9)
		for range 600 {
			s.ask(method, path, "", "x=y")
		}
		if got, n := s.flood(method, path, "", "application/x-www-form-urlencoded", -1); got.Code != http.StatusTooManyRequests || n != 0 {
			t.Errorf("%s: %d, %d bytes are read", path, got.Code, n)
		}
	}
}

// Uploads in work are few at a time: the next one waits unread.
func TestParallelUploads(t *testing.T) {
	s := newSecrets(t)
	token := s.Token(s.alice.ID, "write")
	const kind, few = "multipart/form-data; boundary=" + boundary, 4
	upload := func(ctx context.Context, token string, body io.Reader) int {
		r := httptest.NewRequestWithContext(ctx, "PATCH", "https://kinglet.test/api/v1/accounts/update_credentials", body)
		r.ContentLength = -1
		r.Header.Set("Content-Type", kind)
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		s.handler.ServeHTTP(w, r)
		return w.Code
	}
	s.ask("GET", "/api/v1/accounts/verify_credentials", token, "") // the token's use is noted
	reading, release, done := make(chan bool), make(chan bool), make(chan int)
	for range few {
		go func() {
			done <- upload(t.Context(), token, &blocking{begin: strings.NewReader(kinds[kind]), reading: reading, release: release})
		}()
	}
	for range few {
		<-reading
	}
	next := &leaving{endless: endless{begin: strings.NewReader(kinds[kind])}}
	ctx, leave := context.WithCancel(t.Context())
	next.leave = leave
	time.AfterFunc(100*time.Millisecond, leave) // it would wait for its turn
	if code := upload(ctx, token, next); code != http.StatusServiceUnavailable || next.read > 0 {
		t.Errorf("with %d uploads in work the next is answered %d, and %d bytes of it are read", few, code, next.read)
	}
	if code := upload(t.Context(), s.Token(s.bob.ID, "write"), strings.NewReader(kinds[kind])); code == http.StatusServiceUnavailable {
		t.Errorf("with %d uploads of one account another's is answered %d", few, code)
	}
	for range few {
		release <- true
		<-done
	}
	if got, n := s.flood("PATCH", "/api/v1/accounts/update_credentials", token, kind, -1); got.Code != http.StatusRequestEntityTooLarge || n == 0 {
		t.Errorf("after them one is answered %d, and %d bytes of it are read", got.Code, n)
	}
}

// leaving is a client that leaves when its body is read.
type leaving struct {
	endless
	leave func()
}

func (l *leaving) Read(p []byte) (int, error) {
	l.leave()
	return l.endless.Read(p)
}

// blocking is a body that signals when it is read and then waits.
type blocking struct {
	begin            *strings.Reader
	reading, release chan bool
	told             bool
}

func (b *blocking) Read(p []byte) (int, error) {
	if b.begin.Len() > 0 {
		return b.begin.Read(p)
	}
	if !b.told {
		b.told = true
		b.reading <- true
		<-b.release
	}
	return 0, fmt.Errorf("the client left: %w", io.ErrUnexpectedEOF)
}
