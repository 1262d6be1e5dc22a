// Package mastodon is the Mastodon client API: one handler per endpoint, one
// serializer per entity. It has no social rules: a handler reads a view from
// the store, or calls a command of ap, and serializes the result. Read routes,
// route, call and Serializer.
package mastodon

import (
	"log/slog"

	"kinglet/ap"
	"kinglet/internal/auth"
	"kinglet/internal/config"
	"kinglet/internal/ratelimit"
	"kinglet/internal/semaphore"
	"kinglet/media"
	"kinglet/store"
)

// API serves the endpoints.
type API struct {
	Service *ap.Service
	Auth    auth.Authenticator
	Store   *store.Store
	Config  *config.Config
	Limits  ratelimit.Counter
	Log     *slog.Logger

	Blobs    media.Blobs // where uploads are written
	Pictures *media.Keeper

	uploads *semaphore.Semaphore // of requests with files
}
