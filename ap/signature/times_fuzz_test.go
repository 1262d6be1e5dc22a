package signature

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// Whatever stands in the Date header, in created and in expires: a signature
// that is taken is of a time close to now, by each of these that it covers.
func FuzzTimes(f *testing.F) {
	f.Add(now.Format(http.TimeFormat), "1795262400", "1795262460")
	f.Add("Saturday, 21-Nov-26 12:00:00 GMT", "-9223372036854775808", "9223372036854775807")
	f.Add("Sat Nov 21 12:00:00 2026", "1795262400.5", "")
	f.Add("Sat, 21 Nov 2026 12:00:00 +0000", "+1795262400", "1e9")
	f.Add("", " 1795262400", "١٧٩٥٢٦٢٤٠٠")
	f.Fuzz(func(t *testing.T, date, created, expires string) {
		r := httptest.NewRequest("POST", "https://a.test/inbox", nil)
		r.Header["Date"] = []string{date}
		r.Header["Digest"] = []string{"SHA-256=RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o="}
		near := func(what string, at time.Time, err error) {
			if err != nil || at.Before(now.Add(-MaxAge)) || at.After(now.Add(MaxFuture)) {
				t.Errorf("%s is %v, %v: it was taken", what, at, err)
			}
		}
		later := func(value string) {
			if at, err := unix(value); value != "" && (err != nil || at.Before(now)) {
				t.Errorf("expires is %q: it was taken", value)
			}
		}
		r.Header["Signature"] = []string{`keyId="https://b.test/#k",headers="(request-target) host date digest",signature="AA=="`}
		if _, err := (Rules{}).Parse(r, now); err == nil {
			at, err := http.ParseTime(date)
			near("the date", at, err)
		}
		r.Header["Signature"] = []string{`keyId="https://b.test/#k",algorithm="hs2019",headers="(request-target) (created) host digest",created=` + created + `,expires=` + expires + `,signature="AA=="`}
		if s, err := (Rules{}).Parse(r, now); err == nil && s.KeyID == "https://b.test/#k" {
			p, err := parameters(r.Header)
			if err != nil {
				t.Fatal(err)
			}
			at, err := unix(p["created"])
			near("created", at, err)
			later(p["expires"])
		}
		delete(r.Header, "Digest")
		r.Header["Content-Digest"] = []string{"sha-256=:RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=:"}
		r.Header["Signature-Input"] = []string{`sig1=("@method" "@target-uri" "content-digest" "date");keyid="https://b.test/#k";alg="ed25519"`}
		r.Header["Signature"] = []string{`sig1=:AA==:`}
		if _, err := (Rules{}).Parse(r, now); err == nil {
			at, err := http.ParseTime(date)
			near("the date of a message", at, err)
		}
	})
}
