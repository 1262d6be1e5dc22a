package fault

import (
	"errors"
	"fmt"
	"testing"
)

func TestErrorf(t *testing.T) {
	cause := errors.New("connection reset")
	for _, test := range []struct {
		name    string
		err     error
		kind    Kind
		message string
		cause   error
	}{
		{"without a cause", Errorf(NotFound, "account %s not found", "alice"), NotFound, "account alice not found", nil},
		{"with a cause", Errorf(Unavailable, "fetch key: %w", cause), Unavailable, "fetch key: connection reset", cause},
		{"wrapped", fmt.Errorf("read: %w", Errorf(Gone, "deleted")), Gone, "read: deleted", nil},
		{"the outer kind counts", Errorf(Unauthorized, "key: %w", Errorf(NotFound, "no such page")), Unauthorized, "key: no such page", nil},
		{"an outage stays one", Errorf(NotFound, "account: %w", fmt.Errorf("the database is away: %w", ErrOutage)), Unavailable, "account: the database is away: a part of this server is not available", ErrOutage},
		{"an outage stays one, twice wrapped", Errorf(Forbidden, "x: %w", Errorf(NotFound, "y: %w", ErrOutage)), Unavailable, "x: y: a part of this server is not available", ErrOutage},
		{"another type", cause, Internal, "connection reset", cause},
	} {
		t.Run(test.name, func(t *testing.T) {
			if !Is(test.err, test.kind) || test.err.Error() != test.message || test.cause != nil && !errors.Is(test.err, test.cause) {
				t.Errorf("got %q of kind %q", test.err, KindOf(test.err))
			}
		})
	}
	if Is(nil, Internal) {
		t.Error("nil is an error")
	}
	if err := (&Error{Kind: RateLimited, Message: "Too much", Detail: "exceeds the limit of 5"}); err.Error() != "exceeds the limit of 5" {
		t.Errorf("the log gets %q", err)
	}
}
