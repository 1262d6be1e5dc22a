package ap_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"kinglet/internal/apptest"
)

// tricks are the table of TestHostileHosts.
func tricks() []trick {
	return []trick{
		{
			name: "a thread above that never ends", requests: 45, rows: 42,
			do: func(s *trickery) {
				document(s.mallory.Host, func(uri string, n int) object {
					return object{"id": uri, "type": "Note", "attributedTo": s.mallory.URI, "content": "x", "to": apptest.Public, "inReplyTo": fmt.Sprint("https://", s.mallory.Host.Name, "/above/", n)}
				})
				s.mention("inReplyTo", "https://"+s.mallory.Host.Name+"/above/0")
			},
		},
		{
			name: "a post that answers itself", requests: 10, rows: 2,
			do: func(s *trickery) {
				uri := s.mallory.URI + "/notes/itself"
				s.mention("id", uri, "inReplyTo", uri, "replies", uri, "context", uri)
				s.open(uri)
			},
		},
		{
			name: "an outbox without end, of the same post", followed: true, requests: 13, rows: 2,
			do: func(s *trickery) {
				note := s.mallory.Note("again")
				document(s.mallory.Host, func(uri string, n int) object {
					return object{"id": uri, "type": "OrderedCollectionPage", "totalItems": 1 << 53, "orderedItems": []any{s.mallory.Activity("Create", note)}, "next": fmt.Sprint("https://", s.mallory.Host.Name, "/outbox/", n)}
				})
				s.mallory.Document["featured"] = "https://" + s.mallory.Host.Name + "/featured"
				s.mallory.Document["outbox"] = "https://" + s.mallory.Host.Name + "/outbox/0"
				s.mallory.Publish()
				s.world.Advance(2 * time.Hour)
				s.alice.Call("GET", "/api/v1/accounts/"+s.alice.Find(s.mallory.URI))
			},
		},
		{
			name: "a page of 10,000 posts, each with 10,000 more", followed: true, requests: 50, rows: 45,
			do: func(s *trickery) {
				var items []any
				for i := range 9_000 {
					items = append(items, fmt.Sprint("https://", s.mallory.Host.Name, "/n/", i))
				}
				document(s.mallory.Host, func(uri string, _ int) object {
					return object{"id": uri, "type": "Note", "attributedTo": s.mallory.URI, "content": "x", "to": apptest.Public, "inReplyTo": s.mallory.URI + "/notes/root", "replies": object{"type": "Collection", "items": items}}
				})
				s.mention("id", s.mallory.URI+"/notes/root", "replies", object{"type": "Collection", "items": items})
				s.open(s.mallory.URI + "/notes/root")
			},
		},
		{
			name: "boosts of boosts", followed: true, requests: 12, rows: 2,
			do: func(s *trickery) {
				document(s.mallory.Host, func(uri string, n int) object {
					return object{"id": uri, "type": "Announce", "actor": s.mallory.URI, "to": apptest.Public, "object": fmt.Sprint("https://", s.mallory.Host.Name, "/boost/", n)}
				})
				for i := range 5 {
					s.send(s.mallory, s.mallory.Activity("Announce", fmt.Sprint("https://", s.mallory.Host.Name, "/boost/start", i)))
				}
			},
		},
		{
			name: "quotes of quotes, in a circle", requests: 8, rows: 4,
			do: func(s *trickery) {
				at := func(n string) string { return s.mallory.URI + "/notes/" + n }
				s.mallory.Note("b", "id", at("b"), "quote", at("c"))
				s.mallory.Note("c", "id", at("c"), "quote", at("a"))
				s.mention("id", at("a"), "quote", at("b"))
			},
		},
		{
			name: "an id that leads to another id, and so on", requests: 4, rows: 1,
			do: func(s *trickery) {
				document(s.mallory.Host, func(_ string, n int) object {
					return object{"id": fmt.Sprint("https://", s.mallory.Host.Name, "/id/", n), "type": "Note", "attributedTo": s.mallory.URI, "content": "x", "to": apptest.Public}
				})
				s.alice.Call("GET", "/api/v2/search", "q", "https://"+s.mallory.Host.Name+"/id/0", "resolve", "true")
			},
		},
		{
			name: "a page that links to a page that links to a page", requests: 5,
			do: func(s *trickery) {
				n := 0
				s.mallory.Host.Fallback(func(w http.ResponseWriter, _ *http.Request) {
					n++
					w.Header().Set("Content-Type", "text/html")
					w.Header().Set("Link", fmt.Sprintf(`</page/%d>; rel="alternate"; type="application/activity+json"`, n))
					fmt.Fprintf(w, `<link rel=alternate type=application/activity+json href=/page/%d>`, n)
				})
				s.alice.Call("GET", "/api/v2/search", "q", "https://"+s.mallory.Host.Name+"/page/0", "resolve", "true")
			},
		},
		{
			name: "a handle whose domain names another domain, and so on", requests: 4, rows: 2,
			do: func(s *trickery) {
				for i := range 10 {
					h := s.host(fmt.Sprint("hop", i))
					h.ServeAs("/.well-known/webfinger", "application/jrd+json", object{
						"subject": fmt.Sprintf("acct:mallory@hop%d%s", i+1, s.suffix), "links": []object{{"rel": "self", "type": "application/activity+json", "href": s.mallory.URI}},
					})
				}
				s.mallory.Host.ServeAs("/.well-known/webfinger", "application/jrd+json", object{
					"subject": "acct:mallory@hop0" + s.suffix, "links": []object{{"rel": "self", "type": "application/activity+json", "href": s.mallory.URI}},
				})
				s.mention()
			},
		},
		{
			name: "a handle of ours, by WebFinger", requests: 5, rows: 2,
			do: func(s *trickery) {
				s.mallory.Host.ServeAs("/.well-known/webfinger", "application/jrd+json", object{
					"subject": "acct:alice@" + s.here.Domain, "links": []object{{"rel": "self", "type": "application/activity+json", "href": s.mallory.URI}},
				})
				s.mallory.Document["preferredUsername"] = "alice"
				s.mallory.Document["webfinger"] = "alice@" + s.here.Domain
				s.mallory.Publish()
				s.mention()
			},
			gained: func(s *trickery) string {
				if found := s.alice.Find("@alice@" + s.here.Domain); found != s.alice.ID.String() {
					return "alice's handle leads to " + found
				}
				return ""
			},
		},
		{
			name: "host-meta that leads to itself", requests: 5,
			do: func(s *trickery) {
				h := s.host("meta")
				h.ServeAs("/.well-known/host-meta", "application/xrd+xml", `<XRD><Link rel="lrdd" template="https://`+h.Name+`/.well-known/webfinger?resource={uri}"/></XRD>`)
				s.alice.Call("GET", "/api/v2/search", "q", "@who@"+h.Name, "resolve", "true")
			},
		},
		{
			name: "a key that is another one at each fetch", requests: 10, rows: 1,
			do: func(s *trickery) {
				s.send(s.mallory, s.mallory.Activity("Like", s.post.URI))
				for i := range 60 {
					if i%10 == 0 {
						s.mallory.NewKey() // making them takes time
					}
					s.send(s.mallory, s.mallory.Activity("Like", s.post.URI))
					s.world.Clock.Advance(time.Second)
				}
			},
		},
		{
			name: "keys that are documents of their own, of owners that are, too", requests: 4,
			do: func(s *trickery) {
				document(s.mallory.Host, func(uri string, n int) object {
					return object{"id": uri, "type": "Key", "owner": fmt.Sprint("https://", s.mallory.Host.Name, "/owner/", n), "publicKeyPem": s.mallory.Document["publicKey"].(object)["publicKeyPem"]}
				})
				s.mallory.KeyID = "https://" + s.mallory.Host.Name + "/key/0"
				for range 3 {
					s.send(s.mallory, s.mallory.Activity("Like", s.post.URI))
				}
			},
		},
		{
			name: "an inbox that is ours", requests: 4, rows: 1,
			do: func(s *trickery) {
				s.mallory.Document["inbox"] = s.here.Config.InboxURI("alice")
				s.mallory.Document["endpoints"] = object{"sharedInbox": s.here.Config.SharedInboxURI()}
				s.mallory.Publish()
				s.send(s.mallory, s.mallory.Activity("Follow", s.alice.URI))
			},
			gained: followsAlice,
		},
		{
			name: "a host that is at our own address once it follows", requests: 8, rows: 2,
			do: func(s *trickery) {
				s.send(s.mallory, s.mallory.Activity("Follow", s.alice.URI))
				s.mallory.Host.At(netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("169.254.169.254"), netip.MustParseAddr("::ffff:10.0.0.1"))
				s.world.Run()
				s.alice.Post("for my followers")
			},
			gained: func(s *trickery) string {
				if got := s.mallory.Received(); len(got) > 0 {
					return fmt.Sprintf("what is at that address received %v", got)
				}
				return ""
			},
		},
		{
			name: "an inbox that redirects what is posted", requests: 12, rows: 2,
			do: func(s *trickery) {
				s.send(s.mallory, s.mallory.Activity("Follow", s.alice.URI))
				s.world.Run()
				s.host("victim").Handle("/inbox", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) })
				for _, path := range []string{"/inbox", "/users/mallory/inbox"} {
					s.mallory.Host.Handle(path, func(w http.ResponseWriter, r *http.Request) {
						http.Redirect(w, r, "https://victim"+s.suffix+"/inbox", http.StatusPermanentRedirect)
					})
				}
				s.alice.Post("for my followers")
			},
			gained: func(s *trickery) string {
				if n := s.host("victim").Attempts(); n > 0 {
					return fmt.Sprintf("%d requests at the victim", n)
				}
				return ""
			},
		},
		{
			name: "an inbox that wants to be left alone for a year", requests: 12, rows: 2,
			do: func(s *trickery) {
				s.send(s.mallory, s.mallory.Activity("Follow", s.alice.URI))
				s.world.Run()
				for _, path := range []string{"/inbox", "/users/mallory/inbox"} {
					s.mallory.Host.Handle(path, func(w http.ResponseWriter, _ *http.Request) {
						w.Header().Set("Retry-After", "31536000")
						w.WriteHeader(http.StatusTooManyRequests)
					})
				}
				s.alice.Post("for my followers")
				s.world.Run()
				for _, path := range []string{"/inbox", "/users/mallory/inbox"} {
					s.mallory.Host.Handle(path, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) })
				}
			},
			gained: func(s *trickery) string {
				if !strings.Contains(fmt.Sprint(s.mallory.Received()), "for my followers") {
					return "what it is to get still waits two days later"
				}
				return ""
			},
		},
		{
			name: "two accounts that move to each other", followed: true, requests: 24, rows: 4,
			do: func(s *trickery) {
				twin := s.other("twin", "twin")
				twin.Document["alsoKnownAs"], s.mallory.Document["alsoKnownAs"] = []string{s.mallory.URI}, []string{twin.URI}
				twin.Publish()
				s.mallory.Publish()
				for range 5 {
					s.send(s.mallory, s.mallory.Activity("Move", s.mallory.URI, "target", twin.URI))
					s.world.Run()
					twin.Accept(s.alice)
					s.send(twin, twin.Activity("Move", twin.URI, "target", s.mallory.URI))
					s.world.Run()
				}
			},
		},
		{
			name: "a name that turns the text around it", rows: 2, requests: 5,
			do: func(s *trickery) {
				s.mallory.Document["name"] = "Alice\u202e\u2066 \u0007\u0000\u009b31m \u200b\u2028(admin)"
				s.mallory.Publish()
				s.mention()
			},
			gained: func(s *trickery) string {
				var shown object
				s.alice.Into(&shown, "GET", "/api/v1/accounts/"+s.alice.Find(s.mallory.URI))
				for _, field := range []string{"display_name", "username", "acct"} {
					text, _ := shown[field].(string)
					if i := strings.IndexFunc(text, turnsText); i >= 0 {
						return fmt.Sprintf("%s is %q", field, text)
					}
				}
				return ""
			},
		},
		{
			name: "a username that turns the text around it", requests: 6,
			do: func(s *trickery) {
				for _, name := range []string{"\u202etset.a@ecila", "ali\u200bce", "alice\u0085", "a\u2028b", "\ufeffalice", "alice\u00a0"} {
					s.mallory.Document["preferredUsername"] = name
					s.mallory.Publish()
					s.mention()
					s.world.Clock.Advance(6 * time.Minute)
				}
			},
			gained: func(s *trickery) string {
				if found := s.alice.Find(s.mallory.URI); found != "" {
					return "it is taken for a name"
				}
				return ""
			},
		},
		{
			name: "a document of a byte too much, and one that fits", requests: 5, rows: 2,
			do: func(s *trickery) {
				for _, extra := range []int{0, 1} {
					uri := fmt.Sprint(s.mallory.URI, "/notes/large", extra)
					doc, _ := json.Marshal(object{"id": uri, "type": "Note", "attributedTo": s.mallory.URI, "content": "x", "to": apptest.Public})
					s.mallory.Host.ServeAs(uri, "application/activity+json", append(doc, bytes.Repeat([]byte(" "), 1<<20+extra-len(doc))...))
					s.alice.Call("GET", "/api/v2/search", "q", uri, "resolve", "true")
				}
			},
			gained: func(s *trickery) string { return s.isHere(s.mallory.URI + "/notes/large1") },
		},
		{
			name: "numbers as large as they get", requests: 6, rows: 2,
			do: func(s *trickery) {
				uri := s.mallory.URI + "/notes/numbers"
				s.mallory.Host.ServeAs(uri, "application/activity+json", `{"id":"`+uri+`","type":"Question","attributedTo":"`+s.mallory.URI+`","content":"x","to":"as:Public","published":"-999999999-01-01T00:00:00Z",
					"likes":{"totalItems":1e400},"shares":{"totalItems":-99999999999999999999999999},"votersCount":1e999,"oneOf":[{"type":"Note","name":"a","replies":{"totalItems":9223372036854775808}},{"type":"Note","name":"b","replies":{"totalItems":-1}}],
					"attachment":[{"type":"Image","url":"https://x.test/a.png","width":1e308,"height":-5,"focalPoint":[1e309,-1e309]}],"endTime":"99999-01-01T00:00:00Z"}`)
				s.alice.Call("GET", "/api/v2/search", "q", uri, "resolve", "true")
			},
			gained: func(s *trickery) string {
				st := s.alice.Status(s.mallory.URI + "/notes/numbers")
				if st == nil {
					return ""
				}
				if st.Count("favourites") < 0 || st.Count("reblogs") < 0 {
					return fmt.Sprint("counts below nothing: ", st.Entity)
				}
				if at, err := time.Parse(time.RFC3339, st.Entity["created_at"].(string)); err != nil || at.Year() < 1970 {
					return fmt.Sprint("it is of ", st.Entity["created_at"])
				}
				return ""
			},
		},
		{
			name: "accounts on as many subdomains", requests: 180, rows: 60,
			do: func(s *trickery) {
				machine := netip.MustParseAddr("11.0.99.1")
				for i := range 100 {
					s.host(fmt.Sprint("sub", i)).At(machine) // all of them are one, and send from it
					by := s.mallory.As(fmt.Sprintf("m@sub%d%s", i, s.suffix))
					by.Publish()
					s.send(by, by.Activity("Like", s.post.URI))
				}
			},
		},
		{
			name: "posts that name keys on as many subdomains of a victim", requests: 60,
			do: func(s *trickery) {
				for i := range 100 {
					s.host(fmt.Sprint("v", i)).Failing(http.StatusServiceUnavailable)
					by := s.mallory.As(fmt.Sprintf("m@v%d%s", i, s.suffix))
					body, _ := json.Marshal(by.Activity("Like", s.post.URI))
					r := by.Request("POST", s.here.Config.SharedInboxURI(), body)
					r.RemoteAddr = "11.0.98.1:5000"
					s.here.Do(r)
				}
			},
		},
		{
			name: "a community that announces announces", followed: true, requests: 30, rows: 2,
			do: func(s *trickery) {
				s.mallory.Document["type"] = "Group"
				s.mallory.Publish()
				inner := s.mallory.Activity("Announce", "https://"+s.mallory.Host.Name+"/nowhere")
				for range 20 {
					inner = s.mallory.Activity("Announce", inner)
				}
				s.send(s.mallory, inner)
				victim := s.other("victim", "victim")
				for i := range 5 {
					s.send(s.mallory, s.mallory.Activity("Announce", victim.Activity("Create", victim.Note(fmt.Sprint("words in the victim's mouth ", i), "id", fmt.Sprint("https://", s.mallory.Host.Name, "/forged/", i)))))
				}
			},
			gained: func(s *trickery) string {
				for _, st := range s.alice.Timeline("/api/v1/timelines/public") {
					if strings.Contains(st.Text(), "mouth") {
						return st.Text()
					}
				}
				return ""
			},
		},
	}
}
