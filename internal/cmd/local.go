package cmd

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"

	"kinglet/ap"
	"kinglet/internal/auth"
	"kinglet/internal/config"
	"kinglet/internal/fault"
	"kinglet/store"
)

// local runs a server on localhost that needs no settings: a temporary
// database, a ready account, and some posts.
func local(c *call) error {
	dir, err := os.MkdirTemp("", "kinglet-local-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	port, err := freePort(8080)
	if err != nil {
		return err
	}
	host := fmt.Sprintf("localhost:%d", port)
	c.defaults = map[string]string{
		"domain": host, "url": "http://" + host, "listen": fmt.Sprintf("127.0.0.1:%d", port),
		"database": filepath.Join(dir, "kinglet.db"), "allow_networks": "127.0.0.0/8, ::1", "log_level": "warn", "title": "Kinglet at home",
	}
	conf, err := c.config(true)
	if err != nil {
		return err
	}
	c.fresh = conf.Database == c.defaults["database"]
	srv, err := c.start(conf, false)
	if err != nil {
		return err
	}
	password := auth.NewSecret()[:12]
	if err := makeNeighbours(c.ctx, srv.Service, srv.Auth, password); err != nil {
		return err
	}
	token, err := srv.Auth.CreateToken(c.ctx, "you", "read write follow push")
	if err != nil {
		return err
	}
	fmt.Fprintf(c.out, `
  Kinglet is running. Ctrl-C stops it, and what it holds goes with it.

    address   %s
    account   you  (@%s)
    password  %s

  Look at %s, or sign in at that address with a Mastodon app.
  A first post:

    curl -H 'Authorization: Bearer %s' -d 'status=Hello, world' %s/api/v1/statuses

`, conf.URL, conf.Handle("you"), password, conf.ProfileURL("you"), token, conf.URL)
	return srv.run(c.ctx)
}

// freePort is the wanted port on localhost, or any that is free.
func freePort(wanted int) (int, error) {
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", wanted))
	if err != nil {
		if l, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			return 0, err
		}
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// makeNeighbours creates two accounts that follow each other and their posts. A
// database that was used before is left unchanged.
func makeNeighbours(ctx context.Context, s *ap.Service, authService *auth.Service, password string) error {
	you, err := s.CreateAccount(ctx, ap.NewAccount{Username: "you", Email: "you@localhost.localdomain", Password: password, Admin: true})
	if fault.Is(err, fault.Conflict) {
		return authService.SetPassword(ctx, "you", password)
	}
	if err != nil {
		return err
	}
	wren, err := s.CreateAccount(ctx, ap.NewAccount{Username: "wren", Email: "wren@localhost.localdomain", Password: auth.NewSecret()})
	if err != nil {
		return err
	}
	text := func(s string) *string { return &s }
	for id, p := range map[store.AccountID]ap.ProfileChange{
		you.ID: {DisplayName: text("You"), Note: text("This is your profile. Change it in your app, under “Edit profile”."),
			Fields: &[]store.Field{{Name: "Runs on", Value: "Kinglet " + config.Version}}},
		wren.ID: {DisplayName: text("Wren"), Note: text("A neighbour, to have somebody to talk with. #birds")},
	} {
		if err := s.UpdateProfile(ctx, id, p); err != nil {
			return err
		}
	}
	if err := s.Follow(ctx, you.ID, wren.ID, ap.FollowSettings{}); err != nil {
		return err
	}
	if err := s.Follow(ctx, wren.ID, you.ID, ap.FollowSettings{}); err != nil {
		return err
	}
	hello, err := s.Post(ctx, wren.ID, ap.PostRequest{Text: "Welcome, @you! This is a whole server of the fediverse, and it fits in one file.\n\nThe smallest birds are called kinglets: https://en.wikipedia.org/wiki/Kinglet #birds"})
	if err != nil {
		return err
	}
	answer, err := s.Post(ctx, you.ID, ap.PostRequest{Text: "@wren Thank you. What can it do?", InReplyTo: hello})
	if err != nil {
		return err
	}
	if _, err := s.Post(ctx, wren.ID, ap.PostRequest{
		Text: "@you Post, boost, favourite, follow anyone on any server, and be followed back.", SpoilerText: "the long answer", InReplyTo: answer,
	}); err != nil {
		return err
	}
	if err := s.Favourite(ctx, you.ID, hello); err != nil {
		return err
	}
	if _, err := s.Boost(ctx, you.ID, hello, store.Public); err != nil {
		return err
	}
	note, err := s.Post(ctx, you.ID, ap.PostRequest{Text: "My first post, pinned so that everyone sees it. Hello #fediverse!"})
	if err != nil {
		return err
	}
	return s.Pin(ctx, you.ID, note, true)
}
