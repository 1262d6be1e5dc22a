package activity

import (
	"slices"

	"kinglet/internal/fault"
	"kinglet/store"
)

// Whether somebody may like, answer or boost a status by its author's policy
// (GoToSocial's interactionPolicy) is asked here. Of most statuses nothing is said.

// deeds are what the kinds of interactions are called in errors.
var deeds = map[string]string{store.LikeOf: "favourite", store.ReplyTo: "reply to", store.AnnounceOf: "boost"}

// mayDo refuses what an account here wants to do with a status that its author
// does not allow.
func mayDo(tx *store.Tx, a *Activity, kind string, status *store.Object) error {
	if !a.Actor.Local() || status.Policy.Of(kind) == nil {
		return nil
	}
	may, err := tx.MayInteract(kind, status, a.Actor)
	if err == nil && may == store.Denied {
		err = fault.Errorf(fault.Forbidden, "The author of this post does not allow you to %s it", deeds[kind])
	}
	return err
}

// ask records what an account here has done with a status elsewhere that its
// author's server decides about, for its answer, and reports whether nobody else
// gets it until then (mayHold).
func ask(tx *store.Tx, a *Activity, kind string, target *store.Object, uri string, status store.ObjectID, mayHold bool) (held bool, err error) {
	if !a.Actor.Local() || !a.Origin.Publishes || target.Local || target.Policy.Of(kind).IsForAll() {
		return false, nil
	}
	if mayHold {
		if held, err = tx.MustWait(kind, target, a.Actor); err != nil {
			return false, err
		}
	}
	return held, tx.PutInteraction(&store.Interaction{
		Kind: kind, TargetID: target.ID, AccountID: a.Actor.ID, StatusID: status, URI: uri, Held: held, State: store.InteractionPending,
	})
}

// judged decides what becomes of what somebody elsewhere does with a status of an
// account here. It is done if goesOn; out is then what is answered besides.
func judged(env *Env, tx *store.Tx, a *Activity, kind string, status *store.Object, uri string) (out Outcome, goesOn bool, err error) {
	if a.Actor.Local() || !status.Local || status.Policy.Of(kind).IsForAll() {
		return out, true, nil
	}
	waits := unwanted("%s waits for the approval of the author of %s", uri, status.URI)
	if !a.Origin.Notifies { // it was fetched: nobody asks for anything
		known, err := tx.InteractionOf(a.Actor.ID, uri, kind, status.ID)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return out, false, err
		}
		if err == nil {
			return NotWanted(waits), known.State == store.InteractionAccepted, nil
		}
		may, err := tx.MayInteract(kind, status, a.Actor)
		return NotWanted(waits), may == store.Automatic, err
	}
	asked := &store.Interaction{Kind: kind, TargetID: status.ID, AccountID: a.Actor.ID, URI: uri}
	if out, err = judgeInteraction(env, tx, a, status, asked); err != nil {
		return out, false, err
	}
	if len(out.Then) == 0 {
		out.NotWanted = waits
		return out, false, nil
	}
	if goesOn = out.Then[0].Type == "Accept"; !goesOn {
		out.NotWanted = unwanted("the author of %s does not allow it", status.URI)
	}
	return out, goesOn, nil
}

// linkJudged records the row of what judged has let in, which takes the
// authorization along when it is deleted.
func linkJudged(tx *store.Tx, a *Activity, kind string, answer Outcome, done *store.Object) error {
	if len(answer.Then) == 0 && answer.NotWanted == "" {
		return nil
	}
	return tx.LinkInteraction(a.Actor.ID, kind, done.URI, done.ID)
}

// judgedReply is judged for the answer that a Create brings.
func judgedReply(env *Env, tx *store.Tx, a *Activity) (out Outcome, goesOn bool, err error) {
	uri := a.Prepared.Status.InReplyToURI
	if a.Actor.Local() || !env.Config.IsOwn(uri) {
		return out, true, nil
	}
	parent, err := tx.ObjectByURI(uri)
	if err != nil || !parent.IsStatus || !parent.DeletedAt.IsZero() {
		return out, true, ifNotFound(err)
	}
	if parent.Local && parent.Visibility > store.Unlisted && !parent.Policy.Of(store.ReplyTo).IsForAll() {
		// Who may not see it is not told that it is there.
		if may, err := tx.MaySee(a.Actor.ID, parent.ID); err != nil || !may {
			return NotWanted(unwanted("the status %s is not known here", uri)), false, err
		}
	}
	return judged(env, tx, a, store.ReplyTo, parent, a.Object.Object.ID)
}

// mayReply is mayDo for the status that a post of an account here answers.
func mayReply(tx *store.Tx, a *Activity, parent string) error {
	status, err := tx.ObjectByURI(parent)
	if err != nil {
		return ifNotFound(err)
	}
	return mayDo(tx, a, store.ReplyTo, status)
}

// askToReply is ask for an answer from here. Of one that quotes as well only the
// quote is asked for.
func askToReply(tx *store.Tx, a *Activity, status *store.Object) (held bool, err error) {
	if !status.Local || status.InReplyToID == 0 || status.QuoteURI != "" {
		return false, nil
	}
	parent, err := tx.Object(status.InReplyToID)
	if err != nil {
		return false, err
	}
	if parent.Policy.Of(store.ReplyTo).IsForAll() {
		return false, nil
	}
	taken, err := isTaken(tx, parent.AccountID, status)
	if err != nil {
		return false, err
	}
	return ask(tx, a, store.ReplyTo, parent, status.URI, status.ID, taken)
}

// isTaken reports whether GoToSocial takes an answer of ours at all: its author
// follows ours, or is mentioned. What it drops as not relevant it never decides
// about: that is not held.
func isTaken(tx *store.Tx, author store.AccountID, answer *store.Object) (bool, error) {
	account, err := tx.Account(author)
	if err != nil {
		return false, err
	}
	if slices.ContainsFunc(answer.Draft.Mentions, func(m store.MentionTag) bool { return m.Href == account.URI }) {
		return true, nil
	}
	f, err := tx.Follow(author, answer.AccountID)
	return err == nil && f.Accepted, ifNotFound(err)
}
