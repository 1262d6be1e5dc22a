package apptest

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"kinglet/ap"
	"kinglet/api/apitest"
	"kinglet/internal/fault"
	"kinglet/store"

	"golang.org/x/crypto/argon2"
)

// Account is a person with an account on a server and a client that is signed
// in to it. The client's responses are checked against the API's schema; a
// method that gets an error fails the test, unless documented otherwise.
type Account struct {
	Server *Server
	Name   string
	Handle string // @name@domain
	URI    string
	ID     store.AccountID
	Client *http.Client // sends the account's token, if a request has none

	token string
}

// Password is the password of every account.
const Password = "correct horse battery"

// passwordHash is the hash of Password, with the cheapest parameters.
var passwordHash = func() string {
	salt := []byte("apptest apptest!")
	sum := argon2.IDKey([]byte(Password), salt, 1, 8, 1, 32)
	return fmt.Sprintf("$argon2id$v=%d$m=8,t=1,p=1$%s$%s", argon2.Version, base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(sum))
}()

// Scopes are the scopes of an Account's own token: everything.
const Scopes = "read write follow push"

// Account returns the account of a name, and creates it at the first call.
func (s *Server) Account(name string) *Account {
	s.World.T.Helper()
	if a := s.accounts[name]; a != nil {
		return a
	}
	w := s.World
	made, err := s.Service.CreateAccount(w.T.Context(), ap.NewAccount{
		Username: name, Email: name + "@mail.test", PasswordHash: passwordHash, Key: w.key(),
	})
	if err != nil {
		w.T.Fatal(err)
	}
	a := &Account{Server: s, Name: name, Handle: "@" + name + "@" + s.Domain, URI: made.URI, ID: made.ID}
	a.token = a.Token(Scopes)
	a.Client = &http.Client{Transport: apitest.Transport(w.T, signedIn{a})}
	s.accounts[name] = a
	return a
}

// Token makes an access token of the account with some scopes.
func (a *Account) Token(scopes string) string {
	a.Server.World.T.Helper()
	return a.Server.Token(a.ID, scopes)
}

// signedIn sends requests to the account's server, with its token.
type signedIn struct{ a *Account }

func (t signedIn) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	if r.Header.Get("Authorization") == "" {
		r.Header.Set("Authorization", "Bearer "+t.a.token)
	}
	w := t.a.Server.World
	return w.exchange(w.Host("phone-of-"+t.a.Name+"."+t.a.Server.Domain), r, netip.AddrPort{})
}

// Call sends a request with parameters in pairs (a form, or the query of a GET)
// and returns the response's status and body, whatever they are.
func (a *Account) Call(method, path string, params ...string) (status int, body []byte) {
	w := a.Server.World
	w.T.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(params); i += 2 {
		form.Add(params[i], params[i+1])
	}
	target := a.Server.Config.URL + path
	var content io.Reader
	if method == http.MethodGet && len(form) > 0 {
		target += "?" + form.Encode()
	} else if method != http.MethodGet {
		content = strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(w.T.Context(), method, target, content)
	if err != nil {
		w.T.Fatal(err)
	}
	if content != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := a.Client.Do(r)
	if err != nil {
		w.T.Fatal(err)
	}
	defer resp.Body.Close()
	if body, err = io.ReadAll(resp.Body); err != nil {
		w.T.Fatal(err)
	}
	return resp.StatusCode, body
}

// Into is Call that must succeed, with the response decoded into a value.
func (a *Account) Into(into any, method, path string, params ...string) {
	t := a.Server.World.T
	t.Helper()
	status, body := a.Call(method, path, params...)
	if status >= 300 {
		t.Fatalf("%s: %s %s is answered with %d %s", a.Handle, method, path, status, body)
	}
	if err := json.Unmarshal(body, into); err != nil {
		t.Fatalf("%s: %s %s: %v: %s", a.Handle, method, path, err, body)
	}
}

// Do is Into for an object.
func (a *Account) Do(method, path string, params ...string) Object {
	a.Server.World.T.Helper()
	var out Object
	a.Into(&out, method, path, params...)
	return out
}

// List is Into for a GET of a list.
func (a *Account) List(path string, params ...string) []Object {
	a.Server.World.T.Helper()
	var out []Object
	a.Into(&out, http.MethodGet, path, params...)
	return out
}

// Status is a post as one account sees it.
type Status struct {
	ID     string // at the server of who sees it
	URI    string
	Entity Object // the API's
}

func statusOf(o Object) *Status {
	return &Status{o["id"].(string), o["uri"].(string), o}
}

// Text is the post's HTML.
func (s *Status) Text() string { return s.Entity["content"].(string) }

// Count is one of the post's counters: "replies", "reblogs" or "favourites".
func (s *Status) Count(of string) int { return int(s.Entity[of+"_count"].(float64)) }

// Post writes a post; params are those of POST /api/v1/statuses, such as
// "visibility", "private".
func (a *Account) Post(text string, params ...string) *Status {
	a.Server.World.T.Helper()
	return statusOf(a.Do(http.MethodPost, "/api/v1/statuses", append([]string{"status", text}, params...)...))
}

// Reply replies to any post.
func (a *Account) Reply(to *Status, text string, params ...string) *Status {
	a.Server.World.T.Helper()
	return a.Post(text, append([]string{"in_reply_to_id", a.Resolve(to.URI).ID}, params...)...)
}

// Edit changes a post of one's own.
func (a *Account) Edit(st *Status, text string, params ...string) *Status {
	a.Server.World.T.Helper()
	return statusOf(a.Do(http.MethodPut, "/api/v1/statuses/"+a.Resolve(st.URI).ID, append([]string{"status", text}, params...)...))
}

// Delete deletes a post of one's own.
func (a *Account) Delete(st *Status) {
	a.Server.World.T.Helper()
	a.Do(http.MethodDelete, "/api/v1/statuses/"+a.Resolve(st.URI).ID)
}

// Act runs an action on a post: "favourite", "unfavourite", "reblog",
// "unreblog", "bookmark", "pin", "mute" …
func (a *Account) Act(action string, st *Status, params ...string) *Status {
	a.Server.World.T.Helper()
	return statusOf(a.Do(http.MethodPost, "/api/v1/statuses/"+a.Resolve(st.URI).ID+"/"+action, params...))
}

// Status is the post of a URI as the account may see it; nil if it may not, or
// if it does not exist. Nothing is fetched.
func (a *Account) Status(uri string) *Status {
	t := a.Server.World.T
	t.Helper()
	id := store.ObjectID(0)
	a.Server.View(func(tx *store.Tx) error {
		o, err := tx.ObjectByURI(uri)
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		id = o.ID
		return err
	})
	if id == 0 {
		return nil
	}
	code, body := a.Call(http.MethodGet, "/api/v1/statuses/"+id.String())
	if code == http.StatusNotFound {
		return nil
	}
	var o Object
	if err := json.Unmarshal(body, &o); err != nil || code != http.StatusOK {
		t.Fatalf("%s: %s is answered with %d %s", a.Handle, uri, code, body)
	}
	return statusOf(o)
}

// Resolve is Status that fetches unknown posts; the post must exist.
func (a *Account) Resolve(uri string) *Status {
	t := a.Server.World.T
	t.Helper()
	if st := a.Status(uri); st != nil {
		return st
	}
	list := a.search(uri, "statuses")
	if len(list) != 1 {
		t.Fatalf("%s finds %d posts at %s", a.Handle, len(list), uri)
	}
	return statusOf(list[0])
}

// Find returns the id that the account's server has for a handle or the URI of
// an actor, which it may have to look up; "" if there is none.
func (a *Account) Find(who string) string {
	a.Server.World.T.Helper()
	list := a.search(who, "accounts")
	if len(list) == 0 {
		return ""
	}
	return list[0]["id"].(string)
}

func (a *Account) search(q, kind string) []Object {
	a.Server.World.T.Helper()
	var out map[string][]Object
	a.Into(&out, http.MethodGet, "/api/v2/search", "q", q, "resolve", "true", "type", kind)
	return out[kind]
}

// Relate changes the relationship to another account: "follow", "unfollow",
// "block", "unblock", "mute", "unmute", "remove_from_followers". It returns the
// relationship.
func (a *Account) Relate(action, who string, params ...string) Object {
	t := a.Server.World.T
	t.Helper()
	id := a.Find(who)
	if id == "" {
		t.Fatalf("%s does not find %s", a.Handle, who)
	}
	return a.Do(http.MethodPost, "/api/v1/accounts/"+id+"/"+action, params...)
}

// Follow requests to follow an account, which has to accept: run the world.
func (a *Account) Follow(who string, params ...string) Object {
	a.Server.World.T.Helper()
	return a.Relate("follow", who, params...)
}

// Relationship is the relationship to another account.
func (a *Account) Relationship(who string) Object {
	a.Server.World.T.Helper()
	return a.List("/api/v1/accounts/relationships", "id[]", a.Find(who))[0]
}

// Home is the account's home timeline, newest first.
func (a *Account) Home() []*Status { return a.Timeline("/api/v1/timelines/home") }

// Timeline reads any list of posts.
func (a *Account) Timeline(path string, params ...string) []*Status {
	a.Server.World.T.Helper()
	var out []*Status
	for _, o := range a.List(path, append([]string{"limit", "40"}, params...)...) {
		out = append(out, statusOf(o))
	}
	return out
}

// HasInHome reports whether a post is in the account's home timeline, itself or boosted.
func (a *Account) HasInHome(uri string) bool {
	a.Server.World.T.Helper()
	return slices.ContainsFunc(a.Home(), func(s *Status) bool {
		boosted, _ := s.Entity["reblog"].(map[string]any)
		return s.URI == uri || boosted != nil && boosted["uri"] == uri
	})
}

// Notifications are the account's, newest first, as "mention @bob@b.test".
func (a *Account) Notifications() []string {
	a.Server.World.T.Helper()
	var out []string
	for _, n := range a.List("/api/v1/notifications", "limit", "80") {
		acct := n["account"].(map[string]any)["acct"].(string)
		if !strings.Contains(acct, "@") {
			acct += "@" + a.Server.Domain
		}
		out = append(out, n["type"].(string)+" @"+acct)
	}
	return out
}
