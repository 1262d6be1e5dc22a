package store

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// MediaRef is how a row refers to a blob: its hash, and the key of the public
// URL under which this row shows it (/media/{key}/{name}). Two rows with the
// same bytes have different keys: deleting one does not affect the other. Zero
// refers to none.
type MediaRef struct {
	Key  string // see NewMediaKey
	Blob string // hash
}

// mediaReferences are all the columns that refer to blobs. A blob that none of
// them names is swept, and no URL leads to it. A column that is added to the
// schema needs its line here, and two indexes; a URL in what a stranger wrote
// is no reference.
var mediaReferences = []struct{ table, key, blob string }{
	{"accounts", "avatar_key", "avatar_blob"},
	{"accounts", "header_key", "header_blob"},
	{"attachments", "media_key", "media_blob"},
	{"attachments", "preview_key", "preview_blob"},
}

// The statements generated from the list. The second conditions, with <>, let
// SQLite use the indexes, which leave out empty references.
var (
	blobsByKey  = mediaReferenceUnion(`%[2]s = $1 AND %[2]s <> ''`)
	blobsByName = mediaReferenceUnion(`%[2]s IN (SELECT o.media_key FROM old_media o WHERE o.name = $1) AND %[2]s <> ''`)
	blobsInUse  = mediaReferenceUnion(`%[3]s = $1 AND %[3]s <> ''`)
	keysInUse   = mediaReferenceUnion(`%[2]s = o.media_key AND %[2]s <> ''`)
	blobUnused  = "NOT EXISTS (" + mediaReferenceUnion(`%[3]s = b.hash AND %[3]s <> ''`) + ")"
)

func mediaReferenceUnion(condition string) string {
	var all []string
	for _, r := range mediaReferences {
		all = append(all, fmt.Sprintf(`SELECT %[3]s AS hash FROM %[1]s WHERE `+condition, r.table, r.key, r.blob))
	}
	return strings.Join(all, " UNION ALL ")
}

// MediaByKey finds the blob of a public URL; NotFound.
func (tx *Tx) MediaByKey(key string) (*Blob, error) {
	return tx.mediaBlob(key, blobsByKey)
}

// MediaByOldName finds the blob of a URL from when URLs were made of hashes,
// while the picture exists; NotFound.
func (tx *Tx) MediaByOldName(name string) (*Blob, error) {
	return tx.mediaBlob(name, blobsByName)
}

func (tx *Tx) mediaBlob(name, found string) (*Blob, error) {
	b := new(Blob)
	return b, tx.get("media "+name, b.dest(), `
		SELECT `+blobColumns+`
		FROM (`+found+`) AS r
		JOIN blobs b ON b.hash = r.hash
		LIMIT 1`, name)
}

// SetAvatar replaces the avatar of a local account, and deletes the previous
// one. url is the public URL of ref; both are "" for none. The caller locks the
// account.
func (tx *Tx) SetAvatar(a *Account, url string, ref MediaRef) error {
	restore(tx, a)
	a.Avatar = url
	return tx.setPicture(a, "avatar", url, ref)
}

// SetHeader is SetAvatar for the header picture.
func (tx *Tx) SetHeader(a *Account, url string, ref MediaRef) error {
	restore(tx, a)
	a.Header = url
	return tx.setPicture(a, "header", url, ref)
}

func (tx *Tx) setPicture(a *Account, which, url string, ref MediaRef) error {
	old, _, err := one[string](tx, `SELECT `+which+`_blob FROM accounts WHERE id = $1`, a.ID)
	if err != nil {
		return err
	}
	if ref.Blob != "" {
		if err := tx.useBlob(ref.Blob); err != nil {
			return err
		}
	}
	_, err = tx.exec(`UPDATE accounts SET `+which+` = $2, `+which+`_key = $3, `+which+`_blob = $4 WHERE id = $1`, a.ID, url, ref.Key, ref.Blob)
	if err != nil {
		return err
	}
	return tx.SweepBlobs(old)
}

// useBlob makes sure, before a row refers to a blob, that it exists and stays.
func (tx *Tx) useBlob(hash string) error {
	n, err := tx.exec(`UPDATE blobs SET created_at = $2 WHERE hash = $1`, hash, millis(tx.Now()))
	if err == nil && n == 0 {
		err = errSwept
	}
	return err
}

// SweepBlobs deletes those of the blobs that no row refers to any more; "" is
// ignored.
func (tx *Tx) SweepBlobs(hashes ...string) error {
	for _, hash := range hashes {
		if hash == "" {
			continue
		}
		// The lock: a transaction that adds a reference meanwhile (useBlob) either
		// has committed before the references are read, or finds the blob gone.
		n, err := tx.exec(`UPDATE blobs SET size = size WHERE hash = $1`, hash)
		if err != nil {
			return err
		}
		if n == 0 {
			continue
		}
		_, used, err := one[string](tx, blobsInUse+` LIMIT 1`, hash)
		if err != nil {
			return err
		}
		if used {
			continue
		}
		if err := tx.deleteBlob(hash); err != nil {
			return err
		}
	}
	return nil
}

// unusedBlob is how long a blob without references is kept: a recent upload
// will be used soon.
const unusedBlob = 24 * time.Hour

// detachedAttachment is how long the attachments of a deleted status are kept
// for their author.
const detachedAttachment = 24 * time.Hour

// sweepPage is how many blobs one view reads.
const sweepPage = 1000

// SweepMedia deletes expired detached attachments and unused blobs. It reads
// page by page and writes in short transactions.
func (s *Store) SweepMedia(ctx context.Context) error {
	err := s.Update(ctx, func(tx *Tx) error {
		if _, err := tx.exec(`DELETE FROM old_media AS o WHERE NOT EXISTS (` + keysInUse + `)`); err != nil {
			return err
		}
		return tx.deleteAttachments(`remote_url = '' AND status_id = 0 AND created_at < $1`, millis(tx.Now().Add(-detachedAttachment)))
	})
	for after := ""; err == nil; {
		var page, unused []string
		err = s.View(ctx, func(tx *Tx) (err error) {
			page, unused, err = tx.unusedBlobs(after)
			return err
		})
		for _, hash := range unused {
			if err == nil {
				err = s.Update(ctx, func(tx *Tx) error { return tx.SweepBlobs(hash) })
			}
		}
		if len(page) < sweepPage {
			break
		}
		after = page[len(page)-1]
	}
	if err != nil {
		return fmt.Errorf("sweep media: %w", err)
	}
	return nil
}

// unusedBlobs returns a page of blobs, by hash, and those of them that are
// unused and old enough to delete.
func (tx *Tx) unusedBlobs(after string) (page, unused []string, err error) {
	err = tx.query(func(row scanner) error {
		var hash string
		var is bool
		if err := row.Scan(&hash, &is); err != nil {
			return err
		}
		page = append(page, hash)
		if is {
			unused = append(unused, hash)
		}
		return nil
	}, `
		SELECT b.hash, b.created_at < $2 AND `+blobUnused+`
		FROM blobs b
		WHERE b.hash > $1
		ORDER BY b.hash
		LIMIT $3`, after, millis(tx.Now().Add(-unusedBlob)), sweepPage)
	return page, unused, err
}
