-- Times are BIGINT milliseconds since 1970, 0 for none. Lists are JSON text,
-- '' for none. Local accounts have domain ''.

CREATE TABLE settings (
  key   TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
);

CREATE TABLE accounts (
  id               {ID},
  uri              TEXT NOT NULL UNIQUE,
  handle           TEXT {BINARY} UNIQUE,           -- lower-case name or name@domain; NULL once another actor has verified it
  username         TEXT NOT NULL,
  domain           TEXT NOT NULL,
  actor_type       TEXT NOT NULL,
  display_name     TEXT NOT NULL,
  note             TEXT NOT NULL,            -- sanitised HTML
  url              TEXT NOT NULL,
  inbox            TEXT NOT NULL,
  shared_inbox     TEXT NOT NULL,
  outbox           TEXT NOT NULL,
  followers_uri    TEXT NOT NULL,
  following_uri    TEXT NOT NULL,
  featured_uri     TEXT NOT NULL,
  key_id           TEXT NOT NULL,
  public_key       TEXT NOT NULL,            -- PEM
  avatar           TEXT NOT NULL,            -- URL; '' for the default picture
  header           TEXT NOT NULL,
  fields           TEXT NOT NULL,            -- [{name, value (HTML), verified_at}]
  emojis           TEXT NOT NULL,            -- [{shortcode, url}]
  also_known_as    TEXT NOT NULL,
  moved_to_uri     TEXT NOT NULL,
  locked           BOOLEAN NOT NULL,
  bot              BOOLEAN NOT NULL,
  discoverable     BOOLEAN NOT NULL,
  indexable        BOOLEAN NOT NULL,
  followers_count  BIGINT NOT NULL DEFAULT 0,
  following_count  BIGINT NOT NULL DEFAULT 0,
  statuses_count   BIGINT NOT NULL DEFAULT 0,
  last_status_at   BIGINT NOT NULL DEFAULT 0,
  created_at       BIGINT NOT NULL,
  updated_at       BIGINT NOT NULL,
  fetched_at       BIGINT NOT NULL DEFAULT 0,
  suspended_at     BIGINT NOT NULL DEFAULT 0,
  deleted_at       BIGINT NOT NULL DEFAULT 0,
  json             TEXT NOT NULL             -- the actor document as it came; '' for local accounts
);
CREATE INDEX accounts_key ON accounts (key_id);
CREATE INDEX accounts_domain ON accounts (domain, id);

-- The private side of a local account.
CREATE TABLE users (
  account_id          {ID},
  email               TEXT NOT NULL UNIQUE,  -- lower-case
  password_hash       TEXT NOT NULL,         -- argon2id
  admin               BOOLEAN NOT NULL,
  private_key         TEXT NOT NULL,         -- PEM, PKCS #8; '' after deletion
  note_source         TEXT NOT NULL,
  fields_source       TEXT NOT NULL,         -- [{name, value}] as typed
  default_visibility  TEXT NOT NULL,
  default_sensitive   BOOLEAN NOT NULL,
  default_language    TEXT NOT NULL,
  created_at          BIGINT NOT NULL,
  last_sign_in_at     BIGINT NOT NULL DEFAULT 0
);

-- Every ActivityPub object and activity that somebody may read or ask for.
-- The columns of a status are filled when is_status, once, at writing.
-- json stands last: a page of statuses does not read it.
CREATE TABLE objects (
  id                     {ID},
  uri                    TEXT NOT NULL UNIQUE,
  type                   TEXT NOT NULL,
  account_id             BIGINT NOT NULL,    -- attributedTo, or the actor of an activity
  local                  BOOLEAN NOT NULL,
  is_status              BOOLEAN NOT NULL,   -- a Note and its like, or an Announce
  visibility             SMALLINT NOT NULL,  -- 0 public, 1 unlisted, 2 private, 3 direct
  object_uri             TEXT NOT NULL,      -- an activity's object
  reblog_of_id           BIGINT NOT NULL,    -- an Announce's status, else 0
  in_reply_to_uri        TEXT NOT NULL,
  in_reply_to_id         BIGINT NOT NULL,    -- 0 while the parent is not known here
  in_reply_to_account_id BIGINT NOT NULL,
  context                TEXT NOT NULL,      -- URI of the conversation
  url                    TEXT NOT NULL,
  spoiler_text           TEXT NOT NULL,
  content                TEXT NOT NULL,      -- sanitised HTML
  sensitive              BOOLEAN NOT NULL,
  language               TEXT NOT NULL,
  tags                   TEXT NOT NULL,      -- [hashtag, as written]
  emojis                 TEXT NOT NULL,      -- [{shortcode, url}]
  application_id         BIGINT NOT NULL,
  replies_count          BIGINT NOT NULL DEFAULT 0,
  reblogs_count          BIGINT NOT NULL DEFAULT 0,
  favourites_count       BIGINT NOT NULL DEFAULT 0,
  published_at           BIGINT NOT NULL,
  created_at             BIGINT NOT NULL,    -- when it came here
  edited_at              BIGINT NOT NULL DEFAULT 0,
  deleted_at             BIGINT NOT NULL DEFAULT 0,
  json                   TEXT NOT NULL
);
CREATE INDEX objects_account ON objects (account_id, id) WHERE is_status AND deleted_at = 0;
CREATE INDEX objects_public ON objects (id) WHERE is_status AND deleted_at = 0 AND visibility = 0 AND reblog_of_id = 0;
CREATE INDEX objects_public_local ON objects (id) WHERE is_status AND deleted_at = 0 AND visibility = 0 AND reblog_of_id = 0 AND local;
CREATE INDEX objects_reply ON objects (in_reply_to_id, id) WHERE in_reply_to_id <> 0;
CREATE INDEX objects_orphan ON objects (in_reply_to_uri) WHERE in_reply_to_uri <> '' AND in_reply_to_id = 0;
CREATE INDEX objects_reblog ON objects (reblog_of_id, account_id) WHERE reblog_of_id <> 0;
CREATE INDEX objects_context ON objects (context, id) WHERE context <> '';
CREATE INDEX objects_object ON objects (object_uri) WHERE object_uri <> '';
CREATE INDEX objects_application ON objects (application_id) WHERE application_id <> 0;

CREATE TABLE attachments (
  id           {ID},
  status_id    BIGINT NOT NULL,              -- 0 while not attached
  account_id   BIGINT NOT NULL,
  position     BIGINT NOT NULL,
  kind         TEXT NOT NULL,                -- image, gifv, video, audio, unknown
  media_type   TEXT NOT NULL,
  url          TEXT NOT NULL,
  preview_url  TEXT NOT NULL,
  remote_url   TEXT NOT NULL,
  description  TEXT NOT NULL,
  blurhash     TEXT NOT NULL,
  width        BIGINT NOT NULL,
  height       BIGINT NOT NULL,
  focus_x      DOUBLE PRECISION NOT NULL,
  focus_y      DOUBLE PRECISION NOT NULL,
  created_at   BIGINT NOT NULL
);
CREATE INDEX attachments_status ON attachments (status_id, position);

-- Whom a status is addressed to, or mentions, by account.
CREATE TABLE mentions (
  status_id  BIGINT NOT NULL,
  account_id BIGINT NOT NULL,
  silent     BOOLEAN NOT NULL,               -- addressed without being mentioned in the text
  PRIMARY KEY (status_id, account_id)
) {CLUSTERED};
CREATE INDEX mentions_account ON mentions (account_id, status_id);

CREATE TABLE status_tags (
  name      TEXT {BINARY} NOT NULL,          -- folded: see FoldTag
  status_id BIGINT NOT NULL,
  PRIMARY KEY (name, status_id)
) {CLUSTERED};
CREATE INDEX status_tags_status ON status_tags (status_id);

CREATE TABLE follows (
  id           {ID},
  account_id   BIGINT NOT NULL,              -- who follows
  target_id    BIGINT NOT NULL,
  uri          TEXT NOT NULL,                -- of the Follow
  accepted     BOOLEAN NOT NULL,
  show_reblogs BOOLEAN NOT NULL,
  notify       BOOLEAN NOT NULL,
  languages    TEXT NOT NULL,
  created_at   BIGINT NOT NULL,
  UNIQUE (account_id, target_id)
);
CREATE INDEX follows_target ON follows (target_id, accepted, id);
CREATE INDEX follows_account ON follows (account_id, accepted, id);
CREATE INDEX follows_uri ON follows (uri);

CREATE TABLE blocks (
  id         {ID},
  account_id BIGINT NOT NULL,
  target_id  BIGINT NOT NULL,
  uri        TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  UNIQUE (account_id, target_id)
);
CREATE INDEX blocks_target ON blocks (target_id, account_id);

CREATE TABLE mutes (
  id            {ID},
  account_id    BIGINT NOT NULL,
  target_id     BIGINT NOT NULL,
  notifications BOOLEAN NOT NULL,
  expires_at    BIGINT NOT NULL,
  created_at    BIGINT NOT NULL,
  UNIQUE (account_id, target_id)
);

CREATE TABLE favourites (
  id         {ID},
  account_id BIGINT NOT NULL,
  status_id  BIGINT NOT NULL,
  uri        TEXT NOT NULL,                  -- of the Like
  created_at BIGINT NOT NULL,
  UNIQUE (account_id, status_id)
);
CREATE INDEX favourites_status ON favourites (status_id, id);
CREATE INDEX favourites_account ON favourites (account_id, id);
CREATE INDEX favourites_uri ON favourites (uri);

CREATE TABLE bookmarks (
  id         {ID},
  account_id BIGINT NOT NULL,
  status_id  BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  UNIQUE (account_id, status_id)
);
CREATE INDEX bookmarks_account ON bookmarks (account_id, id);
CREATE INDEX bookmarks_status ON bookmarks (status_id);

CREATE TABLE pins (
  id         {ID},
  account_id BIGINT NOT NULL,
  status_id  BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  UNIQUE (account_id, status_id)
);
CREATE INDEX pins_status ON pins (status_id);

CREATE TABLE home_feed (
  account_id  BIGINT NOT NULL,
  status_id   BIGINT NOT NULL,
  author_id   BIGINT NOT NULL,
  original_id BIGINT NOT NULL,               -- the boosted status, or status_id itself
  PRIMARY KEY (account_id, status_id)
) {CLUSTERED};

CREATE TABLE notifications (
  id              {ID},
  account_id      BIGINT NOT NULL,
  type            TEXT NOT NULL,
  from_account_id BIGINT NOT NULL,
  status_id       BIGINT NOT NULL,           -- 0 for none
  created_at      BIGINT NOT NULL,
  UNIQUE (account_id, type, from_account_id, status_id)
);
CREATE INDEX notifications_account ON notifications (account_id, id);
CREATE INDEX notifications_status ON notifications (status_id) WHERE status_id <> 0;
CREATE INDEX notifications_from ON notifications (from_account_id);

CREATE TABLE markers (
  account_id   BIGINT NOT NULL,
  timeline     TEXT NOT NULL,
  last_read_id BIGINT NOT NULL,
  version      BIGINT NOT NULL,
  updated_at   BIGINT NOT NULL,
  PRIMARY KEY (account_id, timeline)
);

-- What an Idempotency-Key gave the first time.
CREATE TABLE idempotency_keys (
  account_id BIGINT NOT NULL,
  key        TEXT NOT NULL,
  status_id  BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (account_id, key)
);

CREATE TABLE oauth_apps (
  id            {ID},
  client_id     TEXT NOT NULL UNIQUE,
  secret_hash   TEXT NOT NULL,
  name          TEXT NOT NULL,
  website       TEXT NOT NULL,
  redirect_uris TEXT NOT NULL,               -- JSON list
  scopes        TEXT NOT NULL,
  created_at    BIGINT NOT NULL
);

CREATE TABLE oauth_codes (
  hash         TEXT NOT NULL PRIMARY KEY,
  app_id       BIGINT NOT NULL,
  account_id   BIGINT NOT NULL,
  redirect_uri TEXT NOT NULL,
  scopes       TEXT NOT NULL,
  challenge    TEXT NOT NULL,                -- PKCE S256
  created_at   BIGINT NOT NULL,
  expires_at   BIGINT NOT NULL,
  token_id     BIGINT NOT NULL DEFAULT 0     -- what it was spent for
);

CREATE TABLE oauth_tokens (
  id           {ID},
  hash         TEXT NOT NULL UNIQUE,
  refresh_hash TEXT UNIQUE,
  app_id       BIGINT NOT NULL,
  account_id   BIGINT NOT NULL,              -- 0 for an app's own
  scopes       TEXT NOT NULL,
  created_at   BIGINT NOT NULL,
  expires_at   BIGINT NOT NULL,              -- 0 for never
  last_used_at BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX oauth_tokens_account ON oauth_tokens (account_id);

-- Browsers signed in to the pages.
CREATE TABLE sessions (
  hash       TEXT NOT NULL PRIMARY KEY,
  account_id BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_account ON sessions (account_id);

-- Work to be done, written in the transaction that causes it. A claimed job's
-- run_at is the end of its lease: what a dead process had claimed comes back.
CREATE TABLE jobs (
  id         {ID},
  kind       TEXT NOT NULL,
  lane       TEXT NOT NULL,                  -- a remote host, or a kind of local work
  args       TEXT NOT NULL,
  unique_key TEXT UNIQUE,
  run_at     BIGINT NOT NULL,
  claimed_by TEXT NOT NULL DEFAULT '',
  attempts   BIGINT NOT NULL DEFAULT 0,
  error      TEXT NOT NULL DEFAULT '',
  dead_at    BIGINT NOT NULL DEFAULT 0,
  created_at BIGINT NOT NULL
);
CREATE INDEX jobs_due ON jobs (run_at, id) WHERE dead_at = 0;
CREATE INDEX jobs_lane ON jobs (lane, run_at) WHERE dead_at = 0;
CREATE INDEX jobs_dead ON jobs (dead_at) WHERE dead_at <> 0;

-- A lane that is failing: a host set aside until not_before, then probed.
CREATE TABLE lanes (
  lane          TEXT NOT NULL PRIMARY KEY,
  failures      BIGINT NOT NULL,
  failing_since BIGINT NOT NULL,
  not_before    BIGINT NOT NULL,
  error         TEXT NOT NULL
);

-- Bytes, by their SHA-256, in chunks so that none is ever whole in memory.
CREATE TABLE blobs (
  hash       TEXT NOT NULL PRIMARY KEY,
  size       BIGINT NOT NULL,
  media_type TEXT NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE TABLE blob_chunks (
  hash TEXT NOT NULL,
  seq  BIGINT NOT NULL,
  data {BYTES} NOT NULL,
  PRIMARY KEY (hash, seq)
);
