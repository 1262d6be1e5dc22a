package media

import (
	"bytes"
	"image"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"kinglet/internal/fault"
	"kinglet/internal/memory"
)

// gauge says how many percent of the memory are in use.
type gauge struct{ percent atomic.Int64 }

func (g *gauge) Read() []memory.Use { return []memory.Use{{Bytes: g.percent.Load(), Limit: 100}} }
func (g *gauge) Collect()           {}

// A picture waits while memory is scarce, and is refused when that takes long:
// the client may try again.
func TestPicturesWaitForMemory(t *testing.T) {
	for _, c := range []struct {
		name    string
		percent int64
		until   time.Duration // it is scarce; 0 is for long
		waited  time.Duration
		refused bool
	}{
		{"there is memory", 20, 0, 0, false},
		{"it is scarce for a moment", 90, 3 * time.Second, 3 * time.Second, false},
		{"it stays scarce", 90, 0, patience, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := &gauge{}
				watch := memory.New(slog.New(slog.DiscardHandler), g, time.Now)
				k := NewKeeper(nil, Limits{Watch: watch})
				g.percent.Store(c.percent)
				watch.Admit(memory.Picture) // one in a while is let through
				time.Sleep(time.Millisecond)
				if c.until > 0 {
					go func() { time.Sleep(c.until - time.Millisecond); g.percent.Store(20) }()
				}
				began := time.Now()
				err := k.awaitMemory(t.Context())
				if waited := time.Since(began); waited < c.waited-lookAgain || waited > c.waited+lookAgain || (err != nil) != c.refused {
					t.Errorf("%v after %s", err, waited)
				}
				if c.refused && !fault.Is(err, fault.Unavailable) {
					t.Errorf("%v", err)
				}
			})
		})
	}
}

// A decoder makes way at each piece that it reads, and while the picture is
// resized.
func TestDecodersMakeWay(t *testing.T) {
	picture := image.NewNRGBA(image.Rect(0, 0, 1600, 1600))
	for i := range picture.Pix {
		picture.Pix[i] = byte(i * i >> 3) // does not compress
	}
	data := encodePNG(t, picture)
	ways := 0
	if _, _, err := decode(bytes.NewReader(data), int64(len(data)), Avatar, 1<<30, func() { ways++ }); err != nil {
		t.Fatal(err)
	}
	if least := len(data)/4096 + 400; ways < least {
		t.Errorf("of %d bytes it makes way %d times, want %d", len(data), ways, least)
	}
}
