package apptest_test

import (
	"errors"
	"net"
	"net/netip"
	"os/exec"
	"strings"
	"testing"
	"time"

	"kinglet/internal/apptest"
	"kinglet/internal/outgoing"
	"kinglet/store/storetest"
)

func TestTwoServers(t *testing.T) {
	w := apptest.NewWorld(t)
	alice, bob := w.Server("a.test").Account("alice"), w.Server("b.test").Account("bob")
	alice.Follow("@bob@b.test")
	w.Run()
	if r := alice.Relationship(bob.Handle); r["following"] != true {
		t.Fatal(r)
	}
	post := bob.Post("Hello")
	w.Run()
	if !alice.HasInHome(post.URI) {
		t.Error("the post is not in the follower's home")
	}
	alice.Act("favourite", post)
	w.Run()
	if got := bob.Notifications(); len(got) != 2 || got[0] != "favourite @alice@a.test" {
		t.Error(got)
	}
}

// What tests are made of is in no binary.
func TestIsNotLinked(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "kinglet").Output()
	if err != nil {
		t.Fatal(err)
	}
	for pkg := range strings.Lines(string(out)) {
		switch pkg = strings.TrimSpace(pkg); pkg {
		case "testing", "net/http/httptest", "kinglet/internal/apptest", "kinglet/store/storetest", "kinglet/api/apitest", "kinglet/ap/vocab/vocabtest":
			t.Errorf("the binary has %s in it", pkg)
		}
	}
	if len(out) == 0 {
		t.Error("nothing is listed")
	}
}

// The world's network judges addresses as the real one does, and fails as it
// is told to.
func TestNetwork(t *testing.T) {
	w := apptest.NewWorld(t)
	s := w.Server("a.test")
	h := w.Host("b.test").ServeAs("/page", "text/plain", strings.Repeat("x", 1000))
	get := func(url string) (*outgoing.Response, error) {
		return s.Client.Do(t.Context(), outgoing.Request{URL: url})
	}
	isTimeout := func(err error) bool { var t net.Error; return errors.As(err, &t) && t.Timeout() }
	refused := func(err error) bool { return outgoing.IsRefused(err) }
	other := func(err error) bool { return err != nil && !outgoing.IsRefused(err) && !isTimeout(err) }
	for _, c := range []struct {
		name string
		do   func()
		url  string
		want func(err error) bool
		took time.Duration
	}{
		{"up", func() { h.Up() }, "https://b.test/page", func(err error) bool { return err == nil }, 0},
		{"down", func() { h.Down() }, "https://b.test/page", isTimeout, 5 * time.Second},
		{"refusing", func() { h.Refusing() }, "https://b.test/page", other, 0},
		{"no name", func() { h.NoSuchName() }, "https://b.test/page", other, 0},
		{"slow", func() { h.Slow(3 * time.Second) }, "https://b.test/page", func(err error) bool { return err == nil }, 3 * time.Second},
		{"too slow", func() { h.Slow(time.Hour) }, "https://b.test/page", isTimeout, 10 * time.Second},
		{"cut off", func() { h.CutOff(500) }, "https://b.test/page", other, 0},
		{"another port", func() { h.Up() }, "https://b.test:8443/page", refused, 0},
		{"plain http", func() { h.Up() }, "http://b.test/page", refused, 0},
		{"nowhere", func() {}, "https://c.test/page", other, 0},
		{"a private address", func() { h.Up().At(netip.MustParseAddr("10.0.0.1")) }, "https://b.test/page", refused, 0},
		{"one of them public", func() { h.At(netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("11.1.1.1")) }, "https://b.test/page", func(err error) bool { return err == nil }, 0},
	} {
		c.do()
		before := w.Now()
		_, err := get(c.url)
		if !c.want(err) {
			t.Errorf("%s: %v", c.name, err)
		}
		if took := w.Now().Sub(before); took != c.took {
			t.Errorf("%s: it took %s of the world's time", c.name, took)
		}
	}
	h.Up().Failing(418)
	if resp, err := get("https://b.test/page"); err != nil || resp.Status != 418 {
		t.Errorf("failing: %v %v", resp, err)
	}
}

// A server's memory ends with a restart, and its database does not.
func TestRestart(t *testing.T) {
	w := apptest.NewWorld(t)
	alice := w.Server("a.test").Account("alice")
	post := alice.Post("hello")
	w.Server("a.test").Restart("KINGLET_TITLE=Another name")
	if alice.Status(post.URI) == nil {
		t.Error("the post is gone")
	}
	if got := alice.Do("GET", "/api/v2/instance")["title"]; got != "Another name" {
		t.Errorf("the server is called %v", got)
	}
}

// A server of the world may be on PostgreSQL.
func TestOnPostgres(t *testing.T) {
	w := apptest.NewWorld(t)
	alice := w.Server("a.test", "KINGLET_DATABASE="+storetest.PostgresURL(t)).Account("alice")
	bob := w.Server("b.test").Account("bob")
	bob.Follow(alice.Handle)
	w.Run()
	post := alice.Post("hello")
	w.Advance(time.Hour)
	if !bob.HasInHome(post.URI) {
		t.Error("the post is not in the follower's home")
	}
	if n := alice.Server.Count(`SELECT COUNT(*) FROM follows`); n != 1 {
		t.Errorf("%d follows", n)
	}
}
