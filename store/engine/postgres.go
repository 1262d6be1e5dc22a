package engine

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

const connsOnPostgres = 16

// connectTime limits the wait for a server that does not answer at all.
const connectTime = 5 * time.Second

// channel is the NOTIFY channel of every node.
const channel = "kinglet"

// notify is the call that sends a notice.
func notify(n notice) string { return fmt.Sprintf("pg_notify('%s', '%d')", channel, n) }

func (e *Engine) openPostgres(ctx context.Context, o Options) error {
	e.dialect = postgresDialect
	e.url = o.Database
	conf, err := pgx.ParseConfig(o.Database)
	if err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	if conf.ConnectTimeout == 0 {
		conf.ConnectTimeout = connectTime
	}
	db := stdlib.OpenDB(*conf)
	n := o.Readers
	if n == 0 {
		n = connsOnPostgres
	}
	e.strangers = newStrangers(n)
	db.SetMaxOpenConns(n)
	db.SetMaxIdleConns(4)
	db.SetConnMaxIdleTime(5 * time.Minute)
	if err := db.PingContext(ctx); err != nil {
		db.Close()
		return fmt.Errorf("open database: %w", err)
	}
	e.db = db
	e.announcer = newAnnouncer(db)
	return nil
}

func (e *Engine) viewPostgres(ctx context.Context, fn func(tx *Tx) error) error {
	return e.onPostgres(ctx, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", fn)
}

// beginUpdate says what PostgreSQL does by default, since somebody may have set
// another default: each statement of an update sees what was committed before
// it, and what it has locked does not change. Claims of jobs need that.
const beginUpdate = "BEGIN ISOLATION LEVEL READ COMMITTED"

func (e *Engine) updatePostgres(ctx context.Context, fn func(tx *Tx) error) error {
	return retry(ctx, func() error {
		if e.runTwice {
			_ = e.onPostgres(ctx, beginUpdate, dryRun(fn))
		}
		return e.onPostgres(ctx, beginUpdate, fn)
	})
}

// rollbackTime limits a ROLLBACK, whose caller may have left, on a connection
// that may be dead.
const rollbackTime = 5 * time.Second

func (e *Engine) onPostgres(ctx context.Context, begin string, fn func(tx *Tx) error) (err error) {
	c, err := e.beginPostgres(ctx, begin)
	if err != nil {
		return err
	}
	defer c.Conn.Close()
	tx := &Tx{ctx: ctx, engine: e, conn: c}
	err = guard(fn, tx)
	if err != nil {
		tx.rolledBack()
		rollback(ctx, c)
		return err
	}
	after, told := tx.after, tx.notice()
	if err := tx.commitPostgres(context.WithoutCancel(ctx)); err != nil {
		tx.rolledBack()
		rollback(ctx, c)
		return fmt.Errorf("commit: %w", failed(context.WithoutCancel(ctx), err))
	}
	for _, f := range after {
		f()
	}
	e.committed(told)
	return nil
}

// rollback ends a transaction that failed. PostgreSQL accepts it for one that
// it has ended itself.
func rollback(ctx context.Context, c *conn) {
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTime)
	defer cancel()
	if c.run(end, "ROLLBACK") != nil {
		discard(c.Conn) // and with it the transaction
	}
}

// beginPostgres begins a transaction. Connections that the database has closed
// meanwhile (it was restarted) are dropped until a working one is found or
// made: no statement was run on them yet.
func (e *Engine) beginPostgres(ctx context.Context, begin string) (*conn, error) {
	for i := 0; ; i++ {
		sc, err := e.db.Conn(ctx)
		if err != nil {
			return nil, fmt.Errorf("get a database connection: %w", failed(ctx, err))
		}
		c := &conn{Conn: sc}
		if err = c.run(ctx, begin); err == nil {
			return c, nil
		}
		discard(sc)
		if i == connsOnPostgres || ctx.Err() != nil || !isDown(err) {
			return nil, fmt.Errorf("begin: %w", failed(ctx, err))
		}
	}
}

// discard closes a connection instead of returning it to the pool.
func discard(c *sql.Conn) {
	_ = c.Raw(func(any) error { return driver.ErrBadConn })
	_ = c.Close()
}

// commitPostgres writes the events and commits, in one round trip. It checks
// PostgreSQL's answer: a COMMIT after a failed statement whose error was
// ignored is answered "ROLLBACK" and is no error, and what was not stored must
// never be acknowledged.
func (tx *Tx) commitPostgres(ctx context.Context) error {
	insert, args := tx.lastStatement()
	return tx.conn.Raw(func(driver any) error {
		c := driver.(*stdlib.Conn).Conn()
		var tag pgconn.CommandTag
		var err error
		if insert == "" {
			tag, err = c.Exec(ctx, "COMMIT")
		} else {
			tx.ran(insert, args)
			batch := &pgx.Batch{}
			batch.Queue(insert, args...)
			batch.Queue("COMMIT")
			results := c.SendBatch(ctx, batch)
			if _, err = results.Exec(); err == nil {
				tag, err = results.Exec()
			}
			if ended := results.Close(); err == nil {
				err = ended
			}
		}
		if err == nil && tag.String() != "COMMIT" {
			err = errors.New("rolled back, since a statement had failed")
		}
		return err
	})
}

// listenPostgres wakes this process when any node has committed events or due
// jobs, until ctx ends. A lost connection is replaced; after each reconnect
// everything is woken since notifications may have been missed.
func (e *Engine) listenPostgres(ctx context.Context) {
	for wait := time.Second; ctx.Err() == nil; wait = min(2*wait, time.Minute) {
		c, err := pgx.Connect(ctx, e.url)
		if err == nil {
			if _, err = c.Exec(ctx, "LISTEN "+channel); err == nil {
				wait = time.Second
				e.wakeHere(jobsAreDue | eventsAreThere)
				e.listening.Go(func() { e.holdNodeAgain(ctx) })
				for err == nil {
					var told *pgconn.Notification
					if told, err = c.WaitForNotification(ctx); err == nil {
						e.wakeHere(noticeOf(told.Payload))
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
