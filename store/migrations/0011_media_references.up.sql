-- Rows refer to blobs by hash, each under a random key of its own, which is
-- what its public address is made of.
ALTER TABLE accounts ADD COLUMN avatar_key TEXT NOT NULL DEFAULT '';
ALTER TABLE accounts ADD COLUMN avatar_blob TEXT NOT NULL DEFAULT '';
ALTER TABLE accounts ADD COLUMN header_key TEXT NOT NULL DEFAULT '';
ALTER TABLE accounts ADD COLUMN header_blob TEXT NOT NULL DEFAULT '';
ALTER TABLE attachments ADD COLUMN media_key TEXT NOT NULL DEFAULT '';
ALTER TABLE attachments ADD COLUMN media_blob TEXT NOT NULL DEFAULT '';
ALTER TABLE attachments ADD COLUMN preview_key TEXT NOT NULL DEFAULT '';
ALTER TABLE attachments ADD COLUMN preview_blob TEXT NOT NULL DEFAULT '';

-- Bytes that are arriving, or whose blob was deleted: their chunks go by and
-- by. They are written before their hash is known, so chunks have an id of
-- their upload; those of older blobs keep the hash as that.
CREATE TABLE uploads (
  id         TEXT NOT NULL PRIMARY KEY,
  touched_at BIGINT NOT NULL                 -- the last chunk came; 0 to be deleted
);
DELETE FROM blob_chunks WHERE hash NOT IN (SELECT b.hash FROM blobs b WHERE b.size >= 0);
DELETE FROM blobs WHERE size < 0;
ALTER TABLE blob_chunks RENAME COLUMN hash TO upload;
ALTER TABLE blobs ADD COLUMN upload TEXT NOT NULL DEFAULT '';
UPDATE blobs SET upload = hash;

-- The addresses that were given out before, /media/{hash}.{ext}: no more are
-- added, and they end with the picture that they were given out for.
CREATE TABLE old_media (
  name      TEXT NOT NULL,
  media_key TEXT NOT NULL,
  PRIMARY KEY (name, media_key)
) {CLUSTERED};

-- An address of a blob ends in 64 digits of its hash and an extension of 4
-- characters. What strangers say refers to nothing.
UPDATE accounts SET avatar_key = {RANDOM}, avatar_blob = SUBSTR(avatar, LENGTH(avatar) - 67, 64)
WHERE domain = '' AND avatar LIKE '%/media/%' AND SUBSTR(avatar, LENGTH(avatar) - 67, 64) IN (SELECT hash FROM blobs);
UPDATE accounts SET header_key = {RANDOM}, header_blob = SUBSTR(header, LENGTH(header) - 67, 64)
WHERE domain = '' AND header LIKE '%/media/%' AND SUBSTR(header, LENGTH(header) - 67, 64) IN (SELECT hash FROM blobs);
UPDATE attachments SET media_key = {RANDOM}, media_blob = SUBSTR(url, LENGTH(url) - 67, 64)
WHERE remote_url = '' AND url LIKE '%/media/%' AND SUBSTR(url, LENGTH(url) - 67, 64) IN (SELECT hash FROM blobs);
UPDATE attachments SET preview_key = {RANDOM}, preview_blob = SUBSTR(preview_url, LENGTH(preview_url) - 67, 64)
WHERE remote_url = '' AND preview_url LIKE '%/media/%' AND SUBSTR(preview_url, LENGTH(preview_url) - 67, 64) IN (SELECT hash FROM blobs);

INSERT INTO old_media (name, media_key)
SELECT SUBSTR(avatar, LENGTH(avatar) - 67), avatar_key FROM accounts WHERE avatar_key <> ''
UNION ALL SELECT SUBSTR(header, LENGTH(header) - 67), header_key FROM accounts WHERE header_key <> ''
UNION ALL SELECT SUBSTR(url, LENGTH(url) - 67), media_key FROM attachments WHERE media_key <> ''
UNION ALL SELECT SUBSTR(preview_url, LENGTH(preview_url) - 67), preview_key FROM attachments WHERE preview_key <> '';

UPDATE accounts SET avatar = SUBSTR(avatar, 1, LENGTH(avatar) - 68) || avatar_key || '/avatar' || SUBSTR(avatar, LENGTH(avatar) - 3)
WHERE avatar_key <> '';
UPDATE accounts SET header = SUBSTR(header, 1, LENGTH(header) - 68) || header_key || '/header' || SUBSTR(header, LENGTH(header) - 3)
WHERE header_key <> '';
UPDATE attachments SET url = SUBSTR(url, 1, LENGTH(url) - 68) || media_key || '/original' || SUBSTR(url, LENGTH(url) - 3)
WHERE media_key <> '';
UPDATE attachments SET preview_url = SUBSTR(preview_url, 1, LENGTH(preview_url) - 68) || preview_key || '/preview' || SUBSTR(preview_url, LENGTH(preview_url) - 3)
WHERE preview_key <> '';

CREATE UNIQUE INDEX accounts_avatar_key ON accounts (avatar_key) WHERE avatar_key <> '';
CREATE UNIQUE INDEX accounts_header_key ON accounts (header_key) WHERE header_key <> '';
CREATE UNIQUE INDEX attachments_media_key ON attachments (media_key) WHERE media_key <> '';
CREATE UNIQUE INDEX attachments_preview_key ON attachments (preview_key) WHERE preview_key <> '';
CREATE INDEX accounts_avatar_blob ON accounts (avatar_blob) WHERE avatar_blob <> '';
CREATE INDEX accounts_header_blob ON accounts (header_blob) WHERE header_blob <> '';
CREATE INDEX attachments_media_blob ON attachments (media_blob) WHERE media_blob <> '';
CREATE INDEX attachments_preview_blob ON attachments (preview_blob) WHERE preview_blob <> '';
