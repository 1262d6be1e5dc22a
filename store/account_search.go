package store

import (
	"strings"
)

// SearchAccounts finds accounts by the beginning of their handle, or by the
// exact handle, those that viewer follows first; following returns only these.
// Accounts that viewer blocks are found, so that they can be unblocked.
func (tx *Tx) SearchAccounts(viewer AccountID, prefix string, following bool, limit, offset int) ([]*Account, error) {
	lo := strings.ToLower(strings.TrimPrefix(prefix, "@"))
	limit, offset = max(limit, 0), max(offset, 0)
	return tx.accounts(`
		SELECT `+accountColumns+`
		FROM accounts a
		LEFT JOIN follows f ON f.account_id = $1 AND f.target_id = a.id AND f.accepted
		WHERE a.handle >= $2 AND a.handle < $3
		  AND a.suspended_at = 0 AND a.deleted_at = 0
		  AND (f.id IS NOT NULL OR NOT $4)
		  AND (`+notBlocked("a.id", "$1")+` OR EXISTS (SELECT 1 FROM blocks mine WHERE mine.account_id = $1 AND mine.target_id = a.id))
		ORDER BY CASE WHEN f.id IS NULL THEN 1 ELSE 0 END, a.handle
		LIMIT $5 OFFSET $6`,
		viewer, lo, lo+"\U0010ffff", following, limit, offset)
}
