package respond

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestClientLeft(t *testing.T) {
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range []struct {
		name string
		ctx  context.Context
		body string
		err  error
		want bool // an ERROR in the log
	}{
		{"hung up", gone, "", errors.New("interrupted"), false},
		{"half a body", t.Context(), "x", fmt.Errorf("read: %w", io.ErrUnexpectedEOF), false},
		{"no body", t.Context(), "", io.ErrUnexpectedEOF, true},
		{"ours", t.Context(), "x", errors.New("a bug"), true},
	} {
		var log bytes.Buffer
		r := httptest.NewRequestWithContext(c.ctx, "POST", "/", strings.NewReader(c.body))
		Error(httptest.NewRecorder(), r, slog.New(slog.NewTextHandler(&log, nil)), c.err)
		if got := strings.Contains(log.String(), "level=ERROR"); got != c.want {
			t.Errorf("%s: %s", c.name, log.String())
		}
	}
}
