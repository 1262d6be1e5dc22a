package federation

import (
	"errors"
	"testing"

	"kinglet/api/respond"
	"kinglet/store"
)

// A reader is told that there is nothing, whatever is wrong with the signature,
// but asked to come again when the database could not be asked who it is.
func TestReaderWhileDatabaseIsDown(t *testing.T) {
	down := store.Errorf(store.Unauthorized, "could not fetch the key: %w", store.ErrDatabaseDown)
	if err := unlessDown(down); !store.Is(err, store.Unavailable) {
		t.Error(err)
	}
	for _, err := range []error{nil, store.Errorf(store.Unauthorized, "no signature")} {
		if err := unlessDown(err); !errors.Is(err, respond.NotFound) {
			t.Error(err)
		}
	}
}
