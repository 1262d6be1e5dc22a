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

// PrintStep prints a step of a check.
var PrintStep = printStep

// PrintStory prints the story of a post.
var PrintStory = printStory
