package proof

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"kinglet/ap/signature"
	"kinglet/ap/vocab"
)

var now = time.Date(2023, 2, 24, 23, 36, 38, 0, time.UTC)

// example is the document of FEP-8b32, its contexts first.
const example = `{
	"@context": ["https://www.w3.org/ns/activitystreams", "https://w3id.org/security/data-integrity/v2"],
	"id": "https://server.example/activities/1", "type": "Create", "actor": "https://server.example/users/alice",
	"object": {
		"id": "https://server.example/objects/1", "type": "Note", "attributedTo": "https://server.example/users/alice", "content": "Hello world",
		"location": {"type": "Place", "longitude": -71.184902, "latitude": 25.273962}
	}
}`

const (
	exampleKeyID = "https://server.example/users/alice#ed25519-key"
	exampleValue = "z42ffGu6AUKPCFcFPiabmUvnGLPJzC7e4DGWC52NUasSSH37UMa9c58tdgVszUcZfytxa4fQ5TYHaJENCxUDe9SdL"
)

func exampleKey(t testing.TB) ed25519.PrivateKey {
	secret, err := signature.DecodeMultibase("z3u2en7t5LR2WtQH5PfFqMqwVHBeXouLzo6haApm8XHqvjxq")
	if err != nil || len(secret) != 2+ed25519.SeedSize {
		t.Fatal(len(secret), err)
	}
	return ed25519.NewKeyFromSeed(secret[2:])
}

func parsed(t testing.TB, document []byte) vocab.Document {
	t.Helper()
	o, err := vocab.Parse(document)
	if err != nil {
		t.Fatal(err)
	}
	return o.Document
}

var rules = Rules{MaxAge: 12 * time.Hour, Ahead: time.Hour}

// The example of FEP-8b32 comes out as it stands there, and is verified.
func TestExampleOfTheFEP(t *testing.T) {
	key := exampleKey(t)
	signed, err := Sign([]byte(example), exampleKeyID, key, now)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(signed, []byte(exampleValue)) {
		t.Errorf("%s", signed)
	}
	list, err := rules.Read(parsed(t, signed), now)
	if err != nil || len(list) != 1 {
		t.Fatal(len(list), err)
	}
	p := list[0]
	if p.KeyID != exampleKeyID || !p.Created.Equal(now) {
		t.Errorf("%+v", p)
	}
	if err := p.Verify(key.Public().(ed25519.PublicKey)); err != nil {
		t.Error(err)
	}
	again, err := Sign([]byte(example), exampleKeyID, key, now)
	if err != nil || !bytes.Equal(again, signed) {
		t.Errorf("it is another the second time: %v", err)
	}
	if _, err := Sign(signed, exampleKeyID, key, now); err == nil {
		t.Error("a document gets two proofs")
	}
}

// What Sign leaves of a document is what it was, with one context more.
func TestWhatIsAdded(t *testing.T) {
	signed, err := Sign([]byte(`{"@context":["https://www.w3.org/ns/activitystreams",{"x":"as:x"}],"a":"<&>","n":1e400,"type":"Like"}`), exampleKeyID, exampleKey(t), now)
	if err == nil {
		t.Errorf("a number that is infinite is signed: %s", signed)
	}
	signed, err = Sign([]byte(`{"@context":["https://www.w3.org/ns/activitystreams",{"x":"as:x"}],"a":"<&>","n":1.50,"type":"Like"}`), exampleKeyID, exampleKey(t), now)
	if err != nil {
		t.Fatal(err)
	}
	m := parsed(t, signed)
	delete(m, "proof")
	if got := string(vocab.Encode(m)); got != `{"@context":["https://www.w3.org/ns/activitystreams","https://w3id.org/security/data-integrity/v2",{"x":"as:x"}],"a":"<&>","n":1.50,"type":"Like"}` {
		t.Error(got)
	}
}

func TestForgedProofs(t *testing.T) {
	key := exampleKey(t)
	for _, c := range []struct {
		name  string
		forge func(doc, proof vocab.Document)
		key   ed25519.PublicKey
		at    time.Duration
		want  string
	}{
		{name: "as it was made", forge: func(_, _ vocab.Document) {}},
		{name: "without the contexts in the proof", forge: func(_, p vocab.Document) { delete(p, "@context") }},
		{name: "in a list", forge: func(d, p vocab.Document) { d["proof"] = []any{vocab.Document{"type": "x"}, p} }},
		{name: "a text is changed", forge: func(d, _ vocab.Document) { d["id"] = "https://server.example/activities/2" }, want: "does not match"},
		{name: "an embedded text is changed", forge: func(d, _ vocab.Document) { d["object"].(vocab.Document)["content"] = "x" }, want: "does not match"},
		{name: "a property more", forge: func(d, _ vocab.Document) { d["to"] = "x" }, want: "does not match"},
		{name: "a property less", forge: func(d, _ vocab.Document) { delete(d, "type") }, want: "does not match"},
		{name: "another number", forge: func(d, _ vocab.Document) {
			d["object"].(vocab.Document)["location"].(vocab.Document)["longitude"] = json.Number("1")
		}, want: "does not match"},
		{name: "a context more", forge: func(d, _ vocab.Document) {
			d["@context"] = append(d["@context"].([]any), vocab.Document{"@language": "de"})
		}, want: "other contexts"},
		{name: "another context", forge: func(d, p vocab.Document) { d["@context"], p["@context"] = "x", "x" }, want: "does not match"},
		{name: "another key", key: ed25519.NewKeyFromSeed(make([]byte, 32)).Public().(ed25519.PublicKey), want: "does not match"},
		{name: "no key", key: ed25519.PublicKey{1}, want: "not an Ed25519 key"},
		{name: "another key's id", forge: func(_, p vocab.Document) { p["verificationMethod"] = "https://server.example/users/eve#ed25519-key" }, want: "does not match"},
		{name: "a key id that is no address", forge: func(_, p vocab.Document) { p["verificationMethod"] = "did:key:z6Mk" }, want: "verificationMethod"},
		{name: "another purpose", forge: func(_, p vocab.Document) { p["proofPurpose"] = "authentication" }, want: "purpose"},
		{name: "another suite", forge: func(_, p vocab.Document) { p["cryptosuite"] = "eddsa-rdfc-2022" }, want: "no proof"},
		{name: "another type", forge: func(_, p vocab.Document) { p["type"] = "RsaSignature2017" }, want: "no proof"},
		{name: "no proof", forge: func(d, _ vocab.Document) { delete(d, "proof") }, want: "no proof"},
		{name: "proofs without end", forge: func(d, p vocab.Document) { d["proof"] = []any{p, p, p, p, p} }, want: "exceed"},
		{name: "no value", forge: func(_, p vocab.Document) { delete(p, "proofValue") }, want: "no value"},
		{name: "a short value", forge: func(_, p vocab.Document) { p["proofValue"] = "z11" }, want: "no value"},
		{name: "no time", forge: func(_, p vocab.Document) { delete(p, "created") }, want: "when it was created"},
		{name: "another time", forge: func(_, p vocab.Document) { p["created"] = "2023-02-24T23:36:39Z" }, want: "does not match"},
		{name: "long ago", at: 12*time.Hour + time.Second, want: "too far"},
		{name: "not yet", at: -time.Hour - time.Second, want: "too far"},
		{name: "expired", forge: func(_, p vocab.Document) { p["expires"] = "2023-02-24T23:36:37Z" }, want: "expired"},
		{name: "with an expiry that was not there", forge: func(_, p vocab.Document) { p["expires"] = "2023-02-25T23:36:37Z" }, want: "does not match"},
		{name: "an expiry that is no time", forge: func(_, p vocab.Document) { p["expires"] = "never" }, want: "expired"},
	} {
		t.Run(c.name, func(t *testing.T) {
			signed, err := Sign([]byte(example), exampleKeyID, key, now)
			if err != nil {
				t.Fatal(err)
			}
			m := parsed(t, signed)
			if c.forge != nil {
				c.forge(m, m["proof"].(vocab.Document))
			}
			by := c.key
			if by == nil {
				by = key.Public().(ed25519.PublicKey)
			}
			list, err := rules.Read(parsed(t, vocab.Encode(m)), now.Add(c.at))
			if err == nil {
				err = list[0].Verify(by)
			}
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

// The examples of RFC 8785: §3.2.2 and §3.2.3, and the numbers of appendix B.
func TestCanonical(t *testing.T) {
	for in, want := range map[string]string{
		`{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],"string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]}`: `{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}`,
		"{\"\u20ac\":1,\"\\r\":2,\"\ufb33\":3,\"1\":4,\"\U0001f600\":5,\"\u0080\":6,\"\u00f6\":7}":                                                                            "{\"\\r\":2,\"1\":4,\"\u0080\":6,\"\u00f6\":7,\"\u20ac\":1,\"\U0001f600\":5,\"\ufb33\":3}",
		`{"b":{},"a":[],"":"\u007f"}`: "{\"\":\"\u007f\",\"a\":[],\"b\":{}}",
	} {
		if got, err := Canonical(parsed(t, []byte(in))); err != nil || string(got) != want {
			t.Errorf("%s\nis  %s, %v\nnot %s", in, got, err, want)
		}
	}
	for bits, want := range map[uint64]string{
		0x0000000000000000: "0", 0x8000000000000000: "0", 0x0000000000000001: "5e-324", 0x8000000000000001: "-5e-324", 0x7fefffffffffffff: "1.7976931348623157e+308",
		0xffefffffffffffff: "-1.7976931348623157e+308", 0x4340000000000000: "9007199254740992", 0xc340000000000000: "-9007199254740992", 0x4430000000000000: "295147905179352830000",
		0x44b52d02c7e14af5: "9.999999999999997e+22", 0x44b52d02c7e14af6: "1e+23", 0x44b52d02c7e14af7: "1.0000000000000001e+23", 0x444b1ae4d6e2ef4e: "999999999999999700000",
		0x444b1ae4d6e2ef4f: "999999999999999900000", 0x444b1ae4d6e2ef50: "1e+21", 0x3eb0c6f7a0b5ed8c: "9.999999999999997e-7", 0x3eb0c6f7a0b5ed8d: "0.000001",
		0x41b3de4355555553: "333333333.3333332", 0x41b3de4355555555: "333333333.3333333", 0xbecbf647612f3696: "-0.0000033333333333333333", 0x43143ff3c1cb0959: "1424953923781206.2",
	} {
		if got, err := Canonical(math.Float64frombits(bits)); err != nil || string(got) != want {
			t.Errorf("%x is %s, %v, not %s", bits, got, err, want)
		}
	}
	for _, v := range []any{math.NaN(), math.Inf(1), json.Number("1e400"), json.Number("x"), "\xff", struct{}{}, []any{make(chan int)}, map[string]any{"\xff": 1}} {
		if got, err := Canonical(v); err == nil {
			t.Errorf("%v is %s", v, got)
		}
	}
}

// What is canonical stays as it is, and says the same.
func FuzzCanonical(f *testing.F) {
	f.Add([]byte(example))
	f.Add([]byte(`{"a":[1e21,-0.0,1e-7,"\ud800",""],"\ud83d\ude00":{"\u0000":null},"\ufb33":true}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		o, err := vocab.Parse(text)
		if err != nil {
			return
		}
		b, err := Canonical(o.Document)
		if err != nil {
			return
		}
		if !json.Valid(b) {
			t.Fatalf("%q is no JSON", b)
		}
		again, err := vocab.Parse(b)
		if err != nil {
			return // what is longer now may be too long
		}
		if c, err := Canonical(again.Document); err != nil || !bytes.Equal(b, c) {
			t.Fatalf("%q and %q, %v", b, c, err)
		}
	})
}

// No bytes of a stranger's are a proof by somebody else's key.
func FuzzRead(f *testing.F) {
	signed, err := Sign([]byte(example), exampleKeyID, exampleKey(f), now)
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(signed))
	f.Add([]byte(`{"proof":[{"type":"DataIntegrityProof","cryptosuite":"eddsa-jcs-2022","proofPurpose":"assertionMethod","verificationMethod":"https://b.test/k","proofValue":"z1","created":"2023-02-24T23:36:38Z"}]}`))
	other := ed25519.NewKeyFromSeed(make([]byte, 32)).Public().(ed25519.PublicKey)
	f.Fuzz(func(t *testing.T, text []byte) {
		o, err := vocab.Parse(text)
		if err != nil {
			return
		}
		for _, doc := range []vocab.Document{o.Document, Original(o)} {
			list, _ := rules.Read(doc, now)
			for _, p := range list {
				if p.Verify(other) == nil {
					t.Fatal("a forged proof")
				}
			}
		}
	})
}

func BenchmarkSign(b *testing.B) {
	key := exampleKey(b)
	doc := []byte(strings.Replace(example, "Hello world", strings.Repeat("Hello world. ", 50), 1))
	for b.Loop() {
		if _, err := Sign(doc, exampleKeyID, key, now); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	key := exampleKey(b)
	signed, err := Sign([]byte(example), exampleKeyID, key, now)
	if err != nil {
		b.Fatal(err)
	}
	doc := parsed(b, signed)
	for b.Loop() {
		list, err := rules.Read(doc, now)
		if err == nil {
			err = list[0].Verify(key.Public().(ed25519.PublicKey))
		}
		if err != nil {
			b.Fatal(fmt.Sprint(err))
		}
	}
}
