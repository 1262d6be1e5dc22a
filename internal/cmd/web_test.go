package cmd

import (
	"bufio"
	"io"
	"log/slog"
	"net"
	"net/http"
	"testing"
	"time"
)

// net/http answers some requests itself, past respond.Deadlines: who sends
// their bodies slowly is cut off as well.
func TestRequestsPastTheHandlerEnd(t *testing.T) {
	web := newWeb(http.NotFoundHandler(), slog.New(slog.DiscardHandler))
	web.ReadTimeout /= 600 // a tenth of a second, as long as there is one
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go web.Serve(l)
	defer web.Close()
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "OPTIONS * HTTP/1.1\r\nHost: a.test\r\nContent-Length: 100\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, err := http.ReadResponse(bufio.NewReader(conn), nil); err != nil {
		t.Errorf("it waits for the body for good: %v", err)
	}
}
