package activity

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"kinglet/ap/vocab"
	"kinglet/store"
)

// The kinds of jobs that activities cause. Package ap does them.
const (
	JobDeliver  = "deliver"  // DeliverArgs: one activity to one inbox
	JobIngest   = "ingest"   // IngestArgs: an inbox post that needs fetching first
	JobThread   = "thread"   // ThreadArgs: a parent that is not known here
	JobMentions = "mentions" // MentionsArgs: mentioned accounts not known here
	JobRefresh  = "refresh"  // RefreshArgs: an actor whose document is old
	JobHandle   = "handle"   // RefreshArgs: an actor whose handle could not be verified
	JobPurge    = "purge"    // PurgeArgs: what a deleted account left
	JobForget   = "forget"   // PurgeArgs: its key, when that has signed for the last time
	JobCleanUp  = "clean_up" // no arguments: the daily round
)

// LocalLane is the lane of work that meets no remote host.
const LocalLane = "local"

// DeliverArgs name a published activity and where to bring it.
type DeliverArgs struct {
	Activity store.ObjectID  `json:"activity"`
	Sender   store.AccountID `json:"sender"`
	Inbox    string          `json:"inbox"`
}

// IngestArgs hold an inbox post that was verified and acknowledged.
type IngestArgs struct {
	Actor     store.AccountID `json:"actor"`
	Recipient store.AccountID `json:"recipient,omitempty"`
	Activity  json.RawMessage `json:"activity"`
}

// ThreadArgs name a status to fetch because something here answers it.
type ThreadArgs struct {
	URI   string `json:"uri"`
	Depth int    `json:"depth"`
	Cause string `json:"cause,omitempty"` // see Activity.Cause
}

// MentionsArgs name mentioned accounts that were not known when the status came.
type MentionsArgs struct {
	Status store.ObjectID `json:"status"`
	URIs   []string       `json:"uris"`
	Cause  string         `json:"cause,omitempty"` // see Activity.Cause
}

// RefreshArgs name an actor to fetch again.
type RefreshArgs struct {
	URI string `json:"uri"`
}

// PurgeArgs name a deleted account.
type PurgeArgs struct {
	Account store.AccountID `json:"account"`
}

// newJob makes a job in the lane of a URI's host.
func newJob(kind, uri string, args any) store.NewJob {
	b, err := json.Marshal(args)
	if err != nil {
		panic(err) // only our own plain structs come here
	}
	lane := LocalLane
	if uri != "" {
		lane = vocab.Host(uri)
	}
	return store.NewJob{Kind: kind, Lane: lane, Args: b}
}

// Deliver writes one delivery for each inbox, once each, in the lane of its host.
func Deliver(tx *store.Tx, activity store.ObjectID, sender store.AccountID, inboxes []string) error {
	seen := map[string]bool{"": true}
	var list []store.NewJob
	for _, inbox := range inboxes {
		if seen[inbox] {
			continue
		}
		seen[inbox] = true
		list = append(list, newJob(JobDeliver, inbox, DeliverArgs{Activity: activity, Sender: sender, Inbox: inbox}))
	}
	return tx.Enqueue(list...)
}

// Postpone keeps an inbox's activity for a job that may fetch what it needs.
func Postpone(tx *store.Tx, a *Activity) error {
	job := newJob(JobIngest, a.Actor.URI, IngestArgs{Actor: a.Actor.ID, Recipient: a.Recipient, Activity: a.Raw})
	if a.ID != "" {
		// Of whom, besides: its id is what the sender says it is. Hashed, since
		// URIs are longer than an index takes.
		key := sha256.Sum256([]byte(a.Actor.URI + "\n" + a.ID + "\n" + a.Recipient.String()))
		job.UniqueKey = JobIngest + " " + hex.EncodeToString(key[:])
	}
	return tx.Enqueue(job)
}

// Refresh has an actor's document fetched anew.
func Refresh(tx *store.Tx, uri string) error {
	job := newJob(JobRefresh, uri, RefreshArgs{URI: uri})
	job.UniqueKey = JobRefresh + " " + uri
	return tx.Enqueue(job)
}

// VerifyHandleAt has WebFinger asked again about an actor's handle.
func VerifyHandleAt(tx *store.Tx, uri string, at time.Time) error {
	job := newJob(JobHandle, uri, RefreshArgs{URI: uri})
	job.RunAt, job.UniqueKey = at, JobHandle+" "+uri
	return tx.Enqueue(job)
}

// ScheduleCleanUp has the daily round done at a time, one round a day however
// often the server starts.
func ScheduleCleanUp(tx *store.Tx, at time.Time) error {
	job := newJob(JobCleanUp, "", struct{}{})
	job.RunAt, job.UniqueKey = at, JobCleanUp+" "+at.Format(time.DateOnly)
	return tx.Enqueue(job)
}

// ForgetKeyAt has a deleted account's key dropped at a time.
func ForgetKeyAt(tx *store.Tx, account store.AccountID, at time.Time) error {
	job := newJob(JobForget, "", PurgeArgs{Account: account})
	job.RunAt, job.UniqueKey = at, JobForget+" "+account.String()+" "+at.Format(time.RFC3339)
	return tx.Enqueue(job)
}
