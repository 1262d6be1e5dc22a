// Package mediatest is the test double of media.Blobs: bytes in memory.
package mediatest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"sync"

	"kinglet/internal/fault"
	"kinglet/media"
	"kinglet/store"
)

// Blobs stores bytes in memory. The zero value is empty and ready.
type Blobs struct {
	mu    sync.Mutex
	bytes map[string][]byte
	types map[string]string
	open  int
}

// Open reads a blob; one that is not there is empty.
func (m *Blobs) Open(_ context.Context, b *store.Blob) io.ReadSeeker {
	m.mu.Lock()
	defer m.mu.Unlock()
	return bytes.NewReader(m.bytes[b.Hash])
}

// NewUpload takes bytes, max at most.
func (m *Blobs) NewUpload(_ context.Context, max int64) media.Upload {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.open++
	return &upload{blobs: m, max: max}
}

// Unfinished is how many uploads were neither kept nor discarded.
func (m *Blobs) Unfinished() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.open
}

type upload struct {
	blobs *Blobs
	max   int64
	data  []byte
	ended bool
}

func (u *upload) Write(p []byte) (int, error) {
	if u.ended {
		return 0, errors.New("write to a closed upload")
	}
	if int64(len(u.data)+len(p)) > u.max {
		return 0, fault.Errorf(fault.TooLarge, "The file is larger than %d bytes", u.max)
	}
	u.data = append(u.data, p...)
	return len(p), nil
}

func (u *upload) Size() int64         { return int64(len(u.data)) }
func (u *upload) Open() io.ReadSeeker { return bytes.NewReader(u.data) }

func (u *upload) Keep(mediaType string) (*store.Blob, error) {
	if u.ended {
		return nil, errors.New("keep a closed upload")
	}
	u.end()
	m := u.blobs
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.bytes == nil {
		m.bytes, m.types = map[string][]byte{}, map[string]string{}
	}
	sum := sha256.Sum256(u.data)
	hash := hex.EncodeToString(sum[:])
	if m.bytes[hash] == nil {
		m.bytes[hash], m.types[hash] = bytes.Clone(u.data), mediaType
	}
	return &store.Blob{Hash: hash, Size: u.Size(), MediaType: m.types[hash]}, nil
}

func (u *upload) Discard() { u.end() }

func (u *upload) end() {
	if u.ended {
		return
	}
	u.ended = true
	u.blobs.mu.Lock()
	defer u.blobs.mu.Unlock()
	u.blobs.open--
}
