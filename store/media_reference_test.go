package store_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"kinglet/internal/fault"
	"kinglet/store"
	"kinglet/store/storetest"
)

// leadsTo is the hash of the blob that a key leads to, "" when to none.
func (w *world) leadsTo(key string) (hash string) {
	w.t.Helper()
	err := w.View(w.t.Context(), func(tx *store.Tx) error {
		b, err := tx.MediaByKey(key)
		hash = b.Hash
		return err
	})
	if err != nil && !fault.Is(err, fault.NotFound) {
		w.t.Fatal(err)
	}
	return hash
}

// A picture that was replaced goes, one that is used twice stays, and a
// stranger's post that links to it does not keep it.
func TestSweepBlobs(t *testing.T) {
	storetest.EachWithClock(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		w := newWorld(t, s)
		alice, bob, mallory := w.local("alice"), w.local("bob"), w.remote("mallory")
		b := w.blob([]byte("picture"))
		w.setAvatar(alice, b)
		w.setAvatar(bob, b)
		mallory.Avatar, mallory.Header = alice.Avatar, "https://here.test/media/"+b.Hash+".png"
		w.update(func(tx *store.Tx) error { return tx.PutAccount(mallory) })
		theirs, stays := w.status(mallory, store.Public, nil), w.status(mallory, store.Public, nil)
		w.update(func(tx *store.Tx) error {
			linked := []store.Attachment{{Kind: "image", URL: bob.Avatar, RemoteURL: bob.Avatar}}
			if err := tx.PutAttachments(stays.ID, mallory.ID, linked); err != nil {
				return err
			}
			return tx.PutAttachments(theirs.ID, mallory.ID, linked)
		})
		w.setAvatar(alice, nil)
		if !w.hasBlob(b) {
			t.Fatal("bob's picture is gone")
		}
		w.update(func(tx *store.Tx) error { return tx.Bury(theirs, nil) })
		if !w.hasBlob(b) {
			t.Fatal("a stranger's Delete takes bob's picture away")
		}
		w.setAvatar(bob, nil)
		if w.hasBlob(b) {
			t.Error("a picture that only a stranger refers to is kept")
		}
		if err := s.Update(t.Context(), func(tx *store.Tx) error { return tx.SetAvatar(bob, "x", reference(b)) }); !fault.Is(err, fault.Unavailable) {
			t.Errorf("to use one that is gone: %v", err)
		}
		if err := s.Update(t.Context(), func(tx *store.Tx) error { return tx.InsertAttachment(&store.Attachment{Media: reference(b)}) }); !fault.Is(err, fault.Unavailable) {
			t.Errorf("to attach one that is gone: %v", err)
		}
		// What was uploaded and never used goes a day later, what is used stays.
		used, unused := w.blob([]byte("used")), w.blob([]byte("unused"))
		w.setAvatar(bob, used)
		w.sweepMedia()
		if !w.hasBlob(unused) {
			t.Error("what was just uploaded is gone")
		}
		clock.Advance(25 * time.Hour)
		w.sweepMedia()
		if w.hasBlob(unused) || !w.hasBlob(used) {
			t.Errorf("a day later: unused %v, used %v", w.hasBlob(unused), w.hasBlob(used))
		}
	})
}

// Every column that refers to blobs keeps the blob and leads to it by its own
// key; of two rows with the same bytes one goes without the other.
func TestMediaReferences(t *testing.T) {
	storetest.EachWithClock(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		w := newWorld(t, s)
		alice, bob := w.local("alice"), w.local("bob")
		b := w.blob(noise(3*store.ChunkSize, 1))
		preview := w.blob([]byte("preview"))
		avatar := w.setAvatar(alice, b)
		header := reference(b)
		w.update(func(tx *store.Tx) error { return tx.SetHeader(bob, "https://here.test/media/h", header) })
		o, other := w.status(alice, store.Public, nil), w.status(bob, store.Public, nil)
		first := w.attach(o.ID, alice.ID, b)[0]
		second := &store.Attachment{AccountID: bob.ID, Kind: "image", Media: reference(b), Preview: reference(preview)}
		w.update(func(tx *store.Tx) error { return tx.InsertAttachment(second) })
		if err := store.Exec(t.Context(), s, `UPDATE attachments SET status_id = $1 WHERE id = $2`, other.ID, second.ID); err != nil {
			t.Fatal(err)
		}
		lead := func(what string, want map[string]string) {
			t.Helper()
			for key, hash := range want {
				if got := w.leadsTo(key); got != hash {
					t.Errorf("%s: %s leads to %q, want %q", what, key, got, hash)
				}
			}
		}
		all := map[string]string{avatar.Key: b.Hash, header.Key: b.Hash, first.Media.Key: b.Hash, second.Media.Key: b.Hash, second.Preview.Key: preview.Hash}
		if len(all) != 5 {
			t.Fatal("two rows have the same key")
		}
		lead("at first", all)
		lead("what is no key", map[string]string{"": "", b.Hash: "", strings.ToUpper(avatar.Key): ""})
		clock.Advance(25 * time.Hour)
		w.sweepMedia()
		lead("a day later", all)
		for _, step := range []struct {
			what string
			do   func(tx *store.Tx) error
			keys []string
		}{
			{"the first post is deleted", func(tx *store.Tx) error { return tx.Bury(o, nil) }, []string{first.Media.Key}},
			{"one takes her picture away", func(tx *store.Tx) error { return tx.SetAvatar(alice, "", store.MediaRef{}) }, []string{avatar.Key}},
			{"the other post is deleted", func(tx *store.Tx) error { return tx.Bury(other, nil) }, []string{second.Media.Key, second.Preview.Key}},
		} {
			w.update(step.do)
			for _, key := range step.keys {
				all[key] = ""
			}
			lead(step.what, all)
			if !w.hasBlob(b) {
				t.Fatalf("%s: the bytes that others show are gone", step.what)
			}
		}
		if w.hasBlob(preview) {
			t.Error("a preview stays without its attachment")
		}
		w.update(func(tx *store.Tx) error { return tx.DeleteAccount(bob.ID) })
		all[header.Key] = ""
		lead("the last", all)
		if w.hasBlob(b) {
			t.Error("what nobody refers to stays")
		}
	})
}

// The list of references names every column that is one, and each is found by
// an index.
func TestListOfMediaReferences(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		var want []string
		for _, table := range []string{"accounts", "users", "objects", "attachments", "settings"} {
			columns, err := store.Columns(t.Context(), s, table)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range columns {
				if strings.HasSuffix(c, "_blob") {
					want = append(want, table+"."+c)
				}
			}
		}
		got := store.MediaReferenceColumns()
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("the list has %v, the schema %v", got, want)
		}
	})
	w := newWorld(t, storetest.SQLite(t))
	a := w.local("alice")
	b := w.blob([]byte("x"))
	w.setAvatar(a, b)
	plans, err := store.Plans(t.Context(), w.Store, func(tx *store.Tx) error {
		if _, err := tx.MediaByKey("x"); err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		if _, err := tx.MediaByOldName("x"); err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		return tx.SweepBlobs(b.Hash)
	})
	if err != nil {
		t.Fatal(err)
	}
	for query, steps := range plans {
		for _, step := range steps {
			if strings.HasPrefix(step, "SCAN") && !strings.HasPrefix(step, "SCAN r") {
				t.Errorf("%s\n%s", query, strings.Join(steps, "\n"))
			}
		}
	}
}

// What was given out before addresses were random goes on working, for as long
// as the picture that it was given out for; no other picture gets such an
// address.
func TestOldAddresses(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s)
		alice, bob, mallory := w.local("alice"), w.local("bob"), w.remote("mallory")
		b, own := w.blob(noise(5*store.ChunkSize, 1)), w.blob([]byte("own"))
		w.setAvatar(alice, b)
		w.setAvatar(bob, b)
		w.update(func(tx *store.Tx) error {
			return tx.SetHeader(bob, "https://here.test/media/"+store.NewMediaKey()+"/header.jpg", reference(own))
		})
		for { // back to the schema before
			m, err := s.MigrateDown(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if m.Version == 11 {
				break
			}
		}
		old := func(b *store.Blob, ext string) string { return b.Hash + ext }
		for _, q := range []struct{ name, want string }{{"alice", old(b, ".png")}, {"bob", old(b, ".png")}} {
			if n := w.count(fmt.Sprintf(`SELECT COUNT(*) FROM accounts WHERE username = '%s' AND avatar = 'https://here.test/media/%s'`, q.name, q.want)); n != 1 {
				t.Errorf("%s has another address in the old schema", q.name)
			}
		}
		// A stranger says that a picture of ours is theirs; an upload was cut off.
		for _, q := range []string{
			fmt.Sprintf(`UPDATE accounts SET avatar = 'https://here.test/media/%s' WHERE id = %d`, old(b, ".png"), mallory.ID),
			`INSERT INTO blobs (hash, size, media_type, created_at) VALUES ('unfinished', -1, '', 1)`,
			`INSERT INTO blob_chunks (hash, seq, data) VALUES ('unfinished', 0, ''), ('lost', 0, '')`,
		} {
			if err := store.Exec(t.Context(), s, q); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := s.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		read := func(name string) (hash string) {
			t.Helper()
			w.view(func(tx *store.Tx) error {
				found, err := tx.MediaByOldName(name)
				if fault.Is(err, fault.NotFound) {
					return nil
				}
				hash = found.Hash
				return err
			})
			return hash
		}
		var keys []string
		w.view(func(tx *store.Tx) error {
			for _, id := range []store.AccountID{alice.ID, bob.ID} {
				a, err := tx.Account(id)
				if err != nil {
					return err
				}
				key, name, _ := strings.Cut(strings.TrimPrefix(a.Avatar, "https://here.test/media/"), "/")
				if len(key) != 32 || name != "avatar.png" || strings.Contains(b.Hash, key) {
					t.Errorf("the address is now %s", a.Avatar)
				}
				keys = append(keys, key)
			}
			a, err := tx.Account(mallory.ID)
			if a.Avatar != "https://here.test/media/"+old(b, ".png") {
				t.Errorf("a stranger's words are changed to %s", a.Avatar)
			}
			return err
		})
		if keys[0] == keys[1] || w.leadsTo(keys[0]) != b.Hash || w.leadsTo(keys[1]) != b.Hash {
			t.Errorf("the keys are %v", keys)
		}
		if read(old(b, ".png")) != b.Hash || read(old(own, ".jpg")) != own.Hash || read(old(own, ".png")) != "" || read(b.Hash) != "" {
			t.Error("the old addresses lead elsewhere")
		}
		w.view(func(tx *store.Tx) error {
			found, err := tx.Blob(b.Hash)
			if err == nil && string(w.bytes(found)) != string(noise(5*store.ChunkSize, 1)) {
				t.Error("other bytes")
			}
			return err
		})
		if n := w.count(`SELECT COUNT(*) FROM blob_chunks WHERE upload IN ('unfinished', 'lost')`) + w.count(`SELECT COUNT(*) FROM blobs WHERE size < 0`); n != 0 {
			t.Errorf("%d rows of what never was a blob", n)
		}
		// It ends with the last of those that it was given out for.
		w.setAvatar(alice, nil)
		if read(old(b, ".png")) != b.Hash {
			t.Error("bob's old address ends with alice's")
		}
		w.attach(0, alice.ID, b)
		w.setAvatar(bob, nil)
		if !w.hasBlob(b) || read(old(b, ".png")) != "" {
			t.Error("an old address shows what is in a post")
		}
		w.sweepMedia()
		if n := w.count(`SELECT COUNT(*) FROM old_media`); n != 1 {
			t.Errorf("%d old addresses are kept", n)
		}
	})
}
