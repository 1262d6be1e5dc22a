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
}

const attachmentColumns = `
	m.id, m.status_id, m.account_id, m.kind, m.media_type, m.url, m.preview_url, m.remote_url,
	m.description, m.blurhash, m.width, m.height, m.focus_x, m.focus_y, m.created_at`

func (m *Attachment) dest() []any {
	return []any{
		&m.ID, &m.StatusID, &m.AccountID, &m.Kind, &m.MediaType, &m.URL, &m.PreviewURL, &m.RemoteURL,
		&m.Description, &m.Blurhash, &m.Width, &m.Height, &m.FocusX, &m.FocusY, toTime(&m.CreatedAt),
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
			  description, blurhash, width, height, focus_x, focus_y, created_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`,
			m.ID, m.StatusID, m.AccountID, position, m.Kind, m.MediaType, m.URL, m.PreviewURL, m.RemoteURL,
			m.Description, m.Blurhash, m.Width, m.Height, m.FocusX, m.FocusY, millis(m.CreatedAt))
		return err
	}
	if m.ID != 0 {
		return insert(m.ID)
	}
	return tx.insertNew(m.CreatedAt, insert)
}
