package ap_test

import (
	"bytes"
	"net/http"
	"testing"

	"kinglet/internal/apptest"
)

// A report that is answered at length has come: it is not sent again.
func TestReportAnsweredAtLength(t *testing.T) {
	w := apptest.NewWorld(t)
	alice, bob := w.Server("a.test").Account("alice"), w.Stranger("bob@b.test")
	if got := bob.Follow(alice); got != "Accept" {
		t.Fatal(got)
	}
	w.Run()
	reports := 0
	bob.Host.Handle("/users/bob/inbox", func(w http.ResponseWriter, _ *http.Request) {
		reports++
		w.WriteHeader(http.StatusAccepted)
		_, _ = w.Write(bytes.Repeat([]byte("x"), 100<<10))
	})
	alice.Do(http.MethodPost, "/api/v1/reports", "account_id", alice.Find(bob.URI), "comment", "spam", "forward", "true")
	w.Run()
	w.Advance(day)
	if reports != 1 {
		t.Errorf("it was sent %d times", reports)
	}
	if lanes := alice.Server.Lanes(); len(lanes) != 0 {
		t.Errorf("set aside are %+v", lanes)
	}
}
