-- What an actor deleted or undid before it came here. Of each slot there is one
-- row, so that strangers can't fill the disk.
CREATE TABLE retracted (
  key        TEXT NOT NULL PRIMARY KEY,      -- SHA-256 of the actor's URI and the id
  slot       BIGINT NOT NULL UNIQUE,
  account_id BIGINT NOT NULL,                -- the actor
  expires_at BIGINT NOT NULL
);
CREATE INDEX retracted_account ON retracted (account_id);
CREATE INDEX retracted_expires ON retracted (expires_at);

-- The community that a status is posted in: its audience.
CREATE TABLE communities (
  status_id {ID},
  uri       TEXT NOT NULL
);

-- Reports (Flags), those that came and those that were made here.
CREATE TABLE reports (
  id          {ID},
  uri         TEXT NOT NULL,                 -- of the Flag
  account_id  BIGINT NOT NULL,               -- who reports; the actor of the server may be one
  target_id   BIGINT NOT NULL,               -- who is reported
  host        TEXT NOT NULL,                 -- of who reports; '' for an account here
  category    TEXT NOT NULL,
  comment     TEXT NOT NULL,
  status_ids  TEXT NOT NULL,                 -- [id]
  forwarded   BOOLEAN NOT NULL,
  created_at  BIGINT NOT NULL,
  resolved_at BIGINT NOT NULL DEFAULT 0,
  UNIQUE (account_id, target_id, uri)
);
CREATE INDEX reports_host ON reports (host, id) WHERE resolved_at = 0;
CREATE INDEX reports_open ON reports (id) WHERE resolved_at = 0;
CREATE INDEX reports_target ON reports (target_id);
