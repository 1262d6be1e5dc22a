package ap

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"kinglet/ap/vocab"
)

// What strangers answer to WebFinger and host-meta, and in Link headers, is read
// without harm, and gives URLs or nothing.
func FuzzWebFinger(f *testing.F) {
	for _, body := range []string{
		`{"subject":"acct:bob@b.test","links":[{"rel":"self","type":"application/activity+json","href":"https://b.test/users/bob"}]}`,
		`{"links":[{"rel":"self","type":"application/ld+json","href":"javascript:x"},{"rel":"http://ostatus.org/schema/1.0/subscribe","template":"https://b.test/?u={uri}"}]}`,
		`{"links":null}`, `{"links":[null,1]}`, `[]`, ``, `<XRD><Link rel="lrdd" template="https://b.test/{uri}"/></XRD>`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		result, err := parseWebFinger(body)
		if _, bad := vocab.ParseURI(result.actor); result.actor != "" && (bad != nil || err != nil) {
			t.Errorf("the actor of %q is %q: %v", body, result.actor, err)
		}
		if template := parseHostMeta(body); template != "" && strings.Count(template, "{uri}") != 1 {
			t.Errorf("the template of %q is %q", body, template)
		}
	})
}

func FuzzLinkHeader(f *testing.F) {
	for _, value := range []string{
		`<https://b.test/1>; rel="alternate"; type="application/activity+json"`, `</a,b>;rel=x, <c>;type=application/activity+json;rel="me alternate"`,
		`<`, `>`, `,,,`, `<a>;;;=;"`, `<a>; rel="a\"b`, `a, <b>; rel=alternate; type="application/ld+json; profile=\"https://www.w3.org/ns/activitystreams\""`,
	} {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value string) {
		target := linkHeader(http.Header{"Link": {value}})
		if target != "" && !strings.Contains(value, target) {
			t.Errorf("%q has %q", value, target)
		}
	})
}

// Whatever a host asks us to wait, it is no time in the past and no more than a
// day.
func FuzzRetryAfter(f *testing.F) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	for _, value := range []string{"120", "-1", "99999999999999999999", "9223372036854775807", now.Add(time.Hour).Format(http.TimeFormat), "Fri, 31 Dec 9999 23:59:59 GMT", "Saturday, 21-Nov-26 13:00:00 GMT", "1e3", " 7"} {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value string) {
		if wait := retryAfter(http.Header{"Retry-After": {value}}, now); wait < 0 || wait > 24*time.Hour {
			t.Errorf("%q is %v", value, wait)
		}
	})
}
