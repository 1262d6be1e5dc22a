package activity

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"kinglet/ap/vocab"
	"kinglet/internal/jobs"
	"kinglet/store"
)

// The kinds of jobs that activities cause. Their workers are in package ap
// (Service.RegisterJobs).
var (
	// DeliverJob delivers one activity to one inbox.
	DeliverJob = jobs.Kind[DeliverArgs]{Name: "deliver", Timeout: 30 * time.Second, Lane: func(a DeliverArgs) string { return vocab.Host(a.Inbox) }}
	// FanOutJob enqueues the deliveries of one activity to many inboxes.
	FanOutJob = jobs.Kind[FanOutArgs]{Name: "fan_out", GiveUp: jobs.Never}
	// IngestJob does an inbox post that needs fetching first.
	IngestJob = jobs.Kind[IngestArgs]{Fetches: true, Name: "ingest", Timeout: fetchTimeout, Lane: func(a IngestArgs) string { return jobs.LocalLane("ingest", a.Host) }}
	// ThreadJob fetches a parent that is not known here.
	ThreadJob = jobs.Kind[ThreadArgs]{Fetches: true, Name: "thread", Timeout: fetchTimeout, Lane: func(a ThreadArgs) string { return vocab.Host(a.URI) }}
	// QuoteJob fetches a quoted status that is not known here.
	QuoteJob = jobs.Kind[QuoteArgs]{Fetches: true, Name: "quote", Timeout: fetchTimeout, Lane: func(a QuoteArgs) string { return vocab.Host(a.URI) }}
	// QuoteConsentJob fetches the consent of a quoted author.
	QuoteConsentJob = jobs.Kind[QuoteConsentArgs]{Fetches: true, Name: "quote_consent", Timeout: fetchTimeout, Lane: func(a QuoteConsentArgs) string { return vocab.Host(a.Stamp) }}
	// MentionsJob fetches mentioned accounts that are not known here.
	MentionsJob = jobs.Kind[MentionsArgs]{Fetches: true, Name: "mentions", Timeout: fetchTimeout, GiveUp: time.Hour, Lane: func(a MentionsArgs) string { return jobs.LocalLane("mentions", a.Host) }}
	// RefreshJob fetches an actor whose document is old.
	RefreshJob = jobs.Kind[RefreshArgs]{Fetches: true, Name: "refresh", Timeout: fetchTimeout, Lane: hostOfActor}
	// HandleJob verifies an actor's handle, which could not be verified before.
	HandleJob = jobs.Kind[RefreshArgs]{Fetches: true, Name: "handle", Timeout: fetchTimeout, Lane: hostOfActor}
	// MoveJob has those who know an account here go along when it moves.
	MoveJob = jobs.Kind[MoveArgs]{Name: "move", Timeout: time.Hour, GiveUp: jobs.Never}
	// ProbeJob asks whether a dead host is there again.
	ProbeJob = jobs.Kind[ProbeArgs]{Name: "probe", Timeout: 30 * time.Second, GiveUp: jobs.Never, Lane: func(a ProbeArgs) string { return vocab.Host(a.URL) }}
	// GoneInboxJob has those checked who are delivered to at an inbox that is gone.
	GoneInboxJob = jobs.Kind[GoneInboxArgs]{Name: "gone_inbox", GiveUp: jobs.Never}
	// CheckActorJob checks whether an actor is gone.
	CheckActorJob = jobs.Kind[CheckActorArgs]{Fetches: true, Name: "check_actor", Timeout: fetchTimeout, GiveUp: 30 * 24 * time.Hour, Lane: func(a CheckActorArgs) string { return vocab.Host(a.URI) }}
	// FollowersJob fetches who of an account's followers are here, by its server.
	FollowersJob = jobs.Kind[FollowersArgs]{Fetches: true, Name: "followers", Timeout: fetchTimeout, GiveUp: 24 * time.Hour, Lane: func(a FollowersArgs) string { return vocab.Host(a.URL) }}
	// PurgeJob deletes what a deleted account left.
	PurgeJob = jobs.Kind[PurgeArgs]{Name: "purge", Timeout: time.Hour, GiveUp: jobs.Never}
	// ForgetKeyJob deletes the account's key once nothing is left to sign
	// with it.
	ForgetKeyJob = jobs.Kind[ForgetKeyArgs]{Name: "forget", GiveUp: jobs.Never}
	// ReportJob forwards a report to the server of who is reported.
	ReportJob = jobs.Kind[ReportArgs]{Name: "report", Timeout: 30 * time.Second, Lane: func(a ReportArgs) string { return vocab.Host(a.Inbox) }}
	// CleanUpJob is the daily clean-up.
	CleanUpJob = jobs.Kind[struct{}]{Name: "clean_up", Timeout: time.Hour, GiveUp: jobs.Never}
)

// fetchTimeout bounds a job that fetches several documents, one after the other.
const fetchTimeout = 2 * time.Minute

// DeliverArgs names a published activity and the inbox to deliver it to.
type DeliverArgs struct {
	Activity store.ObjectID  `json:"activity"`
	Sender   store.AccountID `json:"sender"`
	Inbox    string          `json:"inbox"`
	Forward  int64           `json:"forward,omitempty"` // another's activity in place of one of ours: see forward.go
}

// FanOutArgs names a published activity and the inboxes for which no delivery is
// enqueued yet.
type FanOutArgs struct {
	Activity store.ObjectID  `json:"activity"`
	Sender   store.AccountID `json:"sender"`
	Order    []string        `json:"order,omitempty"` // of its deliveries: see deliveries
	First    bool            `json:"first,omitempty"`
	Replaces bool            `json:"replaces,omitempty"`
	Inboxes  []string        `json:"inboxes"`
	Forward  int64           `json:"forward,omitempty"`
}

// IngestArgs holds an inbox activity that was verified and acknowledged.
type IngestArgs struct {
	Actor     store.AccountID `json:"actor"`
	Recipient store.AccountID `json:"recipient,omitempty"`
	Brought   bool            `json:"brought,omitempty"` // see Activity.Brought
	Activity  json.RawMessage `json:"activity"`
	Object    string          `json:"object"` // the id of the activity's; missing in rows of before it was kept
	Host      string          `json:"host"`   // of the actor
}

// ThreadArgs names a status to fetch because something here replies to it.
type ThreadArgs struct {
	URI   string `json:"uri"`
	Depth int    `json:"depth"`
	Cause string `json:"cause,omitempty"` // see Activity.Cause
}

// QuoteArgs names a status to fetch because something here quotes it.
type QuoteArgs struct {
	URI    string `json:"uri"`
	Quotes int    `json:"quotes"`          // see Activity.Quotes
	Cause  string `json:"cause,omitempty"` // see Activity.Cause
}

// QuoteConsentArgs names a status that quotes another, and where the consent of
// that one's author is said to be.
type QuoteConsentArgs struct {
	Status store.ObjectID `json:"status"`
	Stamp  string         `json:"stamp"`
	Cause  string         `json:"cause,omitempty"` // see Activity.Cause
}

// MentionsArgs names mentioned accounts that were not known when the status
// arrived.
type MentionsArgs struct {
	Status store.ObjectID `json:"status"`
	URIs   []string       `json:"uris"`
	Cause  string         `json:"cause,omitempty"` // see Activity.Cause
	Host   string         `json:"host"`            // of the status
}

// ReportArgs names a report and the inbox to forward it to.
type ReportArgs struct {
	Report int64  `json:"report"`
	Inbox  string `json:"inbox"`
}

// RefreshArgs names an actor to fetch again.
type RefreshArgs struct {
	URI string `json:"uri"`
	By  string `json:"by,omitempty"` // whose limits it counts against, where not the actor's own
}

func hostOfActor(a RefreshArgs) string { return vocab.Host(a.URI) }

// MoveArgs names an account that moved, and where to.
type MoveArgs struct {
	Account store.AccountID `json:"account"`
	Target  store.AccountID `json:"target"`
}

// ProbeArgs names an address at a host: any answer will do.
type ProbeArgs struct {
	URL string `json:"url"`
}

// GoneInboxArgs names an inbox that answered 410.
type GoneInboxArgs struct {
	Inbox string `json:"inbox"`
}

// CheckActorArgs names an actor that may be gone. Its URI has answered 404 so
// often, first at a time.
type CheckActorArgs struct {
	URI     string    `json:"uri"`
	Missing int       `json:"missing,omitempty"`
	First   time.Time `json:"first,omitzero"`
}

// FollowersArgs names an account, and the list of its followers here that its
// server has announced, with its digest.
type FollowersArgs struct {
	Account store.AccountID `json:"account"`
	URL     string          `json:"url"`
	Digest  string          `json:"digest"`
}

// PurgeArgs names a deleted account.
type PurgeArgs struct {
	Account store.AccountID `json:"account"`
}

// ForgetKeyArgs names a deleted account, and the job up to which none is of it.
type ForgetKeyArgs struct {
	Account store.AccountID `json:"account"`
	After   int64           `json:"after,omitempty"`
}

// IngestLane is the lane of an actor's inbox activities: one per host, since
// what they need is fetched from anywhere.
func IngestLane(actorURI string) string {
	return IngestJob.LaneOf(IngestArgs{Host: vocab.Host(actorURI)})
}

// Postpone stores an inbox activity for a job that may fetch what it needs.
func Postpone(tx *store.Tx, a *Activity) error {
	job := IngestJob.Job(IngestArgs{Actor: a.Actor.ID, Recipient: a.Recipient, Brought: a.Brought, Activity: a.Raw, Object: a.Object.Object.ID, Host: vocab.Host(a.Actor.URI)})
	if a.ID != "" {
		// The actor is part of the key: the id is chosen by the sender. It is
		// hashed, since URIs are longer than an index accepts.
		key := sha256.Sum256([]byte(a.Actor.URI + "\n" + a.ID + "\n" + a.Recipient.String()))
		job.UniqueKey = IngestJob.Name + " " + hex.EncodeToString(key[:])
	}
	return tx.Enqueue(job)
}

// Refresh enqueues a new fetch of an actor's document.
func Refresh(tx *store.Tx, uri string) error { return RefreshFor(tx, uri, "") }

// RefreshFor is Refresh because of what another than the actor has brought.
func RefreshFor(tx *store.Tx, uri, by string) error {
	return RefreshJob.Enqueue(tx, RefreshArgs{URI: uri, By: by}, jobs.Unique(RefreshJob.Name+" "+uri))
}

// CheckActor enqueues a check whether an actor is gone.
func CheckActor(tx *store.Tx, args CheckActorArgs, at time.Time) error {
	return CheckActorJob.Enqueue(tx, args, jobs.At(at), jobs.Unique(CheckActorJob.Name+" "+args.URI))
}

// ProbeHost enqueues the probing of a host that is dead since a job failed: at the
// address that this job used, where that is a delivery.
func ProbeHost(tx *store.Tx, failed store.Job) error {
	url := "https://" + failed.Lane + "/"
	var delivery DeliverArgs
	if failed.Kind == DeliverJob.Name && json.Unmarshal(failed.Args, &delivery) == nil && delivery.Inbox != "" {
		url = delivery.Inbox
	}
	return ProbeJob.Enqueue(tx, ProbeArgs{URL: url}, jobs.Unique(ProbeJob.Name+" "+failed.Lane))
}

// VerifyHandleAt enqueues another WebFinger lookup of an actor's handle.
func VerifyHandleAt(tx *store.Tx, uri string, at time.Time) error {
	return HandleJob.Enqueue(tx, RefreshArgs{URI: uri}, jobs.At(at), jobs.Unique(HandleJob.Name+" "+uri))
}

// ScheduleCleanUp enqueues the daily clean-up for a time, once a day however
// often the server starts.
func ScheduleCleanUp(tx *store.Tx, at time.Time) error {
	return CleanUpJob.Enqueue(tx, struct{}{}, jobs.At(at), jobs.Unique(CleanUpJob.Name+" "+at.Format(time.DateOnly)))
}

// ForgetKeyAt enqueues the deletion of a deleted account's key for a time.
func ForgetKeyAt(tx *store.Tx, args ForgetKeyArgs, at time.Time) error {
	key := ForgetKeyJob.Name + " " + args.Account.String() + " " + at.Format(time.RFC3339)
	return ForgetKeyJob.Enqueue(tx, args, jobs.At(at), jobs.Unique(key))
}
