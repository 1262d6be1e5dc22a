package store

import (
	"slices"
	"strings"
	"time"

	"kinglet/internal/fault"
)

// App is a registered OAuth client.
type App struct {
	ID           int64
	ClientID     string
	SecretHash   string
	Name         string
	Website      string
	RedirectURIs []string
	Scopes       string
	CreatedAt    time.Time
}

const appColumns = `p.id, p.client_id, p.secret_hash, p.name, p.website, p.redirect_uris, p.scopes, p.created_at`

func (a *App) dest() []any {
	return []any{&a.ID, &a.ClientID, &a.SecretHash, &a.Name, &a.Website, fromJSON(&a.RedirectURIs), &a.Scopes, toTime(&a.CreatedAt)}
}

// InsertApp registers a client and gives it an id.
func (tx *Tx) InsertApp(a *App) error {
	restore(tx, a)
	if err := tx.makeRoomForApp(); err != nil {
		return err
	}
	a.CreatedAt = tx.Now()
	return tx.insertNew(a.CreatedAt, func(id int64) error {
		a.ID = id
		_, err := tx.exec(`
			INSERT INTO oauth_apps (id, client_id, secret_hash, name, website, redirect_uris, scopes, created_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			a.ID, a.ClientID, a.SecretHash, a.Name, a.Website, jsonText(a.RedirectURIs), a.Scopes, millis(a.CreatedAt))
		return err
	})
}

// AppByClientID reads a client; NotFound.
func (tx *Tx) AppByClientID(clientID string) (*App, error) {
	a := new(App)
	err := tx.get("application", a.dest(), `SELECT `+appColumns+` FROM oauth_apps p WHERE p.client_id = $1`, clientID)
	return a, err
}

// Apps reads many clients in one statement, keyed by id.
func (tx *Tx) Apps(ids []int64) (map[int64]*App, error) {
	out := make(map[int64]*App, len(ids))
	err := tx.query(func(row scanner) error {
		a := new(App)
		err := row.Scan(a.dest()...)
		out[a.ID] = a
		return err
	}, `SELECT `+appColumns+` FROM oauth_apps p WHERE `+tx.in("p.id", "$1"), setOf(ids))
	return out, err
}

// appsOf reads what others see of clients, keyed by id: name and website.
func (tx *Tx) appsOf(ids []int64) (map[int64]*App, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	out := make(map[int64]*App, len(ids))
	oneOf, set := among(tx, "p.id", "$1", ids)
	err := tx.query(func(row scanner) error {
		a := new(App)
		err := row.Scan(&a.ID, &a.Name, &a.Website)
		out[a.ID] = a
		return err
	}, `SELECT p.id, p.name, p.website FROM oauth_apps p WHERE `+oneOf, set)
	return out, err
}

// Code is an authorization code: single-use, short-lived, bound to its client,
// redirect and PKCE challenge.
type Code struct {
	Hash                string
	AppID               int64
	AccountID           AccountID
	RedirectURI, Scopes string
	Challenge           string // S256, "" for none
	ExpiresAt           time.Time
	TokenID             int64
}

// InsertCode stores a new code.
func (tx *Tx) InsertCode(c *Code) error {
	_, err := tx.exec(`
		INSERT INTO oauth_codes (hash, app_id, account_id, redirect_uri, scopes, challenge, created_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		c.Hash, c.AppID, c.AccountID, c.RedirectURI, c.Scopes, c.Challenge, millis(tx.Now()), millis(c.ExpiresAt))
	return err
}

// RedeemCode returns a code for exchange, once: tokenID is the id of the token
// that will be issued. A code that was redeemed before is NotFound, and the
// token issued for it is revoked (RFC 6749 §4.1.2): the code was stolen. So a
// caller must commit even after this error.
func (tx *Tx) RedeemCode(hash string, tokenID int64) (*Code, error) {
	c := new(Code)
	err := tx.get("authorization code",
		[]any{&c.Hash, &c.AppID, &c.AccountID, &c.RedirectURI, &c.Scopes, &c.Challenge, toTime(&c.ExpiresAt)}, `
		UPDATE oauth_codes SET token_id = $2
		WHERE hash = $1 AND token_id = 0 AND expires_at > $3
		RETURNING hash, app_id, account_id, redirect_uri, scopes, challenge, expires_at`, hash, tokenID, millis(tx.Now()))
	if err == nil {
		c.TokenID = tokenID
		return c, nil
	}
	if !fault.Is(err, fault.NotFound) {
		return nil, err
	}
	if _, derr := tx.exec(`DELETE FROM oauth_tokens WHERE id IN (SELECT token_id FROM oauth_codes WHERE hash = $1 AND token_id <> 0)`, hash); derr != nil {
		return nil, derr
	}
	return nil, err
}

// Token is an access token: of an account, or of a client alone (AccountID 0).
type Token struct {
	ID          int64
	Hash        string
	RefreshHash string
	AppID       int64
	AccountID   AccountID
	Scopes      string
	CreatedAt   time.Time
	ExpiresAt   time.Time // zero for never
	LastUsedAt  time.Time
}

const tokenColumns = `t.id, t.hash, COALESCE(t.refresh_hash, ''), t.app_id, t.account_id, t.scopes, t.created_at, t.expires_at, t.last_used_at`

func (t *Token) dest() []any {
	return []any{&t.ID, &t.Hash, &t.RefreshHash, &t.AppID, &t.AccountID, &t.Scopes, toTime(&t.CreatedAt), toTime(&t.ExpiresAt), toTime(&t.LastUsedAt)}
}

// InsertToken stores a new token, giving it an id if it has none.
func (tx *Tx) InsertToken(t *Token) error {
	restore(tx, t)
	t.CreatedAt = tx.Now()
	var refresh any
	if t.RefreshHash != "" {
		refresh = t.RefreshHash
	}
	insert := func(id int64) error {
		t.ID = id
		_, err := tx.exec(`
			INSERT INTO oauth_tokens (id, hash, refresh_hash, app_id, account_id, scopes, created_at, expires_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			t.ID, t.Hash, refresh, t.AppID, t.AccountID, t.Scopes, millis(t.CreatedAt), millis(t.ExpiresAt))
		return err
	}
	if t.ID != 0 {
		return insert(t.ID)
	}
	return tx.insertNew(t.CreatedAt, insert)
}

const tokenIsValid = `
	(t.expires_at = 0 OR t.expires_at > $2)
	AND ` + tokenOwnerIsActive

const tokenOwnerIsActive = `(t.account_id = 0 OR EXISTS (
	  SELECT 1 FROM accounts a WHERE a.id = t.account_id AND a.suspended_at = 0 AND a.deleted_at = 0))`

// TokenByHash reads a valid token: not expired, nor of an account that
// is suspended or gone; NotFound.
func (tx *Tx) TokenByHash(hash string) (*Token, error) {
	t := new(Token)
	err := tx.get("token", t.dest(), `SELECT `+tokenColumns+` FROM oauth_tokens t WHERE t.hash = $1 AND `+tokenIsValid, hash, millis(tx.Now()))
	return t, err
}

// touchEvery is how often a token's use is written: reading costs no write.
const touchEvery = time.Hour

// TouchDue reports whether it is time for a TouchToken.
func (t *Token) TouchDue(now time.Time) bool { return now.Sub(t.LastUsedAt) >= touchEvery }

// TouchToken records that a token is in use, at most once an hour.
func (tx *Tx) TouchToken(id int64) error {
	now := tx.Now()
	_, err := tx.exec(`UPDATE oauth_tokens SET last_used_at = $2 WHERE id = $1 AND last_used_at <= $3`,
		id, millis(now), millis(now.Add(-touchEvery)))
	return err
}

// RedeemRefreshToken consumes a refresh token of a client and deletes its
// token; NotFound.
func (tx *Tx) RedeemRefreshToken(refreshHash string, appID int64) (*Token, error) {
	t := new(Token)
	err := tx.get("refresh token", t.dest(), `DELETE FROM oauth_tokens AS t
		WHERE t.refresh_hash = $1 AND t.app_id = $2 AND `+tokenOwnerIsActive+`
		RETURNING `+strings.ReplaceAll(tokenColumns, "t.", ""), refreshHash, appID)
	if err != nil {
		return nil, err
	}
	return t, nil
}

// RevokeToken deletes a client's token, given its own or its refresh hash.
func (tx *Tx) RevokeToken(hash string, appID int64) error {
	_, err := tx.exec(`DELETE FROM oauth_tokens WHERE (hash = $1 OR refresh_hash = $1) AND app_id = $2`, hash, appID)
	return err
}

// RevokeAccess deletes every token, code and session of an account, and its
// known browsers and addresses.
func (tx *Tx) RevokeAccess(id AccountID) error {
	for _, q := range []string{
		`DELETE FROM oauth_tokens WHERE account_id = $1`,
		`DELETE FROM oauth_codes WHERE account_id = $1`,
		`DELETE FROM sessions WHERE account_id = $1`,
		`DELETE FROM known_devices WHERE account_id = $1`,
	} {
		if _, err := tx.exec(q, id); err != nil {
			return err
		}
	}
	return nil
}

// PutSession stores the session of a browser.
func (tx *Tx) PutSession(hash string, account AccountID, expires time.Time) error {
	_, err := tx.exec(`INSERT INTO sessions (hash, account_id, created_at, expires_at) VALUES ($1, $2, $3, $4)`,
		hash, account, millis(tx.Now()), millis(expires))
	return err
}

// SessionAccount is the account of a session that has not expired; NotFound.
func (tx *Tx) SessionAccount(hash string) (*Account, error) {
	a := new(Account)
	err := tx.get("session", a.dest(), `
		SELECT `+accountColumns+`
		FROM sessions s
		JOIN accounts a ON a.id = s.account_id
		WHERE s.hash = $1 AND s.expires_at > $2 AND a.suspended_at = 0 AND a.deleted_at = 0`, hash, millis(tx.Now()))
	return a, err
}

// DeleteSession deletes the session of a browser.
func (tx *Tx) DeleteSession(hash string) error {
	_, err := tx.exec(`DELETE FROM sessions WHERE hash = $1`, hash)
	return err
}
