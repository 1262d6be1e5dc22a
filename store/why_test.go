package store_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"kinglet/internal/fault"
	"kinglet/store"
	"kinglet/store/storetest"
)

// What a person reads who asks why, on both engines.
func TestWhatIsReadForWhy(t *testing.T) {
	storetest.EachWithClock(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		w := newWorld(t, s)
		me, other, away, far, third := w.local("me"), w.local("other"), w.local("away"), w.remote("far"), w.remote("third")
		w.follow(me, far)
		w.follow(other, far)
		w.follow(far, me)
		post := w.status(far, store.Public, func(o *store.Object) { o.URL = "https://there.test/@far/1" })
		reply := w.status(far, store.Public, func(o *store.Object) { o.InReplyToURI, o.InReplyToAccountID = "https://there.test/x", third.ID }, away)
		mine := w.status(me, store.Public, nil)
		create := &store.Object{URI: "create", Type: "Create", AccountID: me.ID, ObjectURI: mine.URI, Local: true}
		w.update(func(tx *store.Tx) error {
			if _, err := tx.InsertObject(create); err != nil {
				return err
			}
			if _, err := tx.PutBlock(away.ID, far.ID, "b"); err != nil {
				return err
			}
			if err := tx.PutMute(other.ID, far.ID, false, time.Time{}); err != nil {
				return err
			}
			args := func(s string) json.RawMessage { return json.RawMessage(s) }
			if err := tx.Enqueue(
				store.NewJob{Kind: "deliver", Lane: "there.test", Args: args(`{"activity":` + create.ID.String() + `,"sender":1,"inbox":"x"}`)},
				store.NewJob{Kind: "deliver", Lane: "there.test", Args: args(`{"activity":` + create.ID.String() + `1,"sender":1,"inbox":"x"}`)},
				store.NewJob{Kind: "fan_out", Lane: "local/fan_out", Args: args(`{"activity":` + create.ID.String() + `,"sender":1,"inboxes":["x"]}`)},
				store.NewJob{Kind: "ingest", Lane: "local/ingest/there.test", Args: args(`{"actor":1,"object":"https://there.test/a\u0026b","host":"there.test"}`)},
			); err != nil {
				return err
			}
			_, err := tx.LaneFailed(store.LaneFailure{Lane: "there.test", Why: "it is away", Wait: func(int) time.Duration { return time.Hour }, DeadAfter: time.Nanosecond})
			return err
		})
		clock.Advance(time.Hour)
		w.update(func(tx *store.Tx) error {
			_, err := tx.LaneFailed(store.LaneFailure{Lane: "there.test", Why: "it is away", Wait: func(int) time.Duration { return time.Hour }, DeadAfter: time.Nanosecond})
			return err
		})
		join := func(list []string, err error) string {
			if err != nil {
				t.Error(err)
			}
			return strings.Join(list, " ")
		}
		w.view(func(tx *store.Tx) error {
			if o, err := tx.StatusByPage("there.test", "https://there.test/@far/1"); err != nil || o.ID != post.ID {
				t.Errorf("by its page: %v %v", o, err)
			}
			if o, err := tx.StatusByPage("elsewhere.test", "https://there.test/@far/1"); !fault.Is(err, fault.NotFound) {
				t.Errorf("a page of another host: %v %v", o, err)
			}
			if got := join(tx.FollowersHere(far.ID)); got != "me other" {
				t.Errorf("followers: %s", got)
			}
			if got := join(tx.FollowedOn("there.test", 9)); got != "@far@there.test" {
				t.Errorf("followed there: %s", got)
			}
			if got := join(tx.FollowedOn("elsewhere.test", 9)); got != "" {
				t.Errorf("followed elsewhere: %s", got)
			}
			if got := join(tx.DeadFollowers(me.ID, 9)); got != "there.test" {
				t.Errorf("dead: %s", got)
			}
			if got := join(tx.DeadFollowers(other.ID, 9)); got != "" {
				t.Errorf("dead: %s", got)
			}
			blocking, blocked, err := tx.BlocksHere(far.ID)
			if got := join(blocking, err) + "/" + join(blocked, nil); got != "away/" {
				t.Errorf("blocks: %s", got)
			}
			if l, dead, err := tx.Lane("there.test"); err != nil || !dead || l.Error != "it is away" {
				t.Errorf("%+v %v %v", l, dead, err)
			}
			if _, _, err := tx.Lane("elsewhere.test"); !fault.Is(err, fault.NotFound) {
				t.Errorf("a lane that does not fail: %v", err)
			}
			for what, c := range map[string]struct {
				o    *store.Object
				want string
			}{
				"the post":  {post, "me:follows,home other:follows,home,mutes"},
				"the reply": {reply, "away:mentioned,blocked me:follows other:follows,mutes"},
			} {
				list, err := tx.Readers(c.o)
				var got []string
				for _, r := range list {
					var is []string
					for _, x := range []struct {
						name string
						is   bool
					}{{"follows", r.Follows}, {"home", r.InHome}, {"mentioned", r.Mentioned}, {"mutes", r.Mutes}, {"blocked", r.Blocked}, {"hides", r.HidesBoosts}} {
						if x.is {
							is = append(is, x.name)
						}
					}
					got = append(got, r.Username+":"+strings.Join(is, ","))
				}
				if err != nil || strings.Join(got, " ") != c.want {
					t.Errorf("readers of %s: %v %v", what, got, err)
				}
			}
			if list, err := tx.ActivitiesAbout(mine.URI, 9); err != nil || len(list) != 1 || list[0].ID != create.ID {
				t.Errorf("activities: %v %v", list, err)
			}
			jobs, err := tx.DeliveriesOf(create.ID, 9)
			if err != nil || len(jobs) != 2 || jobs[0].Kind != "fan_out" || jobs[1].Kind != "deliver" {
				t.Errorf("deliveries: %+v %v", jobs, err)
			}
			waiting, givenUp, err := tx.DeliveriesTo("there.test", 9)
			if err != nil || len(waiting) != 2 || len(givenUp) != 0 {
				t.Errorf("deliveries there: %v %v %v", waiting, givenUp, err)
			}
			for uri, want := range map[string]int{"https://there.test/a&b": 1, "https://there.test/a": 0} {
				if jobs, err := tx.FetchesFor(uri, 9); err != nil || len(jobs) != want {
					t.Errorf("fetches for %s: %v %v", uri, jobs, err)
				}
			}
			if quiet, err := tx.IsQuiet(post.ID); err != nil || quiet {
				t.Errorf("quiet: %v %v", quiet, err)
			}
			if gone, err := tx.IsGoneInbox(far.Inbox); err != nil || gone {
				t.Errorf("gone: %v %v", gone, err)
			}
			return nil
		})
	})
}
