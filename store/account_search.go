package store

import (
	"slices"
	"strings"
)

// SearchAccounts finds accounts by the beginning of their handle, or by the
// exact handle, those that viewer follows first; following returns only these.
// Accounts that viewer blocks are found, so that they can be unblocked. Of a
// beginning that very many have the first are found.
func (tx *Tx) SearchAccounts(viewer AccountID, prefix string, following bool, limit, offset int) ([]*Account, error) {
	lo := strings.ToLower(strings.TrimPrefix(prefix, "@"))
	limit, offset = max(limit, 0), max(offset, 0)
	followed, err := tx.searchFollowed(viewer, lo)
	if err != nil {
		return nil, err
	}
	page := followed[min(offset, len(followed)):]
	page = page[:min(limit, len(page))]
	if len(page) < limit && !following {
		others, err := tx.searchOthers(viewer, lo, followed, limit-len(page), max(offset-len(followed), 0))
		if err != nil {
			return nil, err
		}
		page = append(slices.Clip(page), others...)
	}
	known, err := tx.Accounts(page)
	if err != nil {
		return nil, err
	}
	var list []*Account
	for _, id := range page {
		list = append(list, known[id])
	}
	return list, nil
}

// afterPrefix is above every text that begins with a prefix.
func afterPrefix(prefix string) string { return prefix + "\U0010ffff" }

// searchable is the condition for an account a that viewer may find.
func searchable(viewer string) string {
	return `a.suspended_at = 0 AND a.deleted_at = 0
		  AND (` + notBlocked("a.id", viewer) + ` OR EXISTS (SELECT 1 FROM blocks mine WHERE mine.account_id = ` + viewer + ` AND mine.target_id = a.id))`
}

// searchFollowed lists the accounts that viewer follows, by their handles. It
// reads the follows, not what begins with the prefix: one letter is the
// beginning of thousands.
func (tx *Tx) searchFollowed(viewer AccountID, prefix string) ([]AccountID, error) {
	if viewer == 0 {
		return nil, nil
	}
	type named struct {
		id     AccountID
		handle string
	}
	var found []named
	err := tx.query(func(row scanner) error {
		var a named
		err := row.Scan(&a.id, &a.handle)
		found = append(found, a)
		return err
	}, `
		SELECT a.id, a.handle
		FROM (
		  SELECT f.target_id FROM follows f
		  WHERE f.account_id = $1 AND f.accepted = TRUE
		  ORDER BY f.id DESC LIMIT $4) c
		CROSS JOIN accounts a
		WHERE a.id = c.target_id AND a.handle >= $2 AND a.handle < $3
		  AND `+searchable("$1"), viewer, prefix, afterPrefix(prefix), maxCandidates)
	slices.SortFunc(found, func(a, b named) int { return strings.Compare(a.handle, b.handle) })
	list := make([]AccountID, len(found))
	for i, a := range found {
		list[i] = a.id
	}
	return list, err
}

// searchOthers lists accounts by their handles, without those of followed.
func (tx *Tx) searchOthers(viewer AccountID, prefix string, followed []AccountID, limit, offset int) ([]AccountID, error) {
	return ids[AccountID](tx, `
		SELECT c.id
		FROM (
		  SELECT h.id, h.handle FROM accounts h
		  WHERE h.handle >= $2 AND h.handle < $3
		  ORDER BY h.handle LIMIT $4) c
		CROSS JOIN accounts a
		WHERE a.id = c.id AND NOT `+tx.in("c.id", "$5")+`
		  AND `+searchable("$1")+`
		ORDER BY c.handle
		LIMIT $6 OFFSET $7`, viewer, prefix, afterPrefix(prefix), maxCandidates, setOf(followed), limit, offset)
}
