package ap_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"kinglet/internal/apptest"
)

// What a job fetches makes way for the requests of the owner: when it signs,
// when it parses what came, and when it prepares it.
func TestCrawlingMakesWay(t *testing.T) {
	const step = 5 * time.Millisecond // the patience of background
	for _, c := range []struct {
		name string
		busy bool
		took time.Duration
	}{
		{"nobody asks", false, 0},
		{"the owner waits for an answer", true, 3 * step},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, alice, bob, _ := followedScene(t)
				bob.FollowedBy(alice)
				_, last := thread(bob, 2)
				if got := bob.Send(alice.Server, bob.Activity("Create", last)); got != 202 {
					t.Fatal(got)
				}
				answered := make(chan struct{})
				if c.busy {
					w.Host("slow.test").Fallback(func(http.ResponseWriter, *http.Request) { time.Sleep(90 * time.Millisecond) })
					r := httptest.NewRequest("GET", alice.Server.Config.URL+"/api/v2/search?resolve=true&q=https://slow.test/a", nil)
					r.Header.Set("Authorization", "Bearer "+alice.Token(apptest.Scopes))
					go func() { alice.Server.Do(r); close(answered) }()
					synctest.Wait()
				}
				began := time.Now()
				w.Run()
				if took := time.Since(began); took != c.took {
					t.Errorf("it took %s, want %s", took, c.took)
				}
				if n := alice.Server.Jobs("thread"); n != 0 {
					t.Errorf("%d jobs are left", n)
				}
				if c.busy {
					<-answered
				}
			})
		})
	}
}
