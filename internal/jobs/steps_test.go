package jobs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"kinglet/store"
	"kinglet/store/storetest"
)

type countArgs struct{ Next, Last int }

var countJob = Kind[countArgs]{Name: "count"}

// counting registers a kind of which each step adds a job that says its number.
func (b *bench) counting(before func(number int) error) {
	countJob.RegisterSteps(b.Runner, func(tx *store.Tx, args countArgs) (*countArgs, error) {
		if err := testJob.Enqueue(tx, testArgs{"parts", fmt.Sprint(args.Next)}); err != nil {
			return nil, err
		}
		if err := before(args.Next); err != nil {
			return nil, err
		}
		args.Next++
		if args.Next > args.Last {
			return nil, nil
		}
		return &args, nil
	})
}

// A job of steps goes on where it ended: each part is done once.
func TestSteps(t *testing.T) {
	for _, c := range []struct {
		name   string
		failAt int
		err    error
	}{
		{"nothing fails", 0, nil},
		{"the first step fails", 1, errors.New("no")},
		{"a step fails", 3, errors.New("no")},
		{"the last step fails", 5, errors.New("no")},
		{"the server stops", 3, context.Canceled},
	} {
		t.Run(c.name, func(t *testing.T) {
			b, clock := stepped(t, Options{}, nil)
			failed := false
			b.counting(func(number int) error {
				if number == c.failAt && !failed {
					failed = true
					return c.err
				}
				return nil
			})
			b.update(func(tx *store.Tx) error { return countJob.Enqueue(tx, countArgs{1, 5}) })
			if _, err := b.RunDue(t.Context()); err != nil {
				t.Fatal(err)
			}
			clock.Advance(2 * time.Hour)
			if _, err := b.RunDue(t.Context()); err != nil {
				t.Fatal(err)
			}
			slices.Sort(b.done)
			if want := []string{"1", "2", "3", "4", "5"}; !slices.Equal(b.done, want) {
				t.Errorf("done are %v, want %v", b.done, want)
			}
			if n := b.count("count"); n != 0 {
				t.Errorf("%d jobs are left", n)
			}
		})
	}
}

// Of a job that another node took over meanwhile no step is done twice.
func TestStepsOfALostJob(t *testing.T) {
	storetest.EachWithClock(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		b := newBench(t, s, Options{}, nil)
		b.update(func(tx *store.Tx) error { return countJob.Enqueue(tx, countArgs{1, 3}) })
		claim := func(node string) (j store.Job) {
			b.update(func(tx *store.Tx) error {
				list, _, err := tx.ClaimJobs(store.Claim{Node: node, Kinds: []string{"count"}, Room: func(string, bool, int) int { return 1 }, Most: 1, Lease: time.Minute})
				if err != nil || len(list) != 1 {
					t.Fatalf("%d are claimed, %v", len(list), err)
				}
				j = list[0]
				return nil
			})
			return j
		}
		step := func(j store.Job, next int) (now store.Job, err error) {
			err = s.Update(t.Context(), func(tx *store.Tx) (err error) {
				_, now, err = countJob.step(tx, j, countArgs{next, 3}, func(tx *store.Tx, args countArgs) (*countArgs, error) {
					if args.Next++; args.Next > args.Last {
						return nil, nil
					}
					return &args, nil
				})
				return err
			})
			return now, err
		}
		slow := claim("one")
		clock.Advance(2 * time.Minute)
		fast := claim("two")
		if _, err := step(slow, 1); !errors.Is(err, errLost) {
			t.Errorf("whoever lost the job does a step: %v", err)
		}
		then, err := step(fast, 1)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := step(fast, 1); !errors.Is(err, errLost) {
			t.Errorf("a step is done twice: %v", err)
		}
		if then, err = step(then, 2); err != nil {
			t.Fatal(err)
		}
		if _, err = step(slow, 3); !errors.Is(err, errLost) {
			t.Errorf("whoever lost the job ends it: %v", err)
		}
		if _, err = step(then, 3); err != nil || b.count("count") != 0 {
			t.Errorf("%v, %d jobs are left", err, b.count("count"))
		}
		if _, err = step(then, 3); !errors.Is(err, errLost) {
			t.Errorf("it ends twice: %v", err)
		}
	})
}

func (b *bench) count(kind string) (n int64) {
	b.t.Helper()
	b.update(func(tx *store.Tx) (err error) {
		n, err = tx.CountJobs(kind)
		return err
	})
	return n
}
