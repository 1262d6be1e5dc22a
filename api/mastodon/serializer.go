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
}

// formatTime writes a time as Mastodon does.
func formatTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

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
