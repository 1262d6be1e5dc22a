package ap_test

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"kinglet/ap/proof"
	"kinglet/ap/signature"
	"kinglet/internal/apptest"
)

// edKey is a further key of a Stranger's.
func edKey(seed byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, ed25519.SeedSize))
}

// multikey is how an actor publishes it.
func multikey(id, controller string, key ed25519.PrivateKey) apptest.Object {
	return apptest.Object{"id": id, "type": "Multikey", "controller": controller, "publicKeyMultibase": signature.MarshalMultikey(key.Public().(ed25519.PublicKey))}
}

// publishes has an actor publish more, or other things.
func publishes(who *apptest.Stranger, pairs ...any) {
	for i := 0; i < len(pairs); i += 2 {
		who.Document[pairs[i].(string)] = pairs[i+1]
	}
	who.Publish()
}

// sendBy posts an activity to the shared inbox, signed with a key of any id: by
// draft-cavage with an RSA key, by RFC 9421 with another.
func sendBy(t *testing.T, who *apptest.Stranger, to *apptest.Server, keyID string, key crypto.Signer, doc apptest.Object) int {
	t.Helper()
	body, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	r := who.Request(http.MethodPost, to.Config.SharedInboxURI(), body)
	if edKey, ok := key.(ed25519.PrivateKey); ok {
		r.URL.Scheme = "https"
		err = signature.SignMessage(r, body, keyID, edKey, who.World.Now())
	} else {
		err = signature.Sign(r, body, keyID, key, who.World.Now())
	}
	if err != nil {
		t.Fatal(err)
	}
	return to.Do(r).Code
}

// An actor may have several keys, and name and describe them in many ways. Each
// request is verified by the key that it names, if that is the actor's own; what
// was fetched once is not asked for again.
func TestSeveralKeys(t *testing.T) {
	const bobURI = "https://b.test/users/bob"
	pemOf := func(key crypto.PublicKey) string {
		text, err := signature.MarshalPublic(key)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	ed := edKey(1)
	for _, c := range []struct {
		name  string
		keyID string
		rsa   bool // signed by bob's RSA key, not the other
		serve func(bob, mallory *apptest.Stranger)
		want  int
	}{
		{"a Multikey of assertionMethod", bobURI + "#ed25519-key", false, func(bob, _ *apptest.Stranger) {
			publishes(bob, "assertionMethod", []any{multikey(bobURI+"#ed25519-key", bobURI, ed)})
		}, 202},
		{"one that is not in a list", bobURI + "#ed25519-key", false, func(bob, _ *apptest.Stranger) {
			publishes(bob, "assertionMethod", multikey(bobURI+"#ed25519-key", bobURI, ed))
		}, 202},
		{"the RSA key beside it", bobURI + "#main-key", true, func(bob, _ *apptest.Stranger) {
			publishes(bob, "assertionMethod", []any{multikey(bobURI+"#ed25519-key", bobURI, ed)})
		}, 202},
		{"the second of publicKey", bobURI + "#second", false, func(bob, _ *apptest.Stranger) {
			publishes(bob, "publicKey", []any{bob.Document["publicKey"], apptest.Object{"id": bobURI + "#second", "controller": bobURI, "publicKeyPem": pemOf(ed.Public())}})
		}, 202},
		{"Multikeys only", bobURI + "#ed25519-key", false, func(bob, _ *apptest.Stranger) {
			publishes(bob, "publicKey", nil, "assertionMethod", []any{multikey(bobURI+"#ed25519-key", bobURI, ed)})
		}, 202},
		{"an RSA key of PKCS #1", bobURI + "#main-key", true, func(bob, _ *apptest.Stranger) {
			old := pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: x509.MarshalPKCS1PublicKey(&bob.Key.PublicKey)})
			publishes(bob, "publicKey", apptest.Object{"id": bobURI + "#main-key", "controller": bobURI, "publicKeyPem": string(old)})
		}, 202},
		{"a key that is a document of its own", "https://b.test/keys/1", true, func(bob, _ *apptest.Stranger) {
			bob.Host.Serve("/keys/1", apptest.Object{"id": "https://b.test/keys/1", "type": "CryptographicKey", "owner": bobURI, "publicKeyPem": pemOf(bob.Key.Public())})
			publishes(bob, "publicKey", "https://b.test/keys/1")
		}, 202},
		{"a document of a key that the actor does not name", "https://b.test/keys/1", false, func(bob, _ *apptest.Stranger) {
			bob.Host.Serve("/keys/1", apptest.Object{"id": "https://b.test/keys/1", "type": "CryptographicKey", "owner": bobURI, "publicKeyPem": pemOf(ed.Public())})
		}, 401},
		{"a document of a key that names another", "https://b.test/keys/1", false, func(bob, mallory *apptest.Stranger) {
			bob.Host.Serve("/keys/1", apptest.Object{"id": "https://b.test/keys/1", "type": "CryptographicKey", "owner": mallory.URI, "publicKeyPem": pemOf(ed.Public())})
			publishes(bob, "publicKey", []any{bob.Document["publicKey"], "https://b.test/keys/1"})
		}, 401},
		{"GoToSocial's stub at the key's id", bobURI + "/main-key", true, func(bob, _ *apptest.Stranger) {
			key := apptest.Object{"id": bobURI + "/main-key", "owner": bobURI, "publicKeyPem": pemOf(bob.Key.Public())}
			bob.Host.Serve("/users/bob/main-key", apptest.Object{"@context": bob.Document["@context"], "id": bobURI, "type": "Person", "preferredUsername": "bob", "publicKey": key})
			publishes(bob, "publicKey", key)
		}, 202},
		{"PeerTube, the actor's id for the key's", bobURI, true, func(bob, _ *apptest.Stranger) {}, 202},
		{"the actor's id for one of ten keys", bobURI, true, func(bob, _ *apptest.Stranger) { publishes(bob, "assertionMethod", manyKeys(bobURI, 9, ed)) }, 202},
		{"PeerTube, a fragment that no key has", bobURI + "#key", true, func(bob, _ *apptest.Stranger) {}, 202},
		{"a fragment of a neighbour's", "https://b.test/users/mallory#key", true, func(bob, _ *apptest.Stranger) {}, 401},
		{"a Multikey that another controls", bobURI + "#ed25519-key", false, func(bob, mallory *apptest.Stranger) {
			publishes(bob, "assertionMethod", []any{multikey(bobURI+"#ed25519-key", mallory.URI, ed)})
		}, 401},
		{"a Multikey of another host", "https://c.test/users/bob#ed25519-key", false, func(bob, _ *apptest.Stranger) {
			publishes(bob, "assertionMethod", []any{multikey("https://c.test/users/bob#ed25519-key", bobURI, ed)})
		}, 401},
		{"a Multikey that is none", bobURI + "#ed25519-key", false, func(bob, _ *apptest.Stranger) {
			publishes(bob, "assertionMethod", []any{apptest.Object{"id": bobURI + "#ed25519-key", "controller": bobURI, "publicKeyMultibase": "z6"}})
		}, 401},
		{"a Multikey in a neighbour's document", bobURI + "#ed25519-key", false, func(_, mallory *apptest.Stranger) {
			publishes(mallory, "assertionMethod", []any{multikey(bobURI+"#ed25519-key", mallory.URI, ed), multikey(bobURI+"#ed25519-key", bobURI, ed)})
		}, 401},
		{"the tenth key", bobURI + "#k9", false, func(bob, _ *apptest.Stranger) { publishes(bob, "assertionMethod", manyKeys(bobURI, 9, ed)) }, 202},
		{"the eleventh key", bobURI + "#k10", false, func(bob, _ *apptest.Stranger) { publishes(bob, "assertionMethod", manyKeys(bobURI, 10, ed)) }, 401},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := apptest.NewWorld(t)
			alice, bob, mallory := w.Server("a.test").Account("alice"), w.Stranger("bob@b.test"), w.Stranger("mallory@b.test")
			c.serve(bob, mallory)
			var key crypto.Signer = ed
			if c.rsa {
				key = bob.Key
			}
			post := func() int {
				return sendBy(t, bob, alice.Server, c.keyID, key, bob.Activity("Create", bob.To(alice, "hello")))
			}
			if got := sendBy(t, mallory, alice.Server, mallory.KeyID, mallory.Key, mallory.Activity("Create", mallory.To(alice, "hello"))); got != 202 {
				t.Fatalf("mallory's own post is answered with %d", got)
			}
			if got := post(); got != c.want {
				t.Fatalf("the post is answered with %d, want %d", got, c.want)
			}
			if c.want != 202 {
				return
			}
			bob.Host.Forget()
			if got := post(); got != 202 {
				t.Errorf("the next is answered with %d", got)
			}
			if list := bob.Host.Asked(http.MethodGet, ""); len(list) != 0 {
				t.Errorf("a key that is known is asked for: %+v", list[0])
			}
			if n := len(alice.Notifications()); n != 3 {
				t.Errorf("alice has %d notifications", n)
			}
		})
	}
}

// manyKeys are n Multikeys of an actor, of which the last is key.
func manyKeys(actor string, n int, key ed25519.PrivateKey) (list []any) {
	for i := 1; i <= n; i++ {
		k := edKey(byte(100 + i))
		if i == n {
			k = key
		}
		list = append(list, multikey(fmt.Sprint(actor, "#k", i), actor, k))
	}
	return list
}

// Ids with a query are ids: nothing of them is cut off.
func TestKeyIDsWithQueries(t *testing.T) {
	w := apptest.NewWorld(t)
	alice, bob := w.Server("a.test").Account("alice"), w.Stranger("bob@b.test")
	one, two := *bob, *bob
	key := edKey(2)
	describe := func(n int) apptest.Object {
		uri := fmt.Sprint("https://b.test/?author=", n)
		return apptest.Object{
			"@context": bob.Document["@context"], "id": uri, "type": "Person", "preferredUsername": fmt.Sprint("author", n), "inbox": uri + "&inbox",
			"publicKey": apptest.Object{"id": uri + "#main-key", "owner": uri, "publicKeyPem": bob.Document["publicKey"].(apptest.Object)["publicKeyPem"]},
		}
	}
	authors := map[string]apptest.Object{"author=1": describe(1), "author=2": describe(2)}
	authors["author=2"]["publicKey"] = nil
	authors["author=2"]["assertionMethod"] = []any{multikey("https://b.test/?author=2#main-key", "https://b.test/?author=2", key)}
	bob.Host.Handle("/", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/activity+json")
		_ = json.NewEncoder(w).Encode(authors[r.URL.RawQuery])
	})
	one.URI, two.URI = "https://b.test/?author=1", "https://b.test/?author=2"
	post := func(who *apptest.Stranger, n int) apptest.Object {
		return who.Activity("Create", apptest.Object{
			"id": fmt.Sprint(who.URI, "&post=", n), "type": "Note", "attributedTo": who.URI, "content": "x", "to": []string{alice.URI}, "tag": []any{apptest.Mention(alice)},
		}, "id", fmt.Sprint(who.URI, "&activity=", n))
	}
	for n, c := range []struct {
		who   *apptest.Stranger
		keyID string
		key   crypto.Signer
		want  int
	}{
		{&one, "https://b.test/?author=1#main-key", bob.Key, 202},
		{&two, "https://b.test/?author=2#main-key", key, 202},
		{&two, "https://b.test/?author=1#main-key", bob.Key, 403},
		{&one, "https://b.test/?author=2#main-key", key, 403},
		{&one, "https://b.test/#main-key", bob.Key, 401},
	} {
		if got := sendBy(t, bob, alice.Server, c.keyID, c.key, post(c.who, n)); got != c.want {
			t.Errorf("%s signed with %s is answered with %d, want %d", c.who.URI, c.keyID, got, c.want)
		}
	}
}

// A Multikey that changes is asked for as any key, and the one of before is not
// believed any more. All of them go with the account.
func TestMultikeyRotation(t *testing.T) {
	w := apptest.NewWorld(t)
	alice, bob := w.Server("a.test").Account("alice"), w.Stranger("bob@b.test")
	id := bob.URI + "#ed25519-key"
	first, second := edKey(1), edKey(2)
	post := func(key ed25519.PrivateKey) int {
		return sendBy(t, bob, alice.Server, id, key, bob.Activity("Create", bob.To(alice, "hello")))
	}
	publishes(bob, "assertionMethod", []any{multikey(id, bob.URI, first)})
	if got := post(first); got != 202 {
		t.Fatalf("the first key is answered with %d", got)
	}
	publishes(bob, "assertionMethod", []any{multikey(id, bob.URI, second)})
	if got := post(second); got != 202 {
		t.Errorf("the second key is answered with %d", got)
	}
	w.Advance(2 * time.Minute)
	if got := post(first); got != 401 {
		t.Errorf("the key of before is answered with %d", got)
	}
	// An Update is no key, but has its origin asked.
	publishes(bob, "assertionMethod", []any{multikey(id, bob.URI, first)})
	if got := bob.Send(alice.Server, bob.Activity("Update", bob.Document)); got != 202 {
		t.Fatalf("the Update is answered with %d", got)
	}
	w.Run()
	bob.Host.Forget()
	if got := post(first); got != 202 || len(bob.Host.Asked(http.MethodGet, "")) != 0 {
		t.Errorf("the key after the Update is answered with %d", got)
	}
	if got := bob.Send(alice.Server, bob.Activity("Delete", bob.URI)); got != 202 {
		t.Fatalf("the Delete is answered with %d", got)
	}
	w.Run()
	if n := alice.Server.Count(`SELECT COUNT(*) FROM account_keys`); n != 0 {
		t.Errorf("%d keys are left", n)
	}
}

// Every account here publishes an Ed25519 key beside its RSA key, and keeps it.
func TestOwnEd25519Keys(t *testing.T) {
	w := apptest.NewWorld(t)
	s := w.Server("a.test")
	s.Account("alice")
	keysOf := func(path string) (multibase string, doc apptest.Object) {
		t.Helper()
		r := httptest.NewRequest(http.MethodGet, "https://a.test"+path, nil)
		r.Header.Set("Accept", "application/activity+json")
		if err := json.Unmarshal(s.Do(r).Body.Bytes(), &doc); err != nil {
			t.Fatal(err)
		}
		list, _ := doc["assertionMethod"].([]any)
		if len(list) != 1 {
			t.Fatalf("%s has %d Multikeys", path, len(list))
		}
		key := list[0].(apptest.Object)
		if key["id"] != doc["id"].(string)+"#ed25519-key" || key["controller"] != doc["id"] || key["type"] != "Multikey" {
			t.Errorf("%s: %v", path, key)
		}
		if doc["publicKey"].(apptest.Object)["owner"] != doc["id"] {
			t.Errorf("%s has no RSA key", path)
		}
		return key["publicKeyMultibase"].(string), doc
	}
	of, doc := keysOf("/users/alice")
	ofInstance, instance := keysOf("/actor")
	if of == ofInstance {
		t.Error("both have one key")
	}
	implements := func(o any) (hrefs string) {
		list, _ := o.(apptest.Object)["implements"].([]any)
		for _, l := range list {
			hrefs += l.(apptest.Object)["href"].(string) + " "
		}
		return hrefs
	}
	const rfc = "https://datatracker.ietf.org/doc/html/rfc9421 https://datatracker.ietf.org/doc/html/rfc9421#name-eddsa-using-curve-edwards25 "
	if got := implements(doc["generator"]); got != rfc {
		t.Errorf("alice's generator implements %q", got)
	}
	if got := implements(instance); got != rfc {
		t.Errorf("the instance actor implements %q", got)
	}
	s.Restart()
	if again, _ := keysOf("/users/alice"); again != of {
		t.Error("alice's key is another after a restart")
	}
	if again, _ := keysOf("/actor"); again != ofInstance {
		t.Error("the instance actor's key is another after a restart")
	}
	// An account of a version that had none gets one when the server starts.
	s.Count(`UPDATE users SET ed25519_key = '' RETURNING 1`)
	s.Restart()
	if again, _ := keysOf("/users/alice"); again == of {
		t.Error("there is the old key again")
	}
	if err := s.Service.DeleteAccount(t.Context(), "alice"); err != nil {
		t.Fatal(err)
	}
	w.Advance(2 * time.Hour)
	if n := s.Count(`SELECT COUNT(*) FROM users WHERE ed25519_key <> '' OR private_key <> ''`); n != 0 {
		t.Error("the deleted account's keys are still there")
	}
	s.Restart()
	if n := s.Count(`SELECT COUNT(*) FROM users WHERE ed25519_key <> ''`); n != 0 {
		t.Error("the deleted account has a key again")
	}
}

// A neighbour who names a key of bob's as their own, one that is a document of its
// own, does not keep bob from being heard, whoever is known first.
func TestKeyOfTwo(t *testing.T) {
	for _, known := range []bool{false, true} {
		w := apptest.NewWorld(t)
		alice := w.Server("a.test").Account("alice")
		mallory, bob := w.Stranger("mallory@b.test"), w.Stranger("bob@b.test")
		const id = "https://b.test/keys/1"
		pem, err := signature.MarshalPublic(bob.Key.Public())
		if err != nil {
			t.Fatal(err)
		}
		key := func(owner string) apptest.Object {
			return apptest.Object{"id": id, "type": "CryptographicKey", "owner": owner, "publicKeyPem": pem}
		}
		bob.Host.Serve("/keys/1", key(bob.URI))
		publishes(mallory, "publicKey", []any{mallory.Document["publicKey"], key(mallory.URI)})
		publishes(bob, "publicKey", []any{bob.Document["publicKey"], key(bob.URI)})
		if got := mallory.Send(alice.Server, mallory.Activity("Create", mallory.To(alice, "hello"))); got != 202 {
			t.Fatal(got)
		}
		if known {
			if got := bob.Send(alice.Server, bob.Activity("Create", bob.To(alice, "hello"))); got != 202 {
				t.Fatal(got)
			}
		}
		for range 2 {
			note := bob.To(alice, "by the other key")
			if got := sendBy(t, bob, alice.Server, id, bob.Key, bob.Activity("Create", note)); got != 202 {
				t.Errorf("bob is answered with %d; known before: %v", got, known)
			}
			if alice.Status(note["id"].(string)) == nil {
				t.Error("what bob says is not here")
			}
		}
		if got := sendBy(t, mallory, alice.Server, mallory.KeyID, mallory.Key, bob.Activity("Create", bob.To(alice, "forged"))); got != 403 {
			t.Errorf("mallory, who says to be bob, is answered with %d", got)
		}
	}
}

// proven is an activity with a proof.
func proven(t *testing.T, doc apptest.Object, keyID string, key ed25519.PrivateKey, at time.Time) apptest.Object {
	t.Helper()
	body, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := proof.Sign(body, keyID, key, at)
	if err != nil {
		t.Fatal(err)
	}
	var out apptest.Object
	d := json.NewDecoder(bytes.NewReader(signed))
	d.UseNumber()
	if err := d.Decode(&out); err != nil {
		t.Fatal(err)
	}
	return out
}
