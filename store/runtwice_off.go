//go:build !runtwice

package store

// runTwice is Options.RunTwice of every store: see runtwice_on.go.
const runTwice = false
