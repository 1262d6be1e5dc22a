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

func (w *world) blob(data []byte) *store.Blob {
	w.t.Helper()
	b, err := w.PutBlob(w.t.Context(), bytes.NewReader(data), "image/png", 1<<30)
	if err != nil {
		w.t.Fatal(err)
	}
	return b
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
			b := w.blob(data)
			if b.Hash != hex.EncodeToString(sum[:]) || b.Size != int64(size) || b.MediaType != "image/png" || b.CreatedAt.IsZero() {
				t.Errorf("%s: %+v", name, b)
			}
			r, err := s.BlobReader(t.Context(), b.Hash)
			if err != nil {
				t.Fatal(name, err)
			}
			if r.Size != int64(size) {
				t.Errorf("%s: the reader has size %d", name, r.Size)
			}
			if err := iotest.TestReader(r, data); err != nil {
				t.Errorf("%s: %v", name, err)
			}
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
			ctx := store.WithStatementCount(t.Context(), &statements)
			r, err := s.BlobReader(ctx, b.Hash)
			if err != nil {
				t.Fatal(err)
			}
			statements.Store(0)
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

func TestSameBytesAreKeptOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s)
		data := noise(2*store.ChunkSize+7, 3)
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				if _, err := s.PutBlob(t.Context(), bytes.NewReader(data), "image/png", 1<<30); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		before := s.Statements()
		b, err := s.PutBlob(t.Context(), bytes.NewReader(data), "text/plain", 1<<30)
		once := int64(1) // look
		if engine.RunTwice {
			once = 2
		}
		if err != nil || b.MediaType != "image/png" || s.Statements()-before != once {
			t.Errorf("again: %+v %v, %d statements", b, err, s.Statements()-before)
		}
		w.view(func(tx *store.Tx) error { _, err := tx.Blob(b.Hash); return err })
		r, err := s.BlobReader(t.Context(), b.Hash)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, data) {
			t.Errorf("other bytes: %v", err)
		}
	})
}

func TestBlobTooLarge(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		data := noise(1000, 4)
		if _, err := s.PutBlob(t.Context(), bytes.NewReader(data), "", 999); !fault.Is(err, fault.Invalid) {
			t.Errorf("a byte too many: %v", err)
		}
		if _, err := s.PutBlob(t.Context(), bytes.NewReader(data), "", 1000); err != nil {
			t.Errorf("just so: %v", err)
		}
	})
}

// turncoat gives other bytes from the second reading on.
type turncoat struct {
	*bytes.Reader
	second []byte
	seeks  int
}

func (r *turncoat) Seek(offset int64, whence int) (int64, error) {
	if r.seeks++; r.seeks == 2 {
		r.Reader = bytes.NewReader(r.second)
	}
	return r.Reader.Seek(offset, whence)
}

// Bytes are kept under their own hash or not at all, and what was begun does
// not stand in the way of who brings the right ones.
func TestBlobThatChanges(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s)
		first := noise(2*store.ChunkSize, 5)
		sum := sha256.Sum256(first)
		hash := hex.EncodeToString(sum[:])
		other := bytes.Clone(first)
		other[len(other)-1]++
		for name, second := range map[string][]byte{"other": other, "shorter": first[:store.ChunkSize], "longer": append(bytes.Clone(first), 1)} {
			_, err := s.PutBlob(t.Context(), &turncoat{Reader: bytes.NewReader(first), second: second}, "", 1<<30)
			if err == nil {
				t.Errorf("%s: it was kept", name)
			}
			if _, err := s.BlobReader(t.Context(), hash); !fault.Is(err, fault.NotFound) {
				t.Errorf("%s: it can be read: %v", name, err)
			}
		}
		if b := w.blob(first); b.Hash != hash || b.Size != int64(len(first)) {
			t.Errorf("%+v", b)
		}
	})
}

func TestBlobDeleted(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s)
		data := noise(3*store.ChunkSize, 6)
		b, stays := w.blob(data), w.blob(noise(10, 7))
		r, err := s.BlobReader(t.Context(), b.Hash)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(r, make([]byte, 10)); err != nil {
			t.Fatal(err)
		}
		w.update(func(tx *store.Tx) error { return tx.DeleteBlob(b.Hash) })
		w.update(func(tx *store.Tx) error { return tx.DeleteBlob(b.Hash) })
		if _, err := io.ReadAll(r); !fault.Is(err, fault.NotFound) {
			t.Errorf("who was reading: %v", err)
		}
		if _, err := s.BlobReader(t.Context(), b.Hash); !fault.Is(err, fault.NotFound) {
			t.Errorf("who comes after: %v", err)
		}
		w.view(func(tx *store.Tx) error { _, err := tx.Blob(stays.Hash); return err })
		if b := w.blob(data); b.Size != int64(len(data)) {
			t.Errorf("brought again: %+v", b)
		}
	})
}

// cut does something once, after the first chunk of the second reading.
type cut struct {
	io.ReadSeeker
	do    func()
	seeks int
	read  int
}

func (r *cut) Seek(offset int64, whence int) (int64, error) {
	r.seeks++
	return r.ReadSeeker.Seek(offset, whence)
}

func (r *cut) Read(p []byte) (int, error) {
	n, err := r.ReadSeeker.Read(p)
	if r.seeks == 2 {
		if r.read += n; r.read > store.ChunkSize && r.do != nil {
			r.do()
			r.do = nil
		}
	}
	return n, err
}

// What an upload that never ended has left goes a day later.
func TestAbandonedBlob(t *testing.T) {
	storetest.EachWithClock(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		w := newWorld(t, s)
		data := noise(3*store.ChunkSize, 8)
		kept := w.blob(noise(store.ChunkSize+1, 9))
		owner := w.local("owner")
		owner.Avatar = "https://here.test/media/" + kept.Hash + ".png"
		w.update(func(tx *store.Tx) error { return tx.PutAccount(owner) })
		ctx, cancel := context.WithCancel(t.Context())
		if _, err := s.PutBlob(ctx, &cut{ReadSeeker: bytes.NewReader(data), do: cancel}, "", 1<<30); err == nil {
			t.Fatal("it was kept")
		}
		chunks := func(when string, want int64) {
			t.Helper()
			if n := w.count(`SELECT COUNT(*) FROM blob_chunks`); n != want {
				t.Errorf("%s: %d chunks", when, n)
			}
		}
		deleted := noise(2*store.ChunkSize, 10)
		sum := sha256.Sum256(deleted)
		remove := func() {
			w.update(func(tx *store.Tx) error { return tx.DeleteBlob(hex.EncodeToString(sum[:])) })
		}
		if _, err := s.PutBlob(t.Context(), &cut{ReadSeeker: bytes.NewReader(deleted), do: remove}, "", 1<<30); !fault.Is(err, fault.Unavailable) {
			t.Errorf("deleted while it was written: %v", err)
		}
		chunks("at once", 4)
		w.cleanUp()
		chunks("within the day", 3)
		clock.Advance(25 * time.Hour)
		w.cleanUp()
		chunks("after a day", 2)
		if n := w.count(`SELECT COUNT(*) FROM blobs`); n != 1 {
			t.Errorf("%d blobs", n)
		}
	})
}
