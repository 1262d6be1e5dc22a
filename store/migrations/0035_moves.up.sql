-- Which accounts moved where, and when: nobody moves twice within days. What is
-- older than that is cleaned up.
CREATE TABLE moves (
  account_id BIGINT NOT NULL PRIMARY KEY,
  target_id  BIGINT NOT NULL,
  moved_at   BIGINT NOT NULL
);
CREATE INDEX moves_target ON moves (target_id);
-- Inboxes that answered 410: nothing is delivered to them.
CREATE TABLE gone_inboxes (
  inbox   TEXT NOT NULL PRIMARY KEY,
  gone_at BIGINT NOT NULL
) {CLUSTERED};
-- Changes with the set of an account's followers: what was made of that set is
-- made again (FEP-8fcf).
ALTER TABLE accounts ADD COLUMN followers_version BIGINT NOT NULL DEFAULT 0;
-- Of a host that has not answered for days: nothing more is delivered to it.
ALTER TABLE lanes ADD COLUMN dead BOOLEAN NOT NULL DEFAULT FALSE;
-- Activities of others that are forwarded (ActivityPub §7.1.2), as they came,
-- until they are delivered.
CREATE TABLE forwards (
  id         {ID},
  activity   TEXT NOT NULL UNIQUE, -- its actor and its id
  status_id  BIGINT NOT NULL,      -- what it is about
  body       TEXT NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE INDEX forwards_status ON forwards (status_id);
CREATE INDEX forwards_created ON forwards (created_at);
