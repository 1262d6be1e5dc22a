package store

import (
	"strings"

	"kinglet/internal/fault"
)

// Status is a status as one viewer sees it, with everything displayed with it.
type Status struct {
	Object
	Account     *Account
	Reblog      *Status // what it boosts, seen by the same viewer
	Mentions    []*Account
	Attachments []Attachment
	Application *App // what it was written with; nil when not known

	// The viewer's own interactions; false for a stranger.
	Favourited, Reblogged, Bookmarked, Pinned, Muted bool
	Reacted                                          []string // with which emojis
}

// Status reads one status as viewer sees it, 0 for a stranger; NotFound when it
// does not exist or viewer may not see it.
func (tx *Tx) Status(viewer AccountID, id ObjectID) (*Status, error) {
	list, err := tx.Statuses(viewer, []ObjectID{id})
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, fault.Errorf(fault.NotFound, "status %s not found", id)
	}
	return list[0], nil
}

// Statuses reads the statuses of a page in the order of ids, leaving out what
// viewer may not see. It runs the same small number of statements for one and
// for forty, whatever they contain.
func (tx *Tx) Statuses(viewer AccountID, ids []ObjectID) ([]*Status, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	known, err := tx.statusRows(viewer, ids)
	if err != nil {
		return nil, err
	}
	var originals []ObjectID
	for _, st := range known {
		if st.ReblogOfID != 0 && known[st.ReblogOfID] == nil {
			originals = append(originals, st.ReblogOfID)
		}
	}
	boosted, err := tx.statusRows(viewer, originals)
	if err != nil {
		return nil, err
	}
	for _, st := range boosted {
		known[st.ID] = st
	}
	if err := tx.fill(viewer, known); err != nil {
		return nil, err
	}
	out := make([]*Status, 0, len(ids))
	for _, id := range ids {
		st := known[id]
		if st == nil || st.Account == nil {
			continue
		}
		if st.ReblogOfID != 0 {
			if st.Reblog = known[st.ReblogOfID]; st.Reblog == nil || st.Reblog.Account == nil {
				continue
			}
		}
		out = append(out, st)
	}
	return out, nil
}

func (tx *Tx) statusRows(viewer AccountID, ids []ObjectID) (map[ObjectID]*Status, error) {
	out := make(map[ObjectID]*Status, len(ids))
	err := tx.query(func(row scanner) error {
		st := new(Status)
		if err := row.Scan(st.dest()...); err != nil {
			return err
		}
		st.Poll.age(tx.Now())
		out[st.ID] = st
		return nil
	}, `SELECT `+objectColumns+` FROM objects o WHERE `+tx.in("o.id", "$1")+` AND `+visible("o", "$2"), setOf(ids), viewer)
	return out, err
}

// fill adds the data of other tables to statuses: one statement each.
func (tx *Tx) fill(viewer AccountID, known map[ObjectID]*Status) error {
	ids := make([]ObjectID, 0, len(known))
	authors := make([]AccountID, 0, len(known))
	apps := make([]int64, 0, len(known))
	for _, st := range known {
		ids = append(ids, st.ID)
		authors = append(authors, st.AccountID)
		if st.ApplicationID != 0 {
			apps = append(apps, st.ApplicationID)
		}
	}
	set := setOf(ids)
	mentioned, err := tx.mentionsOf(set)
	if err != nil {
		return err
	}
	for _, list := range mentioned {
		authors = append(authors, list...)
	}
	accounts, err := tx.Accounts(authors)
	if err != nil {
		return err
	}
	applications, err := tx.Apps(apps)
	if err != nil {
		return err
	}
	for _, st := range known {
		st.Account = accounts[st.AccountID]
		st.Application = applications[st.ApplicationID]
		for _, id := range mentioned[st.ID] {
			if a := accounts[id]; a != nil {
				st.Mentions = append(st.Mentions, a)
			}
		}
	}
	if err := tx.fillAttachments(set, known); err != nil {
		return err
	}
	return tx.fillInteractions(viewer, set, known)
}

// mentionsOf reads the accounts that statuses mention, in the order of their
// ids.
func (tx *Tx) mentionsOf(set string) (map[ObjectID][]AccountID, error) {
	out := map[ObjectID][]AccountID{}
	err := tx.query(func(row scanner) error {
		var status ObjectID
		var account AccountID
		if err := row.Scan(&status, &account); err != nil {
			return err
		}
		out[status] = append(out[status], account)
		return nil
	}, `SELECT status_id, account_id FROM mentions
		WHERE `+tx.in("status_id", "$1")+` AND NOT silent
		ORDER BY status_id, account_id`, set)
	return out, err
}

func (tx *Tx) fillAttachments(set string, known map[ObjectID]*Status) error {
	return tx.query(func(row scanner) error {
		var m Attachment
		if err := row.Scan(m.dest()...); err != nil {
			return err
		}
		st := known[m.StatusID]
		st.Attachments = append(st.Attachments, m)
		return nil
	}, `SELECT `+attachmentColumns+` FROM attachments m
		WHERE `+tx.in("m.status_id", "$1")+`
		ORDER BY m.status_id, m.position`, set)
}

// fillInteractions reads what viewer did to statuses, all kinds in one
// statement.
func (tx *Tx) fillInteractions(viewer AccountID, set string, known map[ObjectID]*Status) error {
	if viewer == 0 {
		return nil
	}
	return tx.query(func(row scanner) error {
		var id ObjectID
		var mark string
		if err := row.Scan(&id, &mark); err != nil {
			return err
		}
		st := known[id]
		switch mark {
		case "favourite":
			st.Favourited = true
		case "reblog":
			st.Reblogged = true
		case "bookmark":
			st.Bookmarked = true
		case "pin":
			st.Pinned = true
		default:
			name, _ := strings.CutPrefix(mark, "reaction ")
			st.Reacted = append(st.Reacted, name)
		}
		return nil
	}, `
		SELECT status_id, 'favourite' FROM favourites WHERE account_id = $1 AND `+tx.in("status_id", "$2")+`
		UNION ALL
		SELECT status_id, 'bookmark' FROM bookmarks WHERE account_id = $1 AND `+tx.in("status_id", "$2")+`
		UNION ALL
		SELECT status_id, 'pin' FROM pins WHERE account_id = $1 AND `+tx.in("status_id", "$2")+`
		UNION ALL
		SELECT status_id, 'reaction ' || name FROM reactions WHERE account_id = $1 AND `+tx.in("status_id", "$2")+`
		UNION ALL
		SELECT reblog_of_id, 'reblog' FROM objects
		WHERE reblog_of_id <> 0 AND `+tx.in("reblog_of_id", "$2")+` AND account_id = $1 AND deleted_at = 0`,
		viewer, set)
}

// MaySee reports whether viewer may see a status.
func (tx *Tx) MaySee(viewer AccountID, id ObjectID) (bool, error) {
	_, ok, err := one[int64](tx, `SELECT o.id FROM objects o WHERE o.id = $1 AND `+visible("o", "$2"), id, viewer)
	return ok, err
}
