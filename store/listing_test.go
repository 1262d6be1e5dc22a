package store_test

import (
	"fmt"
	"slices"
	"testing"

	"kinglet/store"
	"kinglet/store/storetest"
)

// A page that finds too little among the rows that it looks at ends, and the
// next one goes on from there, in both directions.
func TestFilteredPagesEndEarly(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s)
		writer, other := w.remote("writer"), w.remote("other")
		said := w.status(other, store.Public, nil)
		first := w.status(writer, store.Public, nil)
		w.update(func(tx *store.Tx) error {
			for i := range store.MaxCandidates + 100 {
				if _, err := tx.InsertObject(&store.Object{
					URI: fmt.Sprint("https://there.test/replies/", i), Type: "Note", AccountID: writer.ID, IsStatus: true,
					InReplyToURI: said.URI, InReplyToID: said.ID, InReplyToAccountID: other.ID,
				}); err != nil {
					return err
				}
			}
			return nil
		})
		last := w.status(writer, store.Public, nil)
		q := store.AccountQuery{ExcludeReplies: true}
		read := func(p store.Page, want ...store.ObjectID) (end store.ObjectID) {
			t.Helper()
			w.view(func(tx *store.Tx) error {
				list, e, err := tx.AccountTimeline(0, writer.ID, q, p)
				if end = e; err != nil || !slices.Equal(list, want) {
					t.Errorf("%+v: %v %v, want %v", p, list, err, want)
				}
				return nil
			})
			return end
		}
		end := read(store.Page{Limit: 2}, last.ID)
		if end == 0 {
			t.Fatal("the page does not end early")
		}
		if read(store.Page{Limit: 2, MaxID: int64(end)}, first.ID) != 0 {
			t.Error("the last page has one below it")
		}
		end = read(store.Page{Limit: 2, MinID: int64(first.ID)})
		if end <= first.ID || end >= last.ID {
			t.Fatalf("the page above %d ends at %d", first.ID, end)
		}
		if read(store.Page{Limit: 2, MinID: int64(end)}, last.ID) != 0 {
			t.Error("the first page has one above it")
		}
		if read(store.Page{Limit: 1}, last.ID) != 0 {
			t.Error("a full page ends early")
		}
		if read(store.Page{Limit: 2, SinceID: int64(last.ID) - 1}, last.ID) != 0 {
			t.Error("a page within bounds ends early")
		}
	})
}

// The pages around one that ended early begin where it ended.
func TestPagesAround(t *testing.T) {
	for _, c := range []struct {
		name             string
		page             store.Page
		first, last, end int64
		newest, oldest   int64
	}{
		{"a page", store.Page{}, 9, 5, 0, 9, 5},
		{"an empty one", store.Page{}, 0, 0, 0, 0, 0},
		{"ended early", store.Page{}, 9, 5, 3, 9, 3},
		{"found nothing until it ended", store.Page{MaxID: 10}, 0, 0, 3, 3, 3},
		{"upwards", store.Page{MinID: 1}, 9, 5, 0, 9, 5},
		{"upwards, ended early", store.Page{MinID: 1}, 9, 5, 12, 12, 5},
		{"upwards, found nothing", store.Page{MinID: 1}, 0, 0, 12, 12, 12},
	} {
		if newest, oldest := c.page.Around(c.first, c.last, c.end); newest != c.newest || oldest != c.oldest {
			t.Errorf("%s: %d, %d, want %d, %d", c.name, newest, oldest, c.newest, c.oldest)
		}
	}
}

func TestTagTimeline(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s)
		me, far := w.local("me"), w.remote("far")
		tagged := func(by *store.Account, v store.Visibility, tags ...string) store.ObjectID {
			return w.status(by, v, func(o *store.Object) { o.Tags = tags }).ID
		}
		picture := func(id store.ObjectID, by *store.Account) {
			w.update(func(tx *store.Tx) error {
				return tx.PutAttachments(id, by.ID, []store.Attachment{{Kind: "image", RemoteURL: "https://there.test/a"}, {Kind: "image", RemoteURL: "https://there.test/b"}})
			})
		}
		a, ab, mine := tagged(far, store.Public, "A"), tagged(far, store.Public, "a", "b"), tagged(me, store.Public, "a", "c")
		b := tagged(me, store.Public, "b")
		unlisted := tagged(far, store.Unlisted, "a")
		picture(ab, far)
		picture(b, me)
		type tags = []string
		local, media := store.PublicQuery{Local: true}, store.PublicQuery{OnlyMedia: true}
		for name, c := range map[string]struct {
			q    store.TagQuery
			want []store.ObjectID
		}{
			"one":               {store.TagQuery{Any: tags{"a"}}, []store.ObjectID{mine, ab, a}},
			"twice":             {store.TagQuery{Any: tags{"a", "#A"}}, []store.ObjectID{mine, ab, a}},
			"any":               {store.TagQuery{Any: tags{"b", "a"}}, []store.ObjectID{b, mine, ab, a}},
			"all":               {store.TagQuery{Any: tags{"a"}, All: tags{"B", "b"}}, []store.ObjectID{ab}},
			"none":              {store.TagQuery{Any: tags{"a"}, None: tags{"b", "x"}}, []store.ObjectID{mine, a}},
			"local":             {store.TagQuery{Any: tags{"a"}, PublicQuery: local}, []store.ObjectID{mine}},
			"any, local":        {store.TagQuery{Any: tags{"a", "b"}, PublicQuery: local}, []store.ObjectID{b, mine}},
			"media":             {store.TagQuery{Any: tags{"a", "b"}, PublicQuery: media}, []store.ObjectID{b, ab}},
			"unknown":           {store.TagQuery{Any: tags{"zz"}}, nil},
			"no hashtag at all": {store.TagQuery{}, nil},
		} {
			w.view(func(tx *store.Tx) error {
				list, end, err := tx.TagTimeline(0, c.q, store.Page{Limit: 20})
				if err != nil || end != 0 || !slices.Equal(list, c.want) {
					t.Errorf("%s: %v %d %v, want %v", name, list, end, err, c.want)
				}
				return nil
			})
		}
		w.update(func(tx *store.Tx) error { return tx.PutTags(a, []string{"new", "a"}) })
		for tag, want := range map[string][]store.ObjectID{"new": {a}, "a": {unlisted, ab, a}, "b": {ab}} {
			w.view(func(tx *store.Tx) error {
				list, _, err := tx.AccountTimeline(0, far.ID, store.AccountQuery{Tagged: tag}, store.Page{Limit: 20})
				if err != nil || !slices.Equal(list, want) {
					t.Errorf("after an edit, %s: %v %v, want %v", tag, list, err, want)
				}
				return nil
			})
		}
		w.update(func(tx *store.Tx) error { return tx.PutTags(a, []string{"a"}) })
		w.view(func(tx *store.Tx) error {
			if list, _, err := tx.AccountTimeline(0, far.ID, store.AccountQuery{Tagged: "new"}, store.Page{Limit: 20}); err != nil || len(list) != 0 {
				t.Errorf("after another edit: %v %v", list, err)
			}
			return nil
		})
		for name, c := range map[string]struct {
			q    store.PublicQuery
			want []store.ObjectID
		}{
			"media":       {media, []store.ObjectID{b, ab}},
			"local media": {store.PublicQuery{Local: true, OnlyMedia: true}, []store.ObjectID{b}},
			"remote":      {store.PublicQuery{Remote: true}, []store.ObjectID{ab, a}},
		} {
			w.view(func(tx *store.Tx) error {
				list, _, err := tx.PublicTimeline(0, c.q, store.Page{Limit: 20})
				if err != nil || !slices.Equal(list, c.want) {
					t.Errorf("public, %s: %v %v, want %v", name, list, err, c.want)
				}
				return nil
			})
		}
		for name, c := range map[string]struct {
			by   *store.Account
			q    store.AccountQuery
			want []store.ObjectID
		}{
			"media":            {far, store.AccountQuery{OnlyMedia: true}, []store.ObjectID{ab}},
			"tagged":           {me, store.AccountQuery{Tagged: "#B"}, []store.ObjectID{b}},
			"tagged, media":    {far, store.AccountQuery{Tagged: "a", OnlyMedia: true}, []store.ObjectID{ab}},
			"tagged by others": {me, store.AccountQuery{Tagged: "x"}, nil},
		} {
			w.view(func(tx *store.Tx) error {
				list, _, err := tx.AccountTimeline(0, c.by.ID, c.q, store.Page{Limit: 20})
				if err != nil || !slices.Equal(list, c.want) {
					t.Errorf("account, %s: %v %v, want %v", name, list, err, c.want)
				}
				return nil
			})
		}
	})
}

// Hashtags are found by their beginning, each once, in order.
func TestSearchTags(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s)
		far := w.remote("far")
		for _, tags := range [][]string{{"birds", "bir"}, {"Birds"}, {"Blue", "apple"}, {"birch"}} {
			w.status(far, store.Public, func(o *store.Object) { o.Tags = tags })
		}
		for _, c := range []struct {
			prefix string
			limit  int
			want   []string
		}{
			{"#Bi", 20, []string{"bir", "birch", "birds"}}, {"b", 2, []string{"bir", "birch"}}, {"c", 20, nil}, {"", 20, []string{"apple", "bir", "birch", "birds", "blue"}},
		} {
			w.view(func(tx *store.Tx) error {
				if got, err := tx.SearchTags(c.prefix, c.limit); err != nil || !slices.Equal(got, c.want) {
					t.Errorf("%q: %v %v, want %v", c.prefix, got, err, c.want)
				}
				return nil
			})
		}
	})
}

// Notifications are filtered by their types and by whom they are from.
func TestNotificationsOfTypes(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s)
		me, other, friend, foe := w.local("me"), w.local("other"), w.remote("friend"), w.remote("foe")
		names := map[int64]string{}
		notify := func(to *store.Account, typ string, from *store.Account) {
			n := &store.Notification{AccountID: to.ID, Type: typ, From: from.ID}
			w.update(func(tx *store.Tx) error { _, err := tx.Notify(n); return err })
			names[n.ID] = typ + " " + from.Username
		}
		notify(me, "mention", friend)
		notify(me, "follow", foe)
		notify(me, "update", friend)
		notify(other, "poll", friend)
		notify(me, "follow", friend)
		for name, c := range map[string]struct {
			q    store.NotificationQuery
			want []string
		}{
			"all":                   {store.NotificationQuery{}, []string{"follow friend", "update friend", "follow foe", "mention friend"}},
			"one type":              {store.NotificationQuery{Types: []string{"follow"}}, []string{"follow friend", "follow foe"}},
			"two, one of them not":  {store.NotificationQuery{Types: []string{"mention", "update", "poll"}}, []string{"update friend", "mention friend"}},
			"none that is there":    {store.NotificationQuery{Types: []string{"poll"}}, nil},
			"without":               {store.NotificationQuery{ExcludeTypes: []string{"follow", "poll"}}, []string{"update friend", "mention friend"}},
			"from":                  {store.NotificationQuery{From: friend.ID}, []string{"follow friend", "update friend", "mention friend"}},
			"from, without":         {store.NotificationQuery{From: friend.ID, ExcludeTypes: []string{"update"}}, []string{"follow friend", "mention friend"}},
			"from one, of one type": {store.NotificationQuery{From: foe.ID, Types: []string{"follow"}}, []string{"follow foe"}},
		} {
			w.view(func(tx *store.Tx) error {
				list, end, err := tx.Notifications(me.ID, c.q, store.Page{Limit: 20})
				var got []string
				for _, n := range list {
					got = append(got, names[n.ID])
				}
				if err != nil || end != 0 || !slices.Equal(got, c.want) {
					t.Errorf("%s: %q %v, want %q", name, got, err, c.want)
				}
				return nil
			})
		}
	})
}
