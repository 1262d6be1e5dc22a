package cmd

import (
	"net"
	"testing"
)

func TestDialerIsBounded(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	d := newDialer(budget{dials: 1, lookups: 1})
	var first net.Conn
	told := 0
	d.full = func() { told++; first.Close(); first.Close() } // twice counts once
	if first, err = d.DialContext(t.Context(), "tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	second, err := d.DialContext(t.Context(), "tcp", l.Addr().String())
	if err != nil || told != 1 || len(d.slots) != 1 {
		t.Fatalf("%v, told %d times, %d open", err, told, len(d.slots))
	}
	second.Close()
	if _, err := d.DialContext(t.Context(), "tcp", "127.0.0.1:1"); err == nil || len(d.slots) != 0 {
		t.Errorf("%v, %d open after a failure", err, len(d.slots))
	}
}
