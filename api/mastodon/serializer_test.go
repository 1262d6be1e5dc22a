package mastodon

import (
	"testing"
	"time"
)

// Times are written as time.Format writes them.
func TestFormatTime(t *testing.T) {
	for _, at := range []time.Time{
		{}, time.Unix(0, 0), time.Unix(1<<31, 0), time.UnixMilli(1), time.UnixMilli(-1), time.UnixMilli(-62167219200000), time.UnixMilli(-62167219200001),
		time.Date(2026, 1, 2, 3, 4, 5, 6_999_999, time.UTC), time.Date(2024, 2, 29, 23, 59, 59, 999_999_999, time.FixedZone("", -3600)),
		time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(-5, 10, 11, 0, 0, 0, 0, time.UTC),
	} {
		if got, want := formatTime(at), at.UTC().Format("2006-01-02T15:04:05.000Z"); got != want {
			t.Errorf("%s, want %s", got, want)
		}
		if got, want := formatDay(at.UTC()), at.UTC().Format("2006-01-02"); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
