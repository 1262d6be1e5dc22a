package signature

import (
	"bytes"
	"crypto/rsa"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

var testKey = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := GenerateKey()
	if err != nil {
		panic(err)
	}
	return k
})

var now = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

const keyID = "https://b.test/users/bob#main-key"

// arrived is a signed post as the server would see it.
func arrived(t testing.TB, body string) *http.Request {
	out, err := http.NewRequest("POST", "https://a.test/users/alice/inbox?x=1", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	out.Header.Set("Content-Type", "application/activity+json")
	if err := Sign(out, []byte(body), keyID, testKey(), now); err != nil {
		t.Fatal(err)
	}
	in := httptest.NewRequest("POST", out.URL.String(), bytes.NewReader([]byte(body)))
	in.Header = out.Header.Clone()
	in.Header.Del("Host")
	return in
}

func verify(r *http.Request, body string, key *rsa.PublicKey) error {
	s, err := Parse(r, []byte(body), []string{"a.test"}, now)
	if err != nil {
		return err
	}
	return s.Verify(key)
}

func TestRoundTrip(t *testing.T) {
	if err := verify(arrived(t, "{}"), "{}", &testKey().PublicKey); err != nil {
		t.Fatal(err)
	}
	r := arrived(t, "{}")
	r.Header.Set("Signature", strings.ReplaceAll(r.Header.Get("Signature"), `",`, `", `))
	if err := verify(r, "{}", &testKey().PublicKey); err != nil {
		t.Errorf("with spaces between the parameters: %v", err)
	}
	get, _ := http.NewRequest("GET", "https://a.test/objects/a%2Fb", nil)
	if err := Sign(get, nil, keyID, testKey(), now); err != nil {
		t.Fatal(err)
	}
	in := httptest.NewRequest("GET", get.URL.String(), nil)
	in.Header = get.Header.Clone()
	if err := verify(in, "", &testKey().PublicKey); err != nil {
		t.Errorf("GET of an escaped path: %v", err)
	}
}

func TestForgeries(t *testing.T) {
	other, err := GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	sig := func(r *http.Request, old, new string) {
		s := r.Header.Get("Signature")
		if !strings.Contains(s, old) {
			t.Fatalf("no %s in %s", old, s)
		}
		r.Header.Set("Signature", strings.Replace(s, old, new, 1))
	}
	for _, c := range []struct {
		name  string
		forge func(r *http.Request) // changes what arrived
		body  string
		key   *rsa.PublicKey
		want  string
	}{
		{name: "no signature", forge: func(r *http.Request) { r.Header.Del("Signature") }, want: "not signed"},
		{name: "another's key", key: &other.PublicKey, want: "not the key's"},
		{name: "another body", body: `{"x":1}`, want: "digest"},
		{name: "another digest", forge: func(r *http.Request) { r.Header.Set("Digest", "SHA-256=AAAA") }, want: "digest"},
		{name: "no digest", forge: func(r *http.Request) { r.Header.Del("Digest") }, want: "digest"},
		{name: "digest not covered", forge: func(r *http.Request) { sig(r, " digest", "") }, want: "digest"},
		{name: "unknown digest", forge: func(r *http.Request) { r.Header.Set("Digest", "MD5=AAAA") }, want: "digest"},
		{name: "stale", forge: func(r *http.Request) { r.Header.Set("Date", now.Add(-13*time.Hour).Format(http.TimeFormat)) }, want: "too far"},
		{name: "of the future", forge: func(r *http.Request) { r.Header.Set("Date", now.Add(2*time.Hour).Format(http.TimeFormat)) }, want: "too far"},
		{name: "another date", forge: func(r *http.Request) { r.Header.Set("Date", now.Add(time.Minute).Format(http.TimeFormat)) }, want: "not the key's"},
		{name: "no date", forge: func(r *http.Request) { r.Header.Del("Date") }, want: "date"},
		{name: "date not covered", forge: func(r *http.Request) { sig(r, " date", "") }, want: "no date"},
		{name: "host not covered", forge: func(r *http.Request) { sig(r, " host", "") }, want: "host"},
		{name: "another host", forge: func(r *http.Request) { r.Host = "c.test" }, want: "host"},
		{name: "two signatures", forge: func(r *http.Request) { r.Header.Add("Signature", r.Header.Get("Signature")) }, want: "more than one"},
		{name: "two dates", forge: func(r *http.Request) { r.Header.Add("Date", r.Header.Get("Date")) }, want: "2 times"},
		{name: "a header covered twice", forge: func(r *http.Request) { sig(r, " date", " date date") }, want: "twice"},
		{name: "a parameter twice", forge: func(r *http.Request) { sig(r, `headers=`, `headers="date",headers=`) }, want: "twice"},
		{name: "nothing covered", forge: func(r *http.Request) {
			sig(r, `headers="(request-target) host date digest content-type"`, `headers=""`)
		}, want: "covers nothing"},
		{name: "unknown algorithm", forge: func(r *http.Request) { sig(r, "rsa-sha256", "none") }, want: "algorithm"},
		{name: "symmetric algorithm", forge: func(r *http.Request) { sig(r, "rsa-sha256", "hmac-sha256") }, want: "algorithm"},
		{name: "another path", forge: func(r *http.Request) { r.URL.Path = "/inbox" }, want: "not the key's"},
		{name: "another query", forge: func(r *http.Request) { r.URL.RawQuery = "x=2" }, want: "not the key's"},
		{name: "another method", forge: func(r *http.Request) { r.Method = "PUT" }, want: "not the key's"},
		{name: "key id is no URI", forge: func(r *http.Request) { sig(r, keyID, "bob") }, want: "no URI"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := arrived(t, "{}")
			if c.forge != nil {
				c.forge(r)
			}
			body, key := "{}", &testKey().PublicKey
			if c.body != "" {
				body = c.body
			}
			if c.key != nil {
				key = c.key
			}
			if err := verify(r, body, key); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestKeys(t *testing.T) {
	private, err := MarshalPrivate(testKey())
	if err != nil {
		t.Fatal(err)
	}
	if k, err := ParsePrivate(private); err != nil || !k.Equal(testKey()) {
		t.Errorf("private: %v", err)
	}
	public, _ := MarshalPublic(&testKey().PublicKey)
	for _, text := range []string{public, strings.TrimSpace(public), strings.ReplaceAll(public, "\n", "\r\n"), "\n" + public} {
		if k, err := ParsePublic(text); err != nil || !k.Equal(&testKey().PublicKey) {
			t.Errorf("public %q: %v", text, err)
		}
	}
	if _, err := ParsePublic("x"); err == nil {
		t.Error("x is taken for a key")
	}
}

func FuzzParse(f *testing.F) {
	f.Add(`keyId="https://b.test/#k",headers="(request-target) host date",signature="AA=="`, "SHA-256=AA")
	f.Fuzz(func(t *testing.T, sig, digest string) {
		r := httptest.NewRequest("POST", "https://a.test/inbox", nil)
		r.Header["Signature"] = []string{sig}
		r.Header["Digest"] = []string{digest}
		r.Header.Set("Date", now.Format(http.TimeFormat))
		if s, err := Parse(r, nil, nil, now); err == nil {
			if s.Verify(&testKey().PublicKey) == nil {
				t.Fatal("a made-up signature is taken")
			}
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	r := arrived(b, "{}")
	for b.Loop() {
		if err := verify(r, "{}", &testKey().PublicKey); err != nil {
			b.Fatal(err)
		}
	}
}
