-- Jobs of one order (of order_key; 0 is none) are done one after the other:
-- each waits for after_job to end, and has_next tells that one waits for it.
ALTER TABLE jobs ADD COLUMN order_key BIGINT NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN after_job BIGINT NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN has_next BOOLEAN NOT NULL DEFAULT FALSE;
CREATE UNIQUE INDEX jobs_order ON jobs (order_key, after_job) WHERE order_key <> 0 AND dead_at = 0;
DROP INDEX jobs_due;
CREATE INDEX jobs_due ON jobs (run_at, id) WHERE dead_at = 0 AND after_job = 0;
-- Local work has lanes of its own.
UPDATE jobs SET lane = 'local/' || kind WHERE lane = 'local';
UPDATE jobs SET lane = 'local/' || kind || '/' || lane WHERE kind IN ('ingest', 'mentions') AND lane NOT LIKE 'local/%';
