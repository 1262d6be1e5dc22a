package federation

import (
	"net/url"
	"strings"
	"testing"

	"kinglet/internal/config"
	"kinglet/internal/fault"
)

// Whatever WebFinger is asked for: it is the name of an account that may be ours,
// or the error is one of the asker's. What is another server's is never ours.
func FuzzResource(f *testing.F) {
	for _, resource := range []string{
		"acct:alice@example.org", "ACCT:@alice@social.example.org", "alice@example.org", "@alice@EXAMPLE.org.", "acct:example.org@example.org", "https://social.example.org", "https://social.example.org/users/alice/",
		"https://social.example.org/@alice", "HTTPS://SOCIAL.example.org:443/@alice?x#y", "acct:alice@evil.test@example.org", "acct:alice@example.org@evil.test", "https://evil.test\\@social.example.org/@alice",
		"acct:alice@example.org:8080", "acct:al%69ce@example.org", "mailto:alice@example.org", "https:", "://", "@@", "acct:", "alice@", "https://[::1]/", "acct:a@ｅxample.org",
	} {
		f.Add(resource)
	}
	conf := &config.Config{Domain: "example.org", URL: "https://social.example.org"}
	a, foreign := &API{Config: conf}, &API{Config: &config.Config{Domain: "evil.test", URL: "https://evil.test"}}
	f.Fuzz(func(t *testing.T, resource string) {
		name, err := a.resource([]string{resource})
		if err != nil {
			if kind := fault.KindOf(err); kind != fault.Malformed && kind != fault.NotFound {
				t.Errorf("%q: %v", resource, err)
			}
			return
		}
		if name == "" || strings.ContainsAny(name, "@/") {
			t.Errorf("%q is %q", resource, name)
		}
		if other, err := foreign.resource([]string{resource}); err == nil {
			t.Errorf("%q is %q here and %q at another server", resource, name, other)
		}
		if u, err := url.Parse(resource); err == nil && u.Host != "" && !conf.IsOwnHost(u.Host) {
			t.Errorf("%q is %q, and of %s", resource, name, u.Host)
		}
		if again, err := a.resource([]string{"acct:" + name + "@example.org"}); err != nil || !strings.EqualFold(again, name) {
			t.Errorf("%q is %q, and that is %q, %v", resource, name, again, err)
		}
	})
}
