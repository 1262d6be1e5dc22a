//go:build runtwice

package engine

// RunTwice makes every Update of a binary run its function twice, rolling the
// first run back: `go test -tags runtwice ./...` runs all tests so.
const RunTwice = true
