package cmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// healthTime limits the whole check.
const healthTime = 5 * time.Second

// health checks the server at the configured address: for a container's
// HEALTHCHECK and the like.
func health(c *call) error {
	conf, err := c.config(false)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(c.ctx, healthTime)
	defer cancel()
	network, address := dialable(conf.Listen)
	transport := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, address)
	}}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://localhost/health", nil)
	if err != nil {
		return err
	}
	resp, err := transport.RoundTrip(r)
	if err != nil {
		return fmt.Errorf("the server does not answer at %s: %w", conf.Listen, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		var said struct{ Error string }
		b, _ := io.ReadAll(io.LimitReader(resp.Body, 4<<10))
		_ = json.Unmarshal(b, &said)
		return errors.New(strings.TrimSpace(fmt.Sprintf("the server at %s is not healthy: %s %s", conf.Listen, resp.Status, said.Error)))
	}
	fmt.Fprintln(c.out, "OK")
	return nil
}

// dialable is the address to connect to for a listen address.
func dialable(listen string) (network, address string) {
	if path, ok := strings.CutPrefix(listen, "unix:"); ok {
		return "unix", path
	}
	host, port, _ := net.SplitHostPort(listen)
	switch host {
	case "", "0.0.0.0":
		host = "127.0.0.1"
	case "::":
		host = "::1"
	}
	return "tcp", net.JoinHostPort(host, port)
}
