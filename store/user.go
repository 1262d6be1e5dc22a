package store

import (
	"strings"
	"time"

	"kinglet/internal/fault"
)

// User is the private side of a local account.
type User struct {
	AccountID         AccountID
	Email             string // lower-case
	PasswordHash      string
	Admin             bool
	PrivateKey        string // PEM; "" once deleted
	Ed25519Key        string // PEM; "" once deleted, and before it is made
	NoteSource        string // as typed
	FieldsSource      []Field
	DefaultVisibility Visibility
	DefaultSensitive  bool
	DefaultLanguage   string
	CreatedAt         time.Time
	LastSignInAt      time.Time
}

const userColumns = `
	u.account_id, u.email, u.password_hash, u.admin, u.private_key, u.ed25519_key, u.note_source, u.fields_source,
	u.default_visibility, u.default_sensitive, u.default_language, u.created_at, u.last_sign_in_at`

func (u *User) dest() []any {
	return []any{
		&u.AccountID, &u.Email, &u.PasswordHash, &u.Admin, &u.PrivateKey, &u.Ed25519Key, &u.NoteSource, fromJSON(&u.FieldsSource),
		visibilityName{&u.DefaultVisibility}, &u.DefaultSensitive, &u.DefaultLanguage, toTime(&u.CreatedAt), toTime(&u.LastSignInAt),
	}
}

type visibilityName struct{ v *Visibility }

func (n visibilityName) Scan(src any) error {
	s, _ := src.(string)
	*n.v, _ = ParseVisibility(s)
	return nil
}

// InsertUser writes the private side of a new account; Conflict when the e-mail
// address is in use.
func (tx *Tx) InsertUser(u *User) error {
	restore(tx, u)
	u.CreatedAt, u.Email = tx.Now(), strings.ToLower(u.Email)
	n, err := tx.exec(`
		INSERT INTO users (
		  account_id, email, password_hash, admin, private_key, ed25519_key, note_source, fields_source,
		  default_visibility, default_sensitive, default_language, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, '', '', $7, $8, $9, $10)
		ON CONFLICT (email) DO NOTHING`,
		u.AccountID, u.Email, u.PasswordHash, u.Admin, u.PrivateKey, u.Ed25519Key,
		u.DefaultVisibility.String(), u.DefaultSensitive, u.DefaultLanguage, millis(u.CreatedAt))
	if err == nil && n == 0 {
		err = fault.Errorf(fault.Conflict, "the e-mail address %s is already in use", u.Email)
	}
	return err
}

// User reads the private side of an account; NotFound for a remote one.
func (tx *Tx) User(id AccountID) (*User, error) {
	u := new(User)
	err := tx.get("user "+id.String(), u.dest(), `SELECT `+userColumns+` FROM users u WHERE u.account_id = $1`, id)
	return u, err
}

// UserByEmail reads it by e-mail address, ignoring case; NotFound.
func (tx *Tx) UserByEmail(email string) (*User, error) {
	u := new(User)
	err := tx.get("user", u.dest(), `SELECT `+userColumns+` FROM users u WHERE u.email = $1`, strings.ToLower(email))
	return u, err
}

// UpdateUser writes the password, the role and the preferences.
func (tx *Tx) UpdateUser(u *User) error {
	tx.engine.Erases() // what stood there before
	_, err := tx.exec(`
		UPDATE users
		SET password_hash = $2, admin = $3, note_source = $4, fields_source = $5,
		  default_visibility = $6, default_sensitive = $7, default_language = $8
		WHERE account_id = $1`,
		u.AccountID, u.PasswordHash, u.Admin, u.NoteSource, jsonText(u.FieldsSource),
		u.DefaultVisibility.String(), u.DefaultSensitive, u.DefaultLanguage)
	return err
}

// TouchSignIn records that an account signed in.
func (tx *Tx) TouchSignIn(id AccountID) error {
	_, err := tx.exec(`UPDATE users SET last_sign_in_at = $2 WHERE account_id = $1`, id, millis(tx.Now()))
	return err
}
