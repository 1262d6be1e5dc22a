package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib" // registers the driver "pgx" as well
)

const connsOnPostgres = 16

// jobsChannel is the NOTIFY channel that wakes every node's workers.
const jobsChannel = "kinglet_jobs"

func (s *Store) openPostgres(ctx context.Context, o Options) error {
	s.dialect = postgresDialect
	s.url = o.Database
	db, err := sql.Open("pgx", o.Database)
	if err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	n := o.Readers
	if n == 0 {
		n = connsOnPostgres
	}
	s.strangers = newStrangers(n)
	db.SetMaxOpenConns(n)
	db.SetMaxIdleConns(4)
	db.SetConnMaxIdleTime(5 * time.Minute)
	if err := db.PingContext(ctx); err != nil {
		db.Close()
		return fmt.Errorf("open database: %w", err)
	}
	s.db = db
	return nil
}

func (s *Store) viewPostgres(ctx context.Context, fn func(tx *Tx) error) error {
	return s.onPostgres(ctx, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", fn)
}

func (s *Store) updatePostgres(ctx context.Context, fn func(tx *Tx) error) error {
	const attempts = 6
	for i := 1; ; i++ {
		err := s.onPostgres(ctx, "BEGIN", fn)
		if err == nil || i == attempts || !heals(err) {
			return err
		}
	}
}

func (s *Store) onPostgres(ctx context.Context, begin string, fn func(tx *Tx) error) error {
	sc, err := s.db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("get a database connection: %w", err)
	}
	defer sc.Close()
	c := &conn{Conn: sc}
	if err := c.run(ctx, begin); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	tx := &Tx{ctx: ctx, store: s, conn: c}
	end := context.WithoutCancel(ctx)
	if err := guard(fn, tx); err != nil {
		return errors.Join(err, c.run(end, "ROLLBACK"))
	}
	if tx.jobsDue {
		if err := c.run(ctx, "SELECT pg_notify('"+jobsChannel+"', '')"); err != nil {
			return errors.Join(err, c.run(end, "ROLLBACK"))
		}
	}
	if err := commitPostgres(end, sc); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	for _, f := range tx.after {
		f()
	}
	if tx.jobsDue {
		s.wakeJobs()
	}
	return nil
}

// commitPostgres looks at what PostgreSQL says it did: a COMMIT after a
// statement that failed, its error unheeded, is answered "ROLLBACK" and is no
// error, and what was not kept must never be acknowledged.
func commitPostgres(ctx context.Context, c *sql.Conn) error {
	return c.Raw(func(driver any) error {
		tag, err := driver.(*stdlib.Conn).Conn().Exec(ctx, "COMMIT")
		if err == nil && tag.String() != "COMMIT" {
			err = errors.New("rolled back, since a statement had failed")
		}
		return err
	})
}

// heals tells the failures that running the transaction again heals:
// serialization_failure, deadlock_detected, and the unique_violation of two
// that found a key free at once. Run again, the loser finds the winner's row.
func heals(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == "40001" || pg.Code == "40P01" || pg.Code == "23505")
}

// listenPostgres calls wakeJobs whenever any node commits a due job, until ctx
// ends. A lost connection is made again; a wake is given after each reconnect
// since notifications may have been missed.
func (s *Store) listenPostgres(ctx context.Context) {
	for wait := time.Second; ctx.Err() == nil; wait = min(2*wait, time.Minute) {
		c, err := pgx.Connect(ctx, s.url)
		if err == nil {
			if _, err = c.Exec(ctx, "LISTEN "+jobsChannel); err == nil {
				wait = time.Second
				s.wakeJobs()
				for err == nil {
					if _, err = c.WaitForNotification(ctx); err == nil {
						s.wakeJobs()
					}
				}
			}
			c.Close(context.WithoutCancel(ctx))
		}
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
}
