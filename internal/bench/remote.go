package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"kinglet/ap/signature"
)

// remote is all the other servers: one listener with many addresses, over TLS.
type remote struct {
	server   http.Server
	pages    http.Handler // what they have to show; nil for nothing
	mu       sync.Mutex
	arrived  []time.Time
	expected chan struct{} // closed when so many have arrived
	want     int
}

// startRemote starts it, and writes its certificate to a file.
func startRemote(certificates string) (*remote, error) {
	cert, err := certificate(certificates)
	if err != nil {
		return nil, err
	}
	l, err := tls.Listen("tcp", fmt.Sprint("0.0.0.0:", remotePort), &tls.Config{Certificates: []tls.Certificate{cert}, NextProtos: []string{"h2", "http/1.1"}})
	if err != nil {
		return nil, err
	}
	r := &remote{}
	r.server.Handler = http.HandlerFunc(r.inbox)
	go func() { _ = r.server.Serve(l) }()
	return r, nil
}

func certificate(path string) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	t := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "bench"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	for i := range max(hosts, floodHosts) {
		host, _, _ := net.SplitHostPort(hostOf(i))
		t.IPAddresses = append(t.IPAddresses, net.ParseIP(host))
	}
	der, err := x509.CreateCertificate(rand.Reader, t, t, &key.PublicKey, key)
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600)
}

// inbox takes everything.
func (r *remote) inbox(w http.ResponseWriter, req *http.Request) {
	_, _ = io.Copy(io.Discard, req.Body)
	if req.Method != http.MethodPost {
		if r.pages != nil {
			r.pages.ServeHTTP(w, req)
		} else {
			http.NotFound(w, req)
		}
		return
	}
	w.WriteHeader(http.StatusAccepted)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.arrived = append(r.arrived, time.Now())
	if len(r.arrived) == r.want {
		close(r.expected)
	}
}

// expect has the returned channel closed after n deliveries from now on.
func (r *remote) expect(n int) <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.arrived, r.want, r.expected = nil, n, make(chan struct{})
	return r.expected
}

// last is when the latest delivery arrived.
func (r *remote) last() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.arrived) == 0 {
		return time.Time{}
	}
	return r.arrived[len(r.arrived)-1]
}

// signedNote is a Create that a remote account posts to the owner's inbox.
func (m *measurement) signedNote(n int) (*http.Request, error) {
	id := fmt.Sprintf("%s/measured/%d-%d", m.facts.Actor, m.run, n)
	body := fmt.Appendf(nil, `{"@context":["https://www.w3.org/ns/activitystreams",{"sensitive":"as:sensitive"}],"id":"%[1]s/activity","type":"Create","actor":"%[2]s","published":"%[3]s",
		"to":["https://www.w3.org/ns/activitystreams#Public"],"cc":["%[2]s/followers"],"object":{"id":"%[1]s","type":"Note","attributedTo":"%[2]s","published":"%[3]s",
		"to":["https://www.w3.org/ns/activitystreams#Public"],"cc":["%[2]s/followers"],"url":"%[1]s","summary":null,"inReplyTo":null,"sensitive":false,"atomUri":"%[1]s","conversation":"tag:bench,2026:%[4]d",
		"content":"%[5]s","contentMap":{"en":"%[5]s"},"attachment":[],"tag":[]}}`,
		id, m.facts.Actor, time.Now().UTC().Format(time.RFC3339), n, plainText)
	req, err := http.NewRequest(http.MethodPost, "http://"+listen+"/inbox", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Host = domain
	req.Header.Set("Content-Type", "application/activity+json")
	req.Header.Set("X-Forwarded-Proto", "https")
	return req, signature.Sign(req, body, m.facts.KeyID, m.key, time.Now())
}

const plainText = "<p>This is a post of a middling length, with a few words more than a short one has, and <strong>one</strong> of them stands out. It has a second sentence as well, and a third.</p>"
