package signature

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-fed/httpsig"
)

var testEd25519 = ed25519.NewKeyFromSeed([]byte("a seed of thirty-two bytes, long"))

// messageArrived is a post that is signed by RFC 9421, as the server would see
// it.
func messageArrived(t testing.TB, body string, key crypto.Signer) *http.Request {
	t.Helper()
	out, err := http.NewRequest("POST", "https://a.test/users/alice/inbox?x=1", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	out.Header.Set("Content-Type", "application/activity+json")
	if err := SignMessage(out, []byte(body), keyID, key, now); err != nil {
		t.Fatal(err)
	}
	in := httptest.NewRequest("POST", out.URL.String(), bytes.NewReader([]byte(body)))
	in.Header = out.Header.Clone()
	in.Header.Set("Date", now.Format(http.TimeFormat))
	return in
}

// signedAs signs a request again, of given components and parameters.
func signedAs(t testing.TB, r *http.Request, components []string, params string, key ed25519.PrivateKey) {
	t.Helper()
	raw := `("` + strings.Join(components, `" "`) + `")` + params
	base, err := messageBase(r, "https", components, raw)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Signature-Input", "sig1="+raw)
	r.Header.Set("Signature", "sig1=:"+base64.StdEncoding.EncodeToString(ed25519.Sign(key, base))+":")
}

// The example of RFC 9421, B.2.6, and the digest of its body (RFC 9530).
func TestMessageOfTheRFC(t *testing.T) {
	const body = `{"hello": "world"}`
	r := httptest.NewRequest("POST", "https://example.com/foo?param=Value&Pet=dog", strings.NewReader(body))
	r.Header.Set("Date", "Tue, 20 Apr 2021 02:07:55 GMT")
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Content-Length", "18")
	r.Header.Set("Content-Digest", "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:")
	input, err := dictionary(`sig-b26=("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519"`)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := dictionary(`sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:`)
	if err != nil {
		t.Fatal(err)
	}
	base, err := messageBase(r, "https", input[0].list, input[0].raw)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode([]byte("-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=\n-----END PUBLIC KEY-----\n"))
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	if err := (&message{base: base, signed: signed[0].bytes}).verify(key); err != nil {
		t.Errorf("%v of\n%s", err, base)
	}
	digest, err := contentDigest(r.Header)
	if err != nil {
		t.Fatal(err)
	}
	if err := checkContentDigest(digest, []byte(body)); err != nil {
		t.Error(err)
	}
}

func TestMessageRoundTrip(t *testing.T) {
	for _, key := range []crypto.Signer{testKey(), testEd25519} {
		for _, method := range []string{"POST", "GET"} {
			t.Run(fmt.Sprintf("%T %s", key, method), func(t *testing.T) {
				var got error
				srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
					body, err := io.ReadAll(r.Body)
					if err != nil {
						got = err
						return
					}
					s, err := Rules{Hosts: []string{r.Host}, Scheme: "http", Strict: true}.Parse(r, now)
					if err != nil {
						got = err
						return
					}
					if got = s.CheckBody(body); got == nil {
						got = s.Verify(key.Public())
					}
				}))
				defer srv.Close()
				body := "{}"
				if method == "GET" {
					body = ""
				}
				r, err := http.NewRequest(method, srv.URL+"/a%2Fb?page=true&x=%C3%A4", strings.NewReader(body))
				if err != nil {
					t.Fatal(err)
				}
				if err := SignMessage(r, []byte(body), keyID, key, now); err != nil {
					t.Fatal(err)
				}
				resp, err := srv.Client().Do(r)
				if err != nil {
					t.Fatal(err)
				}
				resp.Body.Close()
				if got != nil {
					t.Error(got)
				}
			})
		}
	}
}

func TestMessageForgeries(t *testing.T) {
	input := func(r *http.Request, old, new string) {
		t.Helper()
		s := r.Header.Get("Signature-Input")
		if !strings.Contains(s, old) {
			t.Fatalf("no %s in %s", old, s)
		}
		r.Header.Set("Signature-Input", strings.Replace(s, old, new, 1))
	}
	other := ed25519.NewKeyFromSeed([]byte("another seed of thirty-two bytes"))
	for _, c := range []struct {
		name  string
		forge func(r *http.Request) // changes what arrived
		body  string
		key   crypto.PublicKey
		want  string
	}{
		{name: "another's key", key: other.Public(), want: "does not match the key"},
		{name: "a key of another kind", key: &testKey().PublicKey, want: "does not match the key"},
		{name: "no key", key: []byte("secret"), want: "neither an RSA nor an Ed25519 key"},
		{name: "another body", body: `{"x":1}`, want: "digest"},
		{name: "another digest", forge: func(r *http.Request) {
			sum := sha256.Sum256([]byte(`{"x":1}`))
			r.Header.Set("Content-Digest", "sha-256=:"+base64.StdEncoding.EncodeToString(sum[:])+":")
		}, body: `{"x":1}`, want: "does not match the key"},
		{name: "a digest that is right and one that is false", forge: func(r *http.Request) {
			r.Header.Set("Content-Digest", r.Header.Get("Content-Digest")+", sha-512=:AAAA:")
		}, want: "digest does not match"},
		{name: "no digest", forge: func(r *http.Request) { r.Header.Del("Content-Digest") }, want: "0 times"},
		{name: "two digests", forge: func(r *http.Request) { r.Header.Add("Content-Digest", r.Header.Get("Content-Digest")) }, want: "2 times"},
		{name: "an unknown digest", forge: func(r *http.Request) { r.Header.Set("Content-Digest", "md5=:AAAA:") }, want: "digest algorithm"},
		{name: "a digest that is none", forge: func(r *http.Request) { r.Header.Set("Content-Digest", "sha-256=AAAA") }, want: "Content-Digest"},
		{name: "another path", forge: func(r *http.Request) { r.RequestURI = "/inbox?x=1" }, want: "does not match the key"},
		{name: "another query", forge: func(r *http.Request) { r.RequestURI = "/users/alice/inbox?x=2" }, want: "does not match the key"},
		{name: "another method", forge: func(r *http.Request) { r.Method = "PUT" }, want: "does not match the key"},
		{name: "another host", forge: func(r *http.Request) { r.Host = "c.test" }, want: "signed for the host"},
		{name: "another time", forge: func(r *http.Request) {
			input(r, fmt.Sprint("created=", now.Unix()), fmt.Sprint("created=", now.Unix()+1))
		}, want: "does not match the key"},
		{name: "another key id", forge: func(r *http.Request) { input(r, "bob", "eve") }, want: "does not match the key"},
		{name: "another order", forge: func(r *http.Request) { input(r, `"@method" "@target-uri"`, `"@target-uri" "@method"`) }, want: "does not match the key"},
		{name: "other spaces", forge: func(r *http.Request) { input(r, `"@method" `, `"@method"  `) }, want: "does not match the key"},
		{name: "covered twice", forge: func(r *http.Request) { input(r, `("@method"`, `("@method" "@method"`) }, want: "twice"},
		{name: "a parameter twice", forge: func(r *http.Request) { input(r, ";created=", ";created=1;created=") }, want: "twice"},
		{name: "an unknown derived component", forge: func(r *http.Request) { input(r, `("@method"`, `("@method" "@status"`) }, want: "not supported"},
		{name: "a component in upper case", forge: func(r *http.Request) { input(r, `("@method"`, `("@method" "Date"`) }, want: "not supported"},
		{name: "a component with parameters", forge: func(r *http.Request) { input(r, `"content-digest")`, `"content-digest";bs)`) }, want: "parameters of the component"},
		{name: "a header that is not there", forge: func(r *http.Request) { input(r, `("@method"`, `("@method" "x-none"`) }, want: "0 times"},
		{name: "an unknown algorithm", forge: func(r *http.Request) { input(r, `alg="ed25519"`, `alg="none"`) }, want: "unsupported algorithm"},
		{name: "a symmetric algorithm", forge: func(r *http.Request) { input(r, `alg="ed25519"`, `alg="hmac-sha256"`) }, want: "unsupported algorithm"},
		{name: "another algorithm", forge: func(r *http.Request) { input(r, `alg="ed25519"`, `alg="rsa-v1_5-sha256"`) }, want: "does not match the key"},
		{name: "signed as of another algorithm", forge: func(r *http.Request) {
			params := fmt.Sprintf(`;created=%d;keyid="%s";alg="rsa-v1_5-sha256"`, now.Unix(), keyID)
			signedAs(t, r, []string{"@method", "@target-uri", "content-digest"}, params, testEd25519)
		}, want: "does not match the key"},
		{name: "two signatures", forge: func(r *http.Request) {
			in, sig := r.Header.Get("Signature-Input"), r.Header.Get("Signature")
			r.Header.Set("Signature-Input", in+", "+strings.Replace(in, "sig1", "sig2", 1))
			r.Header.Set("Signature", sig+", "+strings.Replace(sig, "sig1", "sig2", 1))
		}, want: "more than one signature"},
		{name: "two headers", forge: func(r *http.Request) { r.Header.Add("Signature", r.Header.Get("Signature")) }, want: "not one"},
		{name: "a label twice", forge: func(r *http.Request) {
			r.Header.Set("Signature-Input", r.Header.Get("Signature-Input")+", "+r.Header.Get("Signature-Input"))
		}, want: "twice"},
		{name: "another label", forge: func(r *http.Request) { input(r, "sig1", "sig2") }, want: "no signature with the URL of a key"},
		{name: "key id is no URL", forge: func(r *http.Request) { input(r, keyID, "bob") }, want: "no signature with the URL of a key"},
		{name: "no signature", forge: func(r *http.Request) { r.Header.Del("Signature") }, want: "not one"},
		{name: "an old signature beside it", forge: func(r *http.Request) { r.Header.Set("Signature", `keyId="`+keyID+`"`) }, want: "Signature header"},
		{name: "long", forge: func(r *http.Request) { input(r, "sig1", strings.Repeat("x", maxHeader)) }, want: "too long"},
		{name: "expired", forge: func(r *http.Request) { input(r, ";keyid", ";expires=1;keyid") }, want: "expired"},
		{name: "unreadable expiry", forge: func(r *http.Request) { input(r, ";keyid", ";expires=soon;keyid") }, want: "expires"},
		{name: "unreadable time", forge: func(r *http.Request) { input(r, "created=", `created="x";x=`) }, want: "created"},
		{name: "a comma at the end", forge: func(r *http.Request) {
			r.Header.Set("Signature-Input", r.Header.Get("Signature-Input")+",")
		}, want: "invalid structured field"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := messageArrived(t, "{}", testEd25519)
			if c.forge != nil {
				c.forge(r)
			}
			body, key := "{}", testEd25519.Public()
			if c.body != "" {
				body = c.body
			}
			if c.key != nil {
				key = c.key
			}
			s, err := parse(r, []byte(body), []string{"a.test"}, now)
			if err == nil {
				err = s.Verify(key)
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// What a signature has to cover, in both modes: each is left out once.
func TestWhatIsDemanded(t *testing.T) {
	message := func(components []string, params string) func(*testing.T) (*http.Request, crypto.PublicKey) {
		return func(t *testing.T) (*http.Request, crypto.PublicKey) {
			r := messageArrived(t, "{}", testEd25519)
			signedAs(t, r, components, params+`;keyid="`+keyID+`"`, testEd25519)
			return r, testEd25519.Public()
		}
	}
	cavage := func(headers ...string) func(*testing.T) (*http.Request, crypto.PublicKey) {
		return func(t *testing.T) (*http.Request, crypto.PublicKey) {
			return by(t, httpsig.RSA_SHA256, `algorithm="hs2019",`, 60, headers...), &testKey().PublicKey
		}
	}
	created := fmt.Sprint(";created=", time.Now().Unix())
	for _, c := range []struct {
		name            string
		request         func(*testing.T) (*http.Request, crypto.PublicKey)
		lenient, strict string // of the errors
	}{
		{"RFC 9421", message([]string{"@method", "@target-uri", "content-digest"}, created), "", ""},
		{"in parts", message([]string{"@method", "@authority", "@path", "@query", "content-digest"}, created), "", ""},
		{"in parts, the target as in the request", message([]string{"@method", "host", "@request-target", "content-digest"}, created), "", ""},
		{"no method", message([]string{"@target-uri", "content-digest"}, created), "@method", "@method"},
		{"no target", message([]string{"@method", "content-digest"}, created), "@target-uri", "@target-uri"},
		{"no authority", message([]string{"@method", "@path", "@query", "content-digest"}, created), "@target-uri", "@target-uri"},
		{"no path", message([]string{"@method", "@authority", "@query", "content-digest"}, created), "@target-uri", "@target-uri"},
		{"no query", message([]string{"@method", "@authority", "@path", "content-digest"}, created), "@target-uri", "@target-uri"},
		{"no digest", message([]string{"@method", "@target-uri"}, created), "content-digest", "content-digest"},
		{"no time", message([]string{"@method", "@target-uri", "content-digest"}, ""), "created", "created"},
		{"a date and no created", message([]string{"@method", "@target-uri", "content-digest", "date"}, ""), "", "created"},

		{"cavage", cavage("(request-target)", "host", "date", "digest", "content-length"), "", ""},
		{"no target of cavage", cavage("host", "date", "digest", "content-length"), "(request-target)", "(request-target)"},
		{"no host of cavage", cavage("(request-target)", "date", "digest", "content-length"), "host", "host"},
		{"no date of cavage", cavage("(request-target)", "host", "digest", "content-length"), "no date", "no date"},
		{"created for a date", cavage("(request-target)", "host", "(created)", "digest", "content-length"), "", "no date"},
		{"no digest of cavage", cavage("(request-target)", "host", "date", "content-length"), "digest", "digest"},
		{"no length", cavage("(request-target)", "host", "date", "digest"), "", "content-length"},
	} {
		for _, strict := range []bool{false, true} {
			want := c.lenient
			if strict {
				want = c.strict
			}
			t.Run(fmt.Sprintf("%s, strict %v", c.name, strict), func(t *testing.T) {
				r, key := c.request(t)
				s, err := Rules{Hosts: []string{"a.test"}, Strict: strict}.Parse(r, dateOf(t, r))
				if err == nil {
					err = s.CheckBody([]byte("{}"))
				}
				if err == nil {
					err = s.Verify(key)
				}
				if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want %q", err, want)
				}
			})
		}
	}
}

// dateOf is when a request says it was sent; now where it says nothing else.
func dateOf(t *testing.T, r *http.Request) time.Time {
	t.Helper()
	if strings.Contains(r.Header.Get("Signature-Input"), "created") || strings.Contains(r.Header.Get("Signature"), "created") {
		return time.Now()
	}
	at, err := http.ParseTime(r.Header.Get("Date"))
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// The clocks of both may differ: by how much is a setting.
func TestSkew(t *testing.T) {
	for _, c := range []struct {
		rules Rules
		off   time.Duration
		ok    bool
	}{
		{Rules{}, -MaxAge, true}, {Rules{}, -MaxAge - time.Second, false},
		{Rules{}, MaxFuture, true}, {Rules{}, MaxFuture + time.Second, false},
		{Rules{MaxAge: time.Minute, Ahead: time.Minute}, -time.Minute, true},
		{Rules{MaxAge: time.Minute, Ahead: time.Minute}, -61 * time.Second, false},
		{Rules{MaxAge: time.Minute, Ahead: time.Minute}, 61 * time.Second, false},
	} {
		for name, r := range map[string]*http.Request{"cavage": arrived(t, "{}"), "message": messageArrived(t, "{}", testEd25519)} {
			if _, err := c.rules.Parse(r, now.Add(-c.off)); (err == nil) != c.ok {
				t.Errorf("%s, %v off: %v", name, c.off, err)
			}
		}
	}
}

func TestMultikey(t *testing.T) {
	// The example of FEP-521a and of the Data Integrity specification.
	const example = "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"
	key, err := ParseMultikey(example)
	if err != nil {
		t.Fatal(err)
	}
	if again := MarshalMultikey(key); again != example {
		t.Error(again)
	}
	if key, err := ParseMultikey(MarshalMultikey(testEd25519.Public().(ed25519.PublicKey))); err != nil || !key.Equal(testEd25519.Public()) {
		t.Error(err)
	}
	for _, text := range []string{"", "z", "z0", example[1:], "u" + example[1:], example + "1", "z1" + example[1:], "z" + strings.Repeat("z", maxMultibase)} {
		if key, err := ParseMultikey(text); err == nil {
			t.Errorf("%q is %x", text, key)
		}
	}
}

func FuzzMessage(f *testing.F) {
	r := messageArrived(f, "{}", testEd25519)
	f.Add(r.Header.Get("Signature-Input"), r.Header.Get("Signature"), r.Header.Get("Content-Digest"))
	f.Add(`sig1=("@method" "@path" "host";req);created=1;keyid="https://b.test/\\";x=?1;y`, "sig1=:AA==:;a=1, b=:AA==:", "sha-512=:AAAA:,sha-256=:AAAA:")
	f.Fuzz(func(t *testing.T, input, sig, digest string) {
		r := httptest.NewRequest("POST", "https://a.test/inbox", nil)
		r.Header["Signature-Input"], r.Header["Signature"], r.Header["Content-Digest"] = []string{input}, []string{sig}, []string{digest}
		s, err := parse(r, []byte("{}"), nil, now)
		if err != nil {
			return
		}
		if err := s.Verify(testEd25519.Public()); err == nil {
			t.Fatal("a forged signature")
		}
	})
}

func FuzzParseMultikey(f *testing.F) {
	f.Add("z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2")
	f.Fuzz(func(t *testing.T, text string) {
		if key, err := ParseMultikey(text); err == nil && MarshalMultikey(key) != text {
			t.Fatalf("%q is written %q", text, MarshalMultikey(key))
		}
	})
}

// Draft-cavage as some send it: without the query of the target, or of an
// Ed25519 key.
func TestCavageInTheWild(t *testing.T) {
	for _, c := range []struct {
		name, target, signed string
		algorithm            httpsig.Algorithm
		key                  crypto.Signer
		ok                   bool
	}{
		{"with the query", "/outbox?page=1", "/outbox?page=1", httpsig.RSA_SHA256, testKey(), true},
		{"without the query", "/outbox?page=1", "/outbox", httpsig.RSA_SHA256, testKey(), true},
		{"without another's path", "/outbox?page=1", "/inbox", httpsig.RSA_SHA256, testKey(), false},
		{"with another query", "/outbox?page=1", "/outbox?page=2", httpsig.RSA_SHA256, testKey(), false},
		{"with a query that is not there", "/outbox", "/outbox?page=1", httpsig.RSA_SHA256, testKey(), false},
		{"Ed25519", "/outbox", "/outbox", httpsig.ED25519, testEd25519, true},
		{"Ed25519 of another path", "/outbox", "/inbox", httpsig.ED25519, testEd25519, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := httptest.NewRequest("GET", "https://a.test"+c.target, nil)
			r.RequestURI = c.target
			r.Header.Set("Host", "a.test")
			r.Header.Set("Date", now.Format(http.TimeFormat))
			theirs := &http.Request{Method: "GET", URL: &url.URL{Path: c.signed}, Header: r.Header}
			signer, _, err := httpsig.NewSigner([]httpsig.Algorithm{c.algorithm}, httpsig.DigestSha256, []string{"(request-target)", "host", "date"}, httpsig.Signature, 0)
			if err != nil {
				t.Fatal(err)
			}
			if err := signer.SignRequest(c.key, keyID, theirs, nil); err != nil {
				t.Fatal(err)
			}
			s, err := Rules{Hosts: []string{"a.test"}}.Parse(r, now)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Verify(c.key.Public()); (err == nil) != c.ok {
				t.Error(err)
			}
		})
	}
}

// The log names the key of either kind, and nothing of what is neither.
func TestClaimedKeyID(t *testing.T) {
	for name, r := range map[string]*http.Request{"cavage": arrived(t, "{}"), "message": messageArrived(t, "{}", testEd25519)} {
		if got := ClaimedKeyID(r.Header); got != keyID {
			t.Errorf("%s: %q", name, got)
		}
	}
	long := `("@method");created=1;keyid="https://b.test/` + strings.Repeat("x", 1000) + `"`
	h := http.Header{"Signature-Input": {"sig1=" + long}, "Signature": {"sig1=:AAAA:"}}
	if got := ClaimedKeyID(h); len(got) != 300 {
		t.Errorf("a long one has %d bytes", len(got))
	}
	if got := ClaimedKeyID(http.Header{"Signature": {"x"}}); got != "" {
		t.Errorf("%q", got)
	}
}
