-- What pages of a filtered list are read from.

-- The pictures of an account, in the order of its statuses.
CREATE INDEX attachments_account ON attachments (account_id, status_id, position);

-- Notifications of one type. SQLite's indexes end in the id by themselves.
{SQLITE} CREATE INDEX notifications_type ON notifications (account_id, type);
{POSTGRES} CREATE INDEX notifications_type ON notifications (account_id, type, id);

-- What an account leaves when its statuses are deleted: tombstones and
-- activities, until they are empty.
CREATE INDEX objects_ended ON objects (account_id) WHERE (NOT is_status OR deleted_at <> 0) AND (deleted_at = 0 OR json <> '');

-- The statuses of an account with a hashtag. Authors and statuses come from an
-- index, in nearly the order of the new table: nothing is sorted, and the
-- statuses themselves are not read.
CREATE TABLE account_tags (
  account_id BIGINT NOT NULL,                -- the author
  name       TEXT {BINARY} NOT NULL,         -- folded: see FoldTag
  status_id  BIGINT NOT NULL,
  PRIMARY KEY (account_id, name, status_id)
) {CLUSTERED};
INSERT INTO account_tags (account_id, name, status_id)
SELECT o.account_id, t.name, t.status_id
FROM objects o CROSS JOIN status_tags t
WHERE t.status_id = o.id AND o.is_status AND o.deleted_at = 0;

-- The domains of the accounts that are known or were known.
CREATE TABLE domains (
  domain TEXT {BINARY} NOT NULL PRIMARY KEY
) {CLUSTERED};
INSERT INTO domains (domain) SELECT DISTINCT domain FROM accounts WHERE domain <> '';
