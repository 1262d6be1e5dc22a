package cmd

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"kinglet/internal/config"
)

type asked struct{ peer, header string }

// serveForwarded gives what was logged, and the header that the last request
// came through with.
func serveForwarded(conf *config.Config, requests ...asked) (logged, header string) {
	var b bytes.Buffer
	h := forwarded(conf, slog.New(slog.NewTextHandler(&b, nil)), http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		header = r.Header.Get("X-Forwarded-For")
	}))
	for _, a := range requests {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = a.peer
		if a.header != "" {
			r.Header.Set("X-Forwarded-For", a.header)
		}
		h.ServeHTTP(httptest.NewRecorder(), r)
	}
	return b.String(), header
}

func TestProxyHint(t *testing.T) {
	local := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	const docker, header = "172.17.0.1:5000", "203.0.113.9"
	line := `trusted_proxies="127.0.0.0/8, 172.17.0.1/32"`
	for name, c := range map[string]struct {
		requests []asked
		want     string
	}{
		"a proxy":                   {[]asked{{docker, header}, {docker, header}, {docker, header}}, line},
		"after a health check":      {[]asked{{"127.0.0.1:1", ""}, {docker, header}}, line},
		"IPv6":                      {[]asked{{"[fd00::1]:1", header}}, `trusted_proxies="127.0.0.0/8, fd00::1/128"`},
		"no header":                 {[]asked{{docker, ""}}, ""},
		"a trusted proxy":           {[]asked{{"127.0.0.1:1", header}}, ""},
		"a public peer":             {[]asked{{"203.0.113.1:1", header}}, ""},
		"peers of their own":        {[]asked{{docker, ""}, {"172.17.0.9:1", header}, {docker, header}}, ""},
		"public peers, then hidden": {[]asked{{"203.0.113.1:1", ""}, {docker, header}}, ""},
		"a unix socket":             {[]asked{{"@", header}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			logged, _ := serveForwarded(&config.Config{TrustedProxies: local, TrustSocket: true}, c.requests...)
			n := 0
			if c.want != "" {
				n = 1
			}
			if strings.Count(logged, "\n") != n || !strings.Contains(logged, c.want) {
				t.Errorf("%q", logged)
			}
		})
	}
}

func TestTrustSocket(t *testing.T) {
	for trust, want := range map[bool]string{true: "203.0.113.9", false: ""} {
		if _, got := serveForwarded(&config.Config{TrustSocket: trust}, asked{"@", "203.0.113.9"}); got != want {
			t.Errorf("trust_socket %v: %q", trust, got)
		}
	}
	if _, got := serveForwarded(&config.Config{}, asked{"127.0.0.1:1", "203.0.113.9"}); got == "" {
		t.Error("trust_socket is not for TCP")
	}
}
