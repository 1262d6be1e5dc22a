package store

import "context"

// Exec runs a statement that no method has.
func Exec(ctx context.Context, s *Store, query string, args ...any) error {
	return s.Update(ctx, func(tx *Tx) error {
		_, err := tx.exec(query, args...)
		return err
	})
}

// Count gives the number that a statement asks for.
func Count(ctx context.Context, s *Store, query string) (n int64, err error) {
	err = s.View(ctx, func(tx *Tx) error {
		n, _, err = one[int64](tx, query)
		return err
	})
	return n, err
}

// Text gives the text that a statement asks for.
func Text(ctx context.Context, s *Store, query string, args ...any) (text string, err error) {
	err = s.View(ctx, func(tx *Tx) error {
		text, _, err = one[string](tx, query, args...)
		return err
	})
	return text, err
}
