//go:build runtwice

package engine

// RunTwice makes every Update of a binary run its function twice, the first
// time in vain: `go test -tags runtwice ./...` runs all tests so.
const RunTwice = true
