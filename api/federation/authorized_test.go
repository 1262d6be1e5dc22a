package federation_test

import (
	"net/http"
	"strings"
	"testing"

	"kinglet/ap/policy"
	"kinglet/internal/apptest"
	"kinglet/store"
)

const authorizedFetch = "KINGLET_FEDERATION_AUTHORIZED_FETCH=true"

// Where signatures are demanded, who asks without one, or is suspended or refused,
// gets nothing that anybody wrote; whoever else asks gets what they got before.
func TestAuthorizedFetch(t *testing.T) {
	w := apptest.NewWorld(t)
	w.Policy = policy.Chain{refusesHost("refused.test")}
	s := w.Server("a.test", authorizedFetch)
	alice := s.Account("alice")
	bob, carl, dora, eve := w.Stranger("bob@b.test"), w.Stranger("carl@suspended.test"), w.Stranger("dora@refused.test"), w.Stranger("eve@e.test")
	if got := carl.Follow(alice); got != "Accept" {
		t.Fatal(got)
	}
	s.Update(func(tx *store.Tx) error {
		a, err := tx.AccountByURI(carl.URI)
		if err != nil {
			return err
		}
		a.SuspendedByUs = true
		return tx.PutAccount(a)
	})
	post := alice.Post("Hello there")
	alice.Call("POST", "/api/v1/statuses/"+post.ID+"/pin")
	note := documentOf(t, bob.Get(s, post.URI))
	for _, target := range []string{
		post.URI, "https://a.test/@alice/" + post.ID, alice.URI + "/outbox", alice.URI + "/outbox?page=true", alice.URI + "/followers", alice.URI + "/following",
		alice.URI + "/collections/featured", note["context"].(string),
	} {
		rec := bob.Get(s, target)
		if rec.Code != 200 || !strings.Contains(rec.Header().Get("Cache-Control"), "no-store") || !strings.Contains(rec.Header().Get("Vary"), "Signature") {
			t.Errorf("signed, %s: %d %v", target, rec.Code, rec.Header())
		}
		forged := *eve
		forged.Key = bob.Key
		for name, rec := range map[string]int{
			"unsigned": get(t, s, strings.TrimPrefix(target, "https://a.test"), activityJSON).Code, "signed by the suspended": carl.Get(s, target).Code,
			"signed by the refused": dora.Get(s, target).Code, "with another's key": forged.Get(s, target).Code,
		} {
			if rec != http.StatusUnauthorized {
				t.Errorf("%s, %s: %d", name, target, rec)
			}
		}
	}
	for _, target := range []string{"/objects/00000000-0000-0000-0000-000000000000", "/@alice/1"} {
		if rec := get(t, s, target, activityJSON); rec.Code != http.StatusUnauthorized {
			t.Errorf("unsigned, what is not there: %d", rec.Code)
		}
		if rec := bob.Get(s, "https://a.test"+target); rec.Code != http.StatusNotFound {
			t.Errorf("signed, what is not there: %d", rec.Code)
		}
	}
	rec := get(t, s, strings.TrimPrefix(post.URI, "https://a.test"), activityJSON)
	if !strings.Contains(rec.Header().Get("Accept-Signature"), "ed25519") || strings.Contains(rec.Body.String(), "Hello") {
		t.Errorf("%v %s", rec.Header(), rec.Body)
	}
	for _, path := range []string{"/.well-known/webfinger?resource=acct:alice@a.test", "/nodeinfo/2.1", "/.well-known/nodeinfo", "/.well-known/host-meta"} {
		if rec := get(t, s, path, ""); rec.Code != 200 {
			t.Errorf("%s: %d", path, rec.Code)
		}
	}
	if rec := get(t, s, "/@alice/"+post.ID, "text/html"); rec.Code != 200 {
		t.Errorf("the page: %d", rec.Code)
	}
}

// An actor shows its keys to everybody, and the rest to who signs; the instance
// actor shows all.
func TestStubs(t *testing.T) {
	w := apptest.NewWorld(t)
	s := w.Server("a.test", authorizedFetch)
	alice, bob := s.Account("alice"), w.Stranger("bob@b.test")
	w.Host("e.test").Down()
	eve := bob.As("eve@e.test") // her key can't be fetched
	alice.Do("PATCH", "/api/v1/accounts/update_credentials", "display_name", "Alice A.", "note", "A secret garden")
	whole := documentOf(t, bob.Get(s, alice.URI))
	if whole["name"] != "Alice A." || whole["outbox"] == nil {
		t.Errorf("signed: %v", whole)
	}
	for name, stub := range map[string]apptest.Object{
		"unsigned": documentOf(t, get(t, s, "/users/alice", activityJSON)), "by the page's address": documentOf(t, get(t, s, "/@alice", activityJSON)), "signed by an unknown key": documentOf(t, eve.Get(s, alice.URI)),
	} {
		for _, term := range []string{"@context", "id", "type", "preferredUsername", "inbox", "endpoints", "publicKey", "assertionMethod"} {
			if stub[term] == nil || marshal(t, stub[term]) != marshal(t, whole[term]) {
				t.Errorf("%s: %s is %v", name, term, stub[term])
			}
		}
		for _, term := range []string{"name", "summary", "icon", "attachment", "tag", "alsoKnownAs", "featured", "followers"} {
			if stub[term] != nil {
				t.Errorf("%s: there is %s", name, term)
			}
		}
	}
	if rec := get(t, s, "/users/alice", activityJSON); !strings.Contains(rec.Header().Get("Cache-Control"), "no-store") {
		t.Errorf("a cache may give the stub to others: %v", rec.Header())
	}
	if actor := documentOf(t, get(t, s, "/actor", activityJSON)); actor["name"] == nil || actor["publicKey"] == nil {
		t.Errorf("the instance actor: %v", actor)
	}
	if err := s.Service.DeleteAccount(t.Context(), "alice"); err != nil {
		t.Fatal(err)
	}
	if rec := get(t, s, "/users/alice", activityJSON); rec.Code != http.StatusGone {
		t.Errorf("a deleted account: %d", rec.Code)
	}
}

// A signature in Authorization is one.
func TestReaderByAuthorization(t *testing.T) {
	w := apptest.NewWorld(t)
	s := w.Server("a.test", authorizedFetch)
	alice, bob := s.Account("alice"), w.Stranger("bob@b.test")
	alice.Do("PATCH", "/api/v1/accounts/update_credentials", "display_name", "Alice A.")
	ask := func(target string) apptest.Object {
		r := bob.Request(http.MethodGet, target, nil)
		r.Header.Set("Accept", "application/activity+json")
		r.Header.Set("Authorization", "Signature "+r.Header.Get("Signature"))
		r.Header.Del("Signature")
		return documentOf(t, s.Do(r))
	}
	if doc := ask(alice.URI); doc["name"] != "Alice A." {
		t.Errorf("it is given the stub: %v", doc)
	}
	if rec := get(t, s, "/users/alice", activityJSON); documentOf(t, rec)["name"] != nil {
		t.Error("everybody is given all of it")
	}
}

// Whose key we don't ask for just now is told to come again, and not given the stub
// for all there is.
func TestNoStubWhenBusy(t *testing.T) {
	w := apptest.NewWorld(t)
	s := w.Server("a.test", authorizedFetch, "KINGLET_FEDERATION_KEY_FETCHES_PER_CLIENT=1/1m")
	alice, bob := s.Account("alice"), w.Stranger("bob@b.test")
	dora := w.Stranger("dora@d.test")
	if rec := bob.Get(s, alice.URI); rec.Code != http.StatusOK {
		t.Fatal(rec.Code)
	}
	r := dora.Request(http.MethodGet, alice.URI, nil)
	r.Header.Set("Accept", "application/activity+json")
	r.RemoteAddr = bob.Request(http.MethodGet, alice.URI, nil).RemoteAddr
	if rec := s.Do(r); rec.Code != http.StatusTooManyRequests || rec.Header().Get("Retry-After") == "" {
		t.Errorf("it is answered with %d %v %s", rec.Code, rec.Header(), rec.Body)
	}
}

// Two servers that both demand signatures get along.
func TestBothDemandSignatures(t *testing.T) {
	w := apptest.NewWorld(t)
	alice, bob := w.Server("a.test", authorizedFetch).Account("alice"), w.Server("b.test", authorizedFetch).Account("bob")
	bob.Follow("@alice@a.test")
	w.Run()
	post := alice.Post("hello")
	w.Run()
	if !bob.HasInHome(post.URI) {
		t.Error("bob has not got the post")
	}
	alice.Follow("@bob@b.test")
	w.Run()
	reply := bob.Reply(bob.Status(post.URI), "@alice@a.test hello")
	w.Run()
	if !alice.HasInHome(reply.URI) {
		t.Error("alice has not got the answer")
	}
	if carol := w.Server("c.test", authorizedFetch).Account("carol"); carol.Resolve(post.URI).URI != post.URI {
		t.Error("carol can't look the post up")
	}
}

// refusesHost is a policy that does not deal with a host.
func refusesHost(refused string) policy.Policy {
	return policy.Policy{Name: "test", Host: func(host string) policy.Verdict {
		if host == refused {
			return policy.Refuse("it is refused")
		}
		return policy.Verdict{}
	}}
}
