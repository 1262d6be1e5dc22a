package engine

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

// Event says that something has changed: its kind and ids. It has no content:
// the receiver reads the rows again, as the viewer that will see them.
type Event struct {
	Kind string
	IDs  []int64
}

// String is an event's line in the outbox.
func (ev Event) String() string {
	line := []byte(ev.Kind)
	for _, id := range ev.IDs {
		line = strconv.AppendInt(append(line, ' '), id, 10)
	}
	return string(line)
}

// parseEvents reads a row of the outbox.
func parseEvents(row string) ([]Event, error) {
	var list []Event
	for line := range strings.Lines(row) {
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		ev := Event{Kind: fields[0]}
		for _, f := range fields[1:] {
			id, err := strconv.ParseInt(f, 10, 64)
			if err != nil {
				return nil, fmt.Errorf("event %q: %w", line, err)
			}
			ev.IDs = append(ev.IDs, id)
		}
		list = append(list, ev)
	}
	return list, nil
}

// Emit sends an event to every listener, in this process and in all others on
// the database, when this transaction is durable. kind is one word. An event is
// emitted once in a transaction.
func (tx *Tx) Emit(kind string, ids ...int64) {
	line := Event{kind, ids}.String()
	if tx.emitted[line] {
		return
	}
	if tx.emitted == nil {
		tx.emitted = map[string]bool{}
	}
	tx.emitted[line] = true
	tx.events = append(tx.events, line)
}

// notice is the notice that this transaction's commit sends.
func (tx *Tx) notice() notice {
	n := tx.notices
	if len(tx.events) > 0 {
		n |= eventsAreThere
	}
	return n
}

// eventsAreKept reports whether events have to be written: whether there may be
// a listener. A server on a SQLite file is the only process that listens, and
// knows its own listeners: see Engine.Listen for why that is safe. Another
// process on the file, and a node on PostgreSQL, can't know.
func (e *Engine) eventsAreKept() bool {
	if e.path == "" {
		return true
	}
	e.wakeMu.Lock()
	defer e.wakeMu.Unlock()
	return e.stopListening == nil || len(e.listeners) > 0
}

// insertEvents writes the events of a group's transactions, in one row.
func (w *writer) insertEvents(ctx context.Context, members []*pending) error {
	var lines []string
	for _, p := range members {
		if p.tx != nil {
			lines = append(lines, p.tx.events...)
		}
	}
	if len(lines) == 0 || !w.engine.eventsAreKept() {
		return nil
	}
	w.engine.statements.Add(1)
	_, err := w.conn.exec(ctx, `INSERT INTO events (created_at, events) VALUES ($1, $2)`,
		[]any{w.engine.Now().UnixMilli(), strings.Join(lines, "\n")})
	return err
}

// lastStatement is what a transaction on PostgreSQL runs with its COMMIT: it
// writes the events, last, so that of two transactions that wait for each other
// the first to commit has the lower number; and notifies the other nodes that
// jobs are due. The notice of events follows after the commit (announcer):
// commits with NOTIFY wait for each other, and a listener finds events without
// it. "" for nothing.
func (tx *Tx) lastStatement() (query string, args []any) {
	const insert = `INSERT INTO events (created_at, events) VALUES ($1, $2)`
	n := tx.notice()
	if n&eventsAreThere != 0 {
		args = []any{tx.Now().UnixMilli(), strings.Join(tx.events, "\n")}
	}
	switch n {
	case 0:
		return "", nil
	case eventsAreThere:
		return insert, args
	case jobsAreDue:
		return `SELECT ` + notify(n), nil
	}
	return `WITH written AS (` + insert + `) SELECT ` + notify(n), args
}

// DeleteEvents deletes from the outbox what is older than a time, in
// milliseconds, except the newest row (see the migration): the oldest rows
// first, and most at once. It returns how many it deleted.
func (tx *Tx) DeleteEvents(before int64, most int) (int64, error) {
	return tx.Exec(`
		DELETE FROM events WHERE id IN (
		  SELECT id FROM events
		  WHERE id < (SELECT MAX(id) FROM events WHERE created_at < $1)
		  ORDER BY id LIMIT $2)`, before, most)
}
