//go:build !runtwice

package engine

// RunTwice is Options.RunTwice of every store: see runtwice_on.go.
const RunTwice = false
