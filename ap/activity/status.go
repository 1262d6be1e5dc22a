package activity

import (
	"strings"
	"time"

	"kinglet/ap/vocab"
	"kinglet/internal/jobs"
	"kinglet/store"
)

// putStatus writes the object of a Create as a status, with its mentions, tags,
// attachments, counters, feed entries and notifications, and the jobs for what
// is not known here yet. A known status is left unchanged.
func putStatus(env *Env, tx *store.Tx, a *Activity) (*store.Object, bool, error) {
	status := statusOf(a)
	checkTimes(tx, status)
	if err := findParent(tx, status); err != nil {
		return nil, false, err
	}
	if err := nameQuoted(env, tx, status); err != nil {
		return nil, false, err
	}
	keepPublished(a, status)
	newPoll(tx, a, status)
	created, err := tx.InsertObject(status)
	if err != nil {
		return status, false, err
	}
	if !created {
		if err := bringTo(tx, a, status); err != nil {
			return nil, false, err
		}
		return status, false, sendLate(tx, a, status)
	}
	mentioned, err := putParts(tx, a, status, false)
	if err != nil {
		return nil, false, err
	}
	if community := a.Prepared.Community; community != "" && status.Visibility <= store.Unlisted {
		if err := tx.PutCommunity(status.ID, community); err != nil {
			return nil, false, err
		}
	}
	if err := tx.CountStatus(status); err != nil {
		return nil, false, err
	}
	if err := tx.LinkReplies(status); err != nil {
		return nil, false, err
	}
	if status.Poll != nil && status.Local {
		if err := expectEnd(tx, status); err != nil {
			return nil, false, err
		}
	}
	if err := putTotals(tx, a, status); err != nil {
		return nil, false, err
	}
	if a.Origin.Feeds {
		if err := tx.AddToHomeFeeds(status); err != nil {
			return nil, false, err
		}
	}
	if a.Origin.Notifies {
		if err := notifyOfStatus(tx, a, status, mentioned); err != nil {
			return nil, false, err
		}
	}
	if err := completeQuote(env, tx, a, status); err != nil {
		return nil, false, err
	}
	if err := completeQuotesOf(tx, a, status); err != nil {
		return nil, false, err
	}
	return status, true, completeParent(env, tx, a, status)
}

// statusOf adds to the reading of an object what its activity decides.
func statusOf(a *Activity) *store.Object {
	status := *a.Prepared.Status
	status.ID, status.ApplicationID = a.Command.Status, a.Command.ApplicationID
	status.AccountID, status.Local = a.Actor.ID, a.Actor.Local()
	status.Visibility = visibilityOf(a, a.Object.Object.Object)
	status.Quiet = !(a.Origin.Feeds && a.Origin.Notifies) && !status.Local
	return &status
}

// maxAhead is how far another server's clock may be ahead of ours.
const maxAhead = 10 * time.Minute

// checkTimes takes a remote status that says it is from the future for one of
// now, as it does one without a time, or from before there were posts. An edit
// from the future would keep out all that come later.
func checkTimes(tx *store.Tx, status *store.Object) {
	if status.Local {
		return
	}
	latest := tx.Now().Add(maxAhead)
	if status.PublishedAt.After(latest) || status.PublishedAt.Before(time.Unix(0, 0)) {
		status.PublishedAt = tx.Now()
	}
	if status.EditedAt.After(latest) {
		status.EditedAt = tx.Now()
	}
}

// findParent finds the status that a status replies to, if it is known here.
func findParent(tx *store.Tx, status *store.Object) error {
	if status.InReplyToURI == "" {
		return nil
	}
	parent, err := tx.ObjectByURI(status.InReplyToURI)
	if err != nil {
		return ifNotFound(err)
	}
	if parent.IsStatus {
		status.InReplyToID, status.InReplyToAccountID = parent.ID, parent.AccountID
		if status.Context == "" {
			status.Context = parent.Context
		}
	}
	return nil
}

// putParts writes a status's mentions, tags and attachments, and returns the
// local accounts among those mentioned. Those of an edited one replace what was.
func putParts(tx *store.Tx, a *Activity, status *store.Object, edited bool) ([]store.AccountID, error) {
	mentions, here, unknown, err := mentionsOf(tx, a, status.Visibility == store.Direct)
	if err != nil {
		return nil, err
	}
	putMentions, putTags := tx.InsertMentions, tx.InsertTags
	if edited {
		putMentions, putTags = tx.PutMentions, tx.PutTags
	}
	// An edit that says nothing of whom it is for leaves the message with them.
	if !edited || len(mentions) > 0 || isAddressed(a, a.Object.Object.Object) {
		if edited && status.Visibility == store.Direct && !a.Actor.Local() {
			// It names nobody who has it by an inbox: it comes to each of them.
			hidden, err := tx.SilentMentions(status.ID)
			if err != nil {
				return nil, err
			}
			for _, id := range hidden {
				mentions = append(mentions, store.Mention{AccountID: id, Silent: true})
			}
		}
		if err := putMentions(status.ID, mentions); err != nil {
			return nil, err
		}
	}
	if len(unknown) > 0 && a.Origin.Completes {
		args := MentionsArgs{Status: status.ID, URIs: unknown, Cause: a.cause(), Host: vocab.Host(status.URI)}
		if err := MentionsJob.Enqueue(tx, args, jobs.Unique(MentionsJob.Name+" "+status.URI)); err != nil {
			return nil, err
		}
	}
	if err := putTags(status.ID, status.Tags); err != nil {
		return nil, err
	}
	if list := a.Prepared.Attachments; len(list) > 0 || edited {
		return here, tx.PutAttachments(status.ID, status.AccountID, append([]store.Attachment{}, list...))
	}
	return here, nil
}

// bringTo has a direct message that is known here be for who owns the inbox it came
// to as well: blind recipients are named in no copy, each gets one.
func bringTo(tx *store.Tx, a *Activity, status *store.Object) error {
	if a.Recipient == 0 || a.Actor.Local() || status.Visibility != store.Direct {
		return nil
	}
	known, err := tx.ObjectToChange(status.URI)
	if err != nil || known.AccountID != a.Actor.ID || known.Visibility != store.Direct || !known.IsStatus || known.ReblogOfID != 0 || !known.DeletedAt.IsZero() {
		return ifNotFound(err)
	}
	has, err := tx.MentionedLocally(known.ID)
	if err != nil || has[a.Recipient] {
		return err
	}
	if err := tx.InsertMentions(known.ID, []store.Mention{{AccountID: a.Recipient, Silent: true}}); err != nil {
		return err
	}
	if a.Origin.Feeds {
		if err := tx.AddToHomeFeeds(known); err != nil {
			return err
		}
	}
	if !a.Origin.Notifies {
		return nil
	}
	_, err = tx.Notify(&store.Notification{AccountID: a.Recipient, Type: "mention", From: a.Actor.ID, StatusID: known.ID})
	return err
}

// maxUnknownMentions limits how many unknown accounts one status makes us
// fetch.
const maxUnknownMentions = 8

// mentionsOf finds the accounts a note is for: those that its tags mention,
// and, silently, the local accounts that it is only addressed to. A direct
// message is as much for these as for those whom it mentions (Lemmy's mentions
// nobody), and for who owns the inbox it came to. It also returns the local
// accounts to notify, and the mentioned ones that are not known yet. All are
// looked up in one query.
func mentionsOf(tx *store.Tx, a *Activity, direct bool) (list []store.Mention, here []store.AccountID, unknown []string, err error) {
	var uris []string
	names := append([]string{}, a.Prepared.Here...)
	for _, m := range a.Prepared.Mentioned {
		if m.Name != "" {
			names = append(names, m.Name)
		} else {
			uris = append(uris, m.URI)
		}
	}
	community := store.Addressee{}
	if a.Actor.Local() && a.Prepared.Community != "" { // it gets what is posted in it
		community.URI = a.Prepared.Community
		uris = append(uris, community.URI)
	}
	known, err := tx.Addressees(uris, names)
	if err != nil {
		return nil, nil, nil, err
	}
	seen := map[store.AccountID]bool{a.Actor.ID: true}
	for _, m := range a.Prepared.Mentioned {
		account, ok := known[m]
		if !ok && m.Name == "" && m.URI != a.Actor.URI && m.URI != a.Actor.FollowersURI && len(unknown) < maxUnknownMentions {
			unknown = append(unknown, m.URI)
		}
		if !ok || seen[account] {
			continue
		}
		seen[account] = true
		list = append(list, store.Mention{AccountID: account})
		if m.Name != "" {
			here = append(here, account)
		}
	}
	addressed := func(account store.AccountID, hidden bool) {
		if seen[account] {
			return
		}
		seen[account] = true
		list = append(list, store.Mention{AccountID: account, Silent: hidden || !direct})
		if direct {
			here = append(here, account)
		}
	}
	for i, name := range a.Prepared.Here {
		if account, ok := known[store.Addressee{Name: strings.ToLower(name)}]; ok {
			addressed(account, i >= a.Prepared.Hidden)
		}
	}
	if direct && a.Recipient != 0 {
		addressed(a.Recipient, true)
	}
	if account, ok := known[community]; ok && community.URI != "" && !seen[account] {
		list = append(list, store.Mention{AccountID: account, Silent: true})
	}
	return list, here, unknown, nil
}

// notifyOfStatus notifies the local accounts that a new status mentions, and
// those that asked to be notified of its author's posts.
func notifyOfStatus(tx *store.Tx, a *Activity, status *store.Object, mentioned []store.AccountID) error {
	for _, id := range mentioned {
		if _, err := tx.Notify(&store.Notification{AccountID: id, Type: "mention", From: a.Actor.ID, StatusID: status.ID}); err != nil {
			return err
		}
	}
	if err := notifyOfQuote(tx, a, status); err != nil {
		return err
	}
	if status.InReplyToURI != "" && status.InReplyToAccountID != status.AccountID || status.Visibility == store.Direct {
		return nil
	}
	watchers, err := tx.FollowersToNotify(a.Actor.ID)
	if err != nil {
		return err
	}
	for _, id := range watchers {
		if _, err := tx.Notify(&store.Notification{AccountID: id, Type: "status", From: a.Actor.ID, StatusID: status.ID}); err != nil {
			return err
		}
	}
	return nil
}

// completeParent enqueues the fetch of an unknown parent of a status. For an
// unsolicited post of an author that no local account follows it does so only
// while few jobs wait for the parent's host, since deliveries wait in that lane
// too.
func completeParent(env *Env, tx *store.Tx, a *Activity, status *store.Object) error {
	if !a.Origin.Completes || status.InReplyToURI == "" || status.InReplyToID != 0 || !env.Config.Threads.Arriving() || a.Depth >= env.Config.Threads.MaxAncestors {
		return nil
	}
	if _, err := vocab.ParseURI(status.InReplyToURI); err != nil {
		return nil
	}
	if may, err := mayWait(env, tx, a, ThreadJob.Name, status.InReplyToURI); err != nil || !may {
		return err
	}
	args := ThreadArgs{URI: status.InReplyToURI, Depth: a.Depth + 1, Cause: a.cause()}
	return ThreadJob.Enqueue(tx, args, jobs.Unique(ThreadJob.Name+" "+status.InReplyToURI))
}

// mayWait reports whether an activity may enqueue a fetch at a host: one that
// was asked for here, or of an actor who is followed here, always.
func mayWait(env *Env, tx *store.Tx, a *Activity, kind, uri string) (bool, error) {
	if !a.Origin.Unsolicited {
		return true, nil
	}
	if followed, err := isFollowed(tx, a); err != nil || followed {
		return followed, err
	}
	most := env.Config.Federation.WaitingPerHost
	waiting, err := tx.CountWaiting(kind, vocab.Host(uri), most)
	return waiting < most, err
}
