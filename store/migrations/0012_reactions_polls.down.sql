ALTER TABLE objects DROP COLUMN poll;
ALTER TABLE objects DROP COLUMN reactions;
DROP TABLE reactions;
