package ap_test

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"kinglet/internal/apptest"
)

// answersWith has the origin of a note answer with a status.
func answersWith(who *apptest.Stranger, uri string, status int) {
	who.Host.Handle(strings.TrimPrefix(uri, "https://"+who.Host.Name), func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
}

// ldSigned is an activity as Mastodon forwards it: with a signature that we don't
// verify.
func ldSigned(doc apptest.Object) apptest.Object {
	doc["signature"] = apptest.Object{"type": "RsaSignature2017", "creator": doc["actor"].(string) + "#main-key", "created": "2026-11-21T12:00:00Z", "signatureValue": "AAAA"}
	return doc
}

// Of what carl forwards without a proof, the origin is asked for what somebody here
// asks for, and for nothing else.
func TestForwardedUnproven(t *testing.T) {
	type unproven struct {
		w           *apptest.World
		alice       *apptest.Account
		carl, dora  *apptest.Stranger // alice follows carl; dora is nobody's friend
		post        string            // of carl's, which is known here
		known       apptest.Object    // an answer of dora's to it, which is known
		create      func(note apptest.Object) apptest.Object
		asked, sees func(uri any) bool
	}
	for _, c := range []struct {
		name string
		send func(u *unproven) apptest.Object
		want int
		then func(t *testing.T, u *unproven, doc apptest.Object)
	}{
		{"an answer in a thread that is known", func(u *unproven) apptest.Object {
			return u.create(u.dora.Note("indeed", "inReplyTo", u.post))
		}, 202, func(t *testing.T, u *unproven, doc apptest.Object) {
			uri := doc["object"].(apptest.Object)["id"]
			if !u.asked(uri) || !u.sees(uri) {
				t.Error("it is not in the thread")
			}
		}},
		{"an answer to a post of alice's", func(u *unproven) apptest.Object {
			return u.create(u.dora.Note("hello", "inReplyTo", u.alice.Post("hi").URI, "tag", []apptest.Object{apptest.Mention(u.alice)}))
		}, 202, func(t *testing.T, u *unproven, doc apptest.Object) {
			if got := u.alice.Notifications(); len(got) == 0 || got[0] != "mention @dora@d.test" {
				t.Errorf("alice is notified of %v", got)
			}
		}},
		{"what is of no concern to anybody here", func(u *unproven) apptest.Object { return u.create(u.dora.Note("me")) }, 403, func(t *testing.T, u *unproven, doc apptest.Object) {
			if u.asked(doc["object"].(apptest.Object)["id"]) || !strings.Contains(u.alice.Server.Log(), "nobody here asks for") {
				t.Error("it is fetched, or no reason is logged")
			}
		}},
		{"what claims to be an answer and is none", func(u *unproven) apptest.Object {
			fred := u.w.Stranger("fred@f.test")
			note := fred.Note("me")
			claim := maps.Clone(note)
			claim["inReplyTo"] = u.post
			return fred.Activity("Create", claim)
		}, 202, func(t *testing.T, u *unproven, doc apptest.Object) {
			uri := doc["object"].(apptest.Object)["id"].(string)
			if got := u.w.Host("f.test").Asked(http.MethodGet, ""); len(got) != 1 || !strings.HasSuffix(uri, got[0].Target) || u.sees(uri) {
				t.Errorf("f.test is asked for %v", got)
			}
		}},
		{"another's post as dora's", func(u *unproven) apptest.Object {
			note := u.dora.As("eve@e.test").Note("me", "inReplyTo", u.post)
			return u.create(note)
		}, 403, nil},
		{"an old answer that mentions alice", func(u *unproven) apptest.Object {
			return u.create(u.dora.Note("@alice", "inReplyTo", u.post, "tag", []apptest.Object{apptest.Mention(u.alice)}, "published", u.w.Now().Add(-8*24*time.Hour).Format(time.RFC3339)))
		}, 202, func(t *testing.T, u *unproven, doc apptest.Object) {
			if got := u.alice.Notifications(); len(got) != 0 || !u.sees(doc["object"].(apptest.Object)["id"]) {
				t.Errorf("alice is notified of %v", got)
			}
		}},
		{"an edit is fetched", func(u *unproven) apptest.Object {
			u.w.Advance(time.Minute)
			u.known["content"], u.known["updated"] = "an edit", u.w.Now().Format(time.RFC3339)
			u.dora.Host.Serve(u.known["id"].(string), u.known)
			claim := maps.Clone(u.known)
			claim["content"] = "forged"
			return u.dora.Activity("Update", claim)
		}, 202, func(t *testing.T, u *unproven, _ apptest.Object) {
			if st := u.alice.Status(u.known["id"].(string)); !strings.Contains(st.Text(), "an edit") {
				t.Errorf("alice reads %s", st.Text())
			}
		}},
		{"the Delete of what stands", func(u *unproven) apptest.Object { return u.dora.Activity("Delete", u.known["id"]) }, 202, func(t *testing.T, u *unproven, _ apptest.Object) {
			if !u.asked(u.known["id"]) || !u.sees(u.known["id"]) {
				t.Error("it is deleted")
			}
		}},
		{"the Delete of what is gone", func(u *unproven) apptest.Object {
			answersWith(u.dora, u.known["id"].(string), 410)
			return u.dora.Activity("Delete", u.known["id"])
		}, 202, func(t *testing.T, u *unproven, _ apptest.Object) {
			if u.sees(u.known["id"]) {
				t.Error("it is still here")
			}
		}},
		{"the Delete of what is not found", func(u *unproven) apptest.Object {
			answersWith(u.dora, u.known["id"].(string), 404)
			return u.dora.Activity("Delete", u.known["id"])
		}, 202, func(t *testing.T, u *unproven, _ apptest.Object) {
			if !u.asked(u.known["id"]) || !u.sees(u.known["id"]) {
				t.Error("it is deleted: so answers who has blocked us")
			}
		}},
		{"the Delete of what is a Tombstone", func(u *unproven) apptest.Object {
			u.dora.Host.Serve(u.known["id"].(string), apptest.Object{"@context": "https://www.w3.org/ns/activitystreams", "id": u.known["id"], "type": "Tombstone"})
			return u.dora.Activity("Delete", u.known["id"])
		}, 202, func(t *testing.T, u *unproven, _ apptest.Object) {
			if u.sees(u.known["id"]) {
				t.Error("it is still here")
			}
		}},
		{"the Delete of what is hidden from us", func(u *unproven) apptest.Object {
			answersWith(u.dora, u.known["id"].(string), 403)
			return u.dora.Activity("Delete", u.known["id"])
		}, 202, func(t *testing.T, u *unproven, _ apptest.Object) {
			if !u.sees(u.known["id"]) {
				t.Error("it is deleted")
			}
		}},
		{"the Delete of what redirects to who says that it is gone", func(u *unproven) apptest.Object {
			u.dora.Host.Handle(strings.TrimPrefix(u.known["id"].(string), "https://d.test"), func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, "https://c.test/gone", http.StatusFound)
			})
			answersWith(u.carl, "https://c.test/gone", 410)
			return u.dora.Activity("Delete", u.known["id"])
		}, 202, func(t *testing.T, u *unproven, _ apptest.Object) {
			if !u.sees(u.known["id"]) {
				t.Error("it is deleted")
			}
		}},
		{"the Delete of another's post", func(u *unproven) apptest.Object {
			return u.dora.As("eve@d.test").Activity("Delete", u.known["id"])
		}, 403, nil},
		{"the Delete of an account that is gone", func(u *unproven) apptest.Object {
			answersWith(u.dora, u.dora.URI, 410)
			return u.dora.Activity("Delete", u.dora.URI)
		}, 202, func(t *testing.T, u *unproven, _ apptest.Object) {
			if u.sees(u.known["id"]) {
				t.Error("its post is still here")
			}
		}},
		{"a boost of alice's post", func(u *unproven) apptest.Object {
			boost := u.dora.Activity("Announce", u.alice.Post("hi").URI, "to", []string{apptest.Public})
			u.dora.Host.Serve(boost["id"].(string), boost)
			return boost
		}, 202, func(t *testing.T, u *unproven, _ apptest.Object) {
			if got := fmt.Sprint(u.alice.Notifications()); got != "[reblog @dora@d.test]" {
				t.Errorf("alice is notified of %s", got)
			}
		}},
		{"a boost that its origin does not know", func(u *unproven) apptest.Object {
			return u.dora.Activity("Announce", u.alice.Post("hi").URI, "to", []string{apptest.Public})
		}, 202, func(t *testing.T, u *unproven, _ apptest.Object) {
			if got := u.alice.Notifications(); len(got) != 0 {
				t.Errorf("alice is notified of %v", got)
			}
		}},
		{"a boost of what nobody here knows", func(u *unproven) apptest.Object {
			return u.dora.Activity("Announce", "https://e.test/1", "to", []string{apptest.Public})
		}, 403, nil},
		{"a Like", func(u *unproven) apptest.Object { return u.dora.Activity("Like", u.alice.Post("hi").URI) }, 403, nil},
		{"a Follow", func(u *unproven) apptest.Object { return u.dora.Activity("Follow", u.alice.URI) }, 403, nil},
		{"an Undo", func(u *unproven) apptest.Object {
			return u.dora.Activity("Undo", apptest.Object{"type": "Like", "actor": u.dora.URI, "object": u.alice.Post("hi").URI})
		}, 403, nil},
		{"what is said to be alice's", func(u *unproven) apptest.Object {
			doc := u.create(u.dora.Note("me", "inReplyTo", u.post))
			doc["actor"] = u.alice.URI
			return doc
		}, 403, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := apptest.NewWorld(t)
			alice := w.Server("a.test").Account("alice")
			carl, dora := w.Stranger("carl@c.test"), w.Stranger("dora@d.test")
			carl.FollowedBy(alice)
			post := carl.Note("who is there?")
			known := dora.Note("me", "inReplyTo", post["id"])
			for who, note := range map[*apptest.Stranger]apptest.Object{carl: post} {
				if got := who.Send(alice.Server, who.Activity("Create", note)); got != 202 {
					t.Fatal(got)
				}
			}
			if got := dora.Send(alice.Server, dora.Activity("Create", known)); got != 202 {
				t.Fatal(got)
			}
			w.Run()
			u := &unproven{
				w: w, alice: alice, carl: carl, dora: dora, post: post["id"].(string), known: known,
				create: func(note apptest.Object) apptest.Object { return dora.Activity("Create", note) },
				asked: func(uri any) bool {
					return len(dora.Host.Asked(http.MethodGet, strings.TrimPrefix(uri.(string), "https://d.test"))) > 0
				},
				sees: func(uri any) bool { return alice.Status(uri.(string)) != nil },
			}
			doc := c.send(u)
			dora.Host.Forget()
			if got := carl.Send(alice.Server, ldSigned(doc)); got != c.want {
				t.Errorf("it is answered with %d, want %d", got, c.want)
			}
			w.Run()
			if c.want == 403 && len(dora.Host.Asked(http.MethodGet, "")) != 0 {
				t.Error("dora's server is asked")
			}
			if c.then != nil {
				c.then(t, u, doc)
			}
		})
	}
}

// Who brings much has little of it fetched, and keeps nobody else from being
// heard; the same is fetched once.
func TestForwardedUnprovenIsBounded(t *testing.T) {
	w := apptest.NewWorld(t)
	alice := w.Server("a.test").Account("alice")
	carl, eve, dora := w.Stranger("carl@c.test"), w.Stranger("eve@e.test"), w.Stranger("dora@d.test")
	carl.FollowedBy(alice)
	post := alice.Post("who is there?")
	w.Run()
	answer := dora.Note("me", "inReplyTo", post.URI)
	for range 3 {
		for _, who := range []*apptest.Stranger{carl, eve} {
			if got := who.Send(alice.Server, ldSigned(dora.Activity("Create", answer))); got != 202 {
				t.Fatalf("%s is answered with %d", who.Name, got)
			}
		}
	}
	w.Run()
	if n := len(dora.Host.Asked(http.MethodGet, strings.TrimPrefix(answer["id"].(string), "https://d.test"))); n != 1 {
		t.Errorf("one answer is fetched %d times", n)
	}
	dora.Host.Forget()
	last := 0
	for range 70 {
		note := dora.Note("me", "inReplyTo", post.URI)
		last = eve.Send(alice.Server, ldSigned(dora.Activity("Create", note)))
	}
	if last != 429 {
		t.Errorf("the seventieth is answered with %d", last)
	}
	w.Run()
	if n := len(dora.Host.Asked(http.MethodGet, "")); n > 60 {
		t.Errorf("a stranger causes %d fetches", n)
	}
	note := dora.Note("me", "inReplyTo", post.URI)
	if got := carl.Send(alice.Server, ldSigned(dora.Activity("Create", note))); got != 202 {
		t.Errorf("who is followed is answered with %d", got)
	}
	w.Run()
	if alice.Status(note["id"].(string)) == nil {
		t.Error("what the followed one brings is not fetched")
	}
}

// What it costs counts for who brought it, and not for its author.
func TestForwardedUnprovenCounts(t *testing.T) {
	w := apptest.NewWorld(t)
	alice := w.Server("a.test").Account("alice")
	eve := w.Stranger("eve@e.test")
	post := alice.Post("who is there?")
	for i := range 25 {
		author := w.Stranger(fmt.Sprintf("author%d@d.test", i))
		if got := eve.Send(alice.Server, ldSigned(author.Activity("Create", author.Note("me", "inReplyTo", post.URI)))); got != 202 {
			t.Fatal(got)
		}
	}
	w.Run()
	if n := len(w.Host("d.test").Asked(http.MethodGet, "")); n < 50 || n > 60 {
		t.Errorf("a stranger causes %d fetches", n)
	}
}

// What an edit names that a stranger had us fetch is fetched at the stranger's cost,
// too: the accounts that it mentions now.
func TestForwardedEditCounts(t *testing.T) {
	w := apptest.NewWorld(t)
	alice := w.Server("a.test").Account("alice")
	eve, dora := w.Stranger("eve@e.test"), w.Stranger("dora@d.test")
	w.Stranger("x@v.test")
	post := alice.Post("who is there?")
	var known []apptest.Object
	for range 12 {
		note := dora.Note("me", "inReplyTo", post.URI)
		if got := dora.Send(alice.Server, dora.Activity("Create", note)); got != 202 {
			t.Fatal(got)
		}
		known = append(known, note)
	}
	w.Run()
	w.Advance(20 * time.Minute)
	dora.Host.Forget()
	for i, note := range known {
		var tags []apptest.Object
		for j := range 8 {
			tags = append(tags, apptest.Object{"type": "Mention", "href": fmt.Sprintf("https://v.test/%d/%d", i, j), "name": "@x@v.test"})
		}
		note["content"], note["tag"], note["updated"] = "an edit", tags, w.Now().Format(time.RFC3339)
		dora.Host.Serve(note["id"].(string), note)
		if got := eve.Send(alice.Server, ldSigned(dora.Activity("Update", note))); got != 202 {
			t.Fatal(got)
		}
	}
	w.Run()
	if n := len(dora.Host.Asked(http.MethodGet, "")) + len(w.Host("v.test").Asked(http.MethodGet, "")); n < 20 || n > 60 {
		t.Errorf("a stranger causes %d fetches", n)
	}
}

// Who has a domain has all its subdomains: they share what may be brought, and
// leave others theirs.
func TestForwardedUnprovenOfOneDomain(t *testing.T) {
	w := apptest.NewWorld(t)
	alice := w.Server("a.test").Account("alice")
	dora := w.Stranger("dora@d.test")
	post := alice.Post("who is there?")
	taken := 0
	for i := range 8 {
		eve := w.Stranger(fmt.Sprintf("eve@e%d.evil.test", i))
		for range 10 {
			if eve.Send(alice.Server, ldSigned(dora.Activity("Create", dora.Note("me", "inReplyTo", post.URI)))) == 202 {
				taken++
			}
		}
	}
	if taken != 60 {
		t.Errorf("%d are taken of a domain, not 60", taken)
	}
}

// What is said of accounts that are known here is asked for within the limits of who
// says it, and at their cost.
func TestForwardedProfilesAreBounded(t *testing.T) {
	for _, typ := range []string{"Delete", "Update"} {
		w := apptest.NewWorld(t)
		alice := w.Server("a.test").Account("alice")
		eve := w.Stranger("eve@e.test")
		post := alice.Post("who is there?")
		var known []*apptest.Stranger
		for i := range 70 {
			who := w.Stranger(fmt.Sprintf("author%d@d.test", i))
			if got := who.Send(alice.Server, who.Activity("Create", who.Note("me", "inReplyTo", post.URI))); got != 202 {
				t.Fatal(got)
			}
			known = append(known, who)
		}
		w.Run()
		w.Advance(2 * time.Hour)
		w.Host("d.test").Forget()
		last := 0
		for _, who := range known {
			var object any = who.URI
			if typ == "Update" {
				object = who.Document
			}
			last = eve.Send(alice.Server, ldSigned(who.Activity(typ, object)))
		}
		if last != 429 {
			t.Errorf("%s: the seventieth is answered with %d", typ, last)
		}
		w.Run()
		n := 0
		for _, r := range w.Host("d.test").Asked(http.MethodGet, "") {
			if typ == "Update" || strings.HasPrefix(r.Target, "/users/") {
				n++
			}
		}
		if n < 20 || n > 60 {
			t.Errorf("%s: a stranger causes %d fetches", typ, n)
		}
	}
}
