DROP INDEX attachments_own;
UPDATE accounts
SET statuses_count = (
  SELECT COUNT(*) FROM objects o
  WHERE o.account_id = accounts.id AND o.is_status AND o.deleted_at = 0);
