-- The relays that this server has asked for what others post in public.
CREATE TABLE relays (
  id           {ID},
  inbox        TEXT NOT NULL UNIQUE,          -- where it is written to
  actor_uri    TEXT NOT NULL,                 -- '' while it is not known: only the inbox was given
  litepub      BOOLEAN NOT NULL,              -- its actor is followed; else the public collection, as Mastodon does
  follow_uri   TEXT NOT NULL,                 -- of the Follow that it has to answer
  state        TEXT NOT NULL,                 -- pending, accepted, rejected
  state_at     BIGINT NOT NULL,
  receive_only BOOLEAN NOT NULL,              -- our posts do not go to it
  tags         TEXT NOT NULL,                 -- [hashtag]; '' takes all
  budget       BIGINT NOT NULL,               -- posts an hour
  hour_at      BIGINT NOT NULL DEFAULT 0,     -- when the hour began in which it spends
  hour_spent   BIGINT NOT NULL DEFAULT 0,
  taken        BIGINT NOT NULL DEFAULT 0,
  refused      BIGINT NOT NULL DEFAULT 0,
  refused_why  TEXT NOT NULL DEFAULT '',      -- the last one
  error        TEXT NOT NULL DEFAULT '',      -- why it was not reached, the last time
  created_at   BIGINT NOT NULL
);
CREATE UNIQUE INDEX relays_actor ON relays (actor_uri) WHERE actor_uri <> '';
CREATE INDEX relays_follow ON relays (follow_uri);

-- Statuses that relays brought, until they are deleted again or somebody has
-- touched them.
CREATE TABLE relayed (
  status_id {ID},
  relay_id  BIGINT NOT NULL,
  came_at   BIGINT NOT NULL
);
CREATE INDEX relayed_came ON relayed (came_at, status_id);
