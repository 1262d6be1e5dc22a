package ap_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"kinglet/ap/signature"
	"kinglet/internal/apptest"
)

// An actor that signs with a new key is believed once its server shows the
// key, which is asked for, and who signs with the old one is not any more.
func TestKeyRotation(t *testing.T) {
	w, alice, bob, _ := followedScene(t)
	old := bob.Key
	post := func(text string) int { return bob.Send(alice.Server, bob.Activity("Create", bob.To(alice, text))) }
	if got := post("with the first key"); got != http.StatusAccepted {
		t.Fatalf("the first key is answered with %d", got)
	}
	bob.NewKey()
	bob.Host.Forget()
	if got := post("with the second key"); got != http.StatusAccepted {
		t.Errorf("the second key is answered with %d", got)
	}
	if n := len(bob.Host.Asked(http.MethodGet, "/users/bob")); n != 1 {
		t.Errorf("it was asked for %d times", n)
	}
	renewed := bob.Key
	bob.Key = old
	for range 5 {
		w.Advance(2 * time.Minute) // a key that is known is asked for once a minute
		if got := post("with the key of before"); got != http.StatusUnauthorized {
			t.Errorf("the key of before is answered with %d", got)
		}
	}
	if n := len(bob.Host.Asked(http.MethodGet, "/users/bob")); n > 6 {
		t.Errorf("wrong signatures had us ask for the key %d times", n)
	}
	bob.Key = renewed
	if got := post("with the second key again"); got != http.StatusAccepted {
		t.Errorf("the second key is answered with %d", got)
	}
	if n := len(alice.Notifications()); n < 3 {
		t.Errorf("alice has %d notifications", n)
	}
}

// A key is changed only by the actor's own document: one that an Update brings
// is asked for at its origin, and a server that is down is asked again later.
func TestKeyChangesByFetchOnly(t *testing.T) {
	w, alice, bob, _ := followedScene(t)
	mallory := w.Stranger("mallory@evil.test")
	forged := apptest.Object{}
	for k, v := range bob.Document {
		forged[k] = v
	}
	pem, err := signature.MarshalPublic(&mallory.Key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	forged["publicKey"] = apptest.Object{"id": bob.KeyID, "owner": bob.URI, "publicKeyPem": pem}
	if got := bob.Send(alice.Server, bob.Activity("Update", forged)); got != http.StatusAccepted {
		t.Fatalf("the Update is answered with %d", got)
	}
	w.Run()
	thief := *bob
	thief.Key = mallory.Key
	if got := thief.Send(alice.Server, thief.Activity("Create", bob.To(alice, "forged"))); got != http.StatusUnauthorized {
		t.Errorf("who signs with a key that the origin does not show is answered with %d", got)
	}

	w.Advance(2 * time.Minute)
	bob.Host.Failing(http.StatusInternalServerError)
	bob.NewKey()
	late := bob.Activity("Create", bob.To(alice, "while my server is down"))
	if got := bob.Send(alice.Server, late); got != http.StatusUnauthorized && got != http.StatusServiceUnavailable {
		t.Errorf("with a key that can't be fetched it is answered with %d", got)
	}
	bob.Host.Up()
	w.Advance(time.Hour)
	if got := bob.Send(alice.Server, late); got != http.StatusAccepted {
		t.Errorf("an hour later it is answered with %d", got)
	}
}

// A request is believed for a while only: its date is compared with the clock.
func TestOldSignatures(t *testing.T) {
	w, alice, bob, _ := followedScene(t)
	body, err := json.Marshal(bob.Activity("Create", bob.To(alice, "hello")))
	if err != nil {
		t.Fatal(err)
	}
	send := func() int {
		t.Helper()
		return alice.Server.Do(bob.Request(http.MethodPost, "https://a.test/inbox", body)).Code
	}
	old := bob.Request(http.MethodPost, "https://a.test/inbox", body)
	w.Advance(13 * time.Hour)
	if got := alice.Server.Do(old).Code; got != http.StatusUnauthorized {
		t.Errorf("a request of 13 hours ago is answered with %d", got)
	}
	if got := send(); got != http.StatusAccepted {
		t.Errorf("one of now is answered with %d", got)
	}
}

// An account whose server suspends it for days and takes it back is back here
// as well, with what it had; one that is suspended here is not.
func TestSuspendedForDays(t *testing.T) {
	w, alice, bob, carl := followedScene(t)
	bob.FollowedBy(alice)
	note := bob.Note("before")
	if got := bob.Send(alice.Server, bob.Activity("Create", note)); got != http.StatusAccepted {
		t.Fatal(got)
	}
	says := func(suspended bool) int {
		bob.Document["suspended"] = suspended
		bob.Publish()
		return bob.Send(alice.Server, bob.Activity("Update", bob.Document))
	}
	if got := says(true); got != http.StatusAccepted {
		t.Fatalf("the suspension is answered with %d", got)
	}
	if alice.HasInHome(note["id"].(string)) {
		t.Error("what a suspended account wrote is in alice's home")
	}
	if got := bob.Send(alice.Server, bob.Activity("Create", bob.Note("during"))); got != http.StatusForbidden {
		t.Errorf("while it is suspended its post is answered with %d", got)
	}
	bob.Host.Forget()
	alice.Post("is anybody there?")
	w.Run()
	if n := len(texts(carl)); n != 1 {
		t.Errorf("carl receives %d posts", n)
	}
	w.Advance(10 * day)
	if got := says(false); got != http.StatusAccepted {
		t.Fatalf("its return is answered with %d", got)
	}
	w.Run()
	if !alice.HasInHome(note["id"].(string)) {
		t.Error("what it wrote is not back in alice's home")
	}
	if got := bob.Send(alice.Server, bob.Activity("Create", bob.Note("after"))); got != http.StatusAccepted {
		t.Errorf("when it is back its post is answered with %d", got)
	}
	if r := alice.Relationship(bob.URI); r["following"] != true || r["followed_by"] != true {
		t.Errorf("the relationship is %v", r)
	}
}
