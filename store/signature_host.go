package store

import "time"

// SignatureHost is what is known of a host about signatures of RFC 9421 with
// Ed25519 keys.
type SignatureHost struct {
	Host    string
	Posts   bool      // of what is posted to it; otherwise of what is asked of it
	Message bool      // it takes them; otherwise it refused one
	Told    bool      // an answer of the host said so, and not only a document on it
	Until   time.Time // when that is forgotten
}

// MaxSignatureHosts limits how many rows are remembered, two a host: strangers choose their
// names. What would be forgotten first makes room.
const MaxSignatureHosts = 8192

// SignatureHosts reads what is known of all hosts, and not forgotten yet.
func (tx *Tx) SignatureHosts() (list []SignatureHost, err error) {
	err = tx.query(func(row scanner) error {
		var h SignatureHost
		err := row.Scan(&h.Host, &h.Posts, &h.Message, &h.Told, toTime(&h.Until))
		list = append(list, h)
		return err
	}, `SELECT host, posts, message, told, until FROM signature_hosts WHERE until > $1 ORDER BY host, posts LIMIT $2`, millis(tx.Now()), MaxSignatureHosts)
	return list, err
}

// PutSignatureHost remembers what is known of a host, in place of what was.
func (tx *Tx) PutSignatureHost(h SignatureHost) error {
	_, err := tx.exec(`
		INSERT INTO signature_hosts (host, posts, message, told, until) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (host, posts) DO UPDATE SET message = excluded.message, told = excluded.told, until = excluded.until`,
		h.Host, h.Posts, h.Message, h.Told, millis(h.Until))
	if err != nil {
		return err
	}
	_, err = tx.exec(`
		DELETE FROM signature_hosts
		WHERE until <= $1 OR (host, posts) IN (
		  SELECT s.host, s.posts FROM signature_hosts s ORDER BY s.until DESC, s.host DESC, s.posts LIMIT 100 OFFSET $2)`,
		millis(tx.Now()), MaxSignatureHosts)
	return err
}

// ForgetSignatureHost forgets what is known of a host, for posts or for the rest.
func (tx *Tx) ForgetSignatureHost(host string, posts bool) error {
	_, err := tx.exec(`DELETE FROM signature_hosts WHERE host = $1 AND posts = $2`, host, posts)
	return err
}
