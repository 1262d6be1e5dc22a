// Package apitest checks the responses of the Mastodon API against its schema,
// for tests. The schema is in testdata/mastodon-openapi, with its source and
// licence. Read Check, Transport and Handler.
package apitest

import (
	"bytes"
	"cmp"
	"compress/gzip"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// schema is compressed, since a server's binary has its own source in it.
//
//go:embed testdata/mastodon-openapi/openapi.json.gz
var schema []byte

type spec struct {
	doc      map[string]any
	mu       sync.Mutex
	compiler *jsonschema.Compiler
	compiled map[string]*jsonschema.Schema
}

const specURL = "https://schema.test/openapi.json"

var load = sync.OnceValue(func() *spec {
	r, err := gzip.NewReader(bytes.NewReader(schema))
	if err != nil {
		panic(err) // the file is part of the repository
	}
	v, err := jsonschema.UnmarshalJSON(r)
	if err != nil {
		panic(err) // the file is part of the repository
	}
	tellQuotesApart(v)
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	if err := c.AddResource(specURL, v); err != nil {
		panic(err)
	}
	return &spec{doc: v.(map[string]any), compiler: c, compiled: map[string]*jsonschema.Schema{}}
})

// tellQuotesApart has each form of a quote demand the member that the other has
// not. In the schema whatever is a Quote is a ShallowQuote too, and so a
// Status, which has oneOf them, could have neither.
func tellQuotesApart(doc any) {
	schemas := doc.(map[string]any)["components"].(map[string]any)["schemas"].(map[string]any)
	for name, member := range map[string]string{"Quote": "quoted_status", "ShallowQuote": "quoted_status_id"} {
		form := schemas[name].(map[string]any)
		form["required"] = append(form["required"].([]any), member)
	}
}

// exceptions are where Mastodon itself deviates from its schema, by path
// template and a part of the error, with the reason.
var exceptions = []struct{ path, complaint, reason string }{
	{"/oauth/token", "", "the schema wants fields that only OpenID tokens have"},
	{"/.well-known/oauth-authorization-server", "scopes_supported", "offline_access is ours, as OpenID Connect names it"},
	{"/api/v1/apps", "'/scopes/", "offline_access is ours, as OpenID Connect names it"},
	{"/api/v1/apps/verify_credentials", "'/scopes/", "offline_access is ours, as OpenID Connect names it"},
	{"/api/v1/instance/extended_description", "'/updated_at': got null", "null in Mastodon too while nobody has written one"},
	{"/api/v1/filters", "got array, want object", "the schema has one filter where Mastodon lists them"},
	{"/api/v1/apps", "vapid_key", "empty while there is no Web Push"},
	{"/api/v1/notifications", "/type': value must be one of", "pleroma:emoji_reaction, as Pleroma and Akkoma name it"},
	{"/api/v1/notifications/{id}", "/type': value must be one of", "pleroma:emoji_reaction, as Pleroma and Akkoma name it"},
	{"/api/v1/instance", "streaming_api", "left out while there is no streaming: clients take it for optional, and fail on an empty one"},
}

// Reporter receives failures: a test, or its substitute where several tests
// share a client.
type Reporter interface {
	Helper()
	Errorf(format string, args ...any)
}

// Check fails the test when a response does not match the schema.
func Check(t Reporter, method, path string, status int, body []byte) {
	t.Helper()
	if err := load().check(method, path, status, body); err != nil {
		t.Errorf("%s %s (%d) does not match the schema: %v\n%s", method, path, status, err, body)
	}
}

func (s *spec) check(method, path string, status int, body []byte) error {
	if strings.HasPrefix(path, "/api/") {
		path = strings.TrimSuffix(strings.TrimSuffix(path, "/"), ".json") // as Rails does
	}
	template, ok := s.template(method, path)
	if !ok {
		return nil
	}
	schema, ok, err := s.schema(method, template, status)
	if err != nil || !ok {
		return err
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return err
	}
	err = schema.Validate(v)
	if err == nil {
		return nil
	}
	for _, x := range exceptions {
		if x.path == template && strings.Contains(err.Error(), x.complaint) {
			return nil
		}
	}
	return err
}

// template finds the most literal path of the schema that matches.
func (s *spec) template(method, path string) (string, bool) {
	best, literal := "", -1
	parts := strings.Split(path, "/")
	for template, item := range s.doc["paths"].(map[string]any) {
		if item.(map[string]any)[strings.ToLower(method)] == nil {
			continue
		}
		want := strings.Split(template, "/")
		if len(want) != len(parts) {
			continue
		}
		n := 0
		for i := range want {
			if want[i] == parts[i] {
				n++
			} else if !strings.HasPrefix(want[i], "{") {
				n = -1
				break
			}
		}
		if n > literal {
			best, literal = template, n
		}
	}
	return best, literal >= 0
}

func (s *spec) schema(method, template string, status int) (*jsonschema.Schema, bool, error) {
	at := fmt.Sprintf("/paths/%s/%s/responses/%d/content/application~1json/schema",
		strings.ReplaceAll(strings.ReplaceAll(template, "~", "~0"), "/", "~1"), strings.ToLower(method), status)
	responses := s.doc["paths"].(map[string]any)[template].(map[string]any)[strings.ToLower(method)].(map[string]any)["responses"].(map[string]any)
	response, ok := responses[fmt.Sprint(status)].(map[string]any)
	if status >= 400 {
		at, ok = "/components/schemas/Error", true
	} else if ok {
		content, _ := response["content"].(map[string]any)
		_, ok = content["application/json"]
	}
	if !ok {
		return nil, false, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.compiled[at]; c != nil {
		return c, true, nil
	}
	c, err := s.compiler.Compile(specURL + "#" + at)
	if err != nil {
		return nil, false, err
	}
	s.compiled[at] = c
	return c, true, nil
}

// Operations lists the operations of the schema, as "GET /api/v1/accounts", by
// path and method.
func Operations() []string {
	var out []string
	for path, item := range load().doc["paths"].(map[string]any) {
		for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE"} {
			if item.(map[string]any)[strings.ToLower(method)] != nil {
				out = append(out, method+" "+path)
			}
		}
	}
	slices.SortFunc(out, func(a, b string) int {
		am, ap, _ := strings.Cut(a, " ")
		bm, bp, _ := strings.Cut(b, " ")
		return cmp.Or(strings.Compare(ap, bp), strings.Compare(am, bm))
	})
	return out
}

// checkResponse checks a response if it is complete and JSON.
func checkResponse(t Reporter, r *http.Request, status int, header http.Header, body []byte) {
	t.Helper()
	if strings.HasPrefix(header.Get("Content-Type"), "application/json") && r.Method != http.MethodHead && json.Valid(body) {
		Check(t, r.Method, r.URL.Path, status, body)
	}
}

// Transport checks the responses that pass through it.
func Transport(t Reporter, base http.RoundTripper) http.RoundTripper { return transport{t, base} }

type transport struct {
	t    Reporter
	base http.RoundTripper
}

func (tr transport) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := tr.base.RoundTrip(r)
	if err != nil || !strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json") {
		return resp, err
	}
	body, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(body))
	if err == nil {
		checkResponse(tr.t, r, resp.StatusCode, resp.Header, body)
	}
	return resp, err
}

// CloseIdleConnections is http.Client's, for the transport below.
func (tr transport) CloseIdleConnections() {
	if base, ok := tr.base.(interface{ CloseIdleConnections() }); ok {
		base.CloseIdleConnections()
	}
}

// Handler checks the responses of a handler.
func Handler(t Reporter, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked := r.Clone(r.Context()) // h may change it
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		checkResponse(t, asked, rec.Code, rec.Header(), rec.Body.Bytes())
		for name, values := range rec.Header() {
			w.Header()[name] = values
		}
		w.WriteHeader(rec.Code)
		_, _ = w.Write(rec.Body.Bytes())
	})
}
