package media

import (
	"context"
	"io"

	"kinglet/store"
)

// Blobs stores bytes by their hash. It is all that Kinglet needs of a media
// storage; InStore is the one implementation, chunks in the database, and
// mediatest.Blobs one for tests. Which blobs exist, which rows refer to them
// and which are swept is decided by the store: another storage is another
// implementation of this, and the line of internal/cmd that names it.
type Blobs interface {
	// NewUpload starts an upload of at most max bytes; more is TooLarge.
	NewUpload(ctx context.Context, max int64) Upload
	// Open reads a blob; only the requested parts are loaded.
	Open(ctx context.Context, b *store.Blob) io.ReadSeeker
}

// Upload is a file that arrives. It can be read before it is kept, and ends as
// a blob or discarded. It is used by one goroutine.
type Upload interface {
	io.Writer
	// Size is how many bytes were written.
	Size() int64
	// Open reads what was written, from its beginning. No Write may follow.
	Open() io.ReadSeeker
	// Keep turns it into a blob, or finds an identical one.
	Keep(mediaType string) (*store.Blob, error)
	// Discard drops it, unless it was kept.
	Discard()
}

// InStore keeps bytes in the database.
func InStore(s *store.Store) Blobs { return inStore{s} }

type inStore struct{ store *store.Store }

func (s inStore) NewUpload(ctx context.Context, max int64) Upload {
	return storeUpload{s.store.NewUpload(ctx, max)}
}

func (s inStore) Open(ctx context.Context, b *store.Blob) io.ReadSeeker {
	return s.store.OpenBlob(ctx, b)
}

type storeUpload struct{ *store.Upload }

func (u storeUpload) Open() io.ReadSeeker { return u.Upload.Open() }
