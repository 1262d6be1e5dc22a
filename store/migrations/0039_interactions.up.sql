-- Who may do what with a status, as its author says (JSON); '' for nothing said or,
-- where quotes need a stamp, for everyone may quote it.
ALTER TABLE objects ADD COLUMN policy TEXT NOT NULL DEFAULT '';

-- What an account does or asks to do with another's status that its author decides about.
CREATE TABLE interactions (
  id          {ID},
  kind        TEXT NOT NULL,               -- quote, reply, like, announce
  target_id   BIGINT NOT NULL,             -- the status that it is done with
  account_id  BIGINT NOT NULL,             -- who does it
  status_id   BIGINT NOT NULL DEFAULT 0,   -- the quote or the reply, if it is known here
  uri         TEXT NOT NULL,               -- of the quote, the reply, the Like or the Announce
  request_uri TEXT NOT NULL DEFAULT '',    -- of the request; '' where none came before it
  stamp       TEXT NOT NULL DEFAULT '',    -- URI of the author's authorization
  state       TEXT NOT NULL,               -- pending, accepted, rejected, revoked
  created_at  BIGINT NOT NULL,
  UNIQUE (account_id, uri, kind, target_id) -- an answer may quote as well, and an edit quote another
);
CREATE INDEX interactions_target ON interactions (target_id, id);
CREATE INDEX interactions_status ON interactions (status_id) WHERE status_id <> 0;
CREATE INDEX interactions_request ON interactions (request_uri) WHERE request_uri <> '';
CREATE INDEX interactions_stamp ON interactions (stamp) WHERE stamp <> '';
CREATE INDEX objects_quote_stamp ON objects (quote_stamp) WHERE quote_stamp <> '';
