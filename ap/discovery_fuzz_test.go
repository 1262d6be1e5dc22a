package ap

import (
	"net/http"
	"strings"
	"testing"

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
