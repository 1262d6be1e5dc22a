package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"kinglet/ap/signature"
	"kinglet/ap/vocab"
)

// floodMessage is one request of a flood: signed beforehand, so that signing is
// no part of what is measured.
type floodMessage struct {
	kind     string
	host     *floodHost
	body     []byte
	header   http.Header
	refused  bool   // it is invalid
	repeated bool   // its body was sent before
	about    string // what it writes, by its id; "" for nothing
	left     left   // what has to be there of it then
	text     string // of what was edited

	finish func(m *floodMessage) // signs it: of all messages at once, on all processors
}

// left is what is left of what a message is about.
type left int

const (
	nothing left = iota
	status
	edited
	deleted
	favourite
	follow
)

// floodPlan makes the messages of a flood. The same numbers give the same ones,
// but for times and signatures.
type floodPlan struct {
	hosts   []*floodHost
	dice    *rand.Rand
	now     time.Time
	owner   string // the URI of the owner's account
	post    string // of a post of the owner's
	posts   map[string][]byte
	notes   map[*floodHost][]map[string]any // that each host has written, and not deleted
	valid   map[*floodHost][]*floodMessage
	asked   map[*floodHost]bool // to follow
	boosted map[*floodHost]bool // has boosted the owner's post
	n       int
}

func newFloodPlan(hosts []*floodHost, seed uint64, now time.Time, owner, post string) *floodPlan {
	return &floodPlan{
		hosts: hosts, dice: rand.New(rand.NewPCG(seed, 8)), now: now, owner: owner, post: post, posts: map[string][]byte{},
		notes: map[*floodHost][]map[string]any{}, valid: map[*floodHost][]*floodMessage{}, asked: map[*floodHost]bool{}, boosted: map[*floodHost]bool{},
	}
}

// messages are so many, in the order in which they are sent: a third repeat one
// that their host sent before, a tenth are invalid.
func (p *floodPlan) messages(count int) []*floodMessage {
	first := min(count, len(p.hosts))
	kinds := make([]int, count-first)
	for i := range kinds {
		switch {
		case i < min(count/3, len(kinds)):
			kinds[i] = 1
		case i < min(count/3+count/10, len(kinds)):
			kinds[i] = 2
		}
	}
	p.dice.Shuffle(len(kinds), func(i, j int) { kinds[i], kinds[j] = kinds[j], kinds[i] })
	kinds = append(make([]int, first), kinds...) // before anything is repeated, each has sent something
	list := make([]*floodMessage, count)
	for i, kind := range kinds {
		h := p.hosts[i%len(p.hosts)]
		switch kind {
		case 0:
			list[i] = p.message(h)
			p.valid[h] = append(p.valid[h], list[i])
		case 1:
			again := *p.valid[h][p.dice.IntN(len(p.valid[h]))]
			again.repeated = true
			list[i] = &again
		case 2:
			list[i] = p.invalid(h)
		}
	}
	return finished(list)
}

// alone are so many Notes of followed accounts.
func (p *floodPlan) alone(count int) (list []*floodMessage) {
	for i := 0; len(list) < count; i++ {
		if h := p.hosts[i%len(p.hosts)]; h.acquaintance() == followed {
			list = append(list, p.note(h))
		}
	}
	return finished(list)
}

// share is a kind of message, and how many of a hundred it is.
type share struct {
	of   int
	make func(h *floodHost) *floodMessage
}

// message is the next valid one of a host: of what followed accounts, known ones
// and strangers send.
func (p *floodPlan) message(h *floodHost) *floodMessage {
	var shares []share
	switch h.acquaintance() {
	case followed:
		shares = []share{{42, p.note}, {10, p.reply}, {8, p.mention}, {10, p.like}, {6, p.boost}, {4, p.boostOfAnother}, {9, p.edit}, {7, p.remove}, {4, p.profile}}
	case known:
		shares = []share{{20, p.mention}, {20, p.reply}, {25, p.like}, {10, p.boost}, {5, p.follow}, {10, p.unwanted}, {10, p.removeUnknown}}
	default:
		shares = []share{{20, p.mention}, {20, p.like}, {20, p.unwanted}, {40, p.removeSelf}}
	}
	at := p.dice.IntN(100)
	for _, s := range shares {
		if at -= s.of; at < 0 {
			return s.make(h)
		}
	}
	panic("the shares are less than a hundred")
}

func (p *floodPlan) id(h *floodHost, kind string) string {
	p.n++
	return fmt.Sprintf("%s/%s/%d", h.actor, kind, p.n)
}

// activity is a message with an activity of the host's.
func (p *floodPlan) activity(h *floodHost, kind, typ string, object any, more ...any) *floodMessage {
	doc := map[string]any{
		"@context": []any{"https://www.w3.org/ns/activitystreams", map[string]any{"sensitive": "as:sensitive", "atomUri": "ostatus:atomUri", "ostatus": "http://ostatus.org#"}},
		"id":       p.id(h, strings.ToLower(typ)), "type": typ, "actor": h.actor, "object": object,
	}
	for i := 0; i < len(more); i += 2 {
		doc[more[i].(string)] = more[i+1]
	}
	if of, ok := object.(map[string]any); ok {
		for _, k := range []string{"to", "cc", "published"} {
			doc[k] = of[k]
		}
	}
	m := &floodMessage{kind: kind, host: h, about: doc["id"].(string)}
	p.sign(m, doc)
	return m
}

// sign encodes a message, and has it signed.
func (p *floodPlan) sign(m *floodMessage, doc map[string]any) {
	body, err := json.Marshal(doc)
	if err != nil {
		panic(err) // of texts and maps
	}
	p.signBytes(m, m.host, body, p.now)
}

// signBytes has a message signed over a body by the key of a host, at a time.
func (p *floodPlan) signBytes(m *floodMessage, by *floodHost, body []byte, at time.Time) {
	keyID, from := m.host.keyID, fmt.Sprintf("198.18.%d.%d", m.host.n/250, m.host.n%250+1)
	m.body, m.finish = body, func(m *floodMessage) {
		r, err := http.NewRequest(http.MethodPost, "http://"+listen+"/inbox", bytes.NewReader(body))
		if err != nil {
			panic(err)
		}
		r.Host = domain
		r.Header.Set("Content-Type", "application/activity+json")
		r.Header.Set("X-Forwarded-Proto", "https")
		r.Header.Set("X-Forwarded-For", from)
		if err := signature.Sign(r, body, keyID, by.key, at); err != nil {
			panic(err)
		}
		m.header = r.Header
	}
}

// finished are messages that are signed.
func finished(list []*floodMessage) []*floodMessage {
	inParallel(len(list), func(i int) { list[i].finish(list[i]) })
	return list
}

// noteOf is a Note of a host's, as Mastodon writes it.
func (p *floodPlan) noteOf(h *floodHost, more ...any) map[string]any {
	uri, published := p.id(h, "notes"), p.now.UTC().Format(time.RFC3339)
	doc := map[string]any{
		"id": uri, "type": "Note", "attributedTo": h.actor, "published": published, "to": []string{vocab.Public}, "cc": []string{h.actor + "/followers"}, "url": uri, "summary": nil, "inReplyTo": nil,
		"sensitive": false, "atomUri": uri, "conversation": fmt.Sprintf("tag:bench,2026:%d", p.n), "content": plainText, "contentMap": map[string]string{"en": plainText}, "attachment": []any{}, "tag": []any{},
	}
	for i := 0; i < len(more); i += 2 {
		doc[more[i].(string)] = more[i+1]
	}
	return doc
}

func (p *floodPlan) create(h *floodHost, kind string, note map[string]any, left left) *floodMessage {
	m := p.activity(h, kind, "Create", note)
	m.about, m.left = note["id"].(string), left
	return m
}

func (p *floodPlan) note(h *floodHost) *floodMessage {
	note := p.noteOf(h)
	p.notes[h] = append(p.notes[h], note)
	return p.create(h, "Note of a followed account", note, status)
}

func (p *floodPlan) reply(h *floodHost) *floodMessage {
	return p.create(h, "answer", p.noteOf(h, "inReplyTo", p.post), status)
}

func (p *floodPlan) mention(h *floodHost) *floodMessage {
	note := p.noteOf(h, "cc", []string{p.owner, h.actor + "/followers"}, "tag", []any{map[string]string{"type": "Mention", "href": p.owner, "name": "@person0@" + domain}})
	return p.create(h, "mention", note, status)
}

func (p *floodPlan) unwanted(h *floodHost) *floodMessage {
	return p.create(h, "Note that nobody wants", p.noteOf(h), nothing)
}

func (p *floodPlan) like(h *floodHost) *floodMessage {
	m := p.activity(h, "Like", "Like", p.post)
	m.left = favourite
	return m
}

func (p *floodPlan) boost(h *floodHost) *floodMessage {
	if p.boosted[h] {
		return p.like(h)
	}
	p.boosted[h] = true
	m := p.activity(h, "boost", "Announce", p.post, "to", []string{vocab.Public}, "cc", []string{h.actor + "/followers"})
	m.left = status
	return m
}

// boostOfAnother boosts what is not known here, and is fetched.
func (p *floodPlan) boostOfAnother(h *floodHost) *floodMessage {
	author := p.hosts[p.dice.IntN(len(p.hosts))]
	note := p.noteOf(author)
	note["@context"] = "https://www.w3.org/ns/activitystreams"
	uri := note["id"].(string)
	p.posts[uri], _ = json.Marshal(note)
	m := p.activity(h, "boost of what is fetched", "Announce", uri, "to", []string{vocab.Public}, "cc", []string{h.actor + "/followers"})
	m.left = status
	return m
}

// edit edits a note of the host's, and remove deletes one; before it has written
// any it writes one.
func (p *floodPlan) edit(h *floodHost) *floodMessage {
	if len(p.notes[h]) == 0 {
		return p.note(h)
	}
	note := p.notes[h][p.dice.IntN(len(p.notes[h]))]
	text := fmt.Sprintf("<p>Edited, for the %dth time.</p>", p.n)
	note["content"], note["contentMap"], note["updated"] = text, map[string]string{"en": text}, p.now.UTC().Add(time.Duration(p.n)*time.Millisecond).Format(time.RFC3339Nano)
	m := p.activity(h, "edit", "Update", note)
	m.about, m.left, m.text = note["id"].(string), edited, text
	return m
}

func (p *floodPlan) remove(h *floodHost) *floodMessage {
	last := len(p.notes[h]) - 1
	if last < 0 {
		return p.note(h)
	}
	uri := p.notes[h][last]["id"].(string)
	p.notes[h] = p.notes[h][:last]
	m := p.activity(h, "Delete", "Delete", map[string]any{"id": uri, "type": "Tombstone"})
	m.about, m.left = uri, deleted
	return m
}

func (p *floodPlan) profile(h *floodHost) *floodMessage {
	doc := h.document()
	doc["summary"] = fmt.Sprintf("<p>Profile number %d</p>", p.n)
	m := p.activity(h, "profile", "Update", doc)
	m.about = ""
	return m
}

func (p *floodPlan) follow(h *floodHost) *floodMessage {
	if p.asked[h] {
		return p.like(h)
	}
	p.asked[h] = true
	m := p.activity(h, "Follow", "Follow", p.owner)
	m.left = follow
	return m
}

func (p *floodPlan) removeUnknown(h *floodHost) *floodMessage {
	uri := p.id(h, "notes")
	m := p.activity(h, "Delete of what is not known", "Delete", uri)
	m.about = uri
	return m
}

// removeSelf is the Delete of an account that was never here: the most of what
// strangers send.
func (p *floodPlan) removeSelf(h *floodHost) *floodMessage {
	gone := *h
	gone.actor = fmt.Sprintf("https://%s/users/gone%d", hostOf(h.n), p.n)
	gone.keyID = gone.actor + "#main-key"
	m := p.activity(&gone, "Delete of a stranger", "Delete", gone.actor, "to", []string{vocab.Public})
	m.host, m.about = h, gone.actor
	return m
}

// invalid is a message that has to be refused, whoever sends it.
func (p *floodPlan) invalid(h *floodHost) *floodMessage {
	note := p.noteOf(h)
	other := p.hosts[(h.n+1)%len(p.hosts)]
	m := p.create(h, "", note, nothing)
	m.refused = true
	switch p.dice.IntN(8) {
	case 0:
		m.kind = "another's key"
		p.signBytes(m, other, m.body, p.now)
	case 1:
		m.kind = "another body"
		m.body = bytes.Replace(m.body, []byte("middling"), []byte("MIDDLING"), 1) // of what is signed
	case 2:
		m.kind = "another host's id"
		note["id"] = fmt.Sprintf("%s/notes/spoofed-%d", other.actor, p.n)
		spoofed := p.create(h, m.kind, note, nothing)
		spoofed.refused = true
		return spoofed
	case 3:
		m.kind = "another's activity"
		body := bytes.ReplaceAll(m.body, []byte(`"actor":"`+h.actor), []byte(`"actor":"`+other.actor))
		p.signBytes(m, h, body, p.now)
	case 4:
		m.kind = "old"
		p.signBytes(m, h, m.body, p.now.Add(-25*time.Hour))
	case 5:
		m.kind = "no JSON"
		p.signBytes(m, h, m.body[:len(m.body)-2], p.now)
	case 6:
		m.kind = "not signed"
		signed := m.finish
		m.finish = func(m *floodMessage) {
			signed(m)
			m.header.Del("Signature")
		}
	case 7:
		if p.dice.IntN(10) > 0 { // each is a megabyte
			return p.invalid(h)
		}
		m.kind = "too large"
		p.signBytes(m, h, append(m.body, bytes.Repeat([]byte(" "), vocab.MaxBytes+1-len(m.body))...), p.now)
	}
	return m
}
