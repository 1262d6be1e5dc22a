package mediatest_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"testing"
	"testing/iotest"

	"kinglet/internal/fault"
	"kinglet/media"
	"kinglet/media/mediatest"
	"kinglet/store"
	"kinglet/store/storetest"
)

// What every place for bytes promises.
func TestBlobs(t *testing.T) {
	t.Run("memory", func(t *testing.T) { conform(t, &mediatest.Blobs{}) })
	storetest.Each(t, func(t *testing.T, s *store.Store) { conform(t, media.InStore(s)) })
}

func conform(t *testing.T, blobs media.Blobs) {
	data := bytes.Repeat([]byte("0123456789"), 100_000)
	sum := sha256.Sum256(data)
	upload := func(data []byte) media.Upload {
		t.Helper()
		u := blobs.NewUpload(t.Context(), int64(len(data)))
		for rest := data; len(rest) > 0; rest = rest[min(len(rest), 4096):] {
			if _, err := u.Write(rest[:min(len(rest), 4096)]); err != nil {
				t.Fatal(err)
			}
		}
		return u
	}
	u := upload(data)
	if err := iotest.TestReader(u.Open(), data); err != nil || u.Size() != int64(len(data)) {
		t.Errorf("before it is kept: %d bytes, %v", u.Size(), err)
	}
	b, err := u.Keep("text/plain")
	if err != nil || b.Hash != hex.EncodeToString(sum[:]) || b.Size != int64(len(data)) || b.MediaType != "text/plain" {
		t.Fatalf("%+v %v", b, err)
	}
	if err := iotest.TestReader(blobs.Open(t.Context(), b), data); err != nil {
		t.Error(err)
	}
	if _, err := u.Keep("text/plain"); err == nil {
		t.Error("it is kept twice")
	}
	if _, err := u.Write([]byte("x")); err == nil {
		t.Error("it grows after it was kept")
	}
	u.Discard()
	if again, err := upload(data).Keep("image/png"); err != nil || again.Hash != b.Hash || again.MediaType != "text/plain" {
		t.Errorf("the same bytes again: %+v %v", again, err)
	}
	if got, err := io.ReadAll(blobs.Open(t.Context(), b)); err != nil || !bytes.Equal(got, data) {
		t.Errorf("after that: %v", err)
	}
	dropped := upload(data[1:])
	dropped.Discard()
	dropped.Discard()
	if _, err := dropped.Keep("text/plain"); err == nil {
		t.Error("what was discarded is kept")
	}
	full := upload(data[2:])
	if _, err := full.Write([]byte("x")); !fault.Is(err, fault.TooLarge) {
		t.Errorf("a byte too many: %v", err)
	}
	full.Discard()
	if empty, err := blobs.NewUpload(t.Context(), 0).Keep("text/plain"); err != nil || empty.Size != 0 {
		t.Errorf("nothing: %+v %v", empty, err)
	}
}
