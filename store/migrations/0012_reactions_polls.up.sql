-- What accounts react to a status with, and what of it is shown of the status.
CREATE TABLE reactions (
  id         {ID},
  account_id BIGINT NOT NULL,
  status_id  BIGINT NOT NULL,
  name       TEXT NOT NULL,                  -- the emoji, or the shortcode of a custom one
  image      TEXT NOT NULL,                  -- URL of a custom one
  uri        TEXT NOT NULL,                  -- of the EmojiReact
  created_at BIGINT NOT NULL,
  UNIQUE (account_id, status_id, name)
);
CREATE INDEX reactions_status ON reactions (status_id, id);
CREATE INDEX reactions_uri ON reactions (uri);
ALTER TABLE objects ADD COLUMN reactions TEXT NOT NULL DEFAULT '';
-- The options and tallies of a Question.
ALTER TABLE objects ADD COLUMN poll TEXT NOT NULL DEFAULT '';
