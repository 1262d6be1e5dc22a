package outgoing

import (
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync/atomic"
	"testing"
)

// Requests to many hosts, one round after the other, connect to each host once,
// and a host that is connected to again later goes on with its TLS session.
func TestConnectionsAreKept(t *testing.T) {
	for _, http2 := range []bool{false, true} {
		t.Run(fmt.Sprint("of a server that speaks HTTP/2: ", http2), func(t *testing.T) {
			var connections, resumed atomic.Int32
			srv := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				if r.TLS.DidResume {
					resumed.Add(1)
				}
				if r.ProtoMajor != 1 {
					t.Errorf("it is asked with %s", r.Proto)
				}
			}))
			srv.EnableHTTP2 = http2
			srv.Config.ConnState = func(_ net.Conn, state http.ConnState) {
				if state == http.StateNew {
					connections.Add(1)
				}
			}
			srv.StartTLS()
			defer srv.Close()
			certificates := x509.NewCertPool()
			certificates.AddCert(srv.Certificate())
			const hosts = 150
			names := resolver{}
			for i := range hosts {
				names[fmt.Sprintf("h%d.example.com", i)] = []string{"127.0.0.1"} // of the certificate
			}
			_, port, _ := net.SplitHostPort(srv.Listener.Addr().String())
			c := New(Options{Resolver: names, RootCAs: certificates, AllowNetworks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
			defer c.Close()
			round := func() {
				for i := range hosts {
					if _, err := c.Do(t.Context(), Request{URL: fmt.Sprintf("https://h%d.example.com:%s/", i, port), Body: []byte("{}")}); err != nil {
						t.Fatal(err)
					}
				}
			}
			round()
			round()
			if n := connections.Load(); n != hosts {
				t.Errorf("%d connections for %d hosts", n, hosts)
			}
			if n := resumed.Load(); n != 0 {
				t.Errorf("%d sessions are resumed, of hosts that were not known", n)
			}
			c.CloseIdle()
			round()
			if n := resumed.Load(); n < hosts*9/10 { // an answer that ended just now keeps its connection
				t.Errorf("%d sessions are resumed", n)
			}
		})
	}
}
