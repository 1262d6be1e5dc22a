package store

import (
	"fmt"

	"kinglet/internal/fault"
)

// PutFavourite records that account favourited a status, uri being the Like's,
// and counts it; false when it had done so already.
func (tx *Tx) PutFavourite(account AccountID, status ObjectID, uri string) (created bool, err error) {
	_, exists, err := one[int64](tx, `SELECT id FROM objects WHERE id = $1 AND deleted_at = 0 `+tx.engine.ForUpdate(), status)
	if err == nil && !exists {
		err = fault.Errorf(fault.NotFound, "status %s not found", status)
	}
	if err != nil {
		return false, err
	}
	created, err = tx.insertOnce("favourites (id, account_id, status_id, created_at, uri)", account, status, uri)
	if err != nil || !created {
		return false, err
	}
	_, err = tx.exec(`UPDATE objects SET favourites_count = favourites_count + 1 WHERE id = $1`, status)
	return true, err
}

// insertOnce inserts a row into a table that has at most one row of each
// account for each status; false when it exists already.
func (tx *Tx) insertOnce(into string, account AccountID, status ObjectID, more ...any) (created bool, err error) {
	now := tx.Now()
	values := `$1, $2, $3, $4`
	for i := range more {
		values += fmt.Sprintf(`, $%d`, i+5)
	}
	err = tx.insertNew(now, func(id int64) error {
		n, err := tx.exec(`
			INSERT INTO `+into+`
			VALUES (`+values+`)
			ON CONFLICT (account_id, status_id) DO NOTHING`, append([]any{id, account, status, millis(now)}, more...)...)
		created = n == 1
		return err
	})
	return created, err
}

// DeleteFavourite deletes a favourite and returns the URI of its Like; ok is
// false when there was none.
func (tx *Tx) DeleteFavourite(account AccountID, status ObjectID) (uri string, ok bool, err error) {
	if err := tx.lockObjects(status); err != nil {
		return "", false, err
	}
	uri, ok, err = one[string](tx, `DELETE FROM favourites WHERE account_id = $1 AND status_id = $2 RETURNING uri`, account, status)
	if err != nil || !ok {
		return "", false, err
	}
	_, err = tx.exec(`UPDATE objects SET favourites_count = favourites_count - 1 WHERE id = $1 AND favourites_count > 0`, status)
	return uri, true, err
}

// FavouriteByURI finds the status that an account's Like was for; ok is false
// when it is not known.
func (tx *Tx) FavouriteByURI(account AccountID, uri string) (status ObjectID, ok bool, err error) {
	return one[ObjectID](tx, `SELECT status_id FROM favourites WHERE uri = $2 AND account_id = $1`, account, uri)
}

// Favourites lists what an account favourited, newest first, by the favourite's
// id.
func (tx *Tx) Favourites(account AccountID, p Page) ([]Paged[*Status], error) {
	return tx.interactionPage("favourites", account, p)
}

// interactionPage reads a page of favourites or bookmarks.
func (tx *Tx) interactionPage(table string, account AccountID, p Page) ([]Paged[*Status], error) {
	below, above := p.bounds()
	var page int64
	var rows []*Status
	pages := map[ObjectID]int64{}
	err := tx.eachStatus(func(st *Status) {
		rows = append(rows, st)
		pages[st.ID] = page
	}, []any{&page}, statusColumns(account, "$1")+`, k.id `, `
		FROM `+table+` k
		CROSS JOIN objects o
		WHERE o.id = k.status_id AND k.account_id = $1 AND k.id < $2 AND k.id > $3 AND `+visible("o", "$1")+`
		ORDER BY k.id `+p.order()+`
		LIMIT $4`, account, below, above, p.Limit)
	if err != nil {
		return nil, err
	}
	rows, err = tx.complete(account, newestFirst(p, rows))
	list := make([]Paged[*Status], len(rows))
	for i, st := range rows {
		list[i] = Paged[*Status]{pages[st.ID], st}
	}
	return list, err
}

// FavouritedBy lists the accounts that favourited a status that viewer may see.
func (tx *Tx) FavouritedBy(viewer AccountID, status ObjectID, p Page) ([]Paged[*Account], error) {
	return tx.pagedAccounts(p, `
		SELECT k.id, `+accountColumns+`
		FROM favourites k
		JOIN accounts a ON a.id = k.account_id
		JOIN objects o ON o.id = k.status_id
		WHERE k.status_id = $4 AND k.id < $1 AND k.id > $2
		  AND a.suspended_at = 0 AND a.deleted_at = 0
		  AND `+visible("o", "$5")+` AND `+notBlocked("a.id", "$5")+`
		ORDER BY k.id `+p.order()+`
		LIMIT $3`, status, viewer)
}

// HasFavourite reports whether an account favourited a status, even if it can't
// see the status any more.
func (tx *Tx) HasFavourite(account AccountID, status ObjectID) (bool, error) {
	_, ok, err := one[int64](tx, `SELECT id FROM favourites WHERE account_id = $1 AND status_id = $2`, account, status)
	return ok, err
}
