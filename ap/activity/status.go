package activity

import (
	"strings"

	"kinglet/ap/vocab"
	"kinglet/internal/jobs"
	"kinglet/store"
)

// putStatus writes the object of a Create as a status, with its mentions, tags,
// attachments, counters, feed entries and notifications, and the jobs for what
// is not known here yet. A known status is left unchanged.
func putStatus(env *Env, tx *store.Tx, a *Activity) (*store.Object, bool, error) {
	status := statusOf(a)
	if err := findParent(tx, status); err != nil {
		return nil, false, err
	}
	keepPublished(a, status)
	newPoll(tx, a, status)
	created, err := tx.InsertObject(status)
	if err != nil || !created {
		return status, false, err
	}
	mentioned, err := putParts(tx, a, status, false)
	if err != nil {
		return nil, false, err
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
	return status, true, completeParent(env, tx, a, status)
}

// statusOf adds to the reading of an object what its activity decides.
func statusOf(a *Activity) *store.Object {
	status := *a.Prepared.Status
	status.ID, status.ApplicationID = a.Command.Status, a.Command.ApplicationID
	status.AccountID, status.Local = a.Actor.ID, a.Actor.Local()
	status.Visibility = visibilityOf(a, a.Object.Object.Object)
	return &status
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
	mentions, here, unknown, err := mentionsOf(tx, a)
	if err != nil {
		return nil, err
	}
	putMentions, putTags := tx.InsertMentions, tx.InsertTags
	if edited {
		putMentions, putTags = tx.PutMentions, tx.PutTags
	}
	if err := putMentions(status.ID, mentions); err != nil {
		return nil, err
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

// maxUnknownMentions limits how many unknown accounts one status makes us
// fetch.
const maxUnknownMentions = 8

// mentionsOf finds the accounts a note is for: those that its tags mention,
// and, silently, the local accounts that it is only addressed to. It also
// returns the local accounts to notify, and the mentioned ones that are not
// known yet. All are looked up in one query.
func mentionsOf(tx *store.Tx, a *Activity) (list []store.Mention, here []store.AccountID, unknown []string, err error) {
	var uris []string
	names := append([]string{}, a.Prepared.Here...)
	for _, m := range a.Prepared.Mentioned {
		if m.Name != "" {
			names = append(names, m.Name)
		} else {
			uris = append(uris, m.URI)
		}
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
	for _, name := range a.Prepared.Here {
		if account, ok := known[store.Addressee{Name: strings.ToLower(name)}]; ok && !seen[account] {
			seen[account] = true
			list = append(list, store.Mention{AccountID: account, Silent: true})
		}
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

// MaxThreadDepth limits how far up a thread is fetched.
const MaxThreadDepth = 40

// completeParent enqueues the fetch of an unknown parent of a status. For an
// unsolicited post of an author that no local account follows it does so only
// while few jobs wait for the parent's host, since deliveries wait in that lane
// too.
func completeParent(env *Env, tx *store.Tx, a *Activity, status *store.Object) error {
	if !a.Origin.Completes || status.InReplyToURI == "" || status.InReplyToID != 0 || a.Depth >= MaxThreadDepth {
		return nil
	}
	if _, err := vocab.ParseURI(status.InReplyToURI); err != nil {
		return nil
	}
	if a.Origin.Unsolicited {
		followed, err := isFollowed(tx, a)
		if err != nil {
			return err
		}
		most := env.Config.Federation.WaitingPerHost
		if waiting, err := tx.CountWaiting(ThreadJob.Name, vocab.Host(status.InReplyToURI), most); err != nil || !followed && waiting >= most {
			return err
		}
	}
	args := ThreadArgs{URI: status.InReplyToURI, Depth: a.Depth + 1, Cause: a.cause()}
	return ThreadJob.Enqueue(tx, args, jobs.Unique(ThreadJob.Name+" "+status.InReplyToURI))
}
