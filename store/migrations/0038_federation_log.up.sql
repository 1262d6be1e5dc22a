-- What came to the inboxes and what came of it, for `kinglet why` and
-- `kinglet federation check`: ids, names of hosts and reasons, nothing of what
-- anybody wrote. Bounded in rows, in bytes and in age (store/federation_log.go).
CREATE TABLE inbox_log (
  id       {ID},
  at       BIGINT NOT NULL,
  host     TEXT NOT NULL,               -- of the key that signed it, or is said to have
  followed BOOLEAN NOT NULL,            -- somebody here follows who signed it
  verified BOOLEAN NOT NULL,            -- the signature was good
  outcome  TEXT NOT NULL,               -- accepted, waiting, ignored, refused
  key_id   TEXT NOT NULL,
  actor    TEXT NOT NULL,
  activity TEXT NOT NULL,
  type     TEXT NOT NULL,
  object   TEXT NOT NULL,
  reason   TEXT NOT NULL,
  more     BIGINT NOT NULL              -- how many like it came that have no row
);
CREATE INDEX inbox_log_object ON inbox_log (object);
CREATE INDEX inbox_log_actor ON inbox_log (actor);

-- Which activity of ours which host has taken. What waits or was given up is in
-- jobs.
CREATE TABLE delivery_log (
  id          {ID},
  at          BIGINT NOT NULL,
  activity_id BIGINT NOT NULL,
  host        TEXT NOT NULL
);
CREATE INDEX delivery_log_activity ON delivery_log (activity_id);
