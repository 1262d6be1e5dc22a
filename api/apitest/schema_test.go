package apitest

import "testing"

// The check can fail: it takes what is right and refuses what is not.
func TestCheckCanFail(t *testing.T) {
	s, err := load()
	if err != nil {
		t.Skip(err)
	}
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
