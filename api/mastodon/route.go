package mastodon

import (
	"mime"
	"net/http"
	"strings"
	"time"

	"kinglet/api/limit"
	"kinglet/api/params"
	"kinglet/api/respond"
	"kinglet/internal/auth"
	"kinglet/internal/auth/scope"
	"kinglet/internal/background"
	"kinglet/internal/ratelimit"
	"kinglet/internal/semaphore"
	"kinglet/media"
	"kinglet/store"

	"github.com/go-chi/chi/v5"
)

// route declares an endpoint: who may call it, what strangers get, and what a
// call may cost. The zero value declares nothing, and can't be mounted.
type route struct {
	// scope is what a token needs: one scope, several separated by
	// "|" of which one suffices, or anyScope.
	scope string
	// stranger is what callers get without a token, or with a token that
	// has none of the scopes.
	stranger view
	// limit is counted by account (by address for strangers), in addition
	// to the limit of all requests; zero for none.
	limit ratelimit.Rule
	// files are the names of the uploads that it accepts, and upload the
	// maximum size of each; a route without them reads no file.
	files  []string
	upload int64
	// deadline is the time to read the request, and again to answer it, in
	// place of the default (respond.Deadlines). A stuck upload ends before
	// that.
	deadline time.Duration
	// stream reports whether the token may be in the query: browsers can't
	// set headers for streams.
	stream bool
	// handle makes the answer; nil answers 501.
	handle handler
}

// handler reads a view, or calls a command of ap, and returns the value to
// serialize as JSON.
type handler func(c *call) (any, error)

// anyScope is the scope of a route that any token of a person may call.
const anyScope = "*"

// view is what a route returns to strangers.
type view int

const (
	nothing    view = iota // 401, or 403 for a token without the scope
	publicView             // what everyone may see; no token gets less
	everything             // the same for all callers
)

// declared reports whether the route declares who may call it.
func (rt route) declared() bool { return rt.scope != "" || rt.stranger == everything }

// allows reports whether a token's scopes suffice.
func (rt route) allows(granted string) bool {
	for _, s := range strings.Split(rt.scope, "|") {
		if s == anyScope || scope.Allows(granted, s) {
			return true
		}
	}
	return false
}

// mount adds a route; pattern is its method and path.
func (a *API) mount(r chi.Router, pattern string, rt route) {
	if !rt.declared() {
		panic("no scope is declared for " + pattern)
	}
	method, path, _ := strings.Cut(pattern, " ")
	r.Method(method, path, a.endpoint(rt, strings.Contains(path, "{id}")))
}

// endpoint makes the HTTP handler of a route. hasID is whether its path has an
// {id}.
func (a *API) endpoint(rt route, hasID bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c := &call{api: a, w: w, r: r, ctx: r.Context()}
		defer func() {
			for _, done := range c.done {
				done()
			}
		}()
		err := c.prepare(rt)
		if err == nil && hasID {
			err = c.readID()
		}
		var answer any
		if err == nil {
			answer, err = rt.handle(c)
		}
		if err != nil {
			respond.Error(w, r, a.Log, err)
			return
		}
		respond.JSON(w, http.StatusOK, answer)
	}
}

// prepare decides from the headers alone who calls, whether too often, and
// whether they may; only then is the body read.
func (c *call) prepare(rt route) (err error) {
	c.address = c.api.Config.ClientAddress(c.r)
	credentials := auth.Credentials{Authorization: c.r.Header.Get("Authorization"), Address: c.address}
	if rt.stream {
		credentials.Query = c.r.URL.Query().Get("access_token")
	}
	if c.token, err = c.api.Auth.Authenticate(c.ctx, credentials); err != nil {
		return err
	}
	if err := c.count(rt.limit); err != nil {
		return err
	}
	if err := c.admit(rt); err != nil {
		return err
	}
	if rt.handle == nil {
		return respond.NotImplemented
	}
	if len(rt.files) == 0 {
		c.setDeadline(rt.deadline)
	}
	return c.readParams(rt)
}

// count counts the request by its account or address: with all others, and
// then by the route's own rule.
func (c *call) count(own ratelimit.Rule) error {
	rule, who := ratelimit.Address, c.address
	if c.token != nil && c.token.AccountID != 0 {
		rule, who = ratelimit.Account, c.token.AccountID.String()
	}
	if !limit.Check(c.w, c.api.Limits, rule, who) {
		return respond.TooMany
	}
	if own.Name != "" && !limit.Check(c.w, c.api.Limits, own, who) {
		return respond.TooMany
	}
	return nil
}

// allow counts what only some calls of a route do, in addition to its limit.
func (c *call) allow(rule ratelimit.Rule) bool {
	return limit.Check(c.w, c.api.Limits, rule, c.viewer.String())
}

// admit checks the token against the scopes of the route. The viewer stays 0, a
// stranger, unless the scopes allow the route.
func (c *call) admit(rt route) error {
	allowed := c.token != nil && c.token.AccountID != 0 && rt.allows(c.token.Scopes)
	if allowed {
		c.viewer = c.token.AccountID
		c.ctx = store.AsKnown(c.ctx)
		background.Known(c.ctx)
	}
	switch {
	case allowed || rt.stranger != nothing:
		return nil
	case c.token == nil:
		return respond.InvalidToken
	case c.token.AccountID == 0:
		return respond.NeedsUser
	}
	return respond.OutsideScopes
}

// setDeadline applies the route's own deadline to the connection.
func (c *call) setDeadline(d time.Duration) {
	if d == 0 {
		return
	}
	conn := http.NewResponseController(c.w)
	_ = conn.SetReadDeadline(time.Now().Add(d)) // a connection that has no deadlines is a test's
	_ = conn.SetWriteDeadline(time.Now().Add(2 * d))
}

// The limits of a body: a stranger's and that of a GET, and one sent with a
// valid token, excluding files.
const (
	strangerBody = 64 << 10
	memberBody   = 1 << 20
)

// readParams reads the parameters, with bounds that depend on the route and on
// who calls.
func (c *call) readParams(rt route) (err error) {
	bounds := params.Bounds{Body: strangerBody}
	if c.viewer != 0 && c.r.Method != http.MethodGet && c.r.Method != http.MethodHead {
		bounds.Body = memberBody
	}
	whole := bounds.Body
	if c.viewer != 0 && len(rt.files) > 0 && c.isMultipart() {
		if err := c.uploadSlot(); err != nil {
			return err
		}
		bounds.Files, bounds.File = rt.files, rt.upload
		bounds.Keep = func(max int64) media.Upload { return c.api.Blobs.NewUpload(c.ctx, max) }
		whole += bounds.File
		respond.AllowUpload(c.w, c.r, rt.deadline)
	}
	if c.r.ContentLength > whole {
		return respond.TooLarge
	}
	c.r.Body = http.MaxBytesReader(c.w, c.r.Body, whole)
	if c.params, err = params.Read(c.r, bounds); err != nil {
		return err
	}
	c.done = append(c.done, c.params.Discard)
	return nil
}

func (c *call) isMultipart() bool {
	mt, _, _ := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	return mt == "multipart/form-data"
}

// newUploads limits how many requests with files are processed at a time, each
// with a chunk of a file in memory. One account can't take all the places: a
// slow upload may last for minutes.
func newUploads() *semaphore.Semaphore {
	return semaphore.New(semaphore.Options{Places: 8, PerClient: 4, Waiting: 64, Wait: 20 * time.Second})
}

// uploadSlot waits for a free upload slot. It is released when the request
// ends.
func (c *call) uploadSlot() error {
	release, err := c.api.uploads.Acquire(c.ctx, "account "+c.viewer.String())
	if err != nil {
		return err
	}
	c.done = append(c.done, release)
	return nil
}
