package store

// Setting reads what the server keeps for itself under a key; ok is false
// when there is nothing.
func (tx *Tx) Setting(key string) (value string, ok bool, err error) {
	return one[string](tx, `SELECT value FROM settings WHERE key = $1`, key)
}

// SettingOnce keeps a value under a key that has none yet, and gives what is
// kept: of several that start at once, one's secret wins.
func (tx *Tx) SettingOnce(key, value string) (string, error) {
	if _, err := tx.exec(`INSERT INTO settings (key, value) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING`, key, value); err != nil {
		return "", err
	}
	kept, _, err := tx.Setting(key)
	return kept, err
}
