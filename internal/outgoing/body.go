package outgoing

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// ErrTooLarge is the error of a response that exceeds the limit.
var ErrTooLarge = errors.New("the response is too large")

// body is the body of a response, limited in bytes, in the time of each read
// and, by its context, in total time (SECURITY-RULES 23). It counts
// decompressed bytes, after the transport.
type body struct {
	io.ReadCloser
	ctx    context.Context
	cancel func(error)
	url    string
	left   int64         // bytes that may still come
	idle   time.Duration // without a byte
	timer  *time.Timer   // runs during a read, not while the reader is busy elsewhere
	err    error         // that ended it
}

func (b *body) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1] // one more byte, to detect a body over the limit
	}
	if b.timer == nil {
		b.timer = time.AfterFunc(b.idle, func() {
			b.cancel(fmt.Errorf("no data received for %s: %w", b.idle, context.DeadlineExceeded))
		})
	} else {
		b.timer.Reset(b.idle)
	}
	n, err := b.ReadCloser.Read(p)
	b.timer.Stop()
	if int64(n) > b.left {
		n, err = int(b.left), ErrTooLarge
	}
	b.left -= int64(n)
	switch {
	case err == nil:
		return n, nil
	case err == io.EOF:
		b.err = io.EOF
	case !errors.Is(err, ErrTooLarge) && b.ctx.Err() != nil:
		b.err = fmt.Errorf("read %s: %w", b.url, context.Cause(b.ctx))
	default:
		b.err = fmt.Errorf("read %s: %w", b.url, err)
	}
	return n, b.err
}

// Close ends the response without waiting for the unread rest.
func (b *body) Close() error {
	b.cancel(nil)
	return b.ReadCloser.Close()
}
