-- One boost of a status by one account stands, whatever ids it comes under.
-- Of those that stood together the first stays; 1 marks the others until the
-- counters are right again.
UPDATE objects SET deleted_at = 1, type = 'Tombstone', json = ''
WHERE reblog_of_id <> 0 AND deleted_at = 0 AND EXISTS (
  SELECT 1 FROM objects first
  WHERE first.account_id = objects.account_id AND first.reblog_of_id = objects.reblog_of_id
    AND first.reblog_of_id <> 0 AND first.deleted_at = 0 AND first.id < objects.id);
DELETE FROM home_feed WHERE status_id IN (SELECT id FROM objects WHERE reblog_of_id <> 0 AND deleted_at = 1);
UPDATE accounts
SET statuses_count = statuses_count - (
  SELECT COUNT(*) FROM objects o WHERE o.account_id = accounts.id AND o.reblog_of_id <> 0 AND o.deleted_at = 1)
WHERE id IN (SELECT o.account_id FROM objects o WHERE o.reblog_of_id <> 0 AND o.deleted_at = 1);
UPDATE objects
SET reblogs_count = (
  SELECT COUNT(*) FROM objects b WHERE b.reblog_of_id = objects.id AND b.reblog_of_id <> 0 AND b.deleted_at = 0)
WHERE id IN (SELECT b.reblog_of_id FROM objects b WHERE b.reblog_of_id <> 0 AND b.deleted_at = 1);
CREATE UNIQUE INDEX objects_boost ON objects (account_id, reblog_of_id) WHERE reblog_of_id <> 0 AND deleted_at = 0;
