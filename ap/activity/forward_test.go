package activity_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"kinglet/ap/signature"
	"kinglet/internal/apptest"
)

// proofOf and signatureOf are of the right form, by a key: nobody here verifies them.
func proofOf(key string) object {
	return object{
		"type": "DataIntegrityProof", "cryptosuite": "eddsa-jcs-2022", "proofPurpose": "assertionMethod", "verificationMethod": key,
		"created": "2026-03-04T05:06:07Z", "proofValue": signature.EncodeMultibase(make([]byte, 64)),
	}
}

func signatureOf(key string) object {
	return object{"type": "RsaSignature2017", "creator": key, "created": "2026-03-04T05:06:07Z", "signatureValue": "x"}
}

// What answers a post here and is addressed to its author's followers reaches
// them as it came, once.
func TestForward(t *testing.T) {
	t.Parallel()
	proof := proofOf("https://b.test/users/bob#ed25519-key")
	followers := func(s *scene) []string { return []string{s.alice.URI + "/followers"} }
	answer := func(s *scene, to string, pairs ...any) object {
		return s.bob.Activity("Create", s.bob.Note("an answer", append([]any{"inReplyTo", to, "cc", followers(s)}, pairs...)...), "proof", proof)
	}
	for _, c := range []struct {
		name string
		send func(s *scene, post string) object
		want bool
	}{
		{"with a proof", func(s *scene, post string) object { return answer(s, post) }, true},
		{"with a linked data signature", func(s *scene, post string) object {
			a := answer(s, post)
			delete(a, "proof")
			a["signature"] = signatureOf(s.bob.KeyID)
			return a
		}, true},
		{"with a signature that is none", func(s *scene, post string) object {
			a := answer(s, post)
			delete(a, "proof")
			a["signature"] = object{"type": "x"}
			return a
		}, false},
		{"with a linked data signature of another host", func(s *scene, post string) object {
			a := answer(s, post)
			delete(a, "proof")
			a["signature"] = signatureOf(s.mallory.KeyID)
			return a
		}, false},
		{"with a proof that is none", func(s *scene, post string) object {
			a := answer(s, post)
			a["proof"] = object{"type": "DataIntegrityProof", "cryptosuite": "eddsa-jcs-2022", "proofValue": "z1"}
			return a
		}, false},
		{"with a proof of another host", func(s *scene, post string) object {
			a := answer(s, post)
			a["proof"] = proofOf("https://evil.test/users/mallory#ed25519-key")
			return a
		}, false},
		{"with an old proof", func(s *scene, post string) object {
			a := answer(s, post)
			a["proof"] = proofOf(s.bob.URI + "#ed25519-key")
			a["proof"].(object)["created"] = "2026-03-01T00:00:00Z"
			return a
		}, false},
		{"addressed by the activity alone", func(s *scene, post string) object {
			a := answer(s, post, "cc", []string{})
			a["audience"] = followers(s)
			return a
		}, true},
		{"without a proof", func(s *scene, post string) object {
			a := answer(s, post)
			delete(a, "proof")
			return a
		}, false},
		{"not addressed to the followers", func(s *scene, post string) object { return answer(s, post, "cc", []string{s.bob.URI + "/followers"}) }, false},
		{"addressed to carol's", func(s *scene, post string) object { return answer(s, post, "cc", []string{s.carol.URI + "/followers"}) }, false},
		{"an answer to another", func(s *scene, _ string) object { return answer(s, "https://b.test/elsewhere") }, false},
		{"with blind recipients of the activity", func(s *scene, post string) object {
			a := answer(s, post)
			a["bto"] = []string{s.eve.URI}
			return a
		}, false},
		{"with blind recipients of the answer", func(s *scene, post string) object { return answer(s, post, "bcc", s.eve.URI) }, false},
		{"too large", func(s *scene, post string) object {
			return answer(s, post, "summary", string(bytes.Repeat([]byte("x"), 70_000)))
		}, false},
		{"by somebody whom alice blocks", func(s *scene, post string) object {
			s.bob.FollowedBy(s.carol)
			s.alice.Relate("block", s.bob.URI)
			return answer(s, post)
		}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newScene(t)
			s.mallory.Follow(s.alice)
			post := s.alice.Post("hello")
			s.world.Run()
			activity := c.send(s, post.URI)
			s.mallory.Host.Forget()
			s.bob.Host.Forget()
			for range 2 {
				s.sends(http.StatusAccepted, s.bob, activity)
			}
			got := s.mallory.Host.Asked(http.MethodPost, "")
			if (len(got) == 1) != c.want || len(got) > 1 {
				t.Fatalf("mallory receives %v", s.mallory.ReceivedTypes())
			}
			if n := len(s.bob.Received()); c.want && n != 0 {
				t.Errorf("bob's own host receives %v", s.bob.ReceivedTypes())
			}
			if !c.want {
				return
			}
			sent, err := json.Marshal(activity)
			if err != nil || !bytes.Equal(got[0].Body, sent) {
				t.Errorf("it is not what came, %v: %s", err, got[0].Body)
			}
			// The end of it as well, and nothing of its bytes stays.
			note := activity["object"].(object)
			s.sends(http.StatusAccepted, s.bob, s.bob.Activity("Delete", note["id"], "to", []string{apptest.Public}, "cc", followers(s), "proof", proof))
			if types := s.mallory.ReceivedTypes(); len(types) != 2 || types[1] != "Delete" {
				t.Errorf("mallory receives %v", types)
			}
			if n := s.here.Count(`SELECT COUNT(*) FROM forwards WHERE body LIKE '%an answer%'`); n != 0 {
				t.Error("what was deleted is still there to be forwarded")
			}
			s.world.Advance(2 * 24 * time.Hour)
			if n := s.here.Count(`SELECT COUNT(*) FROM forwards`); n != 0 {
				t.Errorf("%d forwarded activities are still there", n)
			}
		})
	}
}

// What waits for a host that is down is kept, and what was deleted meanwhile does
// not go there.
func TestForwardWaits(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.mallory.Follow(s.alice)
	post := s.alice.Post("hello")
	s.world.Run()
	s.mallory.Host.Down()
	s.mallory.Host.Forget()
	note := s.bob.Note("an answer", "inReplyTo", post.URI, "cc", []string{s.alice.URI + "/followers"})
	other := s.bob.Note("another", "inReplyTo", post.URI, "cc", []string{s.alice.URI + "/followers"})
	for _, n := range []object{note, other} {
		s.sends(http.StatusAccepted, s.bob, s.bob.Activity("Create", n, "signature", signatureOf(s.bob.KeyID)))
	}
	s.world.Advance(2 * 24 * time.Hour)
	s.sends(http.StatusAccepted, s.bob, s.bob.Activity("Delete", other["id"]))
	s.mallory.Host.Up()
	s.world.Advance(24 * time.Hour)
	got := s.mallory.Received()
	if len(got) != 1 || got[0]["object"].(object)["id"] != note["id"] {
		t.Errorf("mallory receives %v", got)
	}
}

// No actor and no host uses up what is forwarded for others.
func TestForwardsAreBounded(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.mallory.Follow(s.alice)
	post := s.alice.Post("hello")
	s.world.Run()
	answers := func(who *apptest.Stranger, times int) (forwarded int64) {
		before := s.here.Count(`SELECT COUNT(*) FROM forwards`)
		for range times {
			note := who.Note("an answer", "inReplyTo", post.URI, "cc", []string{s.alice.URI + "/followers"})
			if got := who.Send(s.here, who.Activity("Create", note, "signature", signatureOf(who.KeyID))); got != http.StatusAccepted {
				t.Fatal(got)
			}
		}
		return s.here.Count(`SELECT COUNT(*) FROM forwards`) - before
	}
	if n := answers(s.bob, 25); n != 20 {
		t.Errorf("%d of bob's are forwarded", n)
	}
	for i, want := range []int64{20, 20, 0} {
		if n := answers(s.world.Stranger(fmt.Sprintf("neighbour%d@b.test", i)), 21); n != want {
			t.Errorf("%d of neighbour %d are forwarded", n, i)
		}
	}
	if n := answers(s.world.Stranger("carl@c.test"), 2); n != 2 {
		t.Errorf("%d of another host's are forwarded", n)
	}
	s.world.Advance(61 * time.Minute)
	if n := answers(s.bob, 1); n != 1 {
		t.Error("an hour later nothing is forwarded")
	}
}
