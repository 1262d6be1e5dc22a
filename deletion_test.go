package main

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"strings"
	"testing"

	"kinglet/store"
)

// traces lists where a text stands in a node's database: in SQLite's files,
// which the running server has open, or in PostgreSQL's rows.
func (n *node) traces(text string) (found []string, err error) {
	if store.IsPostgres(n.database) {
		return rowsWith(n.database, text)
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		b, err := os.ReadFile(n.database + suffix)
		if err != nil && !os.IsNotExist(err) {
			return nil, err
		}
		if i := bytes.Index(b, []byte(text)); i >= 0 {
			found = append(found, fmt.Sprintf("kinglet.db%s: %q", suffix, b[max(i-60, 0):min(i+60, len(b))]))
		}
	}
	return found, nil
}

func rowsWith(database, text string) (found []string, err error) {
	db, err := sql.Open("pgx", database)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	var tables []string
	rows, err := db.Query(`SELECT tablename FROM pg_tables WHERE schemaname = 'public'`)
	if err != nil {
		return nil, err
	}
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		tables = append(tables, name)
	}
	for _, table := range tables {
		var n int
		if err := db.QueryRow(`SELECT COUNT(*) FROM `+table+` AS t WHERE CAST(t AS TEXT) LIKE '%' || $1 || '%'`, text).Scan(&n); err != nil {
			return nil, err
		}
		if n > 0 {
			found = append(found, fmt.Sprintf("%s: %d rows", table, n))
		}
	}
	return found, rows.Err()
}

// knows fails unless a text stands in the database: else its absence later
// would say nothing.
func (n *node) knows(text string) {
	n.t.Helper()
	if found, err := n.traces(text); err != nil || len(found) == 0 {
		n.t.Errorf("%q is not in the database to begin with: %v", text, err)
	}
}

func (n *node) forgets(what, text string) {
	n.t.Helper()
	eventually(n.t, what, func() error {
		found, err := n.traces(text)
		if err == nil && len(found) > 0 {
			err = fmt.Errorf("%q is in %v", text, found)
		}
		return err
	})
}

// document asks for a document as another server does, unsigned.
func (n *node) document(uri string) (int, http.Header, string) {
	n.t.Helper()
	return fetchAs(n.t, uri, "application/activity+json", "")
}

func fetchAs(t testing.TB, uri, accept, token string) (int, http.Header, string) {
	t.Helper()
	r, err := http.NewRequest("GET", uri, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", accept)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := noRedirects.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, string(b)
}

var noRedirects = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// profile changes an account's profile; a picture is one plain color.
func (p *person) profile(note string, picture color.Color) (avatar string) {
	p.t.Helper()
	var body, pixels bytes.Buffer
	img := image.NewRGBA(image.Rect(0, 0, 8, 8))
	for i := range 64 {
		img.Set(i%8, i/8, picture)
	}
	if err := png.Encode(&pixels, img); err != nil {
		p.t.Fatal(err)
	}
	w := multipart.NewWriter(&body)
	f, _ := w.CreateFormFile("avatar", "a.png")
	f.Write(pixels.Bytes())
	w.WriteField("note", note)
	w.WriteField("display_name", note)
	w.WriteField("fields_attributes[0][name]", note)
	w.WriteField("fields_attributes[0][value]", note)
	w.Close()
	r, err := http.NewRequest("PATCH", p.url+"/api/v1/accounts/update_credentials", &body)
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Content-Type", w.FormDataContentType())
	r.Header.Set("Authorization", "Bearer "+p.token)
	resp, err := p.client.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	var me struct{ Avatar string }
	if err := json.NewDecoder(resp.Body).Decode(&me); err != nil || !strings.Contains(me.Avatar, "/media/") {
		p.t.Fatal(err, me)
	}
	return me.Avatar
}

// What people write and delete is nowhere on the server any more: not in a
// row, not in a page of SQLite's file nor in its log, whatever was delivered,
// waits to be, or came from elsewhere. Texts are looked for as they are, and
// by a part that JSON does not escape.
func TestDeletingDeletes(t *testing.T) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) { deletingDeletes(t, newNode(t, "")) })
	t.Run("postgres", func(t *testing.T) { deletingDeletes(t, newNode(t, onPostgres(t))) })
}

func deletingDeletes(t *testing.T, n *node) {
	alice, keeper := n.person("alice"), n.person("keeper")
	alive, dead := newRemote(t), newRemote(t)
	follower, silent := alive.actor("follower"), dead.actor("silent")
	for _, f := range []*actor{follower, silent} {
		if status, body := f.send(n.url+"/inbox", f.activity("Follow", "follow", alice.uri())); status != 202 {
			t.Fatal(status, body)
		}
		if accept := <-f.arrived; accept["type"] != "Accept" {
			t.Fatal(accept)
		}
	}
	dead.Close() // what is for it waits
	keeper.post("/api/v1/statuses", "status", "STAYSHERE")

	// A post, edited twice: an edit leaves nothing of the text before, not in
	// the outbox either, and the delivery that waits will bring the newest.
	posted := alice.post("/api/v1/statuses", "status", `FIRSTTEXT "ß" <b>&`, "spoiler_text", "FIRSTTEXT", "visibility", "unlisted")
	id := posted["id"].(string)
	n.knows("FIRSTTEXT")
	for _, text := range []string{"SECONDTEXT", "THIRDTEXT"} {
		if _, err := alice.try("PUT", "/api/v1/statuses/"+id, pairs([]string{"status", text + " #" + text}), nil); err != nil {
			t.Fatal(err)
		}
	}
	n.forgets("the text before an edit", "FIRSTTEXT")
	n.forgets("the text before an edit", "SECONDTEXT")
	if _, _, body := n.document(alice.uri() + "/outbox?page=true"); !strings.Contains(body, "THIRDTEXT") || !strings.Contains(body, `"Create"`) {
		t.Errorf("the outbox does not show the text of today: %s", body)
	}
	var create string
	for create == "" {
		if a := <-alive.arrived; a["type"] == "Create" {
			create = a["id"].(string)
		}
	}
	if status, _, body := n.document(create); status != 200 || !strings.Contains(body, "THIRDTEXT") {
		t.Errorf("the Create: %d %s", status, body)
	}

	// The post is deleted.
	keeper.post("/api/v1/statuses/" + id + "/favourite")
	keeper.post("/api/v1/statuses/" + id + "/reblog")
	n.knows("THIRDTEXT")
	var gone object
	if _, err := alice.try("DELETE", "/api/v1/statuses/"+id, nil, &gone); err != nil || gone["text"] != "THIRDTEXT #THIRDTEXT" {
		t.Fatal(err, gone)
	}
	n.forgets("a deleted post", "THIRDTEXT")
	for uri, want := range map[string]string{posted["uri"].(string): "Tombstone", create: "error"} {
		if status, _, body := n.document(uri); status != http.StatusGone || !strings.Contains(body, want) {
			t.Errorf("%s: %d %s", uri, status, body)
		}
	}

	// Another's post, and one that waits for something to be fetched; then all
	// of another's account.
	replied := follower.note("replied", "REMOTETEXT", alice.uri())
	waiting := follower.note("waiting", "WAITINGTEXT", alice.uri())
	announced := follower.activity("Announce", "boost", object{"id": dead.URL + "/notes/1", "type": "Note", "content": "WAITINGTEXT"})
	for i, a := range []object{follower.activity("Create", "1", replied), follower.activity("Create", "2", waiting), announced} {
		if status, body := follower.send(n.url+"/users/alice/inbox", a); status != 202 {
			t.Fatal(i, status, body)
		}
	}
	n.knows("REMOTETEXT")
	n.knows("WAITINGTEXT")
	if status, body := follower.send(n.url+"/inbox", follower.activity("Delete", "3", object{"id": replied["id"], "type": "Tombstone"})); status != 202 {
		t.Fatal(status, body)
	}
	n.forgets("a deleted post of another server", "REMOTETEXT")
	if status, body := follower.send(n.url+"/inbox", follower.activity("Delete", "4", follower.uri)); status != 202 {
		t.Fatal(status, body)
	}
	n.forgets("a deleted account of another server", "WAITINGTEXT")

	// A profile: what was replaced is gone, pictures too, but for one that
	// somebody else has as well.
	red, green := color.RGBA{255, 0, 0, 255}, color.RGBA{0, 255, 0, 255}
	first := alice.profile("OLDBIO", red)
	if status, header, _ := fetchAs(t, first, "*/*", ""); status != 200 || strings.Contains(header.Get("Cache-Control"), "immutable") {
		t.Errorf("a picture: %d %v", status, header)
	}
	// The same picture has an address for each who shows it: one ends, the
	// other stays.
	shared, hers := keeper.profile("STAYSHERE", green), alice.profile("NEWBIO", green)
	if shared == hers {
		t.Error("two people's pictures have one address")
	}
	n.forgets("a replaced biography", "OLDBIO")
	if status, header, _ := fetchAs(t, first, "*/*", ""); status != 404 || header.Get("Cache-Control") != "private, no-store" {
		t.Errorf("a replaced picture: %d %v", status, header)
	}

	// The account, with a post that is not delivered yet.
	last := alice.profile("NEWBIO", color.RGBA{0, 0, 255, 255})
	for address, want := range map[string]int{shared: 200, hers: 404} {
		if status, _, _ := fetchAs(t, address, "*/*", ""); status != want {
			t.Errorf("a picture that two have, and one replaces: %d, want %d", status, want)
		}
	}
	alice.post("/api/v1/statuses", "status", "LASTTEXT @keeper", "visibility", "direct")
	alice.post("/api/v1/statuses", "status", "LASTTEXT for all")
	n.knows("LASTTEXT")
	n.knows("NEWBIO")
	if out, err := n.command("account", "delete", "alice", "--yes"); err != nil {
		t.Fatal(err, out)
	}
	n.forgets("a deleted account's posts", "LASTTEXT")
	n.forgets("a deleted account's biography", "NEWBIO")
	n.forgets("a deleted account's e-mail address", "alice@example.org")
	if status, _, _ := fetchAs(t, last, "*/*", ""); status != 404 {
		t.Errorf("a deleted account's picture: %d", status)
	}
	if out, err := n.command("account", "create", "ALICE", "--email", "new@example.org", "--password", password); err == nil {
		t.Error("the name is given out again:", out)
	}
	if resp, err := alice.try("GET", "/api/v1/accounts/verify_credentials", nil, nil); resp == nil || resp.StatusCode != 401 {
		t.Error("the token of a deleted account still does:", err)
	}
	n.knows("STAYSHERE")
	if l := keeper.list("/api/v1/timelines/home"); len(l) != 1 {
		t.Errorf("%d posts are left of one who stays", len(l))
	}
}
