-- A queue is the jobs of one kind that wait in one lane. next_at is when its
-- first one is due, or earlier: a claim looks at the queues that are due, and
-- sets it right. Triggers lower it, so that no job waits unseen, whoever
-- writes it.
CREATE TABLE job_queues (
  queue   TEXT NOT NULL PRIMARY KEY, -- kind and lane
  kind    TEXT NOT NULL,
  lane    TEXT NOT NULL,
  next_at BIGINT NOT NULL
) {CLUSTERED};
CREATE INDEX job_queues_next ON job_queues (next_at, queue);
DROP INDEX jobs_due;
CREATE INDEX jobs_queue ON jobs (lane, kind, run_at, id) WHERE dead_at = 0 AND after_job = 0 AND claimed_by = '';
CREATE INDEX jobs_claimed ON jobs (run_at) WHERE dead_at = 0 AND claimed_by <> '';
CREATE INDEX jobs_dead_lane ON jobs (lane, kind) WHERE dead_at <> 0;
INSERT INTO job_queues (queue, kind, lane, next_at)
SELECT kind || ' ' || lane, kind, lane, MIN(run_at) FROM jobs WHERE dead_at = 0 AND after_job = 0 AND claimed_by = '' GROUP BY kind, lane;
{SQLITE}CREATE TRIGGER job_written AFTER INSERT ON jobs WHEN NEW.dead_at = 0 AND NEW.after_job = 0 AND NEW.claimed_by = ''
{SQLITE}BEGIN INSERT INTO job_queues (queue, kind, lane, next_at) VALUES (NEW.kind || ' ' || NEW.lane, NEW.kind, NEW.lane, NEW.run_at)
{SQLITE}ON CONFLICT (queue) DO UPDATE SET next_at = excluded.next_at WHERE excluded.next_at < job_queues.next_at; END;
{SQLITE}CREATE TRIGGER job_waits AFTER UPDATE OF run_at, claimed_by, after_job, dead_at ON jobs WHEN NEW.dead_at = 0 AND NEW.after_job = 0 AND NEW.claimed_by = ''
{SQLITE}AND (OLD.dead_at <> 0 OR OLD.after_job <> 0 OR OLD.claimed_by <> '' OR NEW.run_at < OLD.run_at)
{SQLITE}BEGIN INSERT INTO job_queues (queue, kind, lane, next_at) VALUES (NEW.kind || ' ' || NEW.lane, NEW.kind, NEW.lane, NEW.run_at)
{SQLITE}ON CONFLICT (queue) DO UPDATE SET next_at = excluded.next_at WHERE excluded.next_at < job_queues.next_at; END;
{POSTGRES}CREATE FUNCTION job_waits() RETURNS TRIGGER LANGUAGE plpgsql AS $$
{POSTGRES}BEGIN INSERT INTO job_queues (queue, kind, lane, next_at) VALUES (NEW.kind || ' ' || NEW.lane, NEW.kind, NEW.lane, NEW.run_at)
{POSTGRES}ON CONFLICT (queue) DO UPDATE SET next_at = excluded.next_at WHERE excluded.next_at < job_queues.next_at; RETURN NULL; END $$;
{POSTGRES}CREATE TRIGGER job_written AFTER INSERT ON jobs FOR EACH ROW
{POSTGRES}WHEN (NEW.dead_at = 0 AND NEW.after_job = 0 AND NEW.claimed_by = '') EXECUTE FUNCTION job_waits();
{POSTGRES}CREATE TRIGGER job_waits AFTER UPDATE OF run_at, claimed_by, after_job, dead_at ON jobs FOR EACH ROW
{POSTGRES}WHEN (NEW.dead_at = 0 AND NEW.after_job = 0 AND NEW.claimed_by = ''
{POSTGRES}AND (OLD.dead_at <> 0 OR OLD.after_job <> 0 OR OLD.claimed_by <> '' OR NEW.run_at < OLD.run_at)) EXECUTE FUNCTION job_waits();
