package store

import (
	"time"

	"kinglet/internal/semaphore"
)

// newMemory serializes work that takes tens of megabytes: passwords are hashed
// in 19 MiB for some 30 ms each (internal/auth), so 16 that wait are answered
// within a second; and package media decodes pictures.
func newMemory() *semaphore.Semaphore {
	return semaphore.New(semaphore.Options{Places: 1, Waiting: 16, Wait: 5 * time.Second})
}

// Memory admits one holder of much memory at a time.
func (s *Store) Memory() *semaphore.Semaphore { return s.memory }
