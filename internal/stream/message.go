package stream

import (
	"context"
	"slices"
	"strings"

	"kinglet/internal/fault"
	"kinglet/store"
)

// Event is the name of a message, from Mastodon's streaming API where that has
// one.
type Event string

// The events. Those without a note are Mastodon's.
const (
	Update              Event = "update"        // Status is new
	StatusUpdate        Event = "status.update" // Status was edited
	Delete              Event = "delete"        // Deleted is gone
	NotificationEvent   Event = "notification"
	NotificationsDelete Event = "notifications.delete" // ours: some are gone
	MarkerEvent         Event = "marker"               // Pleroma's
	HomeChange          Event = "home.change"          // ours: read the feed again
)

// Message is sent to a subscriber, read just now as its viewer.
type Message struct {
	Event  Event
	Topics []Topic // of the subscription, those whose page shows it

	Status       *store.Status
	Deleted      store.ObjectID
	Notification *store.Notification
	Markers      []store.Marker
}

// reading is one read of the database for a subscription.
type reading struct {
	tx      *store.Tx
	viewer  store.AccountID
	topics  []Topic
	deleted map[store.ObjectID]*store.Object
}

// read reads the rows of events, as far as the reader may see them.
func (s *Subscription) read(ctx context.Context, events []store.Event, topics []Topic) (messages []Message, err error) {
	slices.SortFunc(topics, func(a, b Topic) int { return strings.Compare(a.String(), b.String()) })
	err = s.hub.o.Store.View(ctx, func(tx *store.Tx) error {
		messages = nil
		if err := s.mayRead(tx); err != nil {
			return err
		}
		r := &reading{tx: tx, viewer: s.reader.Viewer, topics: topics}
		if err := r.readDeleted(events); err != nil {
			return err
		}
		for _, ev := range events {
			m, err := r.message(ev)
			if err != nil {
				return err
			}
			if len(m.Topics) > 0 {
				messages = append(messages, m)
			}
		}
		messages, err = r.fillStatuses(messages)
		return err
	})
	return messages, err
}

// mayRead ends the stream of an account that is deleted or suspended, or whose
// access was revoked.
func (s *Subscription) mayRead(tx *store.Tx) error {
	if s.reader.Allowed != nil {
		if err := s.reader.Allowed(tx); err != nil {
			return err
		}
	}
	if s.reader.Viewer == 0 {
		return nil
	}
	a, err := tx.Account(s.reader.Viewer)
	if err == nil && (!a.DeletedAt.IsZero() || !a.SuspendedAt.IsZero()) {
		err = fault.Errorf(fault.Forbidden, "your account is gone or suspended")
	}
	return err
}

// message reads the row of one event. A message without topics is not sent.
func (r *reading) message(ev store.Event) (m Message, err error) {
	switch ev.Kind {
	case store.EventStatus:
		id := store.ObjectID(ev.IDs[0])
		if int64(id) < store.IDAt(r.tx.Now().Add(-live)) {
			return m, nil
		}
		return r.status(Update, id)
	case store.EventStatusEdit:
		return r.status(StatusUpdate, store.ObjectID(ev.IDs[0]))
	case store.EventStatusDelete:
		return r.deletion(ev), nil
	case store.EventNotification:
		list, _, err := r.tx.Notifications(r.viewer, store.NotificationQuery{}, store.Only(ev.IDs[1]))
		if err != nil || len(list) == 0 {
			return m, err
		}
		return Message{Event: NotificationEvent, Notification: list[0], Topics: r.topicsWith(notified)}, nil
	case store.EventNotificationsDelete:
		return Message{Event: NotificationsDelete, Topics: r.topicsWith(notified)}, nil
	case store.EventMarker:
		m = Message{Event: MarkerEvent, Topics: r.topicsWith(everything)}
		m.Markers, err = r.tx.Markers(r.viewer, []string{"home", "notifications"})
		return m, err
	case store.EventHome:
		return Message{Event: HomeChange, Topics: r.topicsWith(everything)}, nil
	}
	return m, nil // of a newer version
}

func notified(r rule) bool   { return r.notifications }
func everything(r rule) bool { return r.everything }

func (r *reading) topicsWith(has func(rule) bool) (list []Topic) {
	for _, t := range r.topics {
		if has(streams[t.Stream]) {
			list = append(list, t)
		}
	}
	return list
}

// status finds the topics whose pages show a status.
func (r *reading) status(event Event, id store.ObjectID) (Message, error) {
	m := Message{Event: event, Status: &store.Status{Object: store.Object{ID: id}}}
	for _, t := range r.topics {
		shows := streams[t.Stream].shows
		if shows == nil {
			continue
		}
		ok, err := shows(r.tx, r.viewer, t, id)
		if err != nil {
			return m, err
		}
		if ok {
			m.Topics = append(m.Topics, t)
		}
	}
	return m, nil
}

// fillStatuses reads the statuses of messages, all at once, and drops the
// messages of those that the viewer may not see.
func (r *reading) fillStatuses(messages []Message) ([]Message, error) {
	var ids []store.ObjectID
	for _, m := range messages {
		if m.Status != nil && !slices.Contains(ids, m.Status.ID) {
			ids = append(ids, m.Status.ID)
		}
	}
	list, err := r.tx.Statuses(r.viewer, ids)
	if err != nil {
		return nil, err
	}
	read := map[store.ObjectID]*store.Status{}
	for _, st := range list {
		read[st.ID] = st
	}
	var seen []Message
	for _, m := range messages {
		if m.Status != nil {
			if m.Status = read[m.Status.ID]; m.Status == nil {
				continue
			}
		}
		seen = append(seen, m)
	}
	return seen, nil
}

// readDeleted reads the remaining columns of the deleted statuses among events.
func (r *reading) readDeleted(events []store.Event) (err error) {
	var ids []store.ObjectID
	for _, ev := range events {
		if ev.Kind == store.EventStatusDelete {
			ids = append(ids, store.ObjectID(ev.IDs[0]))
		}
	}
	r.deleted, err = r.tx.DeletedStatuses(r.viewer, ids)
	return err
}

// deletion is the message of a deleted status to those whose pages may have
// shown it. An event that is for one account (accountOf) says that the status
// was addressed to it, which the event for all does not.
func (r *reading) deletion(ev store.Event) Message {
	m := Message{Event: Delete, Deleted: store.ObjectID(ev.IDs[0])}
	o := r.deleted[m.Deleted]
	switch addressed := accountOf(ev) != 0; {
	case addressed == (o != nil):
		return m
	case addressed:
		o = &store.Object{Visibility: store.Direct}
	}
	for _, t := range r.topics {
		if showed := streams[t.Stream].showed; showed != nil && showed(o) {
			m.Topics = append(m.Topics, t)
		}
	}
	return m
}
