package ui

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"kinglet/ap"
	"kinglet/ap/signature/signaturetest"
	"kinglet/ap/vocab"
	"kinglet/internal/auth"
	"kinglet/internal/config"
	"kinglet/internal/outgoing"
	"kinglet/internal/ratelimit"
	"kinglet/media"
	"kinglet/store"
	"kinglet/store/storetest"

	"github.com/go-chi/chi/v5"
	"golang.org/x/net/html"
)

// world is the pages on a fresh database where alice lives.
type world struct {
	t     *testing.T
	ui    *UI
	mux   chi.Router
	alice *store.Account
}

func newWorld(t *testing.T, settings ...string) *world {
	t.Helper()
	conf, err := config.Load(config.Sources{File: os.DevNull, Environ: append([]string{"KINGLET_DOMAIN=example.org", "KINGLET_URL=https://social.example.org"}, settings...), NeedDomain: true})
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	client := outgoing.New(outgoing.Options{UserAgent: conf.UserAgent()})
	t.Cleanup(client.Close)
	db := storetest.SQLite(t)
	signaturetest.GiveInstanceKey(t, db, signaturetest.SomeKey(t))
	s, err := ap.New(t.Context(), ap.Options{Config: conf, Store: db, Client: client, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	source := fstest.MapFS{"go.mod": {Data: []byte("module kinglet\n")}, "ap/post.go": {Data: []byte("package ap\n")}}
	who, err := auth.New(t.Context(), db, conf)
	if err != nil {
		t.Fatal(err)
	}
	u, err := New(UI{Service: s, Auth: who, Store: db, Config: conf, Limits: ratelimit.New(db.Now), Log: log, Source: source})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, ui: u, mux: chi.NewRouter()}
	u.Routes(w.mux)
	w.mux.Get("/@{name}", u.Profile)
	w.mux.Get("/@{name}/{id}", u.Status)
	if w.alice, err = s.CreateAccount(t.Context(), ap.NewAccount{Username: "alice", Email: "alice@example.org", Password: "correct horse battery", Key: signaturetest.SomeKey(t)}); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) post(text, warning string, to store.ObjectID) store.ObjectID {
	w.t.Helper()
	id, err := w.ui.Service.Post(w.t.Context(), w.alice.ID, ap.PostRequest{Text: text, SpoilerText: warning, InReplyTo: to})
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

func (w *world) profile(c ap.ProfileChange) {
	w.t.Helper()
	if err := w.ui.Service.UpdateProfile(w.t.Context(), w.alice.ID, c); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) get(path string) *httptest.ResponseRecorder {
	rec := httptest.NewRecorder()
	w.mux.ServeHTTP(rec, httptest.NewRequest("GET", path, nil))
	return rec
}

// document is a page as a browser reads it.
type document struct {
	t    *testing.T
	root *html.Node
}

func (w *world) open(path string) document {
	w.t.Helper()
	rec := w.get(path)
	if rec.Code != http.StatusOK {
		w.t.Fatalf("%s: %d", path, rec.Code)
	}
	return parse(w.t, rec.Body.String())
}

func parse(t *testing.T, page string) document {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	return document{t, root}
}

func attribute(n *html.Node, key string) (value string, there bool) {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val, true
		}
	}
	return "", false
}

// head gives what the meta elements and links of the head say, by their names.
func (d document) head() map[string]string {
	out := map[string]string{}
	for n := range d.root.Descendants() {
		for _, key := range []string{"property", "name", "rel"} {
			name, there := attribute(n, key)
			if !there || n.Data != "meta" && n.Data != "link" {
				continue
			}
			value, ok := attribute(n, "content")
			if !ok {
				value, _ = attribute(n, "href")
			}
			if _, twice := out[name]; twice {
				d.t.Errorf("%s is there twice", name)
			}
			out[name] = value
		}
	}
	return out
}

func text[T any](v T) *T { return &v }

// marker stands in everything that people write, in the tests of direction.
const marker = "§שלום"

// undirected lists what of people's texts has no direction of its own.
func (d document) undirected() (found int, missing []string) {
	for n := range d.root.Descendants() {
		for _, a := range n.Attr {
			dir, _ := attribute(n, "dir")
			switch {
			case n.Data == "meta" || n.Data == "input" || !strings.Contains(a.Val, marker):
			case dir == "auto":
				found++
			default:
				missing = append(missing, n.Data+" "+a.Key)
			}
		}
		if n.Type != html.TextNode || !strings.Contains(n.Data, marker) || n.Parent.Data == "title" {
			continue
		}
		found++
		directed := false
		for up := n.Parent; up != nil && !directed; up = up.Parent {
			dir, _ := attribute(up, "dir")
			directed = dir == "auto" || up.Data == "bdi"
		}
		if !directed {
			missing = append(missing, n.Parent.Data+": "+n.Data)
		}
	}
	return found, missing
}

// Every piece of people's text has the direction of its own letters.
func TestDirection(t *testing.T) {
	w := newWorld(t, "KINGLET_TITLE=title "+marker, "KINGLET_DESCRIPTION=description "+marker)
	w.profile(ap.ProfileChange{DisplayName: text("name " + marker), Note: text("note " + marker), Fields: &[]store.Field{{Name: "field " + marker, Value: "value " + marker}}})
	id := w.post("text "+marker+" #שלום", "warning "+marker, 0)
	w.post("reply "+marker, "", id)
	if _, err := w.ui.Service.Boost(t.Context(), w.alice.ID, id, store.Public); err != nil {
		t.Fatal(err)
	}
	for path, least := range map[string]int{"/": 4, "/@alice": 10, "/@alice/" + id.String(): 6, "/tags/שלום": 4} {
		found, missing := w.open(path).undirected()
		if found < least || len(missing) > 0 {
			t.Errorf("%s: of %d pieces of text (at least %d), these have no direction: %q", path, found, least, missing)
		}
	}

	// What only others' posts have: pictures, sounds and files with their descriptions.
	var st *store.Status
	if err := w.ui.Store.View(t.Context(), func(tx *store.Tx) (err error) {
		st, err = tx.Status(0, id)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{"image", "video", "gifv", "audio", "unknown"} {
		st.Attachments = append(st.Attachments, store.Attachment{Kind: kind, URL: "https://b.test/" + kind, Description: "alt " + marker})
	}
	var b strings.Builder
	if err := w.ui.pages.ExecuteTemplate(&b, "status.html", page{Server: w.ui.Config, Content: statusPage{Status: st}}); err != nil {
		t.Fatal(err)
	}
	if found, missing := parse(t, b.String()).undirected(); found < 9 || len(missing) > 0 {
		t.Errorf("of %d pieces of a post, these have no direction: %q", found, missing)
	}
	b.Reset()
	if err := w.ui.pages.ExecuteTemplate(&b, "authorize.html", page{Server: w.ui.Config, Viewer: st.Account, Content: consent{App: &store.App{Name: marker}, Request: url.Values{}}}); err != nil {
		t.Fatal(err)
	}
	if found, missing := parse(t, b.String()).undirected(); found < 2 || len(missing) > 0 {
		t.Errorf("of %d pieces of the consent page, these have no direction: %q", found, missing)
	}
	for name, c := range map[string]interactionPage{
		"an account": {Account: st.Account, Related: new(store.Relationship)}, "a post": {Status: st}, "nothing": {Query: marker, Reason: "why " + marker},
	} {
		b.Reset()
		if err := w.ui.pages.ExecuteTemplate(&b, "interaction.html", page{Server: w.ui.Config, Viewer: st.Account, Content: c}); err != nil {
			t.Fatal(err)
		}
		if found, missing := parse(t, b.String()).undirected(); found < 1 || len(missing) > 0 {
			t.Errorf("of %d pieces of the page about %s, these have no direction: %q", found, name, missing)
		}
	}
}

// Pages say what their one address is, and what a link to them shows.
func TestCards(t *testing.T) {
	w := newWorld(t, "KINGLET_TITLE=A server")
	id := w.post("Hello #world", "", 0)
	warned := w.post("what it is about", "a warning", 0)
	const base = "https://social.example.org"
	check := func(path string, want map[string]string) {
		t.Helper()
		head := w.open(path).head()
		for name, value := range want {
			got, there := head[name]
			if value == "-" && there || value != "-" && got != value && (value != "*" || got == "") {
				t.Errorf("%s: %s is %q, not %q", path, name, got, value)
			}
		}
		if u, err := url.Parse(head["og:image"]); err != nil || u.Scheme != "https" || u.Host == "" {
			t.Errorf("%s: og:image is %q", path, head["og:image"])
		}
		if head["canonical"] != head["og:url"] {
			t.Errorf("%s: two addresses, %q and %q", path, head["canonical"], head["og:url"])
		}
	}
	check("/?utm_source=x", map[string]string{"canonical": base + "/", "og:type": "website", "og:title": "A server", "og:site_name": "A server", "og:description": "*"})
	check("/@ALICE", map[string]string{
		"canonical": base + "/@alice", "og:type": "profile", "og:title": "alice (@alice@example.org)", "profile:username": "alice",
		"og:image": base + "/static/avatar.png", "article:published_time": "-", "alternate": base + "/users/alice", "robots": "-",
	})
	check("/@alice?max_id="+warned.String(), map[string]string{"canonical": base + "/@alice?max_id=" + warned.String()})
	check("/@alice/"+id.String(), map[string]string{
		"canonical": base + "/@alice/" + id.String(), "og:type": "article", "article:published_time": "*", "article:author": base + "/@alice",
		"article:modified_time": "-", "profile:username": "-", "og:description": "Hello #world", "twitter:card": "summary",
	})
	check("/@alice/"+warned.String(), map[string]string{"og:description": "a warning"})
	check("/tags/World", map[string]string{"canonical": base + "/tags/world", "og:title": "#world", "robots": "noindex"})
	published, err := time.Parse(time.RFC3339, w.open("/@alice/" + id.String()).head()["article:published_time"])
	if err != nil || time.Since(published).Abs() > time.Minute {
		t.Errorf("it was published at %v: %v", published, err)
	}
	picture, err := w.ui.Store.NewUpload(t.Context(), 1).Keep("image/jpeg")
	if err != nil {
		t.Fatal(err)
	}
	w.profile(ap.ProfileChange{Indexable: text(false), Avatar: &media.Picture{Blob: picture.Hash, Ext: ".jpg"}})
	avatar := w.open("/@alice").head()["og:image"]
	if !strings.HasPrefix(avatar, base+"/media/") || !strings.HasSuffix(avatar, "/avatar.jpg") {
		t.Errorf("og:image is %q", avatar)
	}
	check("/@alice", map[string]string{"robots": "noindex", "og:image": avatar})
	check("/@alice/"+id.String(), map[string]string{"robots": "noindex", "og:image": avatar})
	if head := w.open("/auth/sign_in?next=/").head(); head["canonical"] != "" || head["og:url"] != "" || head["robots"] != "noindex" {
		t.Errorf("the sign-in page says %v", head)
	}
}

// The picture of a post is its card's, unless it is to be shown only when asked for.
func TestCardPicture(t *testing.T) {
	u := newWorld(t).ui
	st := &store.Status{Account: &store.Account{Avatar: "https://a.test/avatar"}, Attachments: []store.Attachment{
		{Kind: "video", URL: "https://a.test/video"}, {Kind: "image", URL: "https://a.test/picture", Description: "a bird"},
	}}
	if c := u.statusCard(st, ""); c.Image != "https://a.test/picture" || c.ImageAlt != "a bird" || c.Twitter != "summary_large_image" {
		t.Errorf("%+v", c)
	}
	for _, hide := range []func(){func() { st.Sensitive, st.SpoilerText = true, "" }, func() { st.Sensitive, st.SpoilerText = false, "a warning" }} {
		hide()
		if c := u.statusCard(st, ""); c.Image != "https://a.test/avatar" || c.ImageAlt != "" || c.Twitter != "summary" {
			t.Errorf("%+v", c)
		}
	}
}

// A biography links accounts that are here, and no longer those that are gone.
// Other servers learn of the links in the actor's tags.
func TestMentionsInBiography(t *testing.T) {
	w := newWorld(t)
	if _, err := w.ui.Service.CreateAccount(t.Context(), ap.NewAccount{Username: "bob", Email: "bob@example.org", Password: "correct horse battery", Key: signaturetest.SomeKey(t)}); err != nil {
		t.Fatal(err)
	}
	look := func() (links, tags string) {
		t.Helper()
		w.profile(ap.ProfileChange{Note: text("with @Bob@EXAMPLE.org, @nobody and #Birds"), Fields: &[]store.Field{{Name: "a", Value: "@bob #birds #cats"}}})
		for n := range w.open("/@alice").root.Descendants() {
			if class, _ := attribute(n, "class"); class == "u-url mention" || class == "mention hashtag" {
				href, _ := attribute(n, "href")
				links += strings.TrimPrefix(href, w.ui.Config.URL) + " "
			}
		}
		err := w.ui.Store.View(t.Context(), func(tx *store.Tx) error {
			a, err := tx.Account(w.alice.ID)
			if err != nil {
				return err
			}
			doc, err := w.ui.Service.ActorDocument(tx, a)
			if err != nil {
				return err
			}
			o, err := vocab.Parse(doc)
			if err == nil {
				for _, tag := range o.Tag {
					tags += tag.Type + " " + tag.Name + " " + strings.TrimPrefix(tag.Href, w.ui.Config.URL) + ", "
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return links, tags
	}
	links, tags := look()
	if links != "/@bob /tags/birds /@bob /tags/birds /tags/cats " ||
		tags != "Mention @bob@example.org /users/bob, Hashtag #Birds /tags/birds, Hashtag #cats /tags/cats, " {
		t.Errorf("it links %s and tells others of %s", links, tags)
	}
	if err := w.ui.Service.DeleteAccount(t.Context(), "bob"); err != nil {
		t.Fatal(err)
	}
	links, tags = look()
	if links != "/tags/birds /tags/birds /tags/cats " || tags != "Hashtag #Birds /tags/birds, Hashtag #cats /tags/cats, " {
		t.Errorf("without bob it links %s and tells others of %s", links, tags)
	}
}

// What a post answers stands before it, oldest first and not indented; what
// answers it stands after it.
func TestThreadOnPage(t *testing.T) {
	w := newWorld(t)
	first := w.post("first", "", 0)
	second := w.post("second", "", first)
	third := w.post("third", "", second)
	w.post("fourth", "", third)
	var got []string
	for n := range w.open("/@alice/" + third.String()).root.Descendants() {
		if class, _ := attribute(n, "class"); strings.HasPrefix(class, "card") {
			words := ""
			for c := range n.Descendants() {
				if class, _ := attribute(c, "class"); strings.Contains(class, "e-content") {
					words = strings.TrimSpace(c.FirstChild.FirstChild.Data)
				}
			}
			got = append(got, class+" "+words)
		}
	}
	if want := "card above first, card above second, card focus third, card below fourth"; strings.Join(got, ", ") != want {
		t.Errorf("the page has %s, not %s", strings.Join(got, ", "), want)
	}
	rules, _, _ := stylesheet(t)
	if !strings.Contains(rules, ".thread .below{margin-inline-start") || strings.Contains(rules, ".thread .above") || strings.Contains(rules, ".thread .card") {
		t.Error("what a post answers is indented, or the answers are not")
	}
}

// The whole code is there as text, which wraps and can be selected.
func TestCodePage(t *testing.T) {
	w := newWorld(t)
	code := strings.Repeat("Ab3_", 11)
	var b strings.Builder
	if err := w.ui.pages.ExecuteTemplate(&b, "code.html", page{Server: w.ui.Config, Content: code}); err != nil {
		t.Fatal(err)
	}
	shown := ""
	for n := range parse(t, b.String()).root.Descendants() {
		if class, _ := attribute(n, "class"); class == "code" {
			shown = n.FirstChild.Data
		}
	}
	if shown != code {
		t.Errorf("it shows %q", shown)
	}
}

func TestRobotsAndIcon(t *testing.T) {
	w := newWorld(t)
	robots := w.get("/robots.txt")
	if robots.Code != 200 || !strings.HasPrefix(robots.Header().Get("Content-Type"), "text/plain") {
		t.Errorf("%d %s", robots.Code, robots.Header().Get("Content-Type"))
	}
	groups := strings.Split(strings.TrimSpace(robots.Body.String()), "\n\n")
	everyone := groups[len(groups)-1]
	if !strings.HasPrefix(everyone, "User-agent: *\n") || strings.Contains(everyone, "Disallow: /\n") || strings.Contains(everyone, "/@") ||
		!strings.Contains(everyone, "Disallow: /api/") || !strings.Contains(everyone, "Disallow: /auth/") {
		t.Errorf("robots.txt says to everyone: %s", everyone)
	}
	if !strings.Contains(groups[0], "User-agent: GPTBot\n") || !strings.HasSuffix(groups[0], "\nDisallow: /") {
		t.Errorf("robots.txt says to collectors: %s", groups[0])
	}
	icon := w.get("/favicon.ico")
	if b := icon.Body.Bytes(); icon.Code != 200 || !bytes.HasPrefix(b, []byte{0, 0, 1, 0}) || len(b) > 8<<10 || icon.Header().Get("Content-Type") != "image/vnd.microsoft.icon" {
		t.Errorf("the icon is %d, %d bytes of %s", icon.Code, len(b), icon.Header().Get("Content-Type"))
	}
}

// Every page links the source code of the program, which the server has itself
// unless it is configured where it is.
func TestSourceCode(t *testing.T) {
	footer := func(w *world) (href string) {
		for n := range w.open("/").root.Descendants() {
			if h, _ := attribute(n, "href"); n.Data == "a" && n.Parent.Data == "footer" {
				href = h
			}
		}
		return href
	}
	w := newWorld(t)
	if got := footer(w); got != "https://social.example.org/source.tar.gz" {
		t.Errorf("the footer links %s", got)
	}
	if got := footer(newWorld(t, "KINGLET_SOURCE_URL=https://git.example.org/kinglet")); got != "https://git.example.org/kinglet" {
		t.Errorf("the footer links %s", got)
	}
	rec := w.get("/source.tar.gz")
	z, err := gzip.NewReader(rec.Body)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil || len(b) == 0 {
			t.Errorf("%s: %d bytes, %v", h.Name, len(b), err)
		}
		names = append(names, strings.TrimPrefix(h.Name, "kinglet-"+config.Version+"/"))
	}
	if strings.Join(names, " ") != "ap/post.go go.mod" {
		t.Errorf("it has %v", names)
	}
}
