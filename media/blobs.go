package media

import (
	"context"
	"io"

	"kinglet/store"
)

// Blobs keeps bytes by what they are. It is the whole of what Kinglet asks of
// the place where media lie; InStore is the one there is, chunks in the
// database, and mediatest.Blobs one for tests. Which blobs there are, who
// refers to them and which are swept is the store's: another place for bytes
// is another implementation of this, and the line of internal/cmd that names it.
type Blobs interface {
	// NewUpload takes bytes as they come, max at most; more is TooLarge.
	NewUpload(ctx context.Context, max int64) Upload
	// Open reads the bytes of a blob, only those that are asked for.
	Open(ctx context.Context, b *store.Blob) io.ReadSeeker
}

// Upload is bytes that arrive. They can be read before they are kept, and end
// as a blob or as nothing. It is used by one goroutine.
type Upload interface {
	io.Writer
	// Size is how many bytes were written.
	Size() int64
	// Open reads what was written, from its beginning. Nothing is written after.
	Open() io.ReadSeeker
	// Keep makes a blob of it, or finds the one that is the same.
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
