package store_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"kinglet/store"
	"kinglet/store/storetest"
)

func (w *world) keep(came []store.Arrival, sent []store.Sent) {
	w.t.Helper()
	w.update(func(tx *store.Tx) error { return tx.WriteFederationLog(came, sent) })
}

// What came is found by its activity, its object, its actor and its host, and
// strangers' texts are cut and without what a terminal obeys.
func TestFederationLog(t *testing.T) {
	storetest.EachWithClock(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		w := newWorld(t, s)
		var came []store.Arrival
		for i := range 20 { // one INSERT of many rows, and some of one
			came = append(came, store.Arrival{
				At: clock.Now(), Host: "far.test", Verified: true, Outcome: store.Accepted, KeyID: "key", Actor: "https://far.test/a",
				Activity: fmt.Sprint("activity", i), Type: "Create", Object: fmt.Sprint("object", i/2),
			})
		}
		long := "x\x1b[2J\x00\xff" + strings.Repeat("é", 300)
		came = append(came, store.Arrival{At: clock.Now(), Host: "other.test", Followed: true, Outcome: store.Refused, Actor: long, Activity: long, Object: long, Reason: long, More: 3})
		w.keep(came, []store.Sent{{At: clock.Now(), Activity: 7, Host: "far.test"}, {At: clock.Now(), Activity: 7, Host: "other.test"}, {At: clock.Now(), Activity: 8, Host: "far.test"}})
		w.view(func(tx *store.Tx) error {
			for what, c := range map[string]struct {
				read func() ([]store.Arrival, error)
				want string
			}{
				"by activity": {func() ([]store.Arrival, error) { return tx.ArrivalsAbout("activity3", 9) }, "activity3"},
				"by object":   {func() ([]store.Arrival, error) { return tx.ArrivalsAbout("object4", 9) }, "activity8 activity9"},
				"the newest":  {func() ([]store.Arrival, error) { return tx.ArrivalsAbout("object4", 1) }, "activity9"},
				"by actor":    {func() ([]store.Arrival, error) { return tx.ArrivalsOf("https://far.test/a", 2) }, "activity19 activity18"},
				"by host": {func() ([]store.Arrival, error) {
					return tx.ArrivalsFrom("far.test", []string{store.Accepted, store.Refused}, 1)
				}, "activity19"},
				"by host and outcome": {func() ([]store.Arrival, error) { return tx.ArrivalsFrom("far.test", []string{store.Refused}, 1) }, ""},
			} {
				list, err := c.read()
				var got []string
				for _, a := range list {
					got = append(got, a.Activity)
				}
				if err != nil || strings.Join(got, " ") != c.want {
					t.Errorf("%s: %v %v", what, got, err)
				}
			}
			list, err := tx.ArrivalsAbout(long, 9)
			if err != nil || len(list) != 1 || list[0].More != 3 || !list[0].Followed || list[0].Verified || !list[0].At.Equal(clock.Now()) {
				t.Fatalf("%+v %v", list, err)
			}
			if a := list[0]; !strings.HasPrefix(a.Activity, "x[2Jé") || len(a.Activity) > 256 || strings.ContainsAny(a.Reason, "\x1b\x00") || !utf8.ValidString(a.Reason) {
				t.Errorf("a stranger's text is kept as %q", a.Activity)
			}
			sent, err := tx.SentOf(7, 9)
			if err != nil || len(sent) != 2 || sent[0].Host != "far.test" || sent[1].Host != "other.test" {
				t.Errorf("%v %v", sent, err)
			}
			if at, err := tx.SentTo("far.test"); err != nil || !at.Equal(clock.Now()) {
				t.Errorf("%v %v", at, err)
			}
			if at, err := tx.SentTo("nobody.test"); err != nil || !at.IsZero() {
				t.Errorf("%v %v", at, err)
			}
			return nil
		})
	})
}

func TestLogText(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", ""},
		{"https://a.test/1", "https://a.test/1"},
		{strings.Repeat("x", 256), strings.Repeat("x", 256)},
		{strings.Repeat("x", 257), strings.Repeat("x", 256)},
		{"x" + strings.Repeat("é", 200), "x" + strings.Repeat("é", 127)},
		{"a\x1b[2J\x00\r\n\x7fb\xffc", "a[2Jbc"},
	} {
		if got := store.LogText(c.text); got != c.want {
			t.Errorf("%.40q is kept as %d bytes, %q", c.text, len(got), got)
		}
	}
}

// However much came, of each table there are so many rows: of one host a tenth,
// of strangers half, and nothing that is old.
func TestFederationLogIsBounded(t *testing.T) {
	storetest.EachWithClock(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		w := newWorld(t, s)
		old := clock.Now()
		w.keep([]store.Arrival{{At: old, Host: "old.test", Followed: true, Verified: true, Outcome: store.Accepted}}, []store.Sent{{At: old, Activity: 1, Host: "old.test"}})
		clock.Advance(time.Hour)
		add := func(n int, hosts int, followed, verified bool) {
			var list []store.Arrival
			for i := range n {
				list = append(list, store.Arrival{At: clock.Now(), Host: fmt.Sprint("h", i%hosts, followed, ".test"), Followed: followed, Verified: verified, Outcome: store.Accepted})
			}
			w.keep(list, nil)
			clock.Advance(time.Second)
		}
		count := func(where string) int64 { return w.count(`SELECT COUNT(*) FROM ` + where) }
		trim := func() {
			if err := s.TrimFederationLog(context.Background(), old.Add(time.Minute), 100); err != nil {
				t.Fatal(err)
			}
		}
		add(40, 1, true, true)
		trim()
		if n := count(`inbox_log`); n != 10 {
			t.Errorf("one host has %d rows", n)
		}
		// Somebody who claims to be the host takes nothing of what it has itself.
		add(40, 1, true, false)
		trim()
		if n := count(`inbox_log WHERE verified`); n != 10 || count(`inbox_log`) != 20 {
			t.Errorf("%d of what was verified, of %d", n, count(`inbox_log`))
		}
		add(200, 50, false, true)
		trim()
		if n := count(`inbox_log WHERE NOT followed`); n != 50 || count(`inbox_log WHERE followed`) != 20 {
			t.Errorf("strangers have %d rows, others %d", n, count(`inbox_log WHERE followed`))
		}
		add(200, 50, true, true)
		trim()
		if n := count(`inbox_log`); n != 100 || count(`inbox_log WHERE followed`) != 50 {
			t.Errorf("%d rows", n)
		}
		if n := count(`delivery_log`); n != 0 {
			t.Errorf("what is old is there: %d", n)
		}
		// What nobody has proven to have sent has half of what strangers have.
		add(40, 40, false, true)
		for range 4 {
			add(20, 20, false, false)
			trim()
		}
		if n := count(`inbox_log WHERE NOT followed AND verified`); n != 25 || count(`inbox_log WHERE NOT followed`) != 50 {
			t.Errorf("of %d rows of strangers %d are proven", count(`inbox_log WHERE NOT followed`), n)
		}
		var sent []store.Sent
		for i := range 150 {
			sent = append(sent, store.Sent{At: clock.Now(), Activity: store.ObjectID(i), Host: "far.test"})
		}
		w.keep(nil, sent)
		trim()
		if n := count(`delivery_log`); n != 100 || count(`delivery_log WHERE activity_id < 50`) != 0 {
			t.Errorf("%d deliveries", n)
		}
	})
}

// With a post and with an account goes what is remembered of them.
func TestFederationLogOfWhatIsDeleted(t *testing.T) {
	storetest.EachWithClock(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		w := newWorld(t, s)
		me, far := w.local("me"), w.remote("far")
		theirs, mine, other := w.status(far, store.Public, nil), w.status(me, store.Public, nil), w.status(far, store.Public, nil)
		create, del := &store.Object{URI: "create", Type: "Create", AccountID: me.ID, ObjectURI: mine.URI, Local: true}, &store.Object{URI: "delete", Type: "Delete", AccountID: me.ID, ObjectURI: mine.URI, Local: true}
		w.update(func(tx *store.Tx) error {
			for _, o := range []*store.Object{create, del} {
				if _, err := tx.InsertObject(o); err != nil {
					return err
				}
			}
			return nil
		})
		var came []store.Arrival
		for _, object := range []string{theirs.URI, mine.URI, other.URI} {
			came = append(came, store.Arrival{At: clock.Now(), Host: "there.test", Outcome: store.Accepted, Actor: far.URI, Type: "Create", Activity: "of " + object, Object: object})
		}
		came = append(came, store.Arrival{At: clock.Now(), Host: "there.test", Outcome: store.Accepted, Actor: far.URI, Type: "Follow", Activity: "a follow", Object: me.URI})
		w.keep(came, []store.Sent{{At: clock.Now(), Activity: create.ID, Host: "a.test"}, {At: clock.Now(), Activity: del.ID, Host: "b.test"}})
		w.update(func(tx *store.Tx) error {
			if err := tx.DeleteObject(theirs, nil); err != nil {
				return err
			}
			return tx.DeleteObject(mine, nil)
		})
		if n := w.count(`SELECT COUNT(*) FROM inbox_log`); n != 2 {
			t.Errorf("%d rows are there", n)
		}
		// That the Delete arrived is what its author wants to know.
		if n := w.count(`SELECT COUNT(*) FROM delivery_log`); n != 1 || w.count(`SELECT COUNT(*) FROM delivery_log WHERE host = 'b.test'`) != 1 {
			t.Errorf("%d deliveries are there", n)
		}
		w.remove(far)
		for done := false; !done; {
			w.update(func(tx *store.Tx) (err error) {
				done, err = tx.PurgeAccount(far.ID)
				return err
			})
		}
		if n := w.count(`SELECT COUNT(*) FROM inbox_log`); n != 0 {
			t.Errorf("%d rows of a deleted account are there", n)
		}
	})
}

// What is written after a post was deleted, since it was gathered before, or by
// another node, does not stay; nor does what is about a post with a long id.
func TestFederationLogIsWrittenLate(t *testing.T) {
	storetest.EachWithClock(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		w := newWorld(t, s)
		me, far := w.local("me"), w.remote("far")
		theirs, mine := w.status(far, store.Public, nil), w.status(me, store.Public, nil)
		create, del := &store.Object{URI: "create", Type: "Create", AccountID: me.ID, ObjectURI: mine.URI, Local: true}, &store.Object{URI: "delete", Type: "Delete", AccountID: me.ID, ObjectURI: mine.URI, Local: true}
		long := &store.Object{URI: "https://far.test/" + strings.Repeat("x", 500), Type: "Note", AccountID: far.ID, IsStatus: true, Visibility: store.Public, PublishedAt: clock.Now()}
		w.update(func(tx *store.Tx) error {
			for _, o := range []*store.Object{create, del, long} {
				if _, err := tx.InsertObject(o); err != nil {
					return err
				}
			}
			return nil
		})
		arrival := func(typ, object string) store.Arrival {
			return store.Arrival{At: clock.Now(), Host: "there.test", Outcome: store.Accepted, Actor: far.URI, Type: typ, Activity: "of " + object, Object: object}
		}
		late := []store.Arrival{arrival("Create", theirs.URI), arrival("Like", mine.URI), arrival("Delete", theirs.URI)}
		sent := []store.Sent{{At: clock.Now(), Activity: create.ID, Host: "a.test"}, {At: clock.Now(), Activity: del.ID, Host: "b.test"}}
		w.keep([]store.Arrival{arrival("Create", long.URI)}, nil)
		clock.Advance(time.Second)
		w.update(func(tx *store.Tx) error {
			for _, o := range []*store.Object{theirs, mine, long} {
				if err := tx.DeleteObject(o, nil); err != nil {
					return err
				}
			}
			return nil
		})
		if n := w.count(`SELECT COUNT(*) FROM inbox_log`); n != 0 {
			t.Errorf("%d rows of a post with a long id are there", n)
		}
		w.keep(late, sent)
		if n := w.count(`SELECT COUNT(*) FROM inbox_log`); n != 1 || w.count(`SELECT COUNT(*) FROM inbox_log WHERE type = 'Delete'`) != 1 {
			t.Errorf("%d rows of deleted posts are written", n)
		}
		if n := w.count(`SELECT COUNT(*) FROM delivery_log`); n != 1 || w.count(`SELECT COUNT(*) FROM delivery_log WHERE host = 'b.test'`) != 1 {
			t.Errorf("%d deliveries of a deleted post are written", n)
		}
		// What comes after it is remembered: somebody asks why it is not here.
		clock.Advance(time.Second)
		w.keep([]store.Arrival{arrival("Create", theirs.URI)}, nil)
		if n := w.count(`SELECT COUNT(*) FROM inbox_log WHERE type = 'Create'`); n != 1 {
			t.Errorf("%d rows", n)
		}
	})
}
