//go:build !linux && !darwin

package engine

import "math"

// freeSpace is not known here.
func freeSpace(string) (int64, error) { return math.MaxInt64, nil }
