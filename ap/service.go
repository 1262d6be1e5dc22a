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
	"crypto/ed25519"
	"crypto/rsa"
	"fmt"
	"log/slog"

	"kinglet/ap/activity"
	"kinglet/ap/policy"
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

	instanceKey       *rsa.PrivateKey    // of the instance actor, which fetches for everyone
	instanceEd25519   ed25519.PrivateKey // the same
	instancePublicKey string             // PEM
	privateKeys       privateKeys        // of the accounts here
	publicKeys        publicKeys         // of others
	signatureHosts    signatureHosts     // what they take
	sending           outgoingActivities
	followers         followersDigests
	background        *background.Limit
	limits            *limits // of what strangers can make us spend
	log               federationLog
	keys              flights[*keyOwner]
	owners            flights[*store.Account]
	relays            relayRefusals
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
		log:        newFederationLog(),
	}
	if s.background == nil {
		s.background = background.New()
	}
	if err := s.loadInstanceKeys(ctx); err != nil {
		return nil, fmt.Errorf("instance actor's key: %w", err)
	}
	if err := s.makeEd25519Keys(ctx); err != nil {
		return nil, fmt.Errorf("Ed25519 keys: %w", err)
	}
	return s, nil
}

// RegisterJobs registers the workers of the jobs that activities cause.
func (s *Service) RegisterJobs(r *jobs.Runner) {
	activity.DeliverJob.Register(r, s.deliver)
	activity.FanOutJob.RegisterSteps(r, activity.FanOut)
	activity.IngestJob.Register(r, fetching(s, s.ingest))
	activity.ForwardedJob.Register(r, fetching(s, s.fetchForwarded))
	activity.ThreadJob.Register(r, fetching(s, s.completeThread))
	activity.QuoteJob.Register(r, fetching(s, s.fetchQuoted))
	activity.QuoteConsentJob.Register(r, fetching(s, s.verifyConsent))
	activity.CrawlJob.Register(r, fetching(s, s.crawl))
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
	activity.ReportJob.Register(r, s.forwardReport)
	activity.RelayJob.Register(r, s.sendToRelay)
	activity.RelayedJob.Register(r, fetching(s, s.fetchRelayed))
	activity.CleanUpJob.Register(r, s.cleanUp)
	activity.SendTalliesJob.Register(r, s.sendTallies)
	activity.EndPollJob.RegisterSteps(r, activity.EndPoll)
	activity.AskPollJob.Register(r, fetching(s, s.fetchPoll))
}
