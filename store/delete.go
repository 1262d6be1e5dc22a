package store

// The rows that belong to a status and to an account are listed here, once each
// (references to blobs in media_reference.go). A new table that refers to one
// of them, or a column with a person's text, must be added here (SECURITY-RULES
// 43).

// rowsOfStatuses are the rows that exist only for a status: they are deleted
// with it. $1 is the set of the statuses' ids.
func (tx *Tx) rowsOfStatuses() []string {
	return []string{
		`DELETE FROM notifications WHERE status_id <> 0 AND ` + tx.in("status_id", "$1"),
		`DELETE FROM favourites WHERE ` + tx.in("status_id", "$1"),
		`DELETE FROM reactions WHERE ` + tx.in("status_id", "$1"),
		`DELETE FROM poll_votes WHERE ` + tx.in("status_id", "$1"),
		`DELETE FROM bookmarks WHERE ` + tx.in("status_id", "$1"),
		`DELETE FROM pins WHERE ` + tx.in("status_id", "$1"),
		`DELETE FROM crawls WHERE kind = 'thread' AND ` + tx.in("subject", "$1"),
		`DELETE FROM mentions WHERE ` + tx.in("status_id", "$1"),
		`DELETE FROM communities WHERE ` + tx.in("status_id", "$1"),
		`DELETE FROM objects WHERE local AND NOT is_status AND uri IN (
		   SELECT i.stamp FROM interactions i
		   WHERE i.stamp <> '' AND (` + tx.in("i.target_id", "$1") + ` OR i.status_id <> 0 AND ` + tx.in("i.status_id", "$1") + `))`,
		`DELETE FROM interactions WHERE ` + tx.in("target_id", "$1"),
		`DELETE FROM interactions WHERE status_id <> 0 AND ` + tx.in("status_id", "$1"),
		`DELETE FROM account_tags WHERE (account_id, name, status_id) IN (
		   SELECT o.account_id, t.name, t.status_id FROM status_tags t CROSS JOIN objects o
		   WHERE o.id = t.status_id AND ` + tx.in("t.status_id", "$1") + `)`,
		`DELETE FROM status_tags WHERE ` + tx.in("status_id", "$1"),
		`DELETE FROM home_feed WHERE account_id IN (SELECT u.account_id FROM users u) AND ` + tx.in("status_id", "$1"),
		`DELETE FROM forwards WHERE ` + tx.in("status_id", "$1"),
		`DELETE FROM inbox_log WHERE object IN (SELECT ` + logged("o.uri") + ` FROM objects o WHERE ` + tx.in("o.id", "$1") + `)`,
		`DELETE FROM delivery_log WHERE activity_id IN (
		   SELECT o.id FROM objects o WHERE o.local AND ` + tx.in("o.id", "$1") + `
		   UNION ALL
		   SELECT a.id FROM objects o CROSS JOIN objects a
		   WHERE a.object_uri = o.uri AND a.object_uri <> '' AND a.local AND a.type <> 'Delete' AND ` + tx.in("o.id", "$1") + `)`,
		`DELETE FROM relayed WHERE ` + tx.in("status_id", "$1"),
		`DELETE FROM idempotency_keys WHERE account_id IN (SELECT o.account_id FROM objects o WHERE ` + tx.in("o.id", "$1") + `) AND ` + tx.in("status_id", "$1"),
	}
}

// accountText are the statements that delete an account's texts and its access:
// at once, before it is purged. Its name and URIs stay, so that nobody else takes
// them, and a local one's key, which has to sign the Delete. $1 is the account.
var accountText = []string{
	`UPDATE accounts
	 SET avatar_key = '', avatar_blob = '', header_key = '', header_blob = '',
	   display_name = '', note = '', fields = '', emojis = '', avatar = '', header = '', also_known_as = '', moved_to_uri = '', json = ''
	 WHERE id = $1`,
	`UPDATE users SET password_hash = '', email = 'deleted-' || account_id, note_source = '', fields_source = '' WHERE account_id = $1`,
	`DELETE FROM oauth_tokens WHERE account_id = $1`,
	`DELETE FROM oauth_codes WHERE account_id = $1`,
	`DELETE FROM sessions WHERE account_id = $1`,
	`DELETE FROM known_devices WHERE account_id = $1`,
}

// accountRows are other rows of an account: a table, its column of the account,
// and what distinguishes the account's rows in it.
type accountRows struct{ table, account, key string }

// relationships are what a purge deletes first, with the follows (endFollows):
// others see and count them.
var relationships = []accountRows{
	{"blocks", "account_id", "target_id"},
	{"blocks", "target_id", "account_id"},
	{"mutes", "account_id", "target_id"},
	{"notifications", "account_id", "id"},
	{"notifications", "from_account_id", "id"},
}

// leftovers are what it deletes last, after the statuses, activities, favourites
// and attachments.
var leftovers = []accountRows{
	{"account_keys", "account_id", "key_id"},
	{"mutes", "target_id", "account_id"},
	{"home_feed", "account_id", "status_id"},
	{"bookmarks", "account_id", "status_id"},
	{"pins", "account_id", "status_id"},
	{"markers", "account_id", "timeline"},
	{"idempotency_keys", "account_id", "key"},
	{"mentions", "account_id", "status_id"},
	{"reports", "account_id", "id"},
	{"reports", "target_id", "id"},
	{"retracted", "account_id", "key"},
	{"crawls", "opened_by", "id"},
	{"interactions", "account_id", "id"},
	{"moves", "account_id", "account_id"},
	{"moves", "target_id", "account_id"},
}

// nothingSaid clears the columns of an object that hold a person's text, or whom
// it was for.
const nothingSaid = `spoiler_text = '', content = '', reactions = '', poll = '', language = '', tags = '', emojis = '', url = '', application_id = 0, json = '',
	source = '', to_uris = '', cc_uris = '', follow_uri = '', mention_tags = '', encrypted = '', quote_uri = '', quote_id = 0, quote_state = '', quote_stamp = '', quotes_need_stamp = FALSE, policy = ''`

// eraseObjects makes objects tombstones without any text; $1 is the set of
// their ids, $2 the time.
func (tx *Tx) eraseObjects(set string) error {
	tx.engine.Erases()
	_, err := tx.exec(`
		UPDATE objects
		SET type = 'Tombstone', deleted_at = $2, `+nothingSaid+`
		WHERE `+tx.in("id", "$1"), set, millis(tx.Now()))
	return err
}

// eraseActivities deletes the local activities about objects (a post's Create
// and Updates, the Likes of it): they are not served any more, and pending
// deliveries are dropped. $1 is the set of the objects' ids.
func (tx *Tx) eraseActivities(set string) error {
	_, err := tx.exec(`
		UPDATE objects SET deleted_at = $2, `+nothingSaid+`
		WHERE object_uri IN (SELECT t.uri FROM objects t WHERE `+tx.in("t.id", "$1")+`)
		  AND object_uri <> '' AND local AND NOT is_status AND deleted_at = 0`, set, millis(tx.Now()))
	return err
}

// DetachAttachments keeps the uploads of a status, to be used in another one,
// until CleanUp deletes them a day later.
func (tx *Tx) DetachAttachments(status ObjectID) error {
	_, err := tx.exec(`UPDATE attachments SET status_id = 0, created_at = $2 WHERE status_id = $1 AND remote_url = ''`, status, millis(tx.Now()))
	return err
}

// deleteAttachments deletes the attachments that match a condition, and the
// blobs that only they referred to.
func (tx *Tx) deleteAttachments(where string, args ...any) error {
	var blobs []string
	err := tx.query(func(row scanner) error {
		var media, preview string
		err := row.Scan(&media, &preview)
		blobs = append(blobs, media, preview)
		return err
	}, `DELETE FROM attachments WHERE `+where+` RETURNING media_blob, preview_blob`, args...)
	if err != nil {
		return err
	}
	return tx.SweepBlobs(blobs...)
}

// DeleteAccount marks an account as deleted, which hides it and all it wrote at
// once, erases its profile and its pictures, and ends its tokens and sessions.
// PurgeAccount does the rest, in steps: an account may have any number of
// followers, and others wait for the writer.
func (tx *Tx) DeleteAccount(id AccountID) error {
	var avatar, header string
	err := tx.get("account "+id.String(), []any{&avatar, &header}, `SELECT avatar_blob, header_blob FROM accounts WHERE id = $1`, id)
	if err != nil {
		return err
	}
	if _, err := tx.exec(`UPDATE accounts SET deleted_at = $2 WHERE id = $1 AND deleted_at = 0`, id, millis(tx.Now())); err != nil {
		return err
	}
	tx.engine.Erases()
	for _, q := range accountText {
		if _, err := tx.exec(q, id); err != nil {
			return err
		}
	}
	return tx.SweepBlobs(avatar, header)
}

const (
	// purgeBatch is how many statuses, and the like, one transaction of a purge
	// erases: a status has rows in a dozen tables, and others wait for the writer
	// meanwhile.
	purgeBatch = 20
	// purgeFollows is how many follows it ends: each is in the counters of two
	// accounts.
	purgeFollows = 50
)

// PurgeAccount erases one batch of what a deleted account left; done reports
// that nothing is left. Its Delete stays, to be delivered: it has only ids. Each
// batch leaves everything consistent: a purge that was interrupted goes on from
// there.
func (tx *Tx) PurgeAccount(id AccountID) (done bool, err error) {
	if none, err := tx.endFollows(id, purgeFollows); err != nil || !none {
		return false, err
	}
	if none, err := tx.deleteRows(relationships, id); err != nil || !none {
		return false, err
	}
	statuses, err := ids[ObjectID](tx, `
		SELECT o.id FROM objects o`+tx.engine.IndexedBy("objects_account")+`
		WHERE o.account_id = $1 AND o.is_status AND o.deleted_at = 0
		ORDER BY o.id LIMIT $2`, id, purgeBatch)
	if err != nil {
		return false, err
	}
	for _, sid := range statuses {
		o, err := tx.Object(sid)
		if err != nil {
			return false, err
		}
		if err := tx.DeleteObject(o, nil); err != nil {
			return false, err
		}
	}
	if len(statuses) > 0 {
		return false, nil
	}
	// Favourites are subtracted from the counters of their statuses.
	liked, err := ids[ObjectID](tx, `SELECT status_id FROM favourites WHERE account_id = $1 ORDER BY id LIMIT $2`, id, purgeBatch)
	if err != nil {
		return false, err
	}
	for _, status := range liked {
		if _, _, err := tx.DeleteFavourite(id, status); err != nil {
			return false, err
		}
	}
	if len(liked) > 0 {
		return false, nil
	}
	if none, err := tx.deleteReactionsOf(id, purgeBatch); err != nil || !none {
		return false, err
	}
	if none, err := tx.deleteVotesOf(id, purgeBatch); err != nil || !none {
		return false, err
	}
	n, err := tx.exec(`
		UPDATE objects SET `+nothingSaid+`, deleted_at = CASE WHEN deleted_at = 0 THEN $3 ELSE deleted_at END
		WHERE id IN (
		  SELECT o.id FROM objects o`+tx.engine.IndexedBy("objects_ended")+`
		  WHERE o.account_id = $1 AND (NOT o.is_status OR o.deleted_at <> 0) AND (o.deleted_at = 0 OR o.json <> '') AND o.type <> 'Delete'
		  LIMIT $2)`, id, purgeBatch, millis(tx.Now()))
	if err != nil || n > 0 {
		return false, err
	}
	loose, err := ids[int64](tx, `SELECT id FROM attachments WHERE account_id = $1 LIMIT $2`, id, purgeBatch)
	if err != nil {
		return false, err
	}
	if len(loose) > 0 {
		return false, tx.deleteAttachments(tx.in("id", "$1"), setOf(loose))
	}
	// What authors here have authorized names what it did.
	if n, err := tx.exec(`
		DELETE FROM objects WHERE local AND NOT is_status AND uri IN (
		  SELECT s.uri FROM interactions i JOIN objects s ON s.uri = i.stamp
		  WHERE i.account_id = $1 AND i.stamp <> '' AND s.local AND NOT s.is_status LIMIT $2)`, id, cleanUpBatch); err != nil || n > 0 {
		return false, err
	}
	if none, err := tx.deleteRows(leftovers, id); err != nil || !none {
		return false, err
	}
	if n, err := tx.exec(`
		DELETE FROM inbox_log WHERE id IN (
		  SELECT l.id FROM accounts a JOIN inbox_log l ON l.actor = `+logged("a.uri")+` WHERE a.id = $1 AND l.type <> 'Delete' LIMIT $2)`, id, cleanUpBatch); err != nil || n > 0 {
		return false, err
	}
	tx.engine.Erases()
	return true, nil
}

// deleteRows deletes a batch of an account's rows; none reports that there was
// nothing to delete.
func (tx *Tx) deleteRows(list []accountRows, id AccountID) (none bool, err error) {
	for _, rows := range list {
		n, err := tx.exec(`
			DELETE FROM `+rows.table+`
			WHERE `+rows.account+` = $1 AND `+rows.key+` IN (
			  SELECT r.`+rows.key+` FROM `+rows.table+` r WHERE r.`+rows.account+` = $1 LIMIT $2)`, id, cleanUpBatch)
		if err != nil || n > 0 {
			return false, err
		}
	}
	return true, nil
}

// Sending is what Tx.Sending found.
type Sending struct {
	Waits bool  // something is not delivered yet
	Next  int64 // the job to go on after
	All   bool  // these were the last jobs
}

// sendingLook is how many jobs Sending looks at.
const sendingLook = 1000

// Sending looks whether something that an account sends is not delivered yet, and
// so may still have to be signed: among the next jobs after one, in the order in
// which they were written. Nothing of an account is enqueued after its Delete
// but by a job that is still there, so whoever goes on where it ended looks at
// each job once.
func (tx *Tx) Sending(sender AccountID, after int64) (found Sending, err error) {
	looked := 0
	found.Next = after
	err = tx.query(func(row scanner) error {
		var id int64
		var waits bool
		if err := row.Scan(&id, &waits); err != nil {
			return err
		}
		looked++
		found.Waits = found.Waits || waits
		if !found.Waits {
			found.Next = id
		}
		return nil
	}, `
		SELECT j.id, j.kind IN ('deliver', 'fan_out') AND j.dead_at = 0 AND REPLACE(j.args, CAST($1 AS TEXT), '') <> j.args
		FROM jobs j
		WHERE j.id > $2
		ORDER BY j.id
		LIMIT $3`,
		`"sender":`+sender.String()+`,`, after, sendingLook)
	found.All = looked < sendingLook
	return found, err
}

// ForgetKey deletes a deleted account's private keys.
func (tx *Tx) ForgetKey(id AccountID) error {
	tx.engine.Erases()
	_, err := tx.exec(`UPDATE users SET private_key = '', ed25519_key = '' WHERE account_id = $1`, id)
	return err
}
