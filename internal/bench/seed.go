package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"time"

	"kinglet/ap/vocab"
	"kinglet/internal/config"
	"kinglet/store"

	"github.com/google/uuid"
)

const (
	domain   = "bench.test"
	password = "correct horse battery"
	// batch is how many posts a transaction writes.
	batch = 1000
	// hosts is how many servers the known accounts are on, and deliveries go to.
	hosts = 200
	tags  = 300
)

// seeder writes a database through the store's own methods, as the rules of
// ap/activity do, but many posts to a transaction and without parsing and
// cleaning what it made itself.
type seeder struct {
	shape   Shape
	store   *store.Store
	now     time.Time // of what is being written
	dice    *rand.Rand
	owner   *store.Account
	local   []*store.Account
	remote  []*store.Account
	recent  []*store.Object   // what is replied to and boosted
	boosted map[[2]int64]bool // by whom, which: nobody boosts twice
	noted   int               // notifications
	pinned  map[*store.Account]int
	n       int // posts
	conf    *config.Config
	facts   *Facts
}

// Facts are what the measuring needs to know of a database. They are kept
// beside it.
type Facts struct {
	Token   string          `json:"token"`
	OwnerID store.AccountID `json:"owner"`
	KeyID   string          `json:"key_id"` // of a followed account
	Actor   string          `json:"actor"`
	Key     string          `json:"key"` // PEM; every remote account has this one
	Author  store.AccountID `json:"author"`
	Status  store.ObjectID  `json:"status"`  // in a thread
	Own     store.ObjectID  `json:"own"`     // the owner's, and where its documents are
	Object  string          `json:"object"`  // the path of its document
	Create  string          `json:"create"`  // of its activity
	Context string          `json:"context"` // of its thread
	Popular store.ObjectID  `json:"popular"` // what many favourited and boosted
	Note    int64           `json:"note"`    // a notification
	Rare    string          `json:"rare"`    // a hashtag
	Bytes   int64           `json:"bytes"`   // of the file
	Seconds float64         `json:"seconds"`
}

// inboxOf is the inbox of a remote host, which is one address of loopback each.
func hostOf(i int) string { return fmt.Sprintf("127.1.%d.%d:%d", i/200, i%200+1, remotePort) }

// settings are the server's.
func settings(database string) []string {
	env := []string{
		"KINGLET_DOMAIN=" + domain, "KINGLET_DATABASE=" + database, "KINGLET_LISTEN=" + listen, "KINGLET_CONFIG=/dev/null",
		"KINGLET_ALLOW_NETWORKS=127.0.0.0/8", "KINGLET_LOG_LEVEL=warn",
	}
	for _, limit := range []string{"ACCOUNT", "ADDRESS", "DOCUMENTS", "PAGES", "DISCOVERY", "RESOLVE"} {
		env = append(env, "KINGLET_LIMITS_"+limit+"=100000000/1m")
	}
	return env
}

// load reads the settings as the server will.
func load(database string) (*config.Config, error) {
	return config.Load(config.Sources{File: os.DevNull, NeedDomain: true, Environ: settings(database)})
}

// seed makes a database that is not there yet.
func seed(ctx context.Context, path string, shape Shape) (*Facts, error) {
	began := time.Now()
	s := &seeder{shape: shape, now: shape.begin(began).Truncate(time.Millisecond), dice: shape.dice("years"), boosted: map[[2]int64]bool{}, pinned: map[*store.Account]int{}, facts: &Facts{Rare: fmt.Sprintf("tag%d", tags-1)}}
	var err error
	if s.store, err = store.Open(ctx, store.Options{Database: path, Now: func() time.Time { return s.now }}); err != nil {
		return nil, err
	}
	defer s.store.Close()
	if err := s.people(ctx, path); err != nil {
		return nil, err
	}
	for s.n < shape.Statuses() {
		if err := s.store.Update(ctx, s.posts); err != nil {
			return nil, err
		}
	}
	if err := s.store.Close(); err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	s.facts.Bytes, s.facts.Seconds = info.Size(), time.Since(began).Seconds()
	return s.facts, nil
}

// posts writes a batch of posts, each at its time.
func (s *seeder) posts(tx *store.Tx) error {
	step := 24 * time.Hour / time.Duration(s.shape.PerDay)
	for range min(batch, s.shape.Statuses()-s.n) {
		s.now = s.now.Add(step)
		s.n++
		if s.shape.Statuses()-s.n+1 == newest {
			s.dice, s.recent = s.shape.dice("today"), nil
		}
		if err := s.post(tx); err != nil {
			return err
		}
	}
	return nil
}

// author is who writes the next post: one in twenty is the owner's, most are of
// accounts that the owner follows.
func (s *seeder) author() *store.Account {
	switch k := s.dice.IntN(20); {
	case k == 0:
		return s.local[few(s.dice, len(s.local))]
	case k < 15 && s.shape.Follows > 0:
		return s.remote[few(s.dice, s.shape.Follows)]
	}
	return s.remote[s.dice.IntN(len(s.remote))]
}

func (s *seeder) post(tx *store.Tx) error {
	author := s.author()
	kind := s.dice.IntN(20)
	if kind < 3 && len(s.recent) > 0 && !author.Local() {
		of := s.recent[s.dice.IntN(len(s.recent))]
		if pair := [2]int64{int64(author.ID), int64(of.ID)}; !s.boosted[pair] {
			s.boosted[pair] = true
			return s.boost(tx, author, of)
		}
	}
	rare := s.shape.rare(s.n, 400)
	if rare {
		author = s.remote[0] // who is measured, so that the page with the tag is alike in every size
	}
	uri := fmt.Sprintf("%s/posts/%d", author.URI, s.n)
	o := &store.Object{
		URI: uri, Type: "Note", AccountID: author.ID, Local: author.Local(), IsStatus: true, URL: uri, Context: uri + "/context", Language: "en", PublishedAt: s.now,
	}
	if s.dice.IntN(10) == 0 {
		o.Visibility = store.Unlisted
	}
	var parent *store.Object
	if author.Local() {
		s.address(o, author)
	}
	if kind < 8 && len(s.recent) > 0 {
		parent = s.recent[few(s.dice, len(s.recent))]
		o.InReplyToURI, o.InReplyToID, o.InReplyToAccountID, o.Context = parent.URI, parent.ID, parent.AccountID, parent.Context
	}
	if s.dice.IntN(5) == 0 {
		for range 1 + s.dice.IntN(3) {
			o.Tags = append(o.Tags, fmt.Sprintf("tag%d", few(s.dice, tags)))
		}
	}
	// Of what the measured pages filter by, the newest posts have a page.
	if (author.Local() || author.ID == s.facts.Author) && s.dice.IntN(4) == 0 {
		o.Tags = append(o.Tags, "tag0")
	}
	if rare {
		o.Tags = []string{s.facts.Rare}
	}
	o.Content = text(s.dice, o.Tags)
	if _, err := tx.InsertObject(o); err != nil {
		return err
	}
	if err := s.belongings(tx, o, author, parent); err != nil {
		return err
	}
	if author.Local() {
		if err := s.create(tx, o, author); err != nil {
			return err
		}
	}
	if author == s.owner {
		s.facts.Own, s.facts.Object = o.ID, s.path(o.URI)
		if parent == nil { // whose thread is the owner's
			s.facts.Context = s.path(o.Context)
		}
	} else if parent != nil {
		s.facts.Status = o.ID
	}
	s.recent = append(s.recent, o)
	if len(s.recent) > 500 {
		s.recent = s.recent[1:]
	}
	return nil
}

// address gives a post of ours its addresses.
func (s *seeder) address(o *store.Object, author *store.Account) {
	o.ID = store.ObjectID(s.store.NewID(s.now))
	o.URI, o.URL, o.Context = s.conf.ObjectURI(s.uuid()), s.conf.StatusURL(author.Username, int64(o.ID)), s.conf.ContextURI(s.uuid())
	o.Draft = store.Draft{To: []string{vocab.Public}, Cc: []string{author.FollowersURI}}
}

// create writes the activity that published a post of ours.
func (s *seeder) create(tx *store.Tx, o *store.Object, author *store.Account) error {
	c := &store.Object{URI: s.conf.ActivityURI(s.uuid()), Type: "Create", AccountID: author.ID, Local: true, Visibility: o.Visibility, ObjectURI: o.URI, PublishedAt: s.now}
	if author == s.owner {
		s.facts.Create = s.path(c.URI)
	}
	_, err := tx.InsertObject(c)
	return err
}

func (s *seeder) uuid() string {
	var b [16]byte
	binary.LittleEndian.PutUint64(b[:], s.dice.Uint64())
	binary.LittleEndian.PutUint64(b[8:], s.dice.Uint64())
	return uuid.UUID(b).String()
}

// path is the path of a URI of ours.
func (s *seeder) path(uri string) string { return strings.TrimPrefix(uri, s.conf.URL) }

// belongings are the rows beside a status.
func (s *seeder) belongings(tx *store.Tx, o *store.Object, author *store.Account, parent *store.Object) error {
	var mentions []store.Mention
	mentioned := false
	if parent != nil {
		mentions = append(mentions, store.Mention{AccountID: parent.AccountID})
		mentioned = parent.AccountID == s.owner.ID
	}
	due := s.shape.notified(s.n, s.noted)
	if due && !mentioned {
		mentions, mentioned = append(mentions, store.Mention{AccountID: s.owner.ID}), true
	}
	if len(mentions) > 0 {
		if err := tx.PutMentions(o.ID, mentions); err != nil {
			return err
		}
	}
	if len(o.Tags) > 0 {
		if err := tx.PutTags(o.ID, o.Tags); err != nil {
			return err
		}
	}
	some, more := s.dice.IntN(12) == 0, s.dice.IntN(12) == 0 // thrown for each post, so that the next ones do not depend on it
	if some || more && (len(o.Tags) > 0 || author.Local()) {
		if err := tx.PutAttachments(o.ID, author.ID, []store.Attachment{{
			Kind: "image", MediaType: "image/jpeg", RemoteURL: o.URI + "/picture.jpg", Description: "A picture.", Blurhash: "LEHV6nWB2yk8pyo0adR*.7kCMdnj", Width: 1600, Height: 1200,
		}}); err != nil {
			return err
		}
	}
	if err := tx.CountStatus(o); err != nil {
		return err
	}
	if err := tx.AddToHomeFeeds(o); err != nil {
		return err
	}
	if err := s.likes(tx, o, author); err != nil {
		return err
	}
	if !mentioned || !due {
		return nil
	}
	s.noted++
	typ := "mention"
	switch {
	case s.shape.rare(s.n, 250):
		typ = "update" // the rare one
	case s.noted%3 == 0:
		typ = "favourite"
	}
	note := &store.Notification{AccountID: s.owner.ID, Type: typ, From: author.ID, StatusID: o.ID}
	created, err := tx.Notify(note)
	if created {
		s.facts.Note = note.ID
	}
	return err
}

func (s *seeder) boost(tx *store.Tx, author *store.Account, of *store.Object) error {
	o := &store.Object{
		URI: fmt.Sprintf("%s/boosts/%d-%d", author.URI, s.n, of.ID), Type: "Announce", AccountID: author.ID, IsStatus: true,
		ObjectURI: of.URI, ReblogOfID: of.ID, PublishedAt: s.now,
	}
	if _, err := tx.InsertObject(o); err != nil {
		return err
	}
	if err := tx.CountStatus(o); err != nil {
		return err
	}
	return tx.AddToHomeFeeds(o)
}
