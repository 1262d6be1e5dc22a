package federation

import (
	"errors"
	"testing"

	"kinglet/api/respond"
	"kinglet/internal/fault"
	"kinglet/store"
)

// A reader gets not found, whatever is wrong with the signature,
// but asked to come again when the database could not be asked who it is.
func TestReaderWhileDatabaseIsDown(t *testing.T) {
	down := fault.Errorf(fault.Unauthorized, "could not fetch the key: %w", store.ErrDatabaseDown)
	if err := unlessDown(down); !fault.Is(err, fault.Unavailable) {
		t.Error(err)
	}
	for _, err := range []error{nil, fault.Errorf(fault.Unauthorized, "no signature")} {
		if err := unlessDown(err); !errors.Is(err, respond.NotFound) {
			t.Error(err)
		}
	}
}
