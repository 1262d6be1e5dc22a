package auth

import (
	"context"
	"crypto/subtle"
	"net/url"
	"strings"

	"kinglet/internal/fault"
	"kinglet/store"
)

// NewApp is a client to register.
type NewApp struct {
	Name, Website, Scopes string
	RedirectURIs          []string
}

// Limits of a client's fields, in bytes: anybody may register one.
const (
	maxAppName   = 255
	maxAppURIs   = 2000 // its redirect URIs in all, and its website
	maxAppScopes = 2000
)

// RegisterApp registers a client and returns it with its secret, of which only
// the hash is stored. Invalid errors say what is wrong.
func (s *Service) RegisterApp(ctx context.Context, n NewApp) (app *store.App, secret string, err error) {
	if n.Name = strings.TrimSpace(n.Name); n.Name == "" || len(n.Name) > maxAppName {
		return nil, "", fault.Errorf(fault.Invalid, "Validation failed: Application name can't be blank or longer than %d bytes", maxAppName)
	}
	if len(n.RedirectURIs) == 0 {
		return nil, "", fault.Errorf(fault.Invalid, "Validation failed: Redirect URI can't be blank")
	}
	if len(strings.Join(n.RedirectURIs, "\n")) > maxAppURIs {
		return nil, "", fault.Errorf(fault.Invalid, "Validation failed: Redirect URIs are longer than %d bytes", maxAppURIs)
	}
	if len(n.Scopes) > maxAppScopes {
		return nil, "", fault.Errorf(fault.Invalid, "Validation failed: Scopes are longer than %d bytes", maxAppScopes)
	}
	for _, u := range n.RedirectURIs {
		if !validRedirect(u) {
			return nil, "", fault.Errorf(fault.Invalid, "Validation failed: Redirect URI must be an absolute URI.")
		}
	}
	if n.Website != "" {
		if u, err := url.Parse(n.Website); err != nil || u.Scheme != "https" && u.Scheme != "http" || len(n.Website) > maxAppURIs {
			return nil, "", fault.Errorf(fault.Invalid, "Validation failed: Website must be a valid URL")
		}
	}
	scopes, err := parseScopes(n.Scopes)
	if err != nil {
		return nil, "", fault.Errorf(fault.Invalid, "Validation failed: Scopes doesn't match configured on the server.")
	}
	secret = NewSecret()
	app = &store.App{
		ClientID: NewSecret(), SecretHash: HashSecret(secret), Name: n.Name, Website: n.Website,
		RedirectURIs: n.RedirectURIs, Scopes: scopes,
	}
	return app, secret, s.store.Update(ctx, func(tx *store.Tx) error { return tx.InsertApp(app) })
}

// authenticateClient checks a client's credentials.
func (s *Service) authenticateClient(ctx context.Context, id, secret string) (app *store.App, err error) {
	err = s.store.View(ctx, func(tx *store.Tx) error {
		app, err = tx.AppByClientID(id)
		return err
	})
	if err != nil && !fault.Is(err, fault.NotFound) {
		return nil, err
	}
	if err != nil || subtle.ConstantTimeCompare([]byte(app.SecretHash), []byte(HashSecret(secret))) != 1 {
		return nil, oauthError("invalid_client", "The client id or its secret is wrong")
	}
	return app, nil
}

// CommandLineApp is the application of a token that CreateToken made: it is not
// registered, has the id 0, and posts written with it name none.
func CommandLineApp(scopes string) *store.App {
	return &store.App{Name: "kinglet token create", Scopes: scopes, RedirectURIs: []string{}}
}
