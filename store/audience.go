package store

// Who gets an activity, and who is notified of it.

const deliveryInbox = `CASE WHEN a.shared_inbox <> '' THEN a.shared_inbox ELSE a.inbox END`

// remoteActive is true for accounts that something can be delivered to.
const remoteActive = `a.domain <> '' AND a.inbox <> '' AND a.suspended_at = 0 AND a.deleted_at = 0
		  AND NOT EXISTS (SELECT 1 FROM gone_inboxes g WHERE g.inbox = ` + deliveryInbox + `)`

// DeliveredTo lists the accounts that something is delivered to at an inbox: they
// follow a local account, or one follows them. The next ones after an id.
func (tx *Tx) DeliveredTo(inbox string, after AccountID, limit int) (list []*Account, err error) {
	return tx.accounts(`
		SELECT `+accountColumns+` FROM accounts a
		WHERE a.domain <> '' AND a.deleted_at = 0 AND a.id > $2 AND `+deliveryInbox+` = $1 AND a.id IN (
		  SELECT f.account_id FROM users u JOIN follows f ON f.target_id = u.account_id
		  UNION
		  SELECT f.target_id FROM users u JOIN follows f ON f.account_id = u.account_id)
		ORDER BY a.id
		LIMIT $3`, inbox, after, limit)
}

// FollowerInboxes lists the inboxes of an account's remote followers, each
// shared inbox once.
func (tx *Tx) FollowerInboxes(account AccountID) ([]string, error) {
	return tx.texts(`
		SELECT DISTINCT `+deliveryInbox+`
		FROM follows f
		JOIN accounts a ON a.id = f.account_id
		WHERE f.target_id = $1 AND f.accepted AND `+remoteActive, account)
}

// ReachInboxes lists the inboxes of an account's remote followers and of those
// it follows: every server that shows its profile.
func (tx *Tx) ReachInboxes(account AccountID) ([]string, error) {
	return tx.texts(`
		SELECT DISTINCT `+deliveryInbox+`
		FROM accounts a
		WHERE `+remoteActive+` AND a.id IN (
		  SELECT f.account_id FROM follows f WHERE f.target_id = $1
		  UNION
		  SELECT f.target_id FROM follows f WHERE f.account_id = $1)`, account)
}

// AddresseeInboxes lists the inboxes of the remote accounts that a status
// mentions, is addressed to, replies to or boosts.
func (tx *Tx) AddresseeInboxes(status ObjectID) ([]string, error) {
	return tx.texts(`
		SELECT DISTINCT `+deliveryInbox+`
		FROM accounts a
		WHERE `+remoteActive+` AND a.id IN (
		  SELECT m.account_id FROM mentions m WHERE m.status_id = $1
		  UNION
		  SELECT o.in_reply_to_account_id FROM objects o WHERE o.id = $1 AND o.visibility <= 2
		  UNION
		  SELECT r.account_id FROM objects o JOIN objects r ON r.id = o.reblog_of_id WHERE o.id = $1)`, status)
}

// InteractorInboxes lists the inboxes of those who boosted, favourited or
// answered a status: they have a copy of it.
func (tx *Tx) InteractorInboxes(status ObjectID) ([]string, error) {
	return tx.interactorInboxes(``, status)
}

// ReaderInboxes is InteractorInboxes without those that the status's author
// blocks, or is blocked by: for what they have not read yet.
func (tx *Tx) ReaderInboxes(status ObjectID, author AccountID) ([]string, error) {
	return tx.interactorInboxes(`
		  EXCEPT
		  SELECT b.target_id FROM blocks b WHERE b.account_id = $2
		  EXCEPT
		  SELECT b.account_id FROM blocks b WHERE b.target_id = $2`, status, author)
}

// interactorInboxes looks each account up by its id, since PostgreSQL might begin
// with all accounts.
func (tx *Tx) interactorInboxes(without string, args ...any) ([]string, error) {
	return tx.texts(`
		SELECT DISTINCT i.inbox FROM (SELECT (
		  SELECT `+deliveryInbox+` FROM accounts a WHERE a.id = interactors.account_id AND `+remoteActive+`) AS inbox
		FROM (
		  SELECT f.account_id FROM favourites f WHERE f.status_id = $1
		  UNION
		  SELECT r.account_id FROM reactions r WHERE r.status_id = $1
		  UNION
		  SELECT o.account_id FROM objects o WHERE o.reblog_of_id = $1 AND o.reblog_of_id <> 0
		  UNION
		  SELECT o.account_id FROM objects o WHERE o.in_reply_to_id = $1 AND o.in_reply_to_id <> 0`+without+`) interactors) i
		WHERE i.inbox IS NOT NULL`, args...)
}

// VoterInboxes lists the inboxes of those who voted in the poll of a status: they
// have a copy of it.
func (tx *Tx) VoterInboxes(status ObjectID) ([]string, error) {
	return tx.voterInboxes(``, status)
}

// VotingReaderInboxes is VoterInboxes without those that the status's author
// blocks, or is blocked by, as in ReaderInboxes.
func (tx *Tx) VotingReaderInboxes(status ObjectID, author AccountID) ([]string, error) {
	return tx.voterInboxes(` AND `+noBlock("v.account_id", "$2"), status, author)
}

func (tx *Tx) voterInboxes(where string, args ...any) ([]string, error) {
	return tx.texts(`
		SELECT DISTINCT `+deliveryInbox+`
		FROM accounts a
		WHERE `+remoteActive+` AND a.id IN (SELECT v.account_id FROM poll_votes v WHERE v.status_id = $1`+where+`)`, args...)
}

// KnownInboxes lists every known server, by its shared inboxes and the inboxes
// of accounts without one: for the deletion of an account.
func (tx *Tx) KnownInboxes() ([]string, error) {
	return tx.texts(`
		SELECT DISTINCT ` + deliveryInbox + `
		FROM accounts a
		WHERE ` + remoteActive)
}
