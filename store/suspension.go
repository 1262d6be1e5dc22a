package store

import "time"

// An account is suspended while its own server says so, or while we do. The two
// are separate: when its server ends its suspension, ours stays. SuspendedAt is
// set while either holds, and is the only column that queries use.

// SuspendByOrigin applies what the account's own server says in its document.
func (a *Account) SuspendByOrigin(suspended bool) {
	a.SuspendedByOrigin = suspended
	if !suspended && !a.SuspendedByUs {
		a.SuspendedAt = time.Time{}
	}
}

// settleSuspension completes the columns of a suspension. One that has only a
// time is ours.
func (a *Account) settleSuspension(now time.Time) {
	if a.SuspendedByOrigin || a.SuspendedByUs {
		if a.SuspendedAt.IsZero() {
			a.SuspendedAt = now
		}
	} else if !a.SuspendedAt.IsZero() {
		a.SuspendedByUs = true
	}
}
