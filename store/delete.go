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
		`DELETE FROM bookmarks WHERE ` + tx.in("status_id", "$1"),
		`DELETE FROM pins WHERE ` + tx.in("status_id", "$1"),
		`DELETE FROM mentions WHERE ` + tx.in("status_id", "$1"),
		`DELETE FROM status_tags WHERE ` + tx.in("status_id", "$1"),
		`DELETE FROM home_feed WHERE account_id IN (SELECT u.account_id FROM users u) AND ` + tx.in("status_id", "$1"),
		`DELETE FROM idempotency_keys WHERE account_id IN (SELECT o.account_id FROM objects o WHERE ` + tx.in("o.id", "$1") + `) AND ` + tx.in("status_id", "$1"),
	}
}

// accountText are the statements that delete an account's texts, its access,
// and its relationships except follows (endFollows): at once, before it is
// purged. Its name and URIs stay, so that nobody else takes them, and a local
// one's key, which has to sign the Delete. $1 is the account.
var accountText = []string{
	`UPDATE accounts
	 SET avatar_key = '', avatar_blob = '', header_key = '', header_blob = '',
	   display_name = '', note = '', fields = '', emojis = '', avatar = '', header = '', also_known_as = '', moved_to_uri = '', json = ''
	 WHERE id = $1`,
	`UPDATE users SET password_hash = '', email = 'deleted-' || account_id, note_source = '', fields_source = '' WHERE account_id = $1`,
	`DELETE FROM blocks WHERE account_id = $1 OR target_id = $1`,
	`DELETE FROM mutes WHERE account_id = $1 OR target_id = $1`,
	`DELETE FROM notifications WHERE account_id = $1 OR from_account_id = $1`,
	`DELETE FROM oauth_tokens WHERE account_id = $1`,
	`DELETE FROM oauth_codes WHERE account_id = $1`,
	`DELETE FROM sessions WHERE account_id = $1`,
	`DELETE FROM known_devices WHERE account_id = $1`,
}

// accountRows are the other rows of an account, which a purge deletes after
// its statuses, activities, favourites and attachments. $1 is the account.
var accountRows = []string{
	`DELETE FROM home_feed WHERE account_id = $1`,
	`DELETE FROM bookmarks WHERE account_id = $1`,
	`DELETE FROM pins WHERE account_id = $1`,
	`DELETE FROM markers WHERE account_id = $1`,
	`DELETE FROM idempotency_keys WHERE account_id = $1`,
	`DELETE FROM mentions WHERE account_id = $1`,
}

// nothingSaid clears the columns of an object that hold a person's text, or whom
// it was for.
const nothingSaid = `spoiler_text = '', content = '', reactions = '', poll = '', language = '', tags = '', emojis = '', url = '', application_id = 0, json = '',
	source = '', to_uris = '', cc_uris = '', follow_uri = ''`

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
// once, erases its profile and its pictures, and ends its follows, tokens and
// sessions. PurgeAccount does the rest.
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
	if err := tx.endFollows(id); err != nil {
		return err
	}
	for _, q := range accountText {
		if _, err := tx.exec(q, id); err != nil {
			return err
		}
	}
	return tx.SweepBlobs(avatar, header)
}

// purgeBatch is how many rows one transaction of a purge erases.
const purgeBatch = 200

// PurgeAccount erases one batch of what a deleted account left; done reports
// that nothing is left. Its Delete stays, to be delivered: it has only ids.
func (tx *Tx) PurgeAccount(id AccountID) (done bool, err error) {
	statuses, err := ids[ObjectID](tx, `SELECT id FROM objects WHERE account_id = $1 AND is_status AND deleted_at = 0 ORDER BY id LIMIT $2`, id, purgeBatch)
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
	n, err := tx.exec(`
		UPDATE objects SET `+nothingSaid+`, deleted_at = CASE WHEN deleted_at = 0 THEN $3 ELSE deleted_at END
		WHERE id IN (
		  SELECT o.id FROM objects o
		  WHERE o.account_id = $1 AND o.type <> 'Delete' AND o.json <> ''
		  LIMIT $2)`, id, purgeBatch, millis(tx.Now()))
	if err != nil || n > 0 {
		return false, err
	}
	if err := tx.deleteAttachments(`account_id = $1`, id); err != nil {
		return false, err
	}
	for _, q := range accountRows {
		if _, err := tx.exec(q, id); err != nil {
			return false, err
		}
	}
	tx.engine.Erases()
	return true, nil
}

// Delivering reports whether something that an account sends is not delivered
// yet, and so may still have to be signed.
func (tx *Tx) Delivering(sender AccountID) (bool, error) {
	_, ok, err := one[int64](tx, `SELECT id FROM jobs WHERE kind = 'deliver' AND dead_at = 0 AND REPLACE(args, CAST($1 AS TEXT), '') <> args LIMIT 1`,
		`"sender":`+sender.String()+`,`)
	return ok, err
}

// ForgetKey deletes a deleted account's private key.
func (tx *Tx) ForgetKey(id AccountID) error {
	tx.engine.Erases()
	_, err := tx.exec(`UPDATE users SET private_key = '' WHERE account_id = $1`, id)
	return err
}
