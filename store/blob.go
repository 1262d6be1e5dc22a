package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"kinglet/internal/fault"
)

// Blob describes bytes that are stored by their hash: the same bytes are stored
// once, whoever uploads them. They arrive as an Upload; rows refer to them with
// a MediaRef.
type Blob struct {
	Hash      string // SHA-256, lower-case hex
	Size      int64  // bytes
	MediaType string // as the first who brought them said
	CreatedAt time.Time

	upload string // whose chunks it has
}

// chunkSize is how much of a blob is in memory, or in one transaction.
const chunkSize = 256 << 10

// blobColumns are of blobs AS b.
const blobColumns = `b.hash, b.size, b.media_type, b.created_at, b.upload`

func (b *Blob) dest() []any {
	return []any{&b.Hash, &b.Size, &b.MediaType, toTime(&b.CreatedAt), &b.upload}
}

// Blob reads the row of a blob by its hash; NotFound.
func (tx *Tx) Blob(hash string) (*Blob, error) {
	b := new(Blob)
	return b, tx.get("blob "+hash, b.dest(), `SELECT `+blobColumns+` FROM blobs b WHERE b.hash = $1`, hash)
}

// deleteBlob deletes a blob: at once for its readers, and its chunks, when
// there are many, in steps that don't delay other writers (SweepUploads).
func (tx *Tx) deleteBlob(hash string) error {
	upload, ok, err := one[string](tx, `DELETE FROM blobs WHERE hash = $1 RETURNING upload`, hash)
	if err != nil || !ok {
		return err
	}
	return tx.dropChunks(upload)
}

// BlobReader reads a blob by chunks: what is skipped is not loaded. It is used
// by one goroutine.
type BlobReader struct {
	ctx    context.Context // of the request that is answered: Read can't be given one
	store  *Store
	upload string
	size   int64
	off    int64
	seq    int64 // of chunk
	chunk  []byte
	last   []byte // the last chunk of an upload, where it is in memory only
}

// OpenBlob reads the bytes of a blob. Each chunk is a view of its own, so that
// a slow reader holds no snapshot; if the blob is deleted meanwhile, the rest
// is NotFound.
func (s *Store) OpenBlob(ctx context.Context, b *Blob) *BlobReader {
	return &BlobReader{ctx: ctx, store: s, upload: b.upload, size: b.Size, seq: -1}
}

// Read implements io.Reader.
func (r *BlobReader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if r.off >= r.size {
		return 0, io.EOF
	}
	if err := r.fetch(r.off / chunkSize); err != nil {
		return 0, err
	}
	n := copy(p, r.chunk[r.off%chunkSize:])
	r.off += int64(n)
	return n, nil
}

// fetch loads a chunk, replacing the one in memory.
func (r *BlobReader) fetch(seq int64) error {
	if r.seq == seq {
		return nil
	}
	chunk := r.last
	if chunk == nil || seq != (r.size-1)/chunkSize {
		err := r.store.View(r.ctx, func(tx *Tx) (err error) {
			chunk, _, err = one[[]byte](tx, `SELECT data FROM blob_chunks WHERE upload = $1 AND seq = $2`, r.upload, seq)
			return err
		})
		if err != nil {
			return fmt.Errorf("read a blob: %w", err)
		}
	}
	if want := min(chunkSize, r.size-seq*chunkSize); int64(len(chunk)) != want {
		return fault.Errorf(fault.NotFound, "the blob was deleted while it was read")
	}
	r.seq, r.chunk = seq, chunk
	return nil
}

// Seek implements io.Seeker. Beyond the end there is nothing to read.
func (r *BlobReader) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += r.off
	case io.SeekEnd:
		offset += r.size
	}
	if offset < 0 {
		return 0, errors.New("seek before the beginning of a blob")
	}
	r.off = offset
	return offset, nil
}
