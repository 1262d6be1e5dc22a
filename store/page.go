package store

import (
	"math"
	"slices"
)

// Page is a part of a list that is ordered by id, newest first.
//
// MaxID selects what is older than it and SinceID what is newer, each newest
// first from the newest; MinID selects the page just above it, still newest
// first. 0 leaves a bound open.
type Page struct {
	MaxID, SinceID, MinID int64
	Limit                 int
}

// bounds are the two exclusive limits of the id.
func (p Page) bounds() (below, above int64) {
	below, above = p.MaxID, max(p.SinceID, p.MinID)
	if below <= 0 {
		below = math.MaxInt64
	}
	return below, above
}

// order is the direction to read in: MinID is read upwards, and reversed later.
func (p Page) order() string {
	if p.MinID > 0 {
		return "ASC"
	}
	return "DESC"
}

// Around are the ids that the pages before and after this one begin from: those
// of its first and last rows, 0 for an empty one, unless reading stopped at end
// before the page was full.
func (p Page) Around(first, last, end int64) (newest, oldest int64) {
	switch {
	case end == 0:
		return first, last
	case first == 0:
		return end, end
	case p.MinID > 0:
		return end, last
	}
	return first, end
}

// newestFirst reverses a list that was read in ascending p.order.
func newestFirst[T any](p Page, list []T) []T {
	if p.MinID > 0 {
		slices.Reverse(list)
	}
	return list
}

// Paged is an entity with the id that its list is paged by, where that is not
// the entity's own (followers, favourites, bookmarks).
type Paged[T any] struct {
	PageID int64
	Item   T
}
