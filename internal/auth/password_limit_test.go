package auth_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"kinglet/internal/auth"
	"kinglet/internal/semaphore"
	"kinglet/store"
	"kinglet/store/storetest"
)

// 60 strangers and the owner sign in while a password is being hashed: 16
// strangers wait, the others get a retry time, and the owner, whose
// browser is known, is first.
func TestPasswordsAreHashedOneAtATime(t *testing.T) {
	s := storetest.SQLite(t)
	release, err := s.Memory().Acquire(t.Context(), "another")
	if err != nil {
		t.Fatal(err)
	}
	verified := make(chan string, 100)
	verify := func(who string, ctx context.Context) error {
		ok, err := auth.VerifyPassword(ctx, s.Memory(), passwordHash, password)
		if err == nil && ok {
			verified <- who
		}
		return err
	}
	strangers, owner := make(chan error), make(chan error)
	for i := range 60 {
		go func() { strangers <- verify("stranger", store.AsStranger(t.Context(), fmt.Sprint("192.0.2.", i))) }()
	}
	for range 60 - 16 {
		if err := <-strangers; !errors.Is(err, semaphore.Busy) {
			t.Fatal("more than 16 wait: ", err)
		}
	}
	go func() { owner <- verify("owner", store.AsKnown(t.Context())) }()
	for s.Memory().Waiting() < 17 { // there is no event for it
	}
	release()
	if err := <-owner; err != nil {
		t.Error("the owner: ", err)
	}
	if first := <-verified; first != "owner" {
		t.Errorf("%s is first", first)
	}
	for range 16 {
		if err := <-strangers; err != nil {
			t.Error(err)
		}
	}
	release, err = s.Memory().Acquire(t.Context(), "another")
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := auth.HashPassword(ended, s.Memory(), password); !errors.Is(err, context.Canceled) {
		t.Error("a password is hashed for who has left: ", err)
	}
}
