// Package oauth serves OAuth 2.0 to clients: registration, tokens, revocation
// and the server's metadata. The pages for signing in and consent are in ui;
// the rules are in internal/auth/oauth.go.
//
// Read API and its Routes.
package oauth

import (
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"

	"kinglet/api/limit"
	"kinglet/api/params"
	"kinglet/api/respond"
	"kinglet/internal/auth"
	"kinglet/internal/auth/scope"
	"kinglet/internal/config"
	"kinglet/internal/fault"
	"kinglet/internal/ratelimit"
	"kinglet/store"

	"github.com/go-chi/chi/v5"
)

// API serves the endpoints.
type API struct {
	Auth   *auth.Service
	Store  *store.Store
	Config *config.Config
	Limits ratelimit.Counter
	Log    *slog.Logger
}

// Routes mounts them.
func (a *API) Routes(r chi.Router) {
	r.Post("/api/v1/apps", a.register)
	r.Get("/api/v1/apps/verify_credentials", a.verify)
	r.Post("/oauth/token", a.token)
	r.Post("/oauth/revoke", a.revoke)
	r.Get("/.well-known/oauth-authorization-server", a.metadata)
}

type application struct {
	ID           string   `json:"id"`
	Name         string   `json:"name"`
	Website      *string  `json:"website"`
	Scopes       []string `json:"scopes"`
	RedirectURI  string   `json:"redirect_uri"`
	RedirectURIs []string `json:"redirect_uris"`
	VapidKey     string   `json:"vapid_key"`

	ClientID              string `json:"client_id,omitempty"`
	ClientSecret          string `json:"client_secret,omitempty"`
	ClientSecretExpiresAt *int64 `json:"client_secret_expires_at,omitempty"`
}

func newApplication(app *store.App) application {
	e := application{
		ID: strconv.FormatInt(app.ID, 10), Name: app.Name, Scopes: strings.Fields(app.Scopes),
		RedirectURI: strings.Join(app.RedirectURIs, "\n"), RedirectURIs: app.RedirectURIs,
	}
	if app.Website != "" {
		e.Website = &app.Website
	}
	return e
}

func (a *API) register(w http.ResponseWriter, r *http.Request) {
	p, ok := a.read(w, r, ratelimit.Apps)
	if !ok {
		return
	}
	var redirects []string
	for _, s := range p.Strings("redirect_uris") {
		redirects = append(redirects, strings.Fields(s)...)
	}
	app, secret, err := a.Auth.RegisterApp(r.Context(), auth.NewApp{
		Name: p.String("client_name"), Website: p.String("website"), Scopes: strings.Join(p.Strings("scopes"), " "), RedirectURIs: redirects,
	})
	if err != nil {
		respond.Error(w, r, a.Log, err)
		return
	}
	e := newApplication(app)
	e.ClientID, e.ClientSecret, e.ClientSecretExpiresAt = app.ClientID, secret, new(int64)
	respond.JSON(w, http.StatusOK, e)
}

// verify answers with the client that a token belongs to.
func (a *API) verify(w http.ResponseWriter, r *http.Request) {
	token, err := a.Auth.Authenticate(r.Context(), auth.Credentials{Authorization: r.Header.Get("Authorization"), Address: a.Config.ClientAddress(r)})
	if err == nil && token == nil {
		err = respond.InvalidToken
	}
	var app *store.App
	switch {
	case err != nil:
	case token.AppID == 0:
		app = auth.CommandLineApp(token.Scopes)
	default:
		app, err = store.Read(r.Context(), a.Store, func(tx *store.Tx) (*store.App, error) {
			apps, err := tx.Apps([]int64{token.AppID})
			return apps[token.AppID], err
		})
	}
	if err == nil && app == nil {
		err = respond.InvalidToken
	}
	if err != nil {
		respond.Error(w, r, a.Log, err)
		return
	}
	respond.JSON(w, http.StatusOK, newApplication(app))
}

// maxBody limits a body: all of these come from strangers.
const maxBody = 64 << 10

// read counts a request and then reads its parameters, from the query and a
// body of up to maxBody.
func (a *API) read(w http.ResponseWriter, r *http.Request, rule ratelimit.Rule) (p *params.Params, ok bool) {
	var err error
	switch {
	case !limit.Check(w, a.Limits, rule, a.Config.ClientAddress(r)):
		err = respond.TooMany
	case r.ContentLength > maxBody:
		err = respond.TooLarge
	default:
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		p, err = params.Read(r, params.Bounds{Body: maxBody})
	}
	if err != nil {
		respond.Error(w, r, a.Log, err)
	}
	return p, err == nil
}

// credentials are the client's id and secret, by HTTP Basic or in the body (RFC
// 6749 §2.3.1).
func credentials(r *http.Request, p *params.Params) (id, secret string) {
	if id, secret, ok := r.BasicAuth(); ok {
		return id, secret
	}
	return p.String("client_id"), p.String("client_secret")
}

func (a *API) token(w http.ResponseWriter, r *http.Request) {
	p, ok := a.read(w, r, ratelimit.Token)
	if !ok {
		return
	}
	g := auth.Grant{
		Type: p.String("grant_type"), Code: p.String("code"), RedirectURI: p.String("redirect_uri"), Verifier: p.String("code_verifier"),
		Refresh: p.String("refresh_token"), Scopes: p.String("scope"),
	}
	g.ClientID, g.ClientSecret = credentials(r, p)
	granted, err := a.Auth.GrantToken(r.Context(), g)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	body := map[string]any{
		"access_token": granted.Access, "token_type": "Bearer", "scope": granted.Token.Scopes, "created_at": granted.Token.CreatedAt.Unix(),
	}
	if granted.Refresh != "" {
		body["refresh_token"] = granted.Refresh
		body["expires_in"] = int64(granted.Token.ExpiresAt.Sub(granted.Token.CreatedAt).Seconds())
	}
	if granted.Token.AccountID != 0 {
		body["me"] = a.me(r, granted.Token.AccountID)
	}
	respond.JSON(w, http.StatusOK, body)
}

// me is the actor URI of the signed-in account, which some clients read.
func (a *API) me(r *http.Request, id store.AccountID) string {
	account, err := store.Read(r.Context(), a.Store, func(tx *store.Tx) (*store.Account, error) { return tx.Account(id) })
	if err != nil {
		return ""
	}
	return account.URI
}

func (a *API) fail(w http.ResponseWriter, r *http.Request, err error) {
	var e *fault.Error
	if !errors.As(err, &e) || e.Code == "" {
		respond.Error(w, r, a.Log, err)
		return
	}
	status := http.StatusBadRequest
	if e.Kind == fault.Unauthorized {
		status = http.StatusUnauthorized
	}
	respond.OAuthError(w, status, e.Code, e.Message)
}

func (a *API) revoke(w http.ResponseWriter, r *http.Request) {
	p, ok := a.read(w, r, ratelimit.Token)
	if !ok {
		return
	}
	id, secret := credentials(r, p)
	err := a.Auth.RevokeToken(r.Context(), id, secret, p.String("token"))
	if fault.Is(err, fault.Unauthorized) {
		respond.OAuthError(w, http.StatusForbidden, "unauthorized_client", "You are not authorized to revoke this token")
		return
	}
	if err != nil {
		respond.Error(w, r, a.Log, err)
		return
	}
	respond.JSON(w, http.StatusOK, struct{}{})
}

// metadata serves the authorization server's metadata (RFC 8414).
func (a *API) metadata(w http.ResponseWriter, _ *http.Request) {
	base := a.Config.URL
	respond.JSON(w, http.StatusOK, map[string]any{
		"issuer": base + "/", "service_documentation": "https://docs.joinmastodon.org/",
		"authorization_endpoint": base + "/oauth/authorize", "token_endpoint": base + "/oauth/token",
		"revocation_endpoint": base + "/oauth/revoke", "app_registration_endpoint": base + "/api/v1/apps",
		"scopes_supported": scope.All(), "response_types_supported": []string{"code"}, "response_modes_supported": []string{"query"},
		"grant_types_supported":                 []string{"authorization_code", "client_credentials", "refresh_token"},
		"token_endpoint_auth_methods_supported": []string{"client_secret_basic", "client_secret_post"},
		"code_challenge_methods_supported":      []string{"S256"},
		"userinfo_endpoint":                     base + "/oauth/userinfo",
	})
}
