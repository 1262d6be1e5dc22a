package store

import "kinglet/internal/fault"

// Reaction is an emoji that accounts reacted to a status with, and how many did.
type Reaction struct {
	Name  string `json:"name"`            // the emoji, or the shortcode of a custom one
	Image string `json:"image,omitempty"` // URL of a custom one
	Count int64  `json:"count"`
}

// MaxReactions is how many emojis of one status are kept, MaxReactionsOfOne how
// many of them one account may give: the room is nobody's alone.
const (
	MaxReactions      = 100
	MaxReactionsOfOne = 20
)

// ReactionNotification is the type of the notification of a reaction: Pleroma's
// name of it, which clients know.
const ReactionNotification = "pleroma:emoji_reaction"

// PutReaction records that an account reacted to a status, uri being the
// EmojiReact's, and counts it; false when it did so already, or when the
// status has all the emojis that are kept, or the account gave as many as it may. A deleted status is NotFound.
func (tx *Tx) PutReaction(account AccountID, status ObjectID, r Reaction, uri string) (created bool, err error) {
	list, err := tx.reactionsToChange(status)
	if err != nil {
		return false, err
	}
	i := indexOfReaction(list, r.Name)
	if i < 0 && len(list) >= MaxReactions {
		return false, nil
	}
	given, _, err := one[int64](tx, `SELECT COUNT(*) FROM reactions WHERE account_id = $1 AND status_id = $2`, account, status)
	if err != nil || given >= MaxReactionsOfOne {
		return false, err
	}
	now := tx.Now()
	err = tx.insertNew(now, func(id int64) error {
		n, err := tx.exec(`
			INSERT INTO reactions (id, account_id, status_id, name, image, uri, created_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7)
			ON CONFLICT (account_id, status_id, name) DO NOTHING`, id, account, status, r.Name, r.Image, uri, millis(now))
		created = n == 1
		return err
	})
	if err != nil || !created {
		return false, err
	}
	if i < 0 {
		list = append(list, r)
		i = len(list) - 1
	}
	list[i].Count++
	return true, tx.setReactions(status, list)
}

// DeleteReaction deletes a reaction; false when there was none.
func (tx *Tx) DeleteReaction(account AccountID, status ObjectID, name string) (bool, error) {
	list, err := tx.reactionsToChange(status)
	if fault.Is(err, fault.NotFound) {
		err = nil // its row goes all the same
	}
	if err != nil {
		return false, err
	}
	n, err := tx.exec(`DELETE FROM reactions WHERE account_id = $1 AND status_id = $2 AND name = $3`, account, status, name)
	if err != nil || n == 0 {
		return false, err
	}
	i := indexOfReaction(list, name)
	if i < 0 {
		return true, nil
	}
	if list[i].Count--; list[i].Count <= 0 {
		list = append(list[:i], list[i+1:]...)
	}
	return true, tx.setReactions(status, list)
}

// ReactionByURI finds the reaction of an account's EmojiReact; ok is false when
// it is not known.
func (tx *Tx) ReactionByURI(account AccountID, uri string) (status ObjectID, name string, ok bool, err error) {
	err = tx.query(func(row scanner) error {
		ok = true
		return row.Scan(&status, &name)
	}, `SELECT status_id, name FROM reactions WHERE uri = $2 AND account_id = $1 LIMIT 1`, account, uri)
	return status, name, ok, err
}

// HasReaction reports whether an account reacted to a status.
func (tx *Tx) HasReaction(account AccountID, status ObjectID) (bool, error) {
	_, ok, err := one[int64](tx, `SELECT id FROM reactions WHERE account_id = $1 AND status_id = $2 LIMIT 1`, account, status)
	return ok, err
}

// ReactionOf reads the reaction of an account with an emoji, and the URI of its
// activity; ok is false when there is none.
func (tx *Tx) ReactionOf(account AccountID, status ObjectID, name string) (r Reaction, uri string, ok bool, err error) {
	r.Name = name
	err = tx.query(func(row scanner) error {
		ok = true
		return row.Scan(&r.Image, &uri)
	}, `SELECT image, uri FROM reactions WHERE account_id = $1 AND status_id = $2 AND name = $3`, account, status, name)
	return r, uri, ok, err
}

// maxReactors is how many accounts Reactors lists.
const maxReactors = 400

// Reactors lists the accounts that reacted to a status which viewer may see, by
// the emoji; the first of them.
func (tx *Tx) Reactors(viewer AccountID, status ObjectID) (map[string][]*Account, error) {
	out := map[string][]*Account{}
	err := tx.query(func(row scanner) error {
		a, name := new(Account), ""
		if err := row.Scan(append([]any{&name}, a.dest()...)...); err != nil {
			return err
		}
		out[name] = append(out[name], a)
		return nil
	}, `
		SELECT r.name, `+accountColumns+`
		FROM reactions r
		CROSS JOIN accounts a
		CROSS JOIN objects o
		WHERE r.status_id = $2 AND a.id = r.account_id AND o.id = r.status_id
		  AND a.suspended_at = 0 AND a.deleted_at = 0
		  AND `+visible("o", "$1")+` AND `+notBlocked("a.id", "$1")+`
		ORDER BY r.id
		LIMIT $3`, viewer, status, maxReactors)
	return out, err
}

// fillReactions reads with what the accounts of notifications reacted: the newest
// of each.
func (tx *Tx) fillReactions(list []*Notification) error {
	type key struct {
		from   AccountID
		status ObjectID
	}
	about := map[key]*Notification{}
	var from []AccountID
	var statuses []ObjectID
	for _, n := range list {
		if n.Type == ReactionNotification {
			about[key{n.From, n.StatusID}] = n
			from, statuses = append(from, n.From), append(statuses, n.StatusID)
		}
	}
	if len(about) == 0 {
		return nil
	}
	return tx.query(func(row scanner) error {
		var k key
		var r Reaction
		err := row.Scan(&k.from, &k.status, &r.Name, &r.Image)
		if n := about[k]; n != nil {
			n.Reaction = r
		}
		return err
	}, `SELECT account_id, status_id, name, image FROM reactions
		WHERE `+tx.in("account_id", "$1")+` AND `+tx.in("status_id", "$2")+`
		ORDER BY id`, setOf(from), setOf(statuses))
}

// deleteReactionsOf deletes some reactions of an account; done reports that
// nothing is left.
func (tx *Tx) deleteReactionsOf(account AccountID, limit int) (done bool, err error) {
	type reaction struct {
		status ObjectID
		name   string
	}
	var list []reaction
	if err := tx.query(func(row scanner) error {
		var r reaction
		err := row.Scan(&r.status, &r.name)
		list = append(list, r)
		return err
	}, `SELECT status_id, name FROM reactions WHERE account_id = $1 ORDER BY id LIMIT $2`, account, limit); err != nil {
		return false, err
	}
	for _, r := range list {
		if _, err := tx.DeleteReaction(account, r.status, r.name); err != nil {
			return false, err
		}
	}
	return len(list) == 0, nil
}

func (tx *Tx) reactionsToChange(status ObjectID) (list []Reaction, err error) {
	err = tx.get("status "+status.String(), []any{fromJSON(&list)},
		`SELECT reactions FROM objects WHERE id = $1 AND deleted_at = 0 `+tx.engine.ForUpdate(), status)
	return list, err
}

func (tx *Tx) setReactions(status ObjectID, list []Reaction) error {
	_, err := tx.exec(`UPDATE objects SET reactions = $2 WHERE id = $1`, status, jsonText(list))
	return err
}

func indexOfReaction(list []Reaction, name string) int {
	for i, r := range list {
		if r.Name == name {
			return i
		}
	}
	return -1
}
