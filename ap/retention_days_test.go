package ap_test

import (
	"fmt"
	"testing"
	"time"

	"kinglet/ap/activity"
	"kinglet/internal/apptest"
	"kinglet/internal/auth"
	"kinglet/store"
)

func privateKey(t *testing.T, a *apptest.Account) (key string) {
	t.Helper()
	a.Server.View(func(tx *store.Tx) error {
		u, err := tx.User(a.ID)
		if err == nil {
			key = u.PrivateKey
		}
		return err
	})
	return key
}

// There is one daily round at any time, also after a restart, and it comes
// every day.
func TestDailyRounds(t *testing.T) {
	w := apptest.NewWorld(t)
	s := w.Server("a.test")
	for i := range 3 {
		s.Restart()
		w.Advance(day + time.Hour)
		if n := s.Jobs(activity.CleanUpJob.Name); n != 1 {
			t.Errorf("after %d restarts %d rounds wait", i+1, n)
		}
	}
	if dead := s.DeadJobs(); len(dead) != 0 {
		t.Errorf("given up: %+v", dead)
	}
}

// What has a time goes when it is over, and not before.
func TestRetention(t *testing.T) {
	w := apptest.NewWorld(t)
	s := w.Server("a.test", "KINGLET_RETENTION_HOME_FEED=20")
	alice, carol, start := s.Account("alice"), s.Account("carol"), w.Now()
	alice.Follow(carol.Handle)
	secret := auth.NewSecret()
	s.Update(func(tx *store.Tx) error {
		if err := tx.InsertApp(&store.App{ClientID: "unused", SecretHash: "x", Name: "unused", RedirectURIs: []string{"x:y"}, Scopes: "read"}); err != nil {
			return err
		}
		return tx.PutSession(auth.HashSecret(secret), alice.ID, w.Now().Add(90*day))
	})
	for i := range 30 {
		carol.Post(fmt.Sprint("post ", i))
	}
	for _, c := range []struct {
		what, query string
		keeps       time.Duration // from now
		then, now   int64
	}{
		{"the home feed beyond its length", `SELECT COUNT(*) FROM home_feed WHERE account_id = ` + alice.ID.String(), time.Hour, 30, 20},
		{"a client that nobody signed in to", `SELECT COUNT(*) FROM oauth_apps WHERE name = 'unused'`, 7 * day, 1, 0},
		{"a session", `SELECT COUNT(*) FROM sessions`, 90 * day, 1, 0},
	} {
		if until := start.Add(c.keeps - time.Hour); until.After(w.Now()) {
			w.Advance(until.Sub(w.Now()))
		}
		if n := s.Count(c.query); n != c.then {
			t.Errorf("%s: %d before its time", c.what, n)
		}
		w.Advance(day + 2*time.Hour)
		if n := s.Count(c.query); n != c.now {
			t.Errorf("%s: %d after its time", c.what, n)
		}
	}
	if home := alice.Home(); len(home) != 20 || home[0].Text() != "<p>post 29</p>" {
		t.Errorf("alice has %d posts in her home", len(home))
	}
}
