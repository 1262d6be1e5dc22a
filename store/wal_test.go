package store_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"kinglet/store"
	"kinglet/store/storetest"
)

// erase writes a status with the secret and buries it.
func (w *world) erase() {
	w.t.Helper()
	author := w.local(fmt.Sprint("author", serial.Add(1)))
	o := w.status(author, store.Public, func(o *store.Object) { o.Content = secret })
	w.update(func(tx *store.Tx) error { return tx.Bury(o, nil) })
}

func (w *world) filesHave() bool {
	w.t.Helper()
	b, err := store.Files(w.Store)
	if err != nil {
		w.t.Fatal(err)
	}
	return bytes.Contains(b, []byte(secret))
}

// While somebody reads the log can't be truncated, and writing goes on; it is
// when he is done.
func TestLogInUseIsTruncatedLater(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t))
	w.untilTruncation("the log is not truncated at the start", func(_, truncated int64) bool { return truncated > 0 })
	reading, read, ended := make(chan struct{}), make(chan struct{}), make(chan error)
	go func() {
		ended <- w.View(t.Context(), func(tx *store.Tx) error {
			_, err := tx.LocalAccounts()
			close(reading)
			<-read
			return err
		})
	}()
	<-reading
	w.erase()
	w.local("while-reading")
	w.untilTruncation("it is not tried again", func(tried, _ int64) bool { return tried > 6 })
	if !w.filesHave() {
		t.Error("nothing was in the log to begin with")
	}
	close(read)
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if w.inFiles() {
		t.Error("it stays in the log")
	}
}

// A process that was killed before the log was truncated leaves it to the next.
func TestLogIsTruncatedAtOpen(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t))
	path := filepath.Join(t.TempDir(), "copy.db")
	if err := w.View(t.Context(), func(tx *store.Tx) error {
		if _, err := tx.LocalAccounts(); err != nil {
			return err
		}
		w.erase()
		return store.CopyFiles(w.Store, path)
	}); err != nil {
		t.Fatal(err)
	}
	log, err := os.ReadFile(path + "-wal")
	if err != nil || !bytes.Contains(log, []byte(secret)) {
		t.Fatal("nothing was in the log to begin with", err)
	}
	s, err := store.Open(t.Context(), store.Options{Database: path})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if newWorld(t, s).inFiles() {
		t.Error("it stays in the log")
	}
}

// What ends at once truncates what it erased, when it can: another command
// than the server.
func TestLogIsTruncatedAtClose(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kinglet.db")
	server, err := store.Open(t.Context(), store.Options{Database: path})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	if _, err := server.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	command, err := store.Open(t.Context(), store.Options{Database: path})
	if err != nil {
		t.Fatal(err)
	}
	newWorld(t, command).erase()
	if err := command.Close(); err != nil {
		t.Fatal(err)
	}
	if newWorld(t, server).filesHave() {
		t.Error("it stays in the log")
	}
}

func TestEditLeavesNoTrace(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s)
		o := w.status(w.local("author"), store.Public, func(o *store.Object) {
			o.Content, o.SpoilerText, o.Tags, o.JSON = secret, secret, []string{secret}, []byte(`{"content":"`+secret+`"}`)
		})
		o.Content, o.SpoilerText, o.Tags, o.JSON = "another", "", nil, []byte("{}")
		w.update(func(tx *store.Tx) error {
			if err := tx.UpdateStatus(o); err != nil {
				return err
			}
			return tx.PutTags(o.ID, nil)
		})
		if l := w.traces(); len(l) > 0 || w.inFiles() {
			t.Errorf("it stands in %v", l)
		}
	})
}

// A database in which an older Kinglet deleted is cleared by the migration,
// and counts no direct posts.
func TestMigrationOfDeletedTexts(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s)
		author, gone := w.local("author"), w.local("gone")
		deleted, live := w.status(author, store.Public, nil), w.status(author, store.Public, func(o *store.Object) { o.Content = "stays" })
		direct := w.status(author, store.Direct, nil)
		theirs := w.status(gone, store.Public, nil)
		w.attach(deleted.ID, author.ID, w.blob([]byte("x")))
		w.update(func(tx *store.Tx) error {
			for i, a := range []store.Object{
				{AccountID: author.ID, Type: "Create", ObjectURI: deleted.URI},
				{AccountID: author.ID, Type: "Create", ObjectURI: live.URI, JSON: []byte(`{"object":"stays"}`)},
				{AccountID: gone.ID, Type: "Create", ObjectURI: theirs.URI},
				{AccountID: gone.ID, Type: "Update", ObjectURI: gone.URI},
				{AccountID: gone.ID, Type: "Delete", ObjectURI: gone.URI, JSON: []byte(`{"object":"ids"}`)},
			} {
				a.URI, a.Local = fmt.Sprint("activity", i), true
				if a.JSON == nil {
					a.JSON = []byte(secret)
				}
				if _, err := tx.InsertObject(&a); err != nil {
					return err
				}
			}
			return nil
		})
		for version := 0; version != 5; {
			m, err := s.MigrateDown(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			version = m.Version
		}
		w.plant("objects", fmt.Sprint("id IN (", deleted.ID, ",", theirs.ID, ")"))
		w.plant("accounts", fmt.Sprint("id = ", gone.ID))
		w.plant("users", fmt.Sprint("account_id = ", gone.ID))
		for _, q := range []string{
			fmt.Sprint(`UPDATE objects SET deleted_at = 7, type = 'Tombstone', json = 'ids' WHERE id IN (`, deleted.ID, `,`, theirs.ID, `)`),
			fmt.Sprint(`UPDATE accounts SET deleted_at = 7 WHERE id = `, gone.ID),
			`UPDATE accounts SET statuses_count = 40`,
			// What later deletions end, and is not this migration's.
			fmt.Sprint(`UPDATE users SET password_hash = '', email = 'deleted' WHERE account_id = `, gone.ID),
		} {
			if err := store.Exec(t.Context(), s, q); err != nil {
				t.Fatal(err)
			}
		}
		if len(w.traces()) < 10 {
			t.Fatal("nothing is there to begin with")
		}
		if _, err := s.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		if l := w.traces(); len(l) > 0 {
			t.Errorf("it stands in %v", l)
		}
		for what, query := range map[string]string{
			"the live post": fmt.Sprint(`id = `, live.ID, ` AND content = 'stays' AND deleted_at = 0`), "its Create": `uri = 'activity1' AND json <> '' AND deleted_at = 0`,
			"the Delete to be delivered": `uri = 'activity4' AND json <> '' AND deleted_at = 0`, "the direct post": fmt.Sprint(`id = `, direct.ID, ` AND content <> ''`),
			"the deleted post's ids": fmt.Sprint(`id = `, deleted.ID, ` AND uri = '`, deleted.URI, `' AND json = 'ids'`),
		} {
			if n := w.count(`SELECT COUNT(*) FROM objects WHERE ` + query); n != 1 {
				t.Errorf("%s is gone", what)
			}
		}
		if n := w.count(fmt.Sprint(`SELECT statuses_count FROM accounts WHERE id = `, author.ID)); n != 1 {
			t.Errorf("%d posts are counted", n)
		}
	})
}
