package store

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// Follow is one account following another, or requesting it.
type Follow struct {
	ID                  int64
	AccountID, TargetID AccountID
	URI                 string // of the Follow activity
	Accepted            bool
	ShowReblogs, Notify bool
	Languages           []string
	CreatedAt           time.Time
}

const followColumns = `f.id, f.account_id, f.target_id, f.uri, f.accepted, f.show_reblogs, f.notify, f.languages, f.created_at`

func (f *Follow) dest() []any {
	return []any{&f.ID, &f.AccountID, &f.TargetID, &f.URI, &f.Accepted, &f.ShowReblogs, &f.Notify, fromJSON(&f.Languages), toTime(&f.CreatedAt)}
}

// PutFollow writes a follow or a request for one; a known pair keeps its id and
// whether it was accepted, and gets the URI and the settings. created reports
// that the pair is new.
func (tx *Tx) PutFollow(f *Follow) (created bool, err error) {
	restore(tx, f)
	if err := tx.lockAccounts(f.AccountID, f.TargetID); err != nil {
		return false, err
	}
	now := tx.Now()
	err = tx.insertNew(now, func(id int64) error {
		n, err := tx.exec(`
			INSERT INTO follows (id, account_id, target_id, uri, accepted, show_reblogs, notify, languages, created_at)
			VALUES ($1, $2, $3, $4, FALSE, $5, $6, $7, $8)
			ON CONFLICT (account_id, target_id) DO NOTHING`,
			id, f.AccountID, f.TargetID, f.URI, f.ShowReblogs, f.Notify, jsonText(f.Languages), millis(now))
		if created = n == 1; created {
			f.ID, f.CreatedAt, f.Accepted = id, now, false
		}
		return err
	})
	if err != nil || created {
		return created, err
	}
	return false, tx.get("follow", f.dest(), `
		UPDATE follows
		SET uri = $3, show_reblogs = $4, notify = $5, languages = $6
		WHERE account_id = $1 AND target_id = $2
		RETURNING `+strings.ReplaceAll(followColumns, "f.", ""),
		f.AccountID, f.TargetID, f.URI, f.ShowReblogs, f.Notify, jsonText(f.Languages))
}

// Follow reads the follow of an account by another; NotFound.
func (tx *Tx) Follow(account, target AccountID) (*Follow, error) {
	f := new(Follow)
	err := tx.get("follow of "+target.String(), f.dest(),
		`SELECT `+followColumns+` FROM follows f WHERE f.account_id = $1 AND f.target_id = $2`, account, target)
	return f, err
}

// FollowByURI reads a follow by the id of its activity; NotFound. Two accounts
// on one host may give the same id: the follow of preferred is returned first.
func (tx *Tx) FollowByURI(uri string, preferred AccountID) (*Follow, error) {
	f := new(Follow)
	err := tx.get("follow "+uri, f.dest(), `
		SELECT `+followColumns+`
		FROM follows f
		WHERE f.uri = $1
		ORDER BY CASE WHEN f.account_id = $2 THEN 0 ELSE 1 END, f.id
		LIMIT 1`, uri, preferred)
	return f, err
}

// AcceptFollow turns a request into a follow and counts it; false when it was
// accepted already or does not exist.
func (tx *Tx) AcceptFollow(account, target AccountID) (bool, error) {
	if err := tx.lockAccounts(account, target); err != nil {
		return false, err
	}
	n, err := tx.exec(`UPDATE follows SET accepted = TRUE WHERE account_id = $1 AND target_id = $2 AND NOT accepted`, account, target)
	if err != nil || n == 0 {
		return false, err
	}
	return true, tx.countFollow(account, target, 1)
}

// DeleteFollow deletes a follow or a request; false when there was none.
func (tx *Tx) DeleteFollow(account, target AccountID) (bool, error) {
	if err := tx.lockAccounts(account, target); err != nil {
		return false, err
	}
	accepted, ok, err := one[bool](tx, `DELETE FROM follows WHERE account_id = $1 AND target_id = $2 RETURNING accepted`, account, target)
	if err != nil || !ok {
		return false, err
	}
	if accepted {
		err = tx.countFollow(account, target, -1)
	}
	return true, err
}

// LockPair locks the relationship of two accounts (follows, blocks) for a
// transaction that reads it to change it.
func (tx *Tx) LockPair(a, b AccountID) error { return tx.lockAccounts(a, b) }

// countFollow counts an accepted follow, or one that ended. The set of the
// target's followers is another then.
func (tx *Tx) countFollow(account, target AccountID, by int) error {
	if _, err := tx.exec(`UPDATE accounts SET following_count = following_count + $2 WHERE id = $1 AND following_count + $2 >= 0`, account, by); err != nil {
		return err
	}
	_, err := tx.exec(`
		UPDATE accounts
		SET followers_count = CASE WHEN followers_count + $2 < 0 THEN followers_count ELSE followers_count + $2 END,
		  followers_version = followers_version + 1
		WHERE id = $1`, target, by)
	return err
}

// endFollows deletes some of the follows by and of an account; none reports that
// there was none.
func (tx *Tx) endFollows(id AccountID, limit int) (none bool, err error) {
	none = true
	following, followers := map[int64]int{}, map[int64]int{}
	err = tx.query(func(row scanner) error {
		var f Follow
		err := row.Scan(&f.AccountID, &f.TargetID, &f.Accepted)
		none = false
		if f.Accepted {
			following[int64(f.AccountID)]++
			followers[int64(f.TargetID)]++
		}
		return err
	}, `
		DELETE FROM follows
		WHERE id IN (
		  SELECT f.id FROM follows f`+tx.engine.IndexedBy("follows_account")+` WHERE f.account_id = $1
		  UNION ALL
		  SELECT f.id FROM follows f`+tx.engine.IndexedBy("follows_target")+` WHERE f.target_id = $1
		  LIMIT $2)
		RETURNING account_id, target_id, accepted`, id, limit)
	if err != nil || none {
		return none, err
	}
	if err := tx.decrease("accounts", "following_count", following); err != nil {
		return false, err
	}
	if err := tx.decrease("accounts", "followers_count", followers); err != nil {
		return false, err
	}
	_, err = tx.exec(`UPDATE accounts SET followers_version = followers_version + 1 WHERE `+tx.in("id", "$1"), setOf(slices.Collect(maps.Keys(followers))))
	return false, err
}

// Followers lists the followers of an account, newest follow first, without
// blocks between them and viewer.
func (tx *Tx) Followers(viewer, account AccountID, p Page) ([]Paged[*Account], error) {
	return tx.followed(viewer, account, p, "f.account_id", "f.target_id", "follows_target", "TRUE")
}

// Following lists the accounts that an account follows.
func (tx *Tx) Following(viewer, account AccountID, p Page) ([]Paged[*Account], error) {
	return tx.followed(viewer, account, p, "f.target_id", "f.account_id", "follows_account", "TRUE")
}

// FollowRequests lists the accounts that request to follow an account.
func (tx *Tx) FollowRequests(account AccountID, p Page) ([]Paged[*Account], error) {
	return tx.followed(account, account, p, "f.account_id", "f.target_id", "follows_target", "FALSE")
}

// followed lists the accounts at one end of an account's follows. accepted is
// compared, or SQLite would not go on to the id in the index.
func (tx *Tx) followed(viewer, account AccountID, p Page, shown, of, index, accepted string) ([]Paged[*Account], error) {
	return tx.pagedAccounts(p, `
		SELECT f.id, `+accountColumns+`
		FROM follows f`+tx.engine.IndexedBy(index)+`
		CROSS JOIN accounts a
		WHERE a.id = `+shown+` AND `+of+` = $4 AND f.accepted = `+accepted+`
		  AND f.id < $1 AND f.id > $2
		  AND a.suspended_at = 0 AND a.deleted_at = 0 AND `+notBlocked("a.id", "$5")+`
		ORDER BY f.id `+p.order()+`
		LIMIT $3`, account, viewer)
}

// pagedAccounts runs a list of accounts whose $1 to $3 are the page's bounds and limit.
func (tx *Tx) pagedAccounts(p Page, query string, args ...any) ([]Paged[*Account], error) {
	below, above := p.bounds()
	var out []Paged[*Account]
	err := tx.query(func(row scanner) error {
		item := Paged[*Account]{Item: new(Account)}
		err := row.Scan(append([]any{&item.PageID}, item.Item.dest()...)...)
		out = append(out, item)
		return err
	}, query, append([]any{below, above, p.Limit}, args...)...)
	if err != nil {
		return nil, err
	}
	shown := make([]*Account, len(out))
	for i, item := range out {
		shown[i] = item.Item
	}
	return newestFirst(p, out), tx.FillMoved(shown...)
}

// CountFollowRequests counts the requests to follow an account.
func (tx *Tx) CountFollowRequests(account AccountID) (int64, error) {
	n, _, err := one[int64](tx, `SELECT COUNT(*) FROM follows WHERE target_id = $1 AND NOT accepted`, account)
	return n, err
}

// FollowedBySomeoneHere reports whether any local account follows target.
func (tx *Tx) FollowedBySomeoneHere(target AccountID) (bool, error) {
	followed, _, err := one[bool](tx, `SELECT `+followedHere("$1"), target)
	return followed, err
}

// followedHere is the condition that any local account follows the account.
func followedHere(account string) string {
	return `EXISTS (
		SELECT 1 FROM follows f JOIN users u ON u.account_id = f.account_id
		WHERE f.target_id = ` + account + ` AND f.accepted)`
}

// FollowersToNotify lists the local accounts that are notified of everything an
// account posts.
func (tx *Tx) FollowersToNotify(account AccountID) ([]AccountID, error) {
	return ids[AccountID](tx, `
		SELECT f.account_id FROM follows f JOIN users u ON u.account_id = f.account_id
		WHERE f.target_id = $1 AND f.accepted AND f.notify`, account)
}
