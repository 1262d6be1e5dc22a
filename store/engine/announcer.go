package engine

import (
	"context"
	"database/sql"
	"sync"
	"time"
)

// announcer notifies the other nodes of events, after the commits that wrote
// them and once for all commits meanwhile: PostgreSQL makes commits with NOTIFY
// wait for each other, and those of posts and likes must not. Events that a
// killed node did not announce are found all the same, see Listener.
type announcer struct {
	db      *sql.DB
	waiting chan struct{}
	stop    sync.Once
	quit    chan struct{}
	done    chan struct{}
}

// announceTime limits one announcement.
const announceTime = 5 * time.Second

func newAnnouncer(db *sql.DB) *announcer {
	a := &announcer{db: db, waiting: make(chan struct{}, 1), quit: make(chan struct{}), done: make(chan struct{})}
	go a.run()
	return a
}

// announce never blocks.
func (a *announcer) announce() {
	select {
	case a.waiting <- struct{}{}:
	default:
	}
}

// close announces what waits, and ends.
func (a *announcer) close() {
	a.stop.Do(func() { close(a.quit) })
	<-a.done
}

func (a *announcer) run() {
	defer close(a.done)
	for {
		select {
		case <-a.waiting:
			a.tell()
		case <-a.quit:
			select {
			case <-a.waiting:
				a.tell()
			default:
			}
			return
		}
	}
}

func (a *announcer) tell() {
	ctx, cancel := context.WithTimeout(context.Background(), announceTime)
	defer cancel()
	// When this fails the database is down, and listeners look when it is
	// back.
	_, _ = a.db.ExecContext(ctx, "SELECT "+notify(eventsAreThere))
}
