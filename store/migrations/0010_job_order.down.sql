UPDATE jobs SET lane = SUBSTR(lane, LENGTH('local/' || kind || '/') + 1) WHERE kind IN ('ingest', 'mentions') AND lane LIKE 'local/%';
UPDATE jobs SET lane = 'local' WHERE lane LIKE 'local/%';
DROP INDEX jobs_due;
CREATE INDEX jobs_due ON jobs (run_at, id) WHERE dead_at = 0;
DROP INDEX jobs_order;
ALTER TABLE jobs DROP COLUMN has_next;
ALTER TABLE jobs DROP COLUMN after_job;
ALTER TABLE jobs DROP COLUMN order_key;
