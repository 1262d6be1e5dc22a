package store

import "time"

// An account is suspended while its own server says so, or while we do. The
// two are kept apart: what its server takes back says nothing of what we did.
// SuspendedAt is set while either holds, and is all that queries look at.

// SuspendByOrigin takes what the account's own server says in its document.
func (a *Account) SuspendByOrigin(suspended bool) {
	a.SuspendedByOrigin = suspended
	if !suspended && !a.SuspendedByUs {
		a.SuspendedAt = time.Time{}
	}
}

// settleSuspension completes what is written of a suspension. One that only
// has its time is ours.
func (a *Account) settleSuspension(now time.Time) {
	if a.SuspendedByOrigin || a.SuspendedByUs {
		if a.SuspendedAt.IsZero() {
			a.SuspendedAt = now
		}
	} else if !a.SuspendedAt.IsZero() {
		a.SuspendedByUs = true
	}
}
