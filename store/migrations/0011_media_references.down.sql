-- Addresses are made of the hash again; those of now end.
UPDATE accounts SET avatar = SUBSTR(avatar, 1, LENGTH(avatar) - 43) || avatar_blob || SUBSTR(avatar, LENGTH(avatar) - 3)
WHERE avatar_blob <> '' AND avatar LIKE '%/media/%';
UPDATE accounts SET header = SUBSTR(header, 1, LENGTH(header) - 43) || header_blob || SUBSTR(header, LENGTH(header) - 3)
WHERE header_blob <> '' AND header LIKE '%/media/%';
UPDATE attachments SET url = SUBSTR(url, 1, LENGTH(url) - 45) || media_blob || SUBSTR(url, LENGTH(url) - 3)
WHERE media_blob <> '' AND url LIKE '%/media/%';
UPDATE attachments SET preview_url = SUBSTR(preview_url, 1, LENGTH(preview_url) - 44) || preview_blob || SUBSTR(preview_url, LENGTH(preview_url) - 3)
WHERE preview_blob <> '' AND preview_url LIKE '%/media/%';
DROP INDEX accounts_avatar_key;
DROP INDEX accounts_header_key;
DROP INDEX attachments_media_key;
DROP INDEX attachments_preview_key;
DROP INDEX accounts_avatar_blob;
DROP INDEX accounts_header_blob;
DROP INDEX attachments_media_blob;
DROP INDEX attachments_preview_blob;
ALTER TABLE accounts DROP COLUMN avatar_key;
ALTER TABLE accounts DROP COLUMN avatar_blob;
ALTER TABLE accounts DROP COLUMN header_key;
ALTER TABLE accounts DROP COLUMN header_blob;
ALTER TABLE attachments DROP COLUMN media_key;
ALTER TABLE attachments DROP COLUMN media_blob;
ALTER TABLE attachments DROP COLUMN preview_key;
ALTER TABLE attachments DROP COLUMN preview_blob;
DELETE FROM blob_chunks WHERE upload NOT IN (SELECT b.upload FROM blobs b);
UPDATE blob_chunks SET upload = (SELECT b.hash FROM blobs b WHERE b.upload = blob_chunks.upload)
WHERE upload NOT IN (SELECT b.hash FROM blobs b);
ALTER TABLE blob_chunks RENAME COLUMN upload TO hash;
ALTER TABLE blobs DROP COLUMN upload;
DROP TABLE old_media;
DROP TABLE uploads;
