package ap

import (
	"context"
	"testing"
)

// A document takes room as it grows, until the end of the work that it is for;
// strangers leave a quarter to those who are followed.
func TestRoomForDocuments(t *testing.T) {
	const mb = 1 << 20
	d := &documents{most: 32 * mb} // four of a megabyte
	grow := func(ctx context.Context, trusted bool, bytes int64) bool {
		return growth(ctx, trusted)(bytes) == nil
	}
	first, leave := d.enter(t.Context())
	document := growth(first, false)
	for bytes := int64(32 << 10); bytes <= mb; bytes *= 2 {
		if err := document(bytes); err != nil {
			t.Fatal(bytes, err)
		}
	}
	if d.taken != 8*mb {
		t.Errorf("a megabyte takes %d", d.taken)
	}
	for range 2 {
		if !grow(first, false, mb) {
			t.Error("there is no room for three")
		}
	}
	if d.taken != 24*mb {
		t.Errorf("three take %d", d.taken)
	}
	second, leaveToo := d.enter(t.Context())
	if grow(second, false, 32<<10) {
		t.Error("strangers take the last quarter")
	}
	if !grow(second, true, mb) || grow(second, true, 32<<10) {
		t.Error("the followed have the last quarter, and no more")
	}
	leave()
	if d.taken != 8*mb {
		t.Errorf("%d are left of the second", d.taken)
	}
	if grow(first, false, mb) {
		t.Error("room is taken after the end")
	}
	leaveToo()
	if d.taken != 0 {
		t.Errorf("%d are left", d.taken)
	}
	if growth(t.Context(), false) != nil {
		t.Error("what people here ask for is counted")
	}
}

// The largest document has room on the smallest machine.
func TestLargestDocumentHasRoom(t *testing.T) {
	ctx, leave := (&documents{most: leastDocuments}).enter(t.Context())
	defer leave()
	if err := growth(ctx, false)(1 << 20); err != nil {
		t.Error(err)
	}
}
