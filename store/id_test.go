package store_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"kinglet/store"
	"kinglet/store/storetest"
)

// beginIDs has the low bits of the ids that a store gives begin again, as those
// of another node may.
func beginIDs(s *store.Store) {
	const lowBits = 1<<16 - 1
	for s.NewID(s.Now())&lowBits != lowBits {
	}
}

// Two nodes that give the same ids in the same millisecond lose nothing: every
// row of both is there, under ids of its own.
func TestIDCollisionOfTwoNodes(t *testing.T) {
	storetest.EachDatabase(t, func(t *testing.T, database string) {
		clock := storetest.NewClock()
		o := store.Options{Database: database, Now: clock.Now}
		nodes := []*store.Store{storetest.Open(t, o), storetest.Open(t, o)}
		w := newWorld(t, nodes[0])
		people := []*store.Account{w.local("alice"), w.local("bob")}
		status := w.status(people[0], store.Public, nil)
		clock.Advance(time.Second)
		for table, insert := range map[string]func(tx *store.Tx, who *store.Account, n int) error{
			"jobs": func(tx *store.Tx, _ *store.Account, n int) error {
				return tx.Enqueue(store.NewJob{Kind: "k", Lane: "l", UniqueKey: fmt.Sprint("u", n)})
			},
			"accounts": func(tx *store.Tx, _ *store.Account, n int) error {
				name := fmt.Sprint("r", n)
				return tx.PutAccount(&store.Account{URI: "https://there.test/" + name, Username: name, Domain: "there.test", Type: "Person"})
			},
			"objects": func(tx *store.Tx, who *store.Account, n int) error {
				_, err := tx.InsertObject(&store.Object{URI: fmt.Sprint("https://here.test/o/", n), Type: "Like", AccountID: who.ID})
				return err
			},
			"favourites": func(tx *store.Tx, who *store.Account, _ int) error {
				_, err := tx.PutFavourite(who.ID, status.ID, "")
				return err
			},
			"bookmarks": func(tx *store.Tx, who *store.Account, _ int) error { return tx.PutBookmark(who.ID, status.ID) },
			"pins": func(tx *store.Tx, who *store.Account, _ int) error {
				_, err := tx.PutPin(who.ID, status.ID, 5)
				return err
			},
			"follows": func(tx *store.Tx, who *store.Account, n int) error {
				_, err := tx.PutFollow(&store.Follow{AccountID: who.ID, TargetID: people[1-n].ID})
				return err
			},
			"blocks": func(tx *store.Tx, who *store.Account, n int) error {
				_, err := tx.PutBlock(who.ID, store.AccountID(99+n), "")
				return err
			},
			"mutes": func(tx *store.Tx, who *store.Account, n int) error {
				return tx.PutMute(who.ID, people[1-n].ID, false, time.Time{})
			},
			"notifications": func(tx *store.Tx, who *store.Account, n int) error {
				_, err := tx.Notify(&store.Notification{AccountID: who.ID, Type: "status", From: people[1-n].ID})
				return err
			},
			"oauth_apps": func(tx *store.Tx, _ *store.Account, n int) error {
				return tx.InsertApp(&store.App{ClientID: fmt.Sprint(n)})
			},
			"oauth_tokens": func(tx *store.Tx, who *store.Account, n int) error {
				return tx.InsertToken(&store.Token{Hash: fmt.Sprint(n), AccountID: who.ID})
			},
			"attachments": func(tx *store.Tx, who *store.Account, n int) error {
				return tx.PutAttachments(store.ObjectID(n+1), who.ID, []store.Attachment{{Kind: "image", RemoteURL: "a"}})
			},
		} {
			before := w.count(`SELECT COUNT(*) FROM ` + table)
			for n, s := range nodes {
				beginIDs(s)
				if err := s.Update(t.Context(), func(tx *store.Tx) error { return insert(tx, people[n], n) }); err != nil {
					t.Errorf("%s of node %d: %v", table, n, err)
				}
			}
			if n := w.count(`SELECT COUNT(*) FROM `+table) - before; n != 2 {
				t.Errorf("%s: %d of two rows are there", table, n)
			}
		}
	})
}

// A status that brings its own id, as it stands in its URL, is told that the
// id is taken, so that its author's server makes another.
func TestIDThatIsTaken(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s)
		o := w.status(w.local("alice"), store.Public, nil)
		other := &store.Object{ID: o.ID, URI: "https://here.test/other", Type: "Note"}
		err := s.Update(t.Context(), func(tx *store.Tx) error { _, err := tx.InsertObject(other); return err })
		if !errors.Is(err, store.ErrIDTaken) {
			t.Error(err)
		}
	})
}

// What a transaction gave to an entity is taken back when it fails.
func TestFailureLeavesNothingInMemory(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		alice := newWorld(t, s).local("alice")
		a := &store.Account{URI: "https://there.test/a", Username: "a", Domain: "there.test", Type: "Person"}
		o := &store.Object{URI: "https://there.test/o", Type: "Note", AccountID: alice.ID}
		f := &store.Follow{AccountID: alice.ID, TargetID: alice.ID}
		n := &store.Notification{AccountID: alice.ID, Type: "follow", From: 1}
		app, token := &store.App{ClientID: "c"}, &store.Token{Hash: "h"}
		no := errors.New("no")
		err := s.Update(t.Context(), func(tx *store.Tx) error {
			_, err1 := tx.InsertObject(o)
			_, err2 := tx.PutFollow(f)
			_, err3 := tx.Notify(n)
			if err := errors.Join(tx.PutAccount(a), err1, err2, err3, tx.InsertApp(app), tx.InsertToken(token)); err != nil {
				return err
			}
			if a.ID == 0 || o.ID == 0 || f.ID == 0 || n.ID == 0 || app.ID == 0 || token.ID == 0 {
				t.Error("no id was given")
			}
			tx.AfterCommit(func() { t.Error("there was no commit") })
			return no
		})
		if !errors.Is(err, no) {
			t.Fatal(err)
		}
		if a.ID != 0 || !a.CreatedAt.IsZero() || o.ID != 0 || !o.PublishedAt.IsZero() || f.ID != 0 || n.ID != 0 || app.ID != 0 || token.ID != 0 {
			t.Errorf("%+v %+v %+v %+v %+v %+v", a, o, f, n, app, token)
		}
	})
}

// Boosts that stood together before there was a constraint become one, and the
// counters are right again.
func TestMigrationOfDoubleBoosts(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s)
		alice, bob := w.local("alice"), w.local("bob")
		w.follow(alice, bob)
		o, untouched := w.status(alice, store.Public, nil), w.status(alice, store.Public, nil)
		// What is written is of this version's schema, but for the constraint.
		for _, q := range []string{"DROP INDEX objects_boost", "CREATE INDEX objects_boost ON objects (account_id, reblog_of_id)"} {
			if err := store.Exec(t.Context(), s, q); err != nil {
				t.Fatal(err)
			}
		}
		boosted := func(o *store.Object) func(b *store.Object) {
			return func(b *store.Object) { b.Type, b.ReblogOfID, b.ObjectURI = "Announce", o.ID, o.URI }
		}
		first := w.status(bob, store.Public, boosted(o))
		w.status(bob, store.Public, boosted(o))
		w.status(bob, store.Public, boosted(o))
		w.status(bob, store.Public, boosted(untouched))
		for version := 0; version != 6; {
			m, err := s.MigrateDown(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			version = m.Version
		}
		if _, err := s.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		recount(t, s)
		if n := w.count(`SELECT COUNT(*) FROM objects WHERE reblog_of_id <> 0 AND deleted_at = 0`); n != 2 {
			t.Errorf("%d boosts stand", n)
		}
		w.view(func(tx *store.Tx) error {
			if b, err := tx.ActivityOn(bob.ID, "Announce", o.URI); err != nil || b.ID != first.ID {
				t.Errorf("%v %v", b, err)
			}
			return nil
		})
	})
}
