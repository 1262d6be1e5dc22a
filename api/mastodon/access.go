package mastodon

import (
	"mime"
	"net/http"
	"time"

	"kinglet/ap/scope"
	"kinglet/api/params"
	"kinglet/api/respond"
	"kinglet/internal/fault"
	"kinglet/internal/ratelimit"
	"kinglet/media"
	"kinglet/store"
)

// access says who may call a route and what it is told of who calls. Its zero
// value is no declaration, and no route can be made of it.
type access struct {
	declared bool
	open     bool     // to strangers
	scopes   []string // any of them suffices; for an open route, to be more than a stranger
	files    []string // the uploads that it takes, by their names
	stream   bool     // whether the token may be in the query
	bodiless bool     // whether it never looks at the body
}

// anyone is for what is the same for all.
func anyone() access { return access{declared: true, open: true} }

// orStranger is for what a stranger may read: who comes with a token that has
// none of the scopes is given no more than a stranger.
func orStranger(scopes ...string) access { return access{declared: true, open: true, scopes: scopes} }

// only is for what needs a person's token with one of the scopes. Without
// scopes, any token of a person does.
func only(scopes ...string) access { return access{declared: true, scopes: scopes} }

// withFiles is a route that takes uploads.
func (a access) withFiles(names ...string) access {
	a.files = names
	return a
}

// allows tells whether a token's scopes suffice.
func (a access) allows(granted string) bool {
	for _, s := range a.scopes {
		if scope.Allows(granted, s) {
			return true
		}
	}
	return !a.open && len(a.scopes) == 0
}

// prepare decides from the headers alone who calls, whether too often, and
// whether they may; only then is the body read.
func (c *call) prepare(a access) (err error) {
	if a.stream {
		c.token, err = c.api.Tokens.AuthenticateStream(c.w, c.r)
	} else {
		c.token, err = c.api.Tokens.Authenticate(c.w, c.r)
	}
	if err != nil {
		return err
	}
	rule, who := ratelimit.Address, ratelimit.Client(c.r, c.api.Config.TrustedProxies)
	if c.token != nil && c.token.AccountID != 0 {
		rule, who = ratelimit.Account, c.token.AccountID.String()
	}
	if !c.api.Limits.Check(c.w, rule, who) {
		return respond.TooMany
	}
	if err := c.admit(a); err != nil {
		return err
	}
	return c.read(a)
}

// admit checks the token against what the route needs. The viewer stays 0, a
// stranger, unless the scopes let the route know who it is.
func (c *call) admit(a access) error {
	allowed := c.token != nil && c.token.AccountID != 0 && a.allows(c.token.Scopes)
	if allowed {
		c.viewer = c.token.AccountID
		c.ctx = store.AsKnown(c.ctx)
	}
	switch {
	case allowed || a.open:
		return nil
	case c.token == nil:
		return respond.InvalidToken
	case c.token.AccountID == 0:
		return respond.NeedsUser
	}
	return respond.OutsideScopes
}

// The most that is read of a body: a stranger's and that of a GET, and what is
// written with a fitting token, beside the files of a route that takes them.
const (
	strangerBody = 64 << 10
	memberBody   = 1 << 20
)

// read reads the parameters, with bounds that depend on the route and on who
// calls.
func (c *call) read(a access) (err error) {
	if a.bodiless {
		c.params, err = params.Read(c.r, params.Bounds{})
		return err
	}
	bounds := params.Bounds{Body: strangerBody}
	if c.viewer != 0 && c.r.Method != http.MethodGet && c.r.Method != http.MethodHead {
		bounds.Body = memberBody
	}
	whole := bounds.Body
	if mt, _, _ := mime.ParseMediaType(c.r.Header.Get("Content-Type")); c.viewer != 0 && len(a.files) > 0 && mt == "multipart/form-data" {
		if err := c.uploadSlot(); err != nil {
			return err
		}
		bounds.Files, bounds.File = a.files, c.api.Config.MaxMediaBytes
		bounds.Keep = func(max int64) media.Upload { return c.api.Blobs.NewUpload(c.ctx, max) }
		whole += bounds.File
		respond.AllowUpload(c.w, c.r, whole)
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

// maxUploads is how many requests with files are in work at a time, each with
// a chunk of a file in memory; uploadWait is how long the next one waits.
const (
	maxUploads = 8
	uploadWait = 20 * time.Second
)

// uploadSlot waits until few enough uploads are in work. The slot is given
// back when the request ends.
func (c *call) uploadSlot() error {
	timer := time.NewTimer(uploadWait)
	defer timer.Stop()
	select {
	case c.api.uploads <- struct{}{}:
		c.done = append(c.done, func() { <-c.api.uploads })
		return nil
	case <-timer.C:
		return &fault.Error{Kind: fault.Unavailable, Message: "Too many uploads at the same time", RetryAfter: uploadWait}
	case <-c.ctx.Done():
		return c.ctx.Err()
	}
}

// needsToken is the error for a stranger where only a part of a route is open.
func (c *call) needsToken() error {
	if c.token != nil {
		return respond.OutsideScopes
	}
	return respond.InvalidToken
}

// reader is who may read statuses with this token: the viewer, or a stranger
// when a token that may change them lets nobody read them.
func (c *call) reader() store.AccountID {
	if c.token != nil && scope.Allows(c.token.Scopes, "read:statuses") {
		return c.viewer
	}
	return 0
}
