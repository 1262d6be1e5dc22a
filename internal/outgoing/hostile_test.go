package outgoing

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// hostile is a server that writes what it likes, over its connections themselves,
// and counts what was taken of it.
type hostile struct {
	listener    net.Listener
	written     atomic.Int64
	connections atomic.Int64
}

// answers has each connection read a request and write an answer, until the
// client hangs up.
func answers(t *testing.T, answer func(w io.Writer, n int)) *hostile {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := &hostile{listener: l}
	done := make(chan struct{})
	t.Cleanup(func() { l.Close(); <-done })
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			n := int(h.connections.Add(1))
			go func() {
				defer c.Close()
				buf := make([]byte, 4<<10)
				for got := ""; !strings.Contains(got, "\r\n\r\n"); {
					n, err := c.Read(buf)
					if err != nil {
						return
					}
					got += string(buf[:n])
				}
				answer(countedConn{c, &h.written}, n)
				// It does not hang up: that the client does is its own doing.
				_, _ = io.Copy(io.Discard, c)
			}()
		}
	}()
	return h
}

type countedConn struct {
	c net.Conn
	n *atomic.Int64
}

func (w countedConn) Write(b []byte) (int, error) {
	n, err := w.c.Write(b)
	w.n.Add(int64(n))
	return n, err
}

// forever writes a piece again and again, until nobody takes it.
func forever(w io.Writer, piece string, pause time.Duration) {
	for {
		if _, err := io.WriteString(w, piece); err != nil {
			return
		}
		time.Sleep(pause)
	}
}

func allowed(networks ...string) (list []netip.Prefix) {
	for _, n := range networks {
		list = append(list, netip.MustParsePrefix(n))
	}
	return list
}

// dialling connects to one address, whatever is asked for.
func dialling(address string) func(ctx context.Context, network, addr string) (net.Conn, error) {
	return func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}
}

// zipped is so many bytes of spaces, compressed.
func zipped(bytesOf int) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	block := bytes.Repeat([]byte(" "), 1<<20)
	for range bytesOf >> 20 {
		_, _ = z.Write(block)
	}
	z.Close()
	return b.Bytes()
}

// A server that answers as no honest one does is read for a bounded time, and for
// a bounded number of bytes, connections and redirects; what does not come to its
// end is an error, and what does is no more than a document may have.
func TestHostileServers(t *testing.T) {
	t.Parallel()
	const (
		most    = 64 << 10               // of a body
		timeout = 400 * time.Millisecond // of all
		slack   = 5 << 20                // that the kernel takes of a connection for nobody
	)
	bomb := zipped(64 << 20)
	twice := func() []byte {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, _ = z.Write(bomb)
		z.Close()
		return b.Bytes()
	}()
	const ok = "HTTP/1.1 200 OK\r\nContent-Type: application/activity+json\r\n"
	for name, c := range map[string]struct {
		answer      func(w io.Writer, n int)
		connections int64  // at most; 0 is one
		body        string // what is taken all the same
		fine        bool   // it is no error
	}{
		"a header without end":     {answer: func(w io.Writer, _ int) { forever(w, "HTTP/1.1 200 OK\r\nX: "+strings.Repeat("x", 1000), 0) }},
		"headers without end":      {answer: func(w io.Writer, _ int) { _, _ = io.WriteString(w, ok); forever(w, "X-Y: z\r\n", 0) }},
		"a header that trickles":   {answer: func(w io.Writer, _ int) { _, _ = io.WriteString(w, ok); forever(w, "x", 20*time.Millisecond) }},
		"no answer":                {answer: func(io.Writer, int) {}},
		"continue, without end":    {answer: func(w io.Writer, _ int) { forever(w, "HTTP/1.1 100 Continue\r\n\r\n", 0) }},
		"early hints, without end": {answer: func(w io.Writer, _ int) { forever(w, "HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n", 0) }},
		"another protocol": {answer: func(w io.Writer, _ int) {
			_, _ = io.WriteString(w, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n")
			forever(w, "x", 0)
		}},
		"no HTTP": {answer: func(w io.Writer, _ int) { forever(w, "SSH-2.0-OpenSSH\r\n", 0) }},
		"a body without end": {answer: func(w io.Writer, _ int) {
			_, _ = io.WriteString(w, ok+"\r\n")
			forever(w, strings.Repeat("x", 1000), 0)
		}},
		"a body that trickles": {answer: func(w io.Writer, _ int) {
			_, _ = io.WriteString(w, ok+"Content-Length: 1000\r\n\r\n")
			forever(w, "x", 20*time.Millisecond)
		}},
		"chunks without end": {answer: func(w io.Writer, _ int) {
			_, _ = io.WriteString(w, ok+"Transfer-Encoding: chunked\r\n\r\n")
			forever(w, "1\r\nx\r\n", 0)
		}},
		"a chunk with a long extension": {answer: func(w io.Writer, _ int) {
			_, _ = io.WriteString(w, ok+"Transfer-Encoding: chunked\r\n\r\n1;")
			forever(w, strings.Repeat("x", 1000), 0)
		}},
		"a chunk as long as can be": {answer: func(w io.Writer, _ int) {
			_, _ = io.WriteString(w, ok+"Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\n")
			forever(w, "x", 0)
		}},
		"trailers without end": {answer: func(w io.Writer, _ int) {
			_, _ = io.WriteString(w, ok+"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n")
			forever(w, "X-Y: z\r\n", 0)
		}},
		"a length that is too small": {answer: func(w io.Writer, _ int) {
			_, _ = io.WriteString(w, ok+"Content-Length: 2\r\n\r\n{}and more")
			forever(w, "x", 0)
		}, body: "{}", fine: true},
		"a length that is too large": {answer: func(w io.Writer, _ int) { _, _ = io.WriteString(w, ok+"Content-Length: 1000\r\n\r\n{}") }},
		"a length that is negative":  {answer: func(w io.Writer, _ int) { _, _ = io.WriteString(w, ok+"Content-Length: -1\r\n\r\n{}") }},
		"two lengths": {answer: func(w io.Writer, _ int) {
			_, _ = io.WriteString(w, ok+"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}x")
		}},
		"half closed": {answer: func(w io.Writer, _ int) {
			_, _ = io.WriteString(w, ok+"Content-Length: 1000\r\n\r\n{}")
			_ = w.(countedConn).c.(*net.TCPConn).CloseWrite()
		}},
		"reset": {answer: func(w io.Writer, _ int) {
			_, _ = io.WriteString(w, ok+"Content-Length: 1000\r\n\r\n{}")
			_ = w.(countedConn).c.(*net.TCPConn).SetLinger(0)
			w.(countedConn).c.Close()
		}},
		"a bomb of 64 MB": {answer: func(w io.Writer, _ int) {
			fmt.Fprintf(w, "%sContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s", ok, len(bomb), bomb)
		}},
		"a bomb in a bomb is no document": {fine: true, body: string(bomb), answer: func(w io.Writer, _ int) {
			fmt.Fprintf(w, "%sContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s", ok, len(twice), twice)
		}},
		"zipped rubbish": {answer: func(w io.Writer, _ int) {
			_, _ = io.WriteString(w, ok+"Content-Encoding: gzip\r\nContent-Length: 7\r\n\r\nrubbish")
		}},
		"redirects without end": {connections: maxRedirects + 1, answer: func(w io.Writer, n int) {
			fmt.Fprintf(w, "HTTP/1.1 302 Found\r\nLocation: /%d\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", n)
		}},
		"a redirect with a body without end": {answer: func(w io.Writer, _ int) {
			_, _ = io.WriteString(w, "HTTP/1.1 302 Found\r\nLocation: ftp://x/\r\n\r\n")
			forever(w, "x", 0)
		}},
		"a redirect to a long address": {answer: func(w io.Writer, _ int) {
			_, _ = io.WriteString(w, "HTTP/1.1 302 Found\r\nLocation: /"+strings.Repeat("x", 1<<20)+"\r\n\r\n")
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := answers(t, c.answer)
			client := New(Options{
				Resolver: resolver{"a.test": {"127.0.0.1"}}, AllowNetworks: allowed("127.0.0.0/8"), HeaderTimeout: timeout, IdleTimeout: timeout,
				DialContext: dialling(h.listener.Addr().String()),
			})
			defer client.Close()
			began := time.Now()
			resp, err := client.Do(t.Context(), Request{URL: "http://a.test/", MaxBytes: most, Timeout: timeout})
			took := time.Since(began)
			if c.fine != (err == nil) {
				t.Errorf("got %v", err)
			}
			if err == nil && (string(resp.Body) != c.body || len(resp.Body) > most) {
				t.Errorf("%d bytes are taken", len(resp.Body))
			}
			if took > timeout+5*time.Second { // a loaded machine's
				t.Errorf("it takes %v", took)
			}
			if n := h.written.Load(); n > slack {
				t.Errorf("%d bytes are read", n)
			}
			if n := h.connections.Load(); n > max(c.connections, 1) {
				t.Errorf("%d connections", n)
			}
			if errors.Is(err, io.EOF) && resp != nil {
				t.Error("a part is taken for the whole")
			}
		})
	}
}
