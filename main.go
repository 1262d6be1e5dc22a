// Kinglet is a personal ActivityPub server: one binary, one SQLite file,
// @you@yourdomain.
package main

import (
	"os"

	"kinglet/internal/cmd"
)

func main() { os.Exit(cmd.Main(os.Args[1:], os.Environ(), os.Stdout, os.Stderr, source)) }
