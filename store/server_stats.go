package store

// ServerStats are the numbers in NodeInfo and the instance's description.
type ServerStats struct {
	Users, ActiveMonth, ActiveHalfYear, Statuses, Domains int64
}

// Stats counts without scanning statuses or accounts: from the local ones. An account
// is active when it signed in, posted, or has a client that called.
func (tx *Tx) Stats() (ServerStats, error) {
	var s ServerStats
	now := tx.Now()
	err := tx.get("statistics", []any{&s.Users, &s.ActiveMonth, &s.ActiveHalfYear, &s.Statuses, &s.Domains}, `
		SELECT COUNT(*),
		  COALESCE(SUM(CASE WHEN seen > $1 OR used > $1 THEN 1 ELSE 0 END), 0),
		  COALESCE(SUM(CASE WHEN seen > $2 OR used > $2 THEN 1 ELSE 0 END), 0),
		  COALESCE(SUM(statuses), 0),
		  (SELECT COUNT(*) FROM domains)
		FROM (
		  SELECT a.statuses_count AS statuses,
		    CASE WHEN a.last_status_at > u.last_sign_in_at THEN a.last_status_at ELSE u.last_sign_in_at END AS seen,
		    COALESCE((SELECT MAX(t.last_used_at) FROM oauth_tokens t WHERE t.account_id = a.id), 0) AS used
		  FROM users u
		  CROSS JOIN accounts a
		  WHERE a.id = u.account_id AND a.deleted_at = 0) AS local`,
		millis(now.AddDate(0, -1, 0)), millis(now.AddDate(0, -6, 0)))
	return s, err
}

// Domains lists the domains of the accounts known here, up to 10,000.
func (tx *Tx) Domains() ([]string, error) {
	return tx.texts(`SELECT domain FROM domains ORDER BY domain LIMIT 10000`)
}

// putDomain adds the domain of an account to those that are known. It stays:
// accounts of it may be known, deleted ones too.
func (tx *Tx) putDomain(domain string) error {
	if domain == "" {
		return nil
	}
	_, err := tx.exec(`INSERT INTO domains (domain) VALUES ($1) ON CONFLICT (domain) DO NOTHING`, domain)
	return err
}
