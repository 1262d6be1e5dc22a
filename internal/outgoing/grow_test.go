package outgoing

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
	"testing/iotest"
)

// Who limits the memory of responses is asked before more of one is read than is
// usual, and not about usual ones.
func TestGrow(t *testing.T) {
	no := errors.New("no room")
	for _, c := range []struct {
		size  int
		most  int64
		asked string
		err   error
	}{
		{0, 0, "[]", nil},
		{usual - 1, 0, "[]", nil},
		{usual + 1, 1 << 20, "[32768]", nil},
		{100_000, 1 << 20, "[32768 65536 131072]", nil},
		{100_000, 65536, "[32768 65536 131072]", no},
	} {
		sent := bytes.Repeat([]byte("x"), c.size)
		asked := []int64{}
		got, err := readAll(iotest.HalfReader(bytes.NewReader(sent)), func(n int64) error {
			asked = append(asked, n)
			if n > c.most {
				return no
			}
			return nil
		})
		if err != c.err || err == nil && !bytes.Equal(got, sent) || fmt.Sprint(asked) != c.asked {
			t.Errorf("%d bytes: %d, %v, asked %v", c.size, len(got), err, asked)
		}
	}
	broken := iotest.TimeoutReader(bytes.NewReader(make([]byte, 100)))
	if _, err := readAll(iotest.OneByteReader(broken), func(int64) error { return nil }); !errors.Is(err, iotest.ErrTimeout) {
		t.Errorf("%v", err)
	}
}
