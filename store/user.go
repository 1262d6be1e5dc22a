package store

import (
	"strings"
	"time"
)

// User is the private side of a local account.
type User struct {
	AccountID         AccountID
	Email             string // lower-case
	PasswordHash      string
	Admin             bool
	PrivateKey        string // PEM; "" once deleted
	NoteSource        string // as typed
	FieldsSource      []Field
	DefaultVisibility Visibility
	DefaultSensitive  bool
	DefaultLanguage   string
	CreatedAt         time.Time
	LastSignInAt      time.Time
}

const userColumns = `
	u.account_id, u.email, u.password_hash, u.admin, u.private_key, u.note_source, u.fields_source,
	u.default_visibility, u.default_sensitive, u.default_language, u.created_at, u.last_sign_in_at`

func (u *User) dest() []any {
	return []any{
		&u.AccountID, &u.Email, &u.PasswordHash, &u.Admin, &u.PrivateKey, &u.NoteSource, fromJSON(&u.FieldsSource),
		visibilityName{&u.DefaultVisibility}, &u.DefaultSensitive, &u.DefaultLanguage, toTime(&u.CreatedAt), toTime(&u.LastSignInAt),
	}
}

type visibilityName struct{ v *Visibility }

func (n visibilityName) Scan(src any) error {
	s, _ := src.(string)
	*n.v, _ = ParseVisibility(s)
	return nil
}

// InsertUser writes the private side of a new account; Conflict when the
// e-mail address is another's.
func (tx *Tx) InsertUser(u *User) error {
	u.CreatedAt, u.Email = tx.Now(), strings.ToLower(u.Email)
	n, err := tx.exec(`
		INSERT INTO users (
		  account_id, email, password_hash, admin, private_key, note_source, fields_source,
		  default_visibility, default_sensitive, default_language, created_at)
		VALUES ($1, $2, $3, $4, $5, '', '', $6, $7, $8, $9)
		ON CONFLICT DO NOTHING`,
		u.AccountID, u.Email, u.PasswordHash, u.Admin, u.PrivateKey,
		u.DefaultVisibility.String(), u.DefaultSensitive, u.DefaultLanguage, millis(u.CreatedAt))
	if err == nil && n == 0 {
		err = Errorf(Conflict, "the e-mail address %s is already in use", u.Email)
	}
	return err
}

// User reads the private side of an account; NotFound for a remote one.
func (tx *Tx) User(id AccountID) (*User, error) {
	u := new(User)
	err := tx.get("user "+id.String(), u.dest(), `SELECT `+userColumns+` FROM users u WHERE u.account_id = $1`, id)
	return u, err
}

// UserByEmail reads it by e-mail address, whatever its case; NotFound.
func (tx *Tx) UserByEmail(email string) (*User, error) {
	u := new(User)
	err := tx.get("user", u.dest(), `SELECT `+userColumns+` FROM users u WHERE u.email = $1`, strings.ToLower(email))
	return u, err
}

// UpdateUser writes the password, the role and the preferences.
func (tx *Tx) UpdateUser(u *User) error {
	_, err := tx.exec(`
		UPDATE users
		SET password_hash = $2, admin = $3, note_source = $4, fields_source = $5,
		  default_visibility = $6, default_sensitive = $7, default_language = $8
		WHERE account_id = $1`,
		u.AccountID, u.PasswordHash, u.Admin, u.NoteSource, jsonText(u.FieldsSource),
		u.DefaultVisibility.String(), u.DefaultSensitive, u.DefaultLanguage)
	return err
}

// TouchSignIn notes that an account signed in.
func (tx *Tx) TouchSignIn(id AccountID) error {
	_, err := tx.exec(`UPDATE users SET last_sign_in_at = $2 WHERE account_id = $1`, id, millis(tx.Now()))
	return err
}

// ServerStats are what NodeInfo and the instance's description count.
type ServerStats struct {
	Users, ActiveMonth, ActiveHalfYear, Statuses, Domains int64
}

// Stats counts without scanning statuses: from the accounts that live here.
// An account is active that signed in, posted, or has a client that called.
func (tx *Tx) Stats() (ServerStats, error) {
	var s ServerStats
	now := tx.Now()
	err := tx.get("statistics", []any{&s.Users, &s.ActiveMonth, &s.ActiveHalfYear, &s.Statuses, &s.Domains}, `
		SELECT COUNT(*),
		  COALESCE(SUM(CASE WHEN seen > $1 OR used > $1 THEN 1 ELSE 0 END), 0),
		  COALESCE(SUM(CASE WHEN seen > $2 OR used > $2 THEN 1 ELSE 0 END), 0),
		  COALESCE(SUM(statuses), 0),
		  (SELECT COUNT(DISTINCT domain) FROM accounts WHERE domain <> '')
		FROM (
		  SELECT a.statuses_count AS statuses,
		    CASE WHEN a.last_status_at > u.last_sign_in_at THEN a.last_status_at ELSE u.last_sign_in_at END AS seen,
		    COALESCE((SELECT MAX(t.last_used_at) FROM oauth_tokens t WHERE t.account_id = a.id), 0) AS used
		  FROM users u
		  JOIN accounts a ON a.id = u.account_id
		  WHERE a.deleted_at = 0) AS local`,
		millis(now.AddDate(0, -1, 0)), millis(now.AddDate(0, -6, 0)))
	return s, err
}

// DeleteAccount marks an account as gone, which hides it and everything of it
// at once, and ends its follows, tokens and sessions. A local one keeps its
// name, so that nobody else takes it, and its key, until PurgeAccount: the
// Delete has to be signed.
func (tx *Tx) DeleteAccount(id AccountID) error {
	if _, err := tx.exec(`UPDATE accounts SET deleted_at = $2, display_name = '', note = '', fields = '', emojis = '', avatar = '', header = '', json = '' WHERE id = $1 AND deleted_at = 0`,
		id, millis(tx.Now())); err != nil {
		return err
	}
	for _, q := range []string{
		`UPDATE accounts SET following_count = following_count - 1 WHERE following_count > 0 AND id IN (SELECT account_id FROM follows WHERE target_id = $1 AND accepted)`,
		`UPDATE accounts SET followers_count = followers_count - 1 WHERE followers_count > 0 AND id IN (SELECT target_id FROM follows WHERE account_id = $1 AND accepted)`,
		`DELETE FROM follows WHERE account_id = $1 OR target_id = $1`,
		`DELETE FROM blocks WHERE account_id = $1 OR target_id = $1`,
		`DELETE FROM mutes WHERE account_id = $1 OR target_id = $1`,
		`DELETE FROM notifications WHERE account_id = $1 OR from_account_id = $1`,
		`DELETE FROM oauth_tokens WHERE account_id = $1`,
		`DELETE FROM oauth_codes WHERE account_id = $1`,
		`DELETE FROM sessions WHERE account_id = $1`,
		`DELETE FROM known_devices WHERE account_id = $1`,
		`UPDATE users SET password_hash = '', email = 'deleted-' || account_id WHERE account_id = $1`,
	} {
		if _, err := tx.exec(q, id); err != nil {
			return err
		}
	}
	return nil
}

// purgeBatch is how many statuses one transaction of a purge buries.
const purgeBatch = 200

// PurgeAccount clears away a part of what a deleted account left; done tells
// that nothing is left. A local account's key goes once no delivery needs it.
func (tx *Tx) PurgeAccount(id AccountID) (done bool, err error) {
	left, err := ids[ObjectID](tx, `SELECT id FROM objects WHERE account_id = $1 AND is_status AND deleted_at = 0 ORDER BY id LIMIT $2`, id, purgeBatch)
	if err != nil {
		return false, err
	}
	for _, sid := range left {
		o, err := tx.Object(sid)
		if err != nil {
			return false, err
		}
		if err := tx.Bury(o, nil); err != nil {
			return false, err
		}
	}
	if len(left) > 0 {
		return false, nil
	}
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
	for _, q := range []string{
		`DELETE FROM home_feed WHERE account_id = $1`,
		`DELETE FROM bookmarks WHERE account_id = $1`,
		`DELETE FROM markers WHERE account_id = $1`,
		`DELETE FROM idempotency_keys WHERE account_id = $1`,
		`DELETE FROM mentions WHERE account_id = $1`,
	} {
		if _, err := tx.exec(q, id); err != nil {
			return false, err
		}
	}
	return true, nil
}

// ForgetKey drops a deleted account's private key.
func (tx *Tx) ForgetKey(id AccountID) error {
	_, err := tx.exec(`UPDATE users SET private_key = '', note_source = '', fields_source = '' WHERE account_id = $1`, id)
	return err
}
