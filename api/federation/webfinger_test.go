package federation_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"kinglet/ap/vocab"
	"kinglet/internal/apptest"
)

// jrd is what WebFinger answers.
type jrd struct {
	Subject string
	Aliases []string
	Links   []struct{ Rel, Type, Href, Template string }
}

// webFinger asks for a resource, and for links of some relations only.
func webFinger(t *testing.T, s *apptest.Server, resource string, rels ...string) (*httptest.ResponseRecorder, jrd) {
	t.Helper()
	rec := get(t, s, "/.well-known/webfinger?"+url.Values{"resource": {resource}, "rel": rels}.Encode(), "")
	var doc jrd
	if rec.Code == http.StatusOK {
		if err := json.Unmarshal(rec.Body.Bytes(), &doc); err != nil {
			t.Fatal(err)
		}
	}
	return rec, doc
}

// Everything that others put into the parameter, and what it is about.
func TestWebFinger(t *testing.T) {
	w := apptest.NewWorld(t)
	s := w.Server("social.a.test", "KINGLET_DOMAIN=a.test", "KINGLET_URL=https://social.a.test")
	alice := s.Account("alice")
	s.Account("gone")
	if err := s.Service.DeleteAccount(t.Context(), "gone"); err != nil {
		t.Fatal(err)
	}
	const subject, instance = "acct:alice@a.test", "acct:instance.actor@a.test"
	actor := s.Config.InstanceActorURI()
	for _, c := range []struct {
		resource      string
		status        int
		subject, self string
	}{
		{"acct:alice@a.test", 200, subject, alice.URI},
		{"ACCT:alice@a.test", 200, subject, alice.URI},
		{"Acct:@alice@a.test", 200, subject, alice.URI},
		{"acct:ALICE@A.test", 200, subject, alice.URI},
		{"acct:alice@a.test.", 200, subject, alice.URI},
		{"acct:alice@social.a.test", 200, subject, alice.URI},
		{"acct:alice@social.a.test:443", 200, subject, alice.URI},
		{"@alice@a.test", 200, subject, alice.URI},
		{"alice@a.test", 200, subject, alice.URI},
		{alice.URI, 200, subject, alice.URI},
		{alice.URI + "/", 200, subject, alice.URI},
		{"HTTPS://SOCIAL.a.test/users/Alice", 200, subject, alice.URI},
		{"https://social.a.test/@alice", 200, subject, alice.URI},
		{"https://social.a.test/@alice/", 200, subject, alice.URI},
		{actor, 200, instance, actor},
		{actor + "/", 200, instance, actor},
		{"https://social.a.test", 200, instance, actor},
		{"https://social.a.test/", 200, instance, actor},
		{"acct:a.test@a.test", 200, instance, actor},
		{"acct:social.a.test@social.a.test", 200, instance, actor},
		{"acct:instance.actor@a.test", 200, instance, actor},

		{"acct:nobody@a.test", 404, "", ""},
		{"acct:alice@b.test", 404, "", ""},
		{"acct:b.test@a.test", 404, "", ""},
		{"acct:a.test@b.test", 404, "", ""},
		{"https://b.test/users/alice", 404, "", ""},
		{"https://b.test/", 404, "", ""},
		{"https://social.a.test/users/alice/inbox", 404, "", ""},
		{"https://social.a.test/users/alice//", 404, "", ""},
		{"https://social.a.test/?x", 404, "", ""},
		{"mailto:alice@a.test", 404, "", ""},
		{"acct:gone@a.test", 410, "", ""},

		{"", 400, "", ""},
		{"alice", 400, "", ""},
		{"acct:alice", 400, "", ""},
		{"acct:", 400, "", ""},
		{"acct:@a.test", 400, "", ""},
		{"acct:alice@", 400, "", ""},
		{"acct:alice@a.test@b.test", 400, "", ""},
		{"acct:alice@a.test/x", 400, "", ""},
		{"acct:al ice@a.test", 400, "", ""},
		{"https://", 400, "", ""},
		{"https://social.a.test/users/%zz", 400, "", ""},
		{"acct:alice@a.test" + strings.Repeat("x", vocab.MaxURI), 400, "", ""},
	} {
		t.Run(c.resource[:min(len(c.resource), 50)], func(t *testing.T) {
			rec, doc := webFinger(t, s, c.resource)
			if rec.Code != c.status || rec.Header().Get("Access-Control-Allow-Origin") != "*" {
				t.Fatalf("%d %v %s", rec.Code, rec.Header(), rec.Body)
			}
			var self []string
			for _, l := range doc.Links {
				if l.Rel == "self" && vocab.IsActivityPubContentType(l.Type) && !slices.Contains(self, l.Href) {
					self = append(self, l.Href)
				}
			}
			if doc.Subject != c.subject || strings.Join(self, " ") != c.self {
				t.Errorf("%s", rec.Body)
			}
			if c.status == 200 && !strings.HasPrefix(rec.Header().Get("Content-Type"), "application/jrd+json") {
				t.Errorf("it is %s", rec.Header().Get("Content-Type"))
			}
		})
	}
	if rec := get(t, s, "/.well-known/webfinger?resource=acct:alice@a.test&resource=acct:gone@a.test", ""); rec.Code != 400 {
		t.Errorf("two resources: %d %s", rec.Code, rec.Body)
	}
	if rec := get(t, s, "/.well-known/webfinger", ""); rec.Code != 400 {
		t.Errorf("none: %d %s", rec.Code, rec.Body)
	}
}

// What the links lead to: the actor by either media type, its page and picture,
// and the page where people of this server follow others.
func TestWebFingerLinks(t *testing.T) {
	s := apptest.NewWorld(t).Server("a.test")
	alice := s.Account("alice")
	_, doc := webFinger(t, s, "acct:alice@a.test")
	links := map[string]string{}
	for _, l := range doc.Links {
		links[l.Rel+" "+l.Type] = l.Href + l.Template
	}
	const page = "https://a.test/authorize_interaction?uri="
	for link, want := range map[string]string{
		"self application/activity+json":                                            alice.URI,
		`self application/ld+json; profile="https://www.w3.org/ns/activitystreams"`: alice.URI,
		"http://webfinger.net/rel/profile-page text/html":                           "https://a.test/@alice",
		"http://ostatus.org/schema/1.0/subscribe ":                                  page + "{uri}",
		"https://w3id.org/fep/3b86/Follow ":                                         page + "{object}",
		"https://w3id.org/fep/3b86/Object ":                                         page + "{object}",
	} {
		if links[link] != want {
			t.Errorf("%s is %q", link, links[link])
		}
	}
	if links["http://webfinger.net/rel/avatar image/jpeg"] != "" {
		t.Error("a picture that is not there has a link")
	}
	if !slices.Equal(doc.Aliases, []string{"https://a.test/@alice", alice.URI}) {
		t.Errorf("aliases: %v", doc.Aliases)
	}
	_, some := webFinger(t, s, "acct:alice@a.test", "http://webfinger.net/rel/profile-page", "http://ostatus.org/schema/1.0/subscribe")
	if len(some.Links) != 2 || some.Subject == "" {
		t.Errorf("two relations: %+v", some)
	}
	if rec, none := webFinger(t, s, "acct:alice@a.test", "nothing"); len(none.Links) != 0 || !strings.Contains(rec.Body.String(), `"links":[]`) {
		t.Errorf("a relation that is not there: %s", rec.Body)
	}
	_, whole := webFinger(t, s, "https://a.test/")
	if !slices.ContainsFunc(whole.Links, func(l struct{ Rel, Type, Href, Template string }) bool {
		return l.Rel == "https://www.w3.org/ns/activitystreams#Service" && l.Href == s.Config.InstanceActorURI()
	}) {
		t.Errorf("the server's: %+v", whole)
	}
	r := httptest.NewRequestWithContext(t.Context(), "HEAD", "https://a.test/.well-known/webfinger?resource=acct:alice@a.test", nil)
	if rec := s.Do(r); rec.Code != 200 || !strings.HasPrefix(rec.Header().Get("Content-Type"), "application/jrd+json") {
		t.Errorf("HEAD: %d %v", rec.Code, rec.Header())
	}
}
