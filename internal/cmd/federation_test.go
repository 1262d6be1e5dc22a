package cmd_test

import (
	"encoding/json"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kinglet/ap"
	"kinglet/internal/apptest"
	"kinglet/internal/cmd"
)

// checkFrom is what a check says.
func checkFrom(t *testing.T, s *apptest.Server, target string) string {
	t.Helper()
	var out strings.Builder
	failed, err := s.Service.CheckFederation(t.Context(), target, func(st ap.Step) { cmd.PrintStep(&out, st) })
	if err != nil {
		return "error: " + err.Error() + "\n"
	}
	return out.String() + "failed: " + strings.Join(failed, ", ") + "\n"
}

// wellServed has a stranger's host answer as a server does: with NodeInfo, inboxes
// and the time.
func wellServed(s *apptest.Stranger) {
	h := s.Host
	dated := func(next func(w http.ResponseWriter)) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Date", s.World.Now().UTC().Format(http.TimeFormat))
			next(w)
		}
	}
	h.Handle("/.well-known/nodeinfo", dated(func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"links":[{"rel":"http://nodeinfo.diaspora.software/ns/schema/2.0","href":"https://` + h.Name + `/nodeinfo/2.0"}]}`))
	}))
	h.ServeAs("/nodeinfo/2.0", "application/json", `{"version":"2.0","software":{"name":"gotosocial","version":"0.19.1"},"protocols":["activitypub"]}`)
	for _, inbox := range []string{"/inbox", "/users/" + s.Name + "/inbox"} {
		h.Handle(inbox, func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPost {
				w.WriteHeader(http.StatusAccepted)
				return
			}
			w.WriteHeader(http.StatusMethodNotAllowed)
		})
	}
}

// unsteady is what changes with other work.
var unsteady = regexp.MustCompile(`\d+ bytes|kinglet [\d.]+\d`)

func golden(t *testing.T, name, got string) {
	t.Helper()
	got = unsteady.ReplaceAllStringFunc(got, func(s string) string {
		if strings.HasSuffix(s, "bytes") {
			return "N bytes"
		}
		return "kinglet X"
	})
	file := filepath.Join("testdata", name)
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil || string(want) != got {
		t.Errorf("it is not as in %s: %v\n%s", file, err, got)
	}
}

func TestCheckOfAServerThatIsWell(t *testing.T) {
	w := apptest.NewWorld(t)
	s := w.Server("own.example")
	alice, wren := s.Account("alice"), w.Stranger("wren@birds.example")
	wellServed(wren)
	wren.FollowedBy(alice)
	wren.Send(s, wren.Activity("Create", wren.Note("hello")))
	alice.Post("hello to all")
	w.Run()
	s.Service.WriteFederationLog(t.Context())
	w.Clock.Advance(time.Minute)
	golden(t, "check_well.txt", checkFrom(t, s, "@wren@birds.example"))
	golden(t, "check_own.txt", checkFrom(t, s, "@alice@own.example"))
}

// Each thing that can be wrong fails its step, and says what to do; all that is
// behind it is not asked.
func TestCheckOfAServerThatIsNotWell(t *testing.T) {
	for _, c := range []struct {
		name   string
		wrong  func(w *apptest.World, wren *apptest.Stranger)
		target string // "" is its handle
		failed string
		says   []string
	}{
		{"it is well", func(*apptest.World, *apptest.Stranger) {}, "", "", []string{"ok Inbox"}},
		{"no such name", func(_ *apptest.World, wren *apptest.Stranger) { wren.Host.NoSuchName() }, "", "Name", []string{"there is no such name", "spelt"}},
		{"a private address", func(_ *apptest.World, wren *apptest.Stranger) { wren.Host.At(netip.MustParseAddr("10.1.2.3")) }, "", "Name", []string{"10.1.2.3", "none of its addresses is one on the internet"}},
		{"one private address", func(_ *apptest.World, wren *apptest.Stranger) {
			wren.Host.At(netip.MustParseAddr("11.9.9.9"), netip.MustParseAddr("10.1.2.3"))
		}, "", "", []string{"note Name", "not used: 10.1.2.3"}},
		{"it does not answer", func(_ *apptest.World, wren *apptest.Stranger) { wren.Host.Refusing() }, "", "WebFinger", []string{"it refuses connections", "firewall"}},
		{"its host does not answer", func(_ *apptest.World, wren *apptest.Stranger) { wren.Host.Refusing() }, "birds.example", "Software", []string{"it refuses connections"}},
		{"what stands before it answers", func(_ *apptest.World, wren *apptest.Stranger) { wren.Host.Failing(http.StatusBadGateway) }, "https://birds.example/", "Software", []string{"502 Bad Gateway"}},
		{"a host without NodeInfo", func(_ *apptest.World, wren *apptest.Stranger) { wren.Host.Remove("/.well-known/nodeinfo") }, "birds.example", "", []string{"note Software"}},
		{"nobody of that name", func(*apptest.World, *apptest.Stranger) {}, "@nobody@birds.example", "WebFinger", []string{"host-meta", "404 Not Found", "does not say who @nobody@birds.example is"}},
		{"no link to an actor", func(_ *apptest.World, wren *apptest.Stranger) {
			wren.Host.ServeAs("/.well-known/webfinger", "application/jrd+json", `{"subject":"acct:wren@birds.example","links":[]}`)
		}, "", "WebFinger", []string{"names no ActivityPub actor"}},
		{"an actor of ours", func(_ *apptest.World, wren *apptest.Stranger) {
			wren.Host.ServeAs("/.well-known/webfinger", "application/jrd+json", `{"links":[{"rel":"self","type":"application/activity+json","href":"https://own.example/users/alice"}]}`)
		}, "", "WebFinger", []string{"belongs to an account of this server"}},
		{"host-meta leads on", func(w *apptest.World, wren *apptest.Stranger) {
			w.Host("split.example").ServeAs("/.well-known/host-meta", "application/xrd+xml", `<XRD><Link rel="lrdd" template="https://birds.example/wf?resource={uri}"/></XRD>`)
			wren.Host.ServeAs("/wf", "application/jrd+json", `{"subject":"acct:wren@birds.example","links":[{"rel":"self","type":"application/activity+json","href":"`+wren.URI+`"}]}`)
		}, "@wren@split.example", "", []string{"where its host-meta says", "its proper spelling is wren@birds.example", "note Handle"}},
		{"the actor is a page", func(_ *apptest.World, wren *apptest.Stranger) {
			wren.Host.ServeAs(wren.URI, "text/html", "<p>hello")
		}, "", "Actor", []string{"answers with a page (text/html)"}},
		{"the actor is another", func(_ *apptest.World, wren *apptest.Stranger) {
			wren.Document["id"] = "https://other.example/users/wren"
			wren.Host.Serve(wren.URI, wren.Document)
		}, "", "Actor", []string{"the document says that its id is https://other.example/users/wren", "not at its own id"}},
		{"the actor is broken", func(_ *apptest.World, wren *apptest.Stranger) { wren.Host.Serve(wren.URI, "{") }, "", "Actor", []string{"can't be read"}},
		{"the actor is gone", func(_ *apptest.World, wren *apptest.Stranger) {
			wren.Host.Handle("/users/wren", answering(http.StatusGone))
		}, "", "Actor", []string{"410 Gone", "deleted it"}},
		{"they block us", func(_ *apptest.World, wren *apptest.Stranger) {
			wren.Host.Handle("/users/wren", answering(http.StatusForbidden))
		}, "", "Actor", []string{"403 Forbidden", "blocked its domain"}},
		{"they can't verify us", func(_ *apptest.World, wren *apptest.Stranger) {
			wren.Host.Handle("/users/wren", answering(http.StatusUnauthorized))
		}, "", "Actor, Signatures", []string{"signed by RFC 9421", "They did not accept our signature"}},
		{"they want signatures", func(_ *apptest.World, wren *apptest.Stranger) {
			doc := encoded(wren.Document)
			wren.Host.Handle("/users/wren", func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Signature") == "" {
					w.WriteHeader(http.StatusUnauthorized)
					return
				}
				w.Header().Set("Content-Type", "application/activity+json")
				_, _ = w.Write(doc)
			})
		}, "", "", []string{"authorized fetch", "They verified our signature just now"}},
		{"another's handle", func(_ *apptest.World, wren *apptest.Stranger) {
			wren.Document["preferredUsername"] = "robin"
			wren.Publish()
			before := wren.URI
			wren.Host.Handle("/.well-known/webfinger", func(w http.ResponseWriter, r *http.Request) {
				href := "https://birds.example/users/robin"
				if strings.Contains(r.URL.Query().Get("resource"), "wren") {
					href = before
				}
				_, _ = w.Write([]byte(`{"links":[{"rel":"self","type":"application/activity+json","href":"` + href + `"}]}`))
			})
		}, "", "Handle", []string{"@robin@birds.example leads to another account"}},
		{"another's key", func(_ *apptest.World, wren *apptest.Stranger) {
			wren.Document["publicKey"].(apptest.Object)["owner"] = "https://birds.example/users/robin"
			wren.Publish()
		}, "", "Keys", []string{"of another: https://birds.example/users/robin"}},
		{"no key that can be read", func(_ *apptest.World, wren *apptest.Stranger) {
			wren.Document["publicKey"].(apptest.Object)["publicKeyPem"] = "no key"
			wren.Publish()
		}, "", "Keys", []string{"can't be read"}},
		{"an inbox elsewhere", func(_ *apptest.World, wren *apptest.Stranger) {
			wren.Document["inbox"] = "https://other.example/inbox"
			wren.Publish()
		}, "", "Keys, Inbox", []string{"The inbox is on another server"}},
		{"an inbox that redirects", func(_ *apptest.World, wren *apptest.Stranger) {
			wren.Host.Handle("/inbox", func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, "https://birds.example/inbox/", http.StatusMovedPermanently)
			})
		}, "", "Inbox", []string{"redirects to https://birds.example/inbox/", "A post is never redirected"}},
		{"an inbox that is gone", func(_ *apptest.World, wren *apptest.Stranger) { wren.Host.Handle("/inbox", answering(http.StatusGone)) }, "", "Inbox", []string{"The inbox is gone"}},
		{"an inbox that fails", func(_ *apptest.World, wren *apptest.Stranger) { wren.Host.Handle("/inbox", answering(502)) }, "", "Inbox", []string{"does not work at the moment"}},
		{"an inbox that is not found", func(_ *apptest.World, wren *apptest.Stranger) { wren.Host.Handle("/inbox", answering(404)) }, "", "", []string{"Mastodon"}},
		{"a clock that is a little off", func(_ *apptest.World, wren *apptest.Stranger) { clockOff(wren, 20*time.Minute) }, "", "", []string{"note Clock", "Their clock is about 20m ahead of ours.", "NTP"}},
		{"a clock that is off", func(_ *apptest.World, wren *apptest.Stranger) { clockOff(wren, -13*time.Hour) }, "", "Clock", []string{"about 13h behind ours", "is refused here"}},
		{"a clock that is ahead", func(_ *apptest.World, wren *apptest.Stranger) { clockOff(wren, 2*time.Hour) }, "", "Clock", []string{"ahead of ours"}},
		{"no NodeInfo", func(_ *apptest.World, wren *apptest.Stranger) { wren.Host.Remove("/.well-known/nodeinfo") }, "", "", []string{"note Software", "skip Clock"}},
		{"its page", func(_ *apptest.World, wren *apptest.Stranger) {
			wren.Host.ServeAs("/@wren", "text/html", `<link rel="alternate" type="application/activity+json" href="`+wren.URI+`">`)
		}, "https://birds.example/@wren", "", []string{"the page links to its document", "@wren@birds.example name each other"}},
		{"the server alone", func(*apptest.World, *apptest.Stranger) {}, "birds.example", "", []string{"It is gotosocial 0.19.1", "blocks nothing of birds.example"}},
		{"a post", func(_ *apptest.World, wren *apptest.Stranger) {
			wren.Host.Serve("/1", apptest.Object{"@context": "https://www.w3.org/ns/activitystreams", "id": "https://birds.example/1", "type": "Note", "attributedTo": wren.URI, "content": "x"})
		}, "https://birds.example/1", "", []string{"it is a post of " + "https://birds.example/users/wren"}},
		{"what a terminal obeys", func(_ *apptest.World, wren *apptest.Stranger) {
			wren.Host.ServeAs("/nodeinfo/2.0", "application/json", `{"software":{"name":"\u001b[2Jevil\u202e\r\n","version":"`+strings.Repeat("9", 50_000)+`"},"protocols":["activitypub"]}`)
		}, "", "", []string{"It is [2Jevil"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := apptest.NewWorld(t)
			s := w.Server("own.example")
			s.Account("alice")
			wren := w.Stranger("wren@birds.example")
			wellServed(wren)
			c.wrong(w, wren)
			if c.target == "" {
				c.target = "@wren@birds.example"
			}
			got := checkFrom(t, s, c.target)
			if !strings.HasSuffix(got, "\nfailed: "+c.failed+"\n") {
				t.Errorf("not %q failed:\n%s", c.failed, got)
			}
			flat := flat(got)
			for _, say := range c.says {
				if !strings.Contains(flat, say) {
					t.Errorf("it does not say %q:\n%s", say, got)
				}
			}
			if c.failed != "" && !strings.Contains(got, "What to do: ") {
				t.Errorf("it does not say what to do:\n%s", got)
			}
			if strings.ContainsAny(got, "\x1b\u202e\r") || len(got) > 20_000 {
				t.Errorf("it says what a terminal obeys, or too much: %q", got)
			}
			if n := len(wren.Host.Asked(http.MethodGet, "/inbox/")); n > 0 {
				t.Error("an inbox's redirect is followed")
			}
			for _, r := range wren.Host.Asked(http.MethodPost, "") {
				t.Errorf("a check posts to %s", r.Target)
			}
		})
	}
}

// flat is a text on one line.
func flat(s string) string { return strings.Join(strings.Fields(s), " ") }

func answering(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }
}

// clockOff has a host's NodeInfo be dated by a clock that is off.
func clockOff(s *apptest.Stranger, off time.Duration) {
	s.Host.Handle("/.well-known/nodeinfo", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Date", s.World.Now().Add(off).UTC().Format(http.TimeFormat))
		w.WriteHeader(http.StatusNotFound)
	})
}

func encoded(o apptest.Object) []byte {
	b, err := json.Marshal(o)
	if err != nil {
		panic(err)
	}
	return b
}

// What is remembered is told too: a server that is set aside or dead, what was
// refused, blocks; and what others find here that is not right.
func TestCheckTellsWhatIsRemembered(t *testing.T) {
	w := apptest.NewWorld(t)
	s := w.Server("own.example", "KINGLET_FEDERATION_DEAD_AFTER=1d")
	alice, wren := s.Account("alice"), w.Stranger("wren@birds.example")
	wellServed(wren)
	wren.Follow(alice)
	w.Run()
	wren.Send(s, wren.Activity("Create", wren.Note("not mine", "attributedTo", "https://other.example/x")))
	s.Service.WriteFederationLog(t.Context())
	if got := flat(checkFrom(t, s, wren.URI)); !strings.Contains(got, "note From them") || !strings.Contains(got, "refused 2026") {
		t.Errorf("what was refused is not told:\n%s", got)
	}
	wren.Host.Handle("/inbox", answering(http.StatusForbidden))
	alice.Post("one")
	w.Clock.Advance(time.Second)
	w.Run()
	if got := flat(checkFrom(t, s, wren.URI)); !strings.Contains(got, "failed: To them") || !strings.Contains(got, "answers 403") {
		t.Errorf("that they refuse is not told:\n%s", got)
	}
	wren.Host.Down()
	alice.Post("two")
	w.Run()
	if got := flat(checkFrom(t, s, wren.URI)); !strings.Contains(got, "it is tried again 2026") {
		t.Errorf("that it is set aside is not told:\n%s", got)
	}
	w.Advance(48 * time.Hour)
	if got := flat(checkFrom(t, s, wren.URI)); !strings.Contains(got, "nothing more is sent to it") {
		t.Errorf("that it is dead is not told:\n%s", got)
	}
	wren.Host.Up()
	alice.Relate("block", "@wren@birds.example")
	if got := flat(checkFrom(t, s, wren.URI)); !strings.Contains(got, "It is blocked by @alice.") {
		t.Errorf("that it is blocked is not told:\n%s", got)
	}
}

// A host that answers each request when almost all of its time is over does not
// have it said that something is wrong here.
func TestCheckOfAServerThatTricklesBlamesNothingHere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := apptest.NewWorld(t)
		s := w.Server("own.example")
		s.Account("alice")
		slow := w.Host("slow.example")
		slow.Fallback(func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(14 * time.Second)
			w.Header().Set("Content-Type", "application/activity+json")
			switch path := r.URL.Path; {
			case path == "/.well-known/host-meta":
				w.Header().Set("Content-Type", "application/xrd+xml")
				_, _ = w.Write([]byte(`<XRD><Link rel="lrdd" template="https://slow.example/wf?resource={uri}"/></XRD>`))
			case path == "/wf":
				_, _ = w.Write([]byte(`{"links":[{"rel":"self","type":"application/activity+json","href":"https://slow.example/page"}]}`))
			case r.Header.Get("Signature") != "" && r.Header.Get("Signature-Input") == "":
				w.WriteHeader(http.StatusUnauthorized)
			case path == "/page":
				w.Header().Set("Content-Type", "text/html")
				_, _ = w.Write([]byte(`<link rel="alternate" type="application/activity+json" href="https://slow.example/document">`))
			case path == "/document", path == "/wren":
				_, _ = w.Write([]byte(`{"id":"https://slow.example/wren","type":"Person","preferredUsername":"robin"}`))
			default:
				w.WriteHeader(http.StatusNotFound)
			}
		})
		began := time.Now()
		got := flat(checkFrom(t, s, "@wren@slow.example"))

		if took := time.Since(began); took > 4*time.Minute || took < 2*time.Minute {
			t.Errorf("it takes %v", took)
		}
		if strings.Contains(got, "The database could not be read") || !strings.Contains(got, "ok This server") {
			t.Errorf("it blames this server:\n%s", got)
		}
	})
}

func TestCheckOfThisServer(t *testing.T) {
	for _, c := range []struct {
		name, target string
		wrong        func(w *apptest.World, s *apptest.Server)
		failed, says string
	}{
		{"its domain", "own.example", nil, "", "No server is known to be away"},
		{"its URL", "https://own.example/", nil, "", ""},
		{"nobody", "@nobody@own.example", nil, "Account", "no account nobody"},
		{"no address", "@alice@own.example", func(w *apptest.World, _ *apptest.Server) { w.Host("own.example").NoSuchName() }, "Name", ""},
		{"no way in", "@alice@own.example", func(w *apptest.World, _ *apptest.Server) { w.Host("own.example").Refusing() }, "WebFinger, Actor, Inbox, Server key", "from elsewhere"},
		{"another's documents", "@alice@own.example", func(w *apptest.World, _ *apptest.Server) {
			w.Host("own.example").ServeAs("/users/alice", "text/html", "<p>")
		}, "Actor", "is answered with a page"},
		{"another's key", "@alice@own.example", func(w *apptest.World, s *apptest.Server) {
			w.Host("own.example").Serve("/actor", apptest.Object{"id": "https://own.example/actor", "type": "Application", "publicKey": apptest.Object{"id": "x", "owner": "https://own.example/actor", "publicKeyPem": "another"}})
		}, "Server key", "another key"},
		{"inboxes that are pages", "@alice@own.example", func(w *apptest.World, _ *apptest.Server) {
			w.Host("own.example").ServeAs("/inbox", "text/html", "<p>")
		}, "Inbox", "posts to https://own.example/inbox"},
		{"a server that is away", "@alice@own.example", func(w *apptest.World, s *apptest.Server) {
			bob := w.Stranger("bob@b.example")
			bob.Follow(s.Account("alice"))
			bob.Host.Down()
			s.Account("alice").Post("hello")
			w.Run()
		}, "", "b.example since"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := apptest.NewWorld(t)
			s := w.Server("own.example")
			s.Account("alice")
			if c.wrong != nil {
				c.wrong(w, s)
			}
			got := checkFrom(t, s, c.target)
			if !strings.HasSuffix(got, "\nfailed: "+c.failed+"\n") {
				t.Errorf("not %q failed:\n%s", c.failed, got)
			}
			if !strings.Contains(flat(got), c.says) {
				t.Errorf("it does not say %q:\n%s", c.says, got)
			}
		})
	}
}

// The command says what it was asked, and ends with 1 when something failed.
func TestFederationCommands(t *testing.T) {
	s := newShell(t)
	s.run("account", "create", "bob", "--email", "bob@mail.test", "--password", "correct-horse")
	out, err := s.try("federation", "check", "@wren@10.0.0.1")
	if err == nil || !strings.Contains(err.Error(), "not all is well: see Name") || !strings.HasPrefix(out, "Checking @wren@10.0.0.1, from a.test\n") || !strings.Contains(out, "FAIL  Name") {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err := s.try("federation", "check", "x\x1b[2J y"); err == nil || strings.Contains(out, "\x1b") {
		t.Errorf("%v %q", err, out)
	}
	if out := s.run("why", "@bob"); !strings.Contains(out, "The account @bob.") {
		t.Errorf("%s", out)
	}
	if _, err := s.try("why", "https://far.test/1"); err != nil {
		t.Errorf("%v", err)
	}
	for _, args := range [][]string{{"why"}, {"why", "a b"}, {"federation", "check"}} {
		if _, err := s.try(args...); err == nil {
			t.Errorf("%v has no error", args)
		}
	}
}
