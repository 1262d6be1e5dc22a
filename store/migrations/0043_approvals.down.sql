ALTER TABLE interactions DROP COLUMN by_accept;
ALTER TABLE interactions DROP COLUMN held;
