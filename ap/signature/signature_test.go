package signature

import (
	"bufio"
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-fed/httpsig"
)

// parse reads a request's signature and compares its body with the digest.
func parse(r *http.Request, body []byte, hosts []string, now time.Time) (*Signature, error) {
	s, err := Rules{Hosts: hosts}.Parse(r, now)
	if err != nil {
		return nil, err
	}
	return s, s.CheckBody(body)
}

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
	return verifyAt(r, body, "a.test", key)
}

func verifyAt(r *http.Request, body, host string, key *rsa.PublicKey) error {
	s, err := parse(r, []byte(body), []string{host}, now)
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
		{name: "another's key", key: &other.PublicKey, want: "does not match the key"},
		{name: "another body", body: `{"x":1}`, want: "digest"},
		{name: "another digest", forge: func(r *http.Request) { r.Header.Set("Digest", "SHA-256=AAAA") }, want: "digest"},
		{name: "no digest", forge: func(r *http.Request) { r.Header.Del("Digest") }, want: "digest"},
		{name: "digest not covered", forge: func(r *http.Request) { sig(r, " digest", "") }, want: "digest"},
		{name: "unknown digest", forge: func(r *http.Request) { r.Header.Set("Digest", "MD5=AAAA") }, want: "digest"},
		{name: "stale", forge: func(r *http.Request) { r.Header.Set("Date", now.Add(-13*time.Hour).Format(http.TimeFormat)) }, want: "too far"},
		{name: "of the future", forge: func(r *http.Request) { r.Header.Set("Date", now.Add(2*time.Hour).Format(http.TimeFormat)) }, want: "too far"},
		{name: "another date", forge: func(r *http.Request) { r.Header.Set("Date", now.Add(time.Minute).Format(http.TimeFormat)) }, want: "does not match the key"},
		{name: "no date", forge: func(r *http.Request) { r.Header.Del("Date") }, want: "date"},
		{name: "date not covered", forge: func(r *http.Request) { sig(r, " date", "") }, want: "no date"},
		{name: "host not covered", forge: func(r *http.Request) { sig(r, " host", "") }, want: "host"},
		{name: "another host", forge: func(r *http.Request) { r.Host = "c.test" }, want: "host"},
		{name: "two signatures", forge: func(r *http.Request) { r.Header.Add("Signature", r.Header.Get("Signature")+",x=1") }, want: "more than one"},
		{name: "two dates", forge: func(r *http.Request) { r.Header.Add("Date", r.Header.Get("Date")) }, want: "2 times"},
		{name: "a header covered twice", forge: func(r *http.Request) { sig(r, " date", " date date") }, want: "twice"},
		{name: "a parameter twice", forge: func(r *http.Request) { sig(r, `headers=`, `headers="date",headers=`) }, want: "twice"},
		{name: "nothing covered", forge: func(r *http.Request) {
			sig(r, `headers="(request-target) host date digest content-type"`, `headers=""`)
		}, want: "covers nothing"},
		{name: "unknown algorithm", forge: func(r *http.Request) { sig(r, "rsa-sha256", "none") }, want: "algorithm"},
		{name: "symmetric algorithm", forge: func(r *http.Request) { sig(r, "rsa-sha256", "hmac-sha256") }, want: "algorithm"},
		{name: "another path", forge: func(r *http.Request) { r.URL.Path = "/inbox" }, want: "does not match the key"},
		{name: "another query", forge: func(r *http.Request) { r.URL.RawQuery = "x=2" }, want: "does not match the key"},
		{name: "another method", forge: func(r *http.Request) { r.Method = "PUT" }, want: "does not match the key"},
		{name: "a digest that is false and one that is right", forge: func(r *http.Request) { r.Header.Set("Digest", r.Header.Get("Digest")+",SHA-512=AAAA") }, want: "digest"},
		{name: "two digests", forge: func(r *http.Request) { r.Header.Add("Digest", r.Header.Get("Digest")) }, want: "2 times"},
		{name: "a body on a GET", forge: func(r *http.Request) { r.Method = "GET"; sig(r, " digest", "") }, want: "digest"},
		{name: "an unreadable date", forge: func(r *http.Request) { r.Header.Set("Date", "yesterday") }, want: "date"},
		{name: "target not covered", forge: func(r *http.Request) { sig(r, "(request-target) ", "") }, want: "(request-target)"},
		{name: "an unknown pseudo-header", forge: func(r *http.Request) { sig(r, " date", " date (status)") }, want: "0 times"},
		{name: "a header covered that is not there", forge: func(r *http.Request) { sig(r, " date", " date x-none") }, want: "0 times"},
		{name: "another content type", forge: func(r *http.Request) { r.Header.Set("Content-Type", "text/html") }, want: "does not match the key"},
		{name: "a signature here and one there", forge: func(r *http.Request) {
			r.Header.Set("Authorization", "signature "+r.Header.Get("Signature")+",x=1")
		}, want: "more than one"},
		{name: "two signatures in one header", forge: func(r *http.Request) {
			r.Header.Set("Signature", r.Header.Get("Signature")+","+r.Header.Get("Signature"))
		}, want: "twice"},
		{name: "no headers list", forge: func(r *http.Request) {
			sig(r, `headers="(request-target) host date digest content-type",`, "")
		}, want: "covers nothing"},
		{name: "an empty signature", forge: func(r *http.Request) {
			s := r.Header.Get("Signature")
			r.Header.Set("Signature", s[:strings.Index(s, `signature="`)]+`signature=""`)
		}, want: "base64"},
		{name: "a signature that is not base64", forge: func(r *http.Request) { sig(r, `,signature="`, `,signature="!`) }, want: "base64"},
		{name: "an open quote", forge: func(r *http.Request) { r.Header.Set("Signature", `keyId="https://b.test/`) }, want: "invalid Signature header"},
		{name: "a quote in the midst", forge: func(r *http.Request) { sig(r, `keyId="`, `keyId=x"`) }, want: "invalid Signature header"},
		{name: "a parameter without value", forge: func(r *http.Request) { sig(r, `algorithm=`, `algorithm,x=`) }, want: "invalid Signature header"},
		{name: "a long header", forge: func(r *http.Request) { sig(r, `algorithm=`, `x="`+strings.Repeat("x", maxHeader)+`",algorithm=`) }, want: "too long"},
		{name: "(created) of rsa-sha256", forge: func(r *http.Request) { sig(r, " date", " date (created)") }, want: "(created)"},
		{name: "expired", forge: func(r *http.Request) { sig(r, "algorithm=", `expires=1,algorithm=`) }, want: "expired"},
		{name: "unreadable expiry", forge: func(r *http.Request) { sig(r, "algorithm=", `expires=soon,algorithm=`) }, want: "expires"},
		{name: "key id is no web page", forge: func(r *http.Request) { sig(r, keyID, "acct:bob@b.test") }, want: "invalid key id"},
		{name: "key id is not a URI", forge: func(r *http.Request) { sig(r, keyID, "bob") }, want: "invalid key id"},
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

// A real client and a real server, between which net/http has its own ideas
// of paths, hosts and headers.
func TestOverTheWire(t *testing.T) {
	errs := make(chan error, 1)
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			err = verifyAt(r, string(body), r.Host, &testKey().PublicKey)
		}
		errs <- err
	}))
	defer srv.Close()
	for _, c := range []struct{ name, method, path, body string }{
		{"post", "POST", "/users/alice/inbox", `{"type":"Note"}`},
		{"post of nothing", "POST", "/inbox", ""},
		{"get", "GET", "/users/alice", ""},
		{"no path", "GET", "", ""},
		{"query", "GET", "/outbox?page=true&max_id=1%2C2", ""},
		{"empty query", "GET", "/outbox?", ""},
		{"query without path", "GET", "?a", ""},
		{"escaped slash", "GET", "/objects/a%2Fb%20c", ""},
		{"lower-case escapes", "GET", "/objects/%c3%a4", ""},
		{"letters that need escapes", "GET", "/objects/ä", ""},
		{"signs that need none", "GET", "/@alice/(1)'*!;,:", ""},
		{"two slashes", "GET", "//objects//a", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := http.NewRequest(c.method, srv.URL+c.path, strings.NewReader(c.body))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Content-Type", "application/activity+json")
			if err := Sign(r, []byte(c.body), keyID, testKey(), now); err != nil {
				t.Fatal(err)
			}
			resp, err := srv.Client().Do(r)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if err := <-errs; err != nil {
				t.Error(err)
			}
		})
	}
}

// What is signed is the request line as it came, however unusual.
func TestTargetAsReceived(t *testing.T) {
	for _, target := range []string{"/", "/outbox?", "/%7Ealice", `/a"b<c>`, "/a%2fb?x=%2F&&y", "//a//b", "/a;b=c?d?e"} {
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader("GET " + target + " HTTP/1.1\r\nHost: a.test\r\n\r\n")))
		if err != nil {
			t.Fatal(err)
		}
		theirs := &http.Request{Method: "GET", URL: &url.URL{Path: target}, Header: r.Header}
		r.Header.Set("Host", "a.test")
		r.Header.Set("Date", now.Format(http.TimeFormat))
		signer, _, err := httpsig.NewSigner([]httpsig.Algorithm{httpsig.RSA_SHA256}, httpsig.DigestSha256, []string{"(request-target)", "host", "date"}, httpsig.Signature, 0)
		if err != nil {
			t.Fatal(err)
		}
		if err := signer.SignRequest(testKey(), keyID, theirs, nil); err != nil {
			t.Fatal(err)
		}
		if err := verify(r, "", &testKey().PublicKey); err != nil {
			t.Errorf("%s: %v", target, err)
		}
	}
}

// by is a request as another implementation signs it, with an algorithm and
// what it covers.
func by(t *testing.T, algorithm httpsig.Algorithm, name string, expiresIn int64, headers ...string) *http.Request {
	r := httptest.NewRequest("POST", "https://a.test/inbox", nil)
	r.Header.Set("Host", "a.test")
	r.Header.Set("Content-Length", "2")
	r.Header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	signer, _, err := httpsig.NewSigner([]httpsig.Algorithm{algorithm}, httpsig.DigestSha512, headers, httpsig.Signature, expiresIn)
	if err != nil {
		t.Fatal(err)
	}
	if err := signer.SignRequest(testKey(), keyID, r, []byte("{}")); err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Signature", strings.Replace(r.Header.Get("Signature"), `algorithm="hs2019",`, name, 1))
	return r
}

func TestAlgorithms(t *testing.T) {
	dated := []string{"(request-target)", "host", "date", "digest"}
	created := []string{"(request-target)", "host", "(created)", "(expires)", "digest"}
	for _, c := range []struct {
		name      string
		algorithm httpsig.Algorithm
		parameter string
		expiresIn int64
		headers   []string
		want      string // of the error
	}{
		{"rsa-sha256", httpsig.RSA_SHA256, `algorithm="rsa-sha256",`, 0, dated, ""},
		{"rsa-sha512", httpsig.RSA_SHA512, `algorithm="rsa-sha512",`, 0, dated, ""},
		{"hs2019 of SHA-256", httpsig.RSA_SHA256, `algorithm="hs2019",`, 0, dated, ""},
		{"hs2019 of SHA-512", httpsig.RSA_SHA512, `algorithm="hs2019",`, 0, dated, ""},
		{"none named", httpsig.RSA_SHA256, ``, 0, dated, ""},
		{"created and expires", httpsig.RSA_SHA512, `algorithm="hs2019",`, 60, created, ""},
		{"created long ago", httpsig.RSA_SHA256, `algorithm="hs2019",`, 60, []string{"(request-target)", "host", "(created)", "digest"}, "far"},
		{"another name", httpsig.RSA_SHA512, `algorithm="rsa-sha256",`, 0, dated, "does not match the key"},
		{"neither date nor created", httpsig.RSA_SHA256, `algorithm="hs2019",`, 0, []string{"(request-target)", "host", "digest"}, "no date"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, at := by(t, c.algorithm, c.parameter, c.expiresIn, c.headers...), time.Now()
			if c.want == "far" {
				at = at.Add(MaxAge + time.Minute)
			}
			s, err := parse(r, []byte("{}"), []string{"a.test"}, at)
			if err == nil {
				err = s.Verify(&testKey().PublicKey)
			}
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// The key id is a stranger's, and httpsig splits parameters at commas: what
// is in it must not become one.
func TestKeyIDWithParameters(t *testing.T) {
	for _, id := range []string{"https://b.test/a,b", "https://b.test/a,headers=date", "https://b.test/a,created=1,expires=1"} {
		r := arrived(t, "{}")
		r.Header.Set("Signature", strings.Replace(r.Header.Get("Signature"), keyID, id, 1))
		s, err := parse(r, []byte("{}"), nil, now)
		if err != nil || s.KeyID != id {
			t.Fatalf("%s: %v", id, err)
		}
		if err := s.Verify(&testKey().PublicKey); err != nil {
			t.Errorf("%s: %v", id, err)
		}
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
	old := string(pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: x509.MarshalPKCS1PublicKey(&testKey().PublicKey)}))
	for _, text := range []string{public, old, strings.TrimSpace(public), strings.ReplaceAll(public, "\n", "\r\n"), "\n" + public, strings.ReplaceAll(public, "\n", "\n    ")} {
		if k, err := ParsePublic(text); err != nil || !testKey().PublicKey.Equal(k) {
			t.Errorf("public %q: %v", text, err)
		}
	}
	old = string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(testKey())}))
	if k, err := ParsePrivate(old); err != nil || !k.Equal(testKey()) {
		t.Errorf("private, PKCS #1: %v", err)
	}
	sized := func(bits uint) string {
		n := new(big.Int).Lsh(big.NewInt(1), bits-1)
		text, err := MarshalPublic(&rsa.PublicKey{N: n.Add(n, big.NewInt(1)), E: 65537})
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	if _, err := ParsePublic(sized(8192)); err != nil {
		t.Errorf("8192 bits: %v", err)
	}
	for name, text := range map[string]string{
		"nothing": "", "no PEM": "x", "two keys": public + public, "text before": "x\n" + public, "a private key": private,
		"too long": public + strings.Repeat(" ", maxPEM), "512 bits": sized(512), "16384 bits": sized(16384),
	} {
		if k, err := ParsePublic(text); err == nil || k != nil {
			t.Errorf("%s is taken for a key", name)
		}
	}
}

func TestVerifyRefusesKeys(t *testing.T) {
	s, err := parse(arrived(t, "{}"), []byte("{}"), nil, now)
	if err != nil {
		t.Fatal(err)
	}
	huge := &rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), 1<<20), E: 65537}
	for name, key := range map[string]any{"huge": huge, "symmetric": []byte("secret"), "none": nil} {
		if err := s.Verify(key); err == nil || !strings.Contains(err.Error(), "the key") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("/inbox", `keyId="https://b.test/#k",headers="(request-target) host date digest",signature="AA=="`, "SHA-256=RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=")
	f.Add("/", `keyId="https://b.test/a,headers=x", algorithm=hs2019 ,created=1,expires="2",headers="(created)  HOST",signature=AA==,`, "sha-512=,MD5=x")
	f.Add("/?", `=",=",""`, ",=,")
	f.Fuzz(func(t *testing.T, target, sig, digest string) {
		r := httptest.NewRequest("POST", "https://a.test/inbox", nil)
		r.RequestURI = target
		r.Header["Signature"] = []string{sig}
		r.Header["Digest"] = []string{digest}
		r.Header.Set("Date", now.Format(http.TimeFormat))
		if s, err := parse(r, []byte("{}"), nil, now); err == nil {
			if err := s.Verify(&testKey().PublicKey); err == nil || err.Error() != "the signature does not match the key" {
				t.Fatalf("what Parse took, Verify judges as %v", err)
			}
		}
	})
}

func FuzzParsePublic(f *testing.F) {
	public, err := MarshalPublic(&testKey().PublicKey)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(public)
	f.Add("-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----")
	f.Fuzz(func(t *testing.T, text string) {
		k, err := ParsePublic(text)
		if err != nil {
			return
		}
		again, err := MarshalPublic(k)
		if err != nil {
			t.Fatal(err)
		}
		if same, err := ParsePublic(again); err != nil || !k.(interface{ Equal(crypto.PublicKey) bool }).Equal(same) {
			t.Fatalf("%v from %q", err, again)
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

// What signing by RFC 9421 costs with each kind of key.
func BenchmarkSignMessage(b *testing.B) {
	for _, key := range []crypto.Signer{testKey(), testEd25519} {
		b.Run(fmt.Sprintf("%T", key), func(b *testing.B) {
			body := []byte("{}")
			r, err := http.NewRequest("POST", "https://a.test/inbox", bytes.NewReader(body))
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if err := SignMessage(r, body, keyID, key, now); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkSign(b *testing.B) {
	body := []byte("{}")
	r, err := http.NewRequest("POST", "https://a.test/inbox", bytes.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/activity+json")
	for b.Loop() {
		if err := Sign(r, body, keyID, testKey(), now); err != nil {
			b.Fatal(err)
		}
	}
}
