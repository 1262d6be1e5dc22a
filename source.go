package main

import "embed"

// source is this program's own source code, as it was built, so that every
// server can hand out what runs on it (AGPL-3.0, section 13), changes
// included. Not deploy/, where people put settings of their own, nor folders whose
// name begins with _, which go:embed leaves out: what only developers use.
//
//go:embed LICENSE README.md go.mod go.sum *.go ap api docs internal media store ui
var source embed.FS
