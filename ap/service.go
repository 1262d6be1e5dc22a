// Package ap is the ActivityPub side of Kinglet and its social rules. Every
// change of the social state goes through one pipeline (pipeline.go), whether a
// client requested it (the commands: post.go, follow.go, …), it arrived in an
// inbox (inbox.go) or was fetched (fetch.go, resolve.go). What an activity type
// does is in its own file in ap/activity.
//
// The package answers no HTTP and renders no page; api and ui call its commands
// and read views from store. Read Service and process first.
package ap

import (
	"context"
	"crypto/rsa"
	"fmt"
	"log/slog"

	"kinglet/ap/activity"
	"kinglet/ap/policy"
	"kinglet/ap/signature"
	"kinglet/ap/vocab"
	"kinglet/internal/background"
	"kinglet/internal/config"
	"kinglet/internal/jobs"
	"kinglet/internal/outgoing"
	"kinglet/store"
)

// Service is the only way to change the social state. It is safe for concurrent
// use.
type Service struct {
	Config *config.Config
	Store  *store.Store
	Log    *slog.Logger

	client *outgoing.Client
	rules  map[string]activity.Rule
	env    *activity.Env
	bounds vocab.Bounds // of what strangers send

	instanceKey       *rsa.PrivateKey // of the instance actor, which fetches for everyone
	instancePublicKey string          // PEM
	privateKeys       privateKeys     // of the accounts here
	publicKeys        publicKeys      // of others
	sending           outgoingActivities
	followers         followersDigests
	background        *background.Limit
	limits            *limits // of what strangers can make us spend
	keys              flights[*keyOwner]
	owners            flights[*store.Account]
}

// Options are what New needs.
type Options struct {
	Config *config.Config
	Store  *store.Store
	Client *outgoing.Client
	Log    *slog.Logger
	// Policy is the chain that Client asks as well, before it dials.
	Policy policy.Chain
	// Background has deliveries make way for requests.
	Background *background.Limit
}

// New makes the service. The instance actor's key is generated at the first
// start and stored in the database.
func New(ctx context.Context, o Options) (*Service, error) {
	s := &Service{
		Config:     o.Config,
		Store:      o.Store,
		Log:        o.Log,
		client:     o.Client,
		rules:      activity.Rules(),
		env:        &activity.Env{Config: o.Config, Log: o.Log, Policy: o.Policy},
		bounds:     vocab.Bounds{Mentions: o.Config.Federation.Mentions},
		background: o.Background,
		limits:     newLimits(o.Config.Federation, o.Store.Now),
	}
	if s.background == nil {
		s.background = background.New()
	}
	if err := s.loadInstanceKey(ctx); err != nil {
		return nil, fmt.Errorf("instance actor's key: %w", err)
	}
	return s, nil
}

func (s *Service) loadInstanceKey(ctx context.Context) error {
	known := ""
	err := s.Store.View(ctx, func(tx *store.Tx) (err error) {
		known, _, err = tx.Setting("instance_actor_key")
		return err
	})
	if err != nil {
		return err
	}
	if known == "" {
		key, err := signature.GenerateKey() // not inside the transaction: it takes a while
		if err != nil {
			return err
		}
		made, err := signature.MarshalPrivate(key)
		if err != nil {
			return err
		}
		err = s.Store.Update(ctx, func(tx *store.Tx) error {
			known, err = tx.SettingOnce("instance_actor_key", made)
			return err
		})
		if err != nil {
			return err
		}
	}
	if s.instanceKey, err = signature.ParsePrivate(known); err != nil {
		return err
	}
	s.instancePublicKey, err = signature.MarshalPublic(&s.instanceKey.PublicKey)
	return err
}

// RegisterJobs registers the workers of the jobs that activities cause.
func (s *Service) RegisterJobs(r *jobs.Runner) {
	activity.DeliverJob.Register(r, s.deliver)
	activity.FanOutJob.RegisterSteps(r, activity.FanOut)
	activity.IngestJob.Register(r, fetching(s, s.ingest))
	activity.ThreadJob.Register(r, fetching(s, s.completeThread))
	activity.MentionsJob.Register(r, fetching(s, s.resolveMentions))
	activity.RefreshJob.Register(r, fetching(s, s.refreshActor))
	activity.HandleJob.Register(r, fetching(s, s.verifyHandle))
	activity.MoveJob.Register(r, s.moveFollowers)
	activity.ProbeJob.Register(r, s.probe)
	activity.GoneInboxJob.Register(r, s.checkInbox)
	activity.CheckActorJob.Register(r, fetching(s, s.checkActor))
	activity.FollowersJob.Register(r, fetching(s, s.mendFollowers))
	activity.PurgeJob.Register(r, s.purgeAccount)
	activity.ForgetKeyJob.Register(r, s.forgetKey)
	activity.CleanUpJob.Register(r, s.cleanUp)
}
