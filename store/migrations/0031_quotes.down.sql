-- An older binary knows nothing of these.
DELETE FROM jobs WHERE kind IN ('quote', 'quote_consent');
DELETE FROM job_queues WHERE kind IN ('quote', 'quote_consent');
DROP INDEX objects_quotes;
ALTER TABLE objects DROP COLUMN encrypted;
ALTER TABLE objects DROP COLUMN quotes_need_stamp;
ALTER TABLE objects DROP COLUMN quote_stamp;
ALTER TABLE objects DROP COLUMN quote_state;
ALTER TABLE objects DROP COLUMN quote_id;
ALTER TABLE objects DROP COLUMN quote_uri;
