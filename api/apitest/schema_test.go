package apitest

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// The check can fail: it takes what is right and refuses what is not.
func TestCheckCanFail(t *testing.T) {
	s := load()
	for _, c := range []struct {
		name, path, body string
		status           int
		ok               bool
	}{
		{"relationship", "/api/v1/accounts/relationships", `[]`, 200, true},
		{"relationship without its flags", "/api/v1/accounts/relationships", `[{"id":"1"}]`, 200, false},
		{"id that is a number", "/api/v1/statuses/1", `{"id":1}`, 200, false},
		{"error", "/api/v1/statuses/1", `{"error":"Record not found"}`, 404, true},
		{"error without its text", "/api/v1/statuses/1", `{}`, 404, false},
	} {
		if err := s.check("GET", c.path, c.status, []byte(c.body)); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// A response that does not match the schema fails the test that sees it, on
// either way to a server.
func TestResponsesAreChecked(t *testing.T) {
	wrong := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.Write([]byte(`{"id":1}`))
	})
	server := httptest.NewServer(wrong)
	defer server.Close()
	for name, ask := range map[string]func(t testing.TB){
		"transport": func(t testing.TB) {
			client := http.Client{Transport: Transport(t, server.Client().Transport)}
			resp, err := client.Get(server.URL + "/api/v1/statuses/1")
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
		},
		"handler": func(t testing.TB) {
			Handler(t, wrong).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/api/v1/statuses/1", nil))
		},
	} {
		failing := &failures{TB: t}
		ask(failing)
		if failing.n != 1 {
			t.Errorf("%s: %d failures", name, failing.n)
		}
	}
}

// failures counts what a test would fail for.
type failures struct {
	testing.TB
	n int
}

func (f *failures) Errorf(string, ...any) { f.n++ }
