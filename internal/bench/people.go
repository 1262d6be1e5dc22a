package main

import (
	"context"
	"crypto/rsa"
	"fmt"
	"log/slog"
	"time"

	"kinglet/ap"
	"kinglet/ap/signature"
	"kinglet/internal/auth"
	"kinglet/internal/cmd"
	"kinglet/internal/outgoing"
	"kinglet/store"
)

// people makes everyone, and who follows whom.
func (s *seeder) people(ctx context.Context, path string) error {
	if _, err := s.store.Migrate(ctx); err != nil {
		return err
	}
	var err error
	if s.conf, err = load(path); err != nil {
		return err
	}
	if err := cmd.ClaimDomain(ctx, s.store, s.conf); err != nil {
		return err
	}
	server, err := cmd.Assemble(ctx, cmd.Parts{Config: s.conf, Store: s.store, Log: slog.New(slog.DiscardHandler), Client: outgoing.Options{}, Copy: true})
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
	app, _, err := server.Auth.RegisterApp(ctx, auth.NewApp{Name: "bench", Scopes: "profile read write follow push", RedirectURIs: []string{auth.OutOfBand}})
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
	if err := s.store.Update(ctx, s.follows); err != nil {
		return err
	}
	return s.store.Update(ctx, s.disliked)
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

// strange are accounts without any relationship to the owner: of eight groups
// the one with the number, of 20 accounts where there are so many.
func (s *seeder) strange(group int) []*store.Account {
	n := min((s.shape.Remote-max(s.shape.Follows, hosts))/8, 20)
	if n <= 0 {
		return nil
	}
	end := len(s.remote) - group*n
	return s.remote[end-n : end]
}

// disliked has the owner block and mute some, and others wait to follow.
func (s *seeder) disliked(tx *store.Tx) error {
	for _, a := range s.strange(0) {
		if _, err := tx.PutBlock(s.owner.ID, a.ID, s.owner.URI+"#blocks/"+a.Username); err != nil {
			return err
		}
	}
	for _, a := range s.strange(1) {
		if err := tx.PutMute(s.owner.ID, a.ID, true, time.Time{}); err != nil {
			return err
		}
	}
	for _, a := range s.strange(2) {
		if _, err := tx.PutFollow(&store.Follow{AccountID: a.ID, TargetID: s.owner.ID, URI: a.URI + "#follows/owner", ShowReblogs: true}); err != nil {
			return err
		}
	}
	return nil
}

// likes has others like and boost the first post of the owner's newest, and the
// owner like, keep and pin some.
func (s *seeder) likes(tx *store.Tx, o *store.Object, author *store.Account) error {
	if author == s.owner && s.facts.Popular == 0 && s.n > s.shape.Statuses()-newest {
		s.facts.Popular = o.ID
		for group := 3; group < 5; group++ {
			for _, a := range s.strange(group) {
				if _, err := tx.PutFavourite(a.ID, o.ID, a.URI+"#likes/"+o.ID.String()); err != nil {
					return err
				}
				if err := s.boost(tx, a, o); err != nil {
					return err
				}
			}
		}
	}
	if (author == s.owner || author.ID == s.facts.Author) && s.pinned[author] < 3 && s.n > s.shape.Statuses()-newest {
		s.pinned[author]++
		if _, err := tx.PutPin(author.ID, o.ID, 5); err != nil {
			return err
		}
	}
	if author == s.owner {
		return nil
	}
	if s.dice.IntN(50) == 0 {
		if _, err := tx.PutFavourite(s.owner.ID, o.ID, s.owner.URI+"#likes/"+o.ID.String()); err != nil {
			return err
		}
	}
	if s.dice.IntN(100) == 0 {
		return tx.PutBookmark(s.owner.ID, o.ID)
	}
	return nil
}
