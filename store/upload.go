package store

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"time"

	"kinglet/internal/fault"
)

// Upload is a file that arrives: it is written in chunks, each a short
// transaction of its own, so that a large file is never whole in memory and
// delays no other writer. It can be read (Open), and ends when it becomes a
// blob (Keep) or is discarded (Discard). An abandoned one is swept after
// uploadTime. It is used by one goroutine.
type Upload struct {
	store *Store
	ctx   context.Context // of the request that brings it: Write can't be given one
	id    string
	max   int64
	size  int64
	hash  hash.Hash
	chunk []byte // the last one, not written yet
	seq   int64  // of chunk; those before are in the database
	ended bool
}

// uploadTime is how long the chunks of an upload wait for the next one.
const uploadTime = time.Hour

// errSwept is the error of an upload that was swept, or of a blob that was
// deleted, before it was kept.
var errSwept = fault.Errorf(fault.Unavailable, "the file was deleted while it was written: upload it again")

// NewUpload starts an upload of at most max bytes; more is TooLarge.
func (s *Store) NewUpload(ctx context.Context, max int64) *Upload {
	return &Upload{store: s, ctx: ctx, id: NewMediaKey(), max: max, hash: sha256.New()}
}

// Size is how many bytes were written.
func (u *Upload) Size() int64 { return u.size }

// Write implements io.Writer.
func (u *Upload) Write(p []byte) (n int, err error) {
	if u.ended {
		return 0, errors.New("write to a closed upload")
	}
	if u.size+int64(len(p)) > u.max {
		return 0, fault.Errorf(fault.TooLarge, "The file is larger than %d bytes", u.max)
	}
	for len(p) > 0 {
		// A full chunk is written when more arrives: the last one stays in memory.
		if len(u.chunk) == chunkSize {
			if err := u.flush(); err != nil {
				return n, err
			}
		}
		part := p[:min(len(p), chunkSize-len(u.chunk))]
		u.chunk = append(u.chunk, part...)
		u.hash.Write(part)
		u.size += int64(len(part))
		n, p = n+len(part), p[len(part):]
	}
	return n, nil
}

// flush writes the chunk to the database.
func (u *Upload) flush() error {
	err := u.store.Update(u.ctx, func(tx *Tx) error {
		if u.seq == 0 {
			if _, err := tx.exec(`INSERT INTO uploads (id, touched_at) VALUES ($1, $2)`, u.id, millis(tx.Now())); err != nil {
				return err
			}
		} else {
			n, err := tx.exec(`UPDATE uploads SET touched_at = $2 WHERE id = $1 AND touched_at <> 0`, u.id, millis(tx.Now()))
			if err == nil && n == 0 {
				err = errSwept
			}
			if err != nil {
				return err
			}
		}
		return tx.insertChunk(u.id, u.seq, u.chunk)
	})
	if err != nil {
		return fmt.Errorf("write an upload: %w", err)
	}
	u.seq++
	u.chunk = u.chunk[:0]
	return nil
}

func (tx *Tx) insertChunk(upload string, seq int64, data []byte) error {
	_, err := tx.exec(`INSERT INTO blob_chunks (upload, seq, data) VALUES ($1, $2, $3)`, upload, seq, data)
	return err
}

// Open reads what was written, from its beginning. No Write may follow.
func (u *Upload) Open() *BlobReader {
	return &BlobReader{ctx: u.ctx, store: u.store, upload: u.id, size: u.size, seq: -1, last: u.chunk}
}

// Keep turns the upload into a blob, or finds an identical one. A row has to
// refer to it within unusedBlob.
func (u *Upload) Keep(mediaType string) (*Blob, error) {
	if u.ended {
		return nil, errors.New("keep a closed upload")
	}
	var b *Blob
	err := u.store.Update(u.ctx, func(tx *Tx) error {
		b = &Blob{Hash: hex.EncodeToString(u.hash.Sum(nil)), Size: u.size, MediaType: mediaType, CreatedAt: tx.Now(), upload: u.id}
		return tx.keepUpload(u, b)
	})
	if err != nil {
		return nil, fmt.Errorf("keep an upload: %w", err)
	}
	u.ended = true
	return b, nil
}

func (tx *Tx) keepUpload(u *Upload, b *Blob) error {
	if u.seq > 0 {
		n, err := tx.exec(`DELETE FROM uploads WHERE id = $1 AND touched_at <> 0`, u.id)
		if err == nil && n == 0 {
			err = errSwept
		}
		if err != nil {
			return err
		}
	}
	n, err := tx.exec(`
		INSERT INTO blobs (hash, size, media_type, created_at, upload) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (hash) DO NOTHING`, b.Hash, b.Size, b.MediaType, millis(b.CreatedAt), b.upload)
	if err != nil {
		return err
	}
	if n > 0 {
		if len(u.chunk) == 0 {
			return nil
		}
		return tx.insertChunk(u.id, u.seq, u.chunk)
	}
	if err := tx.useBlob(b.Hash); err != nil {
		return err
	}
	known, err := tx.Blob(b.Hash)
	if err != nil {
		return err
	}
	*b = *known
	if u.seq == 0 {
		return nil
	}
	return tx.dropChunks(u.id)
}

// Discard deletes the upload, if it has not become a blob.
func (u *Upload) Discard() {
	if u.ended {
		return
	}
	u.ended = true
	if u.seq == 0 {
		return
	}
	// The request may be over. If this fails, it is swept in an hour.
	_ = u.store.Update(context.WithoutCancel(u.ctx), func(tx *Tx) error {
		n, err := tx.exec(`DELETE FROM uploads WHERE id = $1`, u.id)
		if err != nil || n == 0 {
			return err
		}
		return tx.dropChunks(u.id)
	})
}

// chunksAtOnce is how many chunks one transaction deletes: SQLite's writer
// overwrites them meanwhile.
const chunksAtOnce = 2

// dropChunks deletes the chunks of an upload that is not a blob, or no longer,
// and not in uploads: a few at once, more in the steps of SweepUploads.
func (tx *Tx) dropChunks(upload string) error {
	tx.engine.Erases()
	done, err := tx.deleteChunks(upload)
	if err != nil || done {
		return err
	}
	if _, err := tx.exec(`INSERT INTO uploads (id, touched_at) VALUES ($1, 0)`, upload); err != nil {
		return err
	}
	tx.AfterCommit(tx.store.tidySoon)
	return nil
}

// deleteChunks deletes the first chunks of an upload; done reports that there
// are no more.
func (tx *Tx) deleteChunks(upload string) (done bool, err error) {
	n, err := tx.exec(`
		DELETE FROM blob_chunks
		WHERE upload = $1 AND seq IN (SELECT c.seq FROM blob_chunks c WHERE c.upload = $1 ORDER BY c.seq LIMIT $2)`, upload, chunksAtOnce)
	return n < chunksAtOnce, err
}

// SweepUploads deletes the chunks of deleted blobs, and of uploads that were
// abandoned an hour ago, in small transactions.
func (s *Store) SweepUploads(ctx context.Context) error {
	var list []string
	err := s.View(ctx, func(tx *Tx) (err error) {
		list, err = tx.texts(`SELECT id FROM uploads WHERE touched_at < $1 ORDER BY id`, millis(tx.Now().Add(-uploadTime)))
		return err
	})
	for _, id := range list {
		for done := false; err == nil && !done; {
			err = s.Update(ctx, func(tx *Tx) (err error) {
				done, err = tx.sweepUpload(id)
				return err
			})
		}
	}
	if err != nil {
		return fmt.Errorf("sweep uploads: %w", err)
	}
	return nil
}

// sweepUpload deletes a part of an upload. From the first step on nothing can
// be added to it.
func (tx *Tx) sweepUpload(id string) (done bool, err error) {
	n, err := tx.exec(`UPDATE uploads SET touched_at = 0 WHERE id = $1 AND touched_at < $2`, id, millis(tx.Now().Add(-uploadTime)))
	if err != nil || n == 0 {
		return true, err // it went on meanwhile, or another node was faster
	}
	tx.engine.Erases()
	if done, err = tx.deleteChunks(id); err != nil || !done {
		return false, err
	}
	_, err = tx.exec(`DELETE FROM uploads WHERE id = $1`, id)
	return true, err
}

// NewMediaKey is 128 random bits, which nobody can guess: a part of a public
// URL.
func NewMediaKey() string {
	b := make([]byte, 16)
	rand.Read(b)
	return hex.EncodeToString(b)
}
