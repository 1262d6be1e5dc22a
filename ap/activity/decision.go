package activity

import (
	"kinglet/ap/object"
	"kinglet/ap/vocab"
	"kinglet/internal/fault"
	"kinglet/store"

	"github.com/google/uuid"
)

// The decision of an author about what others do with a status: an Accept with an
// authorization, a Reject, and the Delete of the authorization.

// decided is what an Accept or a Reject decides about: an interaction, and the
// status that it is done with. NotFound for an answer to anything else.
func decided(tx *store.Tx, a *Activity) (i *store.Interaction, status *store.Object, err error) {
	if a.Actor.Local() {
		i, err = ownDecision(tx, a)
	} else {
		i, err = tx.OwnInteraction(a.Object.Object.ID, a.Actor.ID)
	}
	if err != nil {
		return nil, nil, err
	}
	status, err = tx.Object(i.TargetID)
	return i, status, err
}

// ownDecision is the interaction that an account here answers: with a request, or
// without one.
func ownDecision(tx *store.Tx, a *Activity) (*store.Interaction, error) {
	uri, kind := answeredDeed(a)
	if len(a.To) != 1 || uri == "" {
		return nil, fault.Errorf(fault.NotFound, "interaction not found")
	}
	who, err := tx.AccountByURI(a.To[0])
	if err != nil {
		return nil, err
	}
	status, err := tx.ObjectByURI(a.Target.ID)
	if err != nil {
		return nil, err
	}
	i, err := tx.InteractionToChange(who.ID, uri, kind, status.ID)
	if fault.Is(err, fault.NotFound) && a.Command.Interaction != nil {
		kept := *a.Command.Interaction
		return &kept, nil
	}
	return i, err
}

// answeredDeed is the URI and the kind of the interaction that an account here answers.
func answeredDeed(a *Activity) (uri, kind string) {
	if request := a.Object.Object.Object; request != nil {
		return InstrumentOf(request), requestKinds[request.Type]
	}
	if i := a.Command.Interaction; i != nil {
		return a.Object.Object.ID, i.Kind
	}
	return a.Object.Object.ID, a.Command.Kind
}

// isDecision reports whether an answer of an account here is about an interaction:
// its object is then a request, or named.
func isDecision(a *Activity) bool {
	o := a.Object.Object.Object
	return o == nil && a.Target.ID != "" || o != nil && requestKinds[o.Type] != ""
}

// authorizeDecision checks an answer about an interaction: its actor must be the
// author of the status.
func authorizeDecision(tx *store.Tx, a *Activity) (Reason, error) {
	i, status, err := decided(tx, a)
	if fault.Is(err, fault.NotFound) {
		return unwanted("what it answers is not known here"), nil
	}
	if err != nil {
		return "", err
	}
	if status.AccountID != a.Actor.ID {
		return "", refuse("%s is not the author of %s, which %s is about", a.Actor.URI, status.URI, i.URI)
	}
	if !status.DeletedAt.IsZero() {
		return unwanted("the status %s is deleted", status.URI), nil
	}
	return "", nil
}

// applyDecision records an answer of an account here, or one that came.
func applyDecision(env *Env, tx *store.Tx, a *Activity) (Outcome, error) {
	if a.Command.Decided {
		return answeredInteraction(tx, a)
	}
	i, status, err := decided(tx, a)
	if fault.Is(err, fault.NotFound) && a.Actor.Local() && a.Type == "Reject" {
		return answeredInteraction(tx, a) // what the policy does not allow is not kept
	}
	if err != nil {
		return Outcome{}, err
	}
	if !a.Actor.Local() {
		return applyAnswer(env, tx, a, i)
	}
	if a.Type == "Reject" {
		return rejectInteraction(env, tx, a, i)
	}
	return acceptInteraction(env, tx, a, i, status)
}

// answeredInteraction publishes an answer to whoever it is for. One of each type is
// kept for an interaction.
func answeredInteraction(tx *store.Tx, a *Activity) (Outcome, error) {
	who, err := tx.AccountByURI(a.To[0])
	if err != nil || who.Local() {
		return Outcome{}, err
	}
	uri, kind := answeredDeed(a)
	if a.Command.Decided {
		// Of a No that no row is kept for there is one for all that somebody tries with
		// a status: ids cost nothing.
		uri = a.Target.ID
	}
	p := toAccount(a, who)
	p.AnswerTo = store.InteractionKey(who.URI, kind, uri) // others may name the same id
	return Outcome{Publish: p}, nil
}

// acceptInteraction writes the authorization of an interaction, unless it has one,
// and what is accepted is done.
func acceptInteraction(env *Env, tx *store.Tx, a *Activity, i *store.Interaction, status *store.Object) (Outcome, error) {
	out, err := answeredInteraction(tx, a)
	if err != nil {
		return out, err
	}
	if i.State == store.InteractionAccepted && i.Stamp != "" {
		return out, nil
	}
	if i.State != store.InteractionPending {
		return NotWanted(unwanted("%s was %s", i.URI, i.State)), nil
	}
	i.State, i.Stamp = store.InteractionAccepted, resultOf(a)
	if i.Stamp == "" {
		return out, refuse("the Accept of %s has no authorization", i.URI)
	}
	if err := tx.PutInteraction(i); err != nil {
		return out, err
	}
	stamp := AuthorizationDraft(a.Actor, status, i)
	if _, err := tx.InsertObject(&store.Object{
		URI: i.Stamp, Type: stamp.Type, AccountID: a.Actor.ID, Local: true, Visibility: status.Visibility, ObjectURI: status.URI,
		PublishedAt: tx.Now(), JSON: vocab.Encode(object.Compose(stamp).Document), Draft: store.Draft{To: a.To},
	}); err != nil {
		return out, err
	}
	more, err := doAccepted(env, tx, a, i, status)
	out.Then = append(out.Then, more...)
	return out, err
}

// doAccepted does what was accepted: a quote is shown, a favourite counts. An answer
// or a boost is not kept while it waits, and few send it again (not even GoToSocial
// 0.20, which fails at it): its origin is asked for it.
func doAccepted(env *Env, tx *store.Tx, a *Activity, i *store.Interaction, status *store.Object) ([]*Activity, error) {
	switch i.Kind {
	case store.LikeOf:
		created, err := tx.PutFavourite(i.AccountID, status.ID, i.URI)
		if err != nil || !created {
			return nil, err
		}
		_, err = tx.Notify(&store.Notification{AccountID: status.AccountID, Type: "favourite", From: i.AccountID, StatusID: status.ID})
		return nil, err
	case store.ReplyTo, store.AnnounceOf:
		return nil, askForAccepted(tx, a, i)
	case store.QuoteOf:
		if i.StatusID == 0 {
			return nil, nil
		}
		if err := tx.AuthorizeQuote(i.StatusID, i.TargetID, i.Stamp); err != nil {
			return nil, err
		}
		if _, err := tx.Notify(&store.Notification{AccountID: status.AccountID, Type: "quote", From: i.AccountID, StatusID: i.StatusID}); err != nil || a.Command.AtOnce {
			return nil, err
		}
		return sendAgain(env, tx, i.StatusID)
	}
	return nil, nil
}

// askForAccepted has the answer or boost that its owner accepts fetched from its
// origin, at the cost of who made it. What the policy accepts is there as it comes.
func askForAccepted(tx *store.Tx, a *Activity, i *store.Interaction) error {
	if a.Command.Interaction == nil {
		return nil
	}
	typ := "Create"
	if i.Kind == store.AnnounceOf {
		typ = "Announce"
	}
	return ForwardedArgs{Type: typ, URI: i.URI, By: a.To[0]}.Enqueue(tx)
}

// rejectInteraction refuses an interaction, or ends one that was accepted without
// an authorization.
func rejectInteraction(env *Env, tx *store.Tx, a *Activity, i *store.Interaction) (Outcome, error) {
	out, err := answeredInteraction(tx, a)
	if err != nil {
		return out, err
	}
	if i.RequestURI == "" && i.Kind == store.QuoteOf {
		out.Publish = nil // nobody has asked
	}
	if i.State == store.InteractionRejected || i.State == store.InteractionRevoked {
		return out, nil
	}
	if i.Stamp != "" { // it was accepted meanwhile
		if err := dropAuthorization(tx, i.Stamp); err != nil {
			return out, err
		}
	}
	more, err := endInteraction(env, tx, i, true)
	out.Then = more
	return out, err
}

// endInteraction records that an interaction is refused or, if it was accepted,
// not wanted any more: rejected by a Reject, else by the Delete of its
// authorization. The Update of what was done here follows.
func endInteraction(env *Env, tx *store.Tx, i *store.Interaction, rejected bool) ([]*Activity, error) {
	was := i.State
	i.State, i.Stamp = ended(i.State), ""
	if err := tx.PutInteraction(i); err != nil {
		return nil, err
	}
	if i.Kind == store.LikeOf {
		_, _, err := tx.DeleteFavourite(i.AccountID, i.TargetID)
		return nil, err
	}
	if i.Kind != store.QuoteOf {
		return endOwn(env, tx, i, was, rejected)
	}
	if i.StatusID == 0 {
		return nil, nil
	}
	if err := tx.EndQuote(i.StatusID, i.TargetID, i.State); err != nil {
		return nil, err
	}
	return sendAgain(env, tx, i.StatusID)
}

// ended is the state of what is not accepted, or not any more.
func ended(state string) string {
	if state == store.InteractionAccepted || state == store.InteractionRevoked {
		return store.InteractionRevoked
	}
	return store.InteractionRejected
}

// applyAnswer takes the answer of an author elsewhere to what an account here has
// asked for. What was refused before stays so: an Accept may be an old one.
func applyAnswer(env *Env, tx *store.Tx, a *Activity, i *store.Interaction) (out Outcome, err error) {
	if i, err = tx.InteractionToChange(i.AccountID, i.URI, i.Kind, i.TargetID); err != nil {
		return out, ifNotFound(err)
	}
	if a.Type == "Reject" {
		if i.State == store.InteractionRejected || i.State == store.InteractionRevoked {
			return out, nil
		}
		out.Then, err = endInteraction(env, tx, i, true)
		return out, err
	}
	if i.State != store.InteractionPending {
		return NotWanted(unwanted("%s is %s", i.URI, i.State)), nil
	}
	if i.Stamp, i.ByAccept, err = approvalOf(env, a, i.Kind); err != nil {
		return out, err
	}
	i.State = store.InteractionAccepted
	if err := tx.PutInteraction(i); err != nil {
		return out, err
	}
	if i.Kind != store.QuoteOf {
		out.Then, err = sendApproved(env, tx, i)
		return out, err
	}
	if err := tx.AuthorizeQuote(i.StatusID, i.TargetID, i.Stamp); err != nil {
		return out, err
	}
	out.Then, err = sendAgain(env, tx, i.StatusID)
	return out, err
}

// resultOf is where an Accept says that the authorization is; "" unless it says one
// place.
func resultOf(a *Activity) string {
	if list := vocab.IDs(a.Document["result"], 2); len(list) == 1 {
		return list[0]
	}
	return ""
}

// sendAgain is the Update of a status of an account here, whose text is as it was:
// what its quoted author says of it has changed. nil for another's.
func sendAgain(env *Env, tx *store.Tx, status store.ObjectID) ([]*Activity, error) {
	rows, err := tx.Documents([]store.ObjectID{status})
	row := rows[status]
	if err != nil || row == nil || !row.Local || !row.DeletedAt.IsZero() {
		return nil, err
	}
	author, err := tx.Account(row.AccountID)
	if err != nil {
		return nil, err
	}
	note := object.Draft(env.Config, row)
	if note == nil {
		return nil, nil
	}
	draft := &vocab.Object{
		ID: env.Config.ActivityURI(uuid.NewString()), Type: "Update", Actor: vocab.Ref{ID: author.URI}, To: note.To, Cc: note.Cc, Audience: note.Audience,
		Published: tx.Now(), Object: vocab.Ref{ID: note.ID, Object: note},
	}
	return []*Activity{{Object: object.Compose(draft), Origin: Local, Actor: author, Command: Command{Unchanged: true}}}, nil
}

// sendUnchanged publishes that Update to all who have the status.
func sendUnchanged(tx *store.Tx, a *Activity, status *store.Object) (out Outcome, err error) {
	out.Object = status.ID
	if err := tx.DropUpdates(status.URI); err != nil {
		return out, err
	}
	if out.Publish, err = toReaders(tx, a, status); err == nil {
		err = stillHeld(tx, status, out.Publish)
	}
	return out, err
}

// mentionQuoted has the author of what a status of ours quotes get it, as far as it
// is not a message to others.
func mentionQuoted(tx *store.Tx, status *store.Object) error {
	if !status.Local || status.QuoteID == 0 || status.Visibility == store.Direct {
		return nil
	}
	quoted, err := tx.Object(status.QuoteID)
	if err != nil || quoted.AccountID == status.AccountID {
		return err
	}
	return tx.InsertMentions(status.ID, []store.Mention{{AccountID: quoted.AccountID, Silent: true}})
}

// askToQuote asks the author of what a new status of an account here quotes, unless
// the quote needs no leave. An author who lives here answers at once, or later.
func askToQuote(env *Env, tx *store.Tx, a *Activity, status *store.Object) ([]*Activity, error) {
	if status.QuoteID == 0 {
		return nil, nil
	}
	quoted, err := tx.Object(status.QuoteID)
	if err != nil || quoted.AccountID == status.AccountID || !quoted.Local && status.QuoteState == store.QuoteAccepted {
		return nil, err
	}
	author, err := tx.Account(quoted.AccountID)
	if err != nil {
		return nil, err
	}
	asked := &store.Interaction{
		Kind: store.QuoteOf, TargetID: quoted.ID, AccountID: status.AccountID, StatusID: status.ID, URI: status.URI,
		RequestURI: env.Config.ActivityURI(uuid.NewString()), State: store.InteractionPending,
	}
	if err := tx.PutInteraction(asked); err != nil {
		return nil, err
	}
	if quoted.Local {
		if status.QuoteState != store.QuoteAccepted {
			return nil, nil
		}
		accept := answerTo(env, tx, author, a.Actor, quoted, asked, "Accept")
		accept.Command.AtOnce = true
		return []*Activity{accept}, nil
	}
	draft := &vocab.Object{
		ID: asked.RequestURI, Type: "QuoteRequest", Actor: vocab.Ref{ID: a.Actor.URI}, Object: vocab.Ref{ID: quoted.URI}, Instrument: status.URI,
		To: []string{author.URI}, Published: tx.Now(),
	}
	return []*Activity{{Object: object.Compose(draft), Origin: Local, Actor: a.Actor}}, nil
}
