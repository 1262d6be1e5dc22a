package activity

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"kinglet/ap/vocab"
	"kinglet/internal/markup"
	"kinglet/store"
)

// A Flag reports accounts and posts to the admins of their server. Mastodon and
// others send it by the actor of their server, so that nobody learns who
// complained. It is kept as a report, and admins are notified.
func flagRule() Rule {
	return Rule{Type: "Flag", Prepare: prepareFlag, Authorize: authorizeFlag, Apply: applyFlag}
}

// The limits of a Flag: what it may name, how many accounts it is kept for, how
// long its text may be, and how many reports may wait to be resolved.
const (
	maxFlagged      = 100
	maxFlaggedHere  = 5
	maxFlagText     = 3000
	maxFlagMarkup   = 32 << 10
	maxFlagStatuses = 50

	maxReportsOfHost = 100
	maxReports       = 5000
)

func prepareFlag(_ *Env, a *Activity) error {
	text := a.Content
	if text == "" {
		text = a.Summary // Lemmy
	}
	text = markup.PlainText(text[:min(len(text), maxFlagMarkup)])
	a.Prepared = &Prepared{Comment: clipText(text, maxFlagText)}
	return nil
}

func clipText(s string, most int) string {
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most])
	}
	return s
}

// flagged finds the accounts here that a Flag is about, with the posts that it
// names of each.
func flagged(env *Env, tx *store.Tx, a *Activity) (targets []store.AccountID, statuses map[store.AccountID][]store.ObjectID, err error) {
	var names, uris []string
	for _, uri := range vocab.IDs(a.Document["object"], maxFlagged) {
		if name, ok := env.Config.ParseURL(uri).Username(); ok {
			names = append(names, name)
		} else if env.Config.IsOwn(uri) {
			uris = append(uris, uri)
		}
	}
	accounts, err := tx.Addressees(nil, names)
	if err != nil {
		return nil, nil, err
	}
	if statuses, err = tx.LocalStatuses(uris, maxFlagStatuses); err != nil {
		return nil, nil, err
	}
	for _, name := range names { // in the order of the Flag
		if id, ok := accounts[store.NewAddressee("", name)]; ok && !slices.Contains(targets, id) {
			targets = append(targets, id)
		}
	}
	var authors []store.AccountID
	for id := range statuses {
		if !slices.Contains(targets, id) {
			authors = append(authors, id)
		}
	}
	slices.Sort(authors)
	targets = append(targets, authors...)
	return targets[:min(len(targets), maxFlaggedHere)], statuses, nil
}

func authorizeFlag(env *Env, tx *store.Tx, a *Activity) (Reason, error) {
	if a.Actor.Local() {
		return "", refuse("an account here reports with its client")
	}
	targets, _, err := flagged(env, tx, a)
	if err != nil {
		return "", err
	}
	if len(targets) == 0 {
		return unwanted("the Flag names nobody here"), nil
	}
	host := vocab.Host(a.Actor.URI)
	room, err := tx.HasRoomForReports(host, maxReportsOfHost, maxReports)
	if err == nil && !room {
		return unwanted("too many reports, of %s or of all, wait to be resolved", host), nil
	}
	return "", err
}

func applyFlag(env *Env, tx *store.Tx, a *Activity) (Outcome, error) {
	targets, statuses, err := flagged(env, tx, a)
	if err != nil {
		return Outcome{}, err
	}
	uri := a.ID
	if uri == "" { // Mastodon gave none for long
		sum := sha256.Sum256(a.Raw)
		uri = "sha256:" + hex.EncodeToString(sum[:])
	}
	for _, target := range targets {
		r := &store.Report{
			URI: uri, AccountID: a.Actor.ID, TargetID: target, Host: vocab.Host(a.Actor.URI), Category: "other",
			Comment: a.Prepared.Comment, StatusIDs: statuses[target], Forwarded: true,
		}
		if err := PutReport(tx, r); err != nil {
			return Outcome{}, err
		}
	}
	return Outcome{}, nil
}

// PutReport keeps a report and notifies the admins of it; one that is here
// already changes nothing.
func PutReport(tx *store.Tx, r *store.Report) error {
	created, err := tx.InsertReport(r)
	if err != nil || !created {
		return err
	}
	admins, err := tx.Admins()
	if err != nil {
		return err
	}
	for _, admin := range admins {
		// An actor has one notification, of its newest report: most are of the actor
		// of a server. It is new again, or nobody would look.
		if err := tx.RetractNotification(admin, store.ReportNotification, r.AccountID, 0); err != nil {
			return err
		}
		if _, err := tx.Notify(&store.Notification{AccountID: admin, Type: store.ReportNotification, From: r.AccountID}); err != nil {
			return err
		}
	}
	return nil
}

// FlagDraft is the Flag of a report that was made here, by the actor of this
// server: nobody elsewhere learns who reported.
func FlagDraft(instance string, r *store.Report, target *store.Account, statuses []string) vocab.Document {
	return vocab.Document{
		"@context": "https://www.w3.org/ns/activitystreams", "id": r.URI, "type": "Flag", "actor": instance, "content": r.Comment,
		"object": vocab.Texts(append([]string{target.URI}, statuses...)), "to": vocab.Texts([]string{target.URI}),
	}
}
