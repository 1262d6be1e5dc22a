package respond

import (
	"errors"
	"io"
	"net/http"
	"os"
	"syscall"
)

// clientLeft reports whether a request failed since its client hung up, or did
// not send what it had announced: nothing is wrong here.
func clientLeft(r *http.Request, err error) bool {
	if r.Context().Err() != nil {
		return true
	}
	if r.ContentLength == 0 {
		return false
	}
	return errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, os.ErrDeadlineExceeded)
}
