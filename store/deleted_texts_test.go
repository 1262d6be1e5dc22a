package store_test

import (
	"fmt"
	"testing"

	"kinglet/store"
	"kinglet/store/storetest"
)

func TestEditLeavesNoTrace(t *testing.T) {
	eachErasing(t, func(t *testing.T, w *world, _ *storetest.Clock) {
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
