{SQLITE}DROP TRIGGER job_written;
{SQLITE}DROP TRIGGER job_waits;
{SQLITE}CREATE TRIGGER job_written AFTER INSERT ON jobs WHEN NEW.dead_at = 0 AND NEW.after_job = 0 AND NEW.claimed_by = ''
{SQLITE}BEGIN INSERT INTO job_queues (queue, kind, lane, next_at) VALUES (NEW.kind || ' ' || NEW.lane, NEW.kind, NEW.lane, NEW.run_at)
{SQLITE}ON CONFLICT (queue) DO UPDATE SET next_at = excluded.next_at WHERE excluded.next_at < job_queues.next_at; END;
{SQLITE}CREATE TRIGGER job_waits AFTER UPDATE OF run_at, claimed_by, after_job, dead_at ON jobs WHEN NEW.dead_at = 0 AND NEW.after_job = 0 AND NEW.claimed_by = ''
{SQLITE}AND (OLD.dead_at <> 0 OR OLD.after_job <> 0 OR OLD.claimed_by <> '' OR NEW.run_at < OLD.run_at)
{SQLITE}BEGIN INSERT INTO job_queues (queue, kind, lane, next_at) VALUES (NEW.kind || ' ' || NEW.lane, NEW.kind, NEW.lane, NEW.run_at)
{SQLITE}ON CONFLICT (queue) DO UPDATE SET next_at = excluded.next_at WHERE excluded.next_at < job_queues.next_at; END;
{POSTGRES}CREATE OR REPLACE FUNCTION job_waits() RETURNS TRIGGER LANGUAGE plpgsql AS $$
{POSTGRES}BEGIN INSERT INTO job_queues (queue, kind, lane, next_at) VALUES (NEW.kind || ' ' || NEW.lane, NEW.kind, NEW.lane, NEW.run_at)
{POSTGRES}ON CONFLICT (queue) DO UPDATE SET next_at = excluded.next_at WHERE excluded.next_at < job_queues.next_at; RETURN NULL; END $$;
ALTER TABLE lanes DROP COLUMN behind;
