package respond

import (
	"errors"
	"io"
	"net/http"
	"os"
	"syscall"
)

// clientLeft reports whether a request failed because its client disconnected,
// or did not send what it had announced: not an error of the server.
func clientLeft(r *http.Request, err error) bool {
	if r.Context().Err() != nil {
		return true
	}
	if r.ContentLength == 0 {
		return false
	}
	return errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, os.ErrDeadlineExceeded)
}
