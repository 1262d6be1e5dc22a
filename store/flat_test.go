// What is counted here is one goroutine's, and the same with and without -race: CI
// runs it without, in a tenth of the time.

//go:build !race

package store_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"kinglet/store"
	"kinglet/store/engine"
	"kinglet/store/storetest"
)

// The accounts of a large database, by the first of their ids.
const (
	person  = 1000
	booster = 2000 // only boosts
	replier = 2001 // only replies
	friend  = 2002 // one picture in forty posts
	crowd   = 5000 // everyone else
)

// seedLarge writes n statuses, n/10 accounts and n/5 notifications as rows, in
// the shapes that are worst for a filter: who only boosts, who only replies, a
// hashtag without pictures, notifications of a rare type.
func seedLarge(t *testing.T, s *store.Store, n int) {
	t.Helper()
	const status = "(i + 100) * 65536"
	const parent = "CASE i % 8 WHEN 1 THEN 2 ELSE i - i % 40 + 2 END" // of a reply: half of them are in one thread
	upTo := func(last int) string {
		return fmt.Sprintf("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) ", last)
	}
	account := func(rows, id, name, domain string) string {
		return rows + `INSERT INTO accounts (id, uri, handle, username, domain, actor_type, display_name, note, url, inbox, shared_inbox, outbox,
		  followers_uri, following_uri, featured_uri, key_id, public_key, avatar, header, fields, emojis, also_known_as, moved_to_uri,
		  locked, bot, discoverable, indexable, created_at, updated_at, json)
		SELECT ` + id + `, 'https://x/' || ` + id + `, ` + name + ` || CASE WHEN ` + domain + ` = '' THEN '' ELSE '@' || ` + domain + ` END, ` + name + `, ` + domain + `, 'Person', '', '', '',
		  '', '', '', '', '', '', '', '', '', '', '', '', '', '', FALSE, FALSE, TRUE, TRUE, 1, 1, ''`
	}
	writer := fmt.Sprintf("CASE i %% 4 WHEN 0 THEN %d WHEN 1 THEN %d WHEN 2 THEN %d ELSE %d + i %% %d END", booster, replier, friend, crowd, n/10)
	for _, query := range []string{
		account("", fmt.Sprint(person), "'me'", "''"),
		account(upTo(3), fmt.Sprintf("(%d - 1 + i)", booster), "'w' || i", "'w.test'") + ` FROM n`,
		account(upTo(n/10), fmt.Sprintf("(%d - 1 + i)", crowd), "'u' || i", "'h' || (i % 100) || '.test'") + ` FROM n`,
		fmt.Sprintf(`INSERT INTO users (account_id, email, password_hash, admin, private_key, note_source, fields_source, default_visibility, default_sensitive, default_language, created_at)
		VALUES (%d, 'me@x', '', TRUE, '', '', '', 'public', FALSE, '', 1)`, person),
		`INSERT INTO domains (domain) SELECT DISTINCT domain FROM accounts WHERE domain <> ''`,
		upTo(n) + `INSERT INTO objects (id, uri, type, account_id, local, is_status, visibility, object_uri, reblog_of_id, in_reply_to_uri, in_reply_to_id,
		  in_reply_to_account_id, context, url, spoiler_text, content, sensitive, language, tags, emojis, application_id, published_at, created_at, json)
		SELECT ` + status + `, 'https://x/s/' || i, 'Note', ` + writer + `, i % 20 = 3, TRUE, 0, '',
		  CASE i % 4 WHEN 0 THEN (i + 99) * 65536 ELSE 0 END,
		  CASE i % 4 WHEN 1 THEN 'https://x/s/' || (` + parent + `) ELSE '' END, CASE i % 4 WHEN 1 THEN (` + parent + ` + 100) * 65536 ELSE 0 END, CASE i % 4 WHEN 1 THEN ` + fmt.Sprint(friend) + ` ELSE 0 END,
		  'https://x/c/' || (i / 40), '', '', 'text', FALSE, 'en', '', '', 0, i, i, '' FROM n`,
		`UPDATE objects SET account_id = ` + fmt.Sprint(person) + ` WHERE local`,
		upTo(n) + `INSERT INTO status_tags (name, status_id) SELECT 'common', o.id FROM n JOIN objects o ON o.id = ` + status + ` WHERE i % 4 >= 2`,
		upTo(n) + `INSERT INTO status_tags (name, status_id) SELECT 'rare' || (i / 2000), o.id FROM n JOIN objects o ON o.id = ` + status + ` WHERE i % 2000 = 2`,
		`INSERT INTO account_tags (account_id, name, status_id) SELECT o.account_id, t.name, t.status_id FROM status_tags t JOIN objects o ON o.id = t.status_id`,
		upTo(n) + `INSERT INTO attachments (id, status_id, account_id, position, kind, media_type, url, preview_url, remote_url, description, blurhash, width, height, focus_x, focus_y, created_at)
		SELECT i, o.id, o.account_id, 0, 'image', '', '', '', 'https://x/p/' || i, '', '', 1, 1, 0, 0, 1 FROM n JOIN objects o ON o.id = ` + status + ` WHERE i % 40 = 1 OR i % 160 = 3`,
		upTo(n) + `INSERT INTO home_feed (account_id, status_id, author_id, original_id) SELECT ` + fmt.Sprint(person) + `, o.id, o.account_id, o.id FROM n JOIN objects o ON o.id = ` + status + ` WHERE i % 4 <> 1`,
		upTo(n/10) + `INSERT INTO follows (id, account_id, target_id, uri, accepted, show_reblogs, notify, languages, created_at)
		SELECT i, ` + fmt.Sprint(crowd) + ` - 1 + i, ` + fmt.Sprint(person) + `, 'https://x/f/' || i, i % 50 <> 1, TRUE, FALSE, '', 1 FROM n`,
		upTo(300) + `INSERT INTO follows (id, account_id, target_id, uri, accepted, show_reblogs, notify, languages, created_at)
		SELECT 1000000 + i, ` + fmt.Sprint(person) + `, ` + fmt.Sprint(crowd) + ` - 1 + i, 'https://x/g/' || i, TRUE, TRUE, FALSE, '', 1 FROM n`,
		upTo(n/5) + `INSERT INTO notifications (id, account_id, type, from_account_id, status_id, created_at)
		SELECT i, ` + fmt.Sprint(person) + `, CASE WHEN i % 80 = 7 THEN 'update' WHEN i % 3 = 0 THEN 'favourite' ELSE 'mention' END, ` + fmt.Sprint(friend) + `, ` + status + `, 1 FROM n`,
		upTo(n/10) + `INSERT INTO favourites (id, account_id, status_id, uri, created_at) SELECT i, ` + fmt.Sprint(person) + `, ` + status + `, 'https://x/l/' || i, 1 FROM n`,
		upTo(n/10) + `INSERT INTO bookmarks (id, account_id, status_id, created_at) SELECT i, ` + fmt.Sprint(person) + `, ` + status + `, 1 FROM n`,
		fmt.Sprintf(`INSERT INTO pins (id, account_id, status_id, created_at) SELECT id, %d, id, 1 FROM objects WHERE account_id = %[1]d AND reblog_of_id = 0 ORDER BY id LIMIT 5`, friend),
	} {
		if err := store.Exec(t.Context(), s, query); err != nil {
			t.Fatalf("%v\n%s", err, query)
		}
	}
}

// hotRead is a transaction, mostly one that reads a page or a number, with the
// steps of SQLite's machine that it may take.
type hotRead struct {
	name  string
	steps int
	read  func(tx *store.Tx) error
}

// hotReads are those that phones, browsers and other servers ask for.
func hotReads(n int) []hotRead {
	const stranger = store.AccountID(0)
	page := store.Page{Limit: 20}
	last := store.ObjectID((n + 100) * 65536)
	timeline := func(_ []*store.Status, _ store.ObjectID, err error) error { return err }
	public := func(viewer store.AccountID, q store.PublicQuery) func(tx *store.Tx) error {
		return func(tx *store.Tx) error { return timeline(tx.Public(viewer, q, page)) }
	}
	tag := func(q store.TagQuery) func(tx *store.Tx) error {
		return func(tx *store.Tx) error { return timeline(tx.Tagged(stranger, q, page)) }
	}
	account := func(id store.AccountID, q store.AccountQuery) func(tx *store.Tx) error {
		return func(tx *store.Tx) error { return timeline(tx.AccountStatuses(stranger, id, q, page)) }
	}
	notifications := func(q store.NotificationQuery) func(tx *store.Tx) error {
		return func(tx *store.Tx) error { _, _, err := tx.Notifications(person, q, page); return err }
	}
	common, rare := []string{"common"}, []string{"rare1"}
	media := store.PublicQuery{OnlyMedia: true}
	return []hotRead{
		{"home", 3400, func(tx *store.Tx) error { _, err := tx.Home(person, page); return err }},
		{"public", 3550, public(person, store.PublicQuery{})},
		{"public local", 2450, public(stranger, store.PublicQuery{Local: true})},
		{"public remote", 2900, public(stranger, store.PublicQuery{Remote: true})},
		{"public only media, one in forty", 5150, public(stranger, media)},
		{"public local only media", 3350, public(stranger, store.PublicQuery{Local: true, OnlyMedia: true})},
		{"tag", 2550, tag(store.TagQuery{Any: common})},
		{"tag, rare", 230, tag(store.TagQuery{Any: rare})},
		{"several tags", 3150, tag(store.TagQuery{Any: []string{"common", "rare1", "rare2"}})},
		{"tag with another that no status has", 37_000, tag(store.TagQuery{Any: common, All: []string{"none"}})},
		{"tag only media, which it has little of", 36_000, tag(store.TagQuery{Any: common, PublicQuery: media})},
		{"tag local", 2400, tag(store.TagQuery{Any: common, PublicQuery: store.PublicQuery{Local: true}})},
		{"account", 2000, account(friend, store.AccountQuery{})},
		{"account only media", 3000, account(replier, store.AccountQuery{OnlyMedia: true})},
		{"account only media, which has none", 60, account(booster, store.AccountQuery{OnlyMedia: true})},
		{"account without boosts, who only boosts", 21_000, account(booster, store.AccountQuery{ExcludeReblogs: true})},
		{"account without replies, who only replies", 21_000, account(replier, store.AccountQuery{ExcludeReplies: true})},
		{"account tagged", 1960, account(friend, store.AccountQuery{Tagged: "common"})},
		{"account tagged, rare", 210, account(friend, store.AccountQuery{Tagged: "rare1"})},
		{"account tagged, never", 70, account(booster, store.AccountQuery{Tagged: "common"})},
		{"account pinned", 590, account(friend, store.AccountQuery{Pinned: true})},
		{"account pinned, nothing", 50, account(booster, store.AccountQuery{Pinned: true})},
		{"outbox", 2150, account(person, store.AccountQuery{Public: true})},
		{"notifications", 4300, notifications(store.NotificationQuery{})},
		{"notifications of mentions", 4750, notifications(store.NotificationQuery{Types: []string{"mention"}})},
		{"notifications of a rare type", 4700, notifications(store.NotificationQuery{Types: []string{"update"}})},
		{"notifications of two types", 5400, notifications(store.NotificationQuery{Types: []string{"update", "favourite"}})},
		{"notifications of a type that is not there", 170, notifications(store.NotificationQuery{Types: []string{"poll"}})},
		{"notifications without the usual types", 4700, notifications(store.NotificationQuery{ExcludeTypes: []string{"mention", "favourite"}})},
		{"unread", 880, func(tx *store.Tx) error { _, err := tx.CountUnread(person, 100); return err }},
		{"statuses", 400, func(tx *store.Tx) error { _, err := tx.Statuses(person, []store.ObjectID{last}); return err }},
		{"context", 1150, func(tx *store.Tx) error {
			_, _, err := tx.Thread(stranger, last-store.ObjectID(n%40)*65536+2*65536-40*65536)
			return err
		}},
		{"context of what thousands answered", 119_000, func(tx *store.Tx) error { _, _, err := tx.Thread(stranger, 102*65536); return err }},
		{"followers", 2550, func(tx *store.Tx) error { _, err := tx.Followers(stranger, person, store.Page{Limit: 40}); return err }},
		{"following", 2550, func(tx *store.Tx) error { _, err := tx.Following(stranger, person, store.Page{Limit: 40}); return err }},
		{"follow requests", 1300, func(tx *store.Tx) error { _, err := tx.FollowRequests(person, page); return err }},
		{"favourites", 3250, func(tx *store.Tx) error { _, err := tx.Favourites(person, page); return err }},
		{"bookmarks", 3250, func(tx *store.Tx) error { _, err := tx.Bookmarks(person, page); return err }},
		{"search accounts", 11_000, func(tx *store.Tx) error { _, err := tx.SearchAccounts(person, "u", false, 20, 0); return err }},
		{"search accounts, of a stranger", 1900, func(tx *store.Tx) error { _, err := tx.SearchAccounts(stranger, "u", false, 20, 0); return err }},
		{"search hashtags", 100, func(tx *store.Tx) error { _, err := tx.SearchTags("c", 20); return err }},
		{"stats", 110, func(tx *store.Tx) error { _, err := tx.Stats(); return err }},
		{"first admin", 80, func(tx *store.Tx) error { _, err := tx.FirstAdmin(); return err }},
		{"relationships", 270, func(tx *store.Tx) error {
			_, err := tx.Relationships(person, []store.AccountID{friend, booster})
			return err
		}},
		{"a thread's context", 3650, func(tx *store.Tx) error {
			_, err := tx.ContextStatuses("https://x/c/20", 10)
			return err
		}},
		{"known URIs", 90, func(tx *store.Tx) error {
			_, err := tx.KnownURIs("https://x/s/7", "https://x/2000", "https://x/none")
			return err
		}},
		{"a key", 30, func(tx *store.Tx) error { _, err := tx.AccountsByKeyID("https://x/none#main-key"); return err }},
		{"an account by its handle", 60, func(tx *store.Tx) error { _, err := tx.AccountByHandle("u1", "h1.test"); return err }},
		{"an activity on a status", 30, func(tx *store.Tx) error {
			_, err := tx.ActivityOn(person, "Announce", "https://x/s/7")
			return ignoreMissing(err)
		}},
		{"the inboxes of those who interacted", 90, func(tx *store.Tx) error { _, err := tx.InteractorInboxes(last); return err }},
		{"the inboxes of those who get an edit", 110, func(tx *store.Tx) error { _, err := tx.ReaderInboxes(last, person); return err }},
		{"the inboxes of addressees", 110, func(tx *store.Tx) error { _, err := tx.AddresseeInboxes(last); return err }},
		{"followed here", 30, func(tx *store.Tx) error { _, err := tx.FollowedBySomeoneHere(crowd); return err }},
		{"a boost", 30, func(tx *store.Tx) error { _, err := tx.HasBoost(booster, last-3*65536); return err }},
		{"peers", 440, func(tx *store.Tx) error { _, err := tx.Domains(); return err }},
	}
}

// hotWrites are those of the writer's transactions that touch many tables.
func hotWrites(n int) []hotRead {
	last := store.ObjectID((n + 100) * 65536)
	object := func(id store.ObjectID, fn func(tx *store.Tx, o *store.Object) error) func(tx *store.Tx) error {
		return func(tx *store.Tx) error {
			o, err := tx.Object(id)
			if err != nil {
				return err
			}
			return fn(tx, o)
		}
	}
	purge := func(id store.AccountID) func(tx *store.Tx) error {
		return func(tx *store.Tx) error { _, err := tx.PurgeAccount(id); return err }
	}
	follow := &store.Follow{AccountID: person, TargetID: booster, URI: "https://x/new"}
	return []hotRead{
		{"a new follow", 2000, func(tx *store.Tx) error {
			if _, err := tx.PutFollow(follow); err != nil {
				return err
			}
			_, err := tx.AcceptFollow(person, booster)
			return err
		}},
		{"the end of a follow", 2000, func(tx *store.Tx) error { _, err := tx.DeleteFollow(person, crowd); return err }},
		{"backfilling home from who only replies", 30_000, func(tx *store.Tx) error { return tx.BackfillHome(person, replier) }},
		{"feeding home", 1000, object(last, func(tx *store.Tx, o *store.Object) error { return tx.AddToHomeFeeds(o) })},
		{"counting", 1000, object(last, func(tx *store.Tx, o *store.Object) error { return tx.CountStatus(o) })},
		{"linking replies", 1000, object(last, func(tx *store.Tx, o *store.Object) error { return tx.LinkReplies(o) })},
		{"deleting a status", 3000, object(last, func(tx *store.Tx, o *store.Object) error { return tx.DeleteObject(o, nil) })},
		{"a new account", 2000, func(tx *store.Tx) error {
			return tx.PutAccount(&store.Account{URI: "https://new.test/a", Username: "a", Domain: "new.test", Type: "Person"})
		}},
		{"the account again", 2000, func(tx *store.Tx) error {
			return tx.PutAccount(&store.Account{URI: "https://x/5000", Username: "u1", Domain: "h1.test", Type: "Person"})
		}},
		{"deleting an account with many followers", 500, func(tx *store.Tx) error { return tx.DeleteAccount(person) }},
		{"a step of the end of its follows", 10_000, purge(person)},
		{"a step of a purge", 60_000, purge(booster)},
		{"a purge of an account that had nothing", 3000, purge(7)},
		{"a block", 3000, func(tx *store.Tx) error { _, err := tx.PutBlock(crowd, replier, "https://x/b"); return err }},
	}
}

// Every hot read and write is bounded in the steps that it takes, and takes no
// more of them in a database five times as large, with SQLite's statistics and
// without; no read sorts. What no index answers ends at the same number of rows
// in both.
func TestHotReadsAreFlat(t *testing.T) {
	t.Parallel()
	steps := map[string]int{}
	for _, n := range []int{9000, 45_000} {
		database := storetest.SQLiteFile(t, storetest.Folder(t))
		seedLarge(t, storetest.Open(t, store.Options{Database: database}), n)
		for _, analyzed := range []bool{false, true} {
			s := storetest.Open(t, store.Options{Database: database}) // which reads the statistics
			check := func(r hotRead, w engine.Work) {
				name := fmt.Sprintf("%s (%d statuses, statistics %v)", r.name, n, analyzed)
				if w.Steps > r.steps || w.Steps == 0 {
					t.Errorf("%s takes %d steps, over %d", name, w.Steps, r.steps)
				}
				key := fmt.Sprint(r.name, analyzed)
				if small := steps[key]; small > 0 && w.Steps > small*12/10+20 {
					t.Errorf("%s takes %d steps, %d in the small database", name, w.Steps, small)
				}
				steps[key] = w.Steps
			}
			for _, r := range hotReads(n) {
				w := workOf(t, r.read, s.View)
				if check(r, w); w.Sorts > 0 && !sortsSet[r.name] {
					t.Errorf("%s sorts", r.name)
				}
			}
			workOfUpdate(t, s) // what was before is not counted
			for _, r := range hotWrites(n) {
				check(r, workOf(t, r.read, func(ctx context.Context, fn func(tx *store.Tx) error) error {
					err := s.Update(ctx, func(tx *store.Tx) error { return errors.Join(fn(tx), errUndo) })
					if err.Error() == errUndo.Error() {
						return nil
					}
					return err
				}))
			}
			if err := store.Exec(t.Context(), s, "ANALYZE"); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// sortsSet are what reads a set without an order, of one status or key.
var sortsSet = map[string]bool{"a key": true, "the inboxes of those who interacted": true, "the inboxes of those who get an edit": true}

var errUndo = errors.New("not to be kept")

// workOf is the work of all statements of a transaction.
func workOf(t *testing.T, fn func(tx *store.Tx) error, run func(context.Context, func(tx *store.Tx) error) error) (sum engine.Work) {
	t.Helper()
	ctx := engine.WithWork(t.Context(), func(query string, w engine.Work) {
		sum.Steps, sum.Scans, sum.Sorts = sum.Steps+w.Steps, sum.Scans+w.Scans, sum.Sorts+w.Sorts
		if w.Steps > 20_000 && testing.Verbose() {
			t.Log(w, strings.Join(strings.Fields(query), " "))
		}
	})
	if err := run(ctx, fn); err != nil {
		t.Fatal(err)
	}
	return sum
}

// workOfUpdate is the work of the writer since it was last asked.
func workOfUpdate(t *testing.T, s *store.Store) (sum engine.Work) {
	t.Helper()
	ctx := engine.WithWork(t.Context(), func(_ string, w engine.Work) { sum = w })
	if err := store.Exec(ctx, s, "DELETE FROM settings WHERE FALSE"); err != nil {
		t.Fatal(err)
	}
	return sum
}
