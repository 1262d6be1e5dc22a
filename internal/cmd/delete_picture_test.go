package cmd_test

import (
	"bytes"
	"database/sql"
	"path/filepath"
	"strings"
	"testing"

	"kinglet/store"
)

// A command that deletes leaves no bytes of large pictures for the server's
// next hour: SECURITY-RULES 43.
func TestDeletedAccountLeavesNoBytes(t *testing.T) {
	sh := newShell(t)
	sh.run("account", "create", "alice", "--email", "a@example.org", "--password", "correct horse")
	path, _ := strings.CutPrefix(sh.environ[1], "KINGLET_DATABASE=")
	s, err := store.Open(t.Context(), store.Options{Database: filepath.Clean(path), MustExist: true})
	if err != nil {
		t.Fatal(err)
	}
	u := s.NewUpload(t.Context(), 1<<30)
	if _, err := u.Write(bytes.Repeat([]byte("0123456789abcdef"), 128<<10)); err != nil {
		t.Fatal(err)
	}
	b, err := u.Keep("image/png")
	if err != nil {
		t.Fatal(err)
	}
	err = s.Update(t.Context(), func(tx *store.Tx) error {
		a, err := tx.AccountByHandle("alice", "")
		if err != nil {
			return err
		}
		return tx.SetAvatar(a, "https://a.test/media/x/avatar.png", store.MediaRef{Key: store.NewMediaKey(), Blob: b.Hash})
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	sh.run("account", "delete", "alice", "--yes")
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var blobs, chunks int
	if err := db.QueryRow(`SELECT (SELECT COUNT(*) FROM blobs), (SELECT COUNT(*) FROM blob_chunks)`).Scan(&blobs, &chunks); err != nil {
		t.Fatal(err)
	}
	if blobs+chunks > 0 {
		t.Errorf("%d blobs and %d chunks are left", blobs, chunks)
	}
}
