package ap

import (
	"context"
	"net/http"
	"strings"
	"time"

	"kinglet/ap/activity"
	"kinglet/ap/vocab"
	"kinglet/internal/fault"
	"kinglet/internal/jobs"
	"kinglet/store"
)

// A server that delivers something for the followers of an account says which of
// them it takes to be here (FEP-8fcf). Where we know others, its list is fetched,
// and our side mended: who is not in it follows no longer, and for who is in it
// without following an Undo is sent. No follow comes of a list, but of one that
// was asked for here.

const (
	// comparedFor is how long the header of an account is not compared again, and
	// mendedFor how long its list is not fetched again.
	comparedFor = 10 * time.Minute
	mendedFor   = time.Hour
	// settledAfter is how old a follow must be to be ended by a list: one that was
	// accepted just now may not be in it yet.
	settledAfter = time.Hour
	// mostUnknown is for how many in a list that do not follow an Undo is sent.
	mostUnknown = 20
	mostHeader  = 4096
)

// followersClaim is what a header says.
type followersClaim struct{ collection, url, digest string }

// parseFollowersHeader reads the header: parameters as those of a signature. ok is
// false for what is none.
func parseFollowersHeader(h http.Header) (c followersClaim, ok bool) {
	values := h.Values(followersHeader)
	if len(values) != 1 || len(values[0]) > mostHeader {
		return c, false
	}
	seen := map[string]bool{}
	for rest := values[0]; rest != ""; {
		key, after, found := strings.Cut(rest, `="`)
		value, next, closed := strings.Cut(after, `"`)
		key = strings.TrimSpace(key)
		if !found || !closed || seen[key] {
			return c, false
		}
		seen[key] = true
		switch key {
		case "collectionId":
			c.collection = value
		case "url":
			c.url = value
		case "digest":
			c.digest = strings.ToLower(value)
		}
		if next = strings.TrimSpace(next); next != "" && next[0] != ',' {
			return c, false
		}
		rest = strings.TrimSpace(strings.TrimPrefix(next, ","))
	}
	return c, c.collection != "" && c.url != "" && len(c.digest) == 2*len(followersDigest{})
}

// compareFollowers compares what a verified actor says about its followers here
// with what is known, and enqueues the mending when they differ.
func (s *Service) compareFollowers(ctx context.Context, actor *store.Account, h http.Header) error {
	if h.Get(followersHeader) == "" {
		return nil
	}
	claim, ok := parseFollowersHeader(h)
	if !ok || claim.collection != actor.FollowersURI || !vocab.SameOrigin(claim.url, actor.URI) {
		return nil
	}
	if _, lately := s.limits.compared.Get(actor.URI); lately {
		return nil
	}
	s.limits.compared.Put(actor.URI, struct{}{}, comparedFor)
	known, err := store.Read(ctx, s.Store, func(tx *store.Tx) ([]string, error) { return tx.LocalFollowerURIs(actor.ID) })
	if err != nil {
		return err
	}
	var digest followersDigest
	for _, uri := range known {
		digest.add(uri)
	}
	if digest.String() == claim.digest {
		return nil
	}
	if _, lately := s.limits.mended.Get(actor.URI); lately {
		return nil
	}
	s.limits.mended.Put(actor.URI, struct{}{}, mendedFor)
	return s.Store.Update(ctx, func(tx *store.Tx) error {
		args := activity.FollowersArgs{Account: actor.ID, URL: claim.url, Digest: claim.digest}
		return activity.FollowersJob.Enqueue(tx, args, jobs.Unique(activity.FollowersJob.Name+" "+actor.URI))
	})
}

// mendFollowers fetches the list of an account's followers here, and mends what
// we know. A list that is not the one that was announced changes nothing: it was
// cut, or is another by now.
func (s *Service) mendFollowers(ctx context.Context, args activity.FollowersArgs) error {
	actor, err := store.Read(ctx, s.Store, func(tx *store.Tx) (*store.Account, error) { return tx.Account(args.Account) })
	if err != nil || !actor.Active() {
		return unlessGone(err)
	}
	if ctx, err = s.causedBy(ctx, actor.URI); err != nil {
		return err
	}
	listed, err := s.listedFollowers(ctx, actor, args)
	if err != nil {
		return s.fetchOutcome("followers", args.URL, activity.Outcome{}, err)
	}
	if err := s.endUnlisted(ctx, actor, listed); err != nil {
		return err
	}
	return s.answerListed(ctx, actor, listed)
}

// listedFollowers fetches the names of the accounts here that are in the list.
func (s *Service) listedFollowers(ctx context.Context, actor *store.Account, args activity.FollowersArgs) (map[string]bool, error) {
	doc, err := s.document(ctx, args.URL)
	if err != nil {
		return nil, err
	}
	if doc.First.Object != nil {
		doc = doc.First.Object
	} else if doc.First.ID != "" {
		if !vocab.SameOrigin(doc.First.ID, actor.URI) {
			return nil, fault.Errorf(fault.Invalid, "its first page is at %s", doc.First.ID)
		}
		if doc, err = s.document(ctx, doc.First.ID); err != nil {
			return nil, err
		}
	}
	if !strings.Contains(doc.Type, "Collection") || doc.ID != "" && !vocab.SameOrigin(doc.ID, actor.URI) {
		return nil, fault.Errorf(fault.Invalid, "%s of type %q is no collection of %s", doc.ID, doc.Type, actor.URI)
	}
	listed := map[string]bool{}
	var digest followersDigest
	for _, item := range doc.Items {
		digest.add(item.ID)
		if name, ok := s.Config.ParseURL(item.ID).Username(); ok {
			listed[strings.ToLower(name)] = true
		}
	}
	if digest.String() != args.Digest {
		return nil, fault.Errorf(fault.Invalid, "the list at %s is not the one that was announced", args.URL)
	}
	return listed, nil
}

// endUnlisted ends the follows of those who are not in the list.
func (s *Service) endUnlisted(ctx context.Context, actor *store.Account, listed map[string]bool) error {
	settled := s.Store.Now().Add(-settledAfter)
	for after := int64(0); ; {
		list, err := store.Read(ctx, s.Store, func(tx *store.Tx) ([]store.Follow, error) { return tx.LocalFollows(actor.ID, after, moveBatch) })
		if err != nil || len(list) == 0 {
			return err
		}
		for _, f := range list {
			after = f.ID
			follower, err := store.Read(ctx, s.Store, func(tx *store.Tx) (*store.Account, error) { return tx.Account(f.AccountID) })
			if err != nil {
				return err
			}
			if listed[strings.ToLower(follower.Username)] || f.CreatedAt.After(settled) {
				continue
			}
			s.Log.Info("follow ended, since its server knows none", "follower", follower.URI, "actor", actor.URI)
			if err := unlessGone(s.Unfollow(ctx, follower.ID, actor.ID)); err != nil {
				return err
			}
		}
	}
}

// answerListed sends an Undo for those in the list who do not follow. Of who has
// asked to, the answer was lost.
func (s *Service) answerListed(ctx context.Context, actor *store.Account, listed map[string]bool) error {
	undone := 0
	for name := range listed {
		var follower *store.Account
		var with *store.Relationship
		err := s.Store.View(ctx, func(tx *store.Tx) (err error) {
			if follower, err = tx.AccountByHandle(name, ""); err != nil {
				return err
			}
			related, err := tx.Relationships(follower.ID, []store.AccountID{actor.ID})
			if len(related) > 0 {
				with = related[0]
			}
			return err
		})
		switch {
		case err != nil:
			err = unlessGone(err)
		case with == nil || with.Following || !follower.Active():
		case with.Requested:
			err = s.acceptListed(ctx, actor, follower)
		case undone < mostUnknown:
			undone++
			unknown := &store.Follow{URI: s.Config.ActivityURI(newUUID())}
			undo := s.draft(follower, "Undo", embed(followDraft(unknown, follower, actor)), []string{actor.URI}, nil)
			_, err = s.local(ctx, follower, undo, activity.Command{})
		}
		if err = unlessGone(err); err != nil {
			return err
		}
	}
	return nil
}

// acceptListed takes it for an Accept that an account lists somebody who has asked
// to follow it.
func (s *Service) acceptListed(ctx context.Context, actor, follower *store.Account) error {
	request, err := store.Read(ctx, s.Store, func(tx *store.Tx) (*store.Follow, error) { return tx.Follow(follower.ID, actor.ID) })
	if err != nil {
		return err
	}
	accept := &activity.Activity{Origin: activity.Fetched, Actor: actor, Object: &vocab.Object{
		Type: "Accept", Actor: vocab.Ref{ID: actor.URI}, Object: embed(followDraft(request, follower, actor)),
	}}
	return s.Store.Update(ctx, func(tx *store.Tx) error {
		_, err := s.transact(ctx, tx, s.rules["Accept"], accept)
		return err
	})
}
