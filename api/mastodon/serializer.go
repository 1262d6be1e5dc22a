package mastodon

import (
	"time"

	"kinglet/internal/config"
	"kinglet/store"
)

// Serializer makes the entities of the API from what the store reads: a
// method each, in the entity's own file.
type Serializer struct {
	Config *config.Config
	Viewer store.AccountID // the account of the request; 0 for a stranger

	authors map[*store.Account]*Account // of the page that is being made: each is made once
}

// formatTime writes a time as Mastodon does: see timeLayout.
func formatTime(t time.Time) string {
	t = t.UTC()
	if !plainYear(t) {
		return t.Format(timeLayout)
	}
	b := appendDay(make([]byte, 0, len(timeLayout)), t)
	hour, minute, second := t.Clock()
	b = appendNumber(append(b, 'T'), hour, 2)
	b = appendNumber(append(b, ':'), minute, 2)
	b = appendNumber(append(b, ':'), second, 2)
	b = appendNumber(append(b, '.'), t.Nanosecond()/1e6, 3)
	return string(append(b, 'Z'))
}

// formatDay writes the day of a time in UTC: see time.DateOnly.
func formatDay(t time.Time) string {
	if !plainYear(t) {
		return t.Format(time.DateOnly)
	}
	return string(appendDay(make([]byte, 0, len(time.DateOnly)), t))
}

// A page has a hundred times, and time.Format, which reads its layout each time,
// takes four times as long for one.
const timeLayout = "2006-01-02T15:04:05.000Z"

func plainYear(t time.Time) bool { return t.Year() >= 0 && t.Year() <= 9999 }

func appendDay(b []byte, t time.Time) []byte {
	year, month, day := t.Date()
	b = appendNumber(b, year, 4)
	b = appendNumber(append(b, '-'), int(month), 2)
	return appendNumber(append(b, '-'), day, 2)
}

// appendNumber writes a number of at most so many digits, with zeros before it.
func appendNumber(b []byte, n, digits int) []byte {
	at := len(b)
	b = append(b, "0000"[:digits]...)
	for i := at + digits - 1; n > 0; i-- {
		b[i] = byte('0' + n%10)
		n /= 10
	}
	return b
}

// timePtr is formatTime, null for no time.
func timePtr(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	s := formatTime(t)
	return &s
}

// textPtr is null for no text.
func textPtr(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
