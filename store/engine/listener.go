package engine

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Listener reads the events of every transaction that commits after Listen was
// called, in any process, each once and in order: of two transactions of which
// one saw the other's rows, or waited for it, the other's come first.
//
// It is used by one goroutine. A notice (a commit here, the socket, NOTIFY)
// only makes it look; it finds events by sequence number, so that a lost notice
// costs time and no event.
type Listener struct {
	engine *Engine
	look   chan struct{}

	last int64 // the highest number that was handed out
	// On PostgreSQL a transaction may commit after one with a higher
	// number. Those from horizon on had not all ended when the outbox was
	// last read: they are read again, without those that were returned
	// already.
	horizon int64
	handed  map[int64]bool
}

// ErrMissed is returned to a listener that was away for so long that it can't
// get all events. It continues from now.
var ErrMissed = errors.New("events were missed")

const (
	// lookEvery is how often a listener looks without a notice: a process
	// may be killed between its commit and the notice.
	lookEvery = 30 * time.Second
	// maxMissed is how many rows a listener gets at once; after missing
	// more it is faster to read the pages again.
	maxMissed = 10_000
)

// Listen makes a listener; Close it. On SQLite it gets the events of other
// processes for certain only in the process that has the file's socket
// (ListenForWakes), which is the server.
func (e *Engine) Listen(ctx context.Context) (*Listener, error) {
	l := &Listener{engine: e, look: make(chan struct{}, 1)}
	e.wakeMu.Lock()
	e.listeners[l] = true
	e.wakeMu.Unlock()
	if err := l.begin(ctx); err != nil {
		l.Close()
		return nil, fmt.Errorf("listen to events: %w", err)
	}
	return l, nil
}

// begin finds the position from which the listener reads. On SQLite it goes
// through the writer: whatever commits later runs insertEvents when this
// listener is known, and is written.
func (l *Listener) begin(ctx context.Context) error {
	find := l.engine.View
	if l.engine.writer != nil {
		find = l.engine.Update
	}
	return find(ctx, func(tx *Tx) error {
		return l.readAll(tx)
	})
}

// Close ends the listener.
func (l *Listener) Close() {
	l.engine.wakeMu.Lock()
	defer l.engine.wakeMu.Unlock()
	delete(l.engine.listeners, l)
}

// Next waits for events and returns them. After ErrMissed and after database
// errors it may be called again.
func (l *Listener) Next(ctx context.Context) ([]Event, error) {
	wait := time.NewTimer(l.engine.lookEvery)
	defer wait.Stop()
	for {
		var events []Event
		read := *l // as it is when the view is run
		err := l.engine.View(ctx, func(tx *Tx) (err error) {
			events, err = read.read(tx)
			return err
		})
		if errors.Is(err, ErrMissed) {
			if err := l.begin(ctx); err != nil {
				return nil, err
			}
			return nil, ErrMissed
		}
		if err != nil {
			return nil, fmt.Errorf("read events: %w", err)
		}
		l.last, l.horizon, l.handed = read.last, read.horizon, read.handed
		if len(events) > 0 {
			return events, nil
		}
		select {
		case <-l.look:
		case <-wait.C:
			wait.Reset(l.engine.lookEvery)
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// outboxRow is a row of events.
type outboxRow struct {
	id, tx, oldestOpen int64
	events             string
}

// readAll marks all visible rows as read.
func (l *Listener) readAll(tx *Tx) error {
	d := tx.engine.dialect
	l.last, l.horizon, l.handed = 0, 0, map[int64]bool{}
	return tx.Query(func(row Row) error {
		var r outboxRow
		if err := row.Scan(&r.id, &r.tx, &l.horizon); err != nil {
			return err
		}
		l.last = max(l.last, r.id)
		if r.tx >= l.horizon {
			l.handed[r.id] = true
		}
		return nil
	}, `SELECT id, tx, `+d.oldestOpen+` FROM events WHERE tx >= `+d.oldestOpen+` OR id = (SELECT MAX(id) FROM events)`)
}

// read returns the events that were not returned yet. The row of the last one
// is read as well: as long as it exists, nothing after it was deleted (see
// DeleteEvents).
func (l *Listener) read(tx *Tx) ([]Event, error) {
	var rows []outboxRow
	scan := func(row Row) error {
		var r outboxRow
		err := row.Scan(&r.id, &r.tx, &r.oldestOpen, &r.events)
		rows = append(rows, r)
		return err
	}
	d := tx.engine.dialect
	err := tx.Query(scan, `SELECT id, tx, `+d.oldestOpen+`, events FROM events WHERE `+d.notHanded+` ORDER BY id LIMIT $3`,
		l.last, l.horizon, maxMissed+len(l.handed)+2)
	if err != nil {
		return nil, err
	}
	return l.take(rows)
}

// take skips what was returned before, and advances the position.
func (l *Listener) take(rows []outboxRow) (events []Event, err error) {
	there, fresh := false, 0
	after := Listener{last: l.last, handed: map[int64]bool{}}
	for _, r := range rows {
		there = there || r.id == l.last
		after.last, after.horizon = max(after.last, r.id), r.oldestOpen
		if r.tx >= r.oldestOpen {
			after.handed[r.id] = true
		}
		if r.id == l.last || l.handed[r.id] {
			continue
		}
		list, err := parseEvents(r.events)
		if err != nil {
			return nil, err
		}
		events = append(events, list...)
		fresh++
	}
	if !there || fresh > maxMissed {
		return nil, ErrMissed
	}
	l.last, l.horizon, l.handed = after.last, after.horizon, after.handed
	return events, nil
}
