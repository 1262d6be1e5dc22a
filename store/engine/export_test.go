package engine

import "time"

// Path is SQLite's file.
func (e *Engine) Path() string { return e.path }

// Waiting is how many updates wait for SQLite's writer.
func (e *Engine) Waiting() int { return len(e.writer.queue) }

// CheckAgain has the next Health look again, however short ago it did.
func (e *Engine) CheckAgain() {
	e.health.mu.Lock()
	defer e.health.mu.Unlock()
	e.health.asked = time.Time{}
}

// BeginIDs has the low bits of ids go on after seq: two nodes that give the
// same ids are made so.
func (e *Engine) BeginIDs(seq uint64) {
	e.ids.mu.Lock()
	defer e.ids.mu.Unlock()
	e.ids.seq = seq
}

// WakePath is the socket of the server on a SQLite file.
func (e *Engine) WakePath() string { return e.wakePath() }
