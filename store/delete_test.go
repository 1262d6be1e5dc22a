package store_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"kinglet/internal/fault"
	"kinglet/store"
	"kinglet/store/storetest"
)

// secret is what must be nowhere once it is deleted.
const secret = "Xyzzy"

// idColumns may keep what they have after a deletion: ids, URIs, names that
// nobody else may take, and what is no text of a person's.
var idColumns = map[string]string{
	"accounts":    "id uri handle username domain actor_type url inbox shared_inbox outbox followers_uri following_uri featured_uri key_id public_key",
	"users":       "account_id private_key ed25519_key default_visibility default_language",
	"objects":     "id uri type object_uri in_reply_to_uri context",
	"attachments": "id remote_url",
}

// listColumns hold JSON.
var listColumns = map[string]string{
	"fields": `[{"name":"` + secret + `","value":"` + secret + `"}]`, "fields_source": `[{"name":"` + secret + `","value":"` + secret + `"}]`,
	"policy":    `{"quote":{"automatic":["` + secret + `"]}}`,
	"poll":      `{"options":[{"title":"` + secret + `","votes":1}]}`,
	"reactions": `[{"name":"` + secret + `","count":1}]`,
	"emojis":    `[{"shortcode":"` + secret + `","url":"x"}]`, "also_known_as": `["` + secret + `"]`, "tags": `["` + secret + `"]`,
	"to_uris": `["` + secret + `"]`, "cc_uris": `["` + secret + `"]`,
}

// plant writes the secret into every column of text of the rows of a table
// that is not one of its idColumns.
func (w *world) plant(table, where string) {
	w.t.Helper()
	columns, err := store.Columns(w.t.Context(), w.Store, table)
	if err != nil {
		w.t.Fatal(err)
	}
	types := map[string]bool{}
	err = store.EachValue(w.t.Context(), w.Store, func(tab, column, value string) {
		if tab == table && strings.Trim(value, "-0123456789.") == "" && value != "" || value == "true" || value == "false" {
			types[column] = true
		}
	})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, c := range columns {
		if types[c] || strings.Contains(" "+idColumns[table]+" ", " "+c+" ") {
			continue
		}
		value := secret + " " + c
		if list := listColumns[c]; list != "" {
			value = list
		}
		if err := store.Exec(w.t.Context(), w.Store, `UPDATE `+table+` SET `+c+` = $1 WHERE `+where, value); err != nil {
			w.t.Fatal(table, c, err)
		}
	}
}

// planted writes a row.
func (w *world) planted(into, values string) {
	w.t.Helper()
	if err := store.Exec(w.t.Context(), w.Store, `INSERT INTO `+into+` VALUES `+values); err != nil {
		w.t.Fatal(err)
	}
}

// traces lists where the secret stands.
func (w *world) traces() (found []string) {
	w.t.Helper()
	if err := store.EachValue(w.t.Context(), w.Store, func(table, column, value string) {
		if strings.Contains(value, secret) {
			found = append(found, table+"."+column)
		}
	}); err != nil {
		w.t.Fatal(err)
	}
	return found
}

// eachErasing is storetest.EachWithClock with worlds that know when SQLite's log
// was truncated.
func eachErasing(t *testing.T, run func(t *testing.T, w *world, clock *storetest.Clock)) {
	storetest.EachDatabase(t, func(t *testing.T, database string) {
		clock, truncated := storetest.NewClock(), make(chan error, 10_000)
		s := storetest.Open(t, store.Options{Database: database, Now: clock.Now, LogTruncated: func(err error) { truncated <- err }})
		w := newWorld(t, s)
		w.logTruncated = truncated
		// At the start it is truncated anyway.
		if !w.untilLogTruncated() {
			t.Fatal("the log is not truncated at the start")
		}
		run(t, w, clock)
	})
}

// untilLogTruncated waits for the next truncation of SQLite's log; false when
// there is none in a long time. PostgreSQL's files are not for others to read.
func (w *world) untilLogTruncated() bool {
	if w.Engine() != "sqlite" {
		return true
	}
	for deadline := time.After(20 * time.Second); ; {
		select {
		case err := <-w.logTruncated:
			if err == nil {
				return true
			}
		case <-deadline:
			return false
		}
	}
}

// inFiles reports whether the secret is still in SQLite's files when the log was
// truncated as often as it is going to be.
func (w *world) inFiles() bool {
	w.t.Helper()
	if w.Engine() != "sqlite" {
		return false
	}
	for {
		b, err := store.Files(w.t.Context(), w.Store)
		if err != nil {
			w.t.Fatal(err)
		}
		if !bytes.Contains(b, []byte(secret)) {
			return false
		}
		if !w.untilLogTruncated() {
			return true
		}
	}
}

// attach has a status, or none yet, refer to blobs.
func (w *world) attach(status store.ObjectID, account store.AccountID, blobs ...*store.Blob) (list []*store.Attachment) {
	w.t.Helper()
	for _, b := range blobs {
		m := &store.Attachment{AccountID: account, Kind: "image", MediaType: "image/png", Description: secret, Media: reference(b)}
		w.update(func(tx *store.Tx) error { return tx.InsertAttachment(m) })
		if err := store.Exec(w.t.Context(), w.Store, `UPDATE attachments SET status_id = $1 WHERE id = $2`, status, m.ID); err != nil {
			w.t.Fatal(err)
		}
		list = append(list, m)
	}
	return list
}

// reference is a new one to a blob.
func reference(b *store.Blob) store.MediaRef {
	return store.MediaRef{Key: store.NewMediaKey(), Blob: b.Hash}
}

// setAvatar shows a blob, or with nil none, as an account's picture.
func (w *world) setAvatar(a *store.Account, b *store.Blob) (ref store.MediaRef) {
	w.t.Helper()
	url := ""
	if b != nil {
		ref = reference(b)
		url = "https://here.test/media/" + ref.Key + "/avatar.png"
	}
	w.update(func(tx *store.Tx) error { return tx.SetAvatar(a, url, ref) })
	return ref
}

func (w *world) hasBlob(b *store.Blob) bool {
	w.t.Helper()
	err := w.View(w.t.Context(), func(tx *store.Tx) error { _, err := tx.Blob(b.Hash); return err })
	if err != nil && !fault.Is(err, fault.NotFound) {
		w.t.Fatal(err)
	}
	return err == nil
}

func (w *world) sweepMedia() {
	w.t.Helper()
	if err := w.SweepMedia(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

// Nothing of a deleted status stays in any row, nor in SQLite's files: its
// texts, the activities about it, what hangs on it, and its pictures, unless
// someone else has the same.
func TestDeletedStatusLeavesNoTrace(t *testing.T) {
	for _, keep := range []bool{false, true} {
		t.Run(fmt.Sprintf("attachments kept %v", keep), func(t *testing.T) {
			eachErasing(t, func(t *testing.T, w *world, clock *storetest.Clock) { deleteStatus(t, w, clock, keep) })
		})
	}
}

func deleteStatus(t *testing.T, w *world, clock *storetest.Clock, keep bool) {
	author, friend, booster := w.local("author"), w.local("friend"), w.remote("booster")
	w.follow(friend, author)
	own, shared := w.blob([]byte(secret+" own")), w.blob([]byte("shared"))
	w.setAvatar(friend, shared)
	o := w.status(author, store.Public, func(o *store.Object) { o.Tags = []string{secret} }, friend)
	stays := w.status(author, store.Public, nil)
	boost := w.status(booster, store.Public, func(b *store.Object) { b.Type, b.ReblogOfID = "Announce", o.ID })
	w.attach(o.ID, author.ID, own, shared)
	w.plant("objects", fmt.Sprint("id IN (", o.ID, ",", boost.ID, ")"))
	w.update(func(tx *store.Tx) error {
		for _, typ := range []string{"Create", "Update", "Like"} {
			a := &store.Object{URI: o.URI + "#" + typ, Type: typ, AccountID: author.ID, Local: true, ObjectURI: o.URI, JSON: []byte(`{"object":{"content":"` + secret + `"}}`)}
			if _, err := tx.InsertObject(a); err != nil {
				return err
			}
		}
		if _, _, err := tx.TakeIdempotencyKey(author.ID, secret, o.ID, time.Time{}); err != nil {
			return err
		}
		if _, err := tx.PutFavourite(friend.ID, o.ID, secret); err != nil {
			return err
		}
		if err := tx.PutBookmark(friend.ID, o.ID); err != nil {
			return err
		}
		if _, err := tx.PutPin(author.ID, o.ID, 5); err != nil {
			return err
		}
		if err := tx.PutTags(o.ID, []string{"birds"}); err != nil {
			return err
		}
		if err := tx.PutCommunity(o.ID, secret); err != nil {
			return err
		}
		if id, err := tx.PutForward(store.Forward{Actor: secret, ActivityURI: secret, Status: o.ID, Body: []byte(`"` + secret + `"`)}); err != nil || id == 0 {
			t.Errorf("nothing is kept to be forwarded: %v", err)
		}
		if began, err := tx.BeginCrawl(&store.Crawl{Kind: store.CrawlThread, Subject: int64(o.ID), OpenedBy: friend.ID}, time.Hour, 5); err != nil || !began {
			t.Errorf("no crawl began: %v", err)
		}
		_, err := tx.Notify(&store.Notification{AccountID: friend.ID, Type: "mention", From: author.ID, StatusID: o.ID})
		return err
	})
	w.planted("poll_votes (status_id, account_id, choice, created_at)", fmt.Sprintf("(%d, %d, 1, 1)", o.ID, friend.ID))
	w.update(func(tx *store.Tx) error {
		if keep {
			if err := tx.DetachAttachments(o.ID); err != nil {
				return err
			}
		}
		return tx.DeleteObject(o, []byte(`{"type":"Tombstone"}`))
	})
	if keep {
		if !w.hasBlob(own) {
			t.Error("the author's picture is gone at once")
		}
		clock.Advance(23 * time.Hour)
		w.sweepMedia()
		if !w.hasBlob(own) {
			t.Error("the author's picture is gone within the day")
		}
		clock.Advance(2 * time.Hour)
		w.sweepMedia()
	}
	if l := w.traces(); len(l) > 0 {
		t.Errorf("it stands in %v", l)
	}
	if w.hasBlob(own) || !w.hasBlob(shared) {
		t.Errorf("pictures: its own %v, one that a friend has as well %v", w.hasBlob(own), w.hasBlob(shared))
	}
	if w.inFiles() {
		t.Error("it is in SQLite's files")
	}
	for table, want := range map[string]int64{"mentions": 0, "favourites": 0, "bookmarks": 0, "pins": 0, "notifications": 0, "idempotency_keys": 0, "status_tags": 0, "account_tags": 0,
		"poll_votes": 0, "communities": 0, "forwards": 0, "crawls": 0} {
		if n := w.count(`SELECT COUNT(*) FROM ` + table); n != want {
			t.Errorf("%s: %d rows", table, n)
		}
	}
	if n := w.count(fmt.Sprint(`SELECT COUNT(*) FROM home_feed WHERE status_id = `, o.ID)); n != 0 {
		t.Errorf("it is in %d feeds", n)
	}
	w.view(func(tx *store.Tx) error {
		if ok, err := tx.MaySee(0, stays.ID); err != nil || !ok {
			t.Errorf("another post is gone: %v", err)
		}
		return nil
	})
	known := &store.Object{URI: o.URI, Type: "Note", AccountID: author.ID, IsStatus: true, Content: "again"}
	w.update(func(tx *store.Tx) error {
		if created, err := tx.InsertObject(known); err != nil || created {
			t.Errorf("it comes back: %v", err)
		}
		return nil
	})
}

// Nothing of a deleted account stays but its ids, its name and, until its
// Delete went out, its key.
func TestDeletedAccountLeavesNoTrace(t *testing.T) {
	eachErasing(t, func(t *testing.T, w *world, _ *storetest.Clock) {
		for _, domain := range []string{"", "there.test"} {
			gone, friend := w.account("gone", domain), w.account("friend"+domain, "")
			w.follow(gone, friend)
			avatar, header, loose, shared := w.blob([]byte(secret+" 1")), w.blob([]byte(secret+" 2")), w.blob([]byte(secret+" 3")), w.blob([]byte("shared"))
			w.setAvatar(friend, shared)
			o := w.status(gone, store.Public, func(o *store.Object) { o.Tags = []string{secret} }, friend)
			reply := w.status(friend, store.Public, nil, gone)
			w.update(func(tx *store.Tx) error {
				for _, typ := range []string{"Create", "Update", "Follow", "Delete"} {
					a := &store.Object{URI: gone.URI + "#" + typ, Type: typ, AccountID: gone.ID, Local: domain == "", ObjectURI: gone.URI, JSON: []byte("{}")}
					if _, err := tx.InsertObject(a); err != nil {
						return err
					}
				}
				if _, _, err := tx.TakeIdempotencyKey(gone.ID, secret, 4711, time.Time{}); err != nil {
					return err
				}
				if _, err := tx.PutFavourite(gone.ID, reply.ID, secret); err != nil {
					return err
				}
				if err := tx.PutBookmark(gone.ID, reply.ID); err != nil {
					return err
				}
				if err := tx.PutInteraction(&store.Interaction{Kind: store.QuoteOf, TargetID: reply.ID, AccountID: gone.ID, URI: secret, State: store.InteractionPending}); err != nil {
					return err
				}
				stamp := &store.Object{URI: friend.URI + "#stamp", Type: "LikeAuthorization", AccountID: friend.ID, Local: true, ObjectURI: reply.URI, JSON: []byte(`{"interactingObject":"` + secret + `"}`)}
				if _, err := tx.InsertObject(stamp); err != nil {
					return err
				}
				if err := tx.PutInteraction(&store.Interaction{Kind: store.LikeOf, TargetID: reply.ID, AccountID: gone.ID, URI: secret, Stamp: stamp.URI, State: store.InteractionAccepted}); err != nil {
					return err
				}
				if err := tx.PutSession(secret, gone.ID, tx.Now().Add(time.Hour)); err != nil {
					return err
				}
				if err := tx.InsertToken(&store.Token{Hash: "token" + domain, AccountID: gone.ID, Scopes: "read"}); err != nil {
					return err
				}
				if err := tx.InsertCode(&store.Code{Hash: "code" + domain, AccountID: gone.ID, ExpiresAt: tx.Now().Add(time.Hour)}); err != nil {
					return err
				}
				if err := tx.AddToHomeFeeds(reply); err != nil {
					return err
				}
				_, err := tx.PutMarker(gone.ID, "home", 1)
				return err
			})
			w.plant("objects", fmt.Sprint("account_id = ", gone.ID, " AND type <> 'Delete'"))
			w.plant("accounts", fmt.Sprint("id = ", gone.ID))
			if domain == "" {
				w.plant("users", fmt.Sprint("account_id = ", gone.ID))
				w.attach(o.ID, gone.ID, shared)
				w.attach(0, gone.ID, loose)
				w.setAvatar(gone, avatar)
				w.update(func(tx *store.Tx) error { return tx.SetHeader(gone, secret, reference(header)) })
				gone.DisplayName = secret
				w.update(func(tx *store.Tx) error { return tx.PutAccount(gone) })
			}
			const votes = "poll_votes (status_id, account_id, choice, created_at)"
			w.planted(votes, fmt.Sprintf("(%d, %d, 1, 1), (%d, %d, 1, 1)", o.ID, friend.ID, reply.ID, gone.ID))
			w.planted("communities (status_id, uri)", fmt.Sprintf("(%d, '%s')", o.ID, secret))
			w.planted("forwards (id, activity, status_id, body, created_at)", fmt.Sprintf("(%d, '%s', %d, '%s', 1)", o.ID, secret, o.ID, secret))
			w.planted("crawls (id, kind, subject, opened_by, started_at, statuses_left, pages_left)", fmt.Sprintf("(%d, 'thread', %d, %d, 1, 1, 1)", o.ID, o.ID, friend.ID))
			w.planted("crawls (id, kind, subject, opened_by, started_at, statuses_left, pages_left)", fmt.Sprintf("(%d, 'thread', %d, %d, 1, 1, 1)", reply.ID, reply.ID, gone.ID))
			w.update(func(tx *store.Tx) error { return tx.DeleteAccount(gone.ID) })
			if domain == "" && (w.hasBlob(avatar) || w.hasBlob(header)) {
				t.Error("its pictures are there a moment later")
			}
			for _, l := range w.traces() {
				if strings.HasPrefix(l, "accounts.") || strings.HasPrefix(l, "users.") {
					t.Errorf("before the purge it stands in %s", l)
				}
			}
			for done := false; !done; {
				w.update(func(tx *store.Tx) (err error) { done, err = tx.PurgeAccount(gone.ID); return err })
			}
			if domain != "" { // blobs of no account here
				for _, b := range []*store.Blob{avatar, header, loose} {
					w.update(func(tx *store.Tx) error { return store.DeleteBlob(tx, b.Hash) })
				}
			}
			if l := w.traces(); len(l) > 0 {
				t.Errorf("it stands in %v", l)
			}
			if w.hasBlob(loose) || !w.hasBlob(shared) {
				t.Errorf("pictures: its own %v, one that a friend has as well %v", w.hasBlob(loose), w.hasBlob(shared))
			}
			if w.inFiles() {
				t.Error("it is in SQLite's files")
			}
			for _, table := range []string{"mentions", "favourites", "bookmarks", "markers", "sessions", "follows", "idempotency_keys", "oauth_tokens", "oauth_codes", "home_feed"} {
				if n := w.count(fmt.Sprint(`SELECT COUNT(*) FROM `, table, ` WHERE account_id = `, gone.ID)); n != 0 {
					t.Errorf("%s: %d rows", table, n)
				}
			}
			for _, table := range []string{"poll_votes", "communities", "forwards", "crawls"} {
				if n := w.count(`SELECT COUNT(*) FROM ` + table); n != 0 {
					t.Errorf("%s: %d rows", table, n)
				}
			}
			if n := w.count(fmt.Sprint(`SELECT COUNT(*) FROM objects WHERE type = 'Delete' AND json <> '' AND deleted_at = 0 AND account_id = `, gone.ID)); n != 1 {
				t.Error("its Delete can't be delivered any more")
			}
			w.view(func(tx *store.Tx) error {
				if a, err := tx.AccountByHandle("gone", domain); err != nil || a.ID != gone.ID || a.Active() {
					t.Errorf("its name: %v %v", a, err)
				}
				return nil
			})
		}
	})
}

// Of an activity that was undone only its ids are left.
func TestRetractedActivityLeavesNoTrace(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s)
		block := w.status(w.local("alice"), store.Direct, func(o *store.Object) { o.Type, o.IsStatus = "Block", false })
		w.plant("objects", "id = "+block.ID.String())
		if len(w.traces()) == 0 {
			t.Fatal("nothing was planted")
		}
		w.update(func(tx *store.Tx) error { return tx.RetractActivity(block.URI) })
		if found := w.traces(); len(found) > 0 {
			t.Errorf("left in %v", found)
		}
	})
}
