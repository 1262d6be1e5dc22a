package store

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"kinglet/internal/fault"
)

// Relay is a server that brings what others post in public, to whoever has asked
// it for that.
type Relay struct {
	ID       int64
	Inbox    string // where it is written to
	ActorURI string // "" while it is not known: only the inbox was given
	// LitePub says that its actor is followed; else the public collection is, as
	// Mastodon does.
	LitePub     bool
	FollowURI   string // of the Follow that it has to answer
	State       string
	StateAt     time.Time
	ReceiveOnly bool     // our posts do not go to it
	Tags        []string // hashtags that are taken; none for all
	Budget      int      // posts an hour

	HourAt         time.Time // when the hour began in which it spends
	HourSpent      int
	Taken, Refused int64
	RefusedWhy     string // the last one
	Error          string // why it was not reached, the last time; "" when it was
	CreatedAt      time.Time
}

// The states of a relay.
const (
	RelayPending  = "pending" // it was asked, and has not answered
	RelayAccepted = "accepted"
	RelayRejected = "rejected" // by the relay, or it is gone
)

const relayColumns = `r.id, r.inbox, r.actor_uri, r.litepub, r.follow_uri, r.state, r.state_at, r.receive_only, r.tags, r.budget,
	r.hour_at, r.hour_spent, r.taken, r.refused, r.refused_why, r.error, r.created_at`

func (r *Relay) dest() []any {
	return []any{
		&r.ID, &r.Inbox, &r.ActorURI, &r.LitePub, &r.FollowURI, &r.State, toTime(&r.StateAt), &r.ReceiveOnly, fromJSON(&r.Tags), &r.Budget,
		toTime(&r.HourAt), &r.HourSpent, &r.Taken, &r.Refused, &r.RefusedWhy, &r.Error, toTime(&r.CreatedAt),
	}
}

// budgetHour is the time that a budget is for.
const budgetHour = time.Hour

// Left is what is left of its budget.
func (r *Relay) Left(now time.Time) int {
	if now.Sub(r.HourAt) >= budgetHour {
		return r.Budget
	}
	return max(r.Budget-r.HourSpent, 0)
}

// Wants reports whether a post with these hashtags is taken from the relay.
func (r *Relay) Wants(tags []string) bool {
	return len(r.Tags) == 0 || slices.ContainsFunc(tags, func(tag string) bool { return slices.Contains(r.Tags, FoldTag(tag)) })
}

// Relays lists the relays, oldest first.
func (tx *Tx) Relays() ([]*Relay, error) { return tx.relays(`ORDER BY r.id`) }

// RelaysToSend lists the relays that our posts go to.
func (tx *Tx) RelaysToSend() ([]*Relay, error) {
	return tx.relays(`
		WHERE r.state = 'accepted' AND NOT r.receive_only
		  AND NOT EXISTS (SELECT 1 FROM gone_inboxes g WHERE g.inbox = r.inbox)
		ORDER BY r.id`)
}

func (tx *Tx) relays(where string, args ...any) (list []*Relay, err error) {
	err = tx.query(func(row scanner) error {
		r := new(Relay)
		err := row.Scan(r.dest()...)
		list = append(list, r)
		return err
	}, `SELECT `+relayColumns+` FROM relays r `+where, args...)
	return list, err
}

func (tx *Tx) relay(what, where string, args ...any) (*Relay, error) {
	list, err := tx.relays(where, args...)
	if err == nil && len(list) == 0 {
		err = fault.Errorf(fault.NotFound, "relay %s not found", what)
	}
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

// Relay reads a relay; NotFound.
func (tx *Tx) Relay(id int64) (*Relay, error) {
	return tx.relay(strconv.FormatInt(id, 10), `WHERE r.id = $1`, id)
}

// RelayByActor reads the relay that an actor is, by its URI; NotFound.
func (tx *Tx) RelayByActor(uri string) (*Relay, error) {
	return tx.relay(uri, `WHERE r.actor_uri = $1 AND r.actor_uri <> ''`, uri)
}

// RelayByInbox reads the relay that has an inbox; NotFound.
func (tx *Tx) RelayByInbox(inbox string) (*Relay, error) {
	return tx.relay(inbox, `WHERE r.inbox = $1`, inbox)
}

// RelayByFollow reads the relay that was asked with a Follow, by its id; NotFound.
func (tx *Tx) RelayByFollow(uri string) (*Relay, error) {
	return tx.relay(uri, `WHERE r.follow_uri = $1`, uri)
}

// PutRelay writes a relay that is asked now: a new one, or one that was asked
// before, which keeps its counts.
func (tx *Tx) PutRelay(r *Relay) error {
	restore(tx, r)
	now := tx.Now()
	r.State, r.StateAt = RelayPending, now
	known, err := tx.RelayByInbox(r.Inbox)
	if err == nil {
		r.ID, r.CreatedAt = known.ID, known.CreatedAt
		_, err = tx.exec(`
			UPDATE relays
			SET actor_uri = $2, litepub = $3, follow_uri = $4, state = $5, state_at = $6, receive_only = $7, tags = $8, budget = $9, error = ''
			WHERE id = $1`,
			r.ID, r.ActorURI, r.LitePub, r.FollowURI, r.State, millis(now), r.ReceiveOnly, jsonText(r.Tags), r.Budget)
		return err
	}
	if !fault.Is(err, fault.NotFound) {
		return err
	}
	r.CreatedAt = now
	return tx.insertNew(now, func(id int64) error {
		r.ID = id
		_, err := tx.exec(`
			INSERT INTO relays (id, inbox, actor_uri, litepub, follow_uri, state, state_at, receive_only, tags, budget, created_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $7)`,
			id, r.Inbox, r.ActorURI, r.LitePub, r.FollowURI, r.State, millis(now), r.ReceiveOnly, jsonText(r.Tags), r.Budget)
		return err
	})
}

// SetRelay writes what is asked of a relay that has accepted: it need not be asked
// again.
func (tx *Tx) SetRelay(r *Relay) error {
	_, err := tx.exec(`UPDATE relays SET receive_only = $2, tags = $3, budget = $4 WHERE id = $1`, r.ID, r.ReceiveOnly, jsonText(r.Tags), r.Budget)
	return err
}

// AnswerRelay writes what a relay answered, and who it is; false when that was
// known.
func (tx *Tx) AnswerRelay(id int64, state, actor string) (changed bool, err error) {
	n, err := tx.exec(`
		UPDATE relays SET state = $2, state_at = $3, actor_uri = $4, error = ''
		WHERE id = $1 AND (state <> $2 OR actor_uri <> $4)`, id, state, millis(tx.Now()), actor)
	return n > 0, err
}

// EndRelay writes that the actor of a relay is gone, if it is one.
func (tx *Tx) EndRelay(actor string) error {
	_, err := tx.exec(`
		UPDATE relays SET state = 'rejected', state_at = $2, error = 'its actor is gone'
		WHERE actor_uri = $1 AND actor_uri <> '' AND state <> 'rejected'`, actor, millis(tx.Now()))
	return err
}

// DeleteRelay deletes a relay. What it brought stays for its time.
func (tx *Tx) DeleteRelay(id int64) error {
	_, err := tx.exec(`DELETE FROM relays WHERE id = $1`, id)
	return err
}

// SpendRelay spends one of a relay's budget; false when nothing is left of it, or
// the relay is not accepted any more.
func (tx *Tx) SpendRelay(id int64) (bool, error) {
	now := tx.Now()
	n, err := tx.exec(`
		UPDATE relays
		SET hour_spent = CASE WHEN hour_at <= $3 THEN 1 ELSE hour_spent + 1 END,
		  hour_at = CASE WHEN hour_at <= $3 THEN $2 ELSE hour_at END
		WHERE id = $1 AND state = 'accepted' AND budget > 0 AND (hour_at <= $3 OR hour_spent < budget)`,
		id, millis(now), millis(now.Add(-budgetHour)))
	return n == 1, err
}

// RelayRefused counts what was not taken of a relay, and keeps why, the last time.
func (tx *Tx) RelayRefused(id int64, n int, why string) error {
	_, err := tx.exec(`UPDATE relays SET refused = refused + $2, refused_why = $3 WHERE id = $1`, id, n, printed(why))
	return err
}

// RelayFailed keeps why a relay was not reached, the last time; "" when it was.
func (tx *Tx) RelayFailed(id int64, why string) error {
	_, err := tx.exec(`UPDATE relays SET error = $2 WHERE id = $1 AND error <> $2`, id, printed(why))
	return err
}

// printed is a text that strangers have a part in, fit to be stored.
func printed(s string) string {
	const most = 300
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "�"), "\x00", "")
	if runes := []rune(s); len(runes) > most {
		s = string(runes[:most]) + "…"
	}
	return s
}
