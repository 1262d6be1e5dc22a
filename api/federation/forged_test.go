package federation_test

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"kinglet/ap/signature"
	"kinglet/internal/apptest"
)

// forger is a server with alice, to whom mallory sends what is not true, some
// of it about victim, who lives elsewhere.
type forger struct {
	*apptest.Server
	alice           *apptest.Account
	mallory, victim *apptest.Stranger
	other           *apptest.Stranger // who lends a key
}

// note is one that is served nowhere.
func (f *forger) note(by *apptest.Stranger, id, text string) apptest.Object {
	return apptest.Object{
		"id": "https://" + by.Host.Name + "/notes/" + id, "type": "Note", "attributedTo": by.URI, "content": text,
		"to": []string{apptest.Public, f.alice.URI}, "cc": []string{}, "published": f.World.Now().Format(time.RFC3339),
	}
}

// signed signs a request again, over the body that it has.
func (f *forger) signed(t *testing.T, q *http.Request, by *apptest.Stranger, at time.Time) {
	t.Helper()
	b, err := io.ReadAll(q.Body)
	if err != nil {
		t.Fatal(err)
	}
	q.Body = io.NopCloser(bytes.NewReader(b))
	if err := signature.Sign(q, b, f.mallory.KeyID, by.Key, at); err != nil {
		t.Fatal(err)
	}
}

// actorAt is mallory's document as that of another actor, which has the same key.
func (f *forger) actorAt(uri string) apptest.Object {
	doc, key := maps.Clone(f.mallory.Document), maps.Clone(f.mallory.Document["publicKey"].(apptest.Object))
	key["id"], key["owner"] = uri+"#main-key", uri
	doc["id"], doc["publicKey"] = uri, key
	return doc
}

// Forged things are refused, each with a reason, and leave nothing behind.
func TestForgedActivities(t *testing.T) {
	w := apptest.NewWorld(t)
	s := w.Server("kinglet.test")
	f := &forger{
		Server: s, alice: s.Account("alice"), mallory: w.Stranger("mallory@evil.test"), victim: w.Stranger("victim@elsewhere.test"),
		other: w.Stranger("other@evil.test"),
	}
	mallory, victim, to := f.mallory, f.victim, f.alice.URI+"/inbox"
	for by, text := range map[*apptest.Stranger]string{mallory: "genuine", victim: "the victim's"} {
		if status, body := by.SendTo(s, to, by.Activity("Create", f.note(by, "1", text))); status != http.StatusAccepted {
			t.Fatalf("a genuine post is refused: %d %s", status, body)
		}
	}
	own := f.alice.Post("alice's own")
	const at, private = "https://evil.test/users/", "https://169.254.169.254/latest/meta-data"
	for name, target := range map[string]string{"redirected": private, "downgraded": "http://169.254.169.254/latest/meta-data"} {
		mallory.Host.Handle("/users/"+name, func(w http.ResponseWriter, q *http.Request) { http.Redirect(w, q, target, http.StatusFound) })
	}
	metadata := w.Host("169.254.169.254").Serve("/latest/meta-data", f.actorAt(private))
	mallory.Host.ServeAs("/users/page", "text/html", f.actorAt(at+"page"))
	endless, err := json.Marshal(f.actorAt(at + "endless"))
	if err != nil {
		t.Fatal(err)
	}
	mallory.Host.ServeAs("/users/endless", "application/activity+json", append(bytes.Repeat([]byte(" "), 16<<20), endless...))

	create := func(o apptest.Object) apptest.Object { return mallory.Activity("Create", o) }
	with := func(o apptest.Object, changes ...any) apptest.Object {
		o = maps.Clone(o)
		for i := 0; i < len(changes); i += 2 {
			o[changes[i].(string)] = changes[i+1]
		}
		return o
	}
	note := func() apptest.Object { return f.note(mallory, "forged", "FORGED") }
	by := func(uri string) func(*http.Request) {
		return func(q *http.Request) {
			q.Header.Set("Signature", strings.Replace(q.Header.Get("Signature"), mallory.URI, uri, 1))
		}
	}
	for _, c := range []struct {
		name   string
		doc    any
		tamper func(q *http.Request)
		status int
	}{
		{"no signature", create(note()), func(q *http.Request) { q.Header.Del("Signature") }, 401},
		{"another's key", create(note()), func(q *http.Request) { f.signed(t, q, f.other, w.Now()) }, 401},
		{"digest of another body", create(note()), func(q *http.Request) {
			b, _ := io.ReadAll(q.Body)
			b = bytes.Replace(b, []byte("FORGED"), []byte("forgeD"), 1)
			q.Body = io.NopCloser(bytes.NewReader(b))
		}, 401},
		{"stale date", create(note()), func(q *http.Request) { f.signed(t, q, mallory, w.Now().Add(-24*time.Hour)) }, 401},
		{"an actor acting for another", with(create(f.note(victim, "f", "FORGED")), "actor", victim.URI), nil, 403},
		{"an author that is not the actor", create(with(note(), "attributedTo", victim.URI)), nil, 403},
		{"an object of another origin", create(with(note(), "id", "https://elsewhere.test/notes/f")), nil, 403},
		{"an id on our own host", create(with(note(), "id", s.Config.URL+"/objects/f")), nil, 403},
		{"an id on our own host, spelt otherwise", create(with(note(), "id", strings.Replace(s.Config.URL, "https://", "HTTPS://x@", 1)+"/objects/f")), nil, 403},
		{"two actors", with(create(note()), "actor", []string{mallory.URI, victim.URI}), nil, 400},
		{"a key twice", []byte(`{"type":"Create","actor":"` + victim.URI + `","actor":"` + mallory.URI + `","object":{}}`), nil, 400},
		{"an edit of another's post", mallory.Activity("Update", with(f.note(victim, "1", "FORGED"), "attributedTo", mallory.URI)), nil, 403},
		{"a delete of another's post", mallory.Activity("Delete", "https://elsewhere.test/notes/1"), nil, 403},
		{"a delete of alice's post", mallory.Activity("Delete", own.URI), nil, 403},
		{"an undo of another's follow", mallory.Activity("Undo", victim.Activity("Follow", f.alice.URI)), nil, 403},
		{"the profile of another", mallory.Activity("Update", with(victim.Document, "name", "FORGED")), nil, 403},
		{"a key that redirects to a private address", create(note()), by(at + "redirected"), 401},
		{"a key that redirects to a private address over http", create(note()), by(at + "downgraded"), 401},
		{"a key that is a page", create(note()), by(at + "page"), 401},
		{"a key without end", create(note()), by(at + "endless"), 401},
		{"a key of ours", create(note()), by(f.alice.URI), 401},
		{"JSON nested 10,000 deep", []byte(`{"a":` + strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000) + "}"), nil, 400},
		{"no JSON", []byte("<note>"), nil, 400},
		{"no actor", apptest.Object{"type": "Create", "object": note()}, nil, 400},
	} {
		t.Run(c.name, func(t *testing.T) {
			body, ok := c.doc.([]byte)
			if !ok {
				var err error
				if body, err = json.Marshal(c.doc); err != nil {
					t.Fatal(err)
				}
			}
			q := mallory.Request(http.MethodPost, to, body)
			if c.tamper != nil {
				c.tamper(q)
			}
			resp := s.Do(q)
			var answer struct{ Error string }
			if err := json.Unmarshal(resp.Body.Bytes(), &answer); err != nil || answer.Error == "" {
				t.Errorf("no reason is given: %v", err)
			}
			if resp.Code != c.status {
				t.Errorf("%d %s", resp.Code, answer.Error)
			}
		})
	}
	t.Run("a body of 1 GB", func(t *testing.T) {
		body := &zeros{}
		q := httptest.NewRequest(http.MethodPost, to, io.LimitReader(body, 1<<30))
		q.ContentLength = 1 << 30
		if resp := s.Do(q); resp.Code != http.StatusRequestEntityTooLarge || body.read > 0 {
			t.Errorf("%d, %d bytes of it are read", resp.Code, body.read)
		}
	})
	if n := metadata.Attempts(); n > 0 {
		t.Errorf("a private address was asked %d times", n)
	}
	w.Run()
	texts := ""
	for _, st := range f.alice.Timeline("/api/v1/timelines/public") {
		texts += st.Text() + "\n"
	}
	if strings.Contains(strings.ToLower(texts), "forged") {
		t.Errorf("a forged post is there: %s", texts)
	}
	for _, genuine := range []string{"genuine", "the victim&#39;s", "alice&#39;s own"} {
		if !strings.Contains(texts, genuine) {
			t.Errorf("%q is not there: %s", genuine, texts)
		}
	}
}

// zeros is a body without end that counts what is read of it.
type zeros struct{ read int }

func (z *zeros) Read(p []byte) (int, error) {
	z.read += len(p)
	return len(p), nil
}
