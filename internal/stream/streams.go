package stream

import (
	"kinglet/internal/fault"
	"kinglet/store"
)

// Stream is the name of a stream, from Mastodon's streaming API.
type Stream string

// The streams.
const (
	User              Stream = "user"
	UserNotification  Stream = "user:notification"
	Public            Stream = "public"
	PublicMedia       Stream = "public:media"
	PublicLocal       Stream = "public:local"
	PublicLocalMedia  Stream = "public:local:media"
	PublicRemote      Stream = "public:remote"
	PublicRemoteMedia Stream = "public:remote:media"
	Hashtag           Stream = "hashtag"
	HashtagLocal      Stream = "hashtag:local"
	Direct            Stream = "direct"
	List              Stream = "list"
)

// rule is what a stream sends.
type rule struct {
	// own: only for signed-in users.
	own bool
	// account: events of the viewer's account that are not statuses:
	// notifications, and with everything markers and changes of the feed
	// too.
	notifications, everything bool
	// check refuses a topic that does not exist; nil for none.
	check func(t Topic) error
	// shows reports whether the page of the stream shows a status: nil for never.
	shows func(tx *store.Tx, viewer store.AccountID, t Topic, id store.ObjectID) (bool, error)
	// showed reports whether it may have shown a status that is deleted.
	showed func(o *store.Object) bool
}

var streams = map[Stream]rule{
	User:              {own: true, notifications: true, everything: true, shows: onHome, showed: always},
	UserNotification:  {own: true, notifications: true},
	Public:            public(store.PublicQuery{}),
	PublicMedia:       public(store.PublicQuery{OnlyMedia: true}),
	PublicLocal:       public(store.PublicQuery{Local: true}),
	PublicLocalMedia:  public(store.PublicQuery{Local: true, OnlyMedia: true}),
	PublicRemote:      public(store.PublicQuery{Remote: true}),
	PublicRemoteMedia: public(store.PublicQuery{Remote: true, OnlyMedia: true}),
	Hashtag:           hashtag(store.PublicQuery{}),
	HashtagLocal:      hashtag(store.PublicQuery{Local: true}),
	Direct:            {own: true, shows: onDirect, showed: func(o *store.Object) bool { return o.Visibility == store.Direct }},
	// There are no lists yet, so none is found.
	List: {own: true, check: func(t Topic) error { return fault.Errorf(fault.NotFound, "list %d not found", t.List) }},
}

// ruleOf finds a topic's rule for a viewer.
func ruleOf(viewer store.AccountID, t Topic) (rule, error) {
	r, ok := streams[t.Stream]
	switch {
	case !ok:
		return r, fault.Errorf(fault.NotFound, "there is no stream %q", t.Stream)
	case r.own && viewer == 0:
		return r, fault.Errorf(fault.Unauthorized, "the stream %s requires a signed-in user", t.Stream)
	case r.check != nil:
		return r, r.check(t)
	}
	return r, nil
}

func always(*store.Object) bool { return true }

// first reports whether a page of one row has it.
func first(list []store.ObjectID, err error) (bool, error) { return len(list) > 0, err }

// candidate is first for a page that may end early, which one of one row can't.
func candidate(list []store.ObjectID, _ store.ObjectID, err error) (bool, error) {
	return first(list, err)
}

func onHome(tx *store.Tx, viewer store.AccountID, _ Topic, id store.ObjectID) (bool, error) {
	return first(tx.HomeTimeline(viewer, store.Only(int64(id))))
}

func onDirect(tx *store.Tx, viewer store.AccountID, _ Topic, id store.ObjectID) (bool, error) {
	return tx.DirectStatus(viewer, id)
}

// wasPublic reports whether a deleted status was on a public timeline.
func wasPublic(q store.PublicQuery) func(o *store.Object) bool {
	return func(o *store.Object) bool {
		return o.Visibility == store.Public && o.ReblogOfID == 0 && (!q.Local || o.Local) && (!q.Remote || !o.Local)
	}
}

func public(q store.PublicQuery) rule {
	return rule{
		shows: func(tx *store.Tx, viewer store.AccountID, _ Topic, id store.ObjectID) (bool, error) {
			return candidate(tx.PublicTimeline(viewer, q, store.Only(int64(id))))
		},
		showed: wasPublic(q),
	}
}

func hashtag(q store.PublicQuery) rule {
	return rule{
		check: func(t Topic) error {
			if store.FoldTag(t.Tag) == "" {
				return fault.Errorf(fault.Invalid, "the parameter tag is missing")
			}
			return nil
		},
		shows: func(tx *store.Tx, viewer store.AccountID, t Topic, id store.ObjectID) (bool, error) {
			return candidate(tx.TagTimeline(viewer, store.TagQuery{Any: []string{t.Tag}, PublicQuery: q}, store.Only(int64(id))))
		},
		showed: wasPublic(q),
	}
}
