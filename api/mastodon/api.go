// Package mastodon is the Mastodon client API: one handler an endpoint, one
// serializer an entity. It holds no social rules: a handler reads a view from
// the store, or hands a command to ap, and spells the answer. Read API, call
// and status_entity.go.
package mastodon

import (
	"context"
	"log/slog"
	"net/http"
	"strings"

	"kinglet/ap"
	"kinglet/ap/ratelimit"
	"kinglet/api/params"
	"kinglet/api/respond"
	"kinglet/config"
	"kinglet/media"
	"kinglet/store"

	"github.com/go-chi/chi/v5"
)

// API serves the endpoints.
type API struct {
	Service *ap.Service
	Store   *store.Store
	Config  *config.Config
	Limits  *ratelimit.Limiter
	Log     *slog.Logger

	Pictures *media.Keeper
}

// call is one request to an endpoint.
type call struct {
	api    *API
	w      http.ResponseWriter
	r      *http.Request
	ctx    context.Context
	token  *store.Token // nil for a stranger
	viewer store.AccountID
	params *params.Params
}

type handler func(c *call) error

// endpoint wraps a handler: it reads the parameters, finds out who asks,
// counts the request and checks the scope. scope "" is open to strangers; an
// "app:" before it lets a client's own token do.
func (a *API) endpoint(scope string, h handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c := &call{api: a, w: w, r: r, ctx: r.Context()}
		if err := c.prepare(scope); err != nil {
			respond.Error(w, r, a.Log, err)
			return
		}
		if err := h(c); err != nil {
			respond.Error(w, r, a.Log, err)
		}
	}
}

func (c *call) prepare(scope string) (err error) {
	c.r.Body = http.MaxBytesReader(c.w, c.r.Body, c.api.Config.MaxMediaBytes+(1<<20))
	if c.params, err = params.Read(c.r, c.api.Config.MaxMediaBytes); err != nil {
		return err
	}
	if err := c.authenticate(); err != nil {
		return err
	}
	rule, who := ratelimit.Address, ratelimit.Client(c.r, c.api.Config.TrustedProxies)
	if c.viewer != 0 {
		rule, who = ratelimit.Account, c.viewer.String()
	}
	if !c.api.Limits.Check(c.w, rule, who) {
		return respond.TooMany
	}
	if scope == "" {
		return nil
	}
	scope, forApps := strings.CutPrefix(scope, "app:")
	if c.token == nil {
		return respond.InvalidToken
	}
	if c.viewer == 0 && !forApps {
		return respond.NeedsUser
	}
	if !HasScope(c.token.Scopes, scope) {
		return respond.OutsideScopes
	}
	return nil
}

// authenticate reads the token, from the header or from the parameters. None
// is a stranger; a wrong one is an error.
func (c *call) authenticate() error {
	secret, ok := strings.CutPrefix(c.r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		secret = c.params.String("access_token")
	}
	if secret == "" {
		return nil
	}
	err := c.api.Store.View(store.AsLookup(c.ctx), func(tx *store.Tx) (err error) {
		c.token, err = tx.TokenByHash(store.HashSecret(secret))
		return err
	})
	if store.Is(err, store.NotFound) {
		return respond.InvalidToken
	}
	if err != nil {
		return err
	}
	if c.viewer = c.token.AccountID; c.viewer != 0 {
		c.ctx = store.AsKnown(c.ctx)
	}
	if c.token.TouchDue(c.api.Store.Now()) {
		err = c.api.Store.Update(c.ctx, func(tx *store.Tx) error { return tx.TouchToken(c.token.ID) })
	}
	return err
}

// HasScope tells whether granted scopes allow what a scope names: the scope
// itself, or the one above it (read covers read:statuses).
func HasScope(granted, want string) bool {
	top, _, _ := strings.Cut(want, ":")
	for _, g := range strings.Fields(granted) {
		if g == want || g == top {
			return true
		}
	}
	return false
}

func (c *call) json(v any) error {
	respond.JSON(c.w, http.StatusOK, v)
	return nil
}

// empty answers {} as Mastodon does for what has nothing to say.
func (c *call) empty() error { return c.json(struct{}{}) }

func (c *call) view(fn func(tx *store.Tx) error) error { return c.api.Store.View(c.ctx, fn) }

// id is the {id} of the path; what is none is not found.
func (c *call) id() (int64, error) {
	id, ok := store.ParseID(chi.URLParam(c.r, "id"))
	if !ok {
		return 0, respond.NotFound
	}
	return id, nil
}

func (c *call) accountID() (store.AccountID, error) {
	id, err := c.id()
	return store.AccountID(id), err
}

func (c *call) statusID() (store.ObjectID, error) {
	id, err := c.id()
	return store.ObjectID(id), err
}

// page reads the page that is asked for and links to its neighbours.
func (c *call) page(def, most int) store.Page { return respond.ReadPage(c.params, def, most) }

func (c *call) links(newest, oldest int64) {
	respond.Links(c.w, c.r, c.api.Config.URL, newest, oldest)
}

// Routes mounts every endpoint. What Mastodon has and Kinglet has not yet
// answers 501, and is listed in docs/API.md.
func (a *API) Routes(r chi.Router) {
	get := func(path, scope string, h handler) { r.Get(path, a.endpoint(scope, h)) }
	post := func(path, scope string, h handler) { r.Post(path, a.endpoint(scope, h)) }

	get("/api/v1/instance", "", (*call).instanceV1)
	get("/api/v2/instance", "", (*call).instanceV2)
	get("/api/v1/instance/rules", "", (*call).emptyList)
	get("/api/v1/instance/peers", "", (*call).peers)
	get("/api/v1/instance/extended_description", "", (*call).extendedDescription)
	get("/api/v1/custom_emojis", "", (*call).emptyList)
	get("/api/v1/announcements", "read", (*call).emptyList)
	get("/health", "", (*call).health)

	get("/oauth/userinfo", "profile", (*call).userInfo)
	get("/api/v1/preferences", "read:accounts", (*call).preferences)
	get("/api/v1/markers", "read:statuses", (*call).markers)
	post("/api/v1/markers", "write:statuses", (*call).putMarkers)
	get("/api/v1/filters", "read:filters", (*call).emptyList)
	get("/api/v2/filters", "read:filters", (*call).emptyList)
	get("/api/v1/lists", "read:lists", (*call).emptyList)
	get("/api/v1/accounts/{id}/lists", "read:lists", (*call).emptyList)
	get("/api/v1/conversations", "read:statuses", (*call).conversations)
	get("/api/v1/followed_tags", "read:follows", (*call).emptyList)
	get("/api/v1/featured_tags", "read:accounts", (*call).emptyList)
	get("/api/v1/accounts/{id}/featured_tags", "", (*call).emptyList)
	get("/api/v1/endorsements", "read:accounts", (*call).emptyList)
	get("/api/v1/domain_blocks", "read:blocks", (*call).emptyList)
	get("/api/v1/scheduled_statuses", "read:statuses", (*call).emptyList)
	get("/api/v1/suggestions", "read:accounts", (*call).emptyList)
	get("/api/v2/suggestions", "read:accounts", (*call).emptyList)
	get("/api/v1/trends/tags", "", (*call).emptyList)
	get("/api/v1/trends/statuses", "", (*call).emptyList)
	get("/api/v1/trends/links", "", (*call).emptyList)
	get("/api/v1/trends", "", (*call).emptyList)
	get("/api/v1/push/subscription", "push", (*call).noSubscription)

	get("/api/v1/accounts/verify_credentials", "read:accounts", (*call).verifyCredentials)
	r.Patch("/api/v1/accounts/update_credentials", a.endpoint("write:accounts", (*call).updateCredentials))
	r.Delete("/api/v1/profile/avatar", a.endpoint("write:accounts", (*call).dropAvatar))
	r.Delete("/api/v1/profile/header", a.endpoint("write:accounts", (*call).dropHeader))
	get("/api/v1/accounts/lookup", "", (*call).lookup)
	get("/api/v1/accounts/search", "read:accounts", (*call).searchAccounts)
	get("/api/v1/accounts/relationships", "read:follows", (*call).relationships)
	get("/api/v1/accounts/familiar_followers", "read:follows", (*call).familiarFollowers)
	get("/api/v1/accounts", "", (*call).accounts)
	get("/api/v1/accounts/{id}", "", (*call).account)
	get("/api/v1/accounts/{id}/statuses", "", (*call).accountStatuses)
	get("/api/v1/accounts/{id}/followers", "", (*call).followers)
	get("/api/v1/accounts/{id}/following", "", (*call).following)
	post("/api/v1/accounts/{id}/follow", "write:follows", (*call).follow)
	post("/api/v1/accounts/{id}/unfollow", "write:follows", (*call).unfollow)
	post("/api/v1/accounts/{id}/remove_from_followers", "write:follows", (*call).removeFollower)
	post("/api/v1/accounts/{id}/block", "write:blocks", (*call).block)
	post("/api/v1/accounts/{id}/unblock", "write:blocks", (*call).unblock)
	post("/api/v1/accounts/{id}/mute", "write:mutes", (*call).mute)
	post("/api/v1/accounts/{id}/unmute", "write:mutes", (*call).unmute)
	get("/api/v1/follow_requests", "read:follows", (*call).followRequests)
	post("/api/v1/follow_requests/{id}/authorize", "write:follows", (*call).authorizeFollow)
	post("/api/v1/follow_requests/{id}/reject", "write:follows", (*call).rejectFollow)
	get("/api/v1/blocks", "read:blocks", (*call).blocks)
	get("/api/v1/mutes", "read:mutes", (*call).mutes)

	post("/api/v1/statuses", "write:statuses", (*call).post)
	get("/api/v1/statuses", "", (*call).statuses)
	get("/api/v1/statuses/{id}", "", (*call).status)
	r.Put("/api/v1/statuses/{id}", a.endpoint("write:statuses", (*call).edit))
	r.Delete("/api/v1/statuses/{id}", a.endpoint("write:statuses", (*call).delete))
	get("/api/v1/statuses/{id}/source", "read:statuses", (*call).source)
	get("/api/v1/statuses/{id}/context", "", (*call).context)
	get("/api/v1/statuses/{id}/favourited_by", "", (*call).favouritedBy)
	get("/api/v1/statuses/{id}/reblogged_by", "", (*call).rebloggedBy)
	post("/api/v1/statuses/{id}/favourite", "write:favourites", (*call).favourite)
	post("/api/v1/statuses/{id}/unfavourite", "write:favourites", (*call).unfavourite)
	post("/api/v1/statuses/{id}/reblog", "write:statuses", (*call).reblog)
	post("/api/v1/statuses/{id}/unreblog", "write:statuses", (*call).unreblog)
	post("/api/v1/statuses/{id}/bookmark", "write:bookmarks", (*call).bookmark)
	post("/api/v1/statuses/{id}/unbookmark", "write:bookmarks", (*call).unbookmark)
	post("/api/v1/statuses/{id}/pin", "write:accounts", (*call).pin)
	post("/api/v1/statuses/{id}/unpin", "write:accounts", (*call).unpin)
	get("/api/v1/favourites", "read:favourites", (*call).favourites)
	get("/api/v1/bookmarks", "read:bookmarks", (*call).bookmarks)

	get("/api/v1/timelines/home", "read:statuses", (*call).home)
	get("/api/v1/timelines/public", "", (*call).public)
	get("/api/v1/timelines/tag/{tag}", "", (*call).tag)
	get("/api/v1/tags/{tag}", "", (*call).tagEntity)

	get("/api/v1/notifications", "read:notifications", (*call).notifications)
	get("/api/v1/notifications/unread_count", "read:notifications", (*call).unreadCount)
	get("/api/v1/notifications/{id}", "read:notifications", (*call).notification)
	post("/api/v1/notifications/clear", "write:notifications", (*call).clearNotifications)
	post("/api/v1/notifications/{id}/dismiss", "write:notifications", (*call).dismissNotification)

	get("/api/v2/search", "", (*call).search)

	for _, e := range Unimplemented {
		r.MethodFunc(e.Method, e.Path, a.endpoint("", func(*call) error { return respond.NotImplemented }))
	}
}

// Unimplemented is what Mastodon has and Kinglet has not yet.
var Unimplemented = []struct{ Method, Path string }{
	{"POST", "/api/v1/media"}, {"POST", "/api/v2/media"}, {"GET", "/api/v1/media/{id}"}, {"PUT", "/api/v1/media/{id}"}, {"DELETE", "/api/v1/media/{id}"},
	{"POST", "/api/v1/push/subscription"}, {"PUT", "/api/v1/push/subscription"}, {"DELETE", "/api/v1/push/subscription"},
	{"POST", "/api/v2/filters"}, {"POST", "/api/v1/filters"}, {"POST", "/api/v1/lists"},
	{"POST", "/api/v1/reports"}, {"POST", "/api/v1/accounts"}, {"POST", "/api/v1/accounts/{id}/note"},
	{"POST", "/api/v1/domain_blocks"}, {"DELETE", "/api/v1/domain_blocks"},
	{"GET", "/api/v1/statuses/{id}/history"}, {"POST", "/api/v1/statuses/{id}/mute"}, {"POST", "/api/v1/statuses/{id}/unmute"}, {"POST", "/api/v1/statuses/{id}/translate"},
	{"GET", "/api/v1/polls/{id}"}, {"POST", "/api/v1/polls/{id}/votes"},
	{"POST", "/api/v1/tags/{tag}/follow"}, {"POST", "/api/v1/tags/{tag}/unfollow"},
	{"GET", "/api/v1/directory"}, {"GET", "/api/oembed"},
	{"GET", "/api/v1/streaming"}, {"GET", "/api/v1/streaming/*"},
	{"GET", "/api/v2/notifications"}, {"GET", "/api/v2/notifications/policy"}, {"GET", "/api/v1/notifications/requests"},
}
