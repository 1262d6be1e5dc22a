package federation_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"kinglet/ap/signature"
	"kinglet/internal/apptest"
)

// What a signature has to be is a setting; RFC 9421 is taken with any.
func TestSignatureSettings(t *testing.T) {
	message := func(s *apptest.Stranger, r *http.Request, body []byte) error {
		r.Header.Del("Digest")
		return signature.SignMessage(r, body, s.KeyID, s.Key, s.World.Now())
	}
	cavage := func(age time.Duration) func(*apptest.Stranger, *http.Request, []byte) error {
		return func(s *apptest.Stranger, r *http.Request, body []byte) error {
			return signature.Sign(r, body, s.KeyID, s.Key, s.World.Now().Add(-age))
		}
	}
	for _, c := range []struct {
		name     string
		settings []string
		sign     func(*apptest.Stranger, *http.Request, []byte) error
		want     int
	}{
		{"draft-cavage", nil, cavage(0), 202},
		{"draft-cavage of 11 hours ago", nil, cavage(11 * time.Hour), 202},
		{"draft-cavage of 11 hours ago, skew", []string{"KINGLET_SIGNATURES_SKEW=10h"}, cavage(11 * time.Hour), 401},
		{"draft-cavage of 3 hours ahead, skew", []string{"KINGLET_SIGNATURES_SKEW=10h"}, cavage(-3 * time.Hour), 202},
		{"draft-cavage without length, strict", []string{"KINGLET_SIGNATURES_STRICT=true"}, cavage(0), 401},
		{"RFC 9421", nil, message, 202},
		{"RFC 9421, strict", []string{"KINGLET_SIGNATURES_STRICT=true"}, message, 202},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := apptest.NewWorld(t)
			s := w.Server("kinglet.test", c.settings...)
			alice, bob := s.Account("alice"), w.Stranger("bob@b.test")
			body, err := json.Marshal(bob.Activity("Create", bob.To(alice, "Hello")))
			if err != nil {
				t.Fatal(err)
			}
			r := bob.Request(http.MethodPost, alice.URI+"/inbox", body)
			if err := c.sign(bob, r, body); err != nil {
				t.Fatal(err)
			}
			if got := s.Do(r); got.Code != c.want {
				t.Errorf("%d %s", got.Code, got.Body)
			}
		})
	}
}
