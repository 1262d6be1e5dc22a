package activity

import (
	"strconv"
	"time"

	"kinglet/ap/vocab"
	"kinglet/internal/fault"
	"kinglet/internal/jobs"
	"kinglet/store"
)

// What a poll does besides being voted in: its results are sent, it ends, an
// edit may begin it anew.

var (
	// SendTalliesJob sends the results so far of a poll of ours.
	SendTalliesJob = jobs.Kind[PollArgs]{Name: "poll_tallies"}
	// EndPollJob ends a poll at its time.
	EndPollJob = jobs.Kind[EndPollArgs]{Name: "poll_end", GiveUp: jobs.Never}
	// AskPollJob fetches the results of a remote poll.
	AskPollJob = jobs.Kind[AskPollArgs]{Fetches: true, Name: "poll_ask", Timeout: fetchTimeout, GiveUp: time.Hour, Lane: func(a AskPollArgs) string { return vocab.Host(a.URI) }}
)

// PollArgs names the status of a poll.
type PollArgs struct {
	Status store.ObjectID `json:"status"`
}

// EndPollArgs names a poll, and the voter up to whom all are notified.
type EndPollArgs struct {
	Status store.ObjectID  `json:"status"`
	After  store.AccountID `json:"after,omitempty"`
}

// AskPollArgs names a remote poll.
type AskPollArgs struct {
	URI string `json:"uri"`
}

const (
	// talliesEvery is how often the results are sent at most, as in Mastodon.
	talliesEvery = 3 * time.Minute
	// endStep is how many voters are notified in one transaction.
	endStep = 50
)

// sendTalliesAt enqueues the Update with the results of a poll of ours for a
// time, once.
func sendTalliesAt(tx *store.Tx, status store.ObjectID, at time.Time) error {
	return SendTalliesJob.Enqueue(tx, PollArgs{Status: status}, jobs.At(at), jobs.Unique(keyAt(SendTalliesJob.Name, status, at)))
}

// keyAt is the key of a job about a status at a time.
func keyAt(kind string, status store.ObjectID, at time.Time) string {
	return kind + " " + status.String() + " " + strconv.FormatInt(at.UnixMilli(), 10)
}

// AskForPoll enqueues a fetch of a remote poll whose results may have changed.
func AskForPoll(tx *store.Tx, status *store.Object) error {
	due, err := tx.AskForPoll(status.ID)
	if err != nil || !due {
		return err
	}
	return AskPollJob.Enqueue(tx, AskPollArgs{URI: status.URI}, jobs.Unique(AskPollJob.Name+" "+status.URI))
}

// expectEnd enqueues the end of a poll: of one of ours, or of another's in which
// an account here votes.
func expectEnd(tx *store.Tx, status *store.Object) error {
	end := status.Poll.ExpiresAt
	if end.IsZero() {
		return nil
	}
	if !status.Local {
		end = end.Add(store.PollSettles)
	}
	return EndPollJob.Enqueue(tx, EndPollArgs{Status: status.ID}, jobs.At(end), jobs.Unique(keyAt(EndPollJob.Name, status.ID, end)))
}

// EndPoll notifies the author and the voters of a poll that has ended, as far as
// they are here, and sends or fetches the result. One whose end was put off is
// waited for again: Updates of a remote one enqueue nothing.
func EndPoll(tx *store.Tx, args EndPollArgs) (left *EndPollArgs, err error) {
	o, err := tx.Object(args.Status)
	if fault.Is(err, fault.NotFound) || err == nil && (o.Poll == nil || !o.DeletedAt.IsZero()) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if !o.Poll.HasEnded(tx.Now()) {
		return nil, expectEnd(tx, o)
	}
	if args.After == 0 {
		if err := endPoll(tx, o); err != nil {
			return nil, err
		}
	}
	voters, err := tx.LocalVoters(o.ID, args.After, endStep)
	if err != nil || len(voters) == 0 {
		return nil, err
	}
	for _, voter := range voters {
		if err := notifyOfEnd(tx, o, voter); err != nil {
			return nil, err
		}
	}
	return &EndPollArgs{Status: o.ID, After: voters[len(voters)-1]}, nil
}

func endPoll(tx *store.Tx, o *store.Object) error {
	if !o.Local {
		return AskForPoll(tx, o)
	}
	if o.Poll.Closed {
		return nil
	}
	locked, err := tx.ObjectToChange(o.URI)
	if err != nil {
		return err
	}
	if locked.Poll == nil || locked.Poll.Closed || !locked.Poll.HasEnded(tx.Now()) {
		return nil // an edit came first, and expects its own end
	}
	locked.Poll.Closed = true
	if err := tx.SetPoll(o.ID, locked.Poll); err != nil {
		return err
	}
	if err := notifyOfEnd(tx, o, o.AccountID); err != nil {
		return err
	}
	return sendTalliesAt(tx, o.ID, tx.Now())
}

func notifyOfEnd(tx *store.Tx, o *store.Object, who store.AccountID) error {
	_, err := tx.Notify(&store.Notification{AccountID: who, Type: "poll", From: o.AccountID, StatusID: o.ID})
	return err
}

// newPoll gives the poll of a new status what its document does not say.
func newPoll(tx *store.Tx, a *Activity, status *store.Object) {
	if status.Poll == nil {
		return
	}
	p := *status.Poll
	if p.HideTotals = a.Command.HideTotals; !a.Actor.Local() {
		p.AskedAt = tx.Now()
	}
	status.Poll = &p
}

// editPoll takes over the poll of an edited status: when it offers something
// else, the votes are void. The votes in a poll of ours are counted here, those
// in another's by its server.
func editPoll(tx *store.Tx, a *Activity, before, status *store.Object) error {
	was := before.Poll
	newPoll(tx, a, status)
	if was != nil && !isSamePoll(was, status.Poll) {
		if err := tx.ResetVotes(status.ID); err != nil {
			return err
		}
		was = nil
	}
	if status.Poll == nil {
		return nil
	}
	if !a.Actor.Local() {
		return nil
	}
	if was != nil {
		status.Poll.Options, status.Poll.Voters = was.Options, was.Voters
	}
	return expectEnd(tx, status)
}

func isSamePoll(a, b *store.Poll) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.SameChoices(b)
}

// mostCopies is how many servers of others than followers get the results while
// the poll runs. All get the last: strangers who vote from ten thousand hosts do
// not have us write to each every three minutes.
const mostCopies = 200

// editWaits is how long the delivery of an edit may take.
const editWaits = 3 * 24 * time.Hour

// sendTallies publishes the Update of a poll of ours to all who have it: whoever
// follows its author, is mentioned, voted, boosted, favourited or answered. It
// says all that earlier ones did.
func sendTallies(tx *store.Tx, a *Activity, status *store.Object) (out Outcome, err error) {
	out.Object = status.ID
	if status.Poll == nil {
		return out, nil // an edit took it away just now
	}
	if err := tx.DropUpdates(status.URI); err != nil {
		return out, err
	}
	tx.Emit(store.EventStatusEdit, int64(status.ID))
	if out.Publish, err = toAudience(tx, a, status); err != nil || out.Publish == nil || status.Visibility > store.Unlisted {
		return out, err // to those who may still see it
	}
	readers, err := readersOf(tx, status)
	// An edit that still waits somewhere is in this Update too: all get it.
	if !status.Poll.Closed && tx.Now().Sub(status.EditedAt) > editWaits {
		readers = readers[:min(len(readers), mostCopies)]
	}
	out.Publish.Inboxes = append(out.Publish.Inboxes, readers...)
	if err == nil {
		err = stillHeld(tx, status, out.Publish)
	}
	return out, err
}
