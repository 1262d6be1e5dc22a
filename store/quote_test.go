package store_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"kinglet/store"
	"kinglet/store/storetest"
)

// A page of statuses that quote takes one statement more than one without, and
// each quote is what its viewer may see.
func TestQuotesOfAPage(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s)
		me, author, quoter := w.local("me"), w.local("author"), w.remote("quoter")
		var page []store.ObjectID
		quote := func(by *store.Account, of *store.Object) *store.Object {
			return w.status(by, store.Public, func(o *store.Object) { o.QuoteURI = of.URI })
		}
		inner := w.status(author, store.Public, nil)
		outer := quote(author, inner)
		secret := w.status(author, store.Private, nil)
		stamped := w.status(author, store.Public, func(o *store.Object) {
			o.QuotesNeedStamp, o.Policy = true, &store.Policy{Quote: &store.Permission{Manual: []string{store.Everyone}}}
		})
		boost := w.status(author, store.Public, func(o *store.Object) { o.Type, o.ReblogOfID = "Announce", inner.ID })
		gone := w.status(author, store.Public, nil)
		wants := map[store.ObjectID]string{}
		add := func(o *store.Object, want string) {
			page = append(page, o.ID)
			wants[o.ID] = want
		}
		ofGone := quote(quoter, gone)
		add(quote(quoter, outer), store.QuoteAccepted)
		add(quote(quoter, secret), store.QuoteRejected)
		add(quote(author, secret), store.QuoteUnauthorized)
		add(quote(quoter, stamped), store.QuotePending)
		add(quote(author, stamped), store.QuoteAccepted)
		add(quote(quoter, boost), store.QuotePending)
		add(quote(quoter, &store.Object{URI: "https://nowhere.test/1"}), store.QuotePending)
		add(ofGone, store.QuoteDeleted)
		add(inner, "")
		add(quote(quoter, quote(author, secret)), store.QuoteAccepted) // which quotes what only its author sees
		w.update(func(tx *store.Tx) error { return tx.DeleteObject(gone, nil) })
		statements := func(ids []store.ObjectID) (n int64) {
			var count atomic.Int64
			if err := s.View(store.WithStatementCount(t.Context(), &count), func(tx *store.Tx) error {
				_, err := tx.Statuses(me.ID, ids)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			return count.Load()
		}
		if plain, with := statements([]store.ObjectID{inner.ID}), statements(page); with != plain+1 {
			t.Errorf("%d statements with quotes, %d without", with, plain)
		}
		for viewer, id := range map[string]store.AccountID{"me": me.ID, "a stranger": 0} {
			w.view(func(tx *store.Tx) error {
				list, err := tx.Statuses(id, page)
				if err != nil || len(list) != len(page) {
					t.Fatalf("%d of %d: %v", len(list), len(page), err)
				}
				for _, st := range list {
					got := ""
					if st.Quote != nil {
						got = st.Quote.State
						if shown := st.Quote.Status; (shown != nil) != (got == store.QuoteAccepted) || shown != nil && shown.Account == nil {
							t.Errorf("%s sees %v of a quote that is %s", viewer, shown, got)
						}
					}
					if got != wants[st.ID] {
						t.Errorf("%s sees the quote of %d as %q, not %q", viewer, st.ID, got, wants[st.ID])
					}
				}
				if nested := list[0].Quote.Status.Quote; nested == nil || nested.State != store.QuoteAccepted || nested.ID != inner.ID || nested.Status != nil {
					t.Errorf("%s sees within the quote %+v", viewer, nested)
				}
				if hidden := list[len(list)-1].Quote.Status.Quote; hidden == nil || hidden.State != store.QuoteUnauthorized || hidden.ID != 0 {
					t.Errorf("%s sees within the quote %+v", viewer, hidden)
				}
				return nil
			})
		}
	})
}

// A quoted status that comes later is found by those that wait for it, by its id
// or by the address of its page.
func TestQuotedComesLater(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		for i, c := range []struct {
			page    bool
			change  func(o *store.Object)
			want    string
			gone    bool
			waiting bool
		}{
			{want: store.QuoteAccepted},
			{page: true, want: store.QuoteAccepted},
			{change: func(o *store.Object) { o.QuotesNeedStamp = true }, want: ""},
			{change: func(o *store.Object) { o.Visibility = store.Private }, want: ""},
			{gone: true, want: store.QuoteDeleted, waiting: true},
		} {
			t.Run(fmt.Sprint(i), func(t *testing.T) {
				w := newWorld(t, s)
				author, quoter := w.account(fmt.Sprint("author", i), "there.test"), w.account(fmt.Sprint("quoter", i), "there.test")
				uri := fmt.Sprintf("https://there.test/quoted/%d", i)
				address := uri
				if c.page {
					address += "/page"
				}
				quoting := w.status(quoter, store.Public, func(o *store.Object) { o.QuoteURI = address })
				quoted := &store.Object{}
				if c.gone {
					w.update(func(tx *store.Tx) error { return tx.QuotedIsGone(address) })
				} else {
					quoted = w.status(author, store.Public, func(o *store.Object) {
						o.URI = uri
						if c.change != nil {
							c.change(o)
						}
					})
					w.update(func(tx *store.Tx) error {
						if c.page {
							return tx.QuotedAt(address, quoted)
						}
						return tx.LinkReplies(quoted)
					})
				}
				w.view(func(tx *store.Tx) error {
					o, err := tx.Object(quoting.ID)
					if err != nil || o.QuoteID != quoted.ID || o.QuoteState != c.want {
						t.Errorf("%d %q, not %d %q: %v", o.QuoteID, o.QuoteState, quoted.ID, c.want, err)
					}
					if waits, err := tx.IsQuoted(address); err != nil || waits != c.waiting {
						t.Errorf("waits: %v %v", waits, err)
					}
					return nil
				})
			})
		}
	})
}

// Consent is recorded for the quote that it is for, and no other.
func TestConsentIsForOneQuote(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s)
		author, quoter := w.remote("author"), w.remote("quoter")
		quoted := w.status(author, store.Public, func(o *store.Object) { o.QuotesNeedStamp = true })
		other := w.status(author, store.Public, func(o *store.Object) { o.QuotesNeedStamp = true })
		quoting := w.status(quoter, store.Public, func(o *store.Object) { o.QuoteURI, o.QuoteStamp = quoted.URI, "stamp" })
		w.view(func(tx *store.Tx) error {
			list, err := tx.QuotesWithoutConsent(quoted)
			if want := (store.QuoteStamp{Status: quoting.ID, Author: quoter.URI, Stamp: "stamp"}); err != nil || len(list) != 1 || list[0] != want {
				t.Errorf("%v: %v", list, err)
			}
			return nil
		})
		for _, c := range []struct {
			quoted store.ObjectID
			stamp  string
			want   string
		}{{other.ID, "stamp", ""}, {quoted.ID, "another", ""}, {quoted.ID, "stamp", store.QuoteAccepted}} {
			w.update(func(tx *store.Tx) error { return tx.AcceptQuote(quoting.ID, c.quoted, c.stamp) })
			w.view(func(tx *store.Tx) error {
				if o, err := tx.Object(quoting.ID); err != nil || o.QuoteState != c.want {
					t.Errorf("%+v: %q %v", c, o.QuoteState, err)
				}
				return nil
			})
		}
	})
}
