-- While a lane is set aside its queues are not due before it is tried again; of
-- the kinds in behind (",ingest,thread,") a second later. The jobs keep their
-- times: to set a lane aside, and to end that, costs the same however many wait.
ALTER TABLE lanes ADD COLUMN behind TEXT NOT NULL DEFAULT '';
{SQLITE}DROP TRIGGER job_written;
{SQLITE}DROP TRIGGER job_waits;
{SQLITE}CREATE TRIGGER job_written AFTER INSERT ON jobs WHEN NEW.dead_at = 0 AND NEW.after_job = 0 AND NEW.claimed_by = ''
{SQLITE}BEGIN INSERT INTO job_queues (queue, kind, lane, next_at) VALUES (NEW.kind || ' ' || NEW.lane, NEW.kind, NEW.lane, MAX(NEW.run_at, COALESCE(
{SQLITE}  (SELECT l.not_before + CASE WHEN l.behind LIKE '%,' || NEW.kind || ',%' THEN 1000 ELSE 0 END FROM lanes l WHERE l.lane = NEW.lane), 0)))
{SQLITE}ON CONFLICT (queue) DO UPDATE SET next_at = excluded.next_at WHERE excluded.next_at < job_queues.next_at; END;
{SQLITE}CREATE TRIGGER job_waits AFTER UPDATE OF run_at, claimed_by, after_job, dead_at ON jobs WHEN NEW.dead_at = 0 AND NEW.after_job = 0 AND NEW.claimed_by = ''
{SQLITE}AND (OLD.dead_at <> 0 OR OLD.after_job <> 0 OR OLD.claimed_by <> '' OR NEW.run_at < OLD.run_at)
{SQLITE}BEGIN INSERT INTO job_queues (queue, kind, lane, next_at) VALUES (NEW.kind || ' ' || NEW.lane, NEW.kind, NEW.lane, MAX(NEW.run_at, COALESCE(
{SQLITE}  (SELECT l.not_before + CASE WHEN l.behind LIKE '%,' || NEW.kind || ',%' THEN 1000 ELSE 0 END FROM lanes l WHERE l.lane = NEW.lane), 0)))
{SQLITE}ON CONFLICT (queue) DO UPDATE SET next_at = excluded.next_at WHERE excluded.next_at < job_queues.next_at; END;
{POSTGRES}-- The lane is locked: whoever tries it again looks for its queues.
{POSTGRES}CREATE OR REPLACE FUNCTION job_waits() RETURNS TRIGGER LANGUAGE plpgsql AS $$
{POSTGRES}BEGIN INSERT INTO job_queues (queue, kind, lane, next_at) VALUES (NEW.kind || ' ' || NEW.lane, NEW.kind, NEW.lane, GREATEST(NEW.run_at, COALESCE(
{POSTGRES}  (SELECT l.not_before + CASE WHEN l.behind LIKE '%,' || NEW.kind || ',%' THEN 1000 ELSE 0 END FROM lanes l WHERE l.lane = NEW.lane FOR SHARE), 0)))
{POSTGRES}ON CONFLICT (queue) DO UPDATE SET next_at = excluded.next_at WHERE excluded.next_at < job_queues.next_at; RETURN NULL; END $$;
