-- What pages of a filtered list are read from.

-- The pictures of an account, in the order of its statuses.
CREATE INDEX attachments_account ON attachments (account_id, status_id, position);

-- Notifications of one type. SQLite's indexes end in the id by themselves.
{SQLITE} CREATE INDEX notifications_type ON notifications (account_id, type);
{POSTGRES} CREATE INDEX notifications_type ON notifications (account_id, type, id);

-- What an account leaves when its statuses are deleted: tombstones and
-- activities, until they are empty.
CREATE INDEX objects_ended ON objects (account_id) WHERE (NOT is_status OR deleted_at <> 0) AND (deleted_at = 0 OR json <> '');

-- The statuses of an account with a hashtag. The authors come from an index:
-- the statuses themselves are not read.
CREATE TABLE status_tags_new (
  name       TEXT {BINARY} NOT NULL,         -- folded: see FoldTag
  status_id  BIGINT NOT NULL,
  account_id BIGINT NOT NULL,                -- the author
  PRIMARY KEY (name, status_id)
) {CLUSTERED};
INSERT INTO status_tags_new (name, status_id, account_id)
SELECT t.name, t.status_id, o.account_id
FROM objects o CROSS JOIN status_tags t
WHERE t.status_id = o.id AND o.is_status AND o.deleted_at = 0
ORDER BY t.name, t.status_id;
DROP TABLE status_tags;
ALTER TABLE status_tags_new RENAME TO status_tags;
CREATE INDEX status_tags_status ON status_tags (status_id);
CREATE INDEX status_tags_account ON status_tags (account_id, name, status_id);

-- The domains of the accounts that are known or were known.
CREATE TABLE domains (
  domain TEXT {BINARY} NOT NULL PRIMARY KEY
) {CLUSTERED};
INSERT INTO domains (domain) SELECT DISTINCT domain FROM accounts WHERE domain <> '';
