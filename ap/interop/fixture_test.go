package interop

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"kinglet/internal/apptest"
	"kinglet/internal/fault"
	"kinglet/store"
)

// fixture is a document that another implementation sends, and what comes of it.
type fixture struct {
	file string // in its folder
	// swap are pairs: a text of the document, and what is put in its place.
	// {alice} and {post} are the URIs of alice and of her post, {poll} of her
	// poll, {follow} the id of the Follow that she sent last.
	swap []string
	// given happens before.
	given func(s *scene)
	// serves are further addresses, and the file that is found there.
	serves map[string]string
	// knows are ids of posts of the actor's that are known here before.
	knows []string
	// follows says whom alice follows: the actor, or "-" nobody. asked says
	// that she has only asked to.
	follows string
	asked   bool
	// inbox is "alice" when it comes to alice's own inbox, and not to the shared one.
	inbox string
	// create wraps an object in the Create with which its author sends it; without, alice looks it up.
	create bool
	// find is what alice looks for: an address, or a handle.
	find string
	// want is what alice sees afterwards, a line each: see view_test.go. "…" stands for anything.
	want string
}

// folder finds the fixtures beside the project.
func folder(t *testing.T) string {
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != "/"; dir = filepath.Dir(dir) {
		root := filepath.Join(dir, "shared", "fixtures", "payloads")
		if _, err := os.Stat(root); err == nil {
			return root
		}
	}
	t.Skip("no shared/fixtures/payloads above here")
	return ""
}

// TestFixtures sends each payload of the fixtures, or looks it up. One that no
// row is about fails.
func TestFixtures(t *testing.T) {
	root := folder(t)
	files := map[string][]byte{}
	if err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		doc, err := os.ReadFile(path)
		name, _ := filepath.Rel(root, path)
		files[name] = doc
		return err
	}); err != nil {
		t.Fatal(err)
	}
	rows := slices.Concat(microblogs(), samples(), threadiverse(), threadiverseObjects())
	listed := map[string]bool{}
	for _, f := range rows {
		if listed[f.file] {
			t.Errorf("%s is listed twice", f.file)
		}
		listed[f.file] = true
		if files[f.file] == nil {
			t.Errorf("there is no %s", f.file)
		}
	}
	for name := range files {
		if !listed[name] {
			t.Errorf("no row says what %s is", name)
		}
	}
	for _, f := range rows {
		t.Run(f.file, func(t *testing.T) {
			t.Parallel()
			f.try(t, files, f.file)
		})
	}
}

// try has a document come in a scene of its own, and compares what alice sees.
func (f fixture) try(t *testing.T, files map[string][]byte, name string) {
	s := newScene(t)
	s.post = s.alice.Post("hello")
	if f.given != nil {
		f.given(s)
	}
	swap := strings.NewReplacer(append(slices.Clone(f.swap), "{alice}", s.alice.URI)...)
	ids := strings.NewReplacer("{alice}", s.alice.URI, "{post}", s.post.URI, "{poll}", s.pollURI())
	text := func(doc []byte) []byte {
		return publicHosts([]byte(ids.Replace(swap.Replace(string(doc)))))
	}
	names := make([]string, 0, len(files))
	for other := range files {
		names = append(names, other)
	}
	slices.Sort(names)
	for _, other := range names { // what the document refers to may be another's file
		if o := (object{}); other != name && json.Unmarshal(text(files[other]), &o) == nil && o["actor"] == nil && s.documents[idOf(o["id"])] == nil {
			if strings.Contains(other, filepath.Dir(filepath.Dir(name))) {
				s.serve(text(files[other]))
			}
		}
	}
	for address, file := range f.serves {
		s.documents[address] = text(files[file])
		s.cast(s.parse(text(files[file])))
	}
	doc := text(files[name])
	s.serve(doc)
	s.cast(s.parse(doc))
	got := f.run(s, doc)
	if f.matches(got) {
		return
	}
	t.Errorf("alice sees\n%s\nand not\n%s", got, strings.TrimSpace(f.want))
}

func (s *scene) pollURI() string {
	if s.poll == nil {
		return ""
	}
	return s.poll.URI
}

// matches compares line by line.
func (f fixture) matches(got string) bool {
	return matchLines(strings.Split(strings.TrimSpace(f.want), "\n"), strings.Split(got, "\n"))
}

// matchLines compares lines, of which one that is only … stands for any number.
func matchLines(want, got []string) bool {
	for i, line := range want {
		if line = strings.TrimSpace(line); line == "…" {
			for n := i; n <= len(got); n++ {
				if matchLines(want[i+1:], got[n:]) {
					return true
				}
			}
			return false
		}
		if i >= len(got) || !glob(line, got[i]) {
			return false
		}
	}
	return len(want) == len(got)
}

// glob compares a line in which … stands for any text.
func glob(pattern, line string) bool {
	parts := strings.Split(pattern, "…")
	if len(parts) == 1 {
		return pattern == line
	}
	rest, ok := strings.CutPrefix(line, parts[0])
	if !ok {
		return false
	}
	for _, p := range parts[1 : len(parts)-1] {
		if _, rest, ok = strings.Cut(rest, p); !ok {
			return false
		}
	}
	return strings.HasSuffix(rest, parts[len(parts)-1])
}

// run has the document come, by what it is, and says what alice sees.
func (f fixture) run(s *scene, doc []byte) string {
	s.Helper()
	o := s.parse(doc)
	for _, uri := range f.knows {
		s.known(idOf(o["actor"]), uri)
	}
	switch {
	case o["subject"] != nil:
		s.jrds["acct:"+strings.TrimPrefix(f.find, "@")] = doc
		for _, l := range listOf(o["links"]) {
			if l := l.(object); l["rel"] == "self" {
				s.jrds[idOf(l["href"])] = doc
				s.actor(idOf(l["href"]))
			}
		}
		return f.lookUp(s, f.find)
	case f.find != "":
		return f.lookUp(s, f.find)
	case o["object"] == nil && !f.create && o["type"] != "Delete":
		return f.lookUp(s, idOf(o["id"]))
	}
	if f.create {
		author := idOf(o["attributedTo"])
		o = object{"id": author + "#create", "type": "Create", "actor": author, "to": o["to"], "cc": o["cc"], "object": json.RawMessage(doc)}
		doc, _ = json.Marshal(o)
		o["object"] = s.parse(doc)["object"]
	}
	return f.deliver(s, o, doc)
}

// known has a post be known here.
func (s *scene) known(by, uri string) {
	s.Helper()
	if s.documents[uri] == nil {
		author := s.actor(by)
		note, _ := json.Marshal(object{"@context": "https://www.w3.org/ns/activitystreams", "id": uri, "type": "Note", "attributedTo": author.URI, "content": "before",
			"to": apptest.Public, "published": "2020-01-01T00:00:00Z"})
		s.serve(note)
	}
	s.alice.Resolve(uri)
}

// lookUp has alice look for an address or a handle.
func (f fixture) lookUp(s *scene, what string) string {
	s.Helper()
	var found map[string][]object
	s.alice.Into(&found, "GET", "/api/v2/search", "q", what, "resolve", "true")
	s.world.Run()
	for _, a := range found["accounts"] {
		id := a["id"].(string)
		s.alice.Do("GET", "/api/v1/accounts/"+id) // which has it completed
		s.world.Advance(2 * time.Minute)
		return strings.Join(s.accountLines(id), "\n")
	}
	for _, st := range found["statuses"] {
		return strings.Join(s.statusLines(s.alice.Status(st["uri"].(string))), "\n")
	}
	_, err := s.here.Service.ResolveURL(s.Context(), what)
	return fmt.Sprintf("nothing: %v", err)
}

// deliver has an activity come to an inbox.
func (f fixture) deliver(s *scene, o object, doc []byte) string {
	s.Helper()
	uri := idOf(o["actor"])
	if uri == "" {
		uri = "https://client.example/users/somebody"
	}
	actor := s.actor(uri)
	if f.follows == "" {
		s.follow(actor.URI, f.asked)
	} else if f.follows != "-" {
		s.follow(f.follows, f.asked)
	}
	if strings.Contains(string(doc), "{follow}") {
		doc = []byte(strings.ReplaceAll(string(doc), "{follow}", idOf(s.received[len(s.received)-1]["id"])))
		o = s.parse(doc)
	}
	inbox := s.here.Config.SharedInboxURI()
	if f.inbox == "alice" {
		inbox = s.alice.URI + "/inbox"
	}
	about := idOf(o["object"])
	if of, ok := o["object"].(object); ok && o["type"] == "Undo" && of["type"] != "Delete" {
		undone, _ := json.Marshal(of) // what is undone was done
		s.send(actor, inbox, undone)
	} else if ok && o["type"] == "Update" && of["inbox"] != nil && about == actor.URI {
		profile, _ := json.Marshal(of) // and the profile is what it is updated to
		s.give(about, profile)
	}
	before, relation, logged := s.about(about), s.relation(actor.URI), len(s.here.Log())
	notified := len(s.alice.Notifications())
	answer := s.send(actor, inbox, doc)
	var lines []string
	if answer != http.StatusAccepted {
		lines = append(lines, fmt.Sprintf("answer: %d", answer))
	}
	for _, r := range s.reasons(logged) {
		lines = append(lines, "reason: "+r)
	}
	lines = append(lines, f.changes(s, about, before)...)
	if now := s.relation(actor.URI); now != relation {
		lines = append(lines, "relation: "+cmp.Or(now, "none"))
	}
	lines = append(lines, s.postLines(s.post)...)
	if s.poll != nil {
		lines = append(lines, s.postLines(s.poll)...)
	}
	list := s.alice.Notifications()
	for _, n := range list[:max(0, len(list)-notified)] {
		lines = append(lines, "notification: "+n)
	}
	if len(lines) == 0 {
		lines = []string{"nothing changes"}
	}
	return strings.Join(lines, "\n")
}

// changes are what alice sees of what an activity is about, and of what is at home now.
func (f fixture) changes(s *scene, about string, before []string) (lines []string) {
	s.Helper()
	if now := s.about(about); !slices.Equal(now, before) {
		if lines = now; len(now) == 0 {
			lines = []string{"it is gone"}
		}
	}
	for _, st := range s.alice.Home() {
		if st.URI != s.post.URI && st.URI != about && st.URI != s.pollURI() && !slices.Contains(f.knows, st.URI) {
			lines = append(lines, s.statusLines(st)...)
		}
	}
	return lines
}

// about says what alice sees of a post or a profile that is known here.
func (s *scene) about(uri string) []string {
	s.Helper()
	if st := s.alice.Status(uri); st != nil && st.URI != s.post.URI && st.URI != s.pollURI() {
		return s.statusLines(st)
	}
	id := ""
	s.here.View(func(tx *store.Tx) error {
		a, err := tx.AccountByURI(uri)
		if err == nil && a.Active() && a.ID != s.alice.ID {
			id = a.ID.String()
		} else if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		return nil
	})
	if id != "" {
		return s.accountLines(id)
	}
	return nil
}

// owner makes up who has a collection.
func owner(uri, term, collection string) func(s *scene) {
	return func(s *scene) {
		a := s.actor(uri)
		if term != "" {
			a.Document[term] = collection
			doc, _ := json.Marshal(a.Document)
			s.give(uri, doc)
		}
	}
}
