package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kinglet/ap/signature"
)

// A flood has a third of repeated messages and a tenth of invalid ones; what is
// repeated was sent before by the same host, and only what is invalid has a
// signature that does not fit, or says what it may not.
func TestFloodPlan(t *testing.T) {
	file := filepath.Join(t.TempDir(), "keys.json")
	hosts, err := newFloodHosts(10, file)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := newFloodHosts(10, file); err != nil || !again[9].key.Equal(hosts[9].key) {
		t.Errorf("the keys are not kept: %v", err)
	}
	now := time.Now()
	list := newFloodPlan(hosts, 1, now, "https://bench.test/users/person0", "https://bench.test/objects/1").messages(300)
	if repeated, refused := count(list, func(m *floodMessage) bool { return m.repeated }), count(list, func(m *floodMessage) bool { return m.refused }); len(list) != 300 || repeated != 100 || refused != 30 {
		t.Errorf("%d messages, %d repeated, %d invalid", len(list), repeated, refused)
	}
	sent := map[string]bool{}
	for _, m := range list {
		if m.repeated != sent[string(m.body)] {
			t.Errorf("%s: repeated is %v", m.kind, m.repeated)
		}
		sent[string(m.body)] = true
		r := httptest.NewRequest(http.MethodPost, "http://"+listen+"/inbox", strings.NewReader(string(m.body)))
		r.Host, r.Header = domain, m.header
		var doc struct {
			Actor  string
			Object any
		}
		jsonErr := json.Unmarshal(m.body, &doc)
		sig, err := signature.Rules{Hosts: []string{domain}}.Parse(r, now)
		if err == nil {
			if err = sig.CheckBody(m.body); err == nil {
				err = sig.Verify(&m.host.key.PublicKey)
			}
		}
		object, _ := doc.Object.(map[string]any)
		id, _ := object["id"].(string)
		bad := err != nil || jsonErr != nil || len(m.body) > 1<<20 || !strings.HasPrefix(doc.Actor, "https://"+hostOf(m.host.n)+"/") || strings.Contains(id, "spoofed")
		if bad != m.refused {
			t.Errorf("%s: refused is %v, and it is %v, %v", m.kind, m.refused, err, jsonErr)
		}
	}
}

// Each sample of a profile counts for the innermost stage that it is in, and for
// one only.
func TestShareOut(t *testing.T) {
	const traces = `Type: cpu
-----------+-------------------------------------------------------
      10ms   runtime.memmove
             kinglet/ap/vocab.decode
             kinglet/ap.(*Service).parseActivity
             kinglet/ap.(*Service).readKnown
             kinglet/ap.(*Service).Inbox
             net/http.(*conn).serve
-----------+-------------------------------------------------------
     1.50s   crypto/rsa.VerifyPKCS1v15 (inline)
             kinglet/ap.(*Service).verifyBy
             kinglet/ap.(*Service).knownSigner
-----------+-------------------------------------------------------
      40ms   kinglet/store/engine.Open
             kinglet/internal/cmd.Main
-----------+-------------------------------------------------------
      20ms   runtime.futex
             runtime.schedule
-----------+-------------------------------------------------------
`
	spent, whole := shareOut(traces)
	if whole != 1530*time.Millisecond {
		t.Errorf("%v in all", whole)
	}
	for i, s := range inboxStages {
		want := map[string]time.Duration{"decode": 10 * time.Millisecond, "signature: RSA": 1500 * time.Millisecond, "Go's scheduler, and all else": 20 * time.Millisecond}[s.name]
		if spent[i] != want {
			t.Errorf("%s: %v", s.name, spent[i])
		}
	}
}
