package activity

import (
	"kinglet/ap/object"
	"kinglet/ap/vocab"
	"kinglet/internal/fault"
	"kinglet/internal/markup"
	"kinglet/store"
)

// A Create publishes a Note or another kind of status (ActivityPub §6.2, §7.2).
func createRule() Rule {
	return Rule{Type: "Create", Needs: createNeeds, Whole: true, Prepare: prepareObject, Authorize: authorizeCreate, Apply: applyCreate}
}

// createNeeds asks for the object when only its id arrived, provided that the
// id can be the actor's and that someone here wants it: the actor is followed
// here, or the activity is addressed to a local account. A stranger can't make
// us fetch what others wrote.
func createNeeds(env *Env, tx *store.Tx, a *Activity) ([]Need, error) {
	ref := a.Object.Object
	if ref.ID == "" || ownsID(env, a, ref.ID) != nil {
		return nil, nil
	}
	known, err := tx.KnownURIs(ref.ID)
	if err != nil || known[ref.ID] {
		return nil, err
	}
	wanted, err := isWantedUnread(env, tx, a, &vocab.Object{})
	if err != nil || !wanted {
		return nil, err
	}
	return []Need{{URI: ref.ID, Document: true}}, nil
}

// prepareObject reads the object of a Create or an Update into its rows.
func prepareObject(env *Env, a *Activity) error {
	if votes := votesOf(a); votes != nil {
		prepareVotes(a, votes)
		return nil
	}
	o := a.Object.Object.Object
	if o == nil || a.Command.Unchanged || vocab.IsActorType(o.Type) && a.Actor.Local() {
		return nil // a profile here has written its rows itself (Command.Write)
	}
	reading, err := object.Read(env.Config, o, a.Origin.Trusted)
	if err != nil {
		return refuse("the object: %v", err)
	}
	if reading == nil {
		return nil // Authorize says why it is not taken
	}
	a.Prepared = &Prepared{Reading: reading}
	if reading.Status == nil {
		return nil
	}
	reading.Status.Policy = object.ReadPolicy(env.Config, o, a.Actor)
	if a.Actor.Local() {
		keepDraft(env, a, reading.Status, o)
	}
	for _, uri := range reading.Mentions {
		name, ok := env.Config.ParseURL(uri).Username()
		if !ok && env.Config.IsOwn(uri) {
			continue // nobody here
		}
		a.Prepared.Mentioned = append(a.Prepared.Mentioned, store.NewAddressee(uri, name))
	}
	a.Prepared.Here, a.Prepared.Hidden, err = namesHere(env, a, o)
	return err
}

// keepDraft keeps what a post was made from, as the policies left it: with it an
// edit begins, and with the other columns of its row it makes the document.
func keepDraft(env *Env, a *Activity, status *store.Object, o *vocab.Object) {
	status.Draft = store.Draft{Author: a.Actor.URI, Source: o.Source.Content, To: o.To, Cc: o.Cc, Community: firstOf(o.Audience)}
	for _, t := range o.Tag {
		if t.Type == "Mention" {
			status.Draft.Mentions = append(status.Draft.Mentions, store.MentionTag{Href: t.Href, Name: t.Name})
		}
	}
	if markup.PlainText(status.Content) == o.Source.Content {
		status.Draft.Source = ""
	}
	row := *status
	row.Local = true
	status.JSON = toKeep(env.Config, &row, o.Raw)
}

// keepPublished keeps the document of a post of ours whose row says of its time
// or its place in the thread what the document does not: a policy took it out.
func keepPublished(a *Activity, status *store.Object) {
	published := a.Prepared.Status
	if status.Local && (status.Context != published.Context || status.InReplyToURI != published.InReplyToURI || !status.PublishedAt.Equal(published.PublishedAt)) {
		status.JSON = a.Object.Object.Object.Raw
	}
}

func authorizeCreate(env *Env, tx *store.Tx, a *Activity) (Reason, error) {
	if votes := votesOf(a); votes != nil {
		return authorizeVotes(tx, a, votes)
	}
	note := a.Object.Object.Object
	if note == nil {
		return authorizeCreateByID(env, tx, a)
	}
	if not, err := ownsNote(env, a, note); not != "" || err != nil {
		return not, err
	}
	if !isAddressed(a, note) {
		return "", refuse("the object %s is addressed to nobody", note.ID)
	}
	if a.Relay != 0 {
		return wantedOfRelay(tx, a, note)
	}
	if a.Actor.Local() && note.InReplyTo.ID != "" {
		return "", mayReply(tx, a, note.InReplyTo.ID)
	}
	if !a.Origin.Unsolicited {
		return "", nil
	}
	wanted, err := isWanted(env, tx, a, note)
	if err != nil || wanted {
		return "", err
	}
	return unwanted("no local account follows %s, is mentioned or is replied to", a.Actor.URI), nil
}

// authorizeCreateByID decides about a Create that names an id which was not
// fetched: the object is known here, which changes nothing, or no local account
// wants it.
func authorizeCreateByID(env *Env, tx *store.Tx, a *Activity) (Reason, error) {
	id := a.Object.Object.ID
	if id == "" {
		return "", refuse("the Create has no object")
	}
	if err := ownsID(env, a, id); err != nil {
		return "", err
	}
	o, err := tx.ObjectByURI(id)
	if fault.Is(err, fault.NotFound) {
		return unwanted("no local account follows %s or is addressed", a.Actor.URI), nil
	}
	if err == nil && o.AccountID != a.Actor.ID {
		return notAuthor(tx, a, o)
	}
	return "", err
}

func applyCreate(env *Env, tx *store.Tx, a *Activity) (Outcome, error) {
	if a.Prepared != nil && a.Prepared.Votes != nil {
		return applyVotes(env, tx, a)
	}
	if a.Object.Object.Object == nil {
		o, err := tx.ObjectByURI(a.Object.Object.ID)
		if err != nil {
			return Outcome{}, err
		}
		return Outcome{Object: o.ID}, nil
	}
	answer, goesOn, err := judgedReply(env, tx, a)
	if err != nil || !goesOn {
		return answer, err
	}
	if key := a.Command.IdempotencyKey; key != "" {
		// Before anything is written: of two posts with one key the first stores it,
		// and the second waits here for its status.
		since := tx.Now().Add(-env.Config.Retention.IdempotencyKeys)
		first, taken, err := tx.TakeIdempotencyKey(a.Actor.ID, key, a.Command.Status, since)
		if err != nil || !taken {
			return Outcome{Object: first}, err
		}
	}
	status, created, err := putStatus(env, tx, a)
	if err != nil {
		return Outcome{}, err
	}
	out := Outcome{Object: status.ID, Then: answer.Then}
	if created && a.Relay != 0 {
		return out, tx.PutRelayed(status.ID, a.Relay)
	}
	if created {
		held, err := askToReply(tx, a, status)
		if err != nil {
			return Outcome{}, err
		}
		if err := linkJudged(tx, a, store.ReplyTo, answer, status); err != nil {
			return Outcome{}, err
		}
		if err := forward(env, tx, a, status); err != nil {
			return Outcome{}, err
		}
		if err := mentionQuoted(tx, status); err != nil {
			return Outcome{}, err
		}
		if out.Publish, err = toAudience(tx, a, status); err == nil && !held {
			err = toRelays(env, tx, a, status, out.Publish)
		}
		if err == nil {
			err = hold(tx, held, status.InReplyToAccountID, out.Publish)
		}
		if err != nil {
			return Outcome{}, err
		}
		if a.Actor.Local() {
			if out.Then, err = askToQuote(env, tx, a, status); err != nil {
				return Outcome{}, err
			}
		}
	}
	return out, nil
}
