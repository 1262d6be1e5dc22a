package mastodon

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"testing"
	"time"

	"kinglet/api/apitest"
	"kinglet/internal/config"

	"github.com/go-chi/chi/v5"
)

// A route that does not declare who may call it can't be mounted.
func TestUndeclaredRoute(t *testing.T) {
	for name, rt := range map[string]route{
		"nothing":                  {handle: (*call).emptyList},
		"a public view for nobody": {stranger: publicView, handle: (*call).emptyList},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("it is mounted")
				}
			}()
			(&API{}).mount(chi.NewRouter(), "GET /api/v1/new", rt)
		})
	}
}

// What a declaration allows: any of its scopes, and nothing without one.
func TestDeclarations(t *testing.T) {
	for _, c := range []struct {
		name    string
		route   route
		granted string
		want    bool
	}{
		{"the same for all", route{stranger: everything}, "read write", false},
		{"open, with the scope", route{scope: "read:statuses", stranger: publicView}, "read", true},
		{"open, without it", route{scope: "read:statuses", stranger: publicView}, "write profile push", false},
		{"one of two", route{scope: "profile|read:accounts"}, "profile", true},
		{"the other of two", route{scope: "profile|read:accounts"}, "read:accounts", true},
		{"none of two", route{scope: "profile|read:accounts"}, "read:statuses", false},
		{"follow", route{scope: "write:follows"}, "follow", true},
		{"any token", route{scope: anyScope}, "push", true},
		{"nothing is declared", route{}, "read write", false},
	} {
		if got := c.route.allows(c.granted); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

// deadlines is a connection that notes its deadlines.
type deadlines struct {
	http.ResponseWriter
	read, write time.Time
}

func (d *deadlines) SetReadDeadline(t time.Time) error  { d.read = t; return nil }
func (d *deadlines) SetWriteDeadline(t time.Time) error { d.write = t; return nil }

// A route's deadline replaces the server's; without one the server's stays.
func TestDeadline(t *testing.T) {
	for name, deadline := range map[string]time.Duration{"its own": time.Hour, "the server's": 0} {
		d := &deadlines{ResponseWriter: httptest.NewRecorder()}
		before := time.Now()
		(&call{w: d}).setDeadline(deadline)
		if set := !d.read.IsZero() && !d.write.IsZero(); set != (deadline > 0) {
			t.Errorf("%s: %v, %v", name, d.read, d.write)
		}
		if deadline > 0 && (d.read.Before(before.Add(deadline)) || d.write.Before(d.read)) {
			t.Errorf("%s: %s to read and %s to write", name, d.read.Sub(before), d.write.Sub(before))
		}
	}
}

// beyondSchema are the routes that the schema of the API does not have, with
// the reason: what answers there is checked by a test of its own.
var beyondSchema = map[string]string{
	"GET /api/v1/trends": "the old name of trends/tags, which clients still ask for",

	"GET /api/v1/pleroma/statuses/{id}/reactions":            "Pleroma's, for its clients and those of Akkoma",
	"GET /api/v1/pleroma/statuses/{id}/reactions/{emoji}":    "Pleroma's",
	"PUT /api/v1/pleroma/statuses/{id}/reactions/{emoji}":    "Pleroma's",
	"DELETE /api/v1/pleroma/statuses/{id}/reactions/{emoji}": "Pleroma's",
	"POST /api/v1/statuses/{id}/react/{emoji}":               "glitch-soc's, and that of other forks of Mastodon",
	"POST /api/v1/statuses/{id}/unreact/{emoji}":             "glitch-soc's",
	"GET /api/v1/interaction_requests":                       "GoToSocial's",
	"GET /api/v1/interaction_requests/{id}":                  "GoToSocial's",
	"POST /api/v1/interaction_requests/{id}/authorize":       "GoToSocial's",
	"POST /api/v1/interaction_requests/{id}/reject":          "GoToSocial's",
}

// Every route is one of the schema's, so that its responses are checked, or is
// named as one that is not.
func TestRoutesAreInSchema(t *testing.T) {
	parameter := regexp.MustCompile(`\{[^}]*\}`)
	known := map[string]bool{}
	for _, o := range apitest.Operations() {
		known[parameter.ReplaceAllString(o, "{}")] = true
	}
	for pattern := range (&API{Config: &config.Config{}}).routes() {
		if inSchema, named := known[parameter.ReplaceAllString(pattern, "{}")], beyondSchema[pattern] != ""; inSchema == named {
			t.Errorf("%s: in the schema %v, named as beyond it %v", pattern, inSchema, named)
		}
	}
}
