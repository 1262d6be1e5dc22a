DROP INDEX objects_quote_stamp;
DROP TABLE interactions;
ALTER TABLE objects DROP COLUMN policy;
