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
	"kinglet/api/bearer"
	"kinglet/api/params"
	"kinglet/api/respond"
	"kinglet/internal/config"
	"kinglet/internal/ratelimit"
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
	Tokens  *bearer.Tokens
	Log     *slog.Logger

	Blobs    media.Blobs // where uploads are written
	Pictures *media.Keeper

	uploads chan struct{} // holds one for each upload in work
}

// call is one request to an endpoint.
type call struct {
	api    *API
	w      http.ResponseWriter
	r      *http.Request
	ctx    context.Context
	token  *store.Token    // as it came, whatever its scopes; nil when none did
	viewer store.AccountID // who asks, if the token's scopes fit the route; 0 for a stranger
	params *params.Params
	done   []func() // what to do at the end of the request
}

type handler func(c *call) error

// endpoint wraps a handler with what its route declares.
func (a *API) endpoint(needs access, h handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c := &call{api: a, w: w, r: r, ctx: r.Context()}
		defer func() {
			for _, done := range c.done {
				done()
			}
		}()
		err := c.prepare(needs)
		if err == nil {
			err = h(c)
		}
		if err != nil {
			respond.Error(w, r, a.Log, err)
		}
	}
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

// mount makes a route. One that does not declare what it needs is a mistake.
func (a *API) mount(r chi.Router, method, path string, needs access, h handler) {
	if !needs.declared {
		panic("no access is declared for " + method + " " + path)
	}
	r.Method(method, path, a.endpoint(needs, h))
}

// Routes mounts every endpoint, with what it needs (access.go). What Mastodon
// has and Kinglet has not yet answers 501, and is listed in docs/API.md.
func (a *API) Routes(r chi.Router) {
	a.uploads = make(chan struct{}, maxUploads)
	route := func(method, path string, needs access, h handler) { a.mount(r, method, path, needs, h) }
	get := func(path string, needs access, h handler) { route("GET", path, needs, h) }
	post := func(path string, needs access, h handler) { route("POST", path, needs, h) }

	get("/api/v1/instance", anyone(), (*call).instanceV1)
	get("/api/v2/instance", anyone(), (*call).instanceV2)
	get("/api/v1/instance/rules", anyone(), (*call).emptyList)
	get("/api/v1/instance/peers", anyone(), (*call).peers)
	get("/api/v1/instance/extended_description", anyone(), (*call).extendedDescription)
	get("/api/v1/custom_emojis", anyone(), (*call).emptyList)
	get("/api/v1/announcements", only(), (*call).emptyList)
	get("/health", anyone(), (*call).health)

	get("/oauth/userinfo", only("profile"), (*call).userInfo)
	get("/api/v1/preferences", only("read:accounts"), (*call).preferences)
	get("/api/v1/markers", only("read:statuses"), (*call).markers)
	post("/api/v1/markers", only("write:statuses"), (*call).putMarkers)
	get("/api/v1/filters", only("read:filters"), (*call).emptyList)
	get("/api/v2/filters", only("read:filters"), (*call).emptyList)
	get("/api/v1/lists", only("read:lists"), (*call).emptyList)
	get("/api/v1/accounts/{id}/lists", only("read:lists"), (*call).emptyList)
	get("/api/v1/conversations", only("read:statuses"), (*call).conversations)
	get("/api/v1/followed_tags", only("read:follows"), (*call).emptyList)
	get("/api/v1/featured_tags", only("read:accounts"), (*call).emptyList)
	get("/api/v1/accounts/{id}/featured_tags", anyone(), (*call).emptyList)
	get("/api/v1/endorsements", only("read:accounts"), (*call).emptyList)
	get("/api/v1/domain_blocks", only("read:blocks"), (*call).emptyList)
	get("/api/v1/scheduled_statuses", only("read:statuses"), (*call).emptyList)
	get("/api/v1/suggestions", only("read"), (*call).emptyList)
	get("/api/v2/suggestions", only("read"), (*call).emptyList)
	get("/api/v1/trends/tags", anyone(), (*call).emptyList)
	get("/api/v1/trends/statuses", anyone(), (*call).emptyList)
	get("/api/v1/trends/links", anyone(), (*call).emptyList)
	get("/api/v1/trends", anyone(), (*call).emptyList)
	get("/api/v1/push/subscription", only("push"), (*call).noSubscription)

	get("/api/v1/accounts/verify_credentials", only("profile", "read:accounts"), (*call).verifyCredentials)
	route("PATCH", "/api/v1/accounts/update_credentials", only("write:accounts").withFiles("avatar", "header"), (*call).updateCredentials)
	route("DELETE", "/api/v1/profile/avatar", only("write:accounts"), (*call).dropAvatar)
	route("DELETE", "/api/v1/profile/header", only("write:accounts"), (*call).dropHeader)
	get("/api/v1/accounts/lookup", orStranger("read:accounts"), (*call).lookup)
	get("/api/v1/accounts/search", only("read:accounts"), (*call).searchAccounts)
	get("/api/v1/accounts/relationships", only("read:follows"), (*call).relationships)
	get("/api/v1/accounts/familiar_followers", only("read:follows"), (*call).familiarFollowers)
	get("/api/v1/accounts", orStranger("read:accounts"), (*call).accounts)
	get("/api/v1/accounts/{id}", orStranger("read:accounts"), (*call).account)
	get("/api/v1/accounts/{id}/statuses", orStranger("read:statuses"), (*call).accountStatuses)
	get("/api/v1/accounts/{id}/followers", orStranger("read:accounts"), (*call).followers)
	get("/api/v1/accounts/{id}/following", orStranger("read:accounts"), (*call).following)
	post("/api/v1/accounts/{id}/follow", only("write:follows"), (*call).follow)
	post("/api/v1/accounts/{id}/unfollow", only("write:follows"), (*call).unfollow)
	post("/api/v1/accounts/{id}/remove_from_followers", only("write:follows"), (*call).removeFollower)
	post("/api/v1/accounts/{id}/block", only("write:blocks"), (*call).block)
	post("/api/v1/accounts/{id}/unblock", only("write:blocks"), (*call).unblock)
	post("/api/v1/accounts/{id}/mute", only("write:mutes"), (*call).mute)
	post("/api/v1/accounts/{id}/unmute", only("write:mutes"), (*call).unmute)
	get("/api/v1/follow_requests", only("read:follows"), (*call).followRequests)
	post("/api/v1/follow_requests/{id}/authorize", only("write:follows"), (*call).authorizeFollow)
	post("/api/v1/follow_requests/{id}/reject", only("write:follows"), (*call).rejectFollow)
	get("/api/v1/blocks", only("read:blocks"), (*call).blocks)
	get("/api/v1/mutes", only("read:mutes"), (*call).mutes)

	post("/api/v1/statuses", only("write:statuses"), (*call).post)
	get("/api/v1/statuses", orStranger("read:statuses"), (*call).statuses)
	get("/api/v1/statuses/{id}", orStranger("read:statuses"), (*call).status)
	route("PUT", "/api/v1/statuses/{id}", only("write:statuses"), (*call).edit)
	route("DELETE", "/api/v1/statuses/{id}", only("write:statuses"), (*call).delete)
	get("/api/v1/statuses/{id}/source", only("read:statuses"), (*call).source)
	get("/api/v1/statuses/{id}/context", orStranger("read:statuses"), (*call).context)
	get("/api/v1/statuses/{id}/favourited_by", orStranger("read:statuses"), (*call).favouritedBy)
	get("/api/v1/statuses/{id}/reblogged_by", orStranger("read:statuses"), (*call).rebloggedBy)
	post("/api/v1/statuses/{id}/favourite", only("write:favourites"), (*call).favourite)
	post("/api/v1/statuses/{id}/unfavourite", only("write:favourites"), (*call).unfavourite)
	post("/api/v1/statuses/{id}/reblog", only("write:statuses"), (*call).reblog)
	post("/api/v1/statuses/{id}/unreblog", only("write:statuses"), (*call).unreblog)
	post("/api/v1/statuses/{id}/bookmark", only("write:bookmarks"), (*call).bookmark)
	post("/api/v1/statuses/{id}/unbookmark", only("write:bookmarks"), (*call).unbookmark)
	post("/api/v1/statuses/{id}/pin", only("write:accounts"), (*call).pin)
	post("/api/v1/statuses/{id}/unpin", only("write:accounts"), (*call).unpin)
	get("/api/v1/favourites", only("read:favourites"), (*call).favourites)
	get("/api/v1/bookmarks", only("read:bookmarks"), (*call).bookmarks)

	get("/api/v1/timelines/home", only("read:statuses"), (*call).home)
	get("/api/v1/timelines/public", orStranger("read:statuses"), (*call).public)
	get("/api/v1/timelines/tag/{tag}", orStranger("read:statuses"), (*call).tag)
	get("/api/v1/tags/{tag}", orStranger("read:follows"), (*call).tagEntity)

	get("/api/v1/notifications", only("read:notifications"), (*call).notifications)
	get("/api/v1/notifications/unread_count", only("read:notifications"), (*call).unreadCount)
	get("/api/v1/notifications/{id}", only("read:notifications"), (*call).notification)
	post("/api/v1/notifications/clear", only("write:notifications"), (*call).clearNotifications)
	post("/api/v1/notifications/{id}/dismiss", only("write:notifications"), (*call).dismissNotification)

	get("/api/v2/search", orStranger("read:search"), (*call).search)

	for _, e := range Unimplemented {
		needs := anyone()
		needs.bodiless, needs.stream = true, strings.HasPrefix(e.Path, "/api/v1/streaming")
		route(e.Method, e.Path, needs, func(*call) error { return respond.NotImplemented })
	}
}
