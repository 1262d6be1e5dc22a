//go:build !unix

package cmd

func fileLimit() int { return 1 << 14 }
