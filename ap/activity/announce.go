package activity

import (
	"kinglet/ap/vocab"
	"kinglet/internal/config"
	"kinglet/internal/fault"
	"kinglet/store"
)

// An Announce boosts a status: it is a status of its own that shows another
// (ActivityPub §7.11).
func announceRule() Rule {
	return Rule{Type: "Announce", Needs: announceNeeds, Authorize: authorizeAnnounce, Apply: applyAnnounce, Undo: undoAnnounce}
}

// announceNeeds asks for the boosted status when it is not known here and the
// boost will be wanted. An embedded object is never believed, since it is
// another actor's (SECURITY-RULES 4).
func announceNeeds(env *Env, tx *store.Tx, a *Activity) ([]Need, error) {
	if inner := announced(a.Object); inner != nil {
		return groupNeeds(env, tx, a, inner)
	}
	uri := a.Object.Object.ID
	if embedded := a.Object.Object.Object; uri == "" || env.Config.IsOwn(uri) || embedded != nil && vocab.IsActorType(embedded.Type) {
		return nil, nil
	}
	known, err := tx.KnownURIs(uri, a.ID)
	if err != nil || known[uri] {
		return nil, err
	}
	if known[a.ID] { // a boost that is here, of this actor, is not sent again to fetch by the address of a page
		if boost, err := tx.ObjectByURI(a.ID); err != nil || boost.AccountID == a.Actor.ID {
			return nil, err
		}
	}
	if ok, err := isBoostWanted(tx, a, nil); err != nil || !ok {
		return nil, err
	}
	return []Need{{URI: uri}}, nil
}

func authorizeAnnounce(env *Env, tx *store.Tx, a *Activity) (Reason, error) {
	if !a.Actor.Local() {
		if err := ownsID(env, a, a.ID); err != nil {
			return "", err
		}
	}
	if inner := announced(a.Object); inner != nil {
		not, err := authorizeGroup(env, tx, a, inner)
		if not != "" || err != nil || inner.Type != "Create" {
			return not, err
		}
	}
	uri := boosted(a.Object)
	status, err := tx.ObjectByURI(uri)
	if fault.Is(err, fault.NotFound) {
		return unwanted("the boosted status %s is not known here", uri), nil
	}
	if err != nil {
		return "", err
	}
	switch {
	case !status.DeletedAt.IsZero():
		return unwanted("the boosted status %s is deleted", uri), nil
	case status.ReblogOfID != 0:
		return unwanted("%s is a boost, which is not boosted again", uri), nil
	case !status.IsStatus:
		return unwanted("%s is a %s and no status", uri, status.Type), nil
	}
	// An invisible status is answered like one that does not exist.
	may, err := tx.MaySee(a.Actor.ID, status.ID)
	if err != nil {
		return "", err
	}
	if !may {
		return unwanted("the boosted status %s is not known here", uri), nil
	}
	if !MayBoost(a.Actor.ID, status) {
		return "", refuse("%s is not public, %s may not boost it", status.URI, a.Actor.URI)
	}
	wanted, err := isBoostWanted(tx, a, status)
	if err == nil && !wanted {
		return unwanted("no local account follows %s", a.Actor.URI), nil
	}
	if err != nil {
		return "", err
	}
	return "", mayDo(tx, a, store.AnnounceOf, status)
}

func applyAnnounce(env *Env, tx *store.Tx, a *Activity) (Outcome, error) {
	if inner := announced(a.Object); inner != nil && inner.Type != "Create" {
		return applyGroup(tx, a, inner)
	}
	status, err := tx.ObjectByURI(boosted(a.Object))
	if err != nil {
		return Outcome{}, err
	}
	// An account has one boost of a status, whatever ids it arrives under.
	if known, err := tx.ActivityOn(a.Actor.ID, "Announce", status.URI); err == nil {
		return Outcome{Object: known.ID}, nil
	} else if !fault.Is(err, fault.NotFound) {
		return Outcome{}, err
	}
	answer, goesOn, err := judged(env, tx, a, store.AnnounceOf, status, a.ID)
	if err != nil || !goesOn {
		return answer, err
	}
	boost := &store.Object{
		URI: a.ID, Type: "Announce", AccountID: a.Actor.ID, Local: a.Actor.Local(), IsStatus: true,
		Visibility: boostVisibility(a, status), ObjectURI: status.URI, ReblogOfID: status.ID,
		URL: a.ID, PublishedAt: a.Published,
	}
	if boost.Local {
		boost.JSON, boost.Draft = a.Raw, store.Draft{To: a.To, Cc: a.Cc}
	}
	created, err := tx.InsertObject(boost)
	out := Outcome{Object: boost.ID, Then: answer.Then}
	if err != nil || !created {
		return out, err
	}
	held, err := ask(tx, a, store.AnnounceOf, status, a.ID, boost.ID, true)
	if err != nil {
		return Outcome{}, err
	}
	if err := linkJudged(tx, a, store.AnnounceOf, answer, boost); err != nil {
		return Outcome{}, err
	}
	if err := tx.CountStatus(boost); err != nil {
		return Outcome{}, err
	}
	if a.Origin.Feeds {
		if err := tx.AddToHomeFeeds(boost); err != nil {
			return Outcome{}, err
		}
	}
	if a.Origin.Notifies {
		if _, err := tx.Notify(&store.Notification{AccountID: status.AccountID, Type: "reblog", From: a.Actor.ID, StatusID: status.ID}); err != nil {
			return Outcome{}, err
		}
	}
	if out.Publish, err = toAudience(tx, a, boost); out.Publish != nil {
		out.Publish.Activity = boost.ID
	}
	if err != nil {
		return Outcome{}, err
	}
	return out, hold(tx, held, status.AccountID, out.Publish)
}

// boostVisibility is the boost's own, never wider than the boosted status's.
func boostVisibility(a *Activity, status *store.Object) store.Visibility {
	return max(visibilityOf(a, &vocab.Object{}), status.Visibility)
}

func undoAnnounce(env *Env, tx *store.Tx, undone *Activity) ([]string, bool, error) {
	if err := tx.DropInteraction(undone.Actor.ID, store.AnnounceOf, undone.ID); err != nil {
		return nil, false, err
	}
	boost, err := tx.ObjectByURI(undone.ID)
	if uri := boosted(undone.Object); uri != "" && (fault.Is(err, fault.NotFound) || err == nil && boost.Type != "Announce") {
		if boost, err = tx.ActivityOn(undone.Actor.ID, "Announce", uri); fault.Is(err, fault.NotFound) {
			boost, err = boostOfPage(env, tx, undone.Actor.ID, uri)
		}
	}
	if err != nil {
		return nil, false, ifNotFound(err)
	}
	if boost.Type != "Announce" || !boost.DeletedAt.IsZero() {
		return nil, false, nil
	}
	if boost.AccountID != undone.Actor.ID {
		return nil, false, refuse("%s may not undo another's boost", undone.Actor.URI)
	}
	status, err := tx.Object(boost.ReblogOfID)
	if err != nil {
		return nil, false, err
	}
	inboxes, err := audience(tx, boost)
	if err != nil {
		return nil, false, err
	}
	if err := tx.RetractNotification(status.AccountID, "reblog", undone.Actor.ID, status.ID); err != nil {
		return nil, false, err
	}
	return inboxes, true, tx.DeleteObject(boost, tombstone(boost, tx.Now()))
}

// boostOfPage finds a boost by the address of the page of what it boosts: some name
// that in their Announce, and again in its Undo.
func boostOfPage(env *Env, tx *store.Tx, booster store.AccountID, page string) (*store.Object, error) {
	if u := env.Config.ParseURL(page); u.Kind == config.StatusURL {
		id, _ := store.ParseID(u.ID)
		status, err := tx.Object(store.ObjectID(id))
		if err != nil {
			return nil, err
		}
		return tx.ActivityOn(booster, "Announce", status.URI)
	}
	return tx.BoostOfPage(booster, page)
}
