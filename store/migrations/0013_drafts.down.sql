ALTER TABLE objects DROP COLUMN follow_uri;
ALTER TABLE objects DROP COLUMN cc_uris;
ALTER TABLE objects DROP COLUMN to_uris;
ALTER TABLE objects DROP COLUMN source;
