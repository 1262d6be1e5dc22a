package signature

import (
	"crypto"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/go-fed/httpsig"
)

// signedBy is a post as a server of the fediverse signs it: with an algorithm, over
// headers and a target.
func signedBy(t *testing.T, target, signed string, algorithm httpsig.Algorithm, digest httpsig.DigestAlgorithm, key crypto.Signer, headers ...string) *http.Request {
	t.Helper()
	r := httptest.NewRequest("POST", "https://a.test/inbox", nil)
	r.RequestURI = target
	r.Header.Set("Host", "a.test")
	r.Header.Set("Content-Type", "application/activity+json")
	r.Header.Set("Date", now.Format(http.TimeFormat))
	theirs := &http.Request{Method: "POST", URL: &url.URL{Path: signed}, Header: r.Header}
	signer, _, err := httpsig.NewSigner([]httpsig.Algorithm{algorithm}, digest, headers, httpsig.Signature, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := signer.SignRequest(key, keyID, theirs, []byte("{}")); err != nil {
		t.Fatal(err)
	}
	return r
}

// The signatures of servers as they are seen: each row is one of INTEROP.md's
// matrix, and what is like it but false.
func TestMatrix(t *testing.T) {
	usual := []string{"(request-target)", "host", "date", "digest", "content-type"}
	rsa256 := func(target, signed string) func(*testing.T) *http.Request {
		return func(t *testing.T) *http.Request {
			return signedBy(t, target, signed, httpsig.RSA_SHA256, httpsig.DigestSha256, testKey(), usual...)
		}
	}
	with := func(make func(*testing.T) *http.Request, change func(h http.Header)) func(*testing.T) *http.Request {
		return func(t *testing.T) *http.Request {
			r := make(t)
			change(r.Header)
			return r
		}
	}
	replace := func(header, old, by string) func(h http.Header) {
		return func(h http.Header) { h.Set(header, strings.Replace(h.Get(header), old, by, 1)) }
	}
	named := func(algorithm string) func(h http.Header) {
		return replace("Signature", `algorithm="hs2019",`, algorithm)
	}
	usualPost := rsa256("/inbox", "/inbox")
	for _, c := range []struct {
		name    string
		request func(*testing.T) *http.Request
		key     crypto.Signer
		want    string // of the error
	}{
		{"Mastodon up to 4.4", with(usualPost, named(`algorithm="rsa-sha256",`)), testKey(), ""},
		{"Mastodon, the query left out", with(rsa256("/inbox?x=1", "/inbox"), named(`algorithm="rsa-sha256",`)), testKey(), ""},
		{"Mastodon, the query signed", with(rsa256("/inbox?x=1", "/inbox?x=1"), named(`algorithm="rsa-sha256",`)), testKey(), ""},
		{"the algorithm in upper case", with(usualPost, named(`algorithm="RSA-SHA256",`)), testKey(), ""},
		{"Mastodon 4.5 and later, RFC 9421 with RSA", func(t *testing.T) *http.Request { return messageArrived(t, "{}", testKey()) }, testKey(), ""},
		{"Mastodon 4.7, Fedify and Mitra, RFC 9421 with Ed25519", func(t *testing.T) *http.Request { return messageArrived(t, "{}", testEd25519) }, testEd25519, ""},
		{"GoToSocial and Lemmy, hs2019 that is SHA-256", usualPost, testKey(), ""},
		{"PeerTube, hs2019 that is SHA-512", func(t *testing.T) *http.Request {
			return signedBy(t, "/inbox", "/inbox", httpsig.RSA_SHA512, httpsig.DigestSha256, testKey(), usual...)
		}, testKey(), ""},
		{"PeerTube of old, with the scheme in the header", with(usualPost, func(h http.Header) { h.Set("Signature", "Signature "+h.Get("Signature")) }), testKey(), ""},
		{"hs2019 that is Ed25519", func(t *testing.T) *http.Request {
			return signedBy(t, "/inbox", "/inbox", httpsig.ED25519, httpsig.DigestSha256, testEd25519, usual...)
		}, testEd25519, ""},
		{"Pleroma, the path as it was sent", rsa256("/users/%40alice/in%2Fbox", "/users/%40alice/in%2Fbox"), testKey(), ""},
		{"the path decoded", rsa256("/users/%40alice/in%2Fbox", "/users/@alice/in/box"), testKey(), "does not match the key"},
		{"no algorithm, SHA-256", with(usualPost, named("")), testKey(), ""},
		{"no algorithm, SHA-512", with(func(t *testing.T) *http.Request {
			return signedBy(t, "/inbox", "/inbox", httpsig.RSA_SHA512, httpsig.DigestSha256, testKey(), usual...)
		}, named("")), testKey(), ""},
		{"no list of headers, which is the date alone", with(usualPost, replace("Signature", `headers="(request-target) host date digest content-type",`, "")), testKey(), "covers nothing"},
		{"in Authorization", with(usualPost, func(h http.Header) {
			h.Set("Authorization", "Signature "+h.Get("Signature"))
			h.Del("Signature")
		}), testKey(), ""},
		{"in both", with(usualPost, func(h http.Header) { h.Set("Authorization", "Signature "+h.Get("Signature")) }), testKey(), ""},
		{"the same header twice", with(usualPost, func(h http.Header) { h.Add("Signature", h.Get("Signature")) }), testKey(), ""},
		{"two headers of two keys", with(usualPost, func(h http.Header) {
			h.Add("Signature", strings.Replace(h.Get("Signature"), "main-key", "other-key", 1))
		}), testKey(), "more than one signature"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := c.request(t)
			s, err := parse(r, []byte("{}"), []string{"a.test"}, now)
			if err == nil {
				err = s.Verify(c.key.Public())
			}
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q; signed with %s", err, c.want, r.Header.Get("Signature"))
			}
		})
	}
}

// The spellings of digests: what is signed is the header as it came.
func TestDigestSpellings(t *testing.T) {
	const sha256, sha512 = "RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=", "J8dGcK0ruPM0oKNWPnhIthP4SsJk+DTg9O9dThPpmH+n+MmHuGmWVwo1q0vS7qeGO/AKZgVGg8f5dYJCe0fJDw=="
	for header, ok := range map[string]bool{
		"SHA-256=" + sha256: true, "sha-256=" + sha256: true, "Sha-256=" + sha256: true, "SHA-256=" + sha256 + ",MD5=x": true, "md5=x, sha-256=" + sha256: true,
		"SHA-256=" + sha512: false, "SHA-1=x": false, "sha256=" + sha256: false, "SHA-256": false, sha256: false,
	} {
		if err := checkDigest(header, []byte("{}")); (err == nil) != ok {
			t.Errorf("%q: %v", header, err)
		}
	}
}

// An answer may say which signatures it takes.
func TestAcceptSignature(t *testing.T) {
	for header, want := range map[string]bool{
		AcceptSignature: true,
		`sig1=("@method" "@target-uri");created;keyid`:       true,
		`a=("@status");created, b=("@method");alg="ed25519"`: true,
		`sig1=("@method");alg="rsa-v1_5-sha256"`:             false,
		`sig1=("@method" "date");created`:                    false,
		`sig1=("@method";req)`:                               false,
		`sig1=:AAAA:`:                                        false,
		`sig1=(`:                                             false,
		``:                                                   false,
	} {
		if got := AcceptsEd25519(http.Header{"Accept-Signature": {header}}); got != want {
			t.Errorf("%q: %v", header, got)
		}
	}
}

func FuzzAcceptSignature(f *testing.F) {
	f.Add(AcceptSignature)
	f.Add(`sig1=("@method" "date";sf);created;alg="ed25519", x=:AA==:`)
	f.Fuzz(func(t *testing.T, header string) {
		if AcceptsEd25519(http.Header{"Accept-Signature": {header}}) && !strings.Contains(header, "(") {
			t.Fatalf("%q", header)
		}
	})
}
