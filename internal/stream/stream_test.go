package stream_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"kinglet/internal/fault"
	"kinglet/internal/stream"
	"kinglet/store"
	"kinglet/store/storetest"
)

// world is a server with its hub, and another process on the same database: a
// command beside it on SQLite, another node on PostgreSQL.
type world struct {
	t             *testing.T
	server, other *store.Store
	hub           *stream.Hub
}

func each(t *testing.T, o store.Options, run func(w *world)) {
	for name, database := range map[string]func(t *testing.T) string{
		"sqlite":   func(t *testing.T) string { return filepath.Join(t.TempDir(), "k.db") },
		"postgres": func(t *testing.T) string { return storetest.PostgresURL(t) },
	} {
		t.Run(name, func(t *testing.T) {
			o := o
			o.Database = database(t)
			w := &world{t: t, server: storetest.Open(t, o), other: storetest.Open(t, o)}
			if err := w.server.ListenForWakes(); err != nil {
				t.Fatal(err)
			}
			w.hub = stream.New(stream.Options{Store: w.server})
			t.Cleanup(w.hub.Close)
			run(w)
		})
	}
}

func (w *world) update(s *store.Store, fn func(tx *store.Tx) error) {
	w.t.Helper()
	if err := s.Update(w.t.Context(), fn); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) account(name, domain string) *store.Account {
	w.t.Helper()
	uri := "https://" + domain + "here.test/users/" + name
	a := &store.Account{URI: uri, Username: name, Domain: domain, Type: "Person", Inbox: uri + "/inbox"}
	w.update(w.server, func(tx *store.Tx) error {
		if err := tx.PutAccount(a); err != nil || domain != "" {
			return err
		}
		return tx.InsertUser(&store.User{AccountID: a.ID, Email: name + "@here.test"})
	})
	return a
}

func (w *world) follow(a, b *store.Account) {
	w.t.Helper()
	w.update(w.server, func(tx *store.Tx) error {
		if _, err := tx.PutFollow(&store.Follow{AccountID: a.ID, TargetID: b.ID, URI: a.URI + "#f" + b.Username, ShowReblogs: true}); err != nil {
			return err
		}
		_, err := tx.AcceptFollow(a.ID, b.ID)
		return err
	})
}

var serial atomic.Int64

// post writes a status in another process, as the pipeline does.
func (w *world) post(by *store.Account, v store.Visibility, with func(o *store.Object), mentions ...*store.Account) *store.Object {
	w.t.Helper()
	o := &store.Object{
		URI: fmt.Sprintf("%s/%d", by.URI, serial.Add(1)), Type: "Note", AccountID: by.ID, Local: by.Local(), IsStatus: true,
		Visibility: v, Content: "<p>x</p>", JSON: []byte(`{}`),
	}
	if with != nil {
		with(o)
	}
	var list []store.Mention
	for _, m := range mentions {
		list = append(list, store.Mention{AccountID: m.ID})
	}
	w.update(w.other, func(tx *store.Tx) error {
		if _, err := tx.InsertObject(o); err != nil {
			return err
		}
		return errors.Join(tx.PutMentions(o.ID, list), tx.PutTags(o.ID, o.Tags), tx.CountStatus(o), tx.AddToHomeFeeds(o))
	})
	return o
}

func (w *world) subscribe(viewer *store.Account, topics ...stream.Topic) *subscriber {
	w.t.Helper()
	r := stream.Reader{}
	if viewer != nil {
		r.Viewer = viewer.ID
	}
	s, err := w.hub.Subscribe(w.t.Context(), r, topics...)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(s.Close)
	return &subscriber{w, s}
}

type subscriber struct {
	w *world
	*stream.Subscription
}

// describe is a message in one line: the event, its id, and the topics.
func describe(m stream.Message) string {
	var topics []string
	for _, t := range m.Topics {
		topics = append(topics, t.String())
	}
	id := int64(m.Deleted)
	switch {
	case m.Status != nil:
		id = int64(m.Status.ID)
	case m.Notification != nil:
		id = m.Notification.ID
	}
	return fmt.Sprintf("%s %d [%s]", m.Event, id, strings.Join(topics, ", "))
}

// wants reads until a status that it writes itself, with which it proves that
// nothing else came.
func (s *subscriber) wants(want ...string) {
	s.w.t.Helper()
	ctx, cancel := context.WithTimeout(s.w.t.Context(), 30*time.Second)
	defer cancel()
	end := s.w.account(fmt.Sprint("end", serial.Add(1)), "")
	last := s.w.post(end, store.Public, nil)
	want = append(want, fmt.Sprintf("update %d", last.ID))
	var got []string
	for {
		messages, err := s.Next(ctx)
		if err != nil {
			s.w.t.Fatalf("got %q, want %q: %v", got, want, err)
		}
		for _, m := range messages {
			line := describe(m)
			if m.Status != nil && strings.HasPrefix(m.Status.Account.Username, "end") {
				if m.Status.ID != last.ID {
					continue // another subscriber's
				}
				line = fmt.Sprintf("update %d", last.ID)
			}
			got = append(got, line)
		}
		if slices.Contains(got, want[len(want)-1]) {
			break
		}
	}
	if !slices.Equal(got, want) {
		s.w.t.Errorf("got  %q\nwant %q", got, want)
	}
}

func line(event stream.Event, id any, topics ...string) string {
	return fmt.Sprintf("%s %v [%s]", event, id, strings.Join(topics, ", "))
}

// Each stream sends what its page shows, and only to those who may see it.
func TestStreams(t *testing.T) {
	each(t, store.Options{}, func(w *world) {
		me, friend, stranger, far := w.account("me", ""), w.account("friend", ""), w.account("stranger", ""), w.account("far", "far.")
		w.follow(me, friend)
		all := []stream.Topic{
			{Stream: stream.User}, {Stream: stream.Public}, {Stream: stream.PublicLocal}, {Stream: stream.PublicRemote},
			{Stream: stream.PublicMedia}, {Stream: stream.Hashtag, Tag: "Cats"}, {Stream: stream.HashtagLocal, Tag: "cats"}, {Stream: stream.Direct},
		}
		mine, theirs := w.subscribe(me, all...), w.subscribe(nil, stream.Topic{Stream: stream.Public})
		tagged := func(o *store.Object) { o.Tags = []string{"cats"} }
		open := w.post(friend, store.Public, tagged)
		remote := w.post(far, store.Public, tagged)
		w.post(stranger, store.Unlisted, nil)
		private := w.post(friend, store.Private, nil)
		w.post(stranger, store.Private, nil)
		direct := w.post(stranger, store.Direct, nil, me)
		w.post(stranger, store.Direct, nil, friend)
		boost := w.post(friend, store.Public, func(o *store.Object) { o.Type, o.ReblogOfID, o.ObjectURI = "Announce", remote.ID, remote.URI })
		plain := w.post(stranger, store.Public, nil)
		old := func(o *store.Object) { o.PublishedAt = w.server.Now().Add(-7 * time.Hour) }
		w.post(friend, store.Public, old)
		mine.wants(
			line("update", open.ID, "hashtag Cats", "hashtag:local cats", "public", "public:local", "user"),
			line("update", remote.ID, "hashtag Cats", "public", "public:remote"),
			line("update", private.ID, "user"),
			line("update", direct.ID, "direct"),
			line("update", boost.ID, "user"),
			line("update", plain.ID, "public", "public:local"),
		)
		theirs.wants(line("update", open.ID, "public"), line("update", remote.ID, "public"), line("update", plain.ID, "public"))
	})
}

// A stream shows what a page shows at the moment at which it is read.
func TestHiddenStatusesAreNotStreamed(t *testing.T) {
	each(t, store.Options{}, func(w *world) {
		me, friend, muted := w.account("me", ""), w.account("friend", ""), w.account("muted", "")
		w.follow(me, friend)
		w.follow(me, muted)
		s := w.subscribe(me, stream.Topic{Stream: stream.User}, stream.Topic{Stream: stream.Public})
		w.post(muted, store.Public, nil)
		w.post(friend, store.Public, nil)
		kept := w.post(me, store.Public, nil)
		w.update(w.other, func(tx *store.Tx) error {
			_, err := tx.PutBlock(friend.ID, me.ID, "b")
			return errors.Join(err, tx.PutMute(me.ID, muted.ID, true, time.Time{}))
		})
		s.wants(line("update", kept.ID, "public", "user"), line("home.change", 0, "user"))
	})
}

// Edits and deletions reach those who could see the status, and nobody else.
func TestEditsAndDeletions(t *testing.T) {
	each(t, store.Options{}, func(w *world) {
		me, friend, stranger := w.account("me", ""), w.account("friend", ""), w.account("stranger", "")
		w.follow(me, friend)
		open, private := w.post(friend, store.Public, nil), w.post(friend, store.Private, nil)
		direct, secret := w.post(stranger, store.Direct, nil, me), w.post(stranger, store.Direct, nil, friend)
		mine := w.subscribe(me, stream.Topic{Stream: stream.User}, stream.Topic{Stream: stream.Public}, stream.Topic{Stream: stream.Direct})
		theirs := w.subscribe(nil, stream.Topic{Stream: stream.Public})
		change := func(do func(tx *store.Tx, o *store.Object) error) {
			for _, o := range []*store.Object{open, private, direct, secret} {
				w.update(w.other, func(tx *store.Tx) error { return do(tx, o) })
			}
		}
		change(func(tx *store.Tx, o *store.Object) error {
			o.Content = "<p>y</p>"
			return tx.UpdateStatus(o)
		})
		mine.wants(line("status.update", open.ID, "public", "user"), line("status.update", private.ID, "user"), line("status.update", direct.ID, "direct"))
		change(func(tx *store.Tx, o *store.Object) error { return tx.DeleteObject(o, nil) })
		mine.wants(line("delete", open.ID, "public", "user"), line("delete", private.ID, "user"), line("delete", direct.ID, "direct", "user"))
		theirs.wants(line("delete", open.ID, "public"))
	})
}

// Notifications, markers and changes of a feed are for their account.
func TestEventsOfAnAccount(t *testing.T) {
	each(t, store.Options{}, func(w *world) {
		me, friend := w.account("me", ""), w.account("friend", "")
		user := w.subscribe(me, stream.Topic{Stream: stream.User}, stream.Topic{Stream: stream.Public})
		notified := w.subscribe(me, stream.Topic{Stream: stream.UserNotification}, stream.Topic{Stream: stream.Public})
		theirs := w.subscribe(friend, stream.Topic{Stream: stream.User}, stream.Topic{Stream: stream.Public})
		n := &store.Notification{AccountID: me.ID, Type: "follow", From: friend.ID}
		w.update(w.other, func(tx *store.Tx) error {
			if _, err := tx.Notify(n); err != nil {
				return err
			}
			_, err := tx.PutMarker(me.ID, "home", 5)
			return err
		})
		w.update(w.other, func(tx *store.Tx) error { return tx.ClearNotifications(me.ID) })
		user.wants(line("marker", 0, "user"), line("notifications.delete", 0, "user"))
		notified.wants(line("notifications.delete", 0, "user:notification"))
		theirs.wants()
		n = &store.Notification{AccountID: me.ID, Type: "follow", From: friend.ID}
		w.update(w.other, func(tx *store.Tx) error { _, err := tx.Notify(n); return err })
		user.wants(line("notification", n.ID, "user"))
		notified.wants(line("notification", n.ID, "user:notification"))
	})
}

// A slow reader gets an error and is closed; the others are not.
func TestSlowReader(t *testing.T) {
	each(t, store.Options{}, func(w *world) {
		const buffer = 10
		w.hub = stream.New(stream.Options{Store: w.server, Buffer: buffer})
		w.t.Cleanup(w.hub.Close)
		me := w.account("me", "")
		slow := w.subscribe(me, stream.Topic{Stream: stream.Public})
		quick := w.subscribe(me, stream.Topic{Stream: stream.Public})
		quiet := w.subscribe(me, stream.Topic{Stream: stream.UserNotification})
		for range buffer + 1 {
			o := w.post(me, store.Public, nil)
			if m, err := quick.Next(w.t.Context()); err != nil || len(m) != 1 || m[0].Status.ID != o.ID {
				w.t.Fatalf("the quick one: %v %v", m, err)
			}
		}
		if _, err := slow.Next(w.t.Context()); !errors.Is(err, stream.ErrTooSlow) {
			w.t.Errorf("the slow one: %v", err)
		}
		n := &store.Notification{AccountID: me.ID, Type: "follow", From: w.account("f", "").ID}
		w.update(w.other, func(tx *store.Tx) error { _, err := tx.Notify(n); return err })
		if m, err := quiet.Next(w.t.Context()); err != nil || len(m) != 1 || m[0].Notification.ID != n.ID {
			w.t.Errorf("one that wants nothing of it: %v %v", m, err)
		}
	})
}

// Who may no longer read is handed nothing more.
func TestEndOfAccess(t *testing.T) {
	each(t, store.Options{}, func(w *world) {
		me, other := w.account("me", ""), w.account("other", "")
		revoked := fault.Errorf(fault.Unauthorized, "the token was revoked")
		may := atomic.Bool{}
		may.Store(true)
		s, err := w.hub.Subscribe(w.t.Context(), stream.Reader{Viewer: other.ID, Allowed: func(*store.Tx) error {
			if may.Load() {
				return nil
			}
			return revoked
		}}, stream.Topic{Stream: stream.Public})
		if err != nil {
			w.t.Fatal(err)
		}
		defer s.Close()
		gone := w.subscribe(me, stream.Topic{Stream: stream.Public})
		w.post(other, store.Public, nil)
		if _, err := s.Next(w.t.Context()); err != nil {
			w.t.Fatal(err)
		}
		may.Store(false)
		w.update(w.other, func(tx *store.Tx) error { return tx.DeleteAccount(me.ID) })
		w.post(other, store.Public, nil)
		if m, err := s.Next(w.t.Context()); !errors.Is(err, revoked) {
			w.t.Errorf("with a revoked token: %v %v", m, err)
		}
		if m, err := gone.Next(w.t.Context()); !fault.Is(err, fault.Forbidden) {
			w.t.Errorf("of a deleted account: %v %v", m, err)
		}
	})
}

// What can't be subscribed to is refused.
func TestRefusedTopics(t *testing.T) {
	w := &world{t: t, server: storetest.SQLite(t)}
	w.hub = stream.New(stream.Options{Store: w.server})
	t.Cleanup(w.hub.Close)
	me := w.account("me", "")
	for _, c := range []struct {
		name   string
		viewer store.AccountID
		topic  stream.Topic
		want   fault.Kind
	}{
		{"no stream", me.ID, stream.Topic{Stream: "x"}, fault.NotFound},
		{"no name", me.ID, stream.Topic{}, fault.NotFound},
		{"a stranger's home", 0, stream.Topic{Stream: stream.User}, fault.Unauthorized},
		{"a stranger's notifications", 0, stream.Topic{Stream: stream.UserNotification}, fault.Unauthorized},
		{"a stranger's direct messages", 0, stream.Topic{Stream: stream.Direct}, fault.Unauthorized},
		{"no hashtag", me.ID, stream.Topic{Stream: stream.Hashtag}, fault.Invalid},
		{"an empty hashtag", me.ID, stream.Topic{Stream: stream.HashtagLocal, Tag: "#"}, fault.Invalid},
		{"no list", me.ID, stream.Topic{Stream: stream.List, List: 1}, fault.NotFound},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := w.hub.Subscribe(t.Context(), stream.Reader{Viewer: c.viewer}, c.topic); !fault.Is(err, c.want) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// Streams may change while a subscription lasts.
func TestAddAndRemove(t *testing.T) {
	each(t, store.Options{}, func(w *world) {
		me := w.account("me", "")
		s := w.subscribe(me, stream.Topic{Stream: stream.Public})
		if err := s.Add(stream.Topic{Stream: stream.User}); err != nil {
			w.t.Fatal(err)
		}
		o := w.post(me, store.Public, nil)
		s.wants(line("update", o.ID, "public", "user"))
		s.Remove(stream.Topic{Stream: stream.User})
		o = w.post(me, store.Public, nil)
		s.wants(line("update", o.ID, "public"))
	})
}

// Subscriptions end with themselves and with the hub, and one can begin after
// the last has ended.
func TestEnds(t *testing.T) {
	each(t, store.Options{}, func(w *world) {
		me := w.account("me", "")
		for range 20 {
			s := w.subscribe(me, stream.Topic{Stream: stream.Public})
			o := w.post(me, store.Public, nil)
			if m, err := s.Next(w.t.Context()); err != nil || len(m) != 1 || m[0].Status.ID != o.ID {
				w.t.Fatalf("%v %v", m, err)
			}
			s.Close()
			if _, err := s.Next(w.t.Context()); !errors.Is(err, stream.ErrClosed) {
				w.t.Errorf("after its end: %v", err)
			}
		}
		s := w.subscribe(me, stream.Topic{Stream: stream.Public})
		ctx, cancel := context.WithCancel(w.t.Context())
		cancel()
		if _, err := s.Next(ctx); !errors.Is(err, context.Canceled) {
			w.t.Errorf("without a reader: %v", err)
		}
		w.hub.Close()
		if _, err := s.Next(w.t.Context()); !errors.Is(err, stream.ErrClosed) {
			w.t.Errorf("after the hub's end: %v", err)
		}
		if _, err := w.hub.Subscribe(w.t.Context(), stream.Reader{}, stream.Topic{Stream: stream.Public}); !errors.Is(err, stream.ErrClosed) {
			w.t.Errorf("a new one after the hub's end: %v", err)
		}
	})
}

// A server that lost its database sends its subscribers what they
// missed, or, when it can't know any more, that they did.
func TestOutage(t *testing.T) {
	for name, swept := range map[string]bool{"short": false, "too long": true} {
		t.Run(name, func(t *testing.T) {
			url := storetest.PostgresURL(t)
			proxied, proxy := storetest.Proxied(t, url)
			w := &world{t: t, other: storetest.Open(t, store.Options{Database: url})}
			w.server = storetest.Open(t, store.Options{Database: proxied, LookEvery: 20 * time.Millisecond})
			if err := w.server.ListenForWakes(); err != nil {
				t.Fatal(err)
			}
			w.hub = stream.New(stream.Options{Store: w.server})
			t.Cleanup(w.hub.Close)
			me := w.account("me", "")
			s := w.subscribe(me, stream.Topic{Stream: stream.Public})
			proxy.Cut()
			o := w.post(me, store.Public, nil)
			if swept {
				w.post(me, store.Public, nil)
				w.update(w.other, func(tx *store.Tx) error { _, err := tx.DeleteEvents(w.other.Now().Add(time.Hour), 100); return err })
			}
			proxy.Restore()
			m, err := s.Next(t.Context())
			switch {
			case swept && !errors.Is(err, stream.ErrMissed):
				t.Errorf("got %v %v", m, err)
			case !swept && (err != nil || len(m) != 1 || m[0].Status.ID != o.ID):
				t.Errorf("got %v %v", m, err)
			}
		})
	}
}
