package activity

import (
	"encoding/json"
	"time"

	"kinglet/ap/object"
	"kinglet/ap/vocab"
	"kinglet/internal/config"
	"kinglet/internal/fault"
	"kinglet/internal/jobs"
	"kinglet/store"

	"github.com/google/uuid"
)

// A relay brings what many servers post in public to those that have asked it,
// and passes on what these post (FEP-ae0c). The actor of this server asks it, with
// a Follow: of the public collection, sent to an inbox (Mastodon's form), or of the
// relay's actor (LitePub's), which then follows back. What it brings is believed
// of nobody: see ap/relayed.go.

// RelayJob sends something to a relay, as the actor of this server.
var RelayJob = jobs.Kind[RelayArgs]{Name: "relay", Timeout: 30 * time.Second, Lane: func(a RelayArgs) string { return vocab.Host(a.Inbox) }}

// RelayedJob fetches what a relay has named.
var RelayedJob = jobs.Kind[RelayedArgs]{Fetches: true, Name: "relayed", Timeout: fetchTimeout, GiveUp: time.Hour, Lane: func(a RelayedArgs) string { return vocab.Host(a.URI) }}

// RelayArgs is an activity for a relay. It has ids and no text.
type RelayArgs struct {
	Relay    int64           `json:"relay"`
	Inbox    string          `json:"inbox"`
	Post     store.ObjectID  `json:"post,omitempty"` // that it announces
	Activity json.RawMessage `json:"activity"`
}

// RelayedArgs names something that a relay has brought, by its id.
type RelayedArgs struct {
	Relay int64  `json:"relay"`
	Type  string `json:"type"` // Create, Update or Delete
	URI   string `json:"uri"`
}

// AskRelay writes a relay and sends it the Follow that it has to answer.
func AskRelay(env *Env, tx *store.Tx, r *store.Relay) error {
	follow := relayDraft(env, tx, "Follow", vocab.Ref{ID: followedOf(r)}, relayActors(r))
	r.FollowURI = follow.ID
	if err := tx.PutRelay(r); err != nil {
		return err
	}
	return tx.Enqueue(relayJob(r, follow))
}

// LeaveRelay deletes a relay and takes back the Follow that it was asked with.
func LeaveRelay(env *Env, tx *store.Tx, r *store.Relay) error {
	if err := tx.DeleteRelay(r.ID); err != nil || r.State == store.RelayRejected {
		return err
	}
	follow := followDraft(r.FollowURI, env.Config.InstanceActorURI(), followedOf(r))
	return tx.Enqueue(relayJob(r, relayDraft(env, tx, "Undo", vocab.Ref{ID: follow.ID, Object: follow}, relayActors(r))))
}

// followedOf is what the Follow is of that asks a relay.
func followedOf(r *store.Relay) string {
	if r.LitePub {
		return r.ActorURI
	}
	return vocab.Public
}

func relayActors(r *store.Relay) []string {
	if r.ActorURI == "" {
		return nil
	}
	return []string{r.ActorURI}
}

// relayDraft is an activity of the actor of this server.
func relayDraft(env *Env, tx *store.Tx, typ string, about vocab.Ref, to []string) *vocab.Object {
	return &vocab.Object{
		ID: env.Config.ActivityURI(uuid.NewString()), Type: typ, Actor: vocab.Ref{ID: env.Config.InstanceActorURI()},
		Object: about, To: to, Published: tx.Now(),
	}
}

// relayJob sends a draft to a relay: a Follow and its Undo in their order.
func relayJob(r *store.Relay, draft *vocab.Object) store.NewJob {
	job := RelayJob.Job(RelayArgs{Relay: r.ID, Inbox: r.Inbox, Activity: vocab.Encode(object.Compose(draft).Document)})
	if draft.Type == "Follow" || draft.Type == "Undo" {
		job.Order = jobs.Order(RelayJob.Name, r.Inbox)
	}
	return job
}

// isInstanceActor reports whether a URI is that of the actor of this server.
func isInstanceActor(env *Env, uri string) bool {
	return env.Config.ParseURL(uri).Kind == config.InstanceActorURL
}

// answeredRelay finds the relay whose Follow an Accept or Reject is about, by the
// Follow's id or, where the answer leaves that out, by who answers; nil for none.
// Only that relay may send it.
func answeredRelay(env *Env, tx *store.Tx, a *Activity) (*store.Relay, error) {
	ref := a.Object.Object
	if f := ref.Object; f != nil && (f.Type != "Follow" || !isInstanceActor(env, f.Actor.ID)) {
		return nil, nil
	}
	var r *store.Relay
	var err error
	switch {
	case ref.ID != "":
		r, err = tx.RelayByFollow(ref.ID)
	case ref.Object != nil:
		if r, err = tx.RelayByActor(a.Actor.URI); err == nil && ref.Object.Object.ID != followedOf(r) {
			return nil, nil
		}
	}
	if err != nil || r == nil {
		return nil, ifNotFound(err)
	}
	return r, mayAnswer(a, r)
}

// mayAnswer refuses an answer of another than the relay that was asked. Of one of
// which only the inbox was known, whoever has that inbox and the Follow's id may.
func mayAnswer(a *Activity, r *store.Relay) error {
	if r.ActorURI != "" {
		if a.Actor.URI != r.ActorURI {
			return refuse("%s is not the relay that was asked, %s", a.Actor.URI, r.ActorURI)
		}
		return nil
	}
	if a.Object.Object.ID != r.FollowURI || !HasInbox(a.Actor, r.Inbox) {
		return refuse("%s does not have the inbox of the relay that was asked, %s", a.Actor.URI, r.Inbox)
	}
	return nil
}

// HasInbox reports whether an inbox, in its canonical form, is an actor's own or
// its server's: no actor is taken with one on another host.
func HasInbox(actor *store.Account, inbox string) bool {
	for _, of := range []string{actor.Inbox, actor.SharedInbox} {
		if canonical, err := vocab.Canonical(of); err == nil && canonical == inbox {
			return true
		}
	}
	return false
}

// answeredByRelay writes what a relay answered.
func answeredByRelay(env *Env, tx *store.Tx, a *Activity) (Outcome, error) {
	r, err := answeredRelay(env, tx, a)
	if err == nil && r == nil {
		err = fault.Errorf(fault.NotFound, "follow not found")
	}
	if err != nil {
		return Outcome{}, err
	}
	if known, err := tx.RelayByActor(a.Actor.URI); err == nil && known.ID != r.ID {
		return Outcome{}, refuse("%s is another relay already, %s", a.Actor.URI, known.Inbox)
	} else if err != nil && !fault.Is(err, fault.NotFound) {
		return Outcome{}, err
	}
	state := store.RelayAccepted
	if a.Type == "Reject" {
		state = store.RelayRejected
	}
	changed, err := tx.AnswerRelay(r.ID, state, a.Actor.URI)
	if changed {
		tx.AfterCommit(func() { env.Log.Info("a relay answered", "relay", r.Inbox, "actor", a.Actor.URI, "state", state) })
	}
	return Outcome{}, err
}

// authorizeFollowBack decides about a Follow of the actor of this server: a
// LitePub relay follows back who follows it, nobody else does.
func authorizeFollowBack(env *Env, tx *store.Tx, a *Activity) (Reason, error) {
	if err := ownsID(env, a, a.ID); err != nil {
		return "", err
	}
	r, err := tx.RelayByActor(a.Actor.URI)
	if fault.Is(err, fault.NotFound) || err == nil && r.State == store.RelayRejected {
		return unwanted("only relays follow the actor of this server, which %s is not", a.Actor.URI), nil
	}
	return "", err
}

// acceptFollowBack answers a relay that follows back. It gets our posts whether it
// does or not.
func acceptFollowBack(env *Env, tx *store.Tx, a *Activity) (Outcome, error) {
	r, err := tx.RelayByActor(a.Actor.URI)
	if err != nil {
		return Outcome{}, err
	}
	follow := followDraft(a.ID, a.Actor.URI, env.Config.InstanceActorURI())
	job := relayJob(r, relayDraft(env, tx, "Accept", vocab.Ref{ID: follow.ID, Object: follow}, relayActors(r)))
	job.UniqueKey = RelayJob.Name + " Accept " + a.Actor.URI
	return Outcome{}, tx.Enqueue(job)
}

// toRelays adds the relays to those who get the Create, Update or Delete of a
// public post. A new post is announced to those of LitePub, by the actor of this
// server, as they expect; that goes into jobs of its own.
func toRelays(env *Env, tx *store.Tx, a *Activity, status *store.Object, p *Publication) error {
	if p == nil || status.Visibility != store.Public {
		return nil
	}
	relays, err := tx.RelaysToSend()
	if err != nil {
		return err
	}
	for _, r := range relays {
		if a.Type != "Create" || !r.LitePub {
			p.Inboxes = append(p.Inboxes, r.Inbox)
		} else if err := announceTo(env, tx, a, status, r); err != nil {
			return err
		}
	}
	return nil
}

func announceTo(env *Env, tx *store.Tx, a *Activity, status *store.Object, r *store.Relay) error {
	host := vocab.Host(r.Inbox)
	if env.Policy.AsksDeliveries() && Withheld(env, host, a.Actor, status) {
		return nil
	}
	if dead, err := tx.DeadHosts([]string{host}); err != nil || dead[host] {
		return err
	}
	draft := relayDraft(env, tx, "Announce", vocab.Ref{ID: status.URI}, []string{env.Config.InstanceFollowersURI()})
	draft.Cc = []string{vocab.Public}
	job := RelayJob.Job(RelayArgs{Relay: r.ID, Inbox: r.Inbox, Post: status.ID, Activity: vocab.Encode(object.Compose(draft).Document)})
	return tx.Enqueue(job)
}
