package ap_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kinglet/internal/apptest"
	"kinglet/store"
)

// logOf writes what a server has gathered and lists what it remembers, oldest
// first: type, outcome, whether it was verified, and how many more.
func logOf(s *apptest.Server, host string) (list []string) {
	s.World.T.Helper()
	s.Service.WriteFederationLog(s.World.T.Context())
	s.View(func(tx *store.Tx) error {
		rows, err := tx.ArrivalsFrom(host, []string{store.Accepted, store.Waiting, store.Ignored, store.Refused}, 1000)
		for _, a := range rows {
			line := a.Type + " " + a.Outcome
			if !a.Verified {
				line += " unverified"
			}
			if a.Reason != "" && a.Outcome != store.Waiting {
				line += ": " + a.Reason
			}
			if a.More > 0 {
				line += fmt.Sprint(" +", a.More)
			}
			list = append([]string{strings.TrimSpace(line)}, list...)
		}
		return err
	})
	return list
}

// What comes is remembered with what became of it and why.
func TestWhatCameIsRemembered(t *testing.T) {
	w := apptest.NewWorld(t)
	s := w.Server("a.test")
	alice, bob, eve := s.Account("alice"), w.Stranger("bob@b.test"), w.Stranger("eve@e.test")
	bob.FollowedBy(alice)
	logOf(s, "b.test")
	w.Clock.Advance(day)

	note := bob.Note("hello")
	bob.Send(s, bob.Activity("Create", note))
	bob.Send(s, bob.Activity("Announce", eve.Note("elsewhere")["id"])) // eve's host is asked first
	bob.Send(s, bob.Activity("Create", bob.Note("not mine", "attributedTo", eve.URI)))
	w.Run()
	if got := strings.Join(logOf(s, "b.test"), "\n"); !strings.Contains(got, "Create accepted\nAnnounce waiting\nCreate refused: ") || !strings.Contains(got, "\nAnnounce accepted") {
		t.Errorf("of b.test is remembered\n%s", got)
	}
	eve.Send(s, eve.Activity("Create", eve.Note("to nobody here")))
	w.Stranger("mallory@m.test").As("eve@e.test").Send(s, eve.Activity("Create", eve.To(alice, "forged")))
	if got := strings.Join(logOf(s, "e.test"), "\n"); !strings.HasPrefix(got, "Create ignored: ") || !strings.Contains(got, "Create refused unverified: ") {
		t.Errorf("of e.test is remembered\n%s", got)
	}
	s.View(func(tx *store.Tx) error {
		list, err := tx.ArrivalsAbout(note["id"].(string), 9)
		if err != nil || len(list) != 1 || list[0].KeyID != bob.KeyID || list[0].Actor != bob.URI || !list[0].Followed || !strings.Contains(list[0].Activity, "/activities/") {
			t.Errorf("%+v %v", list, err)
		}
		return nil
	})
	// A deleted post leaves its Delete, whether its Create was written before or not.
	bob.Send(s, bob.Activity("Delete", note["id"]))
	short := bob.Note("short")
	bob.Send(s, bob.Activity("Create", short))
	bob.Send(s, bob.Activity("Delete", short["id"]))
	logOf(s, "b.test")
	for _, id := range []any{note["id"], short["id"]} {
		s.View(func(tx *store.Tx) error {
			list, err := tx.ArrivalsAbout(id.(string), 9)
			if err != nil || len(list) != 1 || list[0].Type != "Delete" {
				t.Errorf("%+v %v", list, err)
			}
			return nil
		})
	}
}

// Floods are counted in a few rows, and the Delete of what was never here, of
// which thousands come, leaves none and costs no write.
func TestFloodsAreCounted(t *testing.T) {
	w := apptest.NewWorld(t)
	s := w.Server("a.test")
	s.Account("alice")
	eve := w.Stranger("eve@e.test")
	changes := s.Store.Changes()
	for i := range 50 {
		if code := eve.Send(s, eve.Activity("Delete", fmt.Sprint("https://e.test/users/", i), "actor", fmt.Sprint("https://e.test/users/", i))); code != http.StatusAccepted {
			t.Fatal(code)
		}
	}
	if got := logOf(s, "e.test"); len(got) != 0 || s.Store.Changes() != changes {
		t.Errorf("Deletes of strangers are remembered: %v, %d writes", got, s.Store.Changes()-changes)
	}
	bad := w.Stranger("mallory@m.test").As("eve@e.test") // eve's key id, and not her key
	for range 50 {
		bad.Send(s, eve.Activity("Create", eve.Note("x")))
	}
	got := logOf(s, "e.test")
	if len(got) == 0 || len(got) > 8 {
		t.Errorf("%d rows of a flood: %v", len(got), got)
	}
	if n := s.Count(`SELECT SUM(1 + more) FROM inbox_log`); n != 50 {
		t.Errorf("of 50 refusals %d are counted", n)
	}
	// Of each reason that differs there are so many at most.
	for i := range 100 {
		eve.Send(s, eve.Activity("Create", eve.Note("x", "attributedTo", fmt.Sprint("https://e.test/users/", i))))
	}
	if n := s.Count(`SELECT COUNT(*) FROM inbox_log`) + int64(len(logOf(s, "e.test"))); n > 100 {
		t.Errorf("%d rows", n)
	}
}

// What is delivered is remembered for each host, and no delivery waits for that.
func TestWhatIsDeliveredIsRemembered(t *testing.T) {
	w, alice, _, carl := followedScene(t)
	s := w.Server("a.test")
	carl.Host.Handle("/inbox", status(http.StatusForbidden))
	post := alice.Post("hello")
	w.Run()
	s.Service.WriteFederationLog(t.Context())
	s.View(func(tx *store.Tx) error {
		list, err := tx.ActivitiesAbout(post.URI, 9)
		if err != nil || len(list) != 1 || list[0].Type != "Create" {
			t.Fatalf("%v %v", list, err)
		}
		sent, err := tx.SentOf(list[0].ID, 9)
		if err != nil || len(sent) != 1 || sent[0].Host != "b.test" {
			t.Errorf("sent: %v %v", sent, err)
		}
		jobs, err := tx.DeliveriesOf(list[0].ID, 9)
		if err != nil || len(jobs) != 1 || jobs[0].Lane != "c.test" || jobs[0].DeadAt.IsZero() || !strings.Contains(jobs[0].Error, "403") {
			t.Errorf("jobs: %+v %v", jobs, err)
		}
		return nil
	})
}

// What is gathered is written after a few seconds, all at once, and at the end;
// nothing is written while nothing comes.
func TestTheLogIsWrittenNowAndThen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, alice, bob, _ := followedScene(t)
		s := w.Server("a.test")
		bob.FollowedBy(alice)
		s.Service.WriteFederationLog(t.Context())
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { s.Service.KeepFederationLog(ctx); close(ended) }()
		rows := func() int64 {
			synctest.Wait()
			return s.Count(`SELECT COUNT(*) FROM inbox_log`)
		}
		before := rows()
		time.Sleep(time.Hour)
		if n := rows(); n != before {
			t.Errorf("%d rows came of nothing", n-before)
		}
		bob.Send(s, bob.Activity("Create", bob.Note("one")))
		time.Sleep(time.Second)
		bob.Send(s, bob.Activity("Create", bob.Note("two")))
		if n := rows(); n != before {
			t.Errorf("%d rows are written at once", n-before)
		}
		time.Sleep(5 * time.Second)
		if n := rows(); n != before+2 {
			t.Errorf("%d rows are written, want 2", n-before)
		}
		bob.Send(s, bob.Activity("Create", bob.Note("last")))
		synctest.Wait()
		stop()
		<-ended
		s.Service.WriteFederationLog(t.Context()) // as serve does at its end
		if n := rows(); n != before+3 {
			t.Errorf("%d rows at the end", n-before)
		}
	})
}
