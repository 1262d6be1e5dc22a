package store

// Setting reads a value that the server stores under a key; ok is false when
// there is none.
func (tx *Tx) Setting(key string) (value string, ok bool, err error) {
	return one[string](tx, `SELECT value FROM settings WHERE key = $1`, key)
}

// SettingOnce stores a value under a key that has none yet, and returns the
// stored one: of several servers that start concurrently, one's secret wins.
func (tx *Tx) SettingOnce(key, value string) (string, error) {
	if _, err := tx.exec(`INSERT INTO settings (key, value) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING`, key, value); err != nil {
		return "", err
	}
	kept, _, err := tx.Setting(key)
	return kept, err
}
