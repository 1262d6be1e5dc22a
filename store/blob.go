package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	"kinglet/internal/fault"
)

// Blob describes bytes that are kept by what they are: the same bytes are
// kept once, whoever brings them.
type Blob struct {
	Hash      string // SHA-256, lower-case hex
	Size      int64  // bytes
	MediaType string // as the first who brought them said
	CreatedAt time.Time
}

// chunkSize is the most of a blob that is in memory, or in one transaction.
const chunkSize = 256 << 10

// unfinished is the size of a blob whose chunks are still being written.
const unfinished = -1

// PutBlob keeps what r gives from its beginning, max bytes at most; more is
// Invalid. r is read twice, first to know its hash: what is kept already is
// not written again. Each chunk is a transaction of its own, so that a large
// blob does not hold up the other writers, and the blob is there with its last.
func (s *Store) PutBlob(ctx context.Context, r io.ReadSeeker, mediaType string, max int64) (*Blob, error) {
	b := &Blob{MediaType: mediaType}
	sums, err := b.measure(r, max)
	if err != nil {
		return nil, fmt.Errorf("read a blob: %w", err)
	}
	known, err := s.beginBlob(ctx, b)
	if err != nil || known {
		return b, err
	}
	seq := int64(0)
	err = eachChunk(r, func(chunk []byte) error {
		// Chunks that exist are never written again, so a wrong one would stay.
		if seq == int64(len(sums)) || sha256.Sum256(chunk) != sums[seq] {
			return errors.New("it changed while it was read")
		}
		err := s.Update(ctx, func(tx *Tx) error {
			_, err := tx.exec(`INSERT INTO blob_chunks (hash, seq, data) VALUES ($1, $2, $3) ON CONFLICT (hash, seq) DO NOTHING`, b.Hash, seq, chunk)
			return err
		})
		seq++
		return err
	})
	if err == nil && seq != int64(len(sums)) {
		err = errors.New("it changed while it was read")
	}
	if err == nil {
		err = s.Update(ctx, func(tx *Tx) error { return tx.finishBlob(b) })
	}
	if err != nil {
		return nil, fmt.Errorf("keep the blob %s: %w", b.Hash, err)
	}
	return b, nil
}

// measure sets the hash and the size, and gives the hash of each chunk.
func (b *Blob) measure(r io.ReadSeeker, max int64) (sums [][sha256.Size]byte, err error) {
	whole := sha256.New()
	err = eachChunk(r, func(chunk []byte) error {
		if b.Size += int64(len(chunk)); b.Size > max {
			return fault.Errorf(fault.Invalid, "it is larger than %d bytes", max)
		}
		whole.Write(chunk)
		sums = append(sums, sha256.Sum256(chunk))
		return nil
	})
	b.Hash = hex.EncodeToString(whole.Sum(nil))
	return sums, err
}

// eachChunk reads r from its beginning; the last chunk may be short.
func eachChunk(r io.ReadSeeker, fn func(chunk []byte) error) error {
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return err
	}
	buf := make([]byte, chunkSize)
	for {
		n, err := io.ReadFull(r, buf)
		if n > 0 {
			if err := fn(buf[:n]); err != nil {
				return err
			}
		}
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// beginBlob notes that a blob is being written, so that what a crash leaves of
// it can be found; known tells that it is there already, and fills b.
func (s *Store) beginBlob(ctx context.Context, b *Blob) (known bool, err error) {
	err = s.Update(ctx, func(tx *Tx) error {
		kept, err := tx.Blob(b.Hash)
		if known = err == nil; known {
			*b = *kept
			return nil
		}
		if !fault.Is(err, fault.NotFound) {
			return err
		}
		b.CreatedAt = tx.Now()
		_, err = tx.exec(`
			INSERT INTO blobs (hash, size, media_type, created_at) VALUES ($1, $2, $3, $4)
			ON CONFLICT (hash) DO UPDATE SET created_at = excluded.created_at`,
			b.Hash, unfinished, b.MediaType, millis(b.CreatedAt))
		return err
	})
	return known, err
}

// finishBlob makes a blob that has all its chunks readable.
func (tx *Tx) finishBlob(b *Blob) error {
	n, err := tx.exec(`UPDATE blobs SET size = $2 WHERE hash = $1`, b.Hash, b.Size)
	if err != nil {
		return err
	}
	if n == 0 {
		return fault.Errorf(fault.Unavailable, "it was deleted while it was written: bring it again")
	}
	kept, err := tx.Blob(b.Hash)
	if err == nil {
		*b = *kept
	}
	return err
}

// Blob reads what is known of a blob by its hash; NotFound, also while its
// chunks are still being written.
func (tx *Tx) Blob(hash string) (*Blob, error) {
	b := new(Blob)
	err := tx.get("blob "+hash, []any{&b.Hash, &b.Size, &b.MediaType, toTime(&b.CreatedAt)},
		`SELECT hash, size, media_type, created_at FROM blobs WHERE hash = $1 AND size >= 0`, hash)
	return b, err
}

// DeleteBlob drops a blob and its bytes; one that is not there is no error.
// That nothing refers to it any more is the caller's to know.
func (tx *Tx) DeleteBlob(hash string) error {
	if _, err := tx.exec(`DELETE FROM blob_chunks WHERE hash = $1`, hash); err != nil {
		return err
	}
	_, err := tx.exec(`DELETE FROM blobs WHERE hash = $1`, hash)
	return err
}

// BlobReader reads a blob, chunk by chunk as they are asked for: what is
// skipped is not fetched. It is used by one goroutine.
type BlobReader struct {
	Blob
	ctx   context.Context // of the request that is answered: Read can't be given one
	store *Store
	off   int64
	seq   int64 // of chunk
	chunk []byte
}

// BlobReader opens a blob; NotFound. Each chunk is a view of its own, so that
// a slow reader holds no snapshot.
func (s *Store) BlobReader(ctx context.Context, hash string) (*BlobReader, error) {
	r := &BlobReader{ctx: ctx, store: s, seq: -1}
	err := s.View(ctx, func(tx *Tx) error {
		b, err := tx.Blob(hash)
		if err == nil {
			r.Blob = *b
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return r, nil
}

// Read implements io.Reader.
func (r *BlobReader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if r.off >= r.Size {
		return 0, io.EOF
	}
	if err := r.fetch(r.off / chunkSize); err != nil {
		return 0, err
	}
	n := copy(p, r.chunk[r.off%chunkSize:])
	r.off += int64(n)
	return n, nil
}

// fetch has the chunk in memory, and no other.
func (r *BlobReader) fetch(seq int64) error {
	if r.seq == seq {
		return nil
	}
	var chunk []byte
	err := r.store.View(r.ctx, func(tx *Tx) (err error) {
		chunk, _, err = one[[]byte](tx, `SELECT data FROM blob_chunks WHERE hash = $1 AND seq = $2`, r.Hash, seq)
		return err
	})
	if err != nil {
		return fmt.Errorf("read the blob %s: %w", r.Hash, err)
	}
	if want := min(chunkSize, r.Size-seq*chunkSize); int64(len(chunk)) != want {
		return fault.Errorf(fault.NotFound, "the blob %s was deleted while it was read", r.Hash)
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
		offset += r.Size
	}
	if offset < 0 {
		return 0, errors.New("seek before the beginning of a blob")
	}
	r.off = offset
	return offset, nil
}
