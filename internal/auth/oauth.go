package auth

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"slices"
	"strings"
	"time"

	"kinglet/internal/auth/scope"
	"kinglet/internal/fault"
	"kinglet/store"
)

// OutOfBand is the redirect URI of clients that display a code to copy.
const OutOfBand = "urn:ietf:wg:oauth:2.0:oob"

// codeLife is how long an authorization code is valid.
const codeLife = 10 * time.Minute

// refreshLife is how long an access token with a refresh token is valid. Others
// are valid until they are revoked, as Mastodon's are.
const refreshLife = 30 * 24 * time.Hour

// oauthError is an error of OAuth 2.0: a code of RFC 6749 §5.2 and a
// description for the developer of the client.
func oauthError(code, description string) error {
	kind := fault.Invalid
	if code == "invalid_client" {
		kind = fault.Unauthorized
	}
	return &fault.Error{Kind: kind, Code: code, Message: description}
}

// parseScopes parses the scopes that a client requests.
func parseScopes(list string) (string, error) {
	scopes, err := scope.Parse(list)
	if err != nil {
		return "", oauthError("invalid_scope", "The requested scope is invalid: "+err.Error())
	}
	return scopes, nil
}

// Authorization is what a client requests of a user.
type Authorization struct {
	ClientID, RedirectURI, ResponseType, Scopes string
	Challenge, ChallengeMethod                  string
}

// CheckAuthorization finds the client and checks its request. The error is one
// to display to the user: nothing may be sent to a redirect URI that is not the
// client's.
func (s *Service) CheckAuthorization(ctx context.Context, a *Authorization) (app *store.App, err error) {
	err = s.store.View(ctx, func(tx *store.Tx) error {
		app, err = tx.AppByClientID(a.ClientID)
		return err
	})
	if fault.Is(err, fault.NotFound) {
		return nil, oauthError("invalid_client", "No application is registered here under this client id")
	}
	if err != nil {
		return nil, err
	}
	if !slices.Contains(app.RedirectURIs, a.RedirectURI) || !validRedirect(a.RedirectURI) {
		return nil, oauthError("invalid_request", "The redirect URI is not one that the application registered")
	}
	if a.ResponseType != "code" {
		return nil, oauthError("unsupported_response_type", "The response type must be code")
	}
	// Clients older than PKCE send neither. A challenge without a method
	// means plain (RFC 7636 §4.3), which protects nothing.
	if (a.Challenge != "" || a.ChallengeMethod != "") && (a.ChallengeMethod != "S256" || len(a.Challenge) != 43) {
		return nil, oauthError("invalid_request", "The code challenge must be of method S256")
	}
	if a.Scopes, err = parseScopes(a.Scopes); err != nil {
		return nil, err
	}
	if !scope.Allows(app.Scopes, a.Scopes) {
		return nil, oauthError("invalid_scope", "The application did not register these scopes")
	}
	return app, nil
}

// IssueCode makes the code for what account has allowed.
func (s *Service) IssueCode(ctx context.Context, account store.AccountID, a *Authorization) (string, error) {
	app, err := s.CheckAuthorization(ctx, a)
	if err != nil {
		return "", err
	}
	code := NewSecret()
	return code, s.store.Update(ctx, func(tx *store.Tx) error {
		return tx.InsertCode(&store.Code{
			Hash: HashSecret(code), AppID: app.ID, AccountID: account, RedirectURI: a.RedirectURI,
			Scopes: a.Scopes, Challenge: a.Challenge, ExpiresAt: tx.Now().Add(codeLife),
		})
	})
}

// Grant is a client's request for a token.
type Grant struct {
	Type, ClientID, ClientSecret         string
	Code, RedirectURI, Verifier, Refresh string
	Scopes                               string
}

// Granted is a token with its secrets, which are not stored.
type Granted struct {
	Token           *store.Token
	Access, Refresh string
}

// GrantToken exchanges a code, a refresh token, or a client's own credentials
// for an access token.
func (s *Service) GrantToken(ctx context.Context, g Grant) (*Granted, error) {
	app, err := s.authenticateClient(ctx, g.ClientID, g.ClientSecret)
	if err != nil {
		return nil, err
	}
	granted, err := s.grant(ctx, app, g)
	if err != nil {
		return nil, err
	}
	s.tokens.remember(granted.Token.Hash) // others' invalid tokens do not hinder its first use
	return granted, nil
}

func (s *Service) grant(ctx context.Context, app *store.App, g Grant) (*Granted, error) {
	switch g.Type {
	case "authorization_code":
		return s.exchangeCode(ctx, app, g)
	case "client_credentials":
		scopes, err := parseScopes(g.Scopes)
		if err != nil {
			return nil, err
		}
		if !scope.Allows(app.Scopes, scopes) {
			return nil, oauthError("invalid_scope", "The application did not register these scopes")
		}
		return s.keepToken(ctx, &store.Token{AppID: app.ID, Scopes: scopes})
	case "refresh_token":
		return s.refresh(ctx, app, g)
	}
	return nil, oauthError("unsupported_grant_type", "The grant type must be authorization_code, client_credentials or refresh_token")
}

// exchangeCode redeems a code and makes its token in one transaction, so that a
// code that is sent a second time finds the token to revoke.
func (s *Service) exchangeCode(ctx context.Context, app *store.App, g Grant) (*Granted, error) {
	var granted *Granted
	var refused error
	err := s.store.Update(ctx, func(tx *store.Tx) error {
		id := tx.NewID(tx.Now())
		granted, refused = nil, nil
		code, err := tx.RedeemCode(HashSecret(g.Code), id)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		if err != nil || code.AppID != app.ID || code.RedirectURI != g.RedirectURI || !verifierFits(g.Verifier, code.Challenge) {
			refused = oauthError("invalid_grant", "The authorization code is wrong, has expired or was used, or the redirect URI or the code verifier is not the one it was given for")
			return nil // what was done about a stolen code stays
		}
		granted = newToken(&store.Token{ID: id, AppID: app.ID, AccountID: code.AccountID, Scopes: code.Scopes},
			slices.Contains(strings.Fields(code.Scopes), "offline_access"), tx.Now())
		return tx.InsertToken(granted.Token)
	})
	if err == nil {
		err = refused
	}
	return granted, err
}

// verifierFits checks a PKCE verifier (RFC 7636 §4.6). A verifier for a code
// that was issued without a challenge is refused: somebody removed the
// challenge from the client's request (RFC 9700 §4.8.2).
func verifierFits(verifier, challenge string) bool {
	if challenge == "" {
		return verifier == ""
	}
	sum := sha256.Sum256([]byte(verifier))
	return subtle.ConstantTimeCompare([]byte(base64.RawURLEncoding.EncodeToString(sum[:])), []byte(challenge)) == 1
}

// refresh deletes a token and makes its replacement, in one transaction. The
// new one keeps the id, by which a stolen code's token is found.
func (s *Service) refresh(ctx context.Context, app *store.App, g Grant) (granted *Granted, err error) {
	err = s.store.Update(ctx, func(tx *store.Tx) error {
		old, err := tx.RedeemRefreshToken(HashSecret(g.Refresh), app.ID)
		if fault.Is(err, fault.NotFound) {
			return oauthError("invalid_grant", "The refresh token is wrong or was used")
		}
		if err != nil {
			return err
		}
		scopes := old.Scopes
		if g.Scopes != "" {
			if scopes, err = parseScopes(g.Scopes); err != nil || !scope.Allows(old.Scopes, scopes) {
				return oauthError("invalid_scope", "The scopes are more than were granted")
			}
		}
		granted = newToken(&store.Token{ID: old.ID, AppID: app.ID, AccountID: old.AccountID, Scopes: scopes}, true, tx.Now())
		return tx.InsertToken(granted.Token)
	})
	return granted, err
}

// newToken makes a token with its secrets.
func newToken(t *store.Token, refresh bool, now time.Time) *Granted {
	g := &Granted{Token: t, Access: NewSecret()}
	t.Hash = HashSecret(g.Access)
	if refresh {
		g.Refresh = NewSecret()
		t.RefreshHash = HashSecret(g.Refresh)
		t.ExpiresAt = now.Add(refreshLife)
	}
	return g
}

func (s *Service) keepToken(ctx context.Context, t *store.Token) (*Granted, error) {
	g := newToken(t, false, s.store.Now())
	return g, s.store.Update(ctx, func(tx *store.Tx) error { return tx.InsertToken(t) })
}

// CreateToken makes an access token for scripts, without an OAuth flow.
func (s *Service) CreateToken(ctx context.Context, name, scopes string) (string, error) {
	scopes, err := parseScopes(scopes)
	if err != nil {
		return "", err
	}
	var account *store.Account
	err = s.store.View(ctx, func(tx *store.Tx) (err error) {
		account, _, err = s.find(tx, name)
		return err
	})
	if err != nil && !fault.Is(err, fault.NotFound) {
		return "", err
	}
	if err != nil || !account.Active() {
		return "", fault.Errorf(fault.NotFound, "there is no account %s", name)
	}
	g, err := s.keepToken(ctx, &store.Token{AccountID: account.ID, Scopes: scopes})
	if err != nil {
		return "", err
	}
	return g.Access, nil
}

// RevokeToken revokes a client's access or refresh token (RFC 7009). An unknown
// one is not an error.
func (s *Service) RevokeToken(ctx context.Context, clientID, secret, token string) error {
	app, err := s.authenticateClient(ctx, clientID, secret)
	if err != nil {
		return err
	}
	return s.store.Update(ctx, func(tx *store.Tx) error { return tx.RevokeToken(HashSecret(token), app.ID) })
}
