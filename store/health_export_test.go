package store

import (
	"context"
	"time"
)

// FillUp has SQLite answer writes that need a new page as a full disk does;
// with false there is room again.
func (s *Store) FillUp(full bool) error {
	query := "PRAGMA max_page_count = 1" // SQLite takes the present size for less
	if !full {
		query = "PRAGMA max_page_count = 4294967294"
	}
	rows, err := s.writer.conn.QueryContext(context.Background(), query)
	if err != nil {
		return err
	}
	return rows.Close()
}

// CheckAgain has Health look again, however short ago it did.
func (s *Store) CheckAgain() {
	s.health.mu.Lock()
	s.health.asked = time.Time{}
	s.health.mu.Unlock()
}
