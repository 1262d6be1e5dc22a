package cmd

import (
	"context"
	"io"
	"io/fs"
)

// Dispatch calls a command in this process, as Main does, and gives its error.
func Dispatch(ctx context.Context, environ []string, in io.Reader, out io.Writer, source fs.FS, args []string) error {
	return dispatch(&call{ctx: ctx, environ: environ, in: in, out: out, err: out, source: source}, args)
}

var Dialable = dialable
