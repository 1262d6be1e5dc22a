package store

import "time"

// Attachment is a picture, video or sound of a status.
type Attachment struct {
	ID            int64
	StatusID      ObjectID
	AccountID     AccountID
	Kind          string // image, gifv, video, audio, unknown
	MediaType     string
	URL           string
	PreviewURL    string
	RemoteURL     string // where it came from; "" for what was uploaded here
	Description   string
	Blurhash      string
	Width, Height int64 // pixels; 0 when not known
	FocusX        float64
	FocusY        float64
	CreatedAt     time.Time

	Media, Preview MediaRef // of what is kept here; URL and PreviewURL are their addresses
}

const attachmentColumns = `
	m.id, m.status_id, m.account_id, m.kind, m.media_type, m.url, m.preview_url, m.remote_url,
	m.description, m.blurhash, m.width, m.height, m.focus_x, m.focus_y, m.created_at,
	m.media_key, m.media_blob, m.preview_key, m.preview_blob`

func (m *Attachment) dest() []any {
	return []any{
		&m.ID, &m.StatusID, &m.AccountID, &m.Kind, &m.MediaType, &m.URL, &m.PreviewURL, &m.RemoteURL,
		&m.Description, &m.Blurhash, &m.Width, &m.Height, &m.FocusX, &m.FocusY, toTime(&m.CreatedAt),
		&m.Media.Key, &m.Media.Blob, &m.Preview.Key, &m.Preview.Blob,
	}
}

// PutAttachments replaces the attachments of a status, keeping their order
// and, for those of the same remote URL, their ids.
func (tx *Tx) PutAttachments(status ObjectID, account AccountID, list []Attachment) error {
	known := map[string]int64{}
	err := tx.query(func(row scanner) error {
		var id int64
		var u string
		if err := row.Scan(&id, &u); err != nil {
			return err
		}
		known[u] = id
		return nil
	}, `SELECT id, remote_url FROM attachments WHERE status_id = $1`, status)
	if err != nil {
		return err
	}
	if _, err := tx.exec(`DELETE FROM attachments WHERE status_id = $1`, status); err != nil {
		return err
	}
	for i := range list {
		m := &list[i]
		m.StatusID, m.AccountID, m.CreatedAt = status, account, tx.Now()
		m.ID = known[m.RemoteURL]
		delete(known, m.RemoteURL) // the same picture twice is two rows
		if err := tx.insertAttachment(m, i); err != nil {
			return err
		}
	}
	return nil
}

func (tx *Tx) insertAttachment(m *Attachment, position int) error {
	insert := func(id int64) error {
		m.ID = id
		_, err := tx.exec(`
			INSERT INTO attachments (
			  id, status_id, account_id, position, kind, media_type, url, preview_url, remote_url,
			  description, blurhash, width, height, focus_x, focus_y, created_at,
			  media_key, media_blob, preview_key, preview_blob)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)`,
			m.ID, m.StatusID, m.AccountID, position, m.Kind, m.MediaType, m.URL, m.PreviewURL, m.RemoteURL,
			m.Description, m.Blurhash, m.Width, m.Height, m.FocusX, m.FocusY, millis(m.CreatedAt),
			m.Media.Key, m.Media.Blob, m.Preview.Key, m.Preview.Blob)
		return err
	}
	if m.ID != 0 {
		return insert(m.ID)
	}
	return tx.insertNew(m.CreatedAt, insert)
}

// InsertAttachment stores an uploaded file for a status that its author is
// writing. The blobs that it refers to must exist.
func (tx *Tx) InsertAttachment(m *Attachment) error {
	restore(tx, m)
	for _, ref := range []MediaRef{m.Media, m.Preview} {
		if ref.Blob == "" {
			continue
		}
		if err := tx.useBlob(ref.Blob); err != nil {
			return err
		}
	}
	m.StatusID, m.CreatedAt = 0, tx.Now()
	return tx.insertAttachment(m, 0)
}
