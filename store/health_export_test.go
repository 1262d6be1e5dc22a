package store

import "context"

// FillUp has SQLite answer writes that need a new page as a full disk does;
// with false there is room again.
func (s *Store) FillUp(full bool) error {
	query := "PRAGMA max_page_count = 1" // SQLite takes the present size for less
	if !full {
		query = "PRAGMA max_page_count = 4294967294"
	}
	return s.Update(context.Background(), func(tx *Tx) error {
		_, _, err := one[int64](tx, query)
		return err
	})
}
