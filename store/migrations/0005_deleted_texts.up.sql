-- Posts, activities and accounts that were deleted before: nothing of what
-- they said stays.
UPDATE objects
SET spoiler_text = '', content = '', language = '', tags = '', emojis = '', url = '', application_id = 0
WHERE deleted_at <> 0;
UPDATE objects SET json = '' WHERE deleted_at <> 0 AND NOT is_status AND type <> 'Tombstone';
UPDATE objects SET deleted_at = 1, json = ''
WHERE local AND NOT is_status AND deleted_at = 0 AND type IN ('Create', 'Update', 'Like')
  AND object_uri IN (SELECT o.uri FROM objects o WHERE o.is_status AND o.deleted_at <> 0);
UPDATE objects
SET deleted_at = CASE WHEN deleted_at = 0 THEN 1 ELSE deleted_at END,
  spoiler_text = '', content = '', language = '', tags = '', emojis = '', url = '', application_id = 0, json = ''
WHERE type <> 'Delete' AND (deleted_at <> 0 OR NOT is_status) AND account_id IN (SELECT a.id FROM accounts a WHERE a.deleted_at <> 0);
UPDATE accounts
SET display_name = '', note = '', fields = '', emojis = '', avatar = '', header = '', also_known_as = '', moved_to_uri = '', json = ''
WHERE deleted_at <> 0;
UPDATE users SET note_source = '', fields_source = '' WHERE account_id IN (SELECT a.id FROM accounts a WHERE a.deleted_at <> 0);
DELETE FROM attachments WHERE status_id IN (SELECT o.id FROM objects o WHERE o.deleted_at <> 0);

-- What was uploaded here, which is what may refer to a blob.
CREATE INDEX attachments_own ON attachments (status_id, created_at) WHERE remote_url = '';

-- Direct posts are nobody's to count.
UPDATE accounts
SET statuses_count = (
  SELECT COUNT(*) FROM objects o
  WHERE o.account_id = accounts.id AND o.is_status AND o.deleted_at = 0 AND o.visibility <= 2);
