package main

import (
	"context"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"time"

	"kinglet/ap"
	"kinglet/ap/signature"
	"kinglet/internal/auth"
	"kinglet/internal/cmd"
	"kinglet/internal/config"
	"kinglet/internal/outgoing"
	"kinglet/store"
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
	n       int               // posts
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
	Status  store.ObjectID  `json:"status"` // in a thread
	Own     store.ObjectID  `json:"own"`    // the owner's
	Rare    string          `json:"rare"`   // a hashtag
	Bytes   int64           `json:"bytes"`  // of the file
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
	s := &seeder{shape: shape, now: shape.begin(began).Truncate(time.Millisecond), dice: shape.dice(), boosted: map[[2]int64]bool{}, facts: &Facts{Rare: fmt.Sprintf("tag%d", tags-1)}}
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

// people makes everyone, and who follows whom.
func (s *seeder) people(ctx context.Context, path string) error {
	if _, err := s.store.Migrate(ctx); err != nil {
		return err
	}
	conf, err := load(path)
	if err != nil {
		return err
	}
	if err := cmd.ClaimDomain(ctx, s.store, conf); err != nil {
		return err
	}
	server, err := cmd.Assemble(ctx, cmd.Parts{Config: conf, Store: s.store, Log: slog.New(slog.DiscardHandler), Client: outgoing.Options{}, Copy: true})
	if err != nil {
		return err
	}
	defer server.Client.Close()
	defer server.Hub.Close()
	for i := range s.shape.Accounts {
		name := fmt.Sprintf("person%d", i)
		a, err := server.Service.CreateAccount(ctx, ap.NewAccount{Username: name, Email: name + "@bench.test", Password: password, Admin: i == 0})
		if err != nil {
			return err
		}
		s.local = append(s.local, a)
	}
	s.owner = s.local[0]
	s.facts.OwnerID = s.owner.ID
	app, _, err := server.Auth.RegisterApp(ctx, auth.NewApp{Name: "bench", Scopes: "read write follow push", RedirectURIs: []string{auth.OutOfBand}})
	if err != nil {
		return err
	}
	s.facts.Token = auth.NewSecret()
	if err := s.store.Update(ctx, func(tx *store.Tx) error {
		return tx.InsertToken(&store.Token{Hash: auth.HashSecret(s.facts.Token), AppID: app.ID, AccountID: s.owner.ID, Scopes: app.Scopes})
	}); err != nil {
		return err
	}
	key, err := signature.GenerateKey()
	if err != nil {
		return err
	}
	if s.facts.Key, err = signature.MarshalPrivate(key); err != nil {
		return err
	}
	for len(s.remote) < s.shape.Remote {
		if err := s.store.Update(ctx, func(tx *store.Tx) error { return s.strangers(tx, key) }); err != nil {
			return err
		}
	}
	s.facts.KeyID, s.facts.Actor, s.facts.Author = s.remote[0].KeyID, s.remote[0].URI, s.remote[0].ID
	return s.store.Update(ctx, s.follows)
}

// strangers writes a batch of remote accounts.
func (s *seeder) strangers(tx *store.Tx, key *rsa.PrivateKey) error {
	public, err := signature.MarshalPublic(&key.PublicKey)
	if err != nil {
		return err
	}
	for range min(batch, s.shape.Remote-len(s.remote)) {
		i := len(s.remote)
		name, host := fmt.Sprintf("u%d", i), hostOf(i%hosts)
		uri := "https://" + host + "/users/" + name
		a := &store.Account{
			URI: uri, Username: name, Domain: host, Type: "Person", DisplayName: "User " + name, Note: text(s.dice, nil), URL: "https://" + host + "/@" + name,
			Inbox: uri + "/inbox", SharedInbox: "https://" + host + "/inbox", Outbox: uri + "/outbox", FollowersURI: uri + "/followers", FollowingURI: uri + "/following",
			KeyID: uri + "#main-key", PublicKey: public, Avatar: "https://" + host + "/media/" + name + ".png", Discoverable: true, FetchedAt: s.now, HandleVerified: true,
			Fields: []store.Field{{Name: "Pronouns", Value: "they"}, {Name: "Home", Value: `<a href="https://example.org" rel="nofollow">example.org</a>`}},
		}
		if err := tx.PutAccount(a); err != nil {
			return err
		}
		s.remote = append(s.remote, a)
	}
	return nil
}

// follows has the owner follow the first accounts, and one of each host follow
// the owner.
func (s *seeder) follows(tx *store.Tx) error {
	follow := func(who, whom *store.Account) error {
		f := &store.Follow{AccountID: who.ID, TargetID: whom.ID, URI: who.URI + "#follows/" + whom.ID.String(), ShowReblogs: true}
		if _, err := tx.PutFollow(f); err != nil {
			return err
		}
		_, err := tx.AcceptFollow(who.ID, whom.ID)
		return err
	}
	for i, a := range s.remote {
		if i < s.shape.Follows {
			if err := follow(s.owner, a); err != nil {
				return err
			}
		}
		if i < hosts {
			if err := follow(a, s.owner); err != nil {
				return err
			}
		}
	}
	return nil
}

// posts writes a batch of posts, each at its time.
func (s *seeder) posts(tx *store.Tx) error {
	step := 24 * time.Hour / time.Duration(s.shape.PerDay)
	for range min(batch, s.shape.Statuses()-s.n) {
		s.now = s.now.Add(step)
		s.n++
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
	uri := fmt.Sprintf("%s/posts/%d", author.URI, s.n)
	o := &store.Object{
		URI: uri, Type: "Note", AccountID: author.ID, Local: author.Local(), IsStatus: true, URL: uri, Context: uri + "/context", Language: "en", PublishedAt: s.now,
	}
	if s.dice.IntN(10) == 0 {
		o.Visibility = store.Unlisted
	}
	var parent *store.Object
	if kind < 8 && len(s.recent) > 0 {
		parent = s.recent[few(s.dice, len(s.recent))]
		o.InReplyToURI, o.InReplyToID, o.InReplyToAccountID, o.Context = parent.URI, parent.ID, parent.AccountID, parent.Context
	}
	if s.dice.IntN(5) == 0 {
		for range 1 + s.dice.IntN(3) {
			o.Tags = append(o.Tags, fmt.Sprintf("tag%d", few(s.dice, tags)))
		}
	}
	if s.n%10_000 == 5_000 {
		o.Tags = []string{s.facts.Rare}
	}
	o.Content = text(s.dice, o.Tags)
	doc, err := json.Marshal(map[string]any{
		"@context": []any{"https://www.w3.org/ns/activitystreams", map[string]string{"sensitive": "as:sensitive", "Hashtag": "as:Hashtag"}},
		"id":       o.URI, "type": "Note", "attributedTo": author.URI, "content": o.Content, "contentMap": map[string]string{"en": o.Content},
		"published": s.now, "to": []string{"https://www.w3.org/ns/activitystreams#Public"}, "cc": []string{author.FollowersURI}, "context": o.Context, "url": o.URL,
		"inReplyTo": o.InReplyToURI, "tag": o.Tags, "attachment": []any{}, "sensitive": false,
	})
	if err != nil {
		return err
	}
	o.JSON = doc
	if _, err := tx.InsertObject(o); err != nil {
		return err
	}
	if err := s.belongings(tx, o, author, parent); err != nil {
		return err
	}
	if author == s.owner {
		s.facts.Own = o.ID
	} else if parent != nil {
		s.facts.Status = o.ID
	}
	s.recent = append(s.recent, o)
	if len(s.recent) > 500 {
		s.recent = s.recent[1:]
	}
	return nil
}

// belongings are the rows beside a status.
func (s *seeder) belongings(tx *store.Tx, o *store.Object, author *store.Account, parent *store.Object) error {
	var mentions []store.Mention
	mentioned := false
	if parent != nil {
		mentions = append(mentions, store.Mention{AccountID: parent.AccountID})
		mentioned = parent.AccountID == s.owner.ID
	}
	// Spread over all of the time, however long it is.
	due := s.n*s.shape.Notifications/s.shape.Statuses() > s.noted && s.noted < s.shape.Statuses()/5
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
	if s.dice.IntN(12) == 0 {
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
	if !mentioned || !due {
		return nil
	}
	s.noted++
	typ := "mention"
	switch {
	case s.noted%1000 == 7:
		typ = "update" // the rare one
	case s.noted%3 == 0:
		typ = "favourite"
	}
	_, err := tx.Notify(&store.Notification{AccountID: s.owner.ID, Type: typ, From: author.ID, StatusID: o.ID})
	return err
}

func (s *seeder) boost(tx *store.Tx, author *store.Account, of *store.Object) error {
	o := &store.Object{
		URI: fmt.Sprintf("%s/boosts/%d", author.URI, s.n), Type: "Announce", AccountID: author.ID, IsStatus: true,
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
