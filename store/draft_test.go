package store_test

import (
	"fmt"
	"math"
	"reflect"
	"testing"

	"kinglet/store"
	"kinglet/store/storetest"
)

func (w *world) draft(o *store.Object) (d store.Draft) {
	w.t.Helper()
	if err := w.View(w.t.Context(), func(tx *store.Tx) (err error) {
		d, err = tx.Draft(o.ID)
		return err
	}); err != nil {
		w.t.Fatal(err)
	}
	return d
}

// What a post was made from is that of its last edit.
func TestDraft(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s)
		want := store.Draft{Source: "*one*", To: []string{"https://a.test/"}, Cc: []string{"https://b.test/", "https://c.test/"}, Mentions: []store.MentionTag{{Href: "https://b.test/", Name: "@b@b.test"}}}
		o := w.status(w.local("alice"), store.Public, func(o *store.Object) { o.Draft = want })
		if got := w.draft(o); !reflect.DeepEqual(got, want) {
			t.Errorf("it is %+v", got)
		}
		want = store.Draft{Source: "two", To: []string{"https://d.test/"}, Mentions: []store.MentionTag{{Href: "https://d.test/", Name: "@d@d.test"}}}
		o.TakeText(&store.Object{Draft: want})
		w.update(func(tx *store.Tx) error { return tx.UpdateStatus(o) })
		if got := w.draft(o); !reflect.DeepEqual(got, want) {
			t.Errorf("after an edit it is %+v", got)
		}
	})
}

// What an older Kinglet wrote has its draft only in its document, from which
// the migration fills it in.
func TestMigrationOfDrafts(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s)
		alice, bob := w.local("alice"), w.remote("bob")
		early := w.status(alice, store.Public, func(o *store.Object) { o.JSON = []byte(`{"source":{"content":"early"}}`) })
		w.update(func(tx *store.Tx) error { // more than one batch
			for i := range 1000 {
				o := &store.Object{URI: fmt.Sprint("https://example.org/", i), Type: "Like", AccountID: alice.ID, Local: true, PublishedAt: tx.Now()}
				if _, err := tx.InsertObject(o); err != nil {
					return err
				}
			}
			return nil
		})
		deleted := w.status(alice, store.Public, nil)
		w.update(func(tx *store.Tx) error {
			return tx.DeleteObject(deleted, []byte(`{"type":"Tombstone","to":["https://a.test/"]}`))
		})
		original := w.status(bob, store.Public, nil)
		post := func(doc string) *store.Object {
			return w.status(alice, store.Public, func(o *store.Object) { o.JSON = []byte(doc) })
		}
		activity := func(typ, doc string) *store.Object {
			return w.status(alice, store.Direct, func(o *store.Object) { o.Type, o.IsStatus, o.JSON = typ, false, []byte(doc) })
		}
		const both = `"to":["https://a.test/?x=[]","https://b.test/"],"cc":["https://c.test/"]`
		drafted := store.Draft{To: []string{"https://a.test/?x=[]", "https://b.test/"}, Cc: []string{"https://c.test/"}}
		answer, typed := drafted, drafted
		answer.Follow, typed.Source = "https://b.test/follow", "a \"b\"\nü <c>"
		cases := map[string]struct {
			o    *store.Object
			want store.Draft
		}{
			"one of another batch":     {early, store.Draft{Source: "early"}},
			"a post":                   {post(`{"@context":["x"],` + both + `,"source":{"content":"a \"b\"\n\u00fc <c>","mediaType":"text/plain"}}`), typed},
			"without a source":         {post(`{` + both + `}`), drafted},
			"a source that is no text": {post(`{` + both + `,"source":{"content":["x"]}}`), drafted},
			"one address":              {post(`{"to":"https://a.test/","cc":[],"source":"x"}`), store.Draft{To: []string{"https://a.test/"}}},
			"addresses of a kind":      {post(`{"to":[{"id":"https://a.test/"},null,7],"cc":null,"source":null}`), store.Draft{}},
			"a NUL":                    {post(`{"source":{"content":"x"},"name":"\u0000`), store.Draft{}},
			"no object":                {post(`["to"]`), store.Draft{}},
			"no JSON":                  {post(`to`), store.Draft{}},
			"no document":              {post(``), store.Draft{}},
			"a deleted one":            {deleted, store.Draft{}},
			"a remote one":             {w.status(bob, store.Public, func(o *store.Object) { o.JSON = []byte(`{` + both + `,"source":{"content":"x"}}`) }), store.Draft{}},
			"a boost": {w.status(alice, store.Public, func(o *store.Object) {
				o.Type, o.ReblogOfID, o.JSON = "Announce", original.ID, []byte(`{`+both+`}`)
			}), store.Draft{}},
			"a Like":    {activity("Like", `{`+both+`,"object":"https://b.test/1"}`), drafted},
			"an Accept": {activity("Accept", `{`+both+`,"object":{"type":"Follow","id":"https://b.test/follow"}}`), answer},
			"a Reject":  {activity("Reject", `{`+both+`,"object":{"type":"Follow","id":"https://b.test/follow"}}`), answer},
			"an Undo":   {activity("Undo", `{`+both+`,"object":{"type":"Follow","id":"https://b.test/follow"}}`), drafted},
			"a Create":  {activity("Create", `{`+both+`,"object":"https://a.test/1"}`), store.Draft{}},
		}
		for version := 0; version != 13; {
			m, err := s.MigrateDown(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if version = m.Version; version == 16 { // as if it had been interrupted
				w.update(func(tx *store.Tx) error {
					_, err := tx.SettingOnce("drafts_filled", fmt.Sprint(int64(math.MaxInt64)))
					return err
				})
			}
		}
		if _, err := s.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		for name, c := range cases {
			if got := w.draft(c.o); !reflect.DeepEqual(got, c.want) {
				t.Errorf("%s: its draft is %+v, want %+v", name, got, c.want)
			}
		}
	})
}
