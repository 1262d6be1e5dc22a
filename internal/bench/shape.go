package main

import (
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// Shape is how large a database is, and of what.
type Shape struct {
	Accounts      int    `json:"accounts"`
	Remote        int    `json:"remote"`
	Follows       int    `json:"follows"`
	Days          int    `json:"days"`
	PerDay        int    `json:"posts_per_day"`
	Notifications int    `json:"notifications"`
	Seed          uint64 `json:"seed"`
}

func (s Shape) check() error {
	switch {
	case s.Accounts < 1 || s.Remote < 1 || s.PerDay < 1 || s.Follows < 0 || s.Notifications < 0:
		return fmt.Errorf("-accounts, -remote and -posts-per-day have to be positive")
	case s.Follows > s.Remote:
		return fmt.Errorf("-follows: %d is more than the %d known accounts", s.Follows, s.Remote)
	}
	return nil
}

// Statuses is how many statuses the database has.
func (s Shape) Statuses() int { return s.Days * s.PerDay }

// newest is how many posts at the end are the same in a small database as in a
// large one, so that what is compared are pages of the same posts.
const newest = 8000

// name is the name of the database's file. It begins with a number that changes
// when the same flags give other rows.
func (s Shape) name() string {
	return fmt.Sprintf("2-%d-%d-%d-%d-%d-%d-%d.db", s.Accounts, s.Remote, s.Follows, s.Days, s.PerDay, s.Notifications, s.Seed)
}

// begin is the time of the first post: the last is of today, so that what is
// recent to the server is so in the database.
func (s Shape) begin(now time.Time) time.Time {
	return now.Add(-time.Duration(s.Days) * 24 * time.Hour)
}

// dice are the random numbers of a part of a database.
func (s Shape) dice(part string) *rand.Rand {
	return rand.New(rand.NewChaCha8(sha256.Sum256(fmt.Appendf(nil, "kinglet bench %d %s", s.Seed, part))))
}

// rare reports whether post n is one of the few of a kind: one in so many of the
// newest, and 20 spread over all of the time before.
func (s Shape) rare(n, of int) bool {
	if old := s.Statuses() - newest; n <= old {
		every := max(old/20/5*5, 5) // the owner is notified of every fifth at most
		return (old-n)%every == 0
	}
	return (s.Statuses()-n)%of == 0
}

// notified reports whether post n is one of which the owner is notified, when so
// many were: one in five of the newest, and of the others as many as are left,
// spread over all of the time.
func (s Shape) notified(n, before int) bool {
	old := max(s.Statuses()-newest, 0)
	if n > old {
		return (s.Statuses()-n)%5 == 0 && before < s.Notifications
	}
	most := min(max(s.Notifications-newest/5, 0), old/5)
	return n*most/old > before
}

// few is a number below n, small ones far more often than large ones: few
// accounts write most posts, and few hashtags are on most of them.
func few(r *rand.Rand, n int) int { return int(float64(n) * r.Float64() * r.Float64() * r.Float64()) }

var words = strings.Fields(`the a of and in morning train light garden bread river winter code bird coffee window music server night sea
	letter stone market city forest paper summer rain small quiet after before under between slow bright long kitchen island story`)

// text is a post's HTML, of 50 to 500 characters.
func text(r *rand.Rand, tags []string) string {
	var b strings.Builder
	b.WriteString("<p>")
	for i := range 8 + r.IntN(70) {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(words[r.IntN(len(words))])
	}
	for _, t := range tags {
		fmt.Fprintf(&b, ` <a href="https://example.org/tags/%s" class="mention hashtag" rel="tag">#<span>%s</span></a>`, t, t)
	}
	b.WriteString("</p>")
	return b.String()
}
