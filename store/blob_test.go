package store_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"kinglet/internal/fault"
	"kinglet/store"
	"kinglet/store/engine"
	"kinglet/store/storetest"
)

// noise is n bytes that are the same for the same seed.
func noise(n int, seed byte) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{seed}).Read(b)
	return b
}

// blob keeps bytes that no row refers to yet.
func (w *world) blob(data []byte) *store.Blob {
	w.t.Helper()
	u := w.upload(data)
	b, err := u.Keep("image/png")
	if err != nil {
		w.t.Fatal(err)
	}
	return b
}

func (w *world) upload(data []byte) *store.Upload {
	w.t.Helper()
	u := w.NewUpload(w.t.Context(), 1<<30)
	if _, err := u.Write(data); err != nil {
		w.t.Fatal(err)
	}
	return u
}

// bytes reads a blob.
func (w *world) bytes(b *store.Blob) []byte {
	w.t.Helper()
	got, err := io.ReadAll(w.OpenBlob(w.t.Context(), b))
	if err != nil {
		w.t.Fatal(err)
	}
	return got
}

func (w *world) count(query string) int64 {
	w.t.Helper()
	n, err := store.Count(w.t.Context(), w.Store, query)
	if err != nil {
		w.t.Fatal(err)
	}
	return n
}

func TestBlobs(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s)
		for name, size := range map[string]int{
			"empty": 0, "one byte": 1, "a chunk": store.ChunkSize, "a byte more": store.ChunkSize + 1, "three and a bit": 3*store.ChunkSize + 1000,
		} {
			data := noise(size, 1)
			sum := sha256.Sum256(data)
			u := s.NewUpload(t.Context(), int64(size))
			for rest := data; len(rest) > 0; { // as a request brings it
				n := min(len(rest), 32<<10)
				if _, err := u.Write(rest[:n]); err != nil {
					t.Fatal(name, err)
				}
				rest = rest[n:]
			}
			if err := iotest.TestReader(u.Open(), data); err != nil || u.Size() != int64(size) {
				t.Errorf("%s, before it is kept: %d bytes, %v", name, u.Size(), err)
			}
			b, err := u.Keep("image/png")
			if err != nil || b.Hash != hex.EncodeToString(sum[:]) || b.Size != int64(size) || b.MediaType != "image/png" || b.CreatedAt.IsZero() {
				t.Errorf("%s: %+v %v", name, b, err)
			}
			if err := iotest.TestReader(s.OpenBlob(t.Context(), b), data); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			u.Discard() // too late to mean anything
			if _, err := u.Write([]byte("more")); err == nil {
				t.Errorf("%s: it grows after it was kept", name)
			}
			w.view(func(tx *store.Tx) error { _, err := tx.Blob(b.Hash); return err })
		}
		if n := w.count(`SELECT COUNT(*) FROM uploads`); n != 0 {
			t.Errorf("%d uploads are left", n)
		}
	})
}

// A file that fits a chunk costs one transaction, and the same again none more.
func TestSmallBlobIsOneTransaction(t *testing.T) {
	if engine.RunTwice {
		t.Skip("each statement runs twice")
	}
	w := newWorld(t, storetest.SQLite(t))
	for _, c := range []struct {
		name       string
		statements int64
	}{{"new", 2}, {"known", 3}} {
		before := w.Statements()
		w.blob(noise(store.ChunkSize, 12))
		if n := w.Statements() - before; n != c.statements {
			t.Errorf("%s: %d statements", c.name, n)
		}
	}
}

func TestSameBytesAreKeptOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s)
		data := noise(2*store.ChunkSize+7, 3)
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				u := s.NewUpload(t.Context(), 1<<30)
				if _, err := u.Write(data); err != nil {
					t.Error(err)
				}
				if _, err := u.Keep("image/png"); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		b, err := w.upload(data).Keep("text/plain")
		if err != nil || b.MediaType != "image/png" || !bytes.Equal(w.bytes(b), data) {
			t.Errorf("again: %+v %v", b, err)
		}
		if err := s.SweepUploads(t.Context()); err != nil {
			t.Fatal(err)
		}
		if blobs, chunks := w.count(`SELECT COUNT(*) FROM blobs`), w.count(`SELECT COUNT(*) FROM blob_chunks`); blobs != 1 || chunks != 3 {
			t.Errorf("%d blobs, %d chunks", blobs, chunks)
		}
	})
}

func TestUploadTooLarge(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		u := s.NewUpload(t.Context(), 1000)
		if _, err := u.Write(noise(1000, 4)); err != nil {
			t.Errorf("just so: %v", err)
		}
		if _, err := u.Write([]byte("x")); !fault.Is(err, fault.TooLarge) {
			t.Errorf("a byte too many: %v", err)
		}
	})
}

// While a large file arrives, its chunks are short transactions: what others
// write meanwhile is not behind it, and what is not kept leaves nothing.
func TestUploadsThatDontEnd(t *testing.T) {
	storetest.EachWithClock(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		w := newWorld(t, s)
		data := noise(7*store.ChunkSize, 8)
		sweep := func(what string, want int64) {
			t.Helper()
			if err := s.SweepUploads(t.Context()); err != nil {
				t.Fatal(err)
			}
			if n := w.count(`SELECT COUNT(*) FROM blob_chunks`); n != want {
				t.Errorf("%s: %d chunks", what, n)
			}
		}
		w.blob(data[:store.ChunkSize])
		w.upload(data).Discard()
		if !store.NextTidy(s) {
			t.Error("nobody is told to delete the rest of what was discarded")
		}
		sweep("discarded", 1)
		// The client or the server is cut off: nobody discards it.
		cutOff, goesOn := w.upload(data), w.upload(data)
		sweep("at once", 1+6+6)
		clock.Advance(store.UploadTime / 2)
		if _, err := goesOn.Write(data[:store.ChunkSize]); err != nil {
			t.Fatal(err)
		}
		clock.Advance(store.UploadTime/2 + time.Second)
		sweep("after an hour", 1+7)
		if _, err := cutOff.Write(data); !fault.Is(err, fault.Unavailable) {
			t.Errorf("what was swept goes on: %v", err)
		}
		cutOff = w.upload(data)
		clock.Advance(2 * store.UploadTime)
		sweep("both", 1)
		if _, err := cutOff.Keep("image/png"); !fault.Is(err, fault.Unavailable) {
			t.Errorf("what was swept is kept: %v", err)
		}
		if blobs, uploads := w.count(`SELECT COUNT(*) FROM blobs`), w.count(`SELECT COUNT(*) FROM uploads`); blobs != 1 || uploads != 0 {
			t.Errorf("%d blobs, %d uploads", blobs, uploads)
		}
	})
}

// A client that leaves in the middle of its upload.
func TestUploadOfAClientThatLeaves(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s)
		ctx, leave := context.WithCancel(t.Context())
		u := s.NewUpload(ctx, 1<<30)
		if _, err := u.Write(noise(2*store.ChunkSize, 1)); err != nil {
			t.Fatal(err)
		}
		leave()
		if _, err := u.Write(noise(2*store.ChunkSize, 2)); err == nil {
			t.Error("it is written for nobody")
		}
		u.Discard()
		if n := w.count(`SELECT COUNT(*) FROM blob_chunks`) + w.count(`SELECT COUNT(*) FROM uploads`); n != 0 {
			t.Errorf("%d rows are left", n)
		}
	})
}

func TestBlobDeleted(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s)
		data := noise(10*store.ChunkSize, 6)
		b, stays := w.blob(data), w.blob(noise(10, 7))
		r := s.OpenBlob(t.Context(), b)
		if _, err := io.ReadFull(r, make([]byte, 10)); err != nil {
			t.Fatal(err)
		}
		w.update(func(tx *store.Tx) error { return store.DeleteBlob(tx, b.Hash) })
		w.update(func(tx *store.Tx) error { return store.DeleteBlob(tx, b.Hash) })
		// No transaction deletes all of it.
		if n := w.count(`SELECT COUNT(*) FROM blob_chunks`); n != 1+10-store.ChunksAtOnce {
			t.Errorf("%d chunks are left at first", n)
		}
		if _, err := io.ReadAll(r); !fault.Is(err, fault.NotFound) {
			t.Errorf("who was reading: %v", err)
		}
		if err := s.View(t.Context(), func(tx *store.Tx) error { _, err := tx.Blob(b.Hash); return err }); !fault.Is(err, fault.NotFound) {
			t.Errorf("who comes after: %v", err)
		}
		again := w.blob(data) // while the bytes of the old one are still going
		if !store.NextTidy(s) {
			t.Error("nobody is told to delete the rest")
		}
		if err := s.SweepUploads(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := w.count(`SELECT COUNT(*) FROM blob_chunks`); n != 1+10 {
			t.Errorf("%d chunks in the end", n)
		}
		if !bytes.Equal(w.bytes(again), data) || len(w.bytes(stays)) != 10 {
			t.Error("other bytes")
		}
	})
}

// A range costs the chunks that it touches, and no more.
func TestBlobRangeReadsItsChunks(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s)
		data := noise(8*store.ChunkSize, 2)
		b := w.blob(data)
		for _, c := range []struct {
			name      string
			off, size int64
			chunks    int64
		}{
			{"within one", 3*store.ChunkSize + 5, 100, 1},
			{"over the edge of two", 4*store.ChunkSize - 5, 10, 2},
			{"the end", 8*store.ChunkSize - 1, 1, 1},
		} {
			var statements atomic.Int64
			ctx := engine.WithTrace(t.Context(), func(string, []any) { statements.Add(1) })
			r := s.OpenBlob(ctx, b)
			if _, err := r.Seek(c.off, io.SeekStart); err != nil {
				t.Fatal(err)
			}
			got := make([]byte, c.size)
			if _, err := io.ReadFull(iotest.OneByteReader(r), got); err != nil || !bytes.Equal(got, data[c.off:c.off+c.size]) {
				t.Errorf("%s: other bytes: %v", c.name, err)
			}
			if statements.Load() != c.chunks {
				t.Errorf("%s: %d chunks were read", c.name, statements.Load())
			}
		}
	})
}
